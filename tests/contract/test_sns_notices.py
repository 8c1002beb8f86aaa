"""Notices to a topic, over the wire: what subscribers get, and what becomes of it when SNS fails."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from services.backends.aws.access import AwsAccess
from services.backends.aws.clients import AwsClients
from services.backends.aws.sns_notices import (
    MOST_MESSAGE_BYTES,
    POLICY,
    SnsNotices,
    cut_to_bytes,
    plain_subject,
)
from services.backends.notice_backends import build_channels
from services.errors import (
    BackendError,
    BackendMisconfiguredError,
    BackendThrottledError,
    BackendUnavailableError,
)
from services.settings import load_settings
from tests.fault_proxy import (
    CUT,
    INTERNAL,
    LOST_REPLY,
    MALFORMED,
    UNAVAILABLE,
    FaultProxy,
    HttpFault,
    running_fault_proxy,
)

THROTTLED = HttpFault("Throttled", 429)
FACTS = {"tenant": "pharmacy", "kind": "replace-backgrounds", "result": "partly"}


def client(service: str) -> Any:
    import boto3

    return boto3.Session().client(service)


class Topic:
    """A topic with a queue that listens to it."""

    def __init__(self, *, fifo: bool = False) -> None:
        name = f"frontline-{uuid.uuid4().hex[:8]}{'.fifo' if fifo else ''}"
        attributes = {"FifoTopic": "true"} if fifo else {}
        self.arn = client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]
        self._queue = client("sqs").create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if fifo else {})[
            "QueueUrl"
        ]
        queue_arn = f"arn:aws:sqs:us-east-1:123456789012:{name}"
        client("sns").subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=queue_arn)

    def heard(self) -> list[dict[str, Any]]:
        """The messages that came since the last time."""
        reply = client("sqs").receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        )
        return [{**json.loads(one["Body"]), "system": one["Attributes"]} for one in reply.get("Messages", [])]


@pytest.fixture
def topic(s3_endpoint: str) -> Topic:
    return Topic()


def notices(topic_arn: str) -> SnsNotices:
    return SnsNotices(AwsAccess(AwsClients("us-east-1")), topic_arn, sleep=lambda _seconds: None)


def test_subscribers_get_subject_text_and_facts_to_filter_by(topic: Topic) -> None:
    notices(topic.arn).send("mia", "Partly failed:\nbackgrounds – 5", "1 of 2.\nGrüße\n", key="job.1", facts=FACTS)
    (message,) = topic.heard()
    assert (message["Subject"], message["Message"]) == ("Partly failed: backgrounds ? 5", "1 of 2.\nGrüße\n")
    assert {name: one["Value"] for name, one in message["MessageAttributes"].items()} == {"recipient": "mia", **FACTS}


def test_ordered_topic_keeps_the_order_of_a_tenant_and_takes_a_key_once(s3_endpoint: str) -> None:
    topic = Topic(fifo=True)
    sending = notices(topic.arn)
    sending.send("mia", "Finished", "All done.", key="job.1", facts=FACTS)
    sending.send("mia", "Finished", "All done.", key="job.2", facts={"tenant": "a tenant/é"})
    sending.send("mia", "Finished", "All done.", key="job.3")
    system = [message["system"] for message in topic.heard()]
    assert [one["MessageGroupId"] for one in system] == ["pharmacy", "a-tenant--", "frontline"]
    assert len({one["MessageDeduplicationId"] for one in system}) == 3


def test_text_that_is_too_long_is_cut_at_a_line_and_says_so(topic: Topic) -> None:
    notices(topic.arn).send("mia", "Finished", "ä line of words\n" * 30_000, key="job.1", facts=FACTS)
    (message,) = topic.heard()
    assert len(message["Message"].encode()) <= MOST_MESSAGE_BYTES
    assert message["Message"].endswith("ä line of words\n… (cut: the whole of it is in the app)\n")


@pytest.mark.parametrize("text", ["", "words", "ä" * 400, "a\n" * 200, "🩺" * 60])
def test_cut_text_fits_and_is_never_empty(text: str) -> None:
    kept = cut_to_bytes(text, 200)
    assert 0 < len(kept.encode()) <= 200
    assert kept == text or kept.endswith("in the app)\n") or kept == " "


@pytest.mark.parametrize(
    ("subject", "plain"),
    [
        ("  Finished:\r\n backgrounds\tfor Ünal  ", "Finished: backgrounds for ?nal"),
        ("x" * 150, "x" * 96 + "..."),
        ("x" * 100, "x" * 96 + "..."),
        ("x" * 99, "x" * 99),
        ("\n", "Notice"),
    ],
)
def test_subject_is_one_line_of_plain_letters(subject: str, plain: str) -> None:
    assert plain_subject(subject) == plain


def test_topic_that_is_there_is_ready_and_a_missing_one_is_told(topic: Topic) -> None:
    notices(topic.arn).check_ready()
    missing = notices(f"{topic.arn}-none")
    for call in (missing.check_ready, lambda: missing.send("mia", "a", "b", key="c")):
        with pytest.raises(BackendMisconfiguredError) as caught:
            call()
        assert (caught.value.code, "FRONTLINE_SNS_TOPIC_ARN" in caught.value.remedy) == ("topic-missing", True)


def test_settings_choose_the_ways(topic: Topic) -> None:
    aws = AwsAccess(AwsClients("us-east-1"))
    neither = build_channels(load_settings(), aws)
    assert (neither.mail, neither.topic) == (None, None)
    both = build_channels(
        load_settings(
            sns_topic_arn=topic.arn, smtp_host="mail.test", smtp_from="a@shop.test", link_hours=2, smtp_to="b@shop.test"
        ),
        aws,
    )
    assert both.mail is not None
    assert isinstance(both.topic, SnsNotices)
    assert (both.link_hours, both.address("mia")) == (2, "b@shop.test")


class TestFaults:
    @pytest.fixture
    def proxy(self, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
        with running_fault_proxy(s3_endpoint) as running:
            monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", running.address)
            yield running

    def fails(self, topic: Topic) -> BackendError:
        with pytest.raises(BackendError) as caught:
            notices(topic.arn).send("mia", "a", "b", key="c")
        assert "123456789012" not in f"{caught.value.message_for_user} {caught.value.remedy}"
        return caught.value

    @pytest.mark.parametrize("fault", [THROTTLED, INTERNAL, UNAVAILABLE], ids=lambda one: one.code)
    def test_fault_that_ends_goes_unnoticed(self, topic: Topic, proxy: FaultProxy, fault: HttpFault) -> None:
        proxy.next(fault, times=POLICY.attempts - 1)
        notices(topic.arn).send("mia", "a", "b", key="c")
        assert proxy.count() == POLICY.attempts
        assert len(topic.heard()) == 1

    @pytest.mark.parametrize(
        ("fault", "error"),
        [(THROTTLED, BackendThrottledError), (INTERNAL, BackendUnavailableError)],
        ids=lambda one: getattr(one, "code", "") or "",
    )
    def test_fault_that_lasts_is_told(
        self, topic: Topic, proxy: FaultProxy, fault: HttpFault, error: type[BackendError]
    ) -> None:
        proxy.next(fault, times=None)
        assert isinstance(self.fails(topic), error)
        assert proxy.count() == POLICY.attempts

    @pytest.mark.parametrize("fault", [LOST_REPLY, CUT, MALFORMED], ids=["lost", "cut", "malformed"])
    def test_notice_that_may_have_been_sent_is_not_sent_twice(
        self, topic: Topic, proxy: FaultProxy, fault: HttpFault
    ) -> None:
        proxy.next(fault, times=None)
        assert isinstance(self.fails(topic), BackendUnavailableError)
        assert proxy.count() == 1
        assert len(topic.heard()) == (1 if fault is LOST_REPLY else 0)

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            (HttpFault("ExpiredToken", 403), "aws-credentials-expired"),
            (HttpFault("InvalidClientTokenId", 403), "aws-credentials-refused"),
            (HttpFault("AuthorizationError", 403, "is not authorized to perform: SNS:Publish"), "aws-access-denied"),
            (HttpFault("KMSDisabled", 400), "kms-key-unusable"),
            (HttpFault("NotFound", 404), "topic-missing"),
            (HttpFault("InvalidParameter", 400, "Invalid parameter: TopicArn"), "topic-invalid"),
        ],
        ids=lambda one: one if isinstance(one, str) else "",
    )
    def test_refusals_are_told_apart_at_once(
        self, topic: Topic, proxy: FaultProxy, fault: HttpFault, code: str
    ) -> None:
        proxy.next(fault, times=None)
        error = self.fails(topic)
        assert (error.code, "administrator" in error.remedy) == (code, True)
        assert proxy.count() == 1
