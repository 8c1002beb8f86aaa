"""The page on which admins manage knowledge, through main.py, on a real knowledge base."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys
from components.document_filters import BY_CHANGE
from services.knowledge.models import DocumentState, ExpectedPassage, GoldenQuestion
from tests.pages.frame_driver import titles
from tests.pages.knowledge_desk import (
    EMPTY_TENANT,
    LOCKERS,
    PARKING,
    TENANT,
    Desk,
    click,
    confirm,
    keys,
    open_desk,
    open_page,
    prepare_home,
    shown,
)

NEW_FILE = ("stairs.md", b"# Stairs\n\nThe north stairs are closed on Sundays.\n", "text/markdown")
BROKEN_FILE = ("broken.pdf", b"this is no PDF at all", "application/pdf")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, model_home: Path) -> Path:
    home = tmp_path_factory.mktemp("prepared") / "home"
    shutil.copytree(model_home, home)
    prepare_home(home)
    return home


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, prepared: Path) -> Iterator[Desk]:
    made = open_desk(monkeypatch, tmp_path, prepared)
    yield made
    st.cache_resource.clear()
    st.cache_data.clear()
    made.services.database.close()


def upload(app: AppTest, *files: tuple[str, bytes, str]) -> AppTest:
    app = click(app, session_keys.KNOWLEDGE_ADD_BUTTON)
    app.file_uploader(key=f"{session_keys.UPLOAD_FIELD}0").set_value(list(files)).run()
    return click(app, session_keys.UPLOAD_BUTTON)


def open_tab(app: AppTest, label: str) -> AppTest:
    app.session_state[session_keys.KNOWLEDGE_TAB] = label
    # The address has the last word, as in a browser, which writes it at the click.
    app.query_params[session_keys.KNOWLEDGE_TAB] = label
    return app.run()


def open_document_tab(app: AppTest, label: str, document_id: str = PARKING) -> AppTest:
    app.session_state[session_keys.DOCUMENT_TAB + document_id] = label
    return app.run()


def listed(app: AppTest) -> dict[str, str]:
    """Titles in the list with their states."""
    table = app.dataframe[0].value
    return {title.split(": ", 1)[1]: state for title, state in zip(table["Title"], table["State"], strict=True)}


def select(app: AppTest, *rows: int) -> AppTest:
    turn = app.session_state.get(session_keys.LIST_ROUND, 0)
    app.session_state[f"{session_keys.LIST_TABLE}{turn}"] = {
        "selection": {"rows": list(rows), "columns": [], "cells": []}
    }
    return app.run()


def hidden(desk: Desk) -> set[str]:
    return set(desk.services.knowledge.hidden_documents(TENANT))


def test_empty_knowledge_base_says_what_to_do_and_offers_samples(desk: Desk) -> None:
    page = open_page(tenant=EMPTY_TENANT)
    assert titles(page) == ["Manage knowledge"]
    assert "Harborview Clinic has no documents yet" in shown(page)
    assert "Nothing is published" in shown(page)
    assert session_keys.KNOWLEDGE_SAMPLE_BUTTON in keys(page)
    page = click(page, f"{session_keys.KNOWLEDGE_ADD_BUTTON}.first")
    assert session_keys.UPLOAD_BUTTON in keys(page)


def test_state_and_documents_are_seen_at_a_glance(desk: Desk) -> None:
    page = open_page()
    assert not page.exception
    assert "Version 1 is live" in shown(page)
    assert "2 documents, 3 chunks" in shown(page)
    assert "by grace.lin" in shown(page)
    assert "All documents are in the live version." in shown(page)
    assert listed(page) == {"Lockers": "In use", "Parking vouchers": "In use"}


def test_uploaded_file_becomes_a_draft_and_answers_once_published(desk: Desk) -> None:
    page = upload(open_page(), NEW_FILE)
    assert not page.exception
    assert "1 file received" in shown(page)
    assert "Version 2 is a draft" in shown(page)
    assert "3 documents, 4 chunks: 1 added" in shown(page)
    assert desk.live() == 1
    page = open_tab(page, "Documents")
    assert listed(page)["Stairs"] == "Not published"
    page = click(page, session_keys.KNOWLEDGE_PUBLISH_BUTTON)
    assert "Against version 1: 1 added" in shown(page)
    page = click(page, session_keys.PUBLISH_CONFIRM)
    assert "Version 2 is live. It answers from the next question on." in shown(page)
    assert desk.live() == 2
    assert listed(page)["Stairs"] == "In use"


def test_import_tells_cause_and_remedy_of_a_file_that_failed_and_loads_the_others(desk: Desk) -> None:
    page = upload(open_page(), NEW_FILE, BROKEN_FILE)
    (outcome,) = [row for row in page.table[0].value.to_numpy().tolist() if "broken" in row[0]]
    assert "Failed" in outcome[1]
    assert "is not what its name says" in outcome[2]
    assert "Load the original document" in outcome[2]
    assert "Version 2 is a draft" in shown(page)


def test_refused_file_is_named_and_the_others_are_taken(desk: Desk) -> None:
    page = upload(open_page(), NEW_FILE, ("empty.md", b"", "text/markdown"))
    assert "1 file refused." in shown(page)
    assert "empty.md is empty" in shown(page)
    assert "1 file received" in shown(page)


def test_waiting_import_is_shown_and_counts_as_being_worked_on(desk: Desk) -> None:
    desk.queue.paused = True
    page = upload(open_page(), NEW_FILE)
    assert "Load stairs.md" in shown(page)
    assert "A draft is in the making" in shown(page)
    desk.queue.run_waiting()
    assert "Version 2 is a draft" in shown(page.run())


def test_list_is_searched_filtered_and_cleared(desk: Desk) -> None:
    page = open_page()
    page.text_input(key=f"{session_keys.LIST_FIELD}words").set_value("voucher").run()
    assert list(listed(page)) == ["Parking vouchers"]
    page.text_input(key=f"{session_keys.LIST_FIELD}words").set_value("giraffe").run()
    assert "No document fits." in shown(page)
    page = click(page, f"{session_keys.LIST_FIELD}clear_all")
    assert len(listed(page)) == 2
    page.selectbox(key=f"{session_keys.LIST_FIELD}order").set_value(BY_CHANGE).run()
    page.multiselect(key=f"{session_keys.LIST_FIELD}states").set_value([DocumentState.DISABLED]).run()
    assert "No document fits." in shown(page)


def test_selected_documents_are_disabled_after_a_question_and_enabled_again(desk: Desk) -> None:
    page = select(open_page(), 0, 1)
    assert "2 documents selected" in shown(page)
    page = click(page, f"{session_keys.LIST_ACTION}disable")
    assert "From the next question on" in shown(page)
    assert hidden(desk) == set()
    page = confirm(page)
    assert hidden(desk) == {PARKING, LOCKERS}
    assert set(listed(page).values()) == {"Disabled"}
    assert "2 documents of it do not answer" in shown(page)
    page = click(select(page, 0, 1), f"{session_keys.LIST_ACTION}enable")
    assert hidden(desk) == set()


def test_bulk_details_change_what_is_chosen_and_keep_the_rest(desk: Desk) -> None:
    page = click(select(open_page(), 0, 1), f"{session_keys.LIST_ACTION}details")
    page.multiselect(key=f"{session_keys.BULK_FIELD}which").set_value(["owner"]).run()
    page.text_input(key=f"{session_keys.BULK_FIELD}owner").set_value("Front desk").run()
    page = click(page, session_keys.BULK_BUTTON)
    assert "Set owner of 2 documents." in shown(page)
    assert desk.services.documents.list_labels(desk.grace, TENANT) == ([], ["Front desk"])


def test_deleted_document_stops_answering_and_can_be_restored(desk: Desk) -> None:
    page = confirm(click(open_page(document=PARKING), f"{session_keys.DOCUMENT_ACTION}delete"))
    assert hidden(desk) == {PARKING}
    assert list(listed(page)) == ["Lockers"]
    page = open_document_tab(open_page(document=PARKING), "Versions")
    assert "Deleted" in shown(page)
    page = confirm(click(page, f"{session_keys.DOCUMENT_VERSIONS}{PARKING}.restore.1"))
    assert "Version 1 is restored as version 2." in shown(page)
    assert desk.services.documents.get_entry(desk.grace, TENANT, PARKING).state is DocumentState.IN_USE


def test_preview_shows_numbered_chunks_and_the_place_that_a_link_names(desk: Desk) -> None:
    text = desk.services.knowledge.get_document(TENANT, PARKING).document.text
    page = open_page(document=PARKING, at=str(text.index("valid for four")))
    assert not page.exception
    assert "2 chunks" in shown(page)
    assert "the place you came for" in shown(page)
    assert ":green-background[A parking voucher is valid for four hours.]" in shown(page)


def test_edited_text_becomes_a_new_version_that_waits_for_a_draft(desk: Desk) -> None:
    page = open_document_tab(open_page(document=PARKING), "Edit text")
    field = session_keys.DOCUMENT_TEXT + PARKING
    page.text_area(key=field).set_value(desk.markdown().replace("four hours", "five hours")).run()
    assert ":green-background[**five**]" in shown(page)
    page = click(page, f"{field}.save")
    assert "Version 2 is saved." in shown(page)
    assert "Change not published" in shown(page)
    page = click(page, session_keys.KNOWLEDGE_BUILD_BUTTON)
    page = click(page, session_keys.DOCUMENT_BACK)
    assert "Version 2 is a draft" in shown(page)
    assert "1 changed" in shown(page)


def test_edit_on_an_old_version_keeps_what_was_typed_and_shows_the_difference(desk: Desk) -> None:
    page = open_document_tab(open_page(document=PARKING), "Edit text")
    field = session_keys.DOCUMENT_TEXT + PARKING
    mine = desk.markdown().replace("four hours", "six hours")
    page.text_area(key=field).set_value(mine).run()
    desk.edit("Lindgren", "Borgund")
    page = click(page, f"{field}.save")
    assert "Somebody else saved version 2 while you edited." in shown(page)
    assert page.text_area(key=field).value == mine
    assert ":red[~~Borgund~~]" in shown(page)
    page = click(page, f"{field}.mine")
    assert "Version 3 is saved." in shown(page)
    assert "six hours" in desk.markdown()
    assert "Lindgren" in desk.markdown()


def test_their_version_can_be_taken_instead(desk: Desk) -> None:
    page = open_document_tab(open_page(document=PARKING), "Edit text")
    field = session_keys.DOCUMENT_TEXT + PARKING
    page.text_area(key=field).set_value("Something else entirely.").run()
    desk.edit("Lindgren", "Borgund")
    page = click(click(page, f"{field}.save"), f"{field}.theirs")
    assert "Borgund" in (page.text_area(key=field).value or "")
    assert desk.services.documents.get_entry(desk.grace, TENANT, PARKING).version == 2


def test_typed_text_outlives_a_look_at_another_tab(desk: Desk) -> None:
    page = open_document_tab(open_page(document=PARKING), "Edit text")
    field = session_keys.DOCUMENT_TEXT + PARKING
    page.text_area(key=field).set_value("Half a sentence").run()
    page = open_document_tab(open_document_tab(page, "Preview"), "Edit text")
    assert page.text_area(key=field).value == "Half a sentence"


def test_details_apply_at_once_and_a_title_makes_a_version(desk: Desk) -> None:
    page = open_document_tab(open_page(document=PARKING), "Details")
    prefix = f"{session_keys.DOCUMENT_DETAIL}{PARKING}.1."
    page.text_input(key=f"{prefix}owner").set_value("Front desk")
    page.text_input(key=f"{prefix}title").set_value("Parking")
    page = click(page, f"{prefix}save")
    entry = desk.services.documents.get_entry(desk.grace, TENANT, PARKING)
    assert (entry.title, entry.details.owner, entry.version) == ("Parking", "Front desk", 2)
    assert "they apply to the next question" in shown(page)


def test_details_that_cannot_be_are_refused_with_a_remedy(desk: Desk) -> None:
    page = open_document_tab(open_page(document=PARKING), "Details")
    prefix = f"{session_keys.DOCUMENT_DETAIL}{PARKING}.1."
    page.text_input(key=f"{prefix}url").set_value("not an address")
    page = click(page, f"{prefix}save")
    assert "The address is not one of a web page." in shown(page)
    assert page.text_input(key=f"{prefix}url").value == "not an address"


def test_document_is_replaced_by_a_file_under_the_same_id(desk: Desk) -> None:
    page = click(open_page(document=PARKING), f"{session_keys.DOCUMENT_ACTION}replace")
    page.file_uploader(key=f"{session_keys.DOCUMENT_FILE}{PARKING}.1").set_value(NEW_FILE).run()
    page = click(page, f"{session_keys.DOCUMENT_FILE}replace")
    assert "Replaced with version 2." in shown(page)
    assert "north stairs" in desk.markdown()


def test_written_document_is_added_and_opened(desk: Desk) -> None:
    page = click(open_page(), session_keys.KNOWLEDGE_ADD_BUTTON)
    field = session_keys.UPLOAD_FIELD
    page.text_input(key=f"{field}title").set_value("Umbrella stand")
    page.text_area(key=f"{field}text").set_value("Umbrellas wait in the stand.").run()
    page = click(page, f"{field}create")
    assert "Umbrella stand" in [header.value for header in page.header]
    assert "It answers once it is published." in shown(page)


def test_publishing_is_refused_when_somebody_else_published_meanwhile(desk: Desk) -> None:
    page = click(upload(open_page(), NEW_FILE), session_keys.KNOWLEDGE_PUBLISH_BUTTON)
    desk.edit("Lindgren", "Borgund")
    other = desk.services.knowledge.build_snapshot(TENANT, username="omar")
    desk.services.publishing.publish(desk.grace, TENANT, other.number, expected_live=1)
    page = click(page, session_keys.PUBLISH_CONFIRM)
    assert page.error
    assert desk.live() == other.number


def test_version_that_makes_golden_questions_worse_needs_a_reason(desk: Desk) -> None:
    gone = GoldenQuestion("g2", "Where may visitors store bags?", (ExpectedPassage(LOCKERS),))
    desk.services.knowledge.save_golden_questions(TENANT, [gone])
    desk.services.golden_runs.run(TENANT, 1)
    sentence = "Visitors may store bags in the blue lockers beside the east entrance for one day."
    desk.edit(sentence, "Keys are kept at the desk.", LOCKERS)
    desk.edit("After that the driver pays two dollars per hour.", sentence)
    page = click(open_page(), session_keys.KNOWLEDGE_BUILD_BUTTON)
    page = click(page, session_keys.KNOWLEDGE_PUBLISH_BUTTON)
    assert "1 golden question got worse" in shown(page)
    assert "“Where may visitors store bags?” no longer has the right document first" in shown(page)
    page = click(page, session_keys.PUBLISH_CONFIRM)
    assert desk.live() == 1
    page.text_input(key=session_keys.PUBLISH_REASON).set_value("The lockers are gone.").run()
    page = click(page, session_keys.PUBLISH_CONFIRM)
    assert desk.live() == 2
    assert "“The lockers are gone.”" in shown(open_tab(page, "Versions"))


def test_roll_back_brings_the_version_before_back_after_a_question(desk: Desk) -> None:
    page = click(upload(open_page(), NEW_FILE), session_keys.KNOWLEDGE_PUBLISH_BUTTON)
    page = open_tab(click(page, session_keys.PUBLISH_CONFIRM), "Versions")
    page = click(page, session_keys.ROLL_BACK_BUTTON)
    assert desk.live() == 2
    page = confirm(page)
    assert desk.live() == 1
    assert "Version 1 is live again." in shown(page)


def test_sources_say_how_they_are_switched_on(desk: Desk) -> None:
    assert "FRONTLINE_SOURCE_ROOTS" in shown(open_tab(open_page(), "Sources"))


def test_source_is_added_paused_changed_and_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, prepared: Path
) -> None:
    shelf = tmp_path / "shelf"
    (shelf / "forms").mkdir(parents=True)
    desk = open_desk(monkeypatch, tmp_path / "home", prepared, source_roots=str(shelf))
    page = open_tab(open_page(), "Sources")
    assert "There is no source yet." in shown(page)
    button, field = session_keys.SOURCE_BUTTON, session_keys.SOURCE_FIELD
    page = click(page, f"{button}add")
    page.text_input(key=f"{field}place").set_value(str(tmp_path)).run()
    page = click(page, f"{button}save")
    assert page.error, "a place that is not allowed is refused"
    page.text_input(key=f"{field}place").set_value(str(shelf / "forms")).run()
    page = click(page, f"{button}save")
    (source,) = desk.services.sources.list_sources(desk.grace, TENANT)
    assert "On schedule" in shown(page)
    assert "Read every day" in shown(page)
    page = click(page, f"{button}pause.{source.id}")
    assert "Paused" in shown(page)
    page = click(page, f"{button}change.{source.id}")
    page.selectbox(key=f"{field}every.{source.id}").set_value(60).run()
    page = click(page, f"{button}save")
    assert "Read every hour" in shown(page)
    page = confirm(click(page, f"{button}remove.{source.id}"))
    assert desk.services.sources.list_sources(desk.grace, TENANT) == []
    st.cache_resource.clear()
    desk.services.database.close()


def test_tenants_are_added_renamed_and_archived(desk: Desk) -> None:
    page = open_tab(open_page(), "Tenants")
    page.text_input(key=f"{session_keys.TENANT_FIELD}new").set_value("North Clinic")
    page = click(page, f"{session_keys.TENANT_BUTTON}add")
    assert "Added North Clinic." in shown(page)
    page.text_input(key=f"{session_keys.TENANT_FIELD}north-clinic").set_value("North Harbor")
    page = click(page, f"{session_keys.TENANT_BUTTON}rename.north-clinic")
    assert desk.services.accounts.get_tenant("north-clinic").name == "North Harbor"
    page = confirm(click(page, f"{session_keys.TENANT_BUTTON}archive.north-clinic"))
    assert f"{session_keys.TENANT_BUTTON}back.north-clinic" in keys(page)


def test_document_of_another_tenant_is_not_shown(desk: Desk) -> None:
    page = open_page(tenant=EMPTY_TENANT, document=PARKING)
    assert "This document is not in this knowledge base." in shown(page)
    assert "Lindgren" not in shown(page)


def test_document_that_was_open_is_closed_with_its_tenant_and_a_link_to_one_of_the_new_tenant_is_not(
    desk: Desk,
) -> None:
    page = open_page(document=PARKING)
    page.selectbox(key=session_keys.TENANT).set_value(EMPTY_TENANT).run()
    assert "has no documents yet" in shown(page)
    page.query_params["document"] = LOCKERS
    page.selectbox(key=session_keys.TENANT).set_value(TENANT).run()
    assert [header.value for header in page.header] == ["Lockers"]


def test_agent_does_not_get_the_page(desk: Desk) -> None:
    page = open_page("ana.reyes")
    assert "This page is not for your role." in shown(page)
    assert session_keys.KNOWLEDGE_ADD_BUTTON not in keys(page)
