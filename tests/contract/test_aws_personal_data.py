"""The contract of detectors of personal data: Amazon Comprehend over the wire, and what goes wrong there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.aws.comprehend_documents import LIMIT_BYTES
from services.backends.aws.comprehend_pii import READY_SECONDS, ComprehendDetector
from services.backends.local.personal_data import LocalPersonalDataDetector
from services.errors import BackendRejectedError, BackendUnavailableError
from services.ports.model_calls import ModelCall, NoRecorder
from services.ports.privacy import PersonalDataDetector
from services.privacy.masking import mask, mask_many
from services.privacy.models import PersonalDataKind
from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, AwsFault, running_aws_endpoint
from tests.contract.aws_faults import AwsFaultContract
from tests.contract.personal_data_detector import PersonalDataDetectorContract

OPERATION = ("comprehend", "DetectPiiEntities")


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint() as endpoint:
        yield endpoint


class Heard:
    """ModelCallRecorder that keeps what it hears."""

    def __init__(self) -> None:
        self.calls: list[ModelCall] = []
        self.words: list[Any] = []

    def record(self, call: ModelCall, *, request: Any = None, reply: Any = None) -> None:
        self.calls.append(call)
        self.words += [request, reply]


def made(**options: Any) -> ComprehendDetector:
    aws = AwsAccess(AwsClients(REGION), options.pop("recorder", NoRecorder()))
    return ComprehendDetector(aws, LocalPersonalDataDetector(), **options)


def sent(endpoint: AwsEndpoint) -> list[dict[str, Any]]:
    return [call.parameters for call in endpoint.calls_of(*OPERATION)]


@pytest.mark.usefixtures("endpoint")
class TestComprehendDetector(PersonalDataDetectorContract):
    @pytest.fixture
    def detector(self) -> PersonalDataDetector:
        return made()


class TestFaults(AwsFaultContract):
    operation: ClassVar[tuple[str, str]] = OPERATION
    action: ClassVar[str] = "comprehend:DetectPiiEntities"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Callable[[], object]:
        detector = made(policy=policy)
        return lambda: mask_many(["Zora Quill called", "Fine"], detector)


@pytest.mark.usefixtures("endpoint")
class TestKinds:
    @pytest.mark.parametrize(
        ("text", "masked"),
        [
            ("I spoke with Zora Quill at the desk", "I spoke with [name] at the desk"),  # nothing announces the name
            ("Hablé con José García en la tienda y fue muy amable", "Hablé con [name] en la tienda y fue muy amable"),
            ("He has the passport no. A12345678 with him", "He has the passport no. [record number] with him"),
            ("The password is hunter2!", "The password is [personal detail]"),
            ("Born on May 4, 1961 in the city", "Born on [date] in the city"),
            ("I waited 2 weeks, yesterday too", "I waited 2 weeks, yesterday too"),
            ("She is 72 years old, he 93 years old", "She is 72 years old, he [personal detail]"),
            ("See https://example.com for more", "See https://example.com for more"),
            ("See https://example.com/orders/zora-9 now", "See [personal detail] now"),
        ],
    )
    def test_what_tells_who_somebody_is_is_masked_and_nothing_else(self, text: str, masked: str) -> None:
        assert mask(text, made()).text == masked

    def test_a_kind_that_nobody_knows_is_masked_all_the_same(self, endpoint: AwsEndpoint) -> None:
        entity = {"Type": "IN_VOTER_NUMBER", "Score": 0.9, "BeginOffset": 0, "EndOffset": 4}
        with endpoint.answering(*OPERATION, lambda _request: {"Entities": [entity, {**entity, "Type": "ALL"}]}):
            kinds = {span.kind for span in made().find("Abcd efgh")}
        assert kinds == {PersonalDataKind.RECORD_NUMBER, PersonalDataKind.OTHER}

    def test_what_is_hardly_sure_is_left_alone(self, endpoint: AwsEndpoint) -> None:
        entity = {"Type": "NAME", "Score": 0.2, "BeginOffset": 0, "EndOffset": 4}
        with endpoint.answering(*OPERATION, lambda _request: {"Entities": [entity]}):
            assert made().find("Will they come") == []


class TestCalls:
    def test_thousands_of_short_texts_share_few_calls(self, endpoint: AwsEndpoint) -> None:
        texts = [f"I spoke with Zora Quill, visit {number}" for number in range(3_000)]
        masked = mask_many(texts, made())
        assert [one.text for one in masked] == [f"I spoke with [name], visit {number}" for number in range(3_000)]
        size = sum(len(text) + 2 for text in texts)
        assert len(sent(endpoint)) == -(-size // LIMIT_BYTES)

    def test_a_text_beyond_the_limit_is_searched_to_its_end(self, endpoint: AwsEndpoint) -> None:
        text = "The café is open and it is nice. " * 5_000 + "I met Zora Quill."
        assert mask(text, made()).text.endswith("I met [name].")
        assert all(len(one["Text"].encode()) <= LIMIT_BYTES for one in sent(endpoint))

    def test_a_text_is_asked_about_once(self, endpoint: AwsEndpoint) -> None:
        detector = made()
        for _ in range(2):
            assert mask("I met Zora Quill", detector).text == "I met [name]"
        mask_many(["I met Zora Quill", "I met Zora Quill", "I met Omar"], detector)
        assert [one["Text"] for one in sent(endpoint)] == ["I met Zora Quill", "I met Omar"]

    def test_languages_that_comprehend_does_not_read_are_searched_here_alone(self, endpoint: AwsEndpoint) -> None:
        german = "Ich habe mit Frau Weber gesprochen, sie war sehr freundlich: weber@example.com"
        assert mask(german, made()).text.endswith("[e-mail]")
        mask("El personal es muy amable pero los precios son demasiado altos", made())
        assert [one["LanguageCode"] for one in sent(endpoint)] == ["es"]

    def test_texts_without_a_letter_or_digit_are_not_sent(self, endpoint: AwsEndpoint) -> None:
        made().find("… 🙂 !!")
        assert not sent(endpoint)

    @pytest.mark.parametrize("fault", ["empty", "malformed", AwsFault("InvalidRequestException", "no", status=400)])
    def test_a_failure_gives_no_text(self, endpoint: AwsEndpoint, fault: Any) -> None:
        endpoint.faults.next(*OPERATION, fault, times=None)
        policy = CallPolicy(attempts=2, first_wait_seconds=0.0, longest_wait_seconds=0.0)
        with pytest.raises((BackendUnavailableError, BackendRejectedError)):
            mask_many(["I met Zora Quill"], made(policy=policy))

    def test_calls_are_recorded_by_units_and_without_a_word(self, endpoint: AwsEndpoint) -> None:
        heard = Heard()
        detector = made(recorder=heard)
        detector.find("I met Zora Quill")
        detector.find("word " * 100)
        assert [(one.backend, one.operation, one.units) for one in heard.calls] == [
            ("comprehend", "DetectPiiEntities", 3),
            ("comprehend", "DetectPiiEntities", 5),
        ]
        assert heard.words == [None] * 4


class TestReadiness:
    def test_it_is_asked_seldom_because_that_is_paid_for(self, endpoint: AwsEndpoint) -> None:
        time = [0.0]
        detector = made(clock=lambda: time[0])
        for _ in range(3):
            detector.check_ready()
        assert len(sent(endpoint)) == 1
        time[0] = READY_SECONDS + 1
        detector.find("I met Zora Quill")
        detector.check_ready()
        assert len(sent(endpoint)) == 2

    def test_credentials_that_expired_are_told(self, endpoint: AwsEndpoint) -> None:
        endpoint.expired_keys.add("AKIATEST")
        with pytest.raises(Exception, match="expired"):
            made().check_ready()
