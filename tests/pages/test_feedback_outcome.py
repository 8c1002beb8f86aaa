"""What agents see of the knowledge team's work: the outcome of a report, and a curated answer as a source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys, wiring
from services.access.models import Account
from services.answers.feedback_models import CloseReason, FeedbackCase
from services.answers.models import Answer, Band, Citation, Rating, Statement
from services.bootstrap import Services
from services.knowledge.curated_words import CuratedWords
from services.storage.answers import SqlAnswerRepository
from services.storage.feedback import SqlFeedbackRepository
from tests.pages.frame_driver import enter_as, open_app, use_settings
from tests.pages.scripted_answers import TENANT, ScriptedAnswers, publish_document, with_scripted_answers
from tests.pages.test_answer_questions import ANA, ANSWER_PAGE, shown

WORDS = "Gift cards are sold online. They do not pay for a copay."
QUOTE = "Gift cards are sold online."


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[Services, ScriptedAnswers]]:
    built, script = with_scripted_answers(use_settings(monkeypatch, tmp_path, demo="1"))
    st.cache_resource.clear()
    monkeypatch.setattr(wiring, "build_services", lambda: built)
    publish_document(built)
    yield built, script
    st.cache_resource.clear()


def accounts(services: Services) -> tuple[Account, Account]:
    return services.accounts.get_account(ANA), services.accounts.get_account("grace.lin")


def open_conversation(answer: Answer) -> AppTest:
    app = open_app().switch_page(ANSWER_PAGE)
    app.query_params[session_keys.CONVERSATION] = answer.conversation_id
    return enter_as(app.run(), ANA)


def cases(services: Services, answer: Answer) -> list[FeedbackCase]:
    return [SqlFeedbackRepository(services.database).get_case(TENANT, answer.id)]


def test_agent_reads_under_the_answer_why_a_report_was_closed(desk: tuple[Services, ScriptedAnswers]) -> None:
    services, script = desk
    ana, grace = accounts(services)
    answer = script.ask(ana, TENANT, "How is the weather?")
    script.history.escalate(ana, TENANT, answer.id)
    assert "Dismissed" not in shown(open_conversation(answer))
    services.feedback.close(grace, TENANT, cases(services, answer), CloseReason.NOT_OUR_MATTER, "Ask the web.")
    text = shown(open_conversation(answer))
    assert ":gray-badge[:material/block: Dismissed] This does not belong in the knowledge base. Ask the web." in text


def test_agent_sees_that_an_answer_rated_down_is_worked_on(desk: tuple[Services, ScriptedAnswers]) -> None:
    services, script = desk
    ana, grace = accounts(services)
    answer = script.ask(ana, TENANT, "Claim rejected with 75")
    script.history.rate(ana, TENANT, answer.id, Rating.DOWN)
    made = services.curated.add(grace, TENANT, CuratedWords(WORDS, ("Gift cards?",)))
    services.feedback.answered_by(grace, TENANT, cases(services, answer), made.document_id, made.version)
    text = shown(open_conversation(answer))
    assert "In progress] “Gift cards?” will answer this as soon as it is published." in text


def test_curated_answer_as_a_source_shows_its_question_its_quote_and_no_page(
    desk: tuple[Services, ScriptedAnswers],
) -> None:
    services, script = desk
    ana, grace = accounts(services)
    made = services.curated.add(grace, TENANT, CuratedWords(WORDS, ("Gift cards?",), url="https://kb.example/gift"))
    answer = script.ask(ana, TENANT, "Claim rejected with 75")
    cited = Citation(made.document_id, 1, made.title, made.words.url, "", None, QUOTE, 0, len(QUOTE), 0.9)
    SqlAnswerRepository(services.database).save_answer(
        replace(
            answer, band=Band.DRAFT, text=QUOTE, statements=(Statement(QUOTE, (1,)),), citations=(cited,), passages=()
        )
    )
    page = open_conversation(answer)
    text = shown(page)
    assert "1 · Gift cards?" in text
    assert f":green-background[{QUOTE}]" in text
    assert "They do not pay for a copay." in text
    assert "Curated answer · Version 1" in text
    assert "page" not in text.split("Curated answer · Version 1")[1].split("\n")[0]
    page.button(key=f"{session_keys.DOCUMENT_BUTTON}{answer.id}.0").click().run()
    assert not page.exception
    assert not page.error
