"""Personal data by Amazon Comprehend, beside what this machine finds by itself."""

from __future__ import annotations

import hashlib
import math
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from services.answers.language import other_language
from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import AwsService, CallPolicy, Usage
from services.backends.aws.comprehend_documents import Document, documents_of
from services.errors import REPLY_LOST, BackendUnavailableError
from services.ports.model_calls import ModelCall, ModelCallRecorder
from services.ports.privacy import PersonalDataDetector
from services.privacy.models import PersonalDataKind, PersonalDataSpan

BACKEND = "comprehend"
# A readiness check is a paid call, if of a tenth of a cent; any call that went well is as good.
READY_SECONDS = 600.0
CACHED_TEXTS = 20_000
LEAST_SCORE = 0.5
# What the price list counts: units of so many characters, so many of them at least per request.
UNIT_CHARACTERS = 100
LEAST_UNITS = 3

_CALLED = "detector of personal data"
_KINDS = {
    "NAME": PersonalDataKind.NAME,
    "PHONE": PersonalDataKind.PHONE,
    "EMAIL": PersonalDataKind.EMAIL,
    "SSN": PersonalDataKind.SOCIAL_SECURITY,
    "DATE_TIME": PersonalDataKind.DATE,
    "CREDIT_DEBIT_NUMBER": PersonalDataKind.CARD,
    "ADDRESS": PersonalDataKind.ADDRESS,
    **dict.fromkeys(
        (
            "BANK_ACCOUNT_NUMBER",
            "BANK_ROUTING",
            "CA_HEALTH_NUMBER",
            "CA_SOCIAL_INSURANCE_NUMBER",
            "DRIVER_ID",
            "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
            "IN_AADHAAR",
            "IN_NREGA",
            "IN_PERMANENT_ACCOUNT_NUMBER",
            "IN_VOTER_NUMBER",
            "LICENSE_PLATE",
            "PASSPORT_NUMBER",
            "UK_NATIONAL_HEALTH_SERVICE_NUMBER",
            "UK_NATIONAL_INSURANCE_NUMBER",
            "UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER",
            "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
            "VEHICLE_IDENTIFICATION_NUMBER",
        ),
        PersonalDataKind.RECORD_NUMBER,
    ),
}
_MONTHS = (
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|"
    "octubre|noviembre|diciembre"
)
# "Monday", "two weeks ago" and "3 pm" tell nothing of who somebody is; a day of a year does.
_CALENDAR_DATE = re.compile(
    rf"\d{{1,4}}[/.-]\d{{1,2}}[/.-]\d{{1,4}}|(?=.*\d)(?=.*\b(?:{_MONTHS}))", re.IGNORECASE | re.DOTALL
)
# The address of a site is public; what stands behind it may be about somebody.
_URL_WITH_PATH = re.compile(r"^(?:[a-z]+://)?[^/\s?#@]+(?:/[^\s/]|/?[?#]|.*@)", re.IGNORECASE)
_OLDEST_UNREMARKABLE_AGE = 89
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")

_Spans = tuple[PersonalDataSpan, ...]


class ComprehendDetector:
    """See :class:`services.ports.privacy.BulkPersonalDataDetector`.

    Comprehend reads English and Spanish; of other languages there is what this machine finds. Short texts share a
    request, because each is billed as 300 characters at least. The same text is asked about once as long as it is
    remembered, by its digest. Recorders hear of the calls, but not of the texts: nobody has masked them yet.

    Args:
        beside: What this machine finds; both count.
        policy: Other than the usual one, for tests.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        aws: AwsAccess,
        beside: PersonalDataDetector,
        *,
        policy: CallPolicy | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._beside = beside
        self._clock = clock
        self._answered_at = float("-inf")
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, _Spans] = OrderedDict()
        self._service = AwsService(
            aws.clients,
            "comprehend",
            called=_CALLED,
            backend=BACKEND,
            policy=policy,
            recorder=_WithoutWords(aws.recorder),
        )

    def find(self, text: str) -> list[PersonalDataSpan]:
        return self.find_many([text])[0]

    def find_many(self, texts: Sequence[str]) -> list[list[PersonalDataSpan]]:
        digests = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        with self._lock:
            known = {digest: self._known[digest] for digest in digests if digest in self._known}
        asked = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
        by_language: dict[str | None, list[bytes]] = {}
        for digest, text in asked.items():
            by_language.setdefault(_language(text), []).append(digest)
        for language, group in by_language.items():
            found = [()] * len(group) if language is None else self._asked([asked[one] for one in group], language)
            known.update(zip(group, found, strict=True))
        self._remember({digest: known[digest] for digest in asked})
        return [[*self._beside.find(text), *known[digest]] for digest, text in zip(digests, texts, strict=True)]

    def check_ready(self) -> None:
        """Raise BackendError when Comprehend does not answer us; asked seldom, because asking is paid for."""
        self._beside.check_ready()
        if self._clock() - self._answered_at > READY_SECONDS:
            self._entities("Ready?", "en")

    def _asked(self, texts: Sequence[str], language: str) -> list[_Spans]:
        found: list[list[PersonalDataSpan]] = [[] for _ in texts]
        for document in documents_of(texts):
            for number, span in self._spans(document, language):
                found[number].append(span)
        return [tuple(spans) for spans in found]

    def _spans(self, document: Document, language: str) -> Iterable[tuple[int, PersonalDataSpan]]:
        text = document.text
        entities = [one for one in self._entities(text, language) if _counts(one, text)]
        # Offsets are of code points, as in Python's texts.
        places = document.places([(int(one["BeginOffset"]), int(one["EndOffset"])) for one in entities])
        for number, text_number, start, end in places:
            kind = _KINDS.get(str(entities[number].get("Type")), PersonalDataKind.OTHER)
            yield text_number, PersonalDataSpan(kind, start, end)

    def _entities(self, text: str, language: str) -> list[Mapping[str, Any]]:
        units = max(LEAST_UNITS, math.ceil(len(text) / UNIT_CHARACTERS))
        reply = self._service.call(
            "DetectPiiEntities", {"Text": text, "LanguageCode": language}, usage=lambda _reply: Usage(units=units)
        )
        entities = reply.get("Entities")
        if entities is None:
            raise BackendUnavailableError(f"The reply of the {_CALLED} cannot be read.", code=REPLY_LOST)
        self._answered_at = self._clock()
        return list(entities)

    def _remember(self, found: Mapping[bytes, _Spans]) -> None:
        with self._lock:
            self._known.update(found)
            while len(self._known) > CACHED_TEXTS:
                self._known.popitem(last=False)


class _WithoutWords:
    """Tells a recorder of calls, and nothing of what was said in them."""

    def __init__(self, recorder: ModelCallRecorder) -> None:
        self._recorder = recorder

    def record(self, call: ModelCall, *, request: Any = None, reply: Any = None) -> None:
        self._recorder.record(call)


def _language(text: str) -> str | None:
    """What Comprehend is told; None where it has nothing to read, or cannot."""
    if not _LETTER_OR_DIGIT.search(text):
        return None
    other = other_language(text)
    return "en" if other is None else "es" if other == "Spanish" else None


def _counts(entity: Mapping[str, Any], text: str) -> bool:
    """Whether what was found may tell who somebody is."""
    if float(entity.get("Score") or 0.0) < LEAST_SCORE:
        return False
    found = text[int(entity["BeginOffset"]) : int(entity["EndOffset"])]
    match entity.get("Type"):
        case "DATE_TIME":
            return _CALENDAR_DATE.search(found) is not None
        case "AGE":
            return any(int(number) > _OLDEST_UNREMARKABLE_AGE for number in re.findall(r"\d{1,3}", found))
        case "URL":
            return _URL_WITH_PATH.search(found) is not None
    return True
