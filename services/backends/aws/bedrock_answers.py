"""Answers from a model on Amazon Bedrock, through ConverseStream.

The passages go in as numbered text and not as Converse's document blocks: those come back as citations from few models
only, five at a time, and every mark is checked here against the passage's own words in any case, for all models alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from services.answers.fallback import GUARDRAIL_INTERVENED
from services.answers.models import AnswerRequest, DeltaListener, Draft, Origin
from services.answers.prompting import INSTRUCTIONS, MOST_PASSAGES, MOST_TOKENS, asked, draft_of, numbered, user_message
from services.backends.aws.access import AwsAccess
from services.backends.aws.active_models import ActiveModels
from services.backends.aws.calls import AwsService, CallPolicy, Usage
from services.backends.aws.converse_forms import is_too_long
from services.backends.aws.errors import AwsProblem
from services.errors import (
    AppError,
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendUnavailableError,
)
from services.knowledge.models import Passage

CALLED = "answer model"
# Somebody waits at the screen: better an early word, or the fallback's draft, than a long silence.
ANSWER_POLICY = CallPolicy(
    attempts=4,
    first_wait_seconds=0.3,
    longest_wait_seconds=3.0,
    give_up_seconds=10.0,
    read_timeout_seconds=30.0,
    at_once=64,
)
_COMPLETE = frozenset({"end_turn", "stop_sequence"})
_CUT_SHORT = frozenset({"max_tokens", "model_context_window_exceeded"})
_NO_TEMPERATURE = "temperature-refused"


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A guardrail of Bedrock.

    Attributes:
        identifier: Its id or ARN.
        version: A number, or ``DRAFT``.
    """

    identifier: str
    version: str


class BedrockAnswers:
    """See :class:`services.ports.answers.AnswerGenerator`.

    Args:
        model: The id of a model or an inference profile.
        guardrail: What question and draft have to pass; it is told which text is question and which is source.
    """

    name = "bedrock"
    origin = Origin.GENERATED

    def __init__(
        self, aws: AwsAccess, model: str, *, guardrail: Guardrail | None = None, policy: CallPolicy = ANSWER_POLICY
    ) -> None:
        self._model = model
        self._guardrail = guardrail
        self._takes_temperature = True
        self._service = AwsService(
            aws.clients, "bedrock-runtime", called=CALLED, backend=self.name, policy=policy, recorder=aws.recorder
        )
        self._models = ActiveModels(aws.clients, called=CALLED)

    def generate(self, request: AnswerRequest, on_delta: DeltaListener | None = None) -> Draft:
        """See the port.

        Raises:
            BackendError: codes of its own are ``guardrail-intervened``, ``content-filtered``, ``answer-cut-short``,
                ``question-too-long`` and ``model-unsuitable``.
        """
        passages = request.passages[:MOST_PASSAGES]
        if not passages:
            return Draft((), (), answered=False)
        try:
            reply, stop_reason = self._reply(request.question, passages, on_delta)
        except BackendRejectedError as error:
            if error.code != _NO_TEMPERATURE:
                raise
            self._takes_temperature = False  # said before the first piece, and the same the next time
            reply, stop_reason = self._reply(request.question, passages, on_delta)
        _require_usable(stop_reason)
        return draft_of(reply, passages, cut_short=stop_reason in _CUT_SHORT)

    def check_ready(self) -> None:
        """Raise BackendError unless the model is known, in service and able to stream."""
        self._models.require(self._model, streaming=True)

    def _reply(
        self, question: str, passages: Sequence[Passage], on_delta: DeltaListener | None
    ) -> tuple[str, str | None]:
        """The text of the reply, and why it ended."""
        reply = ""
        stop_reason = None
        # Read to its end whatever the reason for it: what was used is told last.
        stream = self._service.stream(
            "ConverseStream",
            "stream",
            self._parameters(question, passages),
            model=self._model,
            ends_with="messageStop",
            usage=usage_of_events,
            refused=_refusal,
        )
        with closing(stream) as events:
            for event in events:
                if "messageStop" in event:
                    stop_reason = event["messageStop"].get("stopReason")
                # Reasoning comes in deltas too; it is no part of the answer.
                piece = event.get("contentBlockDelta", {}).get("delta", {}).get("text")
                if piece:
                    reply += piece
                    if on_delta is not None:
                        on_delta(piece)
        return reply, stop_reason

    def _parameters(self, question: str, passages: Sequence[Passage]) -> dict[str, Any]:
        inference: dict[str, Any] = {"maxTokens": MOST_TOKENS}
        if self._takes_temperature:
            inference["temperature"] = 0.0
        parameters: dict[str, Any] = {
            "modelId": self._model,
            "system": [{"text": INSTRUCTIONS}],
            "messages": [{"role": "user", "content": self._content(question, passages)}],
            "inferenceConfig": inference,
        }
        if self._guardrail is not None:
            parameters["guardrailConfig"] = {
                "guardrailIdentifier": self._guardrail.identifier,
                "guardrailVersion": self._guardrail.version,
                # Nothing is shown that has not been checked.
                "streamProcessingMode": "sync",
            }
        return parameters

    def _content(self, question: str, passages: Sequence[Passage]) -> list[dict[str, Any]]:
        if self._guardrail is None:
            return [{"text": user_message(question, passages)}]
        # The check of grounding compares the draft with the sources; the other checks are for the question.
        return [
            {"guardContent": {"text": {"text": numbered(passages), "qualifiers": ["grounding_source"]}}},
            {"guardContent": {"text": {"text": asked(question), "qualifiers": ["query", "guard_content"]}}},
        ]


def usage_of_events(reply: Mapping[str, Any]) -> Usage:
    """What a stream of Converse says that it took; nothing where it broke off before it said so."""
    for event in reversed(reply.get("events", ())):
        if "metadata" in event:
            usage = event["metadata"].get("usage", {})
            return Usage(input_tokens=usage.get("inputTokens", 0), output_tokens=usage.get("outputTokens", 0))
    return Usage()


def _require_usable(stop_reason: str | None) -> None:
    if stop_reason in _COMPLETE or stop_reason in _CUT_SHORT:
        return
    if stop_reason == "guardrail_intervened":
        raise BackendRejectedError(
            "The guardrail that your company set up stopped this answer.",
            code=GUARDRAIL_INTERVENED,
            remedy="Ask in other words and leave out personal or sensitive details, or ask a supervisor.",
        )
    if stop_reason == "content_filtered":
        raise BackendRejectedError(
            "The answer model's content filter refused this question.",
            code="content-filtered",
            remedy="Ask in other words, or ask a supervisor.",
        )
    # No tool is offered, so a call of one is as broken a reply as those that the model itself calls malformed.
    raise BackendUnavailableError("The answer model sent a reply that cannot be read.", code="model-reply-malformed")


def _refusal(problem: AwsProblem) -> AppError | None:
    if problem.code != "ValidationException":
        return None
    if "temperature" in problem.message:
        return BackendRejectedError("The answer model takes no temperature.", code=_NO_TEMPERATURE)
    if is_too_long(problem):
        return BackendRejectedError(
            "The question with its passages is too long for the answer model.",
            code="question-too-long",
            remedy="Ask a shorter question.",
        )
    if "guardrail" in problem.message:
        return BackendMisconfiguredError(
            "AWS does not accept the guardrail for the answer model.",
            code="guardrail-unknown",
            remedy="An administrator must check FRONTLINE_BEDROCK_GUARDRAIL_ID and its version.",
        )
    if "support" in problem.message and "on-demand" not in problem.message:
        return BackendMisconfiguredError(
            "The answer model cannot be asked the way that Frontline asks.",
            code="model-unsuitable",
            remedy="An administrator must choose a model that Converse can stream, with a system prompt.",
        )
    return None
