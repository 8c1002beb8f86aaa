"""What half a million responses take to be read, understood, masked, marked, kept, and exported."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from app.sample_data.compose_survey import HEADER, Composer
from bench.page import Figures, table
from bench.places import ROOT, Places

ROWS = 500_000
COLUMNS = HEADER[:8]
SEED = "frontline survey intake 1"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def measure(places: Places) -> Figures:
    """Compose a survey in each format, and take each step in a process of its own."""
    files = {name: places.work / f"survey.{name}" for name in ("csv", "jsonl", "xlsx")}
    _write_csv(files["csv"])
    _write_json_lines(files["jsonl"])
    _write_workbook(files["xlsx"])
    prepared = places.work / "survey.parquet"
    steps = {f"read {name}": _step("read", file) for name, file in files.items()}
    steps["prepare csv"] = _step("prepare", files["csv"], prepared)
    steps["open"] = _step("open", prepared)
    for name in ("csv", "jsonl", "xlsx"):
        steps[f"export {name}"] = _step(f"export-{name}", prepared, places.work / f"export.{name}")
    return {
        "rows": ROWS,
        "columns": len(COLUMNS),
        "megabytes": {name: round(file.stat().st_size / 1e6, 1) for name, file in files.items()},
        "prepared_megabytes": round(prepared.stat().st_size / 1e6, 1),
        "steps": steps,
    }


def text(figures: Figures) -> str:
    """The section of docs/benchmarks.md."""
    steps, sizes = figures["steps"], figures["megabytes"]
    labels = {
        "read csv": f"Read a CSV file of {sizes['csv']:g} MB",
        "read jsonl": f"Read a JSONL file of {sizes['jsonl']:g} MB",
        "read xlsx": f"Read an Excel workbook of {sizes['xlsx']:g} MB",
        "prepare csv": "Read the CSV file, guess its columns, mask, mark, and make the Parquet file",
        "open": "Open it and read one question's responses, marks, a score and a segment",
        "export csv": "Export a question's responses as CSV",
        "export jsonl": "Export them as JSONL",
        "export xlsx": "Export them as an Excel workbook",
    }
    rows = [
        (labels[name], f"{step['cpu_seconds']:.1f}", f"{step['wall_seconds']:.1f}", f"{step['peak_mib']:,.0f}")
        for name, step in steps.items()
    ]
    found = steps["prepare csv"]
    about = (
        f"{figures['rows']:,} rows x {figures['columns']} columns, composed as the sample survey is, two of them "
        f"open-ended questions with {found['distinct']:,} different responses. Each step ran in a process of its own; "
        "the peak is its resident memory, about 280 MiB of it libraries. The Parquet file has "
        f"{figures['prepared_megabytes']:g} MB; {found['masked']:,} responses had personal data masked, "
        f"{found['junk']:,} were marked as junk and {found['non_english']:,} as not English."
    )
    return f"{table(('Step', 'CPU s', 'Wall-clock s', 'Peak MiB'), rows)}\n\n{about}"


def _step(action: str, *paths: Path) -> dict[str, Any]:
    print(f"  {action} {paths[0].name} ...", flush=True)
    command = [sys.executable, "-m", "bench.survey_intake_probe", action, *map(str, paths)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def composed_rows(count: int = ROWS) -> Iterator[list[str]]:
    """Responses of the sample's sentences, with the columns ``COLUMNS``; each row is drawn anew."""
    composer = Composer()
    chance = composer.chance = random.Random(SEED)
    start = date(2026, 1, 1)
    # Composing is slow beside reading: a good part of real short answers repeats anyway.
    texts = []
    for _ in range(count // 4):
        person = composer.person(chance.randrange(2))
        said = composer.said(person, chance.gauss(0.1, 0.8))
        texts.append((said.text, composer.wish(said)[0], person))
    for number in range(count):
        text, wish, person = texts[number] if number < len(texts) else chance.choice(texts)
        if chance.random() < 0.5 and text:
            text = composer.with_typo(text)
        day = (start + timedelta(days=chance.randrange(270))).isoformat()
        score = str(chance.randint(0, 10))
        yield [f"R-{number:06d}", day, score, text, wish, person.region, person.age, person.platform]


def _write_csv(target: Path) -> None:
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(composed_rows())


def _write_json_lines(target: Path) -> None:
    with target.open("w", encoding="utf-8") as file:
        file.writelines(
            json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False) + "\n" for row in composed_rows()
        )


def _write_workbook(target: Path) -> None:
    """As Excel writes it, with shared strings; a library would take minutes."""
    shared: dict[str, int] = {}

    def cell(column: int, number: int, value: str) -> str:
        place = f"{'ABCDEFGHIJ'[column]}{number}"
        if not value:
            return ""
        if value.isdigit():
            return f'<c r="{place}"><v>{value}</v></c>'
        return f'<c r="{place}" t="s"><v>{shared.setdefault(value, len(shared))}</v></c>'

    def row_markup(number: int, row: Sequence[str]) -> bytes:
        cells = "".join(cell(column, number, value) for column, value in enumerate(row))
        return f'<row r="{number}">{cells}</row>'.encode()

    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r" Type="{_OFFICE}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="Data" sheetId="1" r:id="r1"/></sheets>'
            "</workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" Type="{_OFFICE}/worksheet" '
            f'Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{_OFFICE}/sharedStrings" '
            'Target="sharedStrings.xml"/></Relationships>',
        )
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            sheet.write(row_markup(1, COLUMNS))
            for number, row in enumerate(composed_rows(), start=2):
                sheet.write(row_markup(number, row))
            sheet.write(b"</sheetData></worksheet>")
        with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as strings:
            strings.write(f'<sst xmlns="{_MAIN}">'.encode())
            for value in shared:
                strings.write(f'<si><t xml:space="preserve">{escape(value)}</t></si>'.encode())
            strings.write(b"</sst>")
