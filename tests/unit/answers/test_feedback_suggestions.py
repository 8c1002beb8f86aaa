"""What a group of badly answered questions suggests: phrasings out of real questions, and the passages to fix."""

from __future__ import annotations

from dataclasses import replace

from services.answers.feedback_models import FeedbackCase
from services.answers.feedback_suggestions import MOST_PHRASINGS, places_to_fix, suggest_phrasings
from services.answers.models import Citation
from tests.answer_fakes import passage
from tests.contract.feedback_repository import rated_down
from tests.feedback_fakes import FakeFeedbackRepository


def case_of(question: str, searched: str = "", number: int = 1) -> FeedbackCase:
    answer = rated_down(number, question=question, searched_question=searched)
    return FakeFeedbackRepository(answer).get_case(answer.tenant_id, answer.id)


def test_each_question_is_suggested_once_the_representative_first() -> None:
    cases = [case_of("code 75?"), case_of("Code 75"), case_of("what is reject 75")]
    suggested = suggest_phrasings("What is reject 75?", cases)
    assert [phrasing.text for phrasing in suggested] == ["What is reject 75?", "Code 75?"]
    assert all(phrasing.chosen for phrasing in suggested)


def test_frequent_questions_come_before_rare_ones() -> None:
    cases = [case_of("a rare one"), case_of("a common one"), case_of("a common one!")]
    assert [phrasing.text for phrasing in suggest_phrasings("First", cases)] == ["First", "A common one", "A rare one"]


def test_masked_personal_data_is_taken_out_and_left_for_the_admin_to_choose() -> None:
    suggested = suggest_phrasings("Refill date?", [case_of("patient [name] born [date] wants a refill")])
    assert [(phrasing.text, phrasing.chosen) for phrasing in suggested] == [
        ("Refill date?", True),
        ("Patient born wants a refill", False),
    ]


def test_stories_are_no_phrasings_but_what_was_searched_for_is() -> None:
    suggested = suggest_phrasings("First", [case_of("a long story " * 60, searched="who pays for it")])
    assert [phrasing.text for phrasing in suggested] == ["First", "Who pays for it"]


def test_suggestions_are_few() -> None:
    cases = [case_of(f"question number {number}") for number in range(40)]
    assert len(suggest_phrasings("First", cases)) == MOST_PHRASINGS


def test_place_to_fix_is_what_was_quoted_most() -> None:
    cited = Citation("a.md", 3, "Codes", None, "75", None, "means PA", 10, 18, 0.9)
    found = passage("Code 79 means too soon.", "b.md")
    answers = [
        rated_down(1, citations=(cited,), passages=(found,)),
        rated_down(2, citations=(replace(cited, document_version=4, start=12, end=20),)),
        rated_down(3, passages=(found,)),
        rated_down(4),
    ]
    first, second = places_to_fix(answers)
    assert (first.document_id, first.document_version, first.text, first.start) == ("a.md", 4, "means PA", 12)
    assert (first.answer_count, second.answer_count) == (2, 1)
    assert (second.document_id, second.text) == ("b.md", "Code 79 means too soon.")


def test_answers_without_passages_have_no_place_to_fix() -> None:
    assert places_to_fix([rated_down(1)]) == []
