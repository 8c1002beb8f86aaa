"""What every PersonalDataDetector holds; a test class for one adapter inherits it and gives ``detector``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.ports.privacy import PersonalDataDetector
from services.privacy.masking import find_in_many, mask, mask_many
from services.privacy.models import PersonalDataKind

LETTER = "Dear team 🙂, my name is Zora Quill. Write to zora.quill@example.com or call (555) 201-0199."


class PersonalDataDetectorContract:
    """Give a fixture ``detector``."""

    def test_spans_stand_for_the_characters_of_the_text(self, detector: PersonalDataDetector) -> None:
        found = {(span.kind, LETTER[span.start : span.end]) for span in detector.find(LETTER)}
        assert (PersonalDataKind.NAME, "Zora Quill") in found
        assert (PersonalDataKind.EMAIL, "zora.quill@example.com") in found
        assert (PersonalDataKind.PHONE, "(555) 201-0199") in found

    def test_nothing_of_it_is_left_in_a_masked_text(self, detector: PersonalDataDetector) -> None:
        masked = mask(LETTER, detector)
        assert masked.text == "Dear team 🙂, my name is [name]. Write to [e-mail] or call [phone number]."

    @pytest.mark.parametrize(
        "text", ["", " ", "\n\n", "…", "🙂", "\ud83d", "The staff is friendly and the app is slow", "x" * 50_000]
    )
    def test_in_texts_without_personal_data_nothing_is_found(self, detector: PersonalDataDetector, text: str) -> None:
        assert list(detector.find(text)) == []

    def test_many_texts_are_searched_as_one_by_one(self, detector: PersonalDataDetector) -> None:
        texts = [f"{LETTER} Visit {number}." for number in range(30)] + ["", "Fine", LETTER, LETTER]
        found = find_in_many(texts, detector)
        assert [set(spans) for spans in found] == [set(detector.find(text)) for text in texts]
        assert [masked.text for masked in mask_many(texts, detector)] == [mask(text, detector).text for text in texts]

    def test_many_threads_get_each_its_own(self, detector: PersonalDataDetector) -> None:
        texts = [f"my name is Zora Quill{'x' * number}" for number in range(12)]
        with ThreadPoolExecutor(6) as pool:
            masked = list(pool.map(lambda text: mask(text, detector).text, texts))
        assert masked == ["my name is [name]"] * 12

    def test_it_is_ready(self, detector: PersonalDataDetector) -> None:
        detector.check_ready()
