"""The page on which agents ask, through main.py, with answers that are written down beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys, wiring
from components.ask_queue import AskQueue, AskRequest, Worker
from services.access.models import Role
from services.answers.history import RatingReason
from services.answers.models import Answer, AnswerStatus, Rating
from services.bootstrap import Services
from services.errors import BackendTimeoutError
from tests.pages.frame_driver import PASSWORD, enter_as, open_app, sign_in, titles, use_settings
from tests.pages.scripted_answers import (
    EXAMPLE,
    FIRST,
    HALF,
    SECOND,
    TENANT,
    UNSUPPORTED,
    ScriptedAnswers,
    publish_document,
    with_scripted_answers,
)

QUESTION = "Claim rejected with 75"
ANA = "ana.reyes"
ANSWER_PAGE = "../pages/answer_questions.py"


@dataclass
class Desk:
    """The services behind the page, and the script of the answers."""

    services: Services
    script: ScriptedAnswers

    def answers(self, username: str = ANA) -> list[Answer]:
        account = self.services.accounts.get_account(username)
        newest = self.script.history.recent_conversations(account, TENANT, limit=1)
        return self.script.history.answers(account, TENANT, newest[0].id) if newest else []


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    built, script = with_scripted_answers(use_settings(monkeypatch, tmp_path, demo="1"))
    st.cache_resource.clear()
    monkeypatch.setattr(wiring, "build_services", lambda: built)
    yield Desk(built, script)
    st.cache_resource.clear()


@pytest.fixture
def page(desk: Desk) -> AppTest:
    """The page as Ana finds it, with a published knowledge base."""
    publish_document(desk.services)
    return enter_as(open_app(), ANA)


def ask(page: AppTest, text: str = QUESTION) -> AppTest:
    return page.chat_input(key=session_keys.ASK_BOX).set_value(text).run()


def queue_of(page: AppTest, *texts: str) -> AskQueue:
    """The queue of the tab, with these questions in it."""
    waiting = AskQueue()
    for text in texts:
        waiting.add(AskRequest(text))
    page.session_state[session_keys.ASK_QUEUE] = waiting
    return waiting


def worker_of(desk: Desk, asked: AskRequest) -> Worker:
    """What the page would begin for this question."""
    account = desk.services.accounts.get_account(ANA)
    return lambda on_delta, on_stored: desk.script.ask(
        account, TENANT, asked.text, on_delta=on_delta, on_stored=on_stored
    )


def shown(page: AppTest) -> str:
    """All running text on the page, without the backslashes that keep Markdown away from it."""
    texts = [element.value for element in (*page.markdown, *page.caption, *page.subheader)]
    return "\n".join(texts).replace("\\", "")


def click(page: AppTest, key: str) -> AppTest:
    return page.button(key=key).click().run()


def has_button(page: AppTest, key: str) -> bool:
    return any(button.key == key for button in page.button)


def test_tenant_without_a_knowledge_base_says_who_can_load_it(desk: Desk) -> None:
    page = enter_as(open_app(), ANA)
    assert "has no knowledge base yet" in page.info[0].value
    assert "An administrator can load your procedures" in page.info[0].value
    assert page.chat_input(key=session_keys.ASK_BOX).disabled


def test_empty_page_offers_examples_and_says_how_to_read_an_answer(page: AppTest) -> None:
    assert titles(page) == ["Answer questions"]
    assert page.button(key=f"{session_keys.EXAMPLE_BUTTON}0").label.replace("\\", "") == EXAMPLE
    assert "How to read an answer" in shown(page)
    assert not page.exception


def test_example_is_asked_with_one_click(desk: Desk, page: AppTest) -> None:
    click(page, f"{session_keys.EXAMPLE_BUTTON}0")
    assert desk.script.asked == [(EXAMPLE, None)]
    assert FIRST in shown(page)


def test_draft_shows_its_band_its_marks_its_origin_and_its_sources(desk: Desk, page: AppTest) -> None:
    ask(page)
    text = shown(page)
    assert "Found in your procedures" in text
    assert f"{FIRST} [:gray-badge[1]](#source-{desk.answers()[0].id[:8]}-1)" in text
    assert "Quoted from the knowledge base · Harborview Pharmacy, version 14 · 0.2 s · just now" in text
    assert "1, 2 · Claim reject codes › Code 75" in text
    assert f":green-background[{SECOND}]" in text
    assert not page.exception


def test_statement_that_nothing_supports_is_marked_in_words(page: AppTest) -> None:
    assert f"{UNSUPPORTED} :orange-badge[:material/warning: not supported by a source]" in shown(ask(page))


def test_no_score_reaches_the_screen(page: AppTest) -> None:
    for question in (QUESTION, "a vague one"):
        text = shown(ask(page, question))
        assert "0.87" not in text
        assert "0.76" not in text


def test_markup_of_a_question_and_of_a_document_is_shown_as_it_is(page: AppTest) -> None:
    ask(page, "Is :red[code] 75 <b>bad</b>?")
    raw = "\n".join(element.value for element in page.markdown)
    assert r"Is \:red\[code\] 75 \<b\>bad\<\/b\>\?" in raw


def test_sources_only_shows_passages_and_no_draft(page: AppTest) -> None:
    ask(page, "a vague one")
    text = shown(page)
    assert "Sources only: read before you answer" in text
    assert "1 · Claim reject codes › Code 75" in text
    assert "Quoted from" not in text
    assert any(button.label == "Write an answer" for button in page.button)


def test_question_outside_the_knowledge_base_goes_to_the_knowledge_team(desk: Desk, page: AppTest) -> None:
    ask(page, "How is the weather?")
    text = shown(page)
    assert "Not in the knowledge base" in text
    assert "Not in the knowledge base: **PA-999**" in text
    assert not page.header
    answer = desk.answers()[0]
    page.text_area(key=session_keys.ESCALATION_NOTE + answer.id).set_value("Asked twice today")
    click(page, session_keys.ESCALATION_BUTTON + answer.id)
    assert desk.answers()[0].escalation_note == "Asked twice today"
    assert "Sent to the knowledge team" in shown(page)
    assert not has_button(page, session_keys.ESCALATION_BUTTON + answer.id)


def test_masked_personal_data_is_said(page: AppTest) -> None:
    assert "Masked before the search: 1 phone number." in shown(ask(page, "Please call 555 about code 75"))


def test_draft_of_the_fallback_replaces_what_was_streamed_and_says_who_could_not_answer(page: AppTest) -> None:
    text = shown(ask(page, "a question at which the model broke off"))
    assert "Amazon Bedrock could not answer. The service that answers could not be reached." in text
    assert "This draft is quoted from the knowledge base instead." in text
    assert "Quoted from the knowledge base · Harborview Pharmacy" in text
    assert HALF not in text


def test_searched_question_can_be_corrected_and_searched_again(desk: Desk, page: AppTest) -> None:
    account = desk.services.accounts.get_account(ANA)
    first = desk.script.ask(account, TENANT, QUESTION, searched_question="reject code 75")
    page.query_params[session_keys.CONVERSATION] = first.conversation_id
    page.run()
    assert "Searched for: “reject code 75”" in shown(page)
    page.text_area(key=session_keys.SEARCHED_FIELD + first.id).set_value("code 75 on a claim")
    click(page, session_keys.SEARCH_AGAIN_BUTTON + first.id)
    assert desk.script.asked[-1] == (QUESTION, "code 75 on a claim")
    assert len(desk.answers()) == 2


def test_edit_is_kept_beside_the_draft_and_its_changes_are_shown(desk: Desk, page: AppTest) -> None:
    ask(page)
    answer = desk.answers()[0]
    click(page, session_keys.EDIT_BUTTON + answer.id)
    field = page.text_area(key=session_keys.EDIT_FIELD + answer.id)
    assert field.value == answer.text
    field.set_value(f"{FIRST} {SECOND}").run()
    assert desk.answers()[0].edited_text == f"{FIRST} {SECOND}"
    assert desk.answers()[0].text == answer.text
    click(page, session_keys.EDIT_DONE_BUTTON + answer.id)
    assert f":red[~~{UNSUPPORTED}~~]" in shown(page)
    click(page, session_keys.EDIT_BACK_BUTTON + answer.id)
    assert desk.answers()[0].edited_text is None
    assert UNSUPPORTED in shown(page)


def test_rating_down_asks_why_and_every_click_is_kept(desk: Desk, page: AppTest) -> None:
    ask(page)
    key = desk.answers()[0].id
    page.feedback(key=session_keys.RATING + key).set_value(0).run()
    assert desk.answers()[0].rating is Rating.DOWN
    page.pills(key=session_keys.RATING_REASON + key).set_value(RatingReason.OUTDATED).run()
    page.text_input(key=session_keys.RATING_COMMENT + key).set_value("Changed in May").run()
    stored = desk.answers()[0]
    assert (stored.rating_reason, stored.rating_comment) == ("outdated", "Changed in May")
    page.feedback(key=session_keys.RATING + key).set_value(1).run()
    assert (desk.answers()[0].rating, desk.answers()[0].rating_reason) == (Rating.UP, None)
    assert not [pills for pills in page.pills if pills.key == session_keys.RATING_REASON + key]


def test_starred_answer_stands_in_the_sidebar(desk: Desk, page: AppTest) -> None:
    ask(page)
    click(page, session_keys.STAR_BUTTON + desk.answers()[0].id)
    assert desk.answers()[0].starred
    assert "Starred" in [caption.value for caption in page.sidebar.caption]


def test_failed_backend_says_what_to_do_and_the_question_can_be_tried_again(desk: Desk, page: AppTest) -> None:
    desk.script.failure = BackendTimeoutError("The model did not answer in 60 seconds.")
    ask(page)
    text = shown(page)
    assert QUESTION in text
    assert "The model did not answer in 60 seconds." in text
    assert "Try again in a minute" in text
    answer = desk.answers()[0]
    assert f"Reference {answer.id[:10]}" in text
    desk.script.failure = None
    click(page, session_keys.RETRY_BUTTON + answer.id)
    assert FIRST in shown(page)
    assert len(desk.answers()) == 1


def test_failed_answer_still_says_what_happened_after_a_reload(desk: Desk, page: AppTest) -> None:
    desk.script.failure = BackendTimeoutError("Secret details.")
    ask(page)
    reloaded = open_app_at(desk.answers()[0].conversation_id)
    assert "The answer took too long." in shown(reloaded)
    assert has_button(reloaded, session_keys.RETRY_BUTTON + desk.answers()[0].id)


def test_question_whose_run_was_ended_is_answered_once_by_the_next_run(desk: Desk, page: AppTest) -> None:
    begun = queue_of(page, QUESTION)
    assert begun.work(lambda one: worker_of(desk, one)).wait(10)
    other_tab = desk.script.ask(desk.services.accounts.get_account(ANA), TENANT, "a vague one")
    page.run()
    assert FIRST in shown(page)
    assert page.query_params[session_keys.CONVERSATION] != other_tab.conversation_id
    assert [text for text, _ in desk.script.asked] == [QUESTION, "a vague one"]


def test_questions_asked_during_the_work_are_answered_in_their_order(desk: Desk, page: AppTest) -> None:
    queue_of(page, QUESTION, "a vague one", "How is the weather?")
    page.run()
    assert [answer.question for answer in desk.answers()] == [QUESTION, "a vague one", "How is the weather?"]
    assert {answer.status for answer in desk.answers()} == {AnswerStatus.DONE}
    assert [turn.label for turn in page.expander] == [QUESTION, "a vague one"]
    assert "Not in the knowledge base" in shown(page)


def test_question_that_waits_is_back_in_the_box_when_the_conversation_is_left(desk: Desk, page: AppTest) -> None:
    ask(page)
    queue_of(page, "a vague one", "How is the weather?").work(lambda one: worker_of(desk, one)).wait(10)
    click(page, session_keys.NEW_CONVERSATION_BUTTON)
    assert page.chat_input(key=session_keys.ASK_BOX).proto.value == "How is the weather?"
    assert sorted(text for text, _ in desk.script.asked) == sorted([QUESTION, "a vague one"])


def test_second_click_on_try_again_asks_once(desk: Desk, page: AppTest) -> None:
    desk.script.failure = BackendTimeoutError("The model did not answer.")
    ask(page)
    desk.script.failure = None
    retried = AskRequest(QUESTION, retried_answer=desk.answers()[0].id)
    waiting = queue_of(page)
    waiting.add(retried)
    waiting.add(retried)
    assert waiting.waiting == [retried]
    page.run()
    assert [answer.status for answer in desk.answers()] == [AnswerStatus.DONE]


def test_unexpected_failure_leaves_the_question_with_a_way_to_try_again(desk: Desk, page: AppTest) -> None:
    desk.script.interruption = RuntimeError("secret")
    ask(page)
    assert "secret" not in shown(page)
    assert has_button(page, session_keys.RETRY_BUTTON + desk.answers()[0].id)


def test_address_that_the_browser_has_not_heard_of_yet_does_not_close_the_conversation(
    desk: Desk, page: AppTest
) -> None:
    ask(page)
    del page.query_params[session_keys.CONVERSATION]
    page.run()
    assert FIRST in shown(page)
    assert page.query_params[session_keys.CONVERSATION] == desk.answers()[0].conversation_id


def test_unfinished_question_can_be_tried_again(desk: Desk, page: AppTest) -> None:
    account = desk.services.accounts.get_account(ANA)
    desk.script.interruption = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        desk.script.ask(account, TENANT, QUESTION)
    reopened = open_app_at(desk.answers()[0].conversation_id)
    assert "Not finished" in shown(reopened)
    click(reopened, session_keys.RETRY_BUTTON + desk.answers()[0].id)
    assert FIRST in shown(reopened)


def test_refused_question_is_back_in_the_box(page: AppTest) -> None:
    long = "x" * 8001
    ask(page, long)
    assert "longer than 8,000 characters" in page.error[0].value.replace("\\", "")
    assert page.chat_input(key=session_keys.ASK_BOX).proto.value == long


def test_follow_up_stays_in_the_conversation_and_folds_what_was_before(desk: Desk, page: AppTest) -> None:
    ask(page)
    ask(page, "a vague one")
    assert [answer.question for answer in desk.answers()] == [QUESTION, "a vague one"]
    assert [turn.label for turn in page.expander] == [QUESTION]


def test_reload_and_link_keep_the_conversation(desk: Desk, page: AppTest) -> None:
    ask(page)
    conversation_id = desk.answers()[0].conversation_id
    assert page.query_params[session_keys.CONVERSATION] == conversation_id
    assert FIRST in shown(open_app_at(conversation_id))


def test_new_conversation_leaves_the_old_one_in_the_sidebar(desk: Desk, page: AppTest) -> None:
    ask(page)
    conversation_id = desk.answers()[0].conversation_id
    click(page, session_keys.NEW_CONVERSATION_BUTTON)
    assert FIRST not in shown(page)
    click(page, f"{session_keys.HISTORY_BUTTON}recent.{conversation_id}")
    assert FIRST in shown(page)


def test_earlier_questions_are_found_by_their_words(desk: Desk, page: AppTest) -> None:
    ask(page)
    conversation_id = desk.answers()[0].conversation_id
    page.text_input(key=session_keys.HISTORY_SEARCH).set_value("AUTHORIZATION 75").run()
    assert has_button(page, f"{session_keys.HISTORY_BUTTON}found.{conversation_id}")
    page.text_input(key=session_keys.HISTORY_SEARCH).set_value("unicorn").run()
    assert "Nothing found" in [caption.value for caption in page.sidebar.caption]


def test_conversation_of_another_account_stays_closed(desk: Desk, page: AppTest) -> None:
    ask(page)
    theirs = open_app_at(desk.answers()[0].conversation_id, username="grace.lin")
    assert "This conversation is not among yours" in theirs.warning[0].value
    assert QUESTION not in shown(theirs)
    assert session_keys.CONVERSATION not in theirs.query_params


def test_conversation_does_not_follow_into_another_tenant(desk: Desk, page: AppTest) -> None:
    ask(page)
    page.selectbox(key=session_keys.TENANT).set_value("clinic").run()
    assert FIRST not in shown(page)
    assert not page.warning
    assert QUESTION not in [button.label for button in page.sidebar.button]


def test_link_into_a_tenant_of_others_stays_closed(desk: Desk, page: AppTest) -> None:
    ask(page)
    desk.services.accounts.add_account(
        "bo", display_name="Bo Lind", role=Role.AGENT, tenant_ids=["clinic"], password=PASSWORD
    )
    app = open_app().switch_page(ANSWER_PAGE)
    app.query_params[session_keys.TENANT] = TENANT
    app.query_params[session_keys.CONVERSATION] = desk.answers()[0].conversation_id
    sign_in(app.run(), "bo", PASSWORD)
    assert FIRST not in shown(app)
    assert "This conversation is not among yours" in app.warning[0].value


def open_app_at(conversation_id: str, username: str = ANA) -> AppTest:
    """The app as somebody finds it who follows a link and signs in."""
    app = open_app().switch_page(ANSWER_PAGE)
    app.query_params[session_keys.CONVERSATION] = conversation_id
    return enter_as(app.run(), username)
