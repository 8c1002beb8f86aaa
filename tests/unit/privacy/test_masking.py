"""What is masked before a question is searched, stored or sent, and what is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sample_tenants import SAMPLE_DATA
from services.backends.local.personal_data import LocalPersonalDataDetector
from services.privacy.masking import mask
from services.privacy.models import PersonalDataKind, PersonalDataSpan
from tests.answer_fakes import FakeDetector

DETECTOR = LocalPersonalDataDetector()


def masked(text: str) -> str:
    return mask(text, DETECTOR).text


class FixedSpans:
    """A detector that finds the same places in every text."""

    def __init__(self, *spans: PersonalDataSpan) -> None:
        self._spans = spans

    def find(self, text: str) -> list[PersonalDataSpan]:
        return list(self._spans)

    def check_ready(self) -> None:
        """Always ready."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("patient John Smith wants a refill", "patient [name] wants a refill"),
        ("My name is Ana Reyes-Lopez and", "My name is [name] and"),
        ("my name is john smith and i need", "my name is [name] and i need"),
        ("customer's name is dana", "customer's name is [name]"),
        ("Patient: José Núñez", "Patient: [name]"),
        ("pt Mary-Ann O'Neill called", "pt [name] called"),
        ("caller Jane Q. McDonald, again", "caller [name], again"),
        ("for Mrs. Miller and Mr. O’Brien", "for Mrs. [name] and Mr. [name]"),
        ("prescribed by Dr. Ana Reyes", "prescribed by Dr. [name]"),
        ("her daughter Emily Stone asks", "her daughter [name] asks"),
        ("on behalf of Robert King", "on behalf of [name]"),
        ("dob 3/4/61", "dob [date]"),
        ("DOB: 03041961", "DOB: [date]"),
        ("born on 03-04-1961", "born on [date]"),
        ("date of birth 1961-03-04", "date of birth [date]"),
        ("born March 4th, 1961.", "born [date]."),
        ("born 4 Sept 1961", "born [date]"),
        ("call 555-123-4567", "call [phone number]"),
        ("call (555) 123-4567 now", "call [phone number] now"),
        ("at +1 555 123 4567", "at [phone number]"),
        ("cell 5551234567", "cell [phone number]"),
        ("(555) 123-4567 3/4/61", "[phone number] [date]"),
        ("ssn 123-45-6789", "ssn [social security number]"),
        ("SSN is 123456789", "SSN is [social security number]"),
        ("social security number 123 45 6789", "social security number [social security number]"),
        ("member id W123456789", "member id [record number]"),
        ("Member ID: XYZ123456", "Member ID: [record number]"),
        ("medicare number 1EG4-TE5-MK73", "medicare number [record number]"),
        ("Rx 7654321 is late", "Rx [record number] is late"),
        ("rx# 7654321-02", "rx# [record number]"),
        ("prescription number is 7654321", "prescription number is [record number]"),
        ("MRN 0012345", "MRN [record number]"),
        ("order 1234567", "order [record number]"),
        ("tracking number 1Z999AA10123456784", "tracking number [record number]"),
        ("card 4111 1111 1111 1111", "card [card number]"),
        ("card 4111-1111-1111-1111", "card [card number]"),
        ("card 378282246310005", "card [card number]"),
        ("lives at 12 Oak Street, Apt 4", "lives at [address]"),
        ("to 123 Main St, Springfield, IL 62704", "to [address]"),
        ("ship to 123 main st apt 4", "ship to [address]"),
        ("45 N. Harbor Boulevard", "[address]"),
        ("mail john.smith+x@example.co.uk please", "mail [e-mail] please"),
    ],
)
def test_personal_data_is_replaced_by_its_kind(text: str, expected: str) -> None:
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "NDC 0002-1433-80 is short",
        "ndc 00002-1433-80",
        "ndc 0002143380",
        "prescription 12345-678-90",
        "reject 75 on form PA-100",
        "a 90-day prescription 90-day supply",
        "patient 30-day refill",
        "1-2 tablets every 4-6 hours",
        "between 36-46 F",
        "plans of 2024-2025",
        "open 24/7, 8-17",
        "$1,250.00 after 10 business days",
        "Patient Portal Password Reset",
        "the Patient Assistance Program",
        "ask Member Services Team",
        "How can a Patient Reset Their Password",
        "my name is spelled wrong on the label",
        "the customer name is missing",
        "Can the patient call Harborview Pharmacy",
        "it is a 15 minute drive",
        "card 4111 1111 1111 1112",
        "<script>alert(1)</script>",
        "",
    ],
)
def test_what_identifies_nobody_is_kept(text: str) -> None:
    assert masked(text) == text


def test_no_question_of_the_samples_is_changed() -> None:
    texts = [
        values[name]
        for path in Path(SAMPLE_DATA).glob("*/*.jsonl")
        for values in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        for name in ("text", "first", "follow_up")
        if name in values
    ]
    assert len(texts) > 400
    assert [text for text in texts if masked(text) != text] == []


@pytest.mark.parametrize("text", ["1-800-555-0110", "800.555.0110", "+1 (800) 555-0110", "8005550110"])
def test_number_that_the_knowledge_base_holds_is_kept(text: str) -> None:
    found = mask(f"who answers {text} and 555-123-4567", DETECTOR, is_public=lambda digits: digits == "8005550110")
    assert found.text == f"who answers {text} and [phone number]"
    assert found.counts == {PersonalDataKind.PHONE: 1}


def test_only_phone_and_record_numbers_can_be_public() -> None:
    text = "ssn 123-45-6789, card 4111 1111 1111 1111, a@b.example, 3/4/61"
    assert mask(text, DETECTOR, is_public=lambda _: True).text == masked(text)


def test_counts_are_told_in_words() -> None:
    found = mask("12 Oak Street and 13 Oak Street, call 555-123-4567, Mrs. Miller, Mr. King", DETECTOR)
    assert set(found.summary.split(", ")) == {"2 addresses", "1 phone number", "2 names"}
    assert mask("reject 75", DETECTOR).summary == ""


def test_of_overlapping_finds_nothing_is_left_behind() -> None:
    detector = FixedSpans(
        PersonalDataSpan(PersonalDataKind.NAME, 2, 6),
        PersonalDataSpan(PersonalDataKind.PHONE, 4, 8),
        PersonalDataSpan(PersonalDataKind.DATE, 2, 4),
        PersonalDataSpan(PersonalDataKind.EMAIL, 8, 9),
    )
    assert mask("0123456789", detector).text == "01[name][e-mail]9"


def test_every_occurrence_is_masked() -> None:
    assert masked("555-123-4567 or 555-123-4567") == "[phone number] or [phone number]"


def test_detector_is_exchangeable() -> None:
    assert mask("Zed pays", FakeDetector(Zed=PersonalDataKind.NAME)).text == "[name] pays"


PIECES = st.sampled_from(
    [
        "patient John Smith",
        "555-123-4567",
        "dob 3/4/61",
        "a@b.example",
        "reject 75",
        "🙂",
        "12 Oak Street",
        ",",
        "\n",
        "é",
    ]
)


@given(st.lists(PIECES, max_size=8).map(" ".join))
def test_masked_text_holds_nothing_more_to_mask(text: str) -> None:
    once = masked(text)
    assert masked(once) == once
    for secret in ("Smith", "123-4567", "3/4/61", "a@b", "Oak"):
        assert secret not in once


@given(st.text(max_size=300))
def test_any_text_can_be_masked(text: str) -> None:
    assert isinstance(masked(text), str)
