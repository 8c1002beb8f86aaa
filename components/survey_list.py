"""The surveys of a tenant with how far each is and what to do next, and what an empty page says instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.error_notice import errors_shown
from components.frame import Viewer
from components.job_progress import SECONDS_BETWEEN_LOOKS, job_state_markdown
from components.markdown_text import in_one_line
from components.survey_file import chosen_file, forget_file
from components.survey_link import open_survey
from components.survey_loading import draw_loading
from components.survey_next import next_step
from components.survey_upload import draw_samples, draw_upload
from components.survey_words import days_words
from components.times import ago
from components.wiring import Services
from services.surveys.run_views import RunState
from services.surveys.survey_models import Survey

PAGE_LENGTH = 10


def draw_surveys(app: Services, person: Viewer) -> None:
    """Draw how to begin, and the list."""
    surveys = app.surveys.library.list(person.tenant.id)
    loading = draw_loading(person, forget_file)
    if not surveys:
        if not loading:
            _draw_start(app, person)
        return
    if not loading:
        # A file that is being looked at keeps the form open.
        with st.expander(
            "Load a survey",
            icon=":material/upload_file:",
            expanded=chosen_file() is not None,
            key=f"{session_keys.SURVEY_UPLOAD}new",
        ):
            draw_upload(app, person, surveys)
            if chosen_file() is None:
                draw_samples()
    _draw_list_live(app, person, surveys)


def _draw_start(app: Services, person: Viewer) -> None:
    with st.container(border=True):
        st.subheader(f"{in_one_line(person.tenant.name)} has no surveys yet", anchor=False)
        if chosen_file() is None:
            st.markdown(
                "1. **Load** a file of responses: personal data is masked, junk and repeats are marked.\n"
                "2. **Choose topics**: from a template, from a file, or suggested from the responses.\n"
                "3. **Run**, look at the charts and the words behind them, correct, and export."
            )
        draw_upload(app, person, [])
        if chosen_file() is None:
            draw_samples()


def _draw_list_live(app: Services, person: Viewer, surveys: Sequence[Survey]) -> None:
    shown = surveys[: _shown_count()]
    live = any(_live(app.surveys.runs.list(person.tenant.id, survey.id)) for survey in shown)
    every = SECONDS_BETWEEN_LOOKS if live else None
    st.fragment(_draw_list, run_every=every, key=f"{session_keys.SURVEY_LIST}rows")(app, person)


def _draw_list(app: Services, person: Viewer) -> None:
    with errors_shown():
        surveys = app.surveys.library.list(person.tenant.id)
        titles = {survey.id: survey.title for survey in surveys}
        count = _shown_count()
        for survey in surveys[:count]:
            _draw_row(app, person, survey, titles)
        if len(surveys) > count:
            st.button(
                "Show more",
                key=f"{session_keys.SURVEY_LIST}more",
                icon=":material/expand_more:",
                type="tertiary",
                on_click=_show_more,
            )


def _draw_row(app: Services, person: Viewer, survey: Survey, titles: Mapping[str, str]) -> None:
    states = app.surveys.runs.list(person.tenant.id, survey.id)
    following = next_step(states)
    with st.container(border=True, gap="xxsmall"):
        if st.button(
            f"**{in_one_line(survey.title, 80)}**",
            key=f"{session_keys.SURVEY_BUTTON}open.{survey.id}",
            icon=":material/poll:",
            type="tertiary",
            on_click=open_survey,
            args=(survey.id, following.step),
        ):
            st.rerun()  # the click would redraw the list alone
        facts = [counted(survey.facts.row_count, "response"), counted(len(survey.facts.columns.texts), "question")]
        facts += filter(None, [days_words(survey.facts)])
        facts.append(f"loaded {ago(survey.created_at)} by {in_one_line(survey.username)}")
        st.markdown(f"{_state(states)} :small[:gray[{' · '.join(facts)}]]")
        words = [f"**Next:** {following.words}"]
        earlier = titles.get(survey.earlier_wave_id or "")
        if earlier:
            words.insert(0, f"Wave after “{in_one_line(earlier, 60)}”")
        st.caption(" · ".join(words))


def _state(states: Sequence[RunState]) -> str:
    if not states:
        return ":gray-badge[:material/hourglass_empty: No run yet]"
    job = states[0].job
    share = f" :small[{job.ended_count:,} of {job.item_count:,} parts]" if job.status.live and job.item_count else ""
    return job_state_markdown(job) + share


def _live(states: Sequence[RunState]) -> bool:
    return any(state.job.status.live for state in states)


def _shown_count() -> int:
    count: int = st.session_state.get(f"{session_keys.SURVEY_LIST}count", PAGE_LENGTH)
    return count


def _show_more() -> None:
    st.session_state[f"{session_keys.SURVEY_LIST}count"] = _shown_count() + PAGE_LENGTH
