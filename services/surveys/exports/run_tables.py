"""The tables of an export, filled from a run as it is looked at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from services.surveys.evaluation_models import Evaluation, TopicScore
from services.surveys.exploring.assignments import united_sentiment
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.levels import main_topics
from services.surveys.exploring.models import CoOccurrence, Trend, Verbatim, WaveComparison
from services.surveys.exploring.run_view import RunView
from services.surveys.exports.cells import CellValue, Share
from services.surveys.exports.columns import (
    DATA_COLUMNS,
    EVALUATION_COLUMNS,
    JOINED_BY,
    MAIN_TOPIC,
    PAIR_COLUMNS,
    SCORE,
    SEGMENT,
    TOPIC,
    TREND_COLUMNS,
    WAVE_COLUMNS,
)
from services.surveys.exports.models import ExportColumn, ExportTable
from services.surveys.models import Sentiment, Topic
from services.surveys.statistics import Interval

ALL_RESPONSES = "(all responses)"


def data_table(view: RunView, chosen: ResponseFilter) -> ExportTable:
    """One row per response that fits, those without a word too, in the order of the file; each topic on its own."""
    view = view.detail
    mains = view.main.topics if view.has_levels else ()
    counts_as = main_topics(view.taxonomy)
    columns = (
        *DATA_COLUMNS,
        *(ExportColumn(f"{SEGMENT}{name}", f"What was chosen in “{name}”.") for name in view.segment_names),
        *(ExportColumn(f"{SCORE}{name}", f"The score “{name}”.") for name in view.score_names),
        *(ExportColumn(f"{TOPIC}{topic.name}", _topic_meaning(topic)) for topic in view.topics),
        *(ExportColumn(f"{MAIN_TOPIC}{topic.name}", "Sentiment toward it and all topics below it.") for topic in mains),
    )

    def rows() -> Iterator[Sequence[CellValue]]:
        for one in view.every_verbatim(chosen):
            segments, scores = dict(one.segments), dict(one.scores)
            sentiments = {topic.topic_id: topic.sentiment.value for topic in one.topics}
            yield (
                *_finding_cells(one, sentiments),
                *(_joined(segments.get(name, ())) for name in view.segment_names),
                *(scores.get(name) for name in view.score_names),
                *(sentiments.get(topic.id) for topic in view.topics),
                *_main_cells(one, mains, counts_as),
            )

    return ExportTable("Data", columns, rows(), "One row per response.")


def response_objects(view: RunView, chosen: ResponseFilter) -> Iterator[Mapping[str, object]]:
    """The same responses for programs."""
    for one in view.every_verbatim(chosen):
        yield {
            "id": one.response_id,
            "text": one.text,
            "topics": [
                {
                    "id": topic.topic_id,
                    "name": topic.name,
                    "sentiment": topic.sentiment.value,
                    "confidence": round(topic.confidence, 4),
                    "evidence": one.text[topic.start : topic.end],
                    "start": topic.start,
                    "end": topic.end,
                }
                for topic in one.topics
            ],
            "sentiment": one.sentiment.value if one.sentiment else None,
            "confidence": round(one.confidence, 4),
            "other_reason": one.other_reason.value if one.other_reason else None,
            "needs_review": [reason.value for reason in one.review],
            "corrected": one.corrected,
            "marks": [mark.value for mark in one.marks],
            "same_text_count": one.same_text_count,
            "row": one.row + 1,
            "date": one.day,
            "segments": {name: list(values) for name, values in one.segments},
            "scores": dict(one.scores),
        }


def trend_table(trend: Trend) -> ExportTable:
    """One row per period and topic, all responses first."""

    def rows() -> Iterator[Sequence[CellValue]]:
        for place, period in enumerate(trend.totals):
            head = period.label, period.first_day, period.last_day
            whole = Share(1.0) if period.total else None
            yield (*head, ALL_RESPONSES, period.total, period.total, whole, None, None, period.net_sentiment)
            for one in trend.topics:
                point = one.points[place]
                yield (*head, one.topic, point.count, point.total, *_shares(point.share), None)

    return ExportTable("Trend", TREND_COLUMNS, rows(), f"One row per {trend.period.value} and topic.")


def pair_table(pairs: Sequence[CoOccurrence]) -> ExportTable:
    """One row per pair of topics."""
    rows = (
        (
            pair.first,
            pair.second,
            pair.count,
            pair.first_count,
            pair.second_count,
            round(pair.lift, 3),
            pair.corrected_p,
            pair.difference.value or None,
        )
        for pair in pairs
    )
    return ExportTable("Together", PAIR_COLUMNS, rows, "One row per pair of topics, the commonest first.")


def wave_table(waves: WaveComparison) -> ExportTable:
    """One row per topic that both waves have."""
    rows = (
        (
            one.topic,
            one.now.count,
            Share(one.now.share.value),
            one.before.count,
            Share(one.before.share.value),
            *_shares(one.difference),
            one.corrected_p,
            one.change.value or None,
            one.now.net_sentiment,
            one.before.net_sentiment,
            *_numbers(one.net_change),
        )
        for one in waves.topics
    )
    about = f"Now ({waves.now_total:,} responses) and the wave before ({waves.before_total:,}), topic by topic."
    return ExportTable("Waves", WAVE_COLUMNS, rows, about)


def evaluation_table(evaluation: Evaluation, topics: Sequence[Topic]) -> ExportTable:
    """One row per measure: of the whole run, then of each topic."""
    names = {topic.id: topic.name for topic in topics}

    def row(
        measure: str, figure: Interval | None, support: int | None, score: TopicScore | None = None
    ) -> Sequence[CellValue]:
        topic = "" if score is None else "Other" if score.topic_id is None else names.get(score.topic_id, "(removed)")
        counts = (score.found, score.right) if score else (None, None)
        return (measure, topic, *_numbers(figure), support, *counts)

    def rows() -> Iterator[Sequence[CellValue]]:
        whole = evaluation.text_count
        yield row("exact match", evaluation.exact_match, whole)
        yield row("micro-F1", evaluation.micro_f1, whole)
        yield row("macro-F1", evaluation.macro_f1, whole)
        yield row("sentiment accuracy", evaluation.sentiment.accuracy, evaluation.sentiment.count)
        yield row("sentiment macro-F1", evaluation.sentiment.macro_f1, evaluation.sentiment.count)
        yield row("topic sentiment accuracy", evaluation.topic_sentiment.accuracy, evaluation.topic_sentiment.count)
        for one in (*evaluation.topics, evaluation.other):
            for measure, figure in (("precision", one.precision), ("recall", one.recall), ("f1", one.f1)):
                yield row(measure, figure, one.support, one)

    kind = "Agreement after corrections" if evaluation.is_corrected else "What the run found itself"
    about = f"{kind}, beside {evaluation.text_count:,} different texts with gold labels."
    return ExportTable("Evaluation", EVALUATION_COLUMNS, rows(), about)


def _finding_cells(one: Verbatim, sentiments: Mapping[str, str]) -> tuple[CellValue, ...]:
    """The cells of ``DATA_COLUMNS``."""
    return (
        one.response_id,
        one.text,
        _joined(topic.topic_id for topic in one.topics),
        one.sentiment.value if one.sentiment else None,
        json.dumps(sentiments, ensure_ascii=False),
        round(one.confidence, 4),
        _joined(one.text[topic.start : topic.end] for topic in one.topics),
        one.other_reason.value if one.other_reason else None,
        _joined(reason.value for reason in one.review),
        _joined(topic.name for topic in one.topics),
        "yes" if one.corrected else None,
        _joined(mark.value for mark in one.marks),
        one.same_text_count,
        one.row + 1,
        one.day,
    )


def _main_cells(one: Verbatim, mains: Sequence[Topic], counts_as: Mapping[str, str]) -> Iterator[CellValue]:
    """What is felt about each main topic."""
    felt: dict[str, Sentiment] = {}
    if mains:
        for topic in one.topics:
            name = counts_as[topic.topic_id]
            felt[name] = united_sentiment(felt[name], topic.sentiment) if name in felt else topic.sentiment
    return (felt[topic.id].value if topic.id in felt else None for topic in mains)


def _joined(values: Iterable[str]) -> str | None:
    """None rather than nothing: an empty cell takes no room in a workbook."""
    return JOINED_BY.join(values) or None


def _topic_meaning(topic: Topic) -> str:
    return f"Sentiment toward it. {topic.description}".strip()


def _shares(share: Interval | None) -> tuple[CellValue, CellValue, CellValue]:
    if share is None:
        return None, None, None
    return Share(share.value), Share(share.low), Share(share.high)


def _numbers(interval: Interval | None) -> tuple[CellValue, CellValue, CellValue]:
    return (None, None, None) if interval is None else (interval.value, interval.low, interval.high)
