"""How far a run agrees with the gold labels: in all, per topic, and what is taken for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from components import session_keys
from components.document_words import counted
from components.explore_words import SENTIMENT_WORDS
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.quality_texts import draw_texts
from components.quality_words import METRICS, OTHER_NAME, brief_share, share_words, short_share
from components.wiring import Services
from services.errors import InputError
from services.surveys.evaluation_models import Evaluation, Metric, SentimentScore, TopicConfusion
from services.surveys.exploring.explorer import RunView
from services.surveys.label_models import ResponseLabel
from services.surveys.models import Sentiment
from services.surveys.statistics import Interval

_ROW_PIXELS = 35
_MOST_CONFUSIONS = 15
_MISSED, _WRONG = "Missed", "Wrongly found"


def draw_figures(app: Services, person: Viewer, view: RunView) -> None:
    """Draw the part."""
    gold = app.surveys.labels.gold(person.tenant.id, view.run.survey_id, view.run.question)
    if not gold:
        st.info(
            "**There are no gold labels yet.**  \nLabel some responses or import a file under “Gold labels”; then the "
            "figures stand here.",
            icon=":material/verified:",
        )
        return
    try:
        own, corrected = _evaluations(app, person, view, gold)
    except InputError as error:
        st.info(f"**{in_one_line(error.message_for_user)}**  \n{in_one_line(error.remedy)}", icon=":material/verified:")
        return
    st.markdown(
        f"Measured on **{counted(own.text_count, 'different text')}** with a gold label, said in "
        f"{counted(own.response_count, 'response')}. Each text counts once."
    )
    _draw_warnings(own)
    _draw_headline(own, corrected)
    by_key = {label.text_key: label for label in gold}
    names = {topic.id: topic.name for topic in view.topics}
    _draw_topics(view, own, names, by_key)
    _draw_confusions(view, own, names, by_key)
    _draw_sentiment(own.sentiment)


def _evaluations(
    app: Services, person: Viewer, view: RunView, gold: Sequence[ResponseLabel]
) -> tuple[Evaluation, Evaluation]:
    """Before and after corrections; kept while nothing changes that they are made of."""
    corrections = app.surveys.labels.corrections(person.tenant.id, view.run.survey_id, view.run.question)
    made_of = (
        view.taxonomy_version,
        *((len(labels), max((one.labeled_at for one in labels), default=None)) for labels in (gold, corrections)),
    )
    key = f"{session_keys.QUALITY_FIGURES}{view.run.id}"
    kept = st.session_state.get(key)
    if kept is None or kept[0] != made_of:
        with st.spinner("Comparing with the gold labels …"):
            own = app.surveys.evaluation.evaluate(person.tenant.id, view.run.id)
            corrected = app.surveys.evaluation.with_corrections(person.tenant.id, view.run.id)
        kept = (made_of, own, corrected)
        st.session_state[key] = kept
    return kept[1], kept[2]


def _draw_warnings(own: Evaluation) -> None:
    words = list(own.warnings)
    if own.not_analyzed_count:
        words.append(f"{counted(own.not_analyzed_count, 'gold text')} could not be compared: the run has no finding.")
    draw_warnings(words)


def draw_warnings(words: Sequence[str]) -> None:
    """Draw what to be careful with, in one box."""
    if words:
        mark = "- " if len(words) > 1 else ""
        st.warning("\n".join(f"{mark}{in_one_line(one)}" for one in words), icon=":material/warning:")


def _draw_headline(own: Evaluation, corrected: Evaluation) -> None:
    figures = {
        Metric.EXACT_MATCH: (own.exact_match, corrected.exact_match),
        Metric.MICRO_F1: (own.micro_f1, corrected.micro_f1),
        Metric.MACRO_F1: (own.macro_f1, corrected.macro_f1),
        Metric.SENTIMENT: (own.sentiment.accuracy, corrected.sentiment.accuracy),
        Metric.TOPIC_SENTIMENT: (own.topic_sentiment.accuracy, corrected.topic_sentiment.accuracy),
    }
    with st.container(border=True, horizontal=True, gap="medium"):
        for metric, (interval, _) in figures.items():
            name, meaning = METRICS[metric]
            st.metric(name, short_share(interval), help=meaning, width="content")
    rows = [
        {
            "Figure": METRICS[metric][0],
            "As the run found it": share_words(before),
            "With corrections": share_words(after),
            "Change": _points(before, after),
        }
        for metric, (before, after) in figures.items()
    ]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, row_height=_ROW_PIXELS, alt="Figures before and after corrections"
    )
    st.caption(
        "“Between” is a 95 % interval: with other responses of the same kind, the figure would mostly lie there. With "
        "corrections, it tells how far what people work with agrees, not how good the method is."
    )


def _points(before: Interval | None, after: Interval | None) -> str:
    if before is None or after is None:
        return "–"
    points = round(100 * (after.value - before.value))
    return f"{points:+d} points".replace("-", "−") if points else "as before"


def _draw_topics(view: RunView, own: Evaluation, names: Mapping[str, str], gold: Mapping[str, ResponseLabel]) -> None:
    st.subheader("Which topics does it find, and which not?", anchor=False)
    scores = [one for one in (*own.topics, own.other) if one.support or one.found]
    scores.sort(key=lambda one: -one.support)
    table = pd.DataFrame(
        [
            {
                "Topic": names.get(one.topic_id, OTHER_NAME) if one.topic_id else OTHER_NAME,
                "Gold": one.support,
                "By the run": one.found,
                "Right (precision)": brief_share(one.precision),
                "Found (recall)": brief_share(one.recall),
                "F1": brief_share(one.f1),
                _MISSED: one.missed,
                _WRONG: one.false_alarms,
            }
            for one in scores
        ]
    )
    cell = _pick(table, f"{session_keys.QUALITY_FIELD}topics.{view.run.id}", "Quality per topic")
    if cell is None:
        st.caption(
            ":material/touch_app: Click a figure to read the texts that were missed or wrongly found. In brackets: "
            "95 % interval. Precision: of those that the run says, how many are right; recall: of the "
            "right ones, how many it found."
        )
        return
    score = scores[cell[0]]
    name = str(table["Topic"][cell[0]])
    if cell[1] == _WRONG:
        draw_texts(view, f"{name}, wrongly found", score.false_alarm_keys, score.false_alarms, gold)
    else:
        draw_texts(view, f"{name}, missed", score.missed_keys, score.missed, gold)


def _draw_confusions(
    view: RunView, own: Evaluation, names: Mapping[str, str], gold: Mapping[str, ResponseLabel]
) -> None:
    if not own.confusions:
        return
    st.subheader("What is taken for what?", anchor=False)
    shown: Sequence[TopicConfusion] = own.confusions[:_MOST_CONFUSIONS]

    def name(topic_id: str | None) -> str:
        return names.get(topic_id, OTHER_NAME) if topic_id else OTHER_NAME

    table = pd.DataFrame(
        [{"Right would be": name(one.missed), "Found was": name(one.found), "Texts": one.count} for one in shown]
    )
    cell = _pick(table, f"{session_keys.QUALITY_FIELD}confused.{view.run.id}", "Topics that are confused")
    if cell is None:
        st.caption(":material/touch_app: Click a row to read its texts.")
        return
    one = shown[cell[0]]
    draw_texts(view, f"{name(one.found)} in place of {name(one.missed)}", one.text_keys, one.count, gold)


def _draw_sentiment(score: SentimentScore) -> None:
    if not score.count:
        return
    st.subheader("Which sentiment is taken for which?", anchor=False)
    st.markdown(f"Right in {share_words(score.accuracy)} of {counted(score.count, 'text')}.")
    st.dataframe(
        sentiment_table(score.confusion, "Right would be", "Found was"),
        hide_index=True,
        row_height=_ROW_PIXELS,
        alt="Sentiment of the gold labels by the sentiment that was found",
    )


def sentiment_table(counts: Sequence[Sequence[int]], rows: str, columns: str) -> pd.DataFrame:
    """A table of sentiments by sentiments, both in the order of ``Sentiment``."""
    return pd.DataFrame(
        [
            {
                rows: SENTIMENT_WORDS[sentiment],
                **{
                    f"{columns} {SENTIMENT_WORDS[other].lower()}": int(count)
                    for other, count in zip(Sentiment, line, strict=True)
                },
            }
            for sentiment, line in zip(Sentiment, counts, strict=True)
        ]
    )


def _pick(table: pd.DataFrame, key: str, words: str) -> tuple[int, str] | None:
    event = st.dataframe(
        table,
        key=key,
        on_select="rerun",
        selection_mode="single-cell",
        hide_index=True,
        row_height=_ROW_PIXELS,
        height=(len(table.index) + 1) * _ROW_PIXELS + 3,
        alt=words,
    )
    cells = event.selection.cells
    return (cells[0][0], str(cells[0][1])) if cells and cells[0][0] < len(table.index) else None
