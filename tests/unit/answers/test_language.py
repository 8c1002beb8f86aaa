"""Which questions are taken for another language than English."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.sample_tenants import SAMPLE_DATA
from services.answers.calibration import GENERAL_OUT_OF_SCOPE
from services.answers.language import other_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("¿Cuándo puedo recoger mi receta?", "Spanish"),
        ("cuanto cuesta el envio de mi medicina", "Spanish"),
        ("hola, mi madre necesita su insulina hoy", "Spanish"),
        ("Mon colis est endommagé, que faire", "French"),
        ("Comment puis-je annuler ma commande ?", "French"),
        ("Wann kommt mein Paket an?", "German"),
        ("Ich will mein Rezept am Montag abholen", "German"),
        ("come posso restituire un farmaco", "Italian"),
        ("Onde está o meu pedido", "Portuguese"),
        ("Wat is de prijs van verzending", "Dutch"),
        ("Jak to zrobić z moją receptą", "Polish"),
        ("Kailan darating ang gamot ko", "Tagalog"),
        ("Khi nào tôi nhận được thuốc", "Vietnamese"),
        ("Kijan mwen ka chanje adrès mwen", "Haitian Creole"),
        ("Где моя посылка", "Russian"),
        ("Коли прийде мій рецепт", "Ukrainian"),
        ("我的药什么时候到", "Chinese"),
        ("薬はいつ届きますか", "Japanese"),
        ("내 약은 언제 도착하나요", "Korean"),
        ("أين وصفتي الطبية", "Arabic"),
        ("मेरी दवा कब आएगी", "Hindi"),
    ],
)
def test_other_language_is_named(text: str, language: str) -> None:
    assert other_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "75",
        "🙂🙂🙂",
        "reject 75",
        "metformin er 500 mg",
        "zolpidem quantity limit",
        "Lakemont Medicaid PA-100",
        "pls transf rx lisinopril",
        "naloxone",
        "patient says 'mi receta no llego', what can i do",
        "where is my package por favor",
        "Is Señora Núñez allowed to pick it up?",
        "the µg / °C of insulin – “cold chain”",
    ],
)
def test_english_codes_and_what_is_unsure_are_no_other_language(text: str) -> None:
    assert other_language(text) is None


def test_no_question_of_the_samples_is_taken_for_another_language() -> None:
    texts = [
        values[name]
        for path in (*Path(SAMPLE_DATA).glob("*/*.jsonl"), GENERAL_OUT_OF_SCOPE)
        for values in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        for name in ("text", "first", "follow_up")
        if name in values
    ]
    assert len(texts) > 400
    assert [text for text in texts if other_language(text)] == []
