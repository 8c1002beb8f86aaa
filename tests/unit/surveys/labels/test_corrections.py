"""Corrections hold for every response with the text, and start from what is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.errors import AccessError, BackendUnavailableError, ConflictError, InputError, NotFoundError
from services.surveys.label_models import LabelChange, LabeledTopic, LabelPurpose, key_of_text
from services.surveys.models import Example, Sentiment, Topic
from tests.unit.surveys.labels.label_desk import (
    AGENT,
    ANALYST,
    FOUND,
    MASKED,
    QUESTION,
    SURVEY,
    TAXONOMY,
    TENANT,
    TOPICS,
    LabelDesk,
    keys,
)

PRICES, STAFF, WAITING, APP = (LabeledTopic(topic.id) for topic in TOPICS)
MIXED = "Friendly people but slow"


def correct(desk: LabelDesk, *texts: str, run_id: str = "run", **change: object) -> int:
    return desk.labels.correct(ANALYST, TENANT, run_id, keys(*texts), LabelChange(**change))  # type: ignore[arg-type]


def topics_of(desk: LabelDesk, text: str) -> tuple[LabeledTopic, ...] | None:
    label = desk.correction(text)
    return None if label is None else label.topics


def examples(desk: LabelDesk) -> tuple[Example, ...]:
    return desk.labels.correction_examples(TENANT, SURVEY, QUESTION, TAXONOMY)


def test_a_correction_holds_for_every_response_with_the_text(desk: LabelDesk) -> None:
    assert correct(desk, "Too expensive", topics=(STAFF,)) == 3
    label = desk.correction("Too expensive")
    assert label is not None
    assert (label.purpose, label.taxonomy_version, label.username) == (LabelPurpose.CORRECTION, 1, "omar")
    assert (label.topics, label.sentiment) == ((STAFF,), None)


def test_a_bulk_correction_starts_from_what_was_found_in_each_text(desk: LabelDesk) -> None:
    assert correct(desk, MIXED, "asdf", "The app crashes", add=(WAITING,), remove=("prices",)) == 3
    assert topics_of(desk, MIXED) == (STAFF, WAITING)
    assert topics_of(desk, "asdf") == (WAITING,)
    assert topics_of(desk, "The app crashes") == (APP, WAITING)


def test_a_second_correction_starts_from_the_first(desk: LabelDesk) -> None:
    correct(desk, MIXED, remove=("prices",))
    correct(desk, MIXED, add=(LabeledTopic("waiting", Sentiment.NEGATIVE),))
    correct(desk, MIXED, sentiment=Sentiment.NEGATIVE)
    correct(desk, MIXED, topics=(APP, WAITING))
    label = desk.correction(MIXED)
    assert label is not None
    assert label.topics == (APP, LabeledTopic("waiting", Sentiment.NEGATIVE))
    assert label.sentiment is Sentiment.NEGATIVE
    assert len(desk.labels.corrections(TENANT, SURVEY, QUESTION)) == 1


def test_what_the_person_did_not_say_stays_unsaid(desk: LabelDesk) -> None:
    correct(desk, MIXED, add=(WAITING,))
    label = desk.correction(MIXED)
    assert label is not None
    assert label.sentiment is None
    assert all(topic.sentiment is None for topic in label.topics)


def test_texts_that_a_change_does_not_alter_get_no_label_and_are_not_counted(desk: LabelDesk) -> None:
    assert correct(desk, "Too expensive", MIXED, "asdf", add=(PRICES,)) == 1
    assert desk.correction(MIXED) is None
    assert correct(desk, "asdf", add=(PRICES,)) == 0
    assert correct(desk, "Too expensive", "asdf", sentiment=Sentiment.NEGATIVE) == 1


def test_that_no_topic_fits_can_be_said_of_a_text_that_was_not_analyzed(desk: LabelDesk) -> None:
    desk.add_run("partial", {"Too expensive": "prices- -"})
    assert correct(desk, "asdf", run_id="partial", topics=()) == 1
    assert topics_of(desk, "asdf") == ()


def test_corrections_survive_a_new_run_and_start_it_off(desk: LabelDesk) -> None:
    correct(desk, "asdf", topics=(APP,))
    desk.add_run("later", dict.fromkeys(FOUND, "0"))
    assert correct(desk, "asdf", run_id="later", add=(WAITING,)) == 1
    assert topics_of(desk, "asdf") == (APP, WAITING)


def test_undo_lets_what_was_found_hold_again(desk: LabelDesk) -> None:
    correct(desk, "Too expensive", "asdf", topics=(STAFF,))
    assert desk.labels.undo(ANALYST, TENANT, "run", keys("Too expensive", MIXED)) == 3
    assert desk.correction("Too expensive") is None
    assert topics_of(desk, "asdf") == (STAFF,)
    assert desk.labels.undo(ANALYST, TENANT, "run", keys("Too expensive")) == 0


def test_undo_leaves_gold_labels_alone(desk: LabelDesk) -> None:
    desk.gold("asdf", "app? ?")
    correct(desk, "asdf", topics=(STAFF,))
    desk.labels.undo(ANALYST, TENANT, "run", keys("asdf"))
    assert len(desk.labels.gold(TENANT, SURVEY, QUESTION)) == 1


def test_confirming_keeps_what_was_found_with_its_sentiments(desk: LabelDesk) -> None:
    assert desk.labels.confirm(ANALYST, TENANT, "run", keys("Too expensive", MIXED)) == 4
    label = desk.correction(MIXED)
    assert label is not None
    assert label.topics == (LabeledTopic("staff", Sentiment.POSITIVE), LabeledTopic("prices", Sentiment.NEGATIVE))
    assert label.sentiment is Sentiment.MIXED


def test_confirming_does_not_overwrite_a_correction_nor_confirm_what_was_not_analyzed(desk: LabelDesk) -> None:
    correct(desk, "asdf", topics=(APP,))
    desk.add_run("partial", {"asdf": "0"})
    assert desk.labels.confirm(ANALYST, TENANT, "partial", keys("asdf", "Too expensive")) == 0
    assert topics_of(desk, "asdf") == (APP,)
    assert desk.correction("Too expensive") is None


def test_only_topics_of_the_taxonomy_are_accepted_and_nothing_is_changed(desk: LabelDesk) -> None:
    for change in ({"topics": (LabeledTopic("parking"),)}, {"add": (PRICES, LabeledTopic("parking"))}):
        with pytest.raises(InputError) as caught:
            correct(desk, "asdf", "Too expensive", **change)
        assert caught.value.code == "unknown-topic"
    assert desk.labels.corrections(TENANT, SURVEY, QUESTION) == []


def test_a_text_that_the_survey_does_not_have_stops_the_whole_correction(desk: LabelDesk) -> None:
    for odd in ("Never said", "Never said" * 9):
        with pytest.raises(NotFoundError) as caught:
            desk.labels.correct(
                ANALYST, TENANT, "run", [key_of_text("asdf"), key_of_text(odd)], LabelChange(add=(APP,))
            )
        assert caught.value.code == "text-missing"
    for key in ("", "é" * 40, key_of_text("asdf") + "0", key_of_text("asdf")[:31]):
        with pytest.raises(NotFoundError):
            desk.labels.correct(ANALYST, TENANT, "run", [key], LabelChange(add=(APP,)))
    assert desk.labels.corrections(TENANT, SURVEY, QUESTION) == []


def test_a_change_that_says_nothing_is_refused(desk: LabelDesk) -> None:
    with pytest.raises(InputError) as caught:
        correct(desk, "asdf")
    assert caught.value.code == "no-change"


def test_a_run_that_still_goes_on_cannot_be_corrected(desk: LabelDesk) -> None:
    desk.unfinish("run")
    with pytest.raises(ConflictError) as caught:
        correct(desk, "asdf", topics=(APP,))
    assert caught.value.code == "run-not-finished"


@pytest.mark.parametrize("account", [AGENT, replace(ANALYST, tenant_ids=("other",)), replace(ANALYST, disabled=True)])
def test_only_analysts_of_the_tenant_may_label(desk: LabelDesk, account: object) -> None:
    labels, key = desk.labels, keys("asdf")
    for attempt in (
        lambda: labels.correct(account, TENANT, "run", key, LabelChange(add=(APP,))),  # type: ignore[arg-type]
        lambda: labels.confirm(account, TENANT, "run", key),  # type: ignore[arg-type]
        lambda: labels.undo(account, TENANT, "run", key),  # type: ignore[arg-type]
        lambda: labels.label_gold(account, TENANT, "run", key[0], ()),  # type: ignore[arg-type]
        lambda: labels.remove_gold(account, TENANT, "run", key[0]),  # type: ignore[arg-type]
        lambda: labels.import_gold(account, TENANT, SURVEY, QUESTION, TAXONOMY, "a.csv", b"id,topics\nr1,app\n"),  # type: ignore[arg-type]
    ):
        with pytest.raises(AccessError):
            attempt()
    assert desk.audit.actions() == []


def test_another_tenants_run_is_not_found(desk: LabelDesk) -> None:
    stranger = replace(ANALYST, tenant_ids=("other",))
    with pytest.raises(NotFoundError):
        desk.labels.correct(stranger, "other", "run", keys("asdf"), LabelChange(add=(APP,)))


def test_the_audit_trail_has_counts_and_no_text(desk: LabelDesk) -> None:
    correct(desk, "Too expensive", topics=(STAFF,))
    desk.labels.confirm(ANALYST, TENANT, "run", keys("asdf"))
    desk.labels.undo(ANALYST, TENANT, "run", keys("Too expensive"))
    correct(desk, "Too expensive", add=(PRICES,))
    assert desk.audit.actions() == ["responses-corrected", "findings-confirmed", "corrections-undone"]
    assert desk.audit.events[0].details == {"texts": 1, "responses": 3}
    assert {event.subject for event in desk.audit.events} == {SURVEY}


def test_nothing_is_recorded_when_the_database_does_not_answer(desk: LabelDesk) -> None:
    desk.repository.broken = True
    with pytest.raises(BackendUnavailableError):
        correct(desk, "asdf", topics=(APP,))
    assert desk.audit.actions() == []


def test_corrections_follow_topics_that_were_merged_or_removed(desk: LabelDesk) -> None:
    correct(
        desk, MIXED, topics=(LabeledTopic("staff", Sentiment.POSITIVE), LabeledTopic("waiting", Sentiment.NEGATIVE))
    )
    correct(desk, "asdf", topics=(APP,))
    service = Topic("service", "Service")
    desk.add_version((TOPICS[0], service), {"staff": "service", "waiting": "service", "app": None})
    correct(desk, MIXED, add=(PRICES,))
    label = desk.correction(MIXED)
    assert label is not None
    assert (label.taxonomy_version, label.topics) == (2, (LabeledTopic("service", Sentiment.MIXED), PRICES))
    assert correct(desk, "asdf", add=(PRICES,)) == 1
    assert topics_of(desk, "asdf") == (PRICES,)


def test_a_topic_by_its_id_in_the_run_is_kept_by_its_id_today(desk: LabelDesk) -> None:
    desk.add_version((TOPICS[0], TOPICS[1]), {"waiting": "staff", "app": None})
    correct(desk, "asdf", topics=(WAITING,))
    assert topics_of(desk, "asdf") == (STAFF,)
    with pytest.raises(InputError):
        correct(desk, "asdf", topics=(APP,))


def test_corrections_become_examples_in_the_order_they_were_made(desk: LabelDesk) -> None:
    correct(desk, MASKED, topics=(STAFF,), sentiment=Sentiment.MIXED)
    desk.clock.advance(minutes=1)
    correct(desk, "Too expensive", topics=())
    assert examples(desk) == (Example(MASKED, ("staff",), Sentiment.MIXED), Example("Too expensive", (), None))


def test_texts_with_gold_labels_never_teach_a_run(desk: LabelDesk) -> None:
    correct(desk, "Too expensive", "asdf", topics=(APP,))
    desk.gold("asdf", "app? ?")
    assert [example.text for example in examples(desk)] == ["Too expensive"]
    desk.labels.remove_gold(ANALYST, TENANT, "run", *keys("asdf"))
    assert {example.text for example in examples(desk)} == {"Too expensive", "asdf"}


def test_empty_texts_and_those_whose_topics_were_all_removed_teach_nothing(desk: LabelDesk) -> None:
    correct(desk, "", "asdf", MIXED, add=(APP,))
    desk.add_version(TOPICS[:3], {"app": None})
    assert examples(desk) == (Example(MIXED, ("staff", "prices"), None),)


def test_corrections_of_another_taxonomy_are_no_examples_and_no_beginning(desk: LabelDesk) -> None:
    first = desk.repository.get_version(TENANT, TAXONOMY)
    desk.repository.insert_taxonomy(TENANT, "Second", replace(first, taxonomy_id="t2"))
    desk.add_run("second", taxonomy_id="t2")
    correct(desk, "asdf", topics=(APP,))
    assert desk.labels.correction_examples(TENANT, SURVEY, QUESTION, "t2") == ()
    correct(desk, "asdf", run_id="second", add=(PRICES,))
    assert topics_of(desk, "asdf") == (PRICES,)
