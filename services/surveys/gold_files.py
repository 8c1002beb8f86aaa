"""Reads gold labels from a CSV, XLSX or JSONL file: a row per response, found by its id or its text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]

from services.errors import InputError
from services.ports.privacy import PersonalDataDetector
from services.surveys.distinct_texts import distinct_texts
from services.surveys.label_models import GoldProblem, LabeledTopic, key_of_text
from services.surveys.marks import normalize
from services.surveys.masking_responses import mask_column
from services.surveys.models import Sentiment, Taxonomy
from services.surveys.prepared import PreparedSurvey
from services.surveys.present_labels import TextLabel, same
from services.surveys.response_files import read_table
from services.surveys.response_tables import ResponseTable
from services.surveys.text_index import TextIndex
from services.surveys.topic_moves import merged

SEPARATOR = "|"
OTHER_WORDS = frozenset({"other", "none", "no topic", "-"})
MOST_PROBLEMS = 200
_LONGEST_NAME = 60
_REMEDY = "The first row names the columns: id or text, topics (joined by |) and, if known, sentiment."


@dataclass(slots=True)
class GoldRows:
    """What a file says.

    Attributes:
        labels: By the number of the text.
        repeated, unlabeled, problem_counts, unknown_topics, problems: See :class:`GoldImport`.
    """

    labels: dict[int, TextLabel] = field(default_factory=dict)
    repeated: int = 0
    unlabeled: int = 0
    problem_counts: Counter[str] = field(default_factory=Counter)
    unknown_topics: dict[str, int] = field(default_factory=dict)
    problems: tuple[GoldProblem, ...] = ()


class _RowError(Exception):
    """Why a row cannot be kept."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def read_gold(
    data: bytes,
    name: str,
    survey: PreparedSurvey,
    question: str,
    index: TextIndex,
    taxonomy: Taxonomy,
    detector: PersonalDataDetector,
    earlier: Mapping[str, str] | None = None,
) -> GoldRows:
    """Read the columns ``id``, ``text``, ``topics``, ``sentiment`` and ``topic_sentiments``; others are left alone.

    The survey's own names of the first two will do too. A response is found by its id, else by its text, masked like
    the survey's; where only case, spaces or marks at the ends differ, the commonest such text is meant. A row with both
    must fit both. Topics are ids or names; none, or the word Other, says that no topic fits. But where the file has
    sentiments, a row with neither topics nor sentiment is not labeled yet. ``topic_sentiments`` is JSON from topic to
    sentiment, as ``analyze-survey`` writes it. Two rows that say different things of one text are both not kept.

    Args:
        earlier: What topics were called in earlier versions, ids and names, to the id of what became of them.

    Raises:
        InputError: ``missing-column``, and the codes of :func:`services.surveys.response_files.read_table`.
        BackendError: personal data could not be looked for.
    """
    table = read_table(data, name)
    columns = _columns(table, survey, question)
    cells = {what: table.column(column).to_pylist() for what, column in columns.items()}
    rows = [dict(zip(cells, values, strict=True)) for values in zip(*cells.values(), strict=True)]
    found = _Finder(survey, question, index, detector).numbers(rows)
    topic_ids = {**_either_case(earlier or {}), **_topic_ids(taxonomy)}
    read = GoldRows()
    problems: list[GoldProblem] = []
    said: dict[int, list[tuple[int, TextLabel]]] = {}
    unknown: Counter[str] = Counter()
    for place, (row, number) in enumerate(zip(rows, found, strict=True), start=1):
        try:
            if isinstance(number, _RowError):
                raise number
            label = _label(row, topic_ids, unknown)
        except _RowError as problem:
            problems.append(GoldProblem(place, problem.code, problem.message))
            continue
        if label is None:
            read.unlabeled += 1
        else:
            said.setdefault(number, []).append((place, label))
    for number, labels in said.items():
        first = labels[0][1]
        if all(same(first, label) for _, label in labels):
            read.labels[number] = first
            read.repeated += len(labels) - 1
            continue
        places = ", ".join(str(place) for place, _ in labels[:5])
        problems.extend(
            GoldProblem(place, "contradiction", f"Rows {places} have the same response and different labels.")
            for place, _ in labels
        )
    problems.sort(key=lambda problem: problem.row)
    read.problem_counts = Counter(problem.code for problem in problems)
    read.unknown_topics = dict(unknown.most_common())
    read.problems = tuple(problems[:MOST_PROBLEMS])
    return read


def _columns(table: ResponseTable, survey: PreparedSurvey, question: str) -> dict[str, str]:
    """The name of each column that is there."""
    by_name = {column.casefold(): column for column in reversed(table.columns)}
    wanted = {
        "id": ("id", (survey.facts.columns.id or "id").casefold()),
        "text": ("text", question.casefold(), "response", "verbatim"),
        "topics": ("topics", "topic"),
        "sentiment": ("sentiment",),
        "topic_sentiments": ("topic_sentiments",),
    }
    found = {what: next((by_name[name] for name in names if name in by_name), None) for what, names in wanted.items()}
    if found["topics"] is None or (found["id"] is None and found["text"] is None):
        missing = "topics" if found["topics"] is None else "id or text"
        raise InputError(f"{table.name} has no column “{missing}”.", code="missing-column", remedy=_REMEDY)
    return {what: column for what, column in found.items() if column is not None}


class _Finder:
    """Finds the texts of rows in the survey."""

    def __init__(self, survey: PreparedSurvey, question: str, index: TextIndex, detector: PersonalDataDetector) -> None:
        self._index = index
        self._detector = detector
        self._survey = survey
        self._texts = distinct_texts(survey, question)

    def numbers(self, rows: Sequence[Mapping[str, str]]) -> Iterator[int | _RowError]:
        """The number of each row's text, or why there is none."""
        by_id = self._by_id([row.get("id", "") for row in rows])
        by_text = self._by_text([row.get("text", "") for row in rows])
        for row, of_id, of_text in zip(rows, by_id, by_text, strict=True):
            has_id, has_text = bool(row.get("id")), bool(row.get("text"))
            number = of_id if has_id else of_text
            if not has_id and not has_text:
                yield _RowError("no-response", "The row has neither an id nor a text.")
            elif number < 0:
                what = "no response with this id" if has_id else "no response with this text"
                yield _RowError("not-in-survey", f"The survey has {what}.")
            elif has_id and has_text and not self._alike(number, of_text):
                yield _RowError("other-text", "The survey's response with this id has another text.")
            elif number == self._index.empty_number:
                yield _RowError("no-response", "The survey's response with this id is empty.")
            else:
                yield number

    def _by_id(self, ids: Sequence[str]) -> list[int]:
        if not any(ids):
            return [-1] * len(ids)
        known = self._survey.ids()
        rows = pc.index_in(pa.array(ids, pa.string()), value_set=known)
        # Exports put an apostrophe before an id that a spreadsheet would take for a formula.
        bare = pc.index_in(pa.array([one.removeprefix("'") for one in ids], pa.string()), value_set=known)
        rows = pc.coalesce(rows, bare).to_pylist()
        return [-1 if row is None else int(self._texts.of_row[row]) for row in rows]

    def _by_text(self, texts: Sequence[str]) -> list[int]:
        """As written, else masked, else by the words alone."""
        found = self._index.numbers([key_of_text(text) for text in texts])
        open_rows = [row for row, text in enumerate(texts) if text and found[row] < 0]
        if open_rows:
            masked = mask_column(pa.array([texts[row] for row in open_rows], pa.string()), self._detector).texts
            masked = masked.to_pylist()
            found[open_rows] = self._index.numbers([key_of_text(text) for text in masked])
            by_words = self._by_words()
            for row, text in zip(open_rows, masked, strict=True):
                if found[row] < 0:
                    found[row] = by_words.get(normalize(text), -1)
        return [int(number) for number in found]

    def _by_words(self) -> dict[str, int]:
        """The commonest text of those with the same words; what has no words is not among them."""
        words = [normalize(text) for text in self._texts.texts.to_pylist()]
        commonest_last = np.argsort(self._index.response_counts, kind="stable").tolist()
        return {words[number]: number for number in commonest_last if words[number]}

    def _alike(self, number: int, of_text: int) -> bool:
        if number == of_text:
            return True
        texts = self._texts.texts
        return of_text >= 0 and normalize(texts[number].as_py()) == normalize(texts[of_text].as_py())


def _topic_ids(taxonomy: Taxonomy) -> dict[str, str]:
    """Ids by themselves and by names."""
    ids = {topic.name.strip().casefold(): topic.id for topic in taxonomy.topics}
    ids.update({topic.id.casefold(): topic.id for topic in taxonomy.topics})
    ids.update({topic.id: topic.id for topic in taxonomy.topics})
    return ids


def _either_case(names: Mapping[str, str]) -> dict[str, str]:
    return {**{name.strip().casefold(): topic_id for name, topic_id in names.items()}, **names}


def _label(row: Mapping[str, str], topic_ids: Mapping[str, str], unknown: Counter[str]) -> TextLabel | None:
    """What a row says; None when nobody labeled it yet."""
    names = _names(row["topics"], topic_ids)
    sentiment = _sentiment(row.get("sentiment", ""))
    if not names and sentiment is None and "sentiment" in row:
        return None
    if len(names) == 1 and names[0].casefold() in OTHER_WORDS and names[0].casefold() not in topic_ids:
        names = []
    sentiments = _topic_sentiments(row.get("topic_sentiments", ""))
    # A file may call topics otherwise in the two columns: by id in one, by name in the other.
    of_ids = {topic_ids.get(name) or topic_ids.get(name.casefold()): one for name, one in sentiments.items()}
    topics = []
    strangers = []
    for name in names:
        topic_id = topic_ids.get(name) or topic_ids.get(name.casefold())
        if topic_id is None:
            strangers.append(name[:_LONGEST_NAME])
        else:
            topics.append(LabeledTopic(topic_id, of_ids.get(topic_id)))
    if strangers:
        unknown.update(dict.fromkeys(strangers, 1))
        raise _RowError("unknown-topic", f"The taxonomy has no topic “{strangers[0]}”.")
    return TextLabel(merged(topics), sentiment)


def _names(cell: str, topic_ids: Mapping[str, str]) -> list[str]:
    """The topics of a cell. Lists in JSON lines were joined by semicolons, which a topic's name may hold too."""
    names: list[str] = []
    for part in filter(None, (part.strip() for part in cell.split(SEPARATOR))):
        if ";" in part and part.casefold() not in topic_ids:
            names.extend(filter(None, (piece.strip() for piece in part.split(";"))))
        else:
            names.append(part)
    return names


def _sentiment(cell: str) -> Sentiment | None:
    if not cell:
        return None
    try:
        return Sentiment(cell.casefold())
    except ValueError:
        raise _RowError(
            "unknown-sentiment", f"“{cell[:_LONGEST_NAME]}” is no sentiment: use {', '.join(Sentiment)}."
        ) from None


def _topic_sentiments(cell: str) -> dict[str, Sentiment]:
    if not cell:
        return {}
    try:
        values = json.loads(cell)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise _RowError("unknown-sentiment", "The sentiments of topics are no JSON object from topic to sentiment.")
    said = {str(topic).strip(): _sentiment(value.strip()) for topic, value in values.items()}
    return {topic: sentiment for topic, sentiment in said.items() if sentiment is not None}
