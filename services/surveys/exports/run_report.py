"""A report of a run: its figures, and what to know before relying on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.surveys.cross_tabs import CrossTab, Difference
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.models import CoOccurrence, RunTotals
from services.surveys.exploring.run_view import RunView
from services.surveys.exports.cells import LONGEST_WORKBOOK_CELL
from services.surveys.exports.filter_words import OTHER_WORDS, day_words, filter_words
from services.surveys.exports.models import Quote, ReportFigure, SurveyReport, TopicPair
from services.surveys.exports.report_charts import MOST_TREND_LINES
from services.surveys.exports.workbook_export import ROWS_PER_SHEET
from services.surveys.models import Sentiment
from services.surveys.review_reasons import ReviewReason

_LOCAL = "local"
_QUOTED_TOPICS = 8
_QUOTES_EACH = 2
_MOST_PAIRS = 12
_PAIR_WORDS = {Difference.HIGHER: "more often", Difference.LOWER: "less often", Difference.NONE: ""}
# In the order in which bars are cut.
_SENTIMENTS = (Sentiment.POSITIVE, Sentiment.NEUTRAL, Sentiment.MIXED, Sentiment.NEGATIVE)
_INTERVALS = (
    "Intervals are 95 % confidence intervals: if the same survey were taken again and again among people of the same "
    "kind, about 95 of 100 such intervals would hold the true figure. The fewer the responses, the wider they are. "
    "They say nothing of mistakes of the analysis, nor of who answered and who did not."
)
_MARKED = (
    "Differences are marked where chance alone would hardly make them. As many comparisons find some differences by "
    "chance, they are corrected for their number (Benjamini-Hochberg): about 1 in 20 of those marked may still be none."
)
_IMPACT = (
    "The impact on a score tells what goes together. It does not tell that changing the one would change the other."
)
_LIMITS_OF_LOCAL = (
    "The local method is right about half of the time on responses that hold both good and bad; these are among those "
    "that a person should look at."
)
_LIMITS_OF_MODELS = "A language model can misread a response, and may read it otherwise in another version."
_MAIN = (
    "Topics are counted as main topics: a response counts once for a main topic, whatever it says of the topics below "
    "it. Where it speaks well of one of these and badly of another, the sentiment is mixed."
)
_MASKED = "Personal data was masked before anything was analyzed."


def survey_report(view: RunView, chosen: ResponseFilter, title: str, score: str, made_on: date) -> SurveyReport:
    """All that a report tells.

    Args:
        title: That of the survey when empty.
        score: What the impact is on; none when empty.

    Raises:
        InputError: ``unknown-column``.
    """
    totals = view.totals(chosen)
    summaries = view.topic_summaries(chosen, score)
    shown = [one.topic_id for one in summaries if one.count][:MOST_TREND_LINES]
    tabs = [view.cross_tab(chosen, name) for name in view.segment_names]
    return SurveyReport(
        title=title.strip() or view.survey.title,
        facts=tuple(_facts(view, chosen, title.strip(), totals, made_on)),
        summaries=summaries,
        trends=view.trend(chosen, topics=shown).topics if shown else (),
        cross_tabs=tuple(tab for tab in tabs if tab.values),
        quotes=tuple(_quotes(view, chosen, [one.topic_id for one in summaries[:_QUOTED_TOPICS] if one.count])),
        score_name=score,
        notes=tuple(_notes(view, chosen, totals, score, tabs)),
        sentiments=_sentiments(totals),
        coverage=_coverage(totals),
        pairs=tuple(_pair(pair) for pair in view.co_occurrence(chosen)[:_MOST_PAIRS]),
    )


def workbook_notes(view: RunView, chosen: ResponseFilter, rows_per_sheet: int = ROWS_PER_SHEET) -> tuple[str, ...]:
    """What a workbook cannot hold as it is; empty when it can hold everything."""
    notes = []
    rows = int(view.selection(chosen, with_empty=True).fits.sum())
    if rows > rows_per_sheet:
        notes.append(
            f"A sheet here holds {rows_per_sheet:,} rows, as Excel has a limit, and there are {rows:,} responses: they "
            "go on in the sheets “Data 2” and so on."
        )
    longest = view.longest_text(chosen)
    if longest >= LONGEST_WORKBOOK_CELL:
        notes.append(
            f"A cell of Excel holds {LONGEST_WORKBOOK_CELL:,} characters, and the longest response has {longest:,}: "
            "longer text is cut and says so at its end. The CSV and JSON lines exports hold all of it."
        )
    return tuple(notes)


def _facts(
    view: RunView, chosen: ResponseFilter, title: str, totals: RunTotals, made_on: date
) -> Iterator[tuple[str, str]]:
    run = view.run
    if title and title != view.survey.title:
        yield "Survey", view.survey.title
    yield "Question", run.question
    yield "Responses", f"{totals.answered:,}"
    yield "With a topic", _part(totals.with_topic, totals.answered)
    if totals.net_sentiment is not None:
        yield "Net sentiment", f"{100 * totals.net_sentiment:+.0f}"
    days = view.days_between(chosen)
    if days is not None:
        yield "Given", f"{day_words(days[0])} to {day_words(days[1])}" if days[0] != days[1] else day_words(days[0])
    yield "Analyzed", f"{day_words(run.created_at.date())}, {_method(view)}"
    yield "Report made", day_words(made_on)
    words = filter_words(view, chosen)
    if words:
        yield "Only responses with", "; ".join(words)


def _notes(view: RunView, chosen: ResponseFilter, totals: RunTotals, score: str, tabs: list[CrossTab]) -> Iterator[str]:
    run = view.run
    yield (
        f"Shares are shares of the {totals.answered:,} responses that hold a word and were analyzed. One response may "
        "speak of several topics, so that shares add up to more than all."
    )
    left_out = []
    if totals.empty:
        left_out.append(f"{totals.empty:,} responses are empty")
    if totals.not_analyzed:
        left_out.append(f"{totals.not_analyzed:,} could not be analyzed")
    if left_out:
        yield f"Not counted: {' and '.join(left_out)}."
    yield (
        f"Topics and sentiment were found by {_method(view)}, version {run.backend_version}, with version "
        f"{run.taxonomy_version} of the topics and {run.example_count:,} examples."
    )
    if view.taxonomy_version != run.taxonomy_version:
        yield (
            f"Topics are shown as version {view.taxonomy_version} has them: merged ones count as one, and responses "
            "of removed ones as having none."
        )
    if view.is_main:
        yield _MAIN
    yield _LIMITS_OF_LOCAL if run.options.backend == _LOCAL else _LIMITS_OF_MODELS
    if totals.review:
        reasons = dict(totals.review_reasons)
        yield (
            f"A person should look at {_part(totals.review, totals.answered)} of the responses, for instance at "
            f"{reasons[ReviewReason.MIXED_FEELINGS]:,} that may hold mixed feelings."
        )
    if totals.corrected:
        yield f"{totals.corrected:,} responses were corrected or confirmed by a person; these count as the person said."
    yield _INTERVALS
    yield _MARKED
    yield "Net sentiment is the share of positive responses less the share of negative ones, in points."
    if score:
        yield _IMPACT
    for tab in tabs:
        more = len(view.segment_values(tab.segment)) - len(tab.values)
        if more > 0 and not chosen.segments:
            yield f"“{tab.segment}” has {more:,} more values than the {len(tab.values)} commonest that are shown."
    yield _MASKED


def _quotes(view: RunView, chosen: ResponseFilter, topic_ids: list[str]) -> Iterator[Quote]:
    for topic_id in topic_ids:
        for verbatim in view.quotes(chosen, topic_id, _QUOTES_EACH):
            topic = next(one for one in verbatim.topics if one.topic_id == topic_id)
            yield Quote(f"{topic.name}, {topic.sentiment.value}", verbatim.text, topic.start, topic.end)


def _sentiments(totals: RunTotals) -> tuple[ReportFigure, ...]:
    counts = dict(totals.sentiments)
    return tuple(ReportFigure(one.value.capitalize(), counts[one], one.value) for one in _SENTIMENTS)


def _coverage(totals: RunTotals) -> tuple[ReportFigure, ...]:
    others = (ReportFigure(OTHER_WORDS[reason], count) for reason, count in totals.others if count)
    return (ReportFigure("With a topic", totals.with_topic), *others)


def _pair(pair: CoOccurrence) -> TopicPair:
    return TopicPair(pair.first, pair.second, pair.count, pair.lift, _PAIR_WORDS[pair.difference])


def _method(view: RunView) -> str:
    backend = view.run.options.backend
    if backend == _LOCAL:
        return "the local method, without a language model"
    return f"the language model of the backend “{backend}”"


def _part(count: int, total: int) -> str:
    return f"{count:,} ({count / total:.1%})" if total else f"{count:,}"
