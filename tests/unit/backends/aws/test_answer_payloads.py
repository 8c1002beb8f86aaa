"""What containers are sent, and what is made of their replies, byte by byte."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.answers.prompting import INSTRUCTIONS, MOST_TOKENS
from services.backends.aws.answer_payloads import (
    TEMPLATES,
    UNKNOWN_REASON,
    Piece,
    StreamReader,
    whole_reply,
    without_running_on,
)
from services.errors import BackendRejectedError, BackendUnavailableError
from services.setting_choices import AnswerContainer
from tests.contract.answer_generator import PASSAGES

QUESTION = "¿Qué significa 75? 🙂"
TGI = (
    b'data:{"index":1,"token":{"id":7,"text":"Gr\xc3\xbc","logprob":-0.1,"special":false},"generated_text":null}\n\n'
    b'data:{"index":2,"token":{"id":8,"text":"\xc3\x9fe \xf0\x9f\x99\x82","special":false},"generated_text":null}\n\n'
    b'data:{"index":3,"token":{"id":2,"text":"</s>","special":true},"generated_text":"Gr\xc3\xbc\xc3\x9fe",'
    b'"details":{"finish_reason":"eos_token","generated_tokens":3}}\n\n'
)
VLLM = (
    b'data: {"object":"chat.completion.chunk","choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'
    b": ping\n\n"
    b'data: {"choices":[{"delta":{"content":"Gr\xc3\xbc\xc3\x9fe \xf0\x9f\x99\x82"},"finish_reason":null}]}\r\n\r\n'
    b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":310,"completion_tokens":3}}\n\n'
    b"data: [DONE]\n\n"
)
LMI_CHAT = (
    b'{"choices":[{"delta":{"content":"Gr\xc3\xbc\xc3\x9fe \xf0\x9f\x99\x82"},"finish_reason":null}]}\n'
    b'{"choices":[{"delta":{"content":""},"finish_reason":"stop"}]}'
)
LMI_TEXT = (
    b'{"token":{"id":[7],"text":"Gr\xc3\xbc\xc3\x9fe \xf0\x9f\x99\x82","log_prob":-0.1}}\n'
    b'{"token":{"id":[2],"text":"","log_prob":-0.1,"special_token":true},"generated_text":"Gr\xc3\xbc\xc3\x9fe",'
    b'"details":{"finish_reason":"eos_token","generated_tokens":3}}\n'
)
WHOLE = b'[{"generated_text":"Gr\xc3\xbc\xc3\x9fe \xf0\x9f\x99\x82"}]'


def read(parts: Sequence[bytes]) -> list[Piece]:
    reader = StreamReader()
    return [piece for part in parts for piece in reader.feed(part)] + list(reader.end())


@pytest.mark.parametrize(
    "stream", [TGI, VLLM, LMI_CHAT, LMI_TEXT, WHOLE], ids=["tgi", "vllm", "lmi chat", "lmi", "whole"]
)
@given(cuts=st.lists(st.integers(0, 400), max_size=30))
def test_however_a_stream_is_cut_its_words_and_its_end_are_found(stream: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = read([stream[start:end] for start, end in pairwise(places)])
    assert "".join(piece.text for piece in pieces) == "Grüße 🙂"
    assert any(piece.ended for piece in pieces)
    assert not any(piece.cut_short for piece in pieces)


@pytest.mark.parametrize(
    ("stream", "tokens"), [(TGI, (0, 3)), (VLLM, (310, 3)), (LMI_TEXT, (0, 3))], ids=["tgi", "vllm", "lmi"]
)
def test_tokens_are_counted_where_the_container_says_so(stream: bytes, tokens: tuple[int, int]) -> None:
    pieces = read([stream])
    assert (max(p.input_tokens for p in pieces), max(p.output_tokens for p in pieces)) == tokens


@pytest.mark.parametrize(
    "last",
    [
        {"token": {"text": "x"}, "generated_text": "x", "details": {"finish_reason": "length"}},
        {"choices": [{"delta": {"content": "x"}, "finish_reason": "length"}]},
    ],
)
def test_length_limit_is_told(last: dict[str, object]) -> None:
    (piece,) = read([json.dumps(last).encode()])
    assert piece.cut_short


@pytest.mark.parametrize(
    "data",
    [
        b'data:{"error":"Model is overloaded","error_type":"overloaded"}',
        b'{"object":"error","message":"boom","code":400}',
        b'{"token":{"text":""},"generated_text":"","details":{"finish_reason":"error"}}',
        b"data: {broken",
        b"\xff\xfe",
        b"[]",
        b"7",
        b"{}",
        b'{"token":{}}',
        b'{"choices":[{"delta":{"content":7}}]}',
        b'{"choices":7}',
    ],
)
def test_errors_and_what_cannot_be_read_are_unavailable_without_their_words(data: bytes) -> None:
    with pytest.raises(BackendUnavailableError) as caught:
        read([data])
    assert "boom" not in str(caught.value)


def test_content_filter_of_a_container_is_a_refusal() -> None:
    with pytest.raises(BackendRejectedError):
        read([b'{"choices":[{"delta":{},"finish_reason":"content_filter"}]}'])


@pytest.mark.parametrize(
    "body",
    [
        b'[{"generated_text":"Done."}]',
        b'{"generated_text":"Done."}',
        b'[{"generation":"Done."}]',
        b'{"choices":[{"message":{"role":"assistant","content":"Done."}}]}',
    ],
)
def test_whole_reply_is_read_in_all_its_shapes(body: bytes) -> None:
    assert whole_reply(body) == Piece("Done.", UNKNOWN_REASON)


@pytest.mark.parametrize("container", list(AnswerContainer))
def test_every_container_gets_the_rules_the_passages_the_question_and_the_limit(container: AnswerContainer) -> None:
    sent = json.dumps(TEMPLATES[container].body(QUESTION, PASSAGES), ensure_ascii=False)
    for text in (INSTRUCTIONS, f"[2] {PASSAGES[1].title}", PASSAGES[1].text, QUESTION):
        assert json.dumps(text, ensure_ascii=False)[1:-1] in sent
    assert f": {MOST_TOKENS}" in sent
    assert TEMPLATES[container].streams == ('"stream": true' in sent)


def test_question_that_a_model_asks_itself_is_no_part_of_its_answer() -> None:
    assert without_running_on("Start PA-100 [1].\nQuestion: And 76?\nAnswer: No.") == "Start PA-100 [1]."
    assert without_running_on("Start PA-100 [1].") == "Start PA-100 [1]."
