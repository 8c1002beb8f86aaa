"""A run as it is looked at: every chart, table and verbatim for a filter, in milliseconds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property

import numpy as np

from services.errors import InputError
from services.surveys.cross_tabs import CrossTab, shown_values
from services.surveys.exploring import counting, trends, verbatims
from services.surveys.exploring.assignments import Assignments
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.levels import assigned_to_main, main_topics, rolled_up, with_below, without_below
from services.surveys.exploring.models import (
    CoOccurrence,
    Coverage,
    Period,
    RunTotals,
    SegmentValue,
    Trend,
    Verbatim,
    VerbatimOrder,
)
from services.surveys.exploring.question_rows import QuestionRows
from services.surveys.exploring.selecting import Selection, empty_rows, select
from services.surveys.exports.models import TopicSummary
from services.surveys.models import Taxonomy, Topic
from services.surveys.prepared import PreparedSurvey
from services.surveys.run_models import SurveyRun
from services.surveys.survey_models import Survey

_SELECTIONS_KEPT = 6
_ROWS_AT_ONCE = 2_000
NO_FILTER = ResponseFilter()


class RunView:
    """A finished run with corrections applied and topics as the newest version of the taxonomy has them.

    It never changes: corrections and new versions make a new one. Safe to use from many threads. In filters, topics go
    by their ids as they are now or as the run had them; topics and columns that the view does not have are passed over.

    A view counts topics as they are, or as the main topics above them: see :attr:`main`. A filter leaves the same
    responses in both.

    Args:
        rows: Of the run's question.
        taxonomy: As it is now; the numbers in ``assigned`` are those of its topics.
        moved: What became of topics that are not in it any more: the id of the topic that took them in, or None.
        detail: The view of the topics as they are, for one of main topics.

    Attributes:
        taxonomy_version: The number of the version.
    """

    def __init__(
        self,
        run: SurveyRun,
        survey: Survey,
        rows: QuestionRows,
        taxonomy: Taxonomy,
        taxonomy_version: int,
        assigned: Assignments,
        moved: Mapping[str, str | None],
        detail: RunView | None = None,
    ) -> None:
        self.run = run
        self.survey = survey
        self.taxonomy = taxonomy
        self.taxonomy_version = taxonomy_version
        self._rows = rows
        self._assigned = assigned
        self._moved = moved
        self._detail = detail
        self._places = {topic.id: place for place, topic in enumerate(taxonomy.topics)}
        self._selections: OrderedDict[tuple[ResponseFilter, bool], Selection] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def prepared(self) -> PreparedSurvey:
        """The survey's rows."""
        return self._rows.prepared

    @property
    def topics(self) -> tuple[Topic, ...]:
        """In the taxonomy's order."""
        return self.taxonomy.topics

    @property
    def has_levels(self) -> bool:
        """Whether some topics stand below others."""
        return any(topic.parent in self.detail._places for topic in self.detail.topics)

    @property
    def detail(self) -> RunView:
        """The same run by topics as they are; itself when it is that view."""
        return self._detail or self

    @property
    def is_main(self) -> bool:
        """Whether it counts main topics, and some of them have others below them."""
        return self._detail is not None

    @cached_property
    def main(self) -> RunView:
        """The same run by main topics: whatever is said of a topic is said of the one at the top above it."""
        if self._detail is not None or not self.has_levels:
            return self
        taxonomy = rolled_up(self.taxonomy)
        assigned = assigned_to_main(self._assigned, self.taxonomy, taxonomy)
        return RunView(
            self.run, self.survey, self._rows, taxonomy, self.taxonomy_version, assigned, self._moved, detail=self
        )

    @cached_property
    def filter_names(self) -> Mapping[str, str]:
        """What filters may name, in the taxonomy's order, and what people call it.

        Main topics with all below them stand before their own topics; such a main topic alone is there when some
        response has it.
        """
        if self._detail is not None:
            return self._detail.filter_names
        names = main_topics(self.taxonomy)
        used = set(np.unique(self._assigned.topics).tolist())
        found = {}
        for place, topic in enumerate(self.topics):
            whole = with_below(topic.id)
            if names[topic.id] == whole:
                found[whole] = f"{topic.name} (all)"
                if place not in used:
                    continue
            found[topic.id] = topic.name
        return found

    @property
    def row_count(self) -> int:
        """Rows of the survey, those without a word too."""
        return self._rows.row_count

    @property
    def has_days(self) -> bool:
        """Whether the survey has dates."""
        return self._rows.days() is not None

    @property
    def segment_names(self) -> tuple[str, ...]:
        """Segment columns in the order of the file."""
        return self._rows.segment_names

    @property
    def score_names(self) -> tuple[str, ...]:
        """Scores in the order of the file."""
        return self._rows.score_names

    def topic(self, topic_id: str) -> Topic:
        """A topic by its id in this view. Raises InputError ``unknown-topic``."""
        if topic_id not in self._places:
            raise InputError(
                "The taxonomy has no such topic any more.",
                code="unknown-topic",
                remedy="Pick one of the topics in the list.",
            )
        return self.topics[self._places[topic_id]]

    def filter_name(self, name: str) -> str:
        """What people call a topic that a filter names. Raises InputError ``unknown-topic``."""
        return self.filter_names.get(name) or self.detail.topic(name).name

    def known(self, chosen: ResponseFilter) -> ResponseFilter:
        """The filter as it is understood: topics that were merged are those that took them in, unknown names go."""
        topics = (self._known_topic(topic) for topic in chosen.topics)
        having = ((self._known_topic(topic), felt) for topic, felt in chosen.having)
        segments, scores = set(self.segment_names), set(self.score_names)
        return replace(
            chosen,
            topics=tuple(dict.fromkeys(topic for topic in topics if topic is not None)),
            segments=tuple(one for one in chosen.segments if one[0] in segments and one[1]),
            also_chosen=tuple(one for one in chosen.also_chosen if one[0] in segments),
            scores=tuple(one for one in chosen.scores if one[0] in scores),
            having=tuple((topic, felt) for topic, felt in having if topic is not None),
        )

    def _known_topic(self, name: str) -> str | None:
        detail = self.detail
        topic_id, below_too = without_below(name)
        now = detail._moved.get(topic_id, topic_id)
        if now is None or now not in detail._places:
            return None
        return with_below(now) if below_too and with_below(now) in detail.main._places else now

    def _place_of(self, name: str) -> tuple[Assignments, int]:
        """See :data:`services.surveys.exploring.selecting.TopicPlace`."""
        view = self if name in self._places else self.main
        return view._assigned, view._places[name]

    def selection(self, chosen: ResponseFilter = NO_FILTER, *, with_empty: bool = False) -> Selection:
        """The responses that fit."""
        name = self.known(chosen), with_empty
        with self._lock:
            if name in self._selections:
                self._selections.move_to_end(name)
                return self._selections[name]
        if self._detail is None:
            made = select(self._rows, self._assigned, self._place_of, name[0], with_empty=with_empty)
        else:
            made = replace(self._detail.selection(name[0], with_empty=with_empty), assigned=self._assigned)
        with self._lock:
            self._selections[name] = made
            while len(self._selections) > _SELECTIONS_KEPT:
                self._selections.popitem(last=False)
        return made

    def count(self, chosen: ResponseFilter = NO_FILTER) -> int:
        """How many responses fit; as many as :meth:`verbatims` lists."""
        return int(self.selection(chosen).fits.sum())

    def totals(self, chosen: ResponseFilter = NO_FILTER) -> RunTotals:
        """What the filter leaves, in numbers of responses."""
        selection = self.selection(chosen)
        empty = empty_rows(self._rows, self._assigned)
        count = int(selection.fits.sum())
        return counting.run_totals(
            selection,
            count,
            int((self.selection(chosen, with_empty=True).fits & empty).sum()),
            count - selection.total - int((selection.fits & empty).sum()),
        )

    def topic_summaries(self, chosen: ResponseFilter = NO_FILTER, score: str = "") -> tuple[TopicSummary, ...]:
        """Every topic, the commonest first.

        Args:
            score: What the impact is on; none when empty.

        Raises:
            InputError: ``unknown-column``.
        """
        return counting.topic_summaries(
            self.selection(chosen), self.topics, self._rows.scores(score) if score else None
        )

    def coverage(self, chosen: ResponseFilter = NO_FILTER) -> Coverage:
        """How much of what was said the topics cover."""
        return counting.coverage(self.selection(chosen), self.topics)

    def trend(
        self, chosen: ResponseFilter = NO_FILTER, period: Period = Period.AUTO, topics: Sequence[str] = ()
    ) -> Trend:
        """Shares over time; without any period when no response has a date.

        Args:
            topics: Ids in the order wanted; all, the commonest first, when empty.
        """
        shown = [self._places[topic] for topic in topics if topic in self._places]
        return trends.trend(self.selection(chosen), self._rows.days(), self.topics, shown, period)

    def cross_tab(self, chosen: ResponseFilter, segment: str) -> CrossTab:
        """Topics by the values of a segment column. Raises InputError ``unknown-column``."""
        return counting.segment_table(segment, self._rows.segment(segment), self.selection(chosen), self.topics)

    def co_occurrence(self, chosen: ResponseFilter = NO_FILTER) -> tuple[CoOccurrence, ...]:
        """Pairs of topics, the commonest first."""
        return counting.co_occurrences(self.selection(chosen), self.topics)

    def verbatims(
        self,
        chosen: ResponseFilter = NO_FILTER,
        offset: int = 0,
        limit: int = 50,
        order: VerbatimOrder = VerbatimOrder.FILE,
        *,
        distinct: bool = False,
    ) -> tuple[Verbatim, ...]:
        """A page of the responses that fit.

        Args:
            distinct: Whether each different text is listed once, as the first that has it.
        """
        rows = verbatims.in_order(self._rows, self._assigned, np.flatnonzero(self.selection(chosen).fits), order)
        if distinct:
            rows = verbatims.first_of_each_text(self._rows, rows)
        return verbatims.verbatims_of(self._rows, self._assigned, self.topics, rows[offset : offset + limit])

    def of_texts(self, text_keys: Sequence[str]) -> tuple[Verbatim, ...]:
        """The first response with each of these texts, in the order given; unknown keys are left out."""
        numbers = self._rows.numbers_of_keys()
        first = self._rows.first_rows()
        rows = [int(first[numbers[key]]) for key in text_keys if key in numbers]
        return verbatims.verbatims_of(self._rows, self._assigned, self.topics, np.array(rows, np.int64))

    def every_verbatim(self, chosen: ResponseFilter = NO_FILTER) -> Iterator[Verbatim]:
        """All rows that fit in the order of the file, those without a word too, so that none is missing."""
        rows = np.flatnonzero(self.selection(chosen, with_empty=True).fits)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            yield from verbatims.verbatims_of(
                self._rows, self._assigned, self.topics, rows[start : start + _ROWS_AT_ONCE]
            )

    def quotes(self, chosen: ResponseFilter, topic_id: str, count: int = 2) -> tuple[Verbatim, ...]:
        """Responses that show what a topic is about, each text once; none for a topic that the view does not have."""
        if topic_id not in self._places:
            return ()
        rows = verbatims.telling_rows(
            self._rows, self._assigned, self._places[topic_id], self.selection(chosen).weights, count
        )
        return verbatims.verbatims_of(self._rows, self._assigned, self.topics, rows)

    def distinct_count(self, chosen: ResponseFilter = NO_FILTER) -> int:
        """How many different texts fit; as many as :meth:`verbatims` lists with ``distinct``."""
        return len(np.unique(self._rows.texts.of_row[self.selection(chosen).fits]))

    def text_keys(self, chosen: ResponseFilter = NO_FILTER) -> tuple[str, ...]:
        """What names the different texts that fit in labels, for changes of many at once."""
        return tuple(
            self._rows.key(int(text)) for text in np.unique(self._rows.texts.of_row[self.selection(chosen).fits])
        )

    def longest_text(self, chosen: ResponseFilter = NO_FILTER) -> int:
        """Characters of the longest response that fits; 0 without any."""
        texts = self._rows.texts.of_row[self.selection(chosen).fits]
        return int(self._rows.lengths()[texts].max(initial=0))

    def days_between(self, chosen: ResponseFilter = NO_FILTER) -> tuple[date, date] | None:
        """The first and the last day of the responses that fit; None when none has a date."""
        days = self._rows.days()
        fitting = None if days is None else days[self.selection(chosen).fits]
        if fitting is None or np.isnat(fitting).all():
            return None
        fitting = fitting[~np.isnat(fitting)]
        return fitting.min().item(), fitting.max().item()

    def segment_values(self, name: str) -> tuple[SegmentValue, ...]:
        """The choices of a segment column over the whole survey. Raises InputError ``unknown-column``."""
        segment = self._rows.segment(name)
        counts = dict(zip(segment.values, segment.counts().tolist(), strict=True))
        return tuple(SegmentValue(value, counts[value]) for value in shown_values(counts, len(counts)))

    def score_values(self, name: str, chosen: ResponseFilter = NO_FILTER) -> np.ndarray:
        """A score of the responses that count, ``float64``, ``nan`` where there is none."""
        values: np.ndarray = self._rows.scores(name)[self.selection(chosen).rows]
        return values
