"""Comprehend's DetectPiiEntities: finds what has a form, and names behind a common given name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from tests.aws_endpoint.endpoint import AwsEndpoint, AwsRequest
from tests.aws_endpoint.faults import AwsFault

LIMIT_BYTES: Final = 100_000
LANGUAGES: Final = frozenset({"en", "es"})
_GIVEN_NAMES: Final = "Ana|Grace|Hugo|John|Jorge|José|Leo|Maria|María|Maya|Nina|Omar|Petra|Zora"
_MONTHS: Final = (
    "January|February|March|April|May|June|July|August|September|October|November|December|enero|mayo|junio|octubre"
)
_PATTERNS: Final = {
    "EMAIL": r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b",
    "URL": r"\bhttps?://[^\s,]+|\bwww\.[^\s,]+",
    "SSN": r"\b\d{3}-\d{2}-\d{4}\b",
    "CREDIT_DEBIT_NUMBER": r"\b(?:\d[ -]?){15}\d\b",
    "PHONE": r"(?<!\d)(?:\+\d{1,2} )?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)",
    "ADDRESS": r"\b\d{1,5} [A-ZÁ-Ú]\w+ (?:Street|Avenue|Road|Lane)\b",
    "DATE_TIME": rf"\b(?:{_MONTHS}) \d{{1,2}}(?:, \d{{4}})?|\b\d{{1,2}}/\d{{1,2}}/\d{{2,4}}\b|\byesterday\b|"
    r"\b\d+ weeks\b",
    "AGE": r"\b\d{1,3} years old\b",
    "PASSPORT_NUMBER": r"\bpassport (?:no\. )?([A-Z]\d{8})\b",
    "PASSWORD": r"\bpassword is (\S+)",
    "NAME": rf"\b(?:{_GIVEN_NAMES})(?: [A-ZÁ-Ú][\w'’-]+)?(?!\w)",
}
_COMPILED: Final = {kind: re.compile(pattern) for kind, pattern in _PATTERNS.items()}


def register(endpoint: AwsEndpoint) -> None:
    """Answer DetectPiiEntities."""
    endpoint.answer("comprehend", "DetectPiiEntities", detect_pii_entities)


def detect_pii_entities(request: AwsRequest) -> dict[str, Any]:
    """The members of the reply; offsets are of code points."""
    text: str = request.parameters["Text"]
    size = len(text.encode())
    if size > LIMIT_BYTES:
        raise AwsFault(
            "TextSizeLimitExceededException",
            f"Input text size exceeds limit. Max length of request text allowed is {LIMIT_BYTES} bytes while in this "
            f"request the text size is {size} bytes",
            status=400,
        )
    language = request.parameters["LanguageCode"]
    if language not in LANGUAGES:
        raise AwsFault("UnsupportedLanguageException", f"Unsupported language: {language}", status=400)
    return {"Entities": sorted(_entities(text), key=lambda entity: int(entity["BeginOffset"]))}


def _entities(text: str) -> Iterator[dict[str, Any]]:
    for kind, pattern in _COMPILED.items():
        for found in pattern.finditer(text):
            group = 1 if pattern.groups else 0
            yield {
                "Type": kind,
                "Score": 0.99,
                "BeginOffset": found.start(group),
                "EndOffset": found.end(group),
            }
