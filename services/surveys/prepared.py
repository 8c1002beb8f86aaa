"""A survey made ready: personal data masked, responses marked, dates and scores read, kept in one Parquet file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]
import pyarrow.parquet as pq  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray

from services.errors import InputError
from services.ports.files import FileStore
from services.ports.privacy import PersonalDataDetector
from services.surveys.chosen_columns import SurveyColumns, check_columns
from services.surveys.marks import mark_texts
from services.surveys.masking_responses import UNMISTAKABLE, mask_column
from services.surveys.models import Response
from services.surveys.prepared_facts import QuestionFacts, ScoreFacts, SurveyFacts, facts_from_json, facts_to_json
from services.surveys.response_tables import ResponseTable
from services.surveys.response_values import parse_dates, parse_scores

_FACTS_KEY = b"frontline.survey"
_ROWS_PER_GROUP = 50_000
_BATCH_ROWS = 10_000

OnProgress = Callable[[str, int, int], None]


class PreparedSurvey:
    """The rows of a survey by columns; they are read from the file when somebody asks for them. Safe for many threads.

    Args:
        file: An opened Parquet file that :func:`store_survey` wrote.

    Attributes:
        facts: What is known of the survey as a whole.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self._reading = threading.Lock()
        self.facts: SurveyFacts = facts_from_json(file.schema_arrow.metadata[_FACTS_KEY].decode())

    @property
    def row_count(self) -> int:
        """Respondents."""
        return self.facts.row_count

    def ids(self) -> Any:
        """An Arrow array of strings, unique."""
        return self._read("id")

    def texts(self, question: str) -> Any:
        """The masked responses to a question, an Arrow array of strings; ``""`` where there is none.

        Raises:
            InputError: ``unknown-column``.
        """
        return pc.cast(self._read(f"text:{self._place(question, self.facts.columns.texts)}"), pa.string())

    def responses(self, question: str, rows: NDArray[np.int64] | None = None) -> Iterator[Response]:
        """The responses to a question in the file's order, the empty ones too.

        Args:
            rows: Numbers of rows from 0; all when None.

        Raises:
            InputError: ``unknown-column``.
        """
        ids, texts = self.ids(), self.texts(question)
        if rows is not None:
            ids, texts = ids.take(pa.array(rows)), texts.take(pa.array(rows))
        for start in range(0, len(ids), _BATCH_ROWS):
            pairs = zip(
                ids.slice(start, _BATCH_ROWS).to_pylist(), texts.slice(start, _BATCH_ROWS).to_pylist(), strict=True
            )
            yield from (Response(response_id, text) for response_id, text in pairs)

    def marks(self, question: str) -> NDArray[np.uint8]:
        """The bits of each row's marks; see :func:`services.surveys.marks.marks_of`."""
        bits: NDArray[np.uint8] = self._numbers(f"marks:{self._place(question, self.facts.columns.texts)}")
        return bits

    def groups(self, question: str) -> NDArray[np.int32]:
        """Rows with the same words have the same number, from 0; -1 where the response is empty."""
        groups: NDArray[np.int32] = self._numbers(f"group:{self._place(question, self.facts.columns.texts)}")
        return groups

    def days(self) -> NDArray[np.datetime64] | None:
        """The date of each row, ``NaT`` where there is none; None when no column is picked."""
        if self.facts.columns.date is None:
            return None
        days: NDArray[np.datetime64] = self._numbers("date").astype("datetime64[D]")
        return days

    def scores(self, name: str) -> NDArray[np.float64]:
        """A score of each row, ``nan`` where there is none.

        Raises:
            InputError: ``unknown-column``.
        """
        values: NDArray[np.float64] = self._numbers(f"score:{self._place(name, self.facts.columns.scores)}")
        return values

    def choices(self, name: str) -> Any:
        """The choices of each row in a segment column: an Arrow array of lists of strings, empty where there is none.

        Raises:
            InputError: ``unknown-column``.
        """
        segments = self.facts.columns.segments
        place = self._place(name, tuple(segment.name for segment in segments))
        cells = self._read(f"segment:{place}").dictionary_encode()
        separator = segments[place].separator
        lists = [_choices(cell, separator) for cell in cells.dictionary.to_pylist()]
        return pc.take(pa.array(lists, pa.list_(pa.string())), cells.indices)

    def _place(self, name: str, names: tuple[str, ...]) -> int:
        if name not in names:
            raise InputError(
                f"The survey has no column “{name}” of that kind.",
                code="unknown-column",
                remedy="Pick one of the columns that were kept when the survey was loaded.",
            )
        return names.index(name)

    def _read(self, column: str) -> Any:
        with self._reading:  # Arrow promises nothing to threads that share a file
            return self._file.read(columns=[column]).column(0).combine_chunks()

    def _numbers(self, column: str) -> NDArray[Any]:
        numbers: NDArray[Any] = self._read(column).to_numpy(zero_copy_only=False)
        return numbers


def prepare_survey(
    table: ResponseTable,
    columns: SurveyColumns,
    detector: PersonalDataDetector,
    on_progress: OnProgress = lambda _step, _done, _total: None,
) -> bytes:
    """Make a survey ready: only the columns that were picked are kept.

    Args:
        on_progress: Told the step in words, and how many of how many different texts are done in it.

    Returns:
        A Parquet file for :func:`store_survey`.

    Raises:
        InputError: the columns do not fit; see :func:`check_columns`.
        BackendError: personal data could not be looked for.
    """
    check_columns(table, columns)
    names: list[str] = ["id"]
    ids, hidden_ids = _ids(table, columns.id, detector)
    arrays: list[Any] = [ids]
    questions = []
    for place, question in enumerate(columns.texts):
        masked = mask_column(
            table.column(question),
            detector,
            on_progress=lambda done, total, question=question: on_progress(  # type: ignore[misc]
                f"Masking personal data in “{question}”", done, total
            ),
        )
        marked = mark_texts(
            masked.texts,
            lambda done, total, question=question: on_progress(  # type: ignore[misc]
                f"Marking responses to “{question}”", done, total
            ),
        )
        names += [f"text:{place}", f"marks:{place}", f"group:{place}"]
        arrays += [masked.texts, pa.array(marked.bits), pa.array(marked.groups)]
        questions.append(QuestionFacts(question, marked.counts, marked.distinct_count, masked.counts, masked.row_count))
    first_day = last_day = None
    unread_dates, dates_are_ambiguous = 0, False
    if columns.date is not None:
        dates = parse_dates(table.column(columns.date))
        names.append("date")
        arrays.append(dates.days)
        unread_dates, dates_are_ambiguous = dates.unread_count, dates.is_ambiguous
        ends = pc.min_max(dates.days).as_py()
        first_day, last_day = ends["min"], ends["max"]
    for place, segment in enumerate(columns.segments):
        names.append(f"segment:{place}")
        arrays.append(mask_column(table.column(segment.name), detector, UNMISTAKABLE).texts)
    scores = []
    for place, name in enumerate(columns.scores):
        parsed = parse_scores(table.column(name))
        names.append(f"score:{place}")
        arrays.append(parsed.values)
        low_high = pc.min_max(parsed.values).as_py()
        scores.append(ScoreFacts(name, low_high["min"], low_high["max"], parsed.unread_count))
    facts = SurveyFacts(
        source_name=table.name,
        row_count=table.row_count,
        columns=columns,
        questions=tuple(questions),
        scores=tuple(scores),
        first_day=first_day,
        last_day=last_day,
        unread_dates=unread_dates,
        dates_are_ambiguous=dates_are_ambiguous,
        hidden_ids=hidden_ids,
        warnings=table.warnings,
    )
    kept = pa.table(arrays, names=names).replace_schema_metadata({_FACTS_KEY: facts_to_json(facts).encode()})
    sink = pa.BufferOutputStream()
    pq.write_table(kept, sink, compression="zstd", row_group_size=_ROWS_PER_GROUP)
    return bytes(sink.getvalue())


def store_survey(files: FileStore, file_name: str, data: bytes) -> PreparedSurvey:
    """Keep a prepared survey in the storage, and open it.

    Raises:
        BackendError: it could not be stored.
    """
    files.write(file_name, data)
    return _opened(data)


def load_survey(files: FileStore, file_name: str) -> PreparedSurvey:
    """Open a survey that was stored.

    Raises:
        NotFoundError: it is not there (any more).
        BackendError: it could not be read.
    """
    return _opened(files.read(file_name))


def _opened(data: bytes) -> PreparedSurvey:
    return PreparedSurvey(pq.ParquetFile(pa.BufferReader(data)))


def _ids(table: ResponseTable, column: str | None, detector: PersonalDataDetector) -> tuple[Any, int]:
    """Unique ids, and how many were hidden because they tell who somebody is; those are numbered instead."""
    numbers = pa.array([f"row {number}" for number in range(1, table.row_count + 1)], pa.string())
    if column is None:
        return numbers, 0
    ids = table.column(column).combine_chunks()
    has_mark = pc.match_substring_regex(ids, r"@|\d{4}[ -]?\d{4}")
    if not pc.any(has_mark).as_py():
        return pc.if_else(pc.equal(ids, ""), numbers, ids), 0
    masked = mask_column(ids, detector, UNMISTAKABLE)
    hidden = pc.not_equal(masked.texts, ids)
    return pc.if_else(pc.or_(hidden, pc.equal(ids, "")), numbers, ids), masked.row_count


def _choices(cell: str, separator: str) -> list[str]:
    if not separator:
        return [cell] if cell else []
    return list(dict.fromkeys(piece.strip() for piece in cell.split(separator) if piece.strip()))
