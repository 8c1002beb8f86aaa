"""Who waits for an answer hears of its pieces and of its end."""

from __future__ import annotations

import threading

from components.ask_queue import AskRequest, StoredListener, Work
from services.answers.models import Answer, DeltaListener

PATIENCE_SECONDS = 30.0


def test_piece_and_end_wake_who_waits_for_them() -> None:
    goes_on = threading.Event()

    def worker(on_delta: DeltaListener, _: StoredListener) -> Answer:
        on_delta("Code 75 ")
        assert goes_on.wait(PATIENCE_SECONDS)
        raise ValueError("it ends")

    work = Work(AskRequest("reject 75"), worker)
    work.wait_for_news(PATIENCE_SECONDS)
    assert (work.draft, work.wait(0)) == ("Code 75 ", False)
    goes_on.set()
    work.wait_for_news(PATIENCE_SECONDS)
    assert work.wait(0)
