"""Answers from a text model at a SageMaker endpoint: streamed where its container streams, else in one piece."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

from services.answers.citing import finished_part
from services.answers.models import AnswerRequest, DeltaListener, Draft, Origin
from services.answers.prompting import MOST_PASSAGES, draft_of
from services.backends.aws.access import AwsAccess
from services.backends.aws.answer_payloads import (
    TEMPLATES,
    UNKNOWN_REASON,
    Piece,
    StreamReader,
    whole_reply,
    without_running_on,
)
from services.backends.aws.bedrock_answers import ANSWER_POLICY, CALLED
from services.backends.aws.calls import AwsService, CallPolicy, Usage
from services.backends.aws.sagemaker_endpoints import MOST_BODY_BYTES, SageMakerEndpoints, endpoint_refusal
from services.errors import REPLY_LOST, AppError, BackendRejectedError, BackendUnavailableError
from services.knowledge.models import Passage
from services.setting_choices import AnswerContainer

# SageMaker itself lets a container think for a minute; a reply in one piece may need it.
POLICY = replace(ANSWER_POLICY, read_timeout_seconds=60.0)
_JSON = "application/json"
_refused = partial(endpoint_refusal, called=CALLED)


class SageMakerAnswers:
    """See :class:`services.ports.answers.AnswerGenerator`.

    Args:
        endpoint: Its name.
        container: What serves the model there; says what requests and replies look like.
    """

    name = "sagemaker"
    origin = Origin.GENERATED

    def __init__(
        self, aws: AwsAccess, endpoint: str, container: AnswerContainer, *, policy: CallPolicy = POLICY
    ) -> None:
        self._endpoint = endpoint
        self._template = TEMPLATES[container]
        self._service = AwsService(
            aws.clients, "sagemaker-runtime", called=CALLED, backend=self.name, policy=policy, recorder=aws.recorder
        )
        self._endpoints = SageMakerEndpoints(aws.clients, called=CALLED)

    def generate(self, request: AnswerRequest, on_delta: DeltaListener | None = None) -> Draft:
        """See the port.

        Raises:
            BackendError: codes of its own are ``question-too-long``, ``content-filtered``, ``answer-cut-short``,
                ``container-refused``, ``container-failed`` and ``model-reply-malformed``.
        """
        passages = request.passages[:MOST_PASSAGES]
        if not passages:
            return Draft((), (), answered=False)
        parameters = self._parameters(request.question, passages)
        reply, ended, cut_short = "", None, False
        with closing(self._streamed(parameters) if self._template.streams else self._whole(parameters)) as pieces:
            for piece in pieces:
                reply += piece.text
                cut_short = cut_short or piece.cut_short
                ended = _better(ended, piece.ended)
                if piece.text and on_delta is not None:
                    on_delta(piece.text)
        if ended is None:
            raise BackendUnavailableError("The connection to the answer model broke off.", code=REPLY_LOST)
        reply = without_running_on(reply)
        # Where the container does not say why it stopped, an unfinished sentence tells.
        return draft_of(reply, passages, cut_short=cut_short or (ended == UNKNOWN_REASON and _unfinished(reply)))

    def check_ready(self) -> None:
        """Raise BackendError unless the endpoint is in service."""
        self._endpoints.require_in_service(self._endpoint)

    def _parameters(self, question: str, passages: Sequence[Passage]) -> dict[str, Any]:
        body = json.dumps(self._template.body(question, passages), ensure_ascii=False).encode("utf-8", "replace")
        if len(body) > MOST_BODY_BYTES:
            raise BackendRejectedError(
                "The question with its passages is too long for the answer model.",
                code="question-too-long",
                remedy="Ask a shorter question.",
            )
        return {"EndpointName": self._endpoint, "Body": body, "ContentType": _JSON}

    def _whole(self, parameters: dict[str, Any]) -> Generator[Piece, None, None]:
        reply = self._service.call(
            "InvokeEndpoint",
            {**parameters, "Accept": _JSON},
            model=self._endpoint,
            usage=_usage_of_whole,
            refused=_refused,
        )
        yield whole_reply(reply.get("Body", b""))

    def _streamed(self, parameters: dict[str, Any]) -> Generator[Piece, None, None]:
        reader = StreamReader()
        pieces: list[Piece] = []
        stream = self._service.stream(
            "InvokeEndpointWithResponseStream",
            "Body",
            parameters,
            model=self._endpoint,
            usage=lambda _: _most_told(pieces),
            refused=_refused,
        )
        with closing(stream) as events:
            for event in events:
                for piece in reader.feed(event.get("PayloadPart", {}).get("Bytes", b"")):
                    pieces.append(piece)
                    yield piece
        yield from reader.end()


def _better(reason: str | None, later: str | None) -> str | None:
    """The reason that says more: ``[DONE]`` comes after it and says nothing."""
    return later if later is not None and (reason is None or reason == UNKNOWN_REASON) else reason


def _unfinished(reply: str) -> bool:
    return finished_part(reply) != reply.strip()


def _usage_of_whole(reply: dict[str, Any]) -> Usage:
    try:
        return _most_told([whole_reply(reply.get("Body", b""))])
    except AppError:
        return Usage()


def _most_told(pieces: Sequence[Piece]) -> Usage:
    """What was used, told by one of the pieces or counted up over several."""
    return Usage(
        input_tokens=max((piece.input_tokens for piece in pieces), default=0),
        output_tokens=max((piece.output_tokens for piece in pieces), default=0),
    )
