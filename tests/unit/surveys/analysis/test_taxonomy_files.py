"""Reading taxonomies and examples, and the words for what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.errors import InputError, NotFoundError
from services.surveys.example_files import read_examples
from services.surveys.models import Example, Response, Sentiment, Taxonomy, Topic
from services.surveys.suggestions import SuggestedTopic
from services.surveys.taxonomy_files import read_taxonomy, suggested_as_yaml

JSON = (
    '[\n\t{"id": "price", "name": "Price", "description": "cost"},\n\t{"id": 7, "name": "Staff", "description": ""}\n]'
)
YAML = """
topics:
  - id: price
    name: Price
    description: cost
    keywords: [cheap, expensive]
    examples: ["It costs, frankly, too much"]
    color: red
  - name: Wait times
    parent: price
    keywords: queue, line
"""


def written(folder: Path, text: str | bytes, name: str = "topics.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_json_list_of_topics_is_read(tmp_path: Path) -> None:
    taxonomy = read_taxonomy(written(tmp_path, JSON, "topics.json"))
    assert taxonomy == Taxonomy((Topic("price", "Price", "cost"), Topic("7", "Staff")))


def test_yaml_is_read_with_keywords_examples_and_parents(tmp_path: Path) -> None:
    taxonomy = read_taxonomy(written(tmp_path, YAML))
    assert taxonomy.topics == (
        Topic("price", "Price", "cost", ("cheap", "expensive")),
        Topic("wait-times", "Wait times", "", ("queue", "line"), "price"),
    )
    assert taxonomy.examples == (Example("It costs, frankly, too much", ("price",)),)


def test_words_that_yaml_takes_for_something_else_stay_words(tmp_path: Path) -> None:
    topics = read_taxonomy(written(tmp_path, "- {id: 007, name: No}\n- {id: 1e3, name: 2024-01-02}")).topics
    assert [(topic.id, topic.name) for topic in topics] == [("007", "No"), ("1e3", "2024-01-02")]


def test_other_encodings_are_read(tmp_path: Path) -> None:
    assert read_taxonomy(written(tmp_path, "- name: Café".encode("utf-16"))).topics[0].name == "Café"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "empty-file", "topics.yaml"),
        ("# nothing", "no-topics", "no topics"),
        ("[]", "no-topics", "no topics"),
        ("just words", "not-a-taxonomy", "no list"),
        ("- id: a\n  name: A\n - broken", "not-a-taxonomy", "line 3"),
        ("themes: []", "not-a-taxonomy", "topics"),
        ("- {id: a, name: Price}\n- {id: b, name: price}", "topic-twice", "Lines 1 and 2"),
        ("- {id: a, name: Price}\n\n- {id: a, name: Cost}", "topic-twice", "Lines 1 and 3"),
        ("- {id: a, name: A}\n- {description: lost}", "bad-topic", "line 2"),
        ("- {id: a, name: A}\n- [1, 2]", "bad-topic", "line 2"),
        ("- {id: a, name: [A]}", "bad-topic", "line 1"),
        ("- {id: 'a|b', name: A}", "bad-topic", "line 1"),
        ("- {id: a, name: A, keywords: {b: c}}", "bad-topic", "line 1"),
        ("- {id: a, name: A}\n- {id: b, name: B, parent: c}", "unknown-topic", "Line 2"),
        ("\n".join(f"- topic {number}" for number in range(1001)), "too-many-topics", "1,000"),
        ("[" * 5000, "not-a-taxonomy", "topics.yaml"),
    ],
)
def test_what_is_wrong_with_a_taxonomy_is_said_with_its_line(tmp_path: Path, text: str, code: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_taxonomy(written(tmp_path, text))
    assert caught.value.code == code
    assert words in caught.value.message_for_user
    assert caught.value.remedy


def test_aliases_that_grow_without_end_do_no_harm(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(InputError):
        read_taxonomy(written(tmp_path, "\n".join(lines)))


def test_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_taxonomy(tmp_path / "nowhere.yaml")
    with pytest.raises(NotFoundError):
        read_examples(tmp_path / "nowhere.csv", Taxonomy(()))


def test_suggested_topics_can_be_read_back(tmp_path: Path) -> None:
    topic = Topic("cold-coffee", "Cold, coffee", "cold, coffee: “bitter”", ("cold", "coffee", "no"))
    suggestion = SuggestedTopic(topic, 12, (Response("1", "=cold: coffee\n- 🙂"),))
    assert read_taxonomy(written(tmp_path, suggested_as_yaml([suggestion]))) == Taxonomy((topic,))


TAXONOMY = Taxonomy((Topic("price", "Price"), Topic("staff", "Friendly staff")))


def test_examples_name_topics_by_id_or_name_and_none_is_other(tmp_path: Path) -> None:
    text = 'text,topics,sentiment\n"Cheap, and\nfriendly",price|Friendly STAFF,Positive\nmy dog,,\n\nok,price,mixed\n'
    assert read_examples(written(tmp_path, text, "e.csv"), TAXONOMY) == (
        Example("Cheap, and\nfriendly", ("price", "staff"), Sentiment.POSITIVE),
        Example("my dog", ()),
        Example("ok", ("price",), Sentiment.MIXED),
    )


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_and_missing_sentiments_are_fine(tmp_path: Path, delimiter: str) -> None:
    text = f"\ufeffTopics{delimiter}Text\nprice{delimiter}cheap\n"
    assert read_examples(written(tmp_path, text, "e.csv"), TAXONOMY) == (Example("cheap", ("price",)),)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("words,topics\na,price", "missing-column", "text"),
        ("text,topics,text\na,price,b", "missing-column", "more than one"),
        ("text,topics\ncheap,price\n\nrude,stuff\n", "unknown-topic", "Line 4"),
        ('text,topics\n"two\nlines",price\nrude,stuff\n', "unknown-topic", "Line 4"),
        ("text,topics,sentiment\ncheap,price,happy", "unknown-sentiment", "Line 2"),
        ("text,topics\n,price", "empty-example", "Line 2"),
        ("text,topics\ncheap, but good,price", "bad-line", "Line 2"),
    ],
)
def test_what_is_wrong_with_examples_is_said_with_its_line(tmp_path: Path, text: str, code: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_examples(written(tmp_path, text, "e.csv"), TAXONOMY)
    assert caught.value.code == code
    assert words in caught.value.message_for_user
