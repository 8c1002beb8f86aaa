"""Values of the privacy use cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Who did what to what, without the content.

    Attributes:
        username: The account that acted; None for the command line and for people who are not signed in.
        action: A kebab-case verb phrase, such as ``sign-in-failed``.
        subject: What it was done to, by name or id.
        details: A few short facts; never a question, an answer or a secret.
    """

    at: datetime
    action: str
    username: str | None = None
    tenant_id: str | None = None
    subject: str = ""
    details: Mapping[str, str | int | bool] = field(default_factory=dict)


class PersonalDataKind(StrEnum):
    """Kinds of personal data; the value is what stands in the masked text, in brackets."""

    NAME = "name"
    PHONE = "phone number"
    EMAIL = "e-mail"
    SOCIAL_SECURITY = "social security number"
    DATE = "date"
    RECORD_NUMBER = "record number"
    CARD = "card number"
    ADDRESS = "address"
    OTHER = "personal detail"


@dataclass(frozen=True, slots=True)
class PersonalDataSpan:
    """Where personal data stands, in characters of the text."""

    kind: PersonalDataKind
    start: int
    end: int
