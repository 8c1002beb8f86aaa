"""Asks at a steady pace while another process publishes; a process of its own for bench.publishing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from bench.frontline import environment, services_of
from bench.page import Figures, spread
from bench.places import ROOT

if TYPE_CHECKING:
    from services.answers.models import Answer
    from services.bootstrap import Services

TENANT = "editions"
SUBJECTS = (
    "insulin pens",
    "eye drops",
    "inhalers",
    "antibiotic syrup",
    "pain patches",
    "allergy tablets",
    "sleep medicine",
    "blood thinners",
    "heart medicine",
    "thyroid tablets",
    "iron tablets",
    "vaccines",
    "nasal spray",
    "skin cream",
    "cough drops",
    "vitamin drops",
    "migraine tablets",
    "nicotine gum",
    "ear drops",
    "test strips",
)
ASKING_THREADS = 16
_EDITION = re.compile(r"edition (\d+)")


def main(home: Path, per_second: int, seconds: int) -> Figures:
    """Both runs, one after the other, on the same services."""
    folder = home / "documents"
    _write(folder, 1)
    _publish(home, folder)
    with services_of(home) as services:
        for subject in SUBJECTS:
            services.answers.answer_once(TENANT, _question(subject))
        calm = _ask_for(services, per_second, seconds)
        stop = threading.Event()
        publisher = threading.Thread(target=_keep_publishing, args=(home, folder, stop), daemon=True)
        publisher.start()
        publishing = _ask_for(services, per_second, seconds)
        stop.set()
        publisher.join()
    return {
        "questions_per_second": per_second,
        "seconds": seconds,
        "documents": len(SUBJECTS),
        "calm": calm,
        "publishing": publishing,
    }


def _question(subject: str) -> str:
    return f"At what temperature are {subject} kept?"


def _write(folder: Path, edition: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, subject in enumerate(SUBJECTS):
        text = (
            f"# Storing {subject}\n\nThis is edition {edition} of the rule. By edition {edition}, {subject} are "
            f"kept at {number + 2} degrees.\n"
        )
        (folder / f"{number}.md").write_text(text, encoding="utf-8")


def _publish(home: Path, folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "app", "load-knowledge", "--tenant", TENANT, "--publish", str(folder)],
        cwd=ROOT,
        env=environment(home),
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _keep_publishing(home: Path, folder: Path, stop: threading.Event) -> None:
    edition = 1
    while not stop.is_set():
        edition += 1
        _write(folder, edition)
        _publish(home, folder)


def _ask_for(services: Services, per_second: int, seconds: int) -> Figures:
    """Open loop: a question is due at its moment, whether or not the ones before it are answered."""
    errors: list[str] = []
    waits: list[float] = []
    answers: list[Answer] = []
    before = len(services.knowledge.list_publications(TENANT))

    def ask(number: int, due: float) -> None:
        try:
            answers.append(services.answers.answer_once(TENANT, _question(SUBJECTS[number % len(SUBJECTS)])))
        except Exception as error:  # whatever it is, it is an answer that an agent did not get
            errors.append(type(error).__name__)
        waits.append(time.perf_counter() - due)

    start = time.perf_counter()
    with ThreadPoolExecutor(ASKING_THREADS) as pool:
        for number in range(per_second * seconds):
            due = start + number / per_second
            time.sleep(max(0.0, due - time.perf_counter()))
            pool.submit(ask, number, due)
    return {
        "answered": len(answers),
        "errors": len(errors),
        "causes": sorted(set(errors)),
        "mixed": _mixed(answers),
        "declined": sum(not answer.passages for answer in answers),
        "snapshots": len({answer.snapshot for answer in answers}),
        "publications": len(services.knowledge.list_publications(TENANT)) - before,
        "seconds": dict(spread(waits)),
    }


def _mixed(answers: Sequence[Answer]) -> int:
    """Answers with passages of two editions, or whose version has another edition in another answer."""
    edition_of: dict[int | None, set[str]] = {}
    for answer in answers:
        texts = [passage.text for passage in answer.passages] + [answer.text]
        edition_of.setdefault(answer.snapshot, set()).update(
            found for text in texts for found in _EDITION.findall(text)
        )
    wrong = {snapshot for snapshot, editions in edition_of.items() if len(editions) > 1}
    return sum(answer.snapshot in wrong for answer in answers)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
