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
_BIRTH_DIGITS = re.compile(r"\b(?:dob|date of birth|birth ?date|born(?: on)?)\b\D{0,6}(\d{8}|\d{6})\b", re.IGNORECASE)
_CARD = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
_RECORD_NUMBER = re.compile(
    r"\b(?:mrn|medical record|member(?:ship)?|subscriber|policy|account|acct|patient|rx|prescription|order|claim|group|"
    r"insurance|medicare|medicaid|tracking|id)(?:['’]s)?\s*(?:id|number|no\.?|num|#)?\s*(?:is|:|=|#)?\s*"
    # Five digits at least: "prescription 90-day supply" holds no number of anybody's.
    r"#?((?=(?:[A-Z-]*\d){5})[A-Z]{0,4}-?\d[A-Z0-9-]{4,18})\b",
    re.IGNORECASE,
)
_UPPER = "A-ZÀ-ÖØ-ÞŁŚŠŽČ"
# One capital and small letters, as in Smith, O'Neill, McDonald, Lopez-Garcia, Núñez; not REFILL.
_NAME_PART = rf"(?:[{_UPPER}]['’])?[{_UPPER}](?=[^\W\d_]*[a-zß-ÿ])[^\W\d_]+"
_NAME_WORD = rf"(?!{{not_names}}){_NAME_PART}(?:[-'’]{_NAME_PART})*".replace(
    "{not_names}",
    # Capitalized words that follow "Patient" or "I am" in titles and names of teams.
    r"(?:Portal|Assistance|Services?|Support|Care|Account|Access|Advoca\w+|Safety|Education|Information|Relations|"
    r"Program|Name|Card|Handbook|Calling|Reset\w*|Change\w*|Their|The|This|Need\w*|Want\w*|Call\w*|Ask\w*|Pay\w*|"
    r"Get\w*|Has|Have|Is|Was|Can|May|Must|Will|Who|With|Without|Not|And|Or|To|In|On|At|For|From|Of|About|Over|Under)\b",
)
_ANNOUNCED_NAME = re.compile(
    rf"\b(?:[Mm]y name is|[Nn]ame is|[Nn]ame:|[Nn]amed|[Tt]his is|I am|I['’]m|[Pp]atient|[Pp]t|[Cc]aller|[Cc]ustomer|"
    rf"[Mm]ember|[Cc]lient|[Mm]other|[Ff]ather|[Ss]on|[Dd]aughter|[Ww]ife|[Hh]usband|[Oo]n behalf of)[,:]?\s+"
    rf"({_NAME_WORD}(?:\s+[A-Z]\.?)?(?:\s+{_NAME_WORD}))"
)
_TITLED_NAME = re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr)\.?\s+({_NAME_WORD}(?:\s+{_NAME_WORD})?)")
_SPOKEN_NAME = re.compile(
    r"\b(?:my name is|(?:patient|customer|caller|member|client)(?:['’]s)? name(?: is|:)|(?:her|his) name is)\s+"
    r"((?!(?:not|on|in|wrong|spelled|misspelled|missing|incorrect|different|still|the|a|an|no|now|changed|under)\b)"
    r"[^\W\d_]+(?:['’-][^\W\d_]+)*"
    r"(?:\s+(?!(?:and|but|i|we|my|on|is|was|or|not|from|with|at|in|for|the|can|has|how|what|when|where|calling|dob)\b)"
    r"[^\W\d_]+(?:['’-][^\W\d_]+)*)?)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"\b\d{1,5}\s+(?:[NSEW]\.?\s+)?(?:[A-Z][\w'’]+\s+){1,3}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Terrace|Circle)\b\.?"
    r"(?:,?\s+(?:Apt|Unit|Suite|#)\.?\s*\w+)?(?:,\s*[A-Z][\w ]+,?\s+[A-Z]{2}\s+\d{5})?"
)
_PLAIN_ADDRESS = re.compile(
    r"\b\d{1,5}\s+(?:[nsew]\.?\s+)?(?:(?!(?:mile|minute|hour|day|week)s?\b)[a-z'’]+\s+){1,2}"
    r"(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|court)\b\.?(?:,?\s+(?:apt|unit|suite|#)\.?\s*\w+)?"
)
_PHONE = re.compile(r"(?<![\w-])(?:\+?1[-. ]?)?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])")

# National drug codes have ten or eleven digits too, but their own grouping.
_DRUG_CODE = re.compile(r"\d{4,5}-\d{3,4}-\d{1,2}")
_DRUG_CODE_CUE = re.compile(r"\bndc\b\D{0,12}$", re.IGNORECASE)


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
        (PersonalDataKind.DATE, _BIRTH_DIGITS),
        (PersonalDataKind.RECORD_NUMBER, _RECORD_NUMBER),
        (PersonalDataKind.NAME, _ANNOUNCED_NAME),
        (PersonalDataKind.NAME, _TITLED_NAME),
        (PersonalDataKind.NAME, _SPOKEN_NAME),
        (PersonalDataKind.ADDRESS, _ADDRESS),
        (PersonalDataKind.ADDRESS, _PLAIN_ADDRESS),
        (PersonalDataKind.PHONE, _PHONE),
    ):
        for match in pattern.finditer(text):
            group = 1 if match.re.groups and match.group(1) else 0
            if kind is not PersonalDataKind.RECORD_NUMBER or not _DRUG_CODE.fullmatch(match.group(group)):
                yield PersonalDataSpan(kind, match.start(group), match.end(group))
    for match in _CARD.finditer(text):
        if _passes_luhn(re.sub(r"\D", "", match.group())):
            yield PersonalDataSpan(PersonalDataKind.CARD, match.start(), match.end())
    for number in phonenumbers.PhoneNumberMatcher(text, "US", leniency=phonenumbers.Leniency.POSSIBLE):
        is_drug_code = _DRUG_CODE.fullmatch(number.raw_string) or _DRUG_CODE_CUE.search(text[: number.start])
        if len(re.sub(r"\D", "", number.raw_string)) >= 10 and not is_drug_code:
            yield PersonalDataSpan(PersonalDataKind.PHONE, number.start, number.end)


def _passes_luhn(digits: str) -> bool:
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
