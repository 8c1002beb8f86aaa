"""How the benchmark of curated phrasings holds questions out."""

from __future__ import annotations

import pytest

from bench.curated import Answer, document_of, trials_of
from bench.peers.peer import Question

QUESTIONS = [Question(f"{answer}{number}", f"{answer} {number}") for answer in "abc" for number in range(3)]
RIGHT = {question.id: question.id[0] for question in QUESTIONS}


def test_every_question_is_held_out_once_and_never_a_phrasing_meanwhile() -> None:
    trials = trials_of(QUESTIONS, RIGHT)
    assert sorted(question.id for trial in trials for question in trial.questions) == sorted(RIGHT)
    for trial in trials:
        for question in trial.questions:
            phrasings = trial.phrasings[trial.right[question.id]]
            assert question.text not in phrasings
            assert len(phrasings) == 2
            assert all(text.startswith(question.id[0]) for text in phrasings)


def test_only_question_of_an_answer_is_left_out() -> None:
    trials = trials_of([*QUESTIONS, Question("z0", "alone")], {**RIGHT, "z0": "z"})
    assert "z0" not in {question.id for trial in trials for question in trial.questions}
    assert all("z" not in trial.phrasings for trial in trials)


def test_same_seed_holds_the_same_questions_out() -> None:
    assert trials_of(QUESTIONS, RIGHT) == trials_of(QUESTIONS, RIGHT)
    assert trials_of(QUESTIONS, RIGHT) != trials_of(QUESTIONS, RIGHT, seed=1)


@pytest.mark.parametrize(("title", "own"), [("How long?", ("How long?",)), ("Duration", ())])
def test_title_that_is_a_question_stays_a_phrasing(title: str, own: tuple[str, ...]) -> None:
    document = document_of(Answer("a", title, "Ten days."), ["until when?"])
    assert document.sections[0].questions == (*own, "until when?")
    assert document.text[document.sections[0].start : document.sections[0].end] == "Ten days."
