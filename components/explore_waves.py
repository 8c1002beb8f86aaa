"""What changed since the wave before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.explore_chart_parts import TOPIC, signed
from components.explore_drill import (
    draw_drill,
    draw_shown_as,
    ink,
    pick_from_chart,
    pick_from_table,
    table_of,
    topic_drill,
)
from components.explore_range_charts import wave_chart
from components.explore_run import is_explorable, names_of_runs
from components.explore_score import difference_words
from components.explore_segments import MARKS
from components.explore_words import interval_words, points_words
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.wiring import Services
from services.errors import NotFoundError
from services.surveys.cross_tabs import Difference
from services.surveys.exploring.explorer import RunView, compare_waves
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.models import WaveComparison, WaveTopic
from services.surveys.run_views import RunState

HINT = "Click a point to read this wave's responses with that topic."


def draw_waves(app: Services, person: Viewer, view: RunView, chosen: ResponseFilter) -> None:
    """Draw what changed per topic, and the responses behind what is clicked."""
    before = _choose_before(app, person, view)
    if before is None:
        return
    earlier = app.surveys.explorer.open(person.tenant.id, before.run.id)
    compared = compare_waves(view, earlier.main if view.is_main else earlier, chosen)
    _draw_words(compared)
    rows = [one for one in compared.topics if one.now.count or one.before.count]
    if not rows:
        st.info("The two waves have no topic in common that somebody speaks of.", icon=":material/compare_arrows:")
        return
    words = "Change of the share of each topic. " + "; ".join(
        f"{one.topic} {points_words(one.difference.value)}" for one in rows[:10]
    )
    name = f"waves.{before.run.id}"
    if draw_shown_as("waves"):
        cell = pick_from_table(view, chosen, name, _table(rows), words)
        picked = rows[cell[0]] if cell else None
    else:
        pick = pick_from_chart(view, chosen, name, wave_chart(_chart_rows(rows), ink()), words)
        picked = next((one for one in rows if pick and one.topic_id == pick[TOPIC]), None)
    st.caption(
        "Change of the share of responses, in points; lines: 95 % interval. ▲ and ▼ mark changes beyond chance, "
        "corrected for the number of topics (false discovery rate 5 %)."
    )
    _draw_scores(compared)
    drill = replace(topic_drill(picked.topic, picked.topic_id), words=f"{picked.topic}, this wave") if picked else None
    draw_drill(view, chosen, drill, HINT)


def _choose_before(app: Services, person: Viewer, view: RunView) -> RunState | None:
    earlier_id = view.survey.earlier_wave_id
    if earlier_id is None:
        st.info(
            "**This survey has no earlier wave yet.**  \nLoad the survey that asked the same before, and name it as "
            "the earlier wave under “Data”.",
            icon=":material/compare_arrows:",
        )
        return None
    try:
        earlier = app.surveys.library.get(person.tenant.id, earlier_id)
    except NotFoundError:
        st.info("The earlier wave was deleted. Name another one under “Data”.", icon=":material/compare_arrows:")
        return None
    states = [one for one in app.surveys.runs.list(person.tenant.id, earlier_id) if is_explorable(one)]
    # The same question and topics first: the others can be compared, but less of them.
    states.sort(key=lambda one: (one.run.question != view.run.question, one.run.taxonomy_id != view.run.taxonomy_id))
    if not states:
        st.info(
            f"**The earlier wave “{in_one_line(earlier.title, 80)}” was not analyzed yet.**  \nOpen it in the list of "
            "surveys and start a run with the same topics.",
            icon=":material/compare_arrows:",
        )
        return None
    st.markdown(f"Compared with **{in_one_line(earlier.title, 100)}**.")
    if len(states) == 1:
        return states[0]
    by_id = {one.run.id: one for one in states}
    names = names_of_runs(app, person, states)
    run_id = st.selectbox(
        "Run of the earlier wave",
        list(by_id),
        format_func=lambda one: names.words(by_id[one]),
        key=f"{session_keys.EXPLORE_FIELD}before.{view.run.id}",
        persist_state="session",
    )
    return by_id.get(run_id or "", states[0])


def _draw_words(compared: WaveComparison) -> None:
    parts = [f"{counted(compared.now_total, 'response')} now, {compared.before_total:,} before."]
    if compared.overall is not None:
        value, low, high = (
            signed(100 * end, 0) for end in (compared.overall.value, compared.overall.low, compared.overall.high)
        )
        parts.append(f"Net sentiment (positive less negative): {value} points ({low} to {high}).")
    st.markdown(" ".join(parts))
    if not compared.same_backend:
        st.warning(
            "The two waves were analyzed by different methods; a change may come of that.", icon=":material/warning:"
        )
    for names, words in ((compared.only_now, "Only this wave"), (compared.only_before, "Only the earlier wave")):
        if names:
            st.caption(f"{words} has the topics {', '.join(f'“{in_one_line(name, 40)}”' for name in names[:12])}.")


def _draw_scores(compared: WaveComparison) -> None:
    for score in compared.scores:
        if score.now and score.before:
            st.caption(
                f"Mean of {in_one_line(score.name, 80)}: {score.now.value:.2f} ({score.now.low:.2f} to "
                f"{score.now.high:.2f}) now, {score.before.value:.2f} ({score.before.low:.2f} to "
                f"{score.before.high:.2f}) before."
            )


def _chart_rows(rows: Sequence[WaveTopic]) -> list[dict[str, object]]:
    return [
        {
            "topic_id": one.topic_id,
            "topic": one.topic,
            "difference": one.difference.value,
            "low": one.difference.low,
            "high": one.difference.high,
            "label": f"{signed(100 * one.difference.value)}{MARKS[one.change][:2]}",
            "words": f"{interval_words(one.before.share)} before, {interval_words(one.now.share)} now",
        }
        for one in rows
    ]


def _table(rows: Sequence[WaveTopic]) -> object:
    return table_of(
        [
            {
                "Topic": one.topic,
                "Before": interval_words(one.before.share),
                "Now": interval_words(one.now.share),
                "Change": f"{points_words(one.difference.value)}{MARKS[one.change]}"
                if one.change is not Difference.NONE
                else f"{points_words(one.difference.value)}, may be chance",
                "Net sentiment": difference_words(one.net_change),
            }
            for one in rows
        ]
    )
