"""The sample tenants are consistent in themselves: what is expected stands in what is loaded."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from app.sample_tenants import SAMPLE_DATA, SAMPLE_TENANTS
from services.answers.calibration import GENERAL_OUT_OF_SCOPE
from services.knowledge.loading import LoadedFile, load_path
from services.knowledge.models import Document
from services.knowledge.question_files import read_golden_questions

TENANTS = tuple(SAMPLE_TENANTS)
LIMIT_BYTES = 50_000_000
FORMATS = {".md", ".html", ".txt", ".pdf", ".docx", ".pptx", ".eml", ".csv", ".xlsx", ".jsonl"}


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[LoadedFile]]:
    return {
        tenant: list(load_path(SAMPLE_DATA / tenant / "documents", max_file_bytes=LIMIT_BYTES)) for tenant in TENANTS
    }


@pytest.fixture(scope="module")
def documents(loaded: dict[str, list[LoadedFile]]) -> dict[str, dict[str, Document]]:
    return {
        tenant: {document.id: document for file in files for document in file.documents}
        for tenant, files in loaded.items()
    }


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def plain(text: str) -> str:
    """Without differences of white space, quotation marks and the last full stop."""
    return re.sub(r"\s+", " ", text.replace("’", "'")).strip().rstrip(".;").lower()


def twice(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


@pytest.mark.parametrize("tenant", TENANTS)
def test_every_sample_document_loads_without_failure_or_warning(
    tenant: str, loaded: dict[str, list[LoadedFile]]
) -> None:
    assert [file.failures for file in loaded[tenant] if file.failures] == []
    assert [file.warnings for file in loaded[tenant] if file.warnings] == []


def test_samples_are_as_many_and_as_mixed_as_real_ones(documents: dict[str, dict[str, Document]]) -> None:
    assert len(documents["pharmacy"]) >= 40
    assert len(documents["clinic"]) >= 10
    files = [path for tenant in TENANTS for path in (SAMPLE_DATA / tenant / "documents").iterdir()]
    assert {path.suffix for path in files} == FORMATS


@pytest.mark.parametrize("tenant", TENANTS)
def test_every_document_has_a_title_and_pages_have_an_address(
    tenant: str, documents: dict[str, dict[str, Document]]
) -> None:
    for document in documents[tenant].values():
        assert document.title
        assert document.title != document.id
        if document.id.endswith((".md", ".html", ".pdf", ".docx", ".pptx", ".xlsx")):
            assert str(document.url).startswith("https://"), document.id


@pytest.mark.parametrize("tenant", TENANTS)
def test_every_expected_quote_stands_in_its_document(tenant: str, documents: dict[str, dict[str, Document]]) -> None:
    questions = read_golden_questions(SAMPLE_DATA / tenant / "golden_questions.jsonl")
    texts = {document_id: plain(document.text) for document_id, document in documents[tenant].items()}
    assert [
        (question.id, expected.document_id, expected.quote)
        for question in questions
        for expected in question.expected
        if not expected.quote or plain(expected.quote) not in texts.get(expected.document_id, "")
    ] == []


def test_every_quote_of_a_follow_up_stands_in_its_document(documents: dict[str, dict[str, Document]]) -> None:
    cases = lines(SAMPLE_DATA / "pharmacy" / "follow_ups.jsonl")
    assert len(cases) >= 10
    for case in cases:
        assert case["expected"]
        for expected in case["expected"]:
            text = documents["pharmacy"][expected["document_id"]].text
            assert plain(expected["quote"]) in plain(text), case["id"]


def test_there_are_enough_golden_questions_of_every_kind() -> None:
    for tenant in TENANTS:
        questions = read_golden_questions(SAMPLE_DATA / tenant / "golden_questions.jsonl")
        assert len(questions) >= 60
        assert {question.split for question in questions} == {"tune", "test"}
        for split in ("tune", "test"):
            assert any(not question.answerable for question in questions if question.split == split)
            assert sum(question.answerable for question in questions if question.split == split) >= 20


@pytest.mark.parametrize("tenant", TENANTS)
def test_questions_say_themselves_whether_they_can_be_answered(tenant: str) -> None:
    for values in lines(SAMPLE_DATA / tenant / "golden_questions.jsonl"):
        assert values["answerable"] == bool(values["expected"]), values["id"]
        assert values["answerable"] != (values["kind"] in {"missing_fact", "off_topic"}), values["id"]


@pytest.mark.parametrize("tenant", TENANTS)
def test_ids_and_questions_are_unique(tenant: str) -> None:
    own = [*read_golden_questions(SAMPLE_DATA / tenant / "golden_questions.jsonl")]
    foreign = read_golden_questions(SAMPLE_DATA / tenant / "out_of_scope_questions.jsonl")
    general = read_golden_questions(GENERAL_OUT_OF_SCOPE)
    assert twice(question.id for question in (*own, *foreign, *general)) == []
    assert twice(plain(question.text) for question in (*own, *foreign, *general)) == []
    assert not any(question.answerable for question in (*foreign, *general))
