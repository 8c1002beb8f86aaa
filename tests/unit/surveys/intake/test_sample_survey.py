"""The sample survey that comes with Frontline: complete, consistent, and made by its own program."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pytest
import yaml

from app.sample_data import compose_survey
from services.backends.local.personal_data import LocalPersonalDataDetector
from services.storage.files import RootedFiles
from services.surveys.chosen_columns import choose_columns
from services.surveys.columns import guess_columns
from services.surveys.marks import Mark, marks_of
from services.surveys.models import Sentiment
from services.surveys.prepared import PreparedSurvey, prepare_survey, store_survey
from services.surveys.response_files import read_table

FOLDER = compose_survey.FOLDER
WAVES = ("coffee_app_wave1.xlsx", "coffee_app_wave2.csv")


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file of the sample."""
    return list(csv.DictReader(io.StringIO((FOLDER / name).read_text(encoding="utf-8"), newline="")))


@pytest.fixture(scope="module", params=WAVES)
def wave(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PreparedSurvey:
    """One wave, prepared as guessed."""
    table = read_table(FOLDER / request.param, request.param)
    data = prepare_survey(table, choose_columns(table, guess_columns(table)), LocalPersonalDataDetector())
    return store_survey(RootedFiles(str(tmp_path_factory.mktemp("storage"))), "wave.parquet", data)


def test_both_waves_are_understood_without_a_person(wave: PreparedSurvey) -> None:
    columns = wave.facts.columns
    assert columns.texts == (compose_survey.REASON, compose_survey.WISH)
    assert (columns.id, columns.date, columns.scores) == ("Response ID", "Submitted", (compose_survey.SCORE,))
    names = {segment.name: segment.separator for segment in columns.segments}
    assert names == {"Store region": "", "Age group": "", "Platform": "", "Membership": "", "Features used": ";"}
    assert wave.row_count == 1_000


def test_marks_agree_with_what_was_composed(wave: PreparedSurvey) -> None:
    gold = {row["id"]: row for row in rows("gold.csv")}
    wrong = []
    responses = zip(wave.responses(compose_survey.REASON), wave.marks(compose_survey.REASON), strict=True)
    for response, bits in responses:
        marks, truth = set(marks_of(int(bits))), gold[response.id]
        expected = {
            Mark.EMPTY: truth["other_reason"] == "empty",
            Mark.JUNK: truth["other_reason"] == "junk",
            Mark.TOO_SHORT: truth["other_reason"] == "too-short",
            Mark.NON_ENGLISH: truth["language"] != "en",
        }
        wrong += [(response.text, mark) for mark, is_so in expected.items() if is_so != (mark in marks)]
    assert wrong == []


def test_personal_data_of_the_sample_is_masked(wave: PreparedSurvey) -> None:
    question = wave.facts.question(compose_survey.REASON)
    assert question.masked_rows >= 10
    assert not any("555-01" in response.text or "@" in response.text for response in wave.responses(question.name))


def test_scores_follow_sentiment() -> None:
    gold = {row["id"]: row["sentiment"] for row in rows("gold.csv")}
    scores: dict[str, list[int]] = {}
    for row in rows("coffee_app_wave2.csv"):
        if row[compose_survey.SCORE]:
            scores.setdefault(gold[row["Response ID"]], []).append(int(row[compose_survey.SCORE]))
    means = {sentiment: sum(found) / len(found) for sentiment, found in scores.items()}
    assert means["positive"] > means["mixed"] > means["negative"]


def test_gold_speaks_of_topics_of_the_taxonomy_alone() -> None:
    topics = yaml.safe_load((FOLDER / "taxonomy.yaml").read_text(encoding="utf-8"))
    ids = [topic["id"] for topic in topics]
    assert len(set(ids)) == len(ids)
    assert {topic["parent"] for topic in topics if "parent" in topic} <= set(ids)
    assert all(topic["name"] and topic["description"] for topic in topics)
    gold = rows("gold.csv")
    assert len(gold) == 2_000
    for row in gold:
        found = [topic for topic in row["topics"].split("|") if topic]
        assert set(found) <= set(ids)
        assert list(json.loads(row["topic_sentiments"])) == found
        assert Sentiment(row["sentiment"])
        assert bool(found) != bool(row["other_reason"])
    counted = Counter(topic for row in gold for topic in row["topics"].split("|") if topic)
    leaves = set(ids) - {topic["parent"] for topic in topics if "parent" in topic}
    assert all(counted[topic] >= 50 for topic in leaves)


def test_examples_are_no_responses_of_the_survey() -> None:
    examples = rows("examples.csv")
    responses = {row[compose_survey.REASON].casefold() for row in rows("coffee_app_wave2.csv")}
    taught = Counter(topic for row in examples for topic in row["topics"].split("|") if topic)
    assert min(taught.values()) >= 5
    assert [row["text"] for row in examples if row["topics"] and row["text"].casefold() in responses] == []


def test_composing_again_makes_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = ("sentences.yaml", "further_sentences.yaml")
    for name in sources:
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    monkeypatch.setattr(compose_survey, "FOLDER", tmp_path)
    compose_survey.main()
    for name in (*WAVES, "gold.csv", "examples.csv"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name
