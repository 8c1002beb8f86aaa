"""Measures Frontline and its peers, keeps the figures in bench/results and rewrites docs/benchmarks.md.

    python -m bench retrieval --data DIR --home DIR

DIR of --data holds ``qa/covid_faq``, ``qa/medquad_small``, ``qa/clinc_oos``, ``survey`` and ``images``;
docs/benchmarks.md says where they come from. Missing knowledge bases are loaded into --home first, which takes several
minutes.
"""

from __future__ import annotations

import importlib
import tempfile
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from bench import page
from bench.machine import describe_machine, load_average
from bench.places import PAGE, PEER_PYTHON, RESULTS, Places


class Part(StrEnum):
    """What can be measured by itself."""

    RETRIEVAL = "retrieval"
    CURATED = "curated"
    ABSTENTION = "abstention"
    ANSWERS = "answers"
    SCALE = "scale"
    GROWTH = "growth"
    INGEST = "ingest"
    PUBLISHING = "publishing"
    LOAD = "load"
    JOBS = "jobs"
    IMAGES = "images"
    MATTES = "mattes"
    SURVEYS = "surveys"
    SURVEY_PEERS = "survey_peers"
    SURVEY_INTAKE = "survey_intake"
    SURVEY_EXPLORE = "survey_explore"
    SURVEY_FAULTS = "survey_faults"
    AWS_SURVEYS = "aws_surveys"
    AWS_IMAGES = "aws_images"
    AWS_ANSWERS = "aws_answers"
    START = "start"
    FUZZ = "fuzz"
    ALL = "all"
    PAGE = "page"


# These make what they measure themselves.
WITHOUT_DATA = frozenset(
    {
        Part.FUZZ,
        Part.JOBS,
        Part.IMAGES,
        Part.SURVEY_INTAKE,
        Part.SURVEY_EXPLORE,
        Part.SURVEY_FAULTS,
        Part.AWS_SURVEYS,
        Part.AWS_IMAGES,
        Part.AWS_ANSWERS,
    }
)
PARTS = tuple(part for part in Part if part not in {Part.ALL, Part.PAGE})


def module_of(part: str) -> Any:
    """The module that measures a part: ``measure(places) -> Figures`` and ``text(figures) -> str``."""
    return importlib.import_module(f"bench.{part}")


def drawn_page(text: str, results: Path = RESULTS) -> str:
    """The page with every section drawn from the figures that are kept."""
    for part in PARTS:
        record = page.load(results, part.value)
        if record is not None:
            text = page.with_section(text, part.value, page.section(record, module_of(part).text))
    return text


def measure(part: Part, places: Places) -> None:
    """Measure one part and keep its figures."""
    print(f"{part.value} ...", flush=True)
    load_before = load_average()
    figures = module_of(part).measure(places)
    record = page.Record(
        part=part.value,
        measured_on=datetime.now(UTC).date().isoformat(),
        command=f"python -m bench {part.value}" + ("" if part in WITHOUT_DATA else " --data DIR --home DIR"),
        machine=describe_machine(),
        load_average=load_before,
        figures=figures,
    )
    page.save(RESULTS, record)
    PAGE.write_text(drawn_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(module_of(part).text(figures), flush=True)


def main(
    part: Annotated[Part, typer.Argument(help="What to measure; `page` only draws the page again.")] = Part.ALL,
    data: Annotated[Path | None, typer.Option(help="Folder with the development data.")] = None,
    home: Annotated[Path | None, typer.Option(help="FRONTLINE_HOME of the run; made when it is not there.")] = None,
    work: Annotated[Path | None, typer.Option(help="Folder for what need not be kept; a temporary one.")] = None,
    peer_outputs: Annotated[
        Path | None, typer.Option(help="Folder with PEER_SET.jsonl and .out that bench/peers/run_peer.py wrote.")
    ] = None,
    peer_python: Annotated[Path, typer.Option(help="Python of the peers' environment.")] = PEER_PYTHON,
) -> None:
    """Measure one part, or all of them one after the other."""
    if part is Part.PAGE:
        PAGE.write_text(drawn_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        return
    if (data is None or home is None) and part not in WITHOUT_DATA:
        raise typer.BadParameter("--data and --home are needed to measure.")
    with tempfile.TemporaryDirectory(prefix="frontline-bench-") as temporary:
        folder = work or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        data, home = data or folder, home or folder
        home.mkdir(parents=True, exist_ok=True)
        places = Places(data.resolve(), home.resolve(), folder.resolve(), peer_outputs, peer_python)
        for one in PARTS if part is Part.ALL else (part,):
            measure(one, places)


if __name__ == "__main__":
    typer.run(main)
