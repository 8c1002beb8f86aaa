"""What the privacy use cases need from the outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.privacy.models import PersonalDataSpan


class PersonalDataDetector(Protocol):
    """Finds personal data in free text. Safe to call from many threads."""

    def find(self, text: str) -> Sequence[PersonalDataSpan]:
        """Spans of personal data, in any order; they may overlap.

        Raises:
            BackendError: the detector's service failed; the text must then not be used.
        """
        ...

    def check_ready(self) -> None:
        """Raise BackendError when a call would fail now."""
        ...
