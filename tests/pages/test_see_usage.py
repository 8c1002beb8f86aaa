"""The page of usage figures, through main.py, on answers that stand in the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys, wiring
from services.answers.feedback import FeedbackService
from services.answers.models import Answer, AnswerStatus, Band, Citation, Conversation, Rating
from services.bootstrap import Services
from services.knowledge.models import DocumentDetails
from services.storage.accounts import SqlAccountRepository
from services.storage.answers import SqlAnswerRepository
from services.storage.feedback import SqlFeedbackRepository
from services.storage.knowledge import SqlKnowledgeRepository
from tests.contract.knowledge_samples import DOCUMENTS, REJECTS, STORAGE
from tests.fakes import FakeEmbedder
from tests.pages.frame_driver import enter_as, open_app, titles, use_settings

TENANT, GRACE = "pharmacy", "grace.lin"
PAGE = "../pages/see_usage.py"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Services]:
    built = use_settings(monkeypatch, tmp_path, demo="1")
    database = built.database
    feedback = FeedbackService(
        SqlFeedbackRepository(database),
        SqlKnowledgeRepository(database),
        SqlAccountRepository(database),
        FakeEmbedder().embed,
        built.audit,
    )
    built = replace(built, feedback=feedback)
    st.cache_resource.clear()
    monkeypatch.setattr(wiring, "build_services", lambda: built)
    yield built
    st.cache_resource.clear()


def open_page(username: str = GRACE) -> AppTest:
    app = enter_as(open_app(), username)
    return app.switch_page(PAGE).run()


def keep(services: Services, count: int, **changes: object) -> None:
    """Keep answers that were asked within the last minutes."""
    answers = SqlAnswerRepository(services.database)
    now = datetime.now(UTC)
    made = Conversation(f"c{changes.get('band')}", TENANT, "ana.reyes", "Question", now, now)
    answers.save_conversation(made)
    for number in range(count):
        answer = Answer(
            f"{made.id}-{number}",
            made.id,
            TENANT,
            "ana.reyes",
            now - timedelta(minutes=number),
            AnswerStatus.DONE,
            "Zebra?",
            total_ms=120.0,
        )
        answers.save_answer(replace(answer, **changes))  # type: ignore[arg-type]


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_period_without_questions_says_so_and_shows_documents_all_the_same(built: Services) -> None:
    page = open_page()
    assert titles(page) == ["See usage"]
    assert "Nobody asked a question" in page.info[0].value
    assert not page.metric
    assert any("no documents in use" in caption.value for caption in page.caption)


def test_figures_and_documents_of_a_period_are_shown(built: Services) -> None:
    repository = SqlKnowledgeRepository(built.database)
    repository.save_documents(TENANT, DOCUMENTS)
    soon = datetime.now(UTC).date() + timedelta(days=5)
    repository.set_details(TENANT, [STORAGE.id], DocumentDetails(valid_until=soon), username=None)
    citation = Citation(REJECTS.id, 1, REJECTS.title, None, "", None, "Reject", 0, 6, 0.9)
    keep(built, 6, band=Band.DRAFT, citations=(citation,), rating=Rating.UP)
    keep(built, 2, band=Band.NOT_FOUND)
    page = open_page()
    assert metrics(page)["Questions"] == "8"
    assert metrics(page)["Answered"] == "75%"
    assert metrics(page)["Rated helpful"] == "100%"
    tables = [list(table.value["Document"]) for table in page.dataframe if "Document" in table.value]
    assert [STORAGE.title] in tables  # expires soon
    assert [REJECTS.title] in tables  # most answers rest on it
    assert any(set(table) == {made.title for made in DOCUMENTS} - {REJECTS.title} for table in tables)
    assert ["Zebra?"] in [list(table.value["Question"]) for table in page.dataframe if "Question" in table.value]


def test_chosen_period_counts(built: Services) -> None:
    keep(built, 3, band=Band.DRAFT, asked_at=datetime.now(UTC) - timedelta(days=20))
    page = open_page()
    assert metrics(page)["Questions"] == "3"
    page.button_group(key=session_keys.USAGE_DAYS).set_value(7).run()
    assert not page.metric
    assert "Nobody asked a question in the last 7 days" in page.info[0].value


def test_another_tenant_sees_nothing_of_it(built: Services) -> None:
    keep(built, 3, band=Band.DRAFT)
    page = open_page()
    page.selectbox(key=session_keys.TENANT).set_value("clinic").run()
    assert "Nobody asked a question" in page.info[0].value


@pytest.mark.parametrize("username", ["ana.reyes", "mila.novak", "omar.haddad"])
def test_page_is_for_administrators(built: Services, username: str) -> None:
    page = open_page(username)
    assert "not for your role" in page.warning[0].value
    assert not page.metric
