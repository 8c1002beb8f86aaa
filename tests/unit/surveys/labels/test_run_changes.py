"""What a re-run found otherwise is what a slow recount finds."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from services.errors import ConflictError, InputError
from services.surveys.label_models import LabelChange, LabeledTopic, key_of_text
from services.surveys.models import Sentiment, Topic
from tests.unit.surveys.labels.label_desk import ANALYST, FOUND, MASKED, TENANT, TOPICS, LabelDesk, keys
from tests.unit.surveys.labels.recount import random_label, said, with_other


def test_every_count_is_that_of_a_slow_recount() -> None:
    draw = random.Random(4)
    before = {f"text {number}": random_label(draw, unsaid=False) for number in range(150)}
    now = {text: label if draw.random() < 0.6 else random_label(draw, unsaid=False) for text, label in before.items()}
    texts = [text for place, text in enumerate(before) for _ in range(place % 3 + 1)]
    desk = LabelDesk([(str(row), text) for row, text in enumerate(texts)])
    desk.add_run("before", before)
    desk.add_run("now", {text: label for text, label in now.items() if text != "text 9"})
    counted = [text for text in texts if text != "text 9"]
    changes = desk.evaluation.changes(TENANT, "now", "before")
    gained: Counter[str | None] = Counter()
    lost: Counter[str | None] = Counter()
    kept: Counter[str | None] = Counter()
    moves: Counter[tuple[Sentiment | None, Sentiment | None]] = Counter()
    topics_changed = 0
    for text in counted:
        (old, old_feeling), (new, new_feeling) = said(before[text]), said(now[text])
        gained.update(with_other(new) - with_other(old))
        lost.update(with_other(old) - with_other(new))
        kept.update(with_other(new) & with_other(old))
        moves[old_feeling, new_feeling] += 1
        topics_changed += set(old) != set(new)
    assert [change.topic_id for change in changes.topics] == [*(topic.id for topic in TOPICS), None]
    for change in changes.topics:
        topic_id = change.topic_id
        assert (change.gained, change.lost, change.kept) == (gained[topic_id], lost[topic_id], kept[topic_id])
    assert changes.sentiment_moves == tuple(tuple(moves[one, two] for two in Sentiment) for one in Sentiment)
    assert changes.sentiment_changed == sum(count for (one, two), count in moves.items() if one != two)
    assert (changes.topics_changed, changes.response_count) == (topics_changed, len(counted))
    assert changes.skipped_count == len(texts) - len(counted)


def test_the_texts_behind_a_change_are_named_those_of_most_responses_first(desk: LabelDesk) -> None:
    desk.add_run("now", {**FOUND, "asdf": "app- -", "Too expensive": "app- 0"})
    changes = desk.evaluation.changes(TENANT, "now", "run")
    prices, _, _, app, other = changes.topics
    assert list(prices.lost_keys) == keys("Too expensive")
    assert list(app.gained_keys) == keys("Too expensive", "asdf")
    assert (app.gained, app.kept) == (4, 1)
    assert list(other.lost_keys) == keys("asdf")
    assert list(changes.sentiment_keys) == keys("Too expensive", "asdf")


def test_long_lists_of_texts_are_cut() -> None:
    found = {f"text {number}": "prices- -" for number in range(150)}
    desk = LabelDesk([(text, text) for text in found])
    desk.add_run("before", found)
    desk.add_run("now", dict.fromkeys(found, "staff- +"))
    changes = desk.evaluation.changes(TENANT, "now", "before")
    assert changes.topics[1].gained == 150
    assert len(changes.topics[1].gained_keys) == len(changes.sentiment_keys) == 100


def test_corrections_among_the_changed_and_those_that_the_new_run_met_are_counted(desk: LabelDesk) -> None:
    def correct(text: str, *topics: str) -> None:
        change = LabelChange(topics=tuple(LabeledTopic(topic) for topic in topics))
        desk.labels.correct(ANALYST, TENANT, "run", keys(text), change)

    correct("Too expensive", "app", "prices")
    correct("asdf", "waiting")
    correct(MASKED)
    desk.add_run("now", {**FOUND, "Too expensive": "prices- app- -", MASKED: "+", "The app crashes": "-"})
    changes = desk.evaluation.changes(TENANT, "now", "run")
    assert (changes.topics_changed, changes.corrected_count) == (5, 4)
    assert (changes.corrections.count, changes.corrections.before, changes.corrections.now) == (3, 0, 2)


def test_renaming_merging_and_removing_topics_is_no_change_of_what_was_found(desk: LabelDesk) -> None:
    renamed = Topic("service", "Service")
    desk.add_version((TOPICS[0], renamed), {"staff": "service", "waiting": "service", "app": None})
    now = {text: label.replace("staff", "service").replace("app- ", "") for text, label in FOUND.items()}
    desk.add_run("now", now, version=2)
    changes = desk.evaluation.changes(TENANT, "now", "run")
    assert [(change.topic_id, change.gained, change.lost) for change in changes.topics] == [
        ("prices", 0, 0),
        ("service", 0, 0),
        (None, 0, 0),
    ]
    assert changes.topics_changed == 0
    assert "versions of the taxonomy" in changes.notes[0]


def test_runs_with_different_taxonomies_or_still_going_on_are_refused(desk: LabelDesk) -> None:
    first = desk.repository.get_version(TENANT, "t1")
    desk.repository.insert_taxonomy(TENANT, "Second", replace(first, taxonomy_id="t2"))
    desk.add_run("other", taxonomy_id="t2")
    with pytest.raises(InputError) as caught:
        desk.evaluation.changes(TENANT, "other", "run")
    assert caught.value.code == "different-taxonomies"
    desk.add_run("now")
    desk.unfinish("now")
    with pytest.raises(ConflictError):
        desk.evaluation.changes(TENANT, "now", "run")


def test_the_same_findings_change_nothing(desk: LabelDesk) -> None:
    desk.add_run("now")
    changes = desk.evaluation.changes(TENANT, "now", "run")
    assert (changes.topics_changed, changes.sentiment_changed, changes.corrected_count) == (0, 0, 0)
    assert changes.topics[0].kept == 4
    assert key_of_text("asdf") not in changes.topics[0].gained_keys
