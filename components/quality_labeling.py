"""Labels a sample on the page, one response after the other, without showing what the run found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from components import session_keys
from components.batch_actions import action_button, attempt
from components.frame import Viewer
from components.markdown_text import plain
from components.verbatim_edit import choose_feelings, choose_sentiment, choose_topics
from components.verbatim_markup import facts_line
from components.wiring import Services
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.models import Verbatim
from services.surveys.label_models import LabeledTopic, ResponseLabel

SIZES = (25, 50, 100, 200)
_SIZE = 100


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample that is being labeled.

    Attributes:
        keys: The texts in their order.
        place: The one that is shown; as many as there are keys when all were.
    """

    keys: tuple[str, ...]
    place: int = 0


def is_labeling(run_id: str) -> bool:
    """Whether a sample is open."""
    return f"{session_keys.QUALITY_SAMPLE}{run_id}" in st.session_state


def draw_start(app: Services, person: Viewer, view: RunView) -> None:
    """Draw how a sample is drawn."""
    st.markdown(
        ":small[Responses are drawn evenly from all topics, Other and all sentiments. You see only what was written, "
        "so that the run does not sway you.]"
    )
    size = st.segmented_control(
        "How many",
        SIZES,
        default=_SIZE,
        required=True,
        key=f"{session_keys.QUALITY_FIELD}size.{view.run.id}",
    )

    def begin() -> None:
        keys = app.surveys.labels.gold_sample(person.tenant.id, view.run.id, size or _SIZE)
        st.session_state[f"{session_keys.QUALITY_SAMPLE}{view.run.id}"] = Sample(keys)

    action_button(
        "Start labeling",
        begin,
        key=f"{session_keys.QUALITY_BUTTON}begin",
        icon=":material/play_arrow:",
        kind="primary",
    )


def draw_labeling(app: Services, person: Viewer, view: RunView) -> None:
    """Draw the response whose turn it is."""
    sample: Sample = st.session_state[f"{session_keys.QUALITY_SAMPLE}{view.run.id}"]
    gold = {
        label.text_key: label
        for label in app.surveys.labels.gold(person.tenant.id, view.run.survey_id, view.run.question)
    }
    done, size = sum(key in gold for key in sample.keys), len(sample.keys)
    st.progress(done / size if size else 1.0, text=f"{done:,} of {size:,} labeled")
    found = view.of_texts(sample.keys[sample.place : sample.place + 1])
    if not found:
        _draw_end(view, done, size)
        return
    verbatim = found[0]
    with st.container(border=True, gap="small"):
        st.markdown(f"#### {plain(verbatim.text)}" if len(verbatim.text) < 120 else plain(verbatim.text))
        st.caption(_facts(verbatim))
        _draw_fields(app, person, view, sample, verbatim, gold.get(verbatim.text_key))
    st.button(
        "Stop for now",
        key=f"{session_keys.QUALITY_BUTTON}stop",
        icon=":material/pause:",
        type="tertiary",
        help="What you labeled is kept",
        on_click=_stop,
        args=(view.run.id,),
    )


def _draw_fields(
    app: Services, person: Viewer, view: RunView, sample: Sample, verbatim: Verbatim, label: ResponseLabel | None
) -> None:
    prefix = f"{session_keys.QUALITY_FIELD}label.{view.run.id}.{sample.place}"
    before = {one.topic_id: one.sentiment for one in label.topics} if label else {}
    if label:
        st.markdown(":blue-badge[:material/verified: Labeled already]")
    topic_ids = choose_topics("Which topics? None says that no topic fits", view.topics, prefix, list(before))
    sentiment = choose_sentiment(
        "How does the person feel, all in all?", f"{prefix}.all", label.sentiment if label else None
    )
    feelings = dict.fromkeys(topic_ids, None) | {key: value for key, value in before.items() if key in topic_ids}
    if topic_ids and st.toggle(
        "Say it per topic too", key=f"{session_keys.QUALITY_FIELD}per_topic", persist_state="session"
    ):
        feelings = choose_feelings(view.topics, topic_ids, prefix, before)

    def save() -> None:
        app.surveys.labels.label_gold(
            person.account,
            person.tenant.id,
            view.run.id,
            verbatim.text_key,
            [LabeledTopic(topic_id, feelings[topic_id]) for topic_id in topic_ids],
            sentiment,
        )
        _go(view.run.id, sample.place + 1)

    if not topic_ids:
        st.caption("No topic is chosen: it is saved as one that no topic fits.")
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Save and go on",
            key=f"{session_keys.QUALITY_BUTTON}save",
            icon=":material/check:",
            type="primary",
            shortcut="S",
            on_click=_attempt,
            args=(save,),
        )
        st.button(
            "Skip",
            key=f"{session_keys.QUALITY_BUTTON}skip",
            icon=":material/skip_next:",
            shortcut="K",
            on_click=_go,
            args=(view.run.id, sample.place + 1),
        )
        st.button(
            "Back",
            key=f"{session_keys.QUALITY_BUTTON}back",
            icon=":material/skip_previous:",
            shortcut="B",
            disabled=sample.place == 0,
            on_click=_go,
            args=(view.run.id, sample.place - 1),
        )


def _attempt(action: Callable[[], None]) -> None:
    attempt(action)


def _facts(verbatim: Verbatim) -> str:
    # How sure the run was would sway the person.
    return facts_line(replace(verbatim, sentiment=None))


def _draw_end(view: RunView, done: int, size: int) -> None:
    skipped = f" {size - done:,} were skipped." if done < size else ""
    st.success(
        f"**All {size:,} responses of the sample were shown.**{skipped}  \nSee under “Figures” how good the run is.",
        icon=":material/check_circle:",
    )
    st.button(
        "Done",
        key=f"{session_keys.QUALITY_BUTTON}done",
        type="primary",
        icon=":material/check:",
        on_click=_stop,
        args=(view.run.id,),
    )


def _go(run_id: str, place: int) -> None:
    key = f"{session_keys.QUALITY_SAMPLE}{run_id}"
    st.session_state[key] = replace(st.session_state[key], place=max(0, place))


def _stop(run_id: str) -> None:
    st.session_state.pop(f"{session_keys.QUALITY_SAMPLE}{run_id}", None)
