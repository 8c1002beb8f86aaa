"""Analyzing surveys and suggesting topics from the command line, with good and bad files."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from openpyxl import Workbook

from tests.command_line import Ended, run_command
from tests.openai_server import MODEL
from tests.openai_survey_server import running_survey_server

pytestmark = pytest.mark.slow

TOPICS = [
    {"id": "price", "name": "Price", "description": "prices, cost, too expensive, cheap"},
    {"id": "staff", "name": "Staff", "description": "baristas, friendly or rude employees"},
    {"id": "app", "name": "Mobile app", "description": "the app crashes, ordering in the app, login"},
]
ANSWERS = [
    ("a1", "The app crashes whenever I order"),
    ("a2", "Friendly baristas, but way too expensive"),
    ("a3", "n/a"),
    ("a4", '=HYPERLINK("http://x.example";"prices")'),
    ("a5", "My cousin moved to Norway last spring"),
    ("a6", "The app crashes whenever I order"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "topics.json").write_text(json.dumps(TOPICS), encoding="utf-8")
    with (tmp_path / "survey.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("rid", "answer"), *ANSWERS])
    return tmp_path


def analyze(home: Path, folder: Path, *options: str, survey: str = "survey.csv", column: str = "answer") -> Ended:
    return run_command(
        home,
        *("analyze-survey", str(folder / survey), "--text-column", column, "--topics", str(folder / "topics.json")),
        *("--output", str(folder / "out.csv"), *options),
    )


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_survey_is_analyzed_row_by_row(empty_home: Path, folder: Path) -> None:
    ended = analyze(empty_home, folder, "--id-column", "rid")
    assert (ended.code, ended.err) == (0, "")
    found = {row["id"]: row for row in rows(folder)}
    assert list(found) == [answer[0] for answer in ANSWERS]
    assert found["a1"]["topics"] == "app"
    assert json.loads(found["a2"]["topic_sentiments"]) == {"price": "negative", "staff": "positive"}
    assert found["a3"]["other_reason"] == "junk"
    assert found["a4"]["text"] == f"'{ANSWERS[3][1]}"
    assert found["a5"]["other_reason"] == "nothing-fits"
    assert {**found["a6"], "id": "a1"} == found["a1"]
    for answer_id, text in ANSWERS:
        for evidence in filter(None, found[answer_id]["evidence"].split("|")):
            assert evidence.lstrip("'") in text


def test_same_survey_gives_the_same_file(empty_home: Path, folder: Path) -> None:
    analyze(empty_home, folder)
    first = (folder / "out.csv").read_bytes()
    analyze(empty_home, folder)
    assert (folder / "out.csv").read_bytes() == first


def test_rows_are_numbered_without_ids_and_reasons_are_added_on_demand(empty_home: Path, folder: Path) -> None:
    assert analyze(empty_home, folder, "--with-review").code == 0
    found = rows(folder)
    assert [row["id"] for row in found] == ["1", "2", "3", "4", "5", "6"]
    assert found[1]["needs_review"] == "mixed-feelings"


def test_examples_teach_what_names_do_not_say(empty_home: Path, folder: Path) -> None:
    nicknames = ("the zorp failed", "zorp was down again", "zorp would not start", "my zorp froze", "zorp is broken")
    lines = ["text,topics,sentiment", *(f"{text},app,negative" for text in nicknames)]
    lines += [f"{text},price," for text in ("cheap coffee", "costs too much", "fair prices", "expensive cakes", "fees")]
    lines += [f"{text},staff," for text in ("kind barista", "rude clerk", "she smiled", "nice team", "helpful people")]
    (folder / "examples.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "survey.csv").write_text("answer\nthe zorp stopped\n", encoding="utf-8")
    assert analyze(empty_home, folder, "--examples", str(folder / "examples.csv")).code == 0
    assert rows(folder)[0]["topics"] == "app"


def test_workbooks_and_json_lines_are_read_too(empty_home: Path, folder: Path) -> None:
    workbook = Workbook()
    for row in [("rid", "answer"), *ANSWERS]:
        workbook.active.append([f"'{cell}" if cell.startswith("=") else cell for cell in row])
    workbook.save(folder / "survey.xlsx")
    lines = [json.dumps({"rid": answer_id, "answer": text}) for answer_id, text in ANSWERS]
    (folder / "survey.jsonl").write_text("\n".join(lines), encoding="utf-8")
    for survey in ("survey.xlsx", "survey.jsonl"):
        assert analyze(empty_home, folder, "--id-column", "rid", survey=survey).code == 0
        assert rows(folder)[0]["topics"] == "app"


@pytest.mark.parametrize(
    ("options", "column", "words"),
    [
        ((), "missing", "no column “missing”"),
        (("--id-column", "missing"), "answer", "no column “missing”"),
        (("--examples", "nowhere.csv"), "answer", "nowhere.csv cannot be opened"),
        (("--backend", "openai"), "answer", "no backend “openai”"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_is_written(
    empty_home: Path, folder: Path, options: tuple[str, ...], column: str, words: str
) -> None:
    ended = analyze(empty_home, folder, *options, column=column)
    assert ended.code == 2
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert not (folder / "out.csv").exists()


def test_ids_that_repeat_are_refused(empty_home: Path, folder: Path) -> None:
    (folder / "survey.csv").write_text("rid,answer\n1,cheap\n1,rude\n", encoding="utf-8")
    ended = analyze(empty_home, folder, "--id-column", "rid")
    assert ended.code == 2
    assert "not unique" in ended.err


def test_suggested_topics_can_be_analyzed_with(empty_home: Path, folder: Path) -> None:
    things = {
        "coffee": ("too bitter", "cold again", "tastes burnt", "smells wonderful", "is weak"),
        "parking lot": ("is always full", "is too small", "needs more lights", "is far away", "costs money"),
        "loyalty points": ("expire too soon", "are missing", "buy nothing", "never arrive", "are generous"),
    }
    answers = [f"The {thing} {what}" for thing, whats in things.items() for what in whats]
    (folder / "survey.csv").write_text("answer\n" + "\n".join(answers), encoding="utf-8")
    ended = run_command(
        empty_home,
        *("suggest-topics", str(folder / "survey.csv"), "--text-column", "answer"),
        *("--output", str(folder / "topics.yaml"), "--count", "3"),
    )
    assert (ended.code, ended.err) == (0, "")
    text = (folder / "topics.yaml").read_text(encoding="utf-8").casefold()
    assert all(word in text for word in ("coffee", "parking", "loyalty"))
    (folder / "topics.json").write_text(text, encoding="utf-8")
    assert analyze(empty_home, folder).code == 0
    assert sum(row["other_reason"] == "" for row in rows(folder)) >= 12


def test_language_model_gets_masked_texts_after_its_price_was_told(
    empty_home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["rid,answer", "b1,The app crashes, write to jo@shop.example", "b2,n/a", "b3,Friendly baristas"]
    (folder / "survey.csv").write_text("\n".join(line.replace(", w", "; w") for line in lines), encoding="utf-8")
    with running_survey_server() as server:
        for name, value in {
            "BASE_URL": server.base_url,
            "SURVEY_MODEL": MODEL,
            "SURVEY_INPUT_PRICE": "1",
            "SURVEY_OUTPUT_PRICE": "4",
        }.items():
            monkeypatch.setenv(f"FRONTLINE_OPENAI_{name}", value)
        ended = analyze(empty_home, folder, "--id-column", "rid", "--backend", "openai")
    assert ended.code == 0
    assert re.match(r"This takes about \d calls and [\d,]+ tokens for 2 texts, about \$0\.\d\d", ended.err)
    found = {row["id"]: row for row in rows(folder)}
    assert (found["b1"]["topics"], found["b1"]["sentiment"]) == ("app", "negative")
    assert found["b1"]["text"] == "The app crashes; write to [e-mail]"
    assert found["b2"]["other_reason"] == "junk"
    assert server.bodies
    assert "jo@shop" not in json.dumps(server.bodies)
