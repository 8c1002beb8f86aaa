"""What the privacy use cases need from the outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

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


@runtime_checkable
class BulkPersonalDataDetector(PersonalDataDetector, Protocol):
    """A detector for which many texts at once cost less than one after the other."""

    def find_many(self, texts: Sequence[str]) -> Sequence[Sequence[PersonalDataSpan]]:
        """The spans of each text, in the order given.

        Raises:
            BackendError: the detector's service failed; none of the texts may then be used.
        """
        ...
