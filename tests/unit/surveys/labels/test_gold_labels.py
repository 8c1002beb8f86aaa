"""Gold labels: given on the page, or taken from a file."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from services.errors import AppError, InputError, NotFoundError
from services.surveys.label_models import GoldImport, LabeledTopic
from services.surveys.models import Sentiment, Topic
from tests.unit.surveys.intake.table_files import workbook_bytes
from tests.unit.surveys.labels.label_desk import (
    ANALYST,
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


def load(desk: LabelDesk, data: str | bytes, name: str = "gold.csv") -> GoldImport:
    content = data.encode() if isinstance(data, str) else data
    return desk.labels.import_gold(ANALYST, TENANT, SURVEY, QUESTION, TAXONOMY, name, content)


def gold(desk: LabelDesk) -> dict[str, tuple[tuple[LabeledTopic, ...], Sentiment | None]]:
    """What is kept, by text key."""
    return {label.text_key: (label.topics, label.sentiment) for label in desk.labels.gold(TENANT, SURVEY, QUESTION)}


def codes(result: GoldImport) -> list[tuple[int, str]]:
    return [(problem.row, problem.code) for problem in result.problems]


def of(*texts: str, said: Sequence[tuple[tuple[LabeledTopic, ...], Sentiment | None]]) -> dict[str, object]:
    return dict(zip(keys(*texts), said, strict=True))


def test_a_text_that_occurs_many_times_is_labeled_once(desk: LabelDesk) -> None:
    assert desk.gold("Too expensive", "prices- -") == 3
    assert desk.gold("Too expensive", "prices- staff? ?") == 3
    assert gold(desk) == of("Too expensive", said=[((LabeledTopic("prices", Sentiment.NEGATIVE), STAFF), None)])
    assert desk.labels.remove_gold(ANALYST, TENANT, "run", *keys("Too expensive", "asdf")) == 3
    assert gold(desk) == {}
    assert desk.audit.actions() == ["gold-labeled", "gold-labeled", "gold-removed"]


def test_gold_labels_need_no_finished_run_but_topics_of_the_taxonomy_and_a_response(desk: LabelDesk) -> None:
    desk.unfinish("run")
    assert desk.gold("asdf", "+") == 1
    for text, said, code in (("asdf", "parking? ?", "unknown-topic"), ("", "app? ?", "empty-response")):
        with pytest.raises(InputError) as caught:
            desk.gold(text, said)
        assert caught.value.code == code
    with pytest.raises(NotFoundError):
        desk.gold("Never said", "app? ?")


def test_rows_are_found_by_id_or_by_text(desk: LabelDesk) -> None:
    by_id = load(desk, "id,topics,sentiment\nr1,prices,negative\nr2,Staff|waiting,Mixed\n")
    assert (by_id.kept, by_id.responses, by_id.refused) == (2, 4, 0)
    expected = of(
        "Too expensive",
        "Friendly people but slow",
        said=[((PRICES,), Sentiment.NEGATIVE), ((STAFF, WAITING), Sentiment.MIXED)],
    )
    assert gold(desk) == expected
    by_text = load(desk, "text,topics,sentiment\nToo expensive,Prices,negative\n")
    assert (by_text.kept, by_text.responses, by_text.replaced) == (1, 3, 1)
    assert gold(desk) == expected


def test_the_surveys_own_names_of_columns_do_too(desk: LabelDesk) -> None:
    assert load(desk, f"{QUESTION},Topics\nasdf,App\n").kept == 1


def test_a_text_with_personal_data_is_found_as_the_survey_masked_it(desk: LabelDesk) -> None:
    assert load(desk, "text,topics\nAnn was great,staff\n").kept == 1
    assert gold(desk) == of(MASKED, said=[((STAFF,), None)])


def test_a_text_that_differs_in_case_and_marks_alone_is_found() -> None:
    desk = LabelDesk((("1", "Too slow!"), ("2", "too slow"), ("3", "too slow"), ("4", "=1+1")))
    desk.add_run(found={})
    assert load(desk, "text,topics\n TOO  slow ,waiting\n'=1+1,app\n").kept == 2
    assert set(gold(desk)) == set(keys("too slow", "=1+1"))


def test_workbooks_and_json_lines_are_read(desk: LabelDesk) -> None:
    assert load(desk, workbook_bytes([["id", "topics"], ["r1", "prices"], ["r5", "app|prices"]]), "gold.xlsx").kept == 2
    lines = [{"id": "r6", "topics": ["App", "staff"], "sentiment": "neutral"}, {"id": "r5", "topics": []}]
    result = load(desk, "\n".join(map(json.dumps, lines)), "gold.jsonl")
    assert (result.kept, result.unlabeled) == (1, 1)
    kept = gold(desk)
    assert kept[keys("asdf")[0]] == ((APP, STAFF), Sentiment.NEUTRAL)
    assert kept[keys("The app crashes")[0]] == ((APP, PRICES), None)


def test_what_the_command_line_wrote_can_be_corrected_and_read_as_gold(desk: LabelDesk) -> None:
    row = (
        'r2,Friendly people but slow,staff|waiting,mixed,"{""staff"": ""positive"", ""Waiting"": ""negative""}",0.9,,\n'
    )
    data = "id,text,topics,sentiment,topic_sentiments,confidence,evidence,other_reason\n" + row
    assert load(desk, data).kept == 1
    topics = (LabeledTopic("staff", Sentiment.POSITIVE), LabeledTopic("waiting", Sentiment.NEGATIVE))
    assert gold(desk) == of("Friendly people but slow", said=[(topics, Sentiment.MIXED)])


def test_a_row_without_topics_is_other_or_not_labeled_yet(desk: LabelDesk) -> None:
    no_sentiments = load(desk, "id,topics\nr1,\nr6,Other\n")
    assert (no_sentiments.kept, no_sentiments.other, no_sentiments.unlabeled) == (2, 2, 0)
    with_sentiments = load(desk, "id,topics,sentiment\nr2,,\nr5,,negative\nr7,none,\n")
    assert (with_sentiments.kept, with_sentiments.other, with_sentiments.unlabeled) == (2, 2, 1)
    assert len(gold(desk)) == 4


def test_every_bad_row_is_told_and_the_good_ones_are_kept(desk: LabelDesk) -> None:
    result = load(
        desk,
        "id,text,topics,sentiment\n"
        "r1,,prices,negative\n"  # 1: kept
        "r99,,prices,\n"  # 2
        ",Never said,prices,\n"  # 3
        ",,prices,\n"  # 4
        "r4,,prices,\n"  # 5: empty in the survey
        "r5,,parking|app,\n"  # 6
        "r6,,app,angry\n"  # 7
        "r5,asdf,app,\n"  # 8: another response's text
        "r2,,Parking,\n",  # 9
    )
    assert codes(result) == [
        (2, "not-in-survey"),
        (3, "not-in-survey"),
        (4, "no-response"),
        (5, "no-response"),
        (6, "unknown-topic"),
        (7, "unknown-sentiment"),
        (8, "other-text"),
        (9, "unknown-topic"),
    ]
    assert (result.kept, result.not_in_survey, result.refused) == (1, 2, 8)
    assert dict(result.unknown_topics) == {"parking": 1, "Parking": 1}
    assert gold(desk) == of("Too expensive", said=[((PRICES,), Sentiment.NEGATIVE)])


def test_file_older_than_a_merge_is_read_with_the_topics_of_today(desk: LabelDesk) -> None:
    service = Topic("service", "Service")
    desk.add_version((TOPICS[0], service), {"staff": "service", "waiting": "service", "app": None})
    result = load(desk, "id,topics,sentiment\nr1,staff|waiting,negative\nr2,app,\n")
    assert result.kept == 1
    assert [topic.topic_id for label in gold(desk).values() for topic in label[0]] == ["service"]
    assert codes(result) == [(2, "unknown-topic")]


def test_messages_about_rows_do_not_repeat_the_response(desk: LabelDesk) -> None:
    result = load(desk, "text,topics\nMy secret illness,app\nasdf,parking\n")
    assert "secret" not in " ".join(problem.message for problem in result.problems)


def test_a_text_labeled_twice_is_kept_when_both_agree_and_not_when_they_differ(desk: LabelDesk) -> None:
    result = load(
        desk,
        "id,topics,sentiment\n"
        "r1,prices|staff,negative\n"
        "r3,Staff|Prices,negative\n"  # the same text, the same label
        "r6,app,\n"
        "r6,staff,\n",
    )
    assert (result.kept, result.repeated) == (1, 1)
    assert codes(result) == [(3, "contradiction"), (4, "contradiction")]
    assert list(gold(desk)) == keys("Too expensive")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("id,sentiment\nr1,positive\n", "missing-column"),
        ("topics,sentiment\nprices,positive\n", "missing-column"),
        ("comment\nnice\n", "missing-column"),
        ("id,topics\n", "no-rows"),
        ("", "empty-file"),
        (b"%PDF-1.7", "not-text"),
    ],
)
def test_a_file_that_holds_no_labels_is_refused_with_a_remedy(desk: LabelDesk, data: str | bytes, code: str) -> None:
    with pytest.raises(AppError) as caught:
        load(desk, data)
    assert caught.value.code == code
    assert caught.value.remedy
    assert gold(desk) == {}


def test_topic_sentiments_that_are_no_json_stop_their_row_alone(desk: LabelDesk) -> None:
    rows = 'r1,prices,not json\nr5,app,"[1]"\nr6,app,"{""app"": ""angry""}"\nr7,staff,"{""staff"": ""positive""}"\n'
    result = load(desk, "id,topics,topic_sentiments\n" + rows)
    assert codes(result) == [(1, "unknown-sentiment"), (2, "unknown-sentiment"), (3, "unknown-sentiment")]
    assert gold(desk) == of(MASKED, said=[((LabeledTopic("staff", Sentiment.POSITIVE),), None)])


def test_an_import_is_recorded_with_counts(desk: LabelDesk) -> None:
    load(desk, "id,topics\nr1,prices\nr99,app\n")
    assert [(event.action, dict(event.details)) for event in desk.audit.events] == [
        ("gold-imported", {"texts": 1, "responses": 3})
    ]


def test_only_questions_of_the_survey_and_taxonomies_of_the_tenant_can_be_labeled(desk: LabelDesk) -> None:
    data = b"id,topics\nr1,prices\n"
    for question, taxonomy_id, survey_id, code in (
        ("Who?", TAXONOMY, SURVEY, "unknown-column"),
        (QUESTION, "t9", SURVEY, "taxonomy-missing"),
        (QUESTION, TAXONOMY, "s9", "survey-missing"),
    ):
        with pytest.raises(AppError) as caught:
            desk.labels.import_gold(ANALYST, TENANT, survey_id, question, taxonomy_id, "gold.csv", data)
        assert caught.value.code == code
