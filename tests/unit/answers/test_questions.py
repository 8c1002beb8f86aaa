"""What becomes of an agent's words before they are searched."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sample_tenants import SAMPLE_DATA
from services.answers.questions import CONDENSED_WORDS, check_question, condense, is_follow_up, with_context
from services.errors import InputError

LIMIT = 8000
ASKED = "Can she still get the missing insulin replaced, and who pays for it?"
LONG_MESSAGE = (
    "Hi there, good morning! I hope this message finds you well. "
    "My neighbor and I have both been customers of your Harbor Street store for many years and we like the staff. "
    "Last Tuesday my mother received her package from you, which came two days later than the tracking page had said. "
    "When she opened the box the cold packs had melted and one pen of insulin was missing altogether. "
    f"{ASKED} "
    "She is quite upset because her supply only lasts until Friday. "
    "Thank you so much for your help, and have a nice weekend! Best regards, her daughter"
)


def follow_ups() -> list[tuple[str, str]]:
    path = Path(SAMPLE_DATA, "pharmacy", "follow_ups.jsonl")
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [(case["first"], case["follow_up"]) for case in cases]


def shared_words(*wanted: str) -> object:
    """Relevance that counts how many of these words a sentence holds."""

    def relevance(sentences: Sequence[str]) -> list[float]:
        return [float(sum(word in sentence.lower() for word in wanted)) for sentence in sentences]

    return relevance


def no_relevance(sentences: Sequence[str]) -> list[float]:
    return [0.0] * len(sentences)


def code_of(text: str) -> str:
    with pytest.raises(InputError) as caught:
        check_question(text, LIMIT)
    assert caught.value.remedy
    return caught.value.code


@pytest.mark.parametrize("text", ["", "   \n\t ", "🙂🙂 👍🏽", "?!…", "\x00\x07\u200b", "<>"])
def test_text_without_a_word_is_no_question(text: str) -> None:
    assert code_of(text) == "empty-question"


def test_too_long_question_is_refused_and_never_cut() -> None:
    assert code_of("why " * 5000) == "question-too-long"
    assert check_question("w" * LIMIT, LIMIT) == "w" * LIMIT


def test_length_is_counted_without_surrounding_space() -> None:
    assert check_question(" " * LIMIT + "why" + "\n" * LIMIT, LIMIT) == "why"


def test_control_characters_go_and_words_stay_apart() -> None:
    assert check_question("\ufeffreject\u00a075\x00\u2028what now", LIMIT) == "reject 75 what now"


def test_lines_of_a_pasted_message_stay_lines() -> None:
    assert check_question("Hello,\r\nwhat is PA-100?\n", LIMIT).split("\n")[1] == "what is PA-100?"


@given(st.text(max_size=300))
def test_checked_question_is_stable(text: str) -> None:
    try:
        checked = check_question(text, LIMIT)
    except InputError:
        return
    assert check_question(checked, LIMIT) == checked
    assert checked == checked.strip()


def test_short_question_is_searched_as_it_is() -> None:
    question = "hi, what does reject 75 mean? thanks"
    assert condense(question, no_relevance) == question


def test_question_in_a_long_message_is_kept_and_courtesies_are_not() -> None:
    condensed = condense(LONG_MESSAGE, shared_words("insulin", "cold", "package"))  # type: ignore[arg-type]
    assert ASKED in condensed
    assert len(condensed.split()) <= CONDENSED_WORDS
    for courtesy in ("good morning", "finds you well", "Thank you", "regards"):
        assert courtesy not in condensed


def test_what_the_question_is_about_comes_along() -> None:
    condensed = condense(LONG_MESSAGE, shared_words("insulin", "cold"))  # type: ignore[arg-type]
    assert "cold packs had melted" in condensed


def test_question_that_begins_with_a_greeting_is_kept() -> None:
    asked = "Hi, I need to know whether a claim that came back with reject 75 can be sent again without form PA-100."
    story = "We looked everywhere and nobody here has seen such a case before in all the years that we have worked. "
    assert asked in condense(asked + " " + story * 2, no_relevance)


def test_message_of_courtesies_only_still_gives_something() -> None:
    assert condense("Thank you so much for everything you did for us today. " * 6, no_relevance)


@given(st.lists(st.sampled_from(["why", "Hello.", "code 75?", "Thanks!", "insulin", "\n", "word."]), max_size=120))
def test_condensed_message_is_made_of_its_own_words_and_short(words: list[str]) -> None:
    message = " ".join(words)
    condensed = condense(message, no_relevance)
    assert condensed == message or len(condensed.split()) <= CONDENSED_WORDS
    assert set(condensed.split()) <= set(message.split())


@pytest.mark.parametrize(
    "text",
    [
        *(follow_up for _, follow_up in follow_ups()),
        "and for a child?",
        "what about 90 days?",
        "how long does that take",
        "is it free",
        "ok, and then?",
        "who signs it?",
        "even if she is 17?",
        "same for Medicaid?",
    ],
)
def test_short_question_that_leans_on_the_one_before_is_a_follow_up(text: str) -> None:
    assert is_follow_up(text)


@pytest.mark.parametrize(
    "text",
    [
        *(first for first, _ in follow_ups()),
        "where can she drop off old tablets",
        "until when can she cancel her appt free",
        "and what does reject 75 mean",
        "also my patient wants to know how to reset the portal password",
        "when do we get paid this month",
        "is there a late fee for lost packages",
        "what does expedited shipping cost",
        "form PA-100",
        "and then he asked whether the plan would pay for all of it if the doctor signs the form",
    ],
)
def test_full_question_is_no_follow_up(text: str) -> None:
    assert not is_follow_up(text)


def test_follow_up_with_its_context_stands_alone() -> None:
    assert with_context("What does overnight shipping cost? ", " and on Sunday?") == (
        "What does overnight shipping cost? and on Sunday?"
    )


def test_chain_of_follow_ups_does_not_grow_without_end() -> None:
    searched = "Who may pick up amoxicillin for a sick child?"
    for _ in range(20):
        searched = with_context(searched, "and if it is a controlled drug?")
    assert searched.startswith("Who may pick up amoxicillin for a sick child?")
    assert len(searched.split()) < 50
