"""Shorthand becomes words, brand names are explained, everything else stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.knowledge.drug_names import BRANDS, substance
from services.knowledge.shorthand import SHORTHAND, spell_out


@pytest.mark.parametrize(
    ("typed", "searched"),
    [
        ("rej 25 for pt", "reject code 25 for patient"),
        ("PA denied, what now", "prior authorization denied, what now"),
        ("is form PA-100 needed", "is form PA-100 needed"),
        ("tabs w/o label", "tablets without label"),
        ("appt. tmrw?", "appointment tomorrow?"),
    ],
)
def test_shorthand_is_spelled_out_and_codes_stay(typed: str, searched: str) -> None:
    assert spell_out(typed) == searched


def test_brand_name_stays_and_its_substance_stands_behind_it() -> None:
    assert spell_out("lost her Trulicity.") == "lost her Trulicity (dulaglutide medication)."
    assert spell_out("shingrix price") == "shingrix (shingles vaccine) price"


def test_longest_brand_name_and_shorthand_are_recognized() -> None:
    for word in (max(BRANDS, key=len), max(SHORTHAND, key=len)):
        assert spell_out(word) != word


def test_no_word_is_both_shorthand_and_a_brand_name() -> None:
    assert not SHORTHAND.keys() & BRANDS.keys()
    assert substance("bottle") is None


@given(st.text(alphabet=st.characters(exclude_categories=["L"]), max_size=60))
def test_text_without_letters_is_left_alone(text: str) -> None:
    assert spell_out(text) == text
