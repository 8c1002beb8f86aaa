"""The step that says how good a run is: gold labels, figures, runs side by side, and what changed."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.batch_actions import draw_outcome
from components.error_notice import errors_shown
from components.explore_run import choose_run
from components.frame import Viewer
from components.quality_changes import draw_changes
from components.quality_compare import draw_compare
from components.quality_figures import draw_figures
from components.quality_gold import draw_gold
from components.wiring import Services
from services.surveys.exploring.explorer import RunView

GOLD, FIGURES, COMPARE, CHANGES = "Gold labels", "Figures", "Compare runs", "What changed"
PARTS = (GOLD, FIGURES, COMPARE, CHANGES)


def draw_quality(app: Services, person: Viewer, survey_id: str) -> None:
    """Draw the step."""
    state = choose_run(app, person, survey_id)
    if state is None:
        return
    view = app.surveys.explorer.open(person.tenant.id, state.run.id)
    has_gold = bool(app.surveys.labels.gold(person.tenant.id, survey_id, view.run.question))
    part = st.segmented_control(
        "Part",
        PARTS,
        default=FIGURES if has_gold else GOLD,
        required=True,
        key=session_keys.QUALITY_PART,
        label_visibility="collapsed",
        wrap=True,
        bind="query-params",
    )
    st.fragment(_draw_part, key=f"{session_keys.QUALITY_PART}.{part}.{view.run.id}")(app, person, view.run.id, part)


def _draw_part(app: Services, person: Viewer, run_id: str, part: str) -> None:
    with errors_shown():
        draw_outcome()
        # Labels that were given meanwhile make another view.
        view: RunView = app.surveys.explorer.open(person.tenant.id, run_id)
        if part == FIGURES:
            draw_figures(app, person, view)
        elif part == COMPARE:
            draw_compare(app, person, view)
        elif part == CHANGES:
            draw_changes(app, person, view)
        else:
            draw_gold(app, person, view)
