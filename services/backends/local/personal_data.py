"""Personal data by form and by the words around it; no model, no network.

It finds what has a form (numbers, addresses, dates) and names behind a word that announces one ("patient John Smith").
A bare name in the middle of a sentence is not found: docs/security.md says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers

from services.privacy.models import PersonalDataKind, PersonalDataSpan

_EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
_SOCIAL_SECURITY = re.compile(
    r"\b\d{3}-\d{2}-\d{4}\b|(?:\bssn\b|\bsocial security(?: number| no\.?| #)?)\D{0,12}(\d{9}|\d{3} \d{2} \d{4})\b",
    re.IGNORECASE,
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:19|20)?\d{{2}}|(?:19|20)\d{{2}}-\d{{2}}-\d{{2}}"
    rf"|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d{{2}}|\d{{1,2}} {_MONTH}\.? (?:19|20)\d{{2}})\b",
    re.IGNORECASE,
)
_CARD = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
_RECORD_NUMBER = re.compile(
    r"\b(?:mrn|medical record|member(?:ship)?|subscriber|policy|account|acct|patient|rx|prescription|order|claim|group|"
    r"insurance|medicare|medicaid|id)(?:['’]s)?\s*(?:id|number|no\.?|num|#)?\s*(?:is|:|=|#)?\s*"
    r"#?((?=[A-Z0-9-]*\d)[A-Z]{0,4}-?\d[A-Z0-9-]{4,18})\b",
    re.IGNORECASE,
)
_NAME_WORD = r"[A-Z][a-z]+(?:[-'’][A-Z][a-z]+)?"
_ANNOUNCED_NAME = re.compile(
    rf"\b(?:[Mm]y name is|[Nn]ame is|[Nn]ame:|[Nn]amed|[Tt]his is|I am|I['’]m|[Pp]atient|[Pp]t|[Cc]aller|[Cc]ustomer|"
    rf"[Mm]ember|[Cc]lient|[Mm]other|[Ff]ather|[Ss]on|[Dd]aughter|[Ww]ife|[Hh]usband|[Oo]n behalf of)[,:]?\s+"
    rf"({_NAME_WORD}(?:\s+[A-Z]\.?)?(?:\s+{_NAME_WORD}))"
)
_TITLED_NAME = re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr)\.?\s+({_NAME_WORD}(?:\s+{_NAME_WORD})?)")
_ADDRESS = re.compile(
    r"\b\d{1,5}\s+(?:[NSEW]\.?\s+)?(?:[A-Z][\w'’]+\s+){1,3}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Terrace|Circle)\b\.?"
    r"(?:,?\s+(?:Apt|Unit|Suite|#)\.?\s*\w+)?(?:,\s*[A-Z][\w ]+,?\s+[A-Z]{2}\s+\d{5})?"
)

# National drug codes have ten or eleven digits too, but their own grouping.
_DRUG_CODE = re.compile(r"\d{4,5}-\d{3,4}-\d{1,2}")


class LocalPersonalDataDetector:
    """See :class:`services.ports.privacy.PersonalDataDetector`."""

    def find(self, text: str) -> list[PersonalDataSpan]:
        return list(_spans(text))

    def check_ready(self) -> None:
        """Always ready: there is nothing to load."""


def _spans(text: str) -> Iterator[PersonalDataSpan]:
    for kind, pattern in (
        (PersonalDataKind.EMAIL, _EMAIL),
        (PersonalDataKind.SOCIAL_SECURITY, _SOCIAL_SECURITY),
        (PersonalDataKind.DATE, _DATE),
        (PersonalDataKind.RECORD_NUMBER, _RECORD_NUMBER),
        (PersonalDataKind.NAME, _ANNOUNCED_NAME),
        (PersonalDataKind.NAME, _TITLED_NAME),
        (PersonalDataKind.ADDRESS, _ADDRESS),
    ):
        for match in pattern.finditer(text):
            group = 1 if match.re.groups and match.group(1) else 0
            yield PersonalDataSpan(kind, match.start(group), match.end(group))
    for match in _CARD.finditer(text):
        if _passes_luhn(re.sub(r"\D", "", match.group())):
            yield PersonalDataSpan(PersonalDataKind.CARD, match.start(), match.end())
    for number in phonenumbers.PhoneNumberMatcher(text, "US", leniency=phonenumbers.Leniency.POSSIBLE):
        if len(re.sub(r"\D", "", number.raw_string)) >= 10 and not _DRUG_CODE.fullmatch(number.raw_string):
            yield PersonalDataSpan(PersonalDataKind.PHONE, number.start, number.end)


def _passes_luhn(digits: str) -> bool:
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
