"""Takes one step of a survey's way in or out and prints what it cost; a process of its own for bench.survey_intake."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.page import Figures
from services.backends.local.personal_data import LocalPersonalDataDetector
from services.storage.files import RootedFiles
from services.surveys.chosen_columns import choose_columns
from services.surveys.columns import guess_columns
from services.surveys.exports.models import ExportColumn, ExportTable, SurveyReport
from services.surveys.exports.text_exports import write_csv, write_json_lines
from services.surveys.exports.workbook_export import write_workbook
from services.surveys.marks import Mark
from services.surveys.prepared import PreparedSurvey, load_survey, prepare_survey, store_survey
from services.surveys.response_files import read_table


def main(action: str, source: Path, target: Path | None) -> Figures:
    """Take the step."""
    wall, cpu = time.perf_counter(), time.process_time()
    found: Figures = {}
    if action == "read":
        found["rows"] = read_table(source, source.name).row_count
    elif action == "prepare" and target is not None:
        table = read_table(source, source.name)
        columns = choose_columns(table, guess_columns(table))
        data = prepare_survey(table, columns, LocalPersonalDataDetector())
        facts = store_survey(RootedFiles(str(target.parent)), target.name, data).facts
        found["distinct"] = sum(question.distinct_count for question in facts.questions)
        found["masked"] = sum(question.masked_rows for question in facts.questions)
        found["junk"] = sum(question.marks[Mark.JUNK] for question in facts.questions)
        found["non_english"] = sum(question.marks[Mark.NON_ENGLISH] for question in facts.questions)
    else:
        survey = load_survey(RootedFiles(str(source.parent)), source.name)
        if target is None:
            columns = survey.facts.columns
            question = columns.texts[0]
            found["rows"] = len(survey.texts(question))
            survey.marks(question)
            survey.scores(columns.scores[0])
            survey.choices(columns.segments[0].name)
        else:
            found["rows"] = _export(action, survey, target)
    return {
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "wall_seconds": round(time.perf_counter() - wall, 2),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        **found,
    }


def _export(action: str, survey: PreparedSurvey, target: Path) -> int:
    question = survey.facts.columns.texts[0]

    def rows() -> Iterator[tuple[str, str]]:
        for response in survey.responses(question):
            yield response.id, response.text

    table = ExportTable("Data", (ExportColumn("id", "Of the response."), ExportColumn("text", "Masked.")), rows())
    with target.open("wb") as file:
        if action == "export-csv":
            return write_csv(table, file)
        if action == "export-jsonl":
            return write_json_lines(table, file)
        return write_workbook(SurveyReport("Survey", (), ()), table, file)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)))
