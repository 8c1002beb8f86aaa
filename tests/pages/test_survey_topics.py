"""The step on which analysts make and change taxonomies, through main.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys
from components.survey_link import DATA, RUN, TOPICS
from components.taxonomy_choice import NEW
from components.taxonomy_drafts import new_name
from services.surveys.models import Example, Taxonomy, Topic
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_edits import rename, start
from services.surveys.taxonomy_exchange import export_csv
from services.surveys.taxonomy_models import TaxonomyVersion
from services.surveys.taxonomy_templates import templates
from tests.pages.survey_desk import (
    GRACE,
    TENANT,
    Desk,
    address,
    click,
    keys,
    open_desk,
    open_page,
    shown,
    table,
    typed,
)
from tests.pages.survey_desk import TOPICS as SAMPLE

BUTTON, FIELD = session_keys.TAXONOMY_BUTTON, session_keys.TAXONOMY_FIELD


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    made = open_desk(monkeypatch, tmp_path)
    yield made
    st.cache_resource.clear()
    made.services.database.close()


def open_topics(survey: Survey, taxonomy: TaxonomyVersion | None = None) -> AppTest:
    """The step with that taxonomy open."""
    parameters = {session_keys.OPEN_TAXONOMY: taxonomy.taxonomy_id} if taxonomy else {}
    return open_page(survey=survey, step=TOPICS, parameters=parameters)


def choose_way(page: AppTest, survey: Survey, way: str) -> AppTest:
    (control,) = [one for one in page.segmented_control if one.key == f"{FIELD}way.{survey.id}"]
    return control.set_value(way).run()


def names(desk: Desk, taxonomy_id: str) -> list[str]:
    return [topic.name for topic in desk.services.surveys.taxonomies.get(TENANT, taxonomy_id).taxonomy.topics]


def only_taxonomy(desk: Desk) -> TaxonomyVersion:
    (stored,) = desk.services.surveys.taxonomies.list(TENANT)
    return desk.services.surveys.taxonomies.get(TENANT, stored.id)


def step_of(page: AppTest) -> str:
    step: str = page.session_state[session_keys.SURVEY_STEP]
    return step


def test_survey_without_topics_offers_every_way_to_begin(desk: Desk) -> None:
    survey = desk.survey()
    page = open_topics(survey)
    assert not page.exception
    assert "Where do the topics come from?" in shown(page)
    (control,) = [one for one in page.segmented_control if one.key == f"{FIELD}way.{survey.id}"]
    assert [option.split()[-1] for option in control.options] == ["Suggest", "Template", "File", "Empty"]
    assert not desk.services.surveys.taxonomies.list(TENANT)


def test_suggested_topics_are_looked_at_changed_and_saved(desk: Desk) -> None:
    survey = desk.survey()
    name = new_name(survey.id)
    page = click(open_topics(survey), f"{session_keys.SUGGESTION_BUTTON}start.{name}")
    assert "3 topics suggested" in shown(page)
    assert "were read" in shown(page)
    page = click(page, f"{session_keys.SUGGESTION_BUTTON}take.{name}")
    assert not page.exception
    assert table(page) == ["Price", "Staff", "App"]
    assert "the price is bad, far too high for me" in shown(page)
    assert "about 10 responses" in shown(page)
    assert not desk.services.surveys.taxonomies.list(TENANT)
    page = typed(page, {0: {"Pick": True}, 1: {"Pick": True}, 2: {"Topic": "Mobile app"}})
    page = click(page, f"{BUTTON}merge.{name}")
    assert table(page) == ["Price", "Mobile app"]
    assert "about 20 responses" in shown(page)
    page.text_input(key=f"{FIELD}name.{name}").set_value("Pharmacy topics").run()
    page = click(page, f"{BUTTON}save.{name}")
    version = only_taxonomy(desk)
    assert address(page, session_keys.OPEN_TAXONOMY) == version.taxonomy_id
    assert [topic.name for topic in version.taxonomy.topics] == ["Price", "Mobile app"]
    assert version.note == "Suggested from the responses."
    assert "Saved “Pharmacy topics” with 2 topics." in shown(page)


def test_suggestions_of_too_few_responses_say_why_there_are_none(desk: Desk) -> None:
    survey = desk.survey(data=b"id,Why?,What should we improve?\n1,one two three,x y z\n2,two three four,y z a\n")
    page = click(open_topics(survey), f"{session_keys.SUGGESTION_BUTTON}start.{new_name(survey.id)}")
    assert "too little to group" in shown(page)
    assert f"{session_keys.SUGGESTION_BUTTON}start.{new_name(survey.id)}" in keys(page)


def test_template_becomes_a_taxonomy_after_a_look(desk: Desk) -> None:
    survey = desk.survey()
    template = templates()[0]
    page = choose_way(open_topics(survey), survey, "Template")
    assert page.button(key=f"{BUTTON}begin.{survey.id}").disabled
    page = page.selectbox(key=f"{FIELD}template.{survey.id}").select(template.id).run()
    assert template.description in shown(page)
    page = click(page, f"{BUTTON}begin.{survey.id}")
    assert table(page) == [topic.name for topic in template.taxonomy.topics]
    click(page, f"{BUTTON}save.{new_name(survey.id)}")
    assert only_taxonomy(desk).taxonomy == template.taxonomy


def test_file_becomes_a_taxonomy_and_a_wrong_one_says_what_is_wrong(desk: Desk) -> None:
    survey = desk.survey()
    page = choose_way(open_topics(survey), survey, "File")
    uploader = page.file_uploader(key=f"{FIELD}file.{survey.id}")
    page = uploader.set_value([("topics.csv", b"what,why\na,b\n", "text/csv")]).run()
    page = click(page, f"{BUTTON}begin.{survey.id}")
    assert "topics.csv" in shown(page)
    assert not page.data_editor
    uploader = page.file_uploader(key=f"{FIELD}file.{survey.id}")
    data = export_csv(SAMPLE).encode()
    page = uploader.set_value([("our_topics.csv", data, "text/csv")]).run()
    page = click(page, f"{BUTTON}begin.{survey.id}")
    assert table(page) == ["Price", "Staff", "App"]
    assert page.text_input(key=f"{FIELD}name.{new_name(survey.id)}").value == "our topics"


def test_copy_is_changed_without_changing_the_other_one(desk: Desk) -> None:
    survey, first = desk.survey(), desk.taxonomy()
    page = choose_way(open_topics(survey), survey, "Copy")
    page = page.selectbox(key=f"{FIELD}copy.{survey.id}").select(first.taxonomy_id).run()
    page = typed(click(page, f"{BUTTON}begin.{survey.id}"), {0: {"Topic": "Costs"}})
    page = click(page, f"{BUTTON}save.{new_name(survey.id)}")
    opened = address(page, session_keys.OPEN_TAXONOMY)
    assert opened not in {None, NEW, first.taxonomy_id}
    assert names(desk, str(opened)) == ["Costs", "Staff", "App"]
    assert names(desk, first.taxonomy_id) == ["Price", "Staff", "App"]


def test_topics_are_written_into_an_empty_table(desk: Desk) -> None:
    survey = desk.survey()
    page = click(choose_way(open_topics(survey), survey, "Empty"), f"{BUTTON}begin.{survey.id}")
    assert page.button(key=f"{BUTTON}save.{new_name(survey.id)}").disabled
    page = typed(page, {}, [{"Topic": "Waiting", "Keywords": "queue, line"}, {"Topic": "Prices"}])
    click(page, f"{BUTTON}save.{new_name(survey.id)}")
    waiting, prices = only_taxonomy(desk).taxonomy.topics
    assert (waiting.name, waiting.keywords, prices.name) == ("Waiting", ("queue", "line"), "Prices")


def test_name_that_is_taken_is_refused_and_the_draft_stays(desk: Desk) -> None:
    survey = desk.survey()
    desk.taxonomy("Spring wave")
    page = click(choose_way(open_topics(survey), survey, "Empty"), f"{BUTTON}begin.{survey.id}")
    field = page.text_input(key=f"{FIELD}name.{new_name(survey.id)}")
    assert field.value == "Spring wave 2"
    field.set_value("Spring wave").run()
    page = click(typed(page, {}, [{"Topic": "Waiting"}]), f"{BUTTON}save.{new_name(survey.id)}")
    assert page.error
    page.text_input(key=f"{FIELD}name.{new_name(survey.id)}").set_value("Autumn").run()
    page = click(page, f"{BUTTON}save.{new_name(survey.id)}")
    assert names(desk, str(address(page, session_keys.OPEN_TAXONOMY))) == ["Waiting"]


def test_what_was_typed_survives_a_click_elsewhere_and_a_reload(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    page = typed(open_topics(survey, taxonomy), {1: {"Topic": "Personnel"}})
    assert "1 topic renamed" in shown(page)
    for step in (DATA, TOPICS):
        page.session_state[session_keys.SURVEY_STEP] = step
        page.query_params[session_keys.SURVEY_STEP] = step
        page.run()
    assert table(page) == ["Price", "Personnel", "App"]
    # Another session of the same person, as after a reload.
    page = open_topics(survey, taxonomy)
    assert table(page) == ["Price", "Personnel", "App"]
    assert "1 topic renamed" in shown(page)
    assert names(desk, taxonomy.taxonomy_id) == ["Price", "Staff", "App"]


def test_changes_are_saved_with_a_note_after_a_look_at_what_they_touch(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    desk.run(survey, taxonomy.taxonomy_id)
    name = taxonomy.taxonomy_id
    page = typed(open_topics(survey, taxonomy), {0: {"Pick": True}, 1: {"Pick": True}, 2: {"Topic": "Mobile app"}})
    page = click(click(page, f"{BUTTON}merge.{name}"), f"{BUTTON}review.{name}")
    assert not page.exception
    assert "20 of 40 responses" in shown(page).replace("*", "")
    assert "“Staff” becomes part of “Price”" in shown(page)
    assert "“App” is called “Mobile app”" in shown(page)
    page.text_input(key=f"{FIELD}note.{name}").set_value("Fewer topics for the board.").run()
    page = click(page, f"{BUTTON}save.{name}")
    saved = desk.services.surveys.taxonomies.get(TENANT, taxonomy.taxonomy_id)
    assert (saved.number, saved.note, dict(saved.moved)) == (2, "Fewer topics for the board.", {"staff": "price"})
    assert table(page) == ["Price", "Mobile app"]
    assert f"{BUTTON}review.{name}" not in keys(page)


def test_removed_topics_say_how_many_responses_become_other(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    desk.run(survey, taxonomy.taxonomy_id)
    name = taxonomy.taxonomy_id
    page = click(typed(open_topics(survey, taxonomy), {1: {"Pick": True}}), f"{BUTTON}remove.{name}")
    page = click(page, f"{BUTTON}review.{name}")
    assert "10 of them lose all their topics and become Other" in shown(page).replace("*", "")


def test_name_that_two_topics_have_is_not_taken_over_until_it_is_mended(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    page = typed(open_topics(survey, taxonomy), {0: {"Topic": "Costs"}})
    page = typed(page, {0: {"Topic": "Costs"}, 1: {"Topic": "costs"}})
    assert "Two topics have the name" in shown(page)
    assert "the last change is not taken over" in shown(page)
    page = typed(page, {0: {"Topic": "Costs"}, 1: {"Topic": "People"}})
    assert "Two topics have the name" not in shown(page)
    assert "2 topics renamed" in shown(page)


def test_undo_takes_back_the_last_change_and_discard_everything(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    name = taxonomy.taxonomy_id
    page = click(typed(open_topics(survey, taxonomy), {0: {"Pick": True}}), f"{BUTTON}remove.{name}")
    page = click(typed(page, {0: {"Pick": True}}), f"{BUTTON}remove.{name}")
    assert table(page) == ["App"]
    page = click(page, f"{BUTTON}undo.{name}")
    assert table(page) == ["Staff", "App"]
    page = click(typed(page, {0: {"Topic": "People"}}), f"{BUTTON}discard.{name}")
    assert table(page) == ["Price", "Staff", "App"]
    assert "Not saved" not in shown(page)
    assert "Not saved" not in shown(page.run())


def test_topics_are_put_below_another_one_and_split(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    name = taxonomy.taxonomy_id
    page = typed(open_topics(survey, taxonomy), {1: {"Pick": True}})
    page = page.selectbox(key=f"{FIELD}below.{name}").select("app").run()
    page = click(page, f"{BUTTON}move.{name}")
    page = typed(page, {0: {"Pick": True}})
    page.text_area(key=f"{FIELD}parts.{name}.price").set_value("Too dear\n\nRefunds ").run()
    page = click(page, f"{BUTTON}split.{name}")
    assert not page.exception
    below = dict(zip(table(page), page.data_editor[0].value["Below"], strict=True))
    assert below == {"Price": "", "Too dear": "Price", "Refunds": "Price", "Staff": "App", "App": ""}


def test_topic_of_a_run_is_split_by_what_its_responses_suggest(desk: Desk) -> None:
    survey = desk.survey()
    taxonomy = desk.taxonomy(taxonomy=Taxonomy((Topic("the", "Everything"),)))
    desk.run(survey, taxonomy.taxonomy_id)
    name = taxonomy.taxonomy_id
    page = typed(open_topics(survey, taxonomy), {0: {"Pick": True}})
    page = click(page, f"{session_keys.SUGGESTION_BUTTON}within.{name}")
    assert not page.exception
    (part,) = [box for box in page.checkbox if "Staff" in box.label]
    page = click(part.uncheck().run(), f"{session_keys.SUGGESTION_BUTTON}take_parts.{name}")
    assert table(page) == ["Everything", "Price", "App"]


def test_examples_are_added_and_removed(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    name = taxonomy.taxonomy_id
    page = typed(open_topics(survey, taxonomy), {0: {"Pick": True}})
    page.text_area(key=f"{FIELD}example.{name}.price").set_value("Way too dear\nI like the prices").run()
    page = click(page, f"{BUTTON}example.{name}")
    assert list(page.data_editor[0].value["Examples"]) == [2, 0, 0]
    page = typed(page, {0: {"Pick": True}})
    (pills,) = [one for one in page.pills if one.key == f"{FIELD}unlearn.{name}.price"]
    page = pills.set_value(["Way too dear"]).run()
    page = click(page, f"{BUTTON}unlearn.{name}")
    page = click(page, f"{BUTTON}review.{name}")
    click(page, f"{BUTTON}save.{name}")
    saved = desk.services.surveys.taxonomies.get(TENANT, taxonomy.taxonomy_id)
    assert saved.taxonomy.examples == (Example("I like the prices", ("price",)),)


def test_colleague_who_saved_first_is_told_and_both_changes_are_kept(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    service, name = desk.services.surveys.taxonomies, taxonomy.taxonomy_id
    page = typed(open_topics(survey, taxonomy), {0: {"Topic": "Costs"}})
    grace = desk.services.accounts.get_account(GRACE)
    service.save(grace, TENANT, name, rename(start(taxonomy.taxonomy), "staff", "People"), "People, not staff", 1)
    page = page.run()
    assert "grace.lin saved version 2" in shown(page)
    assert "People, not staff" in shown(page)
    page = click(page, f"{BUTTON}rebase.{name}")
    assert table(page) == ["Costs", "People", "App"]
    page = click(click(page, f"{BUTTON}review.{name}"), f"{BUTTON}save.{name}")
    assert names(desk, name) == ["Costs", "People", "App"]
    assert service.get(TENANT, name).number == 3


def test_changes_in_conflict_can_become_a_taxonomy_of_their_own(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    service, name = desk.services.surveys.taxonomies, taxonomy.taxonomy_id
    page = typed(open_topics(survey, taxonomy), {0: {"Topic": "Costs"}})
    service.save(desk.omar, TENANT, name, rename(start(taxonomy.taxonomy), "price", "Prices"), "", 1)
    page = click(page.run(), f"{BUTTON}fork.{name}")
    assert table(page) == ["Costs", "Staff", "App"]
    page = click(page, f"{BUTTON}save.{new_name(survey.id)}")
    assert names(desk, str(address(page, session_keys.OPEN_TAXONOMY))) == ["Costs", "Staff", "App"]
    assert names(desk, name) == ["Prices", "Staff", "App"]


def test_history_tells_what_changed_and_brings_an_old_version_back(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    service, name = desk.services.surveys.taxonomies, taxonomy.taxonomy_id
    service.save(desk.omar, TENANT, name, rename(start(taxonomy.taxonomy), "price", "Costs"), "As the board asked", 1)
    page = open_topics(survey, taxonomy)
    page.session_state[f"{FIELD}versions.{name}"] = True
    page.run()
    assert "As the board asked" in shown(page)
    assert "“Price” is called “Costs”" in shown(page)
    click(page, f"{BUTTON}restore.{name}.1")
    assert names(desk, name) == ["Price", "Staff", "App"]
    assert service.get(TENANT, name).number == 3


def test_file_takes_the_place_of_the_topics_once_it_was_looked_at(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    name = taxonomy.taxonomy_id
    page = open_topics(survey, taxonomy)
    changed = Taxonomy((Topic("price", "Costs"), Topic("seats", "Seats")))
    page.file_uploader(key=f"{FIELD}import.{name}").set_value(
        [("t.csv", export_csv(changed).encode(), "text/csv")]
    ).run()
    page = click(page, f"{BUTTON}import.{name}")
    assert table(page) == ["Costs", "Seats"]
    assert names(desk, name) == ["Price", "Staff", "App"]
    page = click(page, f"{BUTTON}review.{name}")
    assert "“Staff” is removed" in shown(page)


def test_suggested_topics_are_added_to_a_taxonomy_that_is_there(desk: Desk) -> None:
    survey = desk.survey()
    taxonomy = desk.taxonomy(taxonomy=Taxonomy((Topic("price", "price"),)))
    name = taxonomy.taxonomy_id
    page = open_topics(survey, taxonomy)
    page.session_state[f"{session_keys.SUGGESTION_FIELD}more.{name}"] = True
    page = click(page.run(), f"{session_keys.SUGGESTION_BUTTON}start.{name}")
    page = click(page, f"{session_keys.SUGGESTION_BUTTON}take.{name}")
    assert table(page) == ["price", "Staff", "App"]
    assert "2 added" in shown(page)
    page = click(page, f"{session_keys.SUGGESTION_BUTTON}take.{name}")
    assert "has all of these topics already" in shown(page)


def test_taxonomy_is_renamed_and_one_that_a_run_used_cannot_be_deleted(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    name = taxonomy.taxonomy_id
    page = open_topics(survey, taxonomy)
    page.text_input(key=f"{FIELD}rename.{name}").set_value("Board topics").run()
    page = click(page, f"{BUTTON}rename.{name}")
    assert desk.services.surveys.taxonomies.stored(TENANT, name).name == "Board topics"
    desk.run(survey, name)
    page = click(click(page, f"{BUTTON}delete.{name}"), session_keys.CONFIRM_BUTTON)
    assert page.error
    assert desk.services.surveys.taxonomies.list(TENANT)


def test_taxonomy_without_runs_is_deleted_after_a_question(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    page = click(open_topics(survey, taxonomy), f"{BUTTON}delete.{taxonomy.taxonomy_id}")
    page = click(page, session_keys.CONFIRM_BUTTON)
    assert not page.exception
    assert not desk.services.surveys.taxonomies.list(TENANT)
    assert "Where do the topics come from?" in shown(page)


def test_taxonomy_of_the_last_run_is_open_and_that_of_the_earlier_wave_for_the_next(desk: Desk) -> None:
    first, used = desk.survey("First"), desk.taxonomy("Used")
    desk.taxonomy("Another")
    desk.run(first, used.taxonomy_id)
    second = desk.survey("Second")
    desk.services.surveys.library.update(desk.omar, TENANT, second.id, earlier_wave_id=first.id)
    for survey in (first, second):
        page = open_topics(survey)
        assert page.selectbox(key=f"{FIELD}which.{survey.id}").value == used.taxonomy_id


def test_saved_topics_lead_to_a_run(desk: Desk) -> None:
    survey, taxonomy = desk.survey(), desk.taxonomy()
    page = open_topics(survey, taxonomy)
    page = click(page, f"{session_keys.SURVEY_BUTTON}to.{RUN}.{taxonomy.taxonomy_id}")
    assert step_of(page) == RUN
