"""The page on which administrators turn bad answers into good ones, through main.py, on a real database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from components import session_keys, wiring
from components.curated_form import field_key
from components.feedback_words import CLOSE, FIX, WRITE
from services.access.models import Account
from services.answers.feedback import FeedbackService
from services.answers.feedback_models import CaseState, CloseReason, FeedbackKind
from services.answers.models import Answer, AnswerStatus, Band, Citation, Conversation, Rating
from services.bootstrap import Services
from services.errors import AppError, BackendUnavailableError
from services.knowledge.curated_words import CuratedWords
from services.knowledge.models import Snapshot, SnapshotStatus
from services.storage.accounts import SqlAccountRepository
from services.storage.answers import SqlAnswerRepository
from services.storage.feedback import SqlFeedbackRepository
from services.storage.knowledge import SqlKnowledgeRepository
from tests.contract.knowledge_samples import REJECTS
from tests.fakes import FakeEmbedder
from tests.pages.frame_driver import enter_as, open_app, titles, use_settings

TENANT = "pharmacy"
GRACE, ANA = "grace.lin", "ana.reyes"
PAGE = "../pages/improve_answers.py"
FIRST, SECOND, OTHER = "what does reject code 75 mean", "reject code 75 what does it mean", "who signs the visitor book"
WORDS = "Code 75 means that the plan wants a prior authorization."


class Vectors:
    """Vectors without a model.

    Attributes:
        failure: Raised by every call until it is None.
    """

    def __init__(self) -> None:
        self.failure: AppError | None = None

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.failure is not None:
            raise self.failure
        return FakeEmbedder().embed(texts)


@dataclass
class Desk:
    """The services behind the page."""

    services: Services
    vectors: Vectors

    def ask(self, answer_id: str, question: str, *, tenant: str = TENANT, **changes: object) -> None:
        """Keep an answer of Ana's that was rated down an hour ago."""
        repository = SqlAnswerRepository(self.services.database)
        at = datetime.now(UTC) - timedelta(hours=1)
        conversation_id = f"c.{tenant}"
        repository.save_conversation(Conversation(conversation_id, tenant, ANA, question, at, at))
        answer = Answer(
            answer_id,
            conversation_id,
            tenant,
            ANA,
            at,
            AnswerStatus.DONE,
            question,
            band=Band.DRAFT,
            text="It means something.",
            rating=Rating.DOWN,
            rated_at=at,
            rating_reason="wrong",
            rating_comment="Which form?",
        )
        repository.save_answer(replace(answer, **changes))  # type: ignore[arg-type]

    def account(self, username: str) -> Account:
        return self.services.accounts.get_account(username)

    def state_of(self, answer_id: str) -> CaseState:
        return SqlFeedbackRepository(self.services.database).get_case(TENANT, answer_id).state

    def publish(self) -> None:
        """Publish a snapshot that was built just now."""
        repository = SqlKnowledgeRepository(self.services.database)
        at = datetime.now(UTC)
        made = Snapshot(TENANT, 0, SnapshotStatus.BUILDING, at, 1, 1, self.services.embedder.model_id)
        made = repository.reserve_snapshot(made, build_id=at.isoformat())
        repository.complete_snapshot(made)
        repository.publish(TENANT, made.number, at=at)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    built = use_settings(monkeypatch, tmp_path, demo="1")
    database, vectors = built.database, Vectors()
    feedback = FeedbackService(
        SqlFeedbackRepository(database),
        SqlKnowledgeRepository(database),
        SqlAccountRepository(database),
        vectors.of,
        built.audit,
    )
    built = replace(built, feedback=feedback)
    SqlKnowledgeRepository(database).save_documents(TENANT, [REJECTS])
    st.cache_resource.clear()
    monkeypatch.setattr(wiring, "build_services", lambda: built)
    yield Desk(built, vectors)
    st.cache_resource.clear()


def open_page(username: str = GRACE, *, tab: str | None = None) -> AppTest:
    app = enter_as(open_app(), username).switch_page(PAGE)
    if tab is not None:
        app.query_params[session_keys.IMPROVE_TAB] = tab
    return app.run()


def shown(page: AppTest) -> str:
    """All running text on the page, without the backslashes that keep Markdown away from it."""
    texts = [element.value for element in (*page.markdown, *page.caption, *page.subheader)]
    return "\n".join(texts).replace("\\", "")


def click(page: AppTest, key: str) -> AppTest:
    return page.button(key=key).click().run()


def has_button(page: AppTest, key: str) -> bool:
    return any(button.key == key for button in page.button)


def choose(page: AppTest, action: str, cluster: str = "a1") -> AppTest:
    return page.segmented_control(key=session_keys.CLUSTER_ACTION + cluster).set_value(action).run()


def write(page: AppTest, text: str = WORDS, form: str = "a1") -> AppTest:
    page.text_area(key=field_key(form, "text")).set_value(text)
    return page


def test_empty_queue_says_what_comes_here(desk: Desk) -> None:
    page = open_page()
    assert titles(page) == ["Improve answers"]
    assert "Nothing to improve in the last 30 days" in page.success[0].value
    assert not page.exception


def test_questions_that_mean_the_same_stand_in_one_group_with_their_answers(desk: Desk) -> None:
    desk.ask("a1", FIRST)
    desk.ask("a2", SECOND, escalated_at=datetime.now(UTC), escalation_note="Asked twice today")
    desk.ask("b1", OTHER)
    page = open_page()
    text = shown(page)
    assert "3 questions in 2 groups, the most frequent first." in text
    assert "2 this week, 0 before" in text
    assert "It means something." in text
    assert "Wrong · “Which form?”" in text
    assert "“Asked twice today”" in text
    click(page, session_keys.CLUSTER_BUTTON + "b1")
    assert [heading.value for heading in page.subheader] == [OTHER]
    assert not page.exception


def test_curated_answer_puts_all_cases_of_the_group_in_progress_until_it_is_published(desk: Desk) -> None:
    desk.ask("a1", FIRST)
    desk.ask("a2", SECOND)
    page = choose(open_page(), WRITE)
    click(write(page), session_keys.CURATED_SAVE_BUTTON + "a1")
    (curated,) = desk.services.curated.list_answers(desk.account(GRACE), TENANT)
    assert curated.words.text == WORDS
    assert {phrasing.lower() for phrasing in curated.words.phrasings} == {FIRST, SECOND}
    assert {desk.state_of("a1"), desk.state_of("a2")} == {CaseState.IN_PROGRESS}
    assert "answers this as soon as it is published" in shown(page)
    assert not page.error

    desk.publish()
    assert "Nothing to improve" in page.run().success[0].value
    assert {desk.state_of("a1"), desk.state_of("a2")} == {CaseState.RESOLVED}


def test_phrasings_that_are_not_chosen_are_left_out_and_further_ones_added(desk: Desk) -> None:
    desk.ask("a1", FIRST)
    desk.ask("a2", SECOND)
    page = choose(open_page(), WRITE)
    title = page.text_input(key=field_key("a1", "first")).value
    (choice,) = [box for box in page.checkbox if str(box.key).startswith(field_key("a1", "choice."))]
    choice.uncheck()
    page.text_area(key=field_key("a1", "more")).set_value("prior authorization reject\n\nPA reject")
    click(write(page), session_keys.CURATED_SAVE_BUTTON + "a1")
    (curated,) = desk.services.curated.list_answers(desk.account(GRACE), TENANT)
    assert curated.words.phrasings == (title, "prior authorization reject", "PA reject")


def test_question_that_is_taken_out_of_the_group_stays_open(desk: Desk) -> None:
    desk.ask("a1", FIRST)
    desk.ask("a2", SECOND)
    page = choose(open_page(), WRITE)
    page.checkbox(key=session_keys.CASE_INCLUDED + "a2").uncheck().run()
    click(write(page), session_keys.CURATED_SAVE_BUTTON + "a1")
    assert (desk.state_of("a1"), desk.state_of("a2")) == (CaseState.IN_PROGRESS, CaseState.OPEN)


def test_what_is_missing_is_said_and_nothing_typed_is_lost(desk: Desk) -> None:
    desk.ask("a1", FIRST)
    desk.ask("b1", OTHER)
    desk.services.curated.add(
        desk.account(GRACE), TENANT, CuratedWords("Other words.", ("What does reject code 75 mean?",))
    )
    page = click(open_page(), session_keys.CLUSTER_BUTTON + "a1")
    click(write(choose(page, WRITE)), session_keys.CURATED_SAVE_BUTTON + "a1")
    assert "belongs to the curated answer" in page.error[0].value
    assert desk.state_of("a1") is CaseState.OPEN
    click(page, session_keys.CLUSTER_BUTTON + "b1")
    click(page, session_keys.CLUSTER_BUTTON + "a1")
    assert page.text_area(key=field_key("a1", "text")).value == WORDS
    assert not page.error


def test_words_of_an_agent_can_be_the_beginning_of_the_answer(desk: Desk) -> None:
    desk.ask("a1", FIRST, copied_text="It means prior authorization.")
    page = click(open_page(), session_keys.TAKE_OVER_BUTTON + "a1")
    assert page.text_area(key=field_key("a1", "text")).value == "It means prior authorization."


def test_dismissed_group_leaves_the_queue_with_its_reason(desk: Desk) -> None:
    desk.ask("a1", FIRST)
    page = choose(open_page(), CLOSE)
    assert page.button(key=session_keys.CLOSE_BUTTON + "a1").disabled
    page.pills(key=session_keys.CLOSE_REASON + "a1").set_value(CloseReason.ANSWER_RIGHT).run()
    page.text_input(key=session_keys.CLOSE_COMMENT + "a1").set_value("See section 3.")
    click(page, session_keys.CLOSE_BUTTON + "a1")
    assert desk.state_of("a1") is CaseState.DISMISSED
    assert "Nothing to improve" in page.success[0].value
    outcome = desk.services.feedback.outcome_of(desk.account(ANA), TENANT, "a1")
    assert outcome is not None
    assert outcome.words == "The answer is right as it stands. See section 3."

    page.pills(key=session_keys.FEEDBACK_STATES).set_value([CaseState.DISMISSED]).run()
    click(page, session_keys.REOPEN_BUTTON + "a1")
    assert desk.state_of("a1") is CaseState.OPEN


def test_another_reason_without_words_is_refused(desk: Desk) -> None:
    desk.ask("a1", FIRST)
    page = choose(open_page(), CLOSE)
    page.pills(key=session_keys.CLOSE_REASON + "a1").set_value(CloseReason.OTHER).run()
    click(page, session_keys.CLOSE_BUTTON + "a1")
    assert "There is no reason yet" in page.error[0].value
    assert desk.state_of("a1") is CaseState.OPEN


def test_place_to_fix_is_shown_and_can_be_taken_on(desk: Desk) -> None:
    quote = "Reject 75 means that prior authorization is required before the claim is paid."
    start = REJECTS.text.index(quote)
    cited = Citation(REJECTS.id, 1, REJECTS.title, None, "Part 1", None, quote, start, start + len(quote), 0.9)
    desk.ask("a1", FIRST, citations=(cited,))
    page = choose(open_page(), FIX)
    assert "Claim rejects › Part 1" in shown(page)
    assert quote in shown(page)
    click(page, f"{session_keys.REVISE_BUTTON}a1.0")
    assert desk.state_of("a1") is CaseState.IN_PROGRESS


def test_question_without_a_passage_leads_to_a_new_document(desk: Desk) -> None:
    desk.ask("a1", FIRST, band=Band.NOT_FOUND, text="")
    page = choose(open_page(), FIX)
    assert "No passage was found for these questions" in shown(page)
    assert not page.exception


def test_filters_choose_kind_and_person(desk: Desk) -> None:
    desk.ask("a1", FIRST)
    page = open_page()
    page.pills(key=session_keys.FEEDBACK_KINDS).set_value([FeedbackKind.ESCALATED]).run()
    assert "No question fits these filters" in page.info[0].value
    page.pills(key=session_keys.FEEDBACK_KINDS).set_value([]).run()
    page.toggle(key=session_keys.FEEDBACK_MINE).set_value(True).run()
    assert "No question fits these filters" in page.info[0].value
    page.toggle(key=session_keys.FEEDBACK_MINE).set_value(False).run()
    page.selectbox(key=f"{session_keys.CLUSTER_ASSIGNEE}a1.").set_value(GRACE).run()
    page.toggle(key=session_keys.FEEDBACK_MINE).set_value(True).run()
    assert [heading.value for heading in page.subheader] == [FIRST]


def test_curated_answers_are_found_edited_and_deleted(desk: Desk) -> None:
    grace = desk.account(GRACE)
    made = desk.services.curated.add(grace, TENANT, CuratedWords(WORDS, ("Code 75?", "Reject 75?")))
    page = open_page(tab="Curated answers")
    assert "1 curated answer, the last changed first." in shown(page)
    page.text_input(key=session_keys.CURATED_SEARCH).set_value("unicorn").run()
    assert "Nothing found" in page.info[0].value
    page.text_input(key=session_keys.CURATED_SEARCH).set_value("").run()

    click(page, session_keys.CURATED_EDIT_BUTTON + made.document_id)
    assert page.text_area(key=field_key(made.document_id, "more")).value == "Reject 75?"
    write(page, "Better words.", made.document_id)
    click(page, session_keys.CURATED_SAVE_BUTTON + made.document_id)
    assert "Better words." in shown(page)
    assert desk.services.curated.get_answer(grace, TENANT, made.document_id).words.phrasings == (
        "Code 75?",
        "Reject 75?",
    )

    click(page, session_keys.CURATED_DELETE_BUTTON + made.document_id)
    assert "There are no curated answers yet" in page.info[0].value


def test_edit_of_what_somebody_else_changed_is_refused_and_keeps_the_text(desk: Desk) -> None:
    grace = desk.account(GRACE)
    made = desk.services.curated.add(grace, TENANT, CuratedWords(WORDS, ("Code 75?",)))
    page = click(open_page(tab="Curated answers"), session_keys.CURATED_EDIT_BUTTON + made.document_id)
    desk.services.curated.edit(
        grace, TENANT, made.document_id, CuratedWords("Theirs.", ("Code 75?",)), expected_version=1
    )
    click(write(page, "Ours.", made.document_id), session_keys.CURATED_SAVE_BUTTON + made.document_id)
    assert "Somebody else changed this document" in page.error[0].value
    assert page.text_area(key=field_key(made.document_id, "text")).value == "Ours."


def test_curated_answer_can_be_written_without_a_question(desk: Desk) -> None:
    page = click(open_page(tab="Curated answers"), session_keys.CURATED_NEW_BUTTON)
    click(page, session_keys.CURATED_SAVE_BUTTON + "new")
    assert "There is no answer yet" in page.error[0].value
    page.text_input(key=field_key("new", "first")).set_value("Code 75?")
    click(write(page, WORDS, "new"), session_keys.CURATED_SAVE_BUTTON + "new")
    assert "1 curated answer" in shown(page)
    assert not has_button(page, session_keys.CURATED_SAVE_BUTTON + "new")


def test_export_says_what_it_is_and_how_to_treat_it(desk: Desk) -> None:
    page = open_page(tab="Export")
    assert "Treat the file as personal data" in page.warning[0].value
    assert not page.exception


def test_another_tenant_sees_nothing_of_it(desk: Desk) -> None:
    desk.ask("a1", FIRST)
    page = open_page()
    page.selectbox(key=session_keys.TENANT).set_value("clinic").run()
    assert "Nothing to improve" in page.success[0].value
    assert FIRST not in shown(page)


def test_agent_does_not_see_the_page(desk: Desk) -> None:
    desk.ask("a1", FIRST)
    page = open_page(ANA)
    assert "This page is not for your role" in page.warning[0].value
    assert FIRST not in shown(page)


def test_failing_model_is_said_and_the_tabs_stay(desk: Desk) -> None:
    desk.ask("a1", FIRST)
    desk.vectors.failure = BackendUnavailableError("The embedding model did not answer.")
    page = open_page()
    assert "The embedding model did not answer" in page.error[0].value.replace("\\", "")
    assert [tab.label for tab in page.tabs] == ["To improve", "Curated answers", "Export"]
