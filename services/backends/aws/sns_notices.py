"""Notices to an SNS topic: who hears of them, its subscribers and their filters decide."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import AwsService, CallPolicy
from services.backends.aws.errors import AwsProblem
from services.errors import AppError, BackendMisconfiguredError

MOST_SUBJECT_CHARACTERS = 99
MOST_MESSAGE_BYTES = 262_144
# Attributes and the envelope count with the text.
_ROOM_BYTES = 8_192
_MOST_ATTRIBUTE_CHARACTERS = 256
_CUT = "\n… (cut: the whole of it is in the app)\n"
_CALLED = "topic for notices"
# A message that may have been published is not published again: standard topics would deliver it twice.
POLICY = CallPolicy(attempts=4, read_timeout_seconds=20.0, at_once=4, repeats_unknown_outcomes=False)


class SnsNotices:
    """See :class:`services.ports.images.Notice`.

    A topic whose name ends in ``.fifo`` takes the same key once within five minutes; it delivers in the order in which
    a tenant's notices were sent.

    Args:
        sleep: For tests.
    """

    def __init__(
        self,
        aws: AwsAccess,
        topic_arn: str,
        *,
        policy: CallPolicy = POLICY,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._topic_arn = topic_arn
        self._fifo = topic_arn.endswith(".fifo")
        if self._fifo:
            policy = replace(policy, repeats_unknown_outcomes=True)
        self._service = AwsService(aws.clients, "sns", called=_CALLED, policy=policy, sleep=sleep)

    def send(
        self, recipient: str, subject: str, text: str, *, key: str, facts: Mapping[str, str] | None = None
    ) -> None:
        told = {"recipient": recipient, **(facts or {})}
        parameters: dict[str, Any] = {
            "TopicArn": self._topic_arn,
            "Subject": plain_subject(subject),
            "Message": cut_to_bytes(text, MOST_MESSAGE_BYTES - _ROOM_BYTES),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value[:_MOST_ATTRIBUTE_CHARACTERS]}
                for name, value in told.items()
                if value
            },
        }
        if self._fifo:
            digest = hashlib.sha256(key.encode()).hexdigest()
            group = re.sub(r"[^A-Za-z0-9_.\-]", "-", told.get("tenant", ""))[:128]
            parameters |= {"MessageGroupId": group or "frontline", "MessageDeduplicationId": digest}
        self._call("Publish", parameters)

    def check_ready(self) -> None:
        """Raise BackendError unless the topic is there and answers us."""
        self._call("GetTopicAttributes", {"TopicArn": self._topic_arn})

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return self._service.call(operation, parameters, refused=_refusal)


def plain_subject(subject: str) -> str:
    """As SNS takes it: one line of fewer than 100 printable ASCII characters that does not begin with a space."""
    one_line = " ".join(subject.split())
    plain = "".join(character if " " <= character <= "~" else "?" for character in one_line)
    if len(plain) > MOST_SUBJECT_CHARACTERS:
        plain = plain[: MOST_SUBJECT_CHARACTERS - 3].rstrip() + "..."
    return plain or "Notice"


def cut_to_bytes(text: str, most: int) -> str:
    """The text, or its first lines that take no more bytes than that, with a word that it was cut; never empty."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= most:
        return encoded.decode() or " "
    room = encoded[: most - len(_CUT.encode())]
    end = room.rfind(b"\n")
    return (room[:end] if end > 0 else room).decode(errors="ignore") + _CUT


def _refusal(problem: AwsProblem) -> AppError | None:
    if problem.code.startswith("KMS") and "throttl" not in problem.code.casefold():
        return BackendMisconfiguredError(
            "The key that the topic for notices is encrypted with cannot be used.",
            code="kms-key-unusable",
            remedy="An administrator must enable it, and allow kms:GenerateDataKey and kms:Decrypt to this machine.",
        )
    if problem.code in {"NotFound", "NotFoundException"} or "topic does not exist" in problem.message:
        return BackendMisconfiguredError(
            "The topic for notices is not there.",
            code="topic-missing",
            remedy="An administrator must check FRONTLINE_SNS_TOPIC_ARN, and the region.",
        )
    if problem.code in {"InvalidParameter", "InvalidParameterException"} and "topicarn" in problem.message:
        return BackendMisconfiguredError(
            "The address of the topic for notices is none.",
            code="topic-invalid",
            remedy="An administrator must check FRONTLINE_SNS_TOPIC_ARN.",
        )
    return None
