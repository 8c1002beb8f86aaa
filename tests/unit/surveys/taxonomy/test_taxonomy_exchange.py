"""Taxonomies and examples as files: what goes out comes in again, and a spreadsheet runs nothing of it."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import InputError
from services.spreadsheets import FORMULA_STARTS
from services.surveys.example_files import export_examples, import_examples
from services.surveys.models import Example, Sentiment, Taxonomy, Topic
from services.surveys.taxonomy_checks import check_storable
from services.surveys.taxonomy_exchange import export_csv, export_yaml, import_taxonomy
from services.surveys.topic_words import example_text, keyword_list, name_key, one_line
from tests.unit.surveys.taxonomy.test_taxonomy_edits import refused

# Letters of all kinds, and what files give a meaning to.
_PIECES = st.one_of(
    st.characters(exclude_categories=["Cs"]),
    st.sampled_from([*"=+-@|,;:\\'\"{}[]#&*!%>\t\n ~?", "{negative}", "''=", "null"]),
)
_TEXTS = st.lists(_PIECES, max_size=12).map("".join)
_LINES = _TEXTS.map(one_line)
_NAMES = _LINES.filter(bool)


@st.composite
def taxonomies(draw: st.DrawFn) -> Taxonomy:
    names = draw(st.lists(_NAMES, min_size=1, max_size=5, unique_by=name_key))
    ids = draw(
        st.lists(
            _LINES.filter(lambda text: bool(text) and "|" not in text),
            min_size=len(names),
            max_size=len(names),
            unique=True,
        )
    )
    topics = tuple(
        Topic(
            topic_id,
            name,
            draw(_LINES),
            keyword_list(draw(st.lists(_TEXTS, max_size=3))),
            draw(st.sampled_from([None, *ids[:number]])) if number < 4 else None,
        )
        for number, (topic_id, name) in enumerate(zip(ids, names, strict=True))
    )
    texts = draw(st.lists(_TEXTS.map(example_text).filter(bool), max_size=4, unique=True))
    examples = tuple(
        Example(
            text,
            tuple(draw(st.lists(st.sampled_from(ids), max_size=3, unique=True))),
            draw(st.sampled_from([None, *Sentiment])),
        )
        for text in texts
    )
    return Taxonomy(topics, examples)


def comparable(examples: tuple[Example, ...]) -> set[tuple[str, frozenset[str], Sentiment | None]]:
    return {(example.text, frozenset(example.topic_ids), example.sentiment) for example in examples}


@given(taxonomies())
def test_yaml_gives_back_exactly_what_was_written(taxonomy: Taxonomy) -> None:
    check_storable(taxonomy)
    assert import_taxonomy("topics.yaml", export_yaml(taxonomy).encode()) == taxonomy


@given(taxonomies(), st.sampled_from(["utf-8", "utf-8-sig"]))
def test_csv_gives_back_all_topics_and_all_examples(taxonomy: Taxonomy, codec: str) -> None:
    read = import_taxonomy("topics.csv", export_csv(taxonomy).encode(codec))
    assert read.topics == taxonomy.topics
    assert comparable(read.examples) == comparable(taxonomy.examples)


@given(taxonomies())
def test_no_cell_of_a_csv_is_a_formula(taxonomy: Taxonomy) -> None:
    for text in (export_csv(taxonomy), export_examples(taxonomy)):
        for row in csv.reader(io.StringIO(text, newline="")):
            assert not any(cell.lstrip(" ").startswith(FORMULA_STARTS) for cell in row)


@given(taxonomies())
def test_examples_can_be_written_and_read_by_themselves(taxonomy: Taxonomy) -> None:
    assert import_examples("examples.csv", export_examples(taxonomy).encode(), taxonomy) == taxonomy.examples


@given(st.binary(max_size=60), st.sampled_from(["a.yaml", "a.json", "a.csv", "a.txt", "a"]))
def test_any_bytes_are_read_or_refused_in_words(data: bytes, name: str) -> None:
    try:
        check_storable(import_taxonomy(name, data))
    except InputError as error:
        assert all((error.code, error.message_for_user, error.remedy))  # noqa: PT017


@given(st.text(st.sampled_from(list("-:#[]{}&*!|>'\"%@`,?~ \n\tab01")), max_size=40))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    for name in ("a.yaml", "a.json", "a.csv"):
        try:
            check_storable(import_taxonomy(name, text.encode()))
        except InputError as error:
            assert all((error.code, error.message_for_user, error.remedy))  # noqa: PT017


CSV = """\
Name;Parent;Keywords;Examples;Notes
Ordering;;;;
Waiting time;ordering;"queue, line";"Waited an hour {negative} | Fast";mine
Price;Waiting TIME;;Fast;
;;;"my dog | n/a";
"""


def test_csv_that_a_person_wrote_needs_no_ids_and_may_name_parents() -> None:
    assert import_taxonomy("t.csv", CSV.encode("cp1252")) == Taxonomy(
        (
            Topic("ordering", "Ordering"),
            Topic("waiting-time", "Waiting time", "", ("queue", "line"), "ordering"),
            Topic("price", "Price", "", (), "waiting-time"),
        ),
        (
            Example("Waited an hour", ("waiting-time",), Sentiment.NEGATIVE),
            Example("Fast", ("waiting-time", "price")),
            Example("my dog", ()),
            Example("n/a", ()),
        ),
    )


def test_format_is_told_by_the_content_where_the_name_does_not() -> None:
    assert import_taxonomy("topics.txt", CSV.encode()).topics[0].id == "ordering"
    assert import_taxonomy("topics", b"- name: Price").topics == (Topic("price", "Price"),)


def test_json_of_programs_is_read_with_its_emoji() -> None:
    written = json.dumps({"topics": [{"name": "Smileys 🙂", "keywords": None, "parent": None}]})
    assert "\\ud83d" in written
    assert import_taxonomy("t.json", written.encode()).topics == (Topic("smileys", "Smileys 🙂"),)


def test_backslash_before_what_looks_like_an_emoji_stays_one() -> None:
    written = json.dumps([{"name": "a\\ud83d\\ude42"}])
    assert import_taxonomy("t.json", written.encode()).topics[0].name == "a\\ud83d\\ude42"


@pytest.mark.parametrize("part", ["[", "- ", "a: {", "? ", "[[{"])
def test_file_that_is_nested_without_end_is_refused(part: str) -> None:
    with refused("not-a-taxonomy"):
        import_taxonomy("t.yaml", part.encode() * 100_000)


def test_words_that_yaml_takes_for_nothing_stay_words_between_quotation_marks() -> None:
    topics = import_taxonomy("t.yaml", b"- {name: 'null', description: null}\n- {name: '~'}").topics
    assert [(topic.name, topic.description) for topic in topics] == [("null", ""), ("~", "")]


def test_topics_whose_names_make_the_same_id_get_different_ones() -> None:
    topics = import_taxonomy("t.csv", b"name,id\nPrice!,\nPrice?,\nOther,price\n").topics
    assert [topic.id for topic in topics] == ["price-2", "price-3", "price"]


@pytest.mark.parametrize(
    ("name", "text", "code", "words"),
    [
        ("t.csv", "title,what\na,b", "missing-column", "name"),
        ("t.csv", "name,name\na,b", "missing-column", "more than one"),
        ("t.csv", "name,id\n", "no-topics", "no topics"),
        ("t.csv", "name,keywords\nPrice,a,b", "bad-line", "Line 2"),
        ("t.csv", "name,description\nPrice,\n,lost", "bad-topic", "line 3"),
        ("t.csv", "name\nPrice\n\nprice", "topic-twice", "Lines 2 and 4"),
        ("t.csv", "name,parent\nA,B\nB,A", "parent-cycle", "below itself"),
        ("t.csv", "name,parent\nA,C", "unknown-topic", "Line 2"),
        ("t.csv", f"name\n{'x' * 201}", "bad-topic", "Line 2"),
        ("t.yaml", "topics: [A]\nexamples: [{text: x, topics: [B]}]", "unknown-topic", "Line 2"),
        ("t.yaml", "topics: [A]\nexamples: [{text: x, topics: a, sentiment: happy}]", "bad-example", "line 2"),
        ("t.yaml", "topics: [A]\nexamples: [{topics: a}]", "bad-example", "no text"),
        ("t.yaml", "topics: [A]\nexamples: [x]", "bad-example", "line 2"),
        ("t.yaml", "topics: [A]\nexamples: x", "not-a-taxonomy", "no list"),
        ("t.yaml", f"- {{name: A, description: {'x' * 2001}}}", "bad-topic", "2,001"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(name: str, text: str, code: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        import_taxonomy(name, text.encode())
    assert caught.value.code == code
    assert words in caught.value.message_for_user
    assert caught.value.remedy


def test_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    with refused("not-a-taxonomy"):
        import_taxonomy("t.yaml", b"- name: x\n" * 1_000_001)
