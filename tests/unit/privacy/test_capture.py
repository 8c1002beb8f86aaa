"""Captured calls hold no personal data, no pictures and no vectors, and go away when their time is over."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from services.backends.local.personal_data import LocalPersonalDataDetector
from services.errors import BackendError, BackendUnavailableError
from services.ports.model_calls import Attribution, ModelCall, attributed
from services.privacy.capture import POLICY_FILE, CallCapture
from services.privacy.captured_values import ValueMasker, joined
from services.privacy.models import PersonalDataKind, PersonalDataSpan
from tests.fakes import FakeClock, FakeFiles

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
MIA = Attribution("pharmacy", "mia.wong@shop.test", "answers")
CALL = ModelCall("bedrock", "Converse", "amazon.nova-lite-v1:0", input_tokens=12, milliseconds=3.5, attribution=MIA)


class WordDetector:
    """Finds the name Smith, wherever it stands.

    Attributes:
        broken: While True it does not answer.
        asked: Every text it saw.
    """

    def __init__(self) -> None:
        self.broken = False
        self.asked: list[str] = []

    def find(self, text: str) -> Sequence[PersonalDataSpan]:
        self.asked.append(text)
        if self.broken:
            raise BackendUnavailableError("The detector does not answer.")
        return [PersonalDataSpan(PersonalDataKind.NAME, one.start(), one.end()) for one in re.finditer("Smith", text)]

    def check_ready(self) -> None:
        self.find("")


class Desk:
    """A capture over files in memory."""

    def __init__(self, share: float = 1.0, days: int = 30) -> None:
        self.files = FakeFiles()
        self.detector = WordDetector()
        self.clock = FakeClock()
        self.announced: list[tuple[float, int]] = []
        self.capture = self.another(share, days)

    def another(self, share: float = 1.0, days: int = 30) -> CallCapture:
        """As another process, or after a restart, with these numbers."""
        return CallCapture(
            self.files,
            self.detector,
            share=share,
            days=days,
            announce=lambda *policy: self.announced.append(policy),
            now=self.clock,
        )

    def names(self) -> list[str]:
        return sorted(name for name in self.files.files if name != POLICY_FILE)

    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(gzip.decompress(self.files.read(name))) for name in self.names()]

    def everything(self) -> str:
        """All that is stored, names included, as one text."""
        return json.dumps(self.documents(), ensure_ascii=False) + " ".join(self.names())


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_call_is_kept_below_tenant_and_day_with_what_was_said(desk: Desk) -> None:
    desk.capture.keep(CALL, {"messages": [{"text": "May Smith call?"}], "maxTokens": 5}, {"text": "Yes."})
    (name,) = desk.names()
    assert re.fullmatch(rf"pharmacy/{desk.clock():%Y/%m/%d}/[0-9a-f]{{32}}\.json\.gz", name)
    (document,) = desk.documents()
    assert document["request"] == {"messages": [{"text": "May [name] call?"}], "maxTokens": 5}
    assert document["reply"] == {"text": "Yes."}
    assert document["masked"] == {"name": 1}
    assert (document["model"], document["input_tokens"], document["purpose"]) == (CALL.model, 12, "answers")


def test_who_asked_is_not_kept(desk: Desk) -> None:
    desk.capture.keep(CALL, {"text": "words"}, None)
    assert "mia" not in desk.everything()


def test_bytes_pictures_and_vectors_are_told_by_their_size_only(desk: Desk) -> None:
    encoded = base64.b64encode(PICTURE).decode()
    request = {
        "image": {"bytes": PICTURE},
        "body": json.dumps({"inputImage": encoded, "prompt": "for Smith"}).encode(),
        "url": f"![x](data:image/png;base64,{encoded})",
        "text": json.dumps([encoded, "Smith"]),
    }
    desk.capture.keep(CALL, request, {"embedding": [0.25] * 384, "few": [1, 2]})
    (document,) = desk.documents()
    assert set(document["request"]["image"]["bytes"]) == {"bytes", "sha256"}
    assert document["request"]["body"]["inputImage"]["bytes"] == len(encoded)
    assert document["request"]["body"]["prompt"] == "for [name]"
    assert document["request"]["text"][1] == "[name]"
    assert document["reply"] == {"embedding": {"numbers": 384}, "few": [1, 2]}
    stored = desk.everything()
    assert encoded[:40] not in stored
    assert "0.25" not in stored
    assert "Smith" not in stored


def test_personal_data_that_is_spread_over_pieces_of_a_stream_is_masked(desk: Desk) -> None:
    events = [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"delta": {"text": "Call Sm"}, "contentBlockIndex": 0}},
        {"contentBlockDelta": {"delta": {"text": "ith, "}, "contentBlockIndex": 0}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": '{"name": "Sm'}}, "contentBlockIndex": 1}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": 'ith"}'}}, "contentBlockIndex": 1}},
        {"contentBlockDelta": {"delta": {"text": "now."}, "contentBlockIndex": 0}},
        {"messageStop": {"stopReason": "end_turn"}},
        {"metadata": {"usage": {"inputTokens": 5}}},
    ]
    desk.capture.keep(CALL, None, {"events": events})
    reply = desk.documents()[0]["reply"]
    assert reply["events"] == 8
    assert reply["joined"] == {
        "messageStart.role": "assistant",
        "contentBlockDelta.0.delta.text": "Call [name], now.",
        "contentBlockDelta.0.contentBlockIndex": 0,
        "contentBlockDelta.1.delta.toolUse.input": {"name": "[name]"},
        "contentBlockDelta.1.contentBlockIndex": 1,
        "messageStop.stopReason": "end_turn",
        "metadata.usage.inputTokens": 5,
    }


def test_stream_of_an_endpoint_in_pieces_of_bytes_is_joined_too(desk: Desk) -> None:
    lines = b"".join(
        b'data: {"id": "7", "choices": [{"delta": {"content": "%s"}}]}\n\n' % piece for piece in (b"Sm", b"ith", b"!")
    )
    pieces = [lines[start : start + 37] for start in range(0, len(lines), 37)]
    desk.capture.keep(CALL, None, {"events": [{"PayloadPart": {"Bytes": one}} for one in [*pieces, b"data: [DONE]\n"]]})
    reply = desk.documents()[0]["reply"]["joined"]["PayloadPart.Bytes"]
    assert reply == {"events": 3, "joined": {"id": "7", "choices.0.delta.content": "[name]!"}}


@pytest.mark.parametrize(
    "value",
    [
        "Smith",
        ["Smith", {"deep": ("Smith", {"er": "Smith"})}],
        json.dumps({"a": "Smith"}),
        json.dumps(json.dumps("Smith")),
        b'{"a": "Smith"}',
        b'data: {"a": "Smi"}\ndata: {"a": "th"}',
        b"Smith",
        bytearray(b"Smith"),
        {"events": [{"a": "Smith"}], "more": "Smith"},
        {"events": "Smith"},
        frozenset({"Smith"}),
        "{Smith",
        '{"a": "Smith"',
    ],
    ids=repr,
)
def test_personal_data_is_masked_wherever_it_stands(desk: Desk, value: object) -> None:
    desk.capture.keep(CALL, value, {"again": value})
    assert "Smith" not in desk.everything()


def test_what_is_no_value_leaves_only_its_kind(desk: Desk) -> None:
    class Smith:
        def __repr__(self) -> str:
            return "Smith"

    masked = ValueMasker(desk.detector).masked({"a": Smith(), "b": datetime(2026, 1, 2, tzinfo=UTC), "c": None})
    assert masked == {"a": "<Smith>", "b": "2026-01-02T00:00:00+00:00", "c": None}


def test_pieces_of_which_all_say_the_same_keep_it_once() -> None:
    assert joined([{"model": "m", "n": 1}, {"model": "m", "n": 2}]) == {"model": "m", "n": 2}


def test_call_whose_personal_data_cannot_be_found_is_not_kept(desk: Desk) -> None:
    desk.detector.broken = True
    with pytest.raises(BackendError):
        desk.capture.keep(CALL, {"text": "words"}, None)
    assert desk.names() == []


def test_share_decides_by_the_call_so_that_it_is_the_same_every_time() -> None:
    calls = [ModelCall("bedrock", "Converse", "m", milliseconds=float(one), attribution=MIA) for one in range(400)]

    def kept(share: float) -> list[str]:
        desk = Desk(share)
        for call in calls:
            desk.capture.keep(call, "words", None)
        return desk.names()

    few = kept(0.25)
    assert few == kept(0.25)
    assert set(few) < set(kept(0.5))
    assert 50 < len(few) < 150
    assert (kept(0.0), len(kept(1.0))) == ([], 400)


def test_call_that_is_kept_again_replaces_itself_and_calls_that_differ_do_not(desk: Desk) -> None:
    for _ in range(2):
        desk.capture.keep(CALL, {"text": "first", "picture": PICTURE}, ["reply"])
    desk.capture.keep(CALL, {"text": "second", "picture": PICTURE}, ["reply"])
    desk.capture.keep(CALL, {"text": "first", "picture": PICTURE[::-1]}, ["reply"])
    assert len(desk.names()) == 3


def test_call_of_nobody_and_of_an_odd_tenant_have_their_places(desk: Desk) -> None:
    desk.capture.keep(ModelCall("bedrock", "Converse", "m"), "a", None)
    with attributed(tenant_id="../clinic é"):
        desk.capture.keep(ModelCall("bedrock", "Converse", "m"), "b", None)
    assert [name.split("/")[0] for name in desk.names()] == ["-", "-clinic--"]


def test_calls_of_the_capture_itself_are_not_captured(desk: Desk) -> None:
    class AskingDetector(WordDetector):
        def find(self, text: str) -> Sequence[PersonalDataSpan]:
            desk.capture.keep(ModelCall("comprehend", "DetectPiiEntities", ""), text, None)
            return super().find(text)

    capture = CallCapture(desk.files, AskingDetector(), now=desk.clock)
    capture.keep(CALL, "words", None)
    assert len(desk.names()) == 1


def test_days_whose_time_is_over_are_deleted_for_every_tenant(desk: Desk) -> None:
    for tenant in ("pharmacy", "clinic"):
        call = ModelCall("bedrock", "Converse", "m", attribution=Attribution(tenant))
        for _ in range(3):
            desk.capture.keep(call, "words", None)
            desk.clock.advance(days=10)
        desk.clock.advance(days=-30)
    desk.files.write("pharmacy/notes/of/somebody/else", b"words")
    desk.clock.advance(days=30)
    assert desk.another(days=30).prune() == 0
    desk.clock.advance(days=1)
    assert desk.another(days=30).prune() == 2
    assert len(desk.names()) == 5
    assert desk.another(days=1).prune() == 4
    assert desk.names() == ["pharmacy/notes/of/somebody/else"]


def test_switching_on_and_other_numbers_are_announced_once(desk: Desk) -> None:
    assert desk.announced == []
    desk.capture.keep(CALL, "first", None)
    desk.capture.keep(CALL, "second", None)
    desk.another().keep(CALL, "third", None)
    assert desk.announced == [(1.0, 30)]
    desk.another(days=7).keep(CALL, "fourth", None)
    assert desk.announced == [(1.0, 30), (1.0, 7)]


def test_administrators_read_what_is_kept() -> None:
    assert Desk().capture.describe() == (
        "Every call of models and paid services is kept for 30 days with what was asked and replied. Personal data "
        "that is recognized is masked; pictures and vectors are left out."
    )
    assert (
        Desk(0.05, 1).capture.describe().startswith("5.0% of the calls of models and paid services is kept for 1 day ")
    )


def test_ready_needs_the_detector(desk: Desk) -> None:
    desk.capture.check_ready()
    desk.detector.broken = True
    with pytest.raises(BackendError):
        desk.capture.check_ready()


def test_real_detector_leaves_no_number_of_a_patient_in_what_is_kept() -> None:
    desk = Desk()
    capture = CallCapture(desk.files, LocalPersonalDataDetector(), now=desk.clock)
    said = "My name is Ana Reyes, call 555-201-7788 or ana@example.com, SSN 078-05-1120."
    pieces = [{"contentBlockDelta": {"delta": {"text": said[at : at + 3]}}} for at in range(0, len(said), 3)]
    capture.keep(CALL, {"system": [{"text": said}], "body": json.dumps({"p": said}).encode()}, {"events": pieces})
    stored = desk.everything()
    for secret in ("Reyes", "7788", "ana@", "1120"):
        assert secret not in stored
