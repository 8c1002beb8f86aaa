"""Words for the keyword index, and identifiers that must match exactly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.knowledge.tokens import holds_identifier, identifiers, keyword_tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Refills are refilled", ["refil", "refil"]),
        ("the of and", []),
        ("PA-100", ["pa-100", "pa", "100"]),
        ("the pharmacist’s note", ["pharmacist's", "pharmacist", "note"]),
        ("COVID-19 vaccine", ["covid-19", "covid", "19", "vaccin"]),
        ("Étage", ["étage"]),
        ("_underlined_ words", ["underlin", "word"]),
        ("?!", []),
    ],
)
def test_text_becomes_stems_without_stop_words(text: str, expected: list[str]) -> None:
    assert keyword_tokens(text) == expected


def test_compound_is_found_by_itself_and_by_its_parts() -> None:
    for written in ("PA-100", "pa 100", "form PA-100."):
        assert "100" in keyword_tokens(written)
    assert "pa-100" in keyword_tokens("Form PA-100.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Codes behind a word that says so.
        ("What does reject 75 mean?", ("75",)),
        ("The claim was rejected with code 70.", ("70",)),
        ("error code: 4A", ("4a",)),
        ("DAW 1 on the prescription", ("1",)),
        ("NCPDP reject #88", ("88",)),
        # Codes that are letters and digits.
        ("Who signs PA-100?", ("pa100",)),
        ("PA-1000 and PA-100", ("pa1000", "pa100")),
        ("Order #12345 is late", ("12345",)),
        ("form CMS1500", ("cms1500",)),
        # Phone numbers, however they are written.
        ("Call 1-800-555-0142", ("18005550142",)),
        ("Call (555) 010-4477 today", ("5550104477",)),
        ("Call +49 30 1234 5678", ("493012345678",)),
        # Ordinary numbers are no identifiers.
        ("I am 67 years old", ()),
        ("Take 2 pills 3 times", ()),
        ("500 mg twice daily", ()),
        ("500mg at 8am on the 3rd", ()),
        ("the COVID-19 vaccine and vitamin B12", ()),
        ("It costs 45 dollars since 2024", ()),
        ("", ()),
    ],
)
def test_identifiers_are_codes_names_of_forms_and_phone_numbers(text: str, expected: tuple[str, ...]) -> None:
    assert identifiers(text) == expected


@pytest.mark.parametrize("text", ["PA-100, pa-100 and PA100", "reject 75 and reject code 75"])
def test_identifier_is_named_once(text: str) -> None:
    assert len(identifiers(text)) == 1


@pytest.mark.parametrize(
    ("text", "identifier", "held"),
    [
        ("Form PA-100 is signed", "pa100", True),
        ("Form pa 100.", "pa100", True),
        ("Form PA-1000 is signed", "pa100", False),
        ("Form XPA-100", "pa100", False),
        ("Reject 75 means", "75", True),
        ("Reject 175 means", "75", False),
        ("Reject 75A means", "75", False),
        ("Call (800) 555-0142.", "8005550142", True),
        ("Call 800.555.0142", "8005550142", True),
        ("Call 800-555-01429", "8005550142", False),
        ("", "75", False),
    ],
)
def test_identifier_is_held_only_as_a_whole(text: str, identifier: str, held: bool) -> None:
    assert holds_identifier(text, identifier) is held


@given(st.sampled_from(["PA-100", "reject 75", "CMS1500", "1-800-555-0142", "#4471"]), st.text(max_size=40))
def test_text_holds_the_identifiers_that_it_was_asked_with(code: str, around: str) -> None:
    for identifier in identifiers(code):
        assert holds_identifier(f"{around} {code} {around}", identifier)


@given(st.text(max_size=300))
def test_any_text_has_tokens_and_identifiers(text: str) -> None:
    assert all(keyword_tokens(text))
    assert all(identifiers(text))
