"""Loads surveys in a thread of its own: a click elsewhere or a reload does not stop it, and its progress is shown."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from structlog import contextvars

from components import session_keys
from components.error_notice import errors_shown, show_error
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.survey_link import open_survey
from services.surveys.survey_models import Survey

SECONDS_BETWEEN_LOOKS = 1.0
_SECONDS_AT_ONCE = 2.0  # a small survey is there before anybody has read that it is being loaded

OnProgress = Callable[[str, int, int], None]


class LoadingStoppedError(Exception):
    """Somebody does not want the survey any more."""


@dataclass(frozen=True, slots=True)
class LoadingStep:
    """What is being done to how many of how many different texts."""

    words: str
    done: int
    total: int


class SurveyLoading:
    """One survey that is being loaded.

    Attributes:
        title: What it is called while it is not there yet.
        step: How far it is; None before the first step.
        survey: What came of it; None until then.
        error: Why nothing came of it.
    """

    def __init__(self, title: str, load: Callable[[OnProgress], Survey]) -> None:
        self.title = title
        self.step: LoadingStep | None = None
        self.survey: Survey | None = None
        self.error: Exception | None = None
        self._load = load
        self._is_stopping = False
        self._logged = contextvars.get_contextvars()
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="survey-loading", daemon=True).start()

    @property
    def ended(self) -> bool:
        """Whether a survey or an error came of it."""
        return self._ended.is_set()

    def stop(self) -> None:
        """Let it end without a survey as soon as it tells of its next step; for callbacks."""
        self._is_stopping = True

    def wait(self, seconds: float) -> bool:
        """Wait at most this long; returns whether it has ended."""
        return self._ended.wait(seconds)

    def _run(self) -> None:
        try:
            with contextvars.bound_contextvars(**self._logged):
                self.survey = self._load(self._advanced)
        except Exception as error:  # the page shows it
            self.error = error
        finally:
            del self._load  # it holds the whole table
            self._ended.set()

    def _advanced(self, words: str, done: int, total: int) -> None:
        if self._is_stopping:
            raise LoadingStoppedError
        self.step = LoadingStep(words, done, total)


def loading_of(person: Viewer) -> SurveyLoading | None:
    """What this person is loading for this tenant, or has loaded and not yet been told."""
    return _loadings().get(_place(person))


def start_loading(person: Viewer, title: str, load: Callable[[OnProgress], Survey]) -> None:
    """Load a survey; the page shows it at its next run. For callbacks."""
    loading = SurveyLoading(title, load)
    _loadings()[_place(person)] = loading
    loading.wait(_SECONDS_AT_ONCE)


def draw_loading(person: Viewer, on_loaded: Callable[[], None]) -> bool:
    """Draw how far the loading is, and open the survey once it is there.

    Args:
        on_loaded: Called before the survey opens.

    Returns:
        Whether something is being loaded: then no further file can be taken.
    """
    loading = loading_of(person)
    if loading is None:
        return False
    if loading.ended:
        _settle(person, loading, on_loaded)
        return False
    fragment = st.fragment(_draw, run_every=SECONDS_BETWEEN_LOOKS, key=session_keys.SURVEY_LOADING)
    fragment(loading)
    return True


def _draw(loading: SurveyLoading) -> None:
    with errors_shown():
        if loading.ended:
            st.rerun()
        with st.container(border=True):
            st.markdown(f"**Loading “{in_one_line(loading.title, 80)}”**")
            step = loading.step
            if step is None or not step.total:
                st.progress(0.0, text=in_one_line(step.words) if step else "Getting ready")
            else:
                words = f"{in_one_line(step.words, 90)} · {step.done:,} of {step.total:,} different responses"
                st.progress(min(step.done / step.total, 1.0), text=words)
            with st.container(horizontal=True, vertical_alignment="center"):
                st.button(
                    "Stop",
                    key=f"{session_keys.SURVEY_BUTTON}stop_loading",
                    icon=":material/stop_circle:",
                    on_click=loading.stop,
                )
                st.caption("You can go elsewhere meanwhile; it goes on without you.", width="stretch")


def _settle(person: Viewer, loading: SurveyLoading, on_loaded: Callable[[], None]) -> None:
    with contextlib.suppress(KeyError):
        del _loadings()[_place(person)]
    if loading.survey is not None:
        on_loaded()
        st.session_state[session_keys.KNOWLEDGE_NOTICE] = f"“{in_one_line(loading.survey.title, 80)}” is loaded."
        open_survey(loading.survey.id)
        st.rerun()
    if isinstance(loading.error, LoadingStoppedError):
        st.info("Loading was stopped. Nothing was stored.", icon=":material/block:")
    elif loading.error is not None:
        show_error(loading.error)
        st.caption("Nothing was stored. Your file and your choices are still here.")


def _place(person: Viewer) -> tuple[str, str]:
    return person.account.username, person.tenant.id


@st.cache_resource(show_spinner=False)
def _loadings() -> dict[tuple[str, str], SurveyLoading]:
    """By account and tenant; kept by the process, so that a reload finds them."""
    return {}
