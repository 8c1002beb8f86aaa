"""What the columns of a survey are guessed to be, and what a person may decide."""

from __future__ import annotations

import random

import pytest

from services.errors import InputError
from services.surveys.chosen_columns import ColumnRole, SegmentColumn, SurveyColumns, check_columns, choose_columns
from services.surveys.columns import guess_columns
from services.surveys.response_tables import ResponseTable
from tests.unit.surveys.intake.table_files import csv_table

WORDS = ("the", "app", "coffee", "staff", "order", "points", "slow", "fast", "love", "hate", "never", "always", "wait")


def survey(count: int = 200) -> ResponseTable:
    """A survey with one column of each kind."""
    chance = random.Random(3)
    lines = ["respondent_id,started,ended,Why?,Plan,Devices,NPS,Age,E-mail,Channel,City"]
    lines += [
        ",".join(
            (
                f"R{number:05d}",
                f"2026-03-{number % 28 + 1:02d} 10:15",
                f"2026-03-{number % 28 + 1:02d} 10:25",
                " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 12))),
                chance.choice(("Basic", "Plus", "")),
                "; ".join(chance.sample(("Phone", "Tablet", "Laptop"), chance.randint(1, 3))),
                str(chance.randint(0, 10)),
                str(chance.randint(18, 80)),
                f"person{number}@example.com",
                "web",
                f"Town{number}",
            )
        )
        for number in range(count)
    ]
    return csv_table("\n".join(lines) + "\n")


def roles(table: ResponseTable) -> dict[str, ColumnRole]:
    """The guessed role by the name of the column."""
    return {guess.name: guess.role for guess in guess_columns(table)}


def test_each_kind_of_column_is_known() -> None:
    assert roles(survey()) == {
        "respondent_id": ColumnRole.ID,
        "started": ColumnRole.DATE,
        "ended": ColumnRole.OTHER,
        "Why?": ColumnRole.TEXT,
        "Plan": ColumnRole.SEGMENT,
        "Devices": ColumnRole.SEGMENT,
        "NPS": ColumnRole.SCORE,
        "Age": ColumnRole.OTHER,
        "E-mail": ColumnRole.OTHER,
        "Channel": ColumnRole.OTHER,
        "City": ColumnRole.OTHER,
    }


def test_every_guess_says_why_and_shows_examples() -> None:
    for guess in guess_columns(survey()):
        assert len(guess.reason) > 10
        assert guess.examples
    by_name = {guess.name: guess for guess in guess_columns(survey())}
    assert by_name["Devices"].separator == ";"
    assert by_name["ended"].reason == "Nearly every cell is a date; “started” is used already"


def test_a_column_of_responses_stays_one_where_half_of_them_repeat() -> None:
    responses = ["Good coffee and nice staff", "The app is slow"] * 60
    rows = "".join(f"{text} {number if number % 2 else ''}\n" for number, text in enumerate(responses))
    assert roles(csv_table(f"What do you like?\n{rows}")) == {"What do you like?": ColumnRole.TEXT}


def test_labeled_scores_and_age_groups_are_told_apart() -> None:
    labels = ("0 - Not at all likely", "5 - Neutral", "10 - Extremely likely")
    groups = ("18-24", "25-34", "35-49")
    rows = "".join(f"{labels[number % 3]},{groups[number % 3]}\n" for number in range(60))
    assert roles(csv_table(f"Likely to recommend,Age group\n{rows}")) == {
        "Likely to recommend": ColumnRole.SCORE,
        "Age group": ColumnRole.SEGMENT,
    }


def test_an_empty_column_is_not_used() -> None:
    guess = guess_columns(csv_table("comment,note\nGood,\nBad,\n"))[1]
    assert (guess.role, guess.reason, guess.filled_share) == (ColumnRole.OTHER, "Every cell is empty", 0.0)


def test_a_person_may_decide_otherwise() -> None:
    table = survey()
    chosen = choose_columns(table, guess_columns(table), {"City": ColumnRole.SEGMENT, "ended": ColumnRole.DATE})
    assert chosen.texts == ("Why?",)
    assert chosen.date == "ended"
    assert SegmentColumn("City") in chosen.segments
    assert SegmentColumn("Devices", ";") in chosen.segments


def test_several_questions_may_be_picked() -> None:
    table = csv_table("id,like,dislike\n1,Good coffee,The wait\n2,Staff,Prices\n")
    chosen = choose_columns(table, guess_columns(table), {"like": ColumnRole.TEXT, "dislike": ColumnRole.TEXT})
    assert chosen.texts == ("like", "dislike")


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        (SurveyColumns(texts=()), "no-text-column"),
        (SurveyColumns(texts=("text",)), "unknown-column"),
        (SurveyColumns(texts=("comment",), scores=("comment",)), "column-twice"),
        (SurveyColumns(texts=("comment",), id="group"), "id-not-unique"),
    ],
)
def test_columns_that_do_not_fit_are_told(columns: SurveyColumns, code: str) -> None:
    with pytest.raises(InputError) as error:
        check_columns(csv_table("comment,group\nGood,a\nBad,a\n"), columns)
    assert error.value.code == code


def test_two_ids_picked_by_a_person_are_told() -> None:
    table = csv_table("a,b,comment\n1,2,Good words here\n3,4,Bad words there\n")
    picked = {"a": ColumnRole.ID, "b": ColumnRole.ID, "comment": ColumnRole.TEXT}
    with pytest.raises(InputError) as error:
        choose_columns(table, guess_columns(table), picked)
    assert error.value.code == "several-ids"


def test_a_survey_without_responses_in_words_is_told() -> None:
    table = csv_table("id,score\n" + "".join(f"{number},{number % 10}\n" for number in range(30)))
    with pytest.raises(InputError) as error:
        choose_columns(table, guess_columns(table))
    assert error.value.code == "no-text-column"
