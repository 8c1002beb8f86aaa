"""Plain text: encodings, paragraphs and the few headings that are certain."""

from __future__ import annotations

import pytest

from tests.unit.knowledge.loading.samples import bodies, load, only_code, only_document


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings_are_found(encoding: str) -> None:
    text = "Die Gebühr beträgt 5 € – für Rückgaben ohne Beleg gilt sie immer."

    assert only_document("a.txt", text.encode(encoding)).text == text


def test_cyrillic_without_a_mark_is_found_and_the_guess_is_told() -> None:
    text = "Возврат товара возможен в течение тридцати дней после покупки, если сохранён чек и упаковка. " * 5

    loaded = load("a.txt", text.encode("cp1251"))

    assert "тридцати дней" in loaded.documents[0].text
    assert [warning.code for warning in loaded.warnings] == ["encoding-guessed"]


def test_damaged_utf8_is_loaded_with_a_warning() -> None:
    loaded = load("a.txt", "Gebühr für Rückgäbe".encode()[:-1] + b"\xff.")

    assert "Gebühr für" in loaded.documents[0].text
    assert [warning.code for warning in loaded.warnings] == ["invalid-characters"]


def test_one_damaged_byte_does_not_refuse_a_long_file() -> None:
    loaded = load("a.txt", b"An ordinary sentence. " * 20 + b"\x81")

    assert [warning.code for warning in loaded.warnings] == ["encoding-guessed", "invalid-characters"]


def test_nul_bytes_are_refused() -> None:
    assert only_code("a.txt", b"Some text\0 with a hole in it") == "content-mismatch"


def test_underlined_shouted_and_numbered_lines_are_headings() -> None:
    document = only_document(
        "x.txt",
        "Returns\n=======\n\nIntro.\n\nSteps\n-----\nPack.\n\n1. FEES AND LIMITS\n\nNone.\n\n1.1 REFUNDS\nFive.\n",
    )

    assert document.title == "Returns"
    assert bodies(document) == [
        ((), "Intro."),
        (("Steps",), "Pack."),
        (("1. FEES AND LIMITS",), "None."),
        (("1. FEES AND LIMITS", "1.1 REFUNDS"), "Five."),
    ]


@pytest.mark.parametrize("line", ["OK", "CALL 911 NOW!", "NOTE: KEEP THE BOX", "1. Pack the box", "We ship on Monday."])
def test_doubtful_lines_are_not_headings(line: str) -> None:
    assert all(path == () for path, _ in bodies(only_document("x.txt", f"{line}\n\nMore text here.\n")))


def test_shouted_paragraph_is_not_a_heading() -> None:
    document = only_document("x.txt", "KEEP OUT OF REACH\nOF SMALL CHILDREN\n\nMore.\n")

    assert bodies(document)[0][0] == ()


def test_first_line_that_repeats_the_file_name_is_the_title() -> None:
    document = only_document("lost-parcels.txt", "LOST PARCELS\nhttps://kb.example/lost\n\nFIRST STEP\n\nAsk.\n")

    assert (document.title, document.url) == ("Lost parcels", "https://kb.example/lost")
    assert bodies(document) == [(("FIRST STEP",), "Ask.")]


def test_wrapped_lines_are_joined_and_short_lines_are_kept() -> None:
    wrapped = "This paragraph was wrapped by a mail program at some width, so that\nits lines belong together as one.\n"
    document = only_document("x.txt", wrapped + "\nAcme Ltd\n12 Quay Street\n")

    assert document.text.split("\n\n") == [wrapped.strip().replace("\n", " "), "Acme Ltd\n12 Quay Street"]


def test_list_items_get_one_form() -> None:
    assert (
        only_document("x.txt", "Bring:\n• a card\n* a form\n2) a pen\n").text
        == "Bring:\n\n- a card\n- a form\n2. a pen"
    )
