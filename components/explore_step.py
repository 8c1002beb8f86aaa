"""The step that explores what a run found: figures, charts, and the responses behind every mark."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from components import session_keys
from components.batch_actions import draw_outcome
from components.error_notice import errors_shown
from components.explore_coverage import draw_coverage
from components.explore_figures import draw_figures
from components.explore_filter import key_of_filter
from components.explore_filter_bar import draw_filter_bar
from components.explore_level import MEANING, choose_level, level_key
from components.explore_run import choose_run
from components.explore_score import draw_score
from components.explore_segments import draw_segments
from components.explore_together import draw_together
from components.explore_topics import draw_topics
from components.explore_trend import draw_trend
from components.explore_waves import draw_waves
from components.frame import Viewer
from components.wiring import Services
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter

TOPICS, TREND, SEGMENTS, TOGETHER = "Topics", "Over time", "Groups", "Together"
SCORE, COVERAGE, WAVES = "Score", "Coverage", "Waves"
_DRAW: dict[str, Callable[[RunView, ResponseFilter], None]] = {
    TOPICS: draw_topics,
    TREND: draw_trend,
    SEGMENTS: draw_segments,
    TOGETHER: draw_together,
    SCORE: draw_score,
    COVERAGE: draw_coverage,
}
_QUESTIONS = {
    TOPICS: "What do people speak of, and how do they feel about it?",
    TREND: "How do topics come and go?",
    SEGMENTS: "Which groups speak of a topic more or less than the others?",
    TOGETHER: "Which topics come in the same responses?",
    SCORE: "Which topics go with a better or a worse score?",
    COVERAGE: "How much of what was said do the topics cover?",
    WAVES: "What changed since the wave before?",
}


def draw_explore(app: Services, person: Viewer, survey_id: str) -> None:
    """Draw the step."""
    state = choose_run(app, person, survey_id)
    if state is None:
        return
    view = app.surveys.explorer.open(person.tenant.id, state.run.id)
    chosen = draw_filter_bar(view)
    draw_figures(view.totals(chosen))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = _choose_view(view)
        view = choose_level(view)
    st.subheader(_QUESTIONS[name], anchor=False)
    if view.is_main:
        st.caption(MEANING)
    # A click on a mark draws that chart alone, not the bar and the figures.
    key = f"{session_keys.EXPLORE_VIEW}.{name}.{level_key(view)}.{key_of_filter(chosen)}"
    st.fragment(_draw_view, key=key)(app, person, view, chosen, name)


def offered_views(view: RunView) -> list[str]:
    """The charts that the survey has something for."""
    facts = view.prepared.facts
    return [
        TOPICS,
        *([TREND] if facts.first_day else []),
        *([SEGMENTS] if facts.columns.segments else []),
        TOGETHER,
        *([SCORE] if facts.scores else []),
        COVERAGE,
        WAVES,
    ]


def _choose_view(view: RunView) -> str:
    offered = offered_views(view)
    if st.session_state.get(session_keys.EXPLORE_VIEW, TOPICS) not in offered:
        del st.session_state[session_keys.EXPLORE_VIEW]
    chosen = st.segmented_control(
        "Chart",
        offered,
        default=TOPICS,
        required=True,
        key=session_keys.EXPLORE_VIEW,
        label_visibility="collapsed",
        wrap=True,
        bind="query-params",
    )
    return chosen or TOPICS


def _draw_view(app: Services, person: Viewer, view: RunView, chosen: ResponseFilter, name: str) -> None:
    with errors_shown():
        draw_outcome()
        if name == WAVES:
            draw_waves(app, person, view, chosen)
        else:
            _DRAW[name](view, chosen)
