"""What the containers that serve text models at SageMaker endpoints take, and how their replies are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.answers.prompting import INSTRUCTIONS, MOST_TOKENS, single_prompt, user_message
from services.errors import BackendRejectedError, BackendUnavailableError
from services.knowledge.models import Passage
from services.setting_choices import AnswerContainer

_CUT_SHORT = frozenset({"length", "max_tokens", "model_length"})
# A model that goes on with a text may go on with the next question too.
_RUNNING_ON = ("\nQuestion:", "\nPassages:")
_SKIPPED = (":", "event:", "id:", "retry:")
UNKNOWN_REASON = "unknown"


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a reply, or all of it.

    Attributes:
        ended: Why the model stopped, in the container's words, or ``unknown``; None while it goes on.
        input_tokens, output_tokens: 0 where the container does not say.
    """

    text: str
    ended: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def cut_short(self) -> bool:
        return self.ended in _CUT_SHORT


@dataclass(frozen=True, slots=True)
class AnswerTemplate:
    """How a container is asked.

    Attributes:
        streams: Whether it sends its reply piece by piece.
        body: Makes the JSON of the request.
    """

    streams: bool
    body: Callable[[str, Sequence[Passage]], Mapping[str, Any]]


def _tgi(question: str, passages: Sequence[Passage]) -> Mapping[str, Any]:
    parameters = {
        "max_new_tokens": MOST_TOKENS,
        "do_sample": False,
        "return_full_text": False,
        "details": True,  # without them it does not say why it stopped
        "stop": list(_RUNNING_ON),
    }
    return {"inputs": single_prompt(question, passages), "parameters": parameters, "stream": True}


def _chat(question: str, passages: Sequence[Passage]) -> Mapping[str, Any]:
    return {
        "messages": [
            {"role": "system", "content": INSTRUCTIONS},
            {"role": "user", "content": user_message(question, passages)},
        ],
        "max_tokens": MOST_TOKENS,
        "temperature": 0,
        "stream": True,
    }


def _jumpstart(question: str, passages: Sequence[Passage]) -> Mapping[str, Any]:
    # Its models run in several containers: what is here is what all of them take.
    parameters = {"max_new_tokens": MOST_TOKENS, "do_sample": False, "return_full_text": False}
    return {"inputs": single_prompt(question, passages), "parameters": parameters}


TEMPLATES: Mapping[AnswerContainer, AnswerTemplate] = {
    AnswerContainer.TGI: AnswerTemplate(True, _tgi),
    AnswerContainer.VLLM: AnswerTemplate(True, _chat),
    AnswerContainer.JUMPSTART: AnswerTemplate(False, _jumpstart),
}


class StreamReader:
    """Puts the lines of a stream together, however its bytes were cut.

    It reads server-sent events (TGI, vLLM) and JSON lines (LMI), and a reply that comes in one piece all the same.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, part: bytes) -> Iterator[Piece]:
        """The pieces that are complete with these bytes. Raises as :func:`whole_reply`."""
        *lines, self._rest = (self._rest + part).split(b"\n")
        for line in lines:
            yield from _of_line(line)

    def end(self) -> Iterator[Piece]:
        """The piece in the last line, which need not end with a line break. Raises as :func:`whole_reply`."""
        rest, self._rest = self._rest, b""
        yield from _of_line(rest)


def whole_reply(body: bytes) -> Piece:
    """The reply of a container that does not stream.

    Raises:
        BackendUnavailableError: it cannot be read, or tells of an error.
        BackendRejectedError: the container's content filter stopped it.
    """
    piece = _piece(body)
    return piece if piece.ended else Piece(piece.text, UNKNOWN_REASON, piece.input_tokens, piece.output_tokens)


def without_running_on(reply: str) -> str:
    """The reply up to where the model began to ask itself."""
    ends = [place for place in (reply.find(mark) for mark in _RUNNING_ON) if place >= 0]
    return reply[: min(ends, default=len(reply))]


def _of_line(line: bytes) -> Iterator[Piece]:
    line = line.strip()
    if not line or line.startswith(tuple(mark.encode() for mark in _SKIPPED)):
        return
    data = line.removeprefix(b"data:").strip()
    yield Piece("", UNKNOWN_REASON) if data == b"[DONE]" else _piece(data)


def _piece(data: bytes) -> Piece:
    try:
        value = json.loads(data)
        return _piece_of(value[0] if isinstance(value, list) else value)
    except (ValueError, LookupError, TypeError, AttributeError) as exc:
        raise BackendUnavailableError(
            "The answer model sent a reply that cannot be read.", code="model-reply-malformed"
        ) from exc


def _piece_of(value: Mapping[str, Any]) -> Piece:
    if value.get("error") or value.get("object") == "error":
        raise BackendUnavailableError("The answer model stopped with an error.")
    if "choices" in value:
        return _of_chat(value)
    details = value.get("details") or {}
    reason = details.get("finish_reason")
    if reason == "error":
        raise BackendUnavailableError("The answer model stopped with an error.")
    tokens = int(details.get("generated_tokens") or 0)
    whole = value.get("generated_text", value.get("generation"))
    ended = reason or (UNKNOWN_REASON if whole is not None else None)
    if "token" not in value:
        return Piece(_text(whole), ended, output_tokens=tokens)
    token = value["token"]
    special = token.get("special") or token.get("special_token")
    return Piece("" if special else _text(token["text"]), ended, output_tokens=tokens)


def _of_chat(value: Mapping[str, Any]) -> Piece:
    usage = value.get("usage") or {}
    text, ended = "", None
    for choice in value["choices"][:1]:  # empty beside the usage
        ended = choice.get("finish_reason")
        if ended == "content_filter":
            raise BackendRejectedError(
                "The answer model's content filter refused this question.",
                code="content-filtered",
                remedy="Ask in other words, or ask a supervisor.",
            )
        text = _text((choice.get("delta") or choice.get("message") or {}).get("content") or "")
    return Piece(text, ended, int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
