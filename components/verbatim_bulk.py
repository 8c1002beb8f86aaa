"""Changes many responses at once: those that were selected, or all that fit the filter."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.explore_words import SENTIMENT_WORDS
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.verbatim_edit import choose_sentiment
from components.verbatim_undo import LastChange, corrections_of, remember
from components.wiring import Services
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.label_models import LabelChange, LabeledTopic

_SELECTED, _ALL = "selected", "all"
CHANGE, CONFIRM, UNDO = "change", "confirm", "undo"


def chosen_texts(run_id: str) -> dict[str, None]:
    """The keys of the texts that are selected, in the order of the clicks."""
    chosen: dict[str, None] = st.session_state.get(f"{session_keys.VERBATIM_CHOSEN}{run_id}", {})
    return chosen


def choose_text(run_id: str, text_key: str, *, wanted: bool) -> None:
    """Select a text, or not; for callbacks."""
    chosen = {key: None for key in chosen_texts(run_id) if key != text_key}
    if wanted:
        chosen[text_key] = None
    st.session_state[f"{session_keys.VERBATIM_CHOSEN}{run_id}"] = chosen


def draw_bulk(app: Services, person: Viewer, view: RunView, chosen: ResponseFilter, count: int) -> None:
    """Draw the fields, and before anything changes what would be changed.

    Args:
        count: How many responses fit the filter.
    """
    selected = chosen_texts(view.run.id)
    label = f"Change many at once ({counted(len(selected), 'text')} selected)" if selected else "Change many at once"
    with st.expander(label, icon=":material/edit_note:", key=f"{session_keys.VERBATIM_FIELD}bulk"):
        prefix = f"{session_keys.VERBATIM_FIELD}bulk.{view.run.id}"
        target = _choose_target(selected, count, prefix)
        add, remove, change = _draw_change(view, prefix)
        asked: tuple[str, str] | None = st.session_state.get(f"{prefix}.asked")
        if asked is not None and asked[1] == target:
            _draw_question(
                app, person, view, chosen, count, target, asked[0], change, _words(view, add, remove, change)
            )
            return
        with st.container(horizontal=True, gap="small"):
            nothing = target == _SELECTED and not selected
            _ask_button("Change …", CHANGE, target, prefix, disabled=nothing or change.is_empty)
            _ask_button("These are right …", CONFIRM, target, prefix, disabled=nothing)
            _ask_button("Undo corrections …", UNDO, target, prefix, disabled=nothing)
            if selected:
                st.button(
                    "Clear selection",
                    key=f"{session_keys.VERBATIM_BUTTON}clear",
                    type="tertiary",
                    on_click=lambda: st.session_state.pop(f"{session_keys.VERBATIM_CHOSEN}{view.run.id}", None),
                )


def _choose_target(selected: dict[str, None], count: int, prefix: str) -> str:
    words = {
        _SELECTED: f"Selected ({counted(len(selected), 'text')})",
        _ALL: f"All that fit the filter ({counted(count, 'response')})",
    }
    target = st.segmented_control(
        "Which responses",
        [_SELECTED, _ALL],
        default=_SELECTED,
        required=True,
        format_func=lambda one: words[one],
        key=f"{prefix}.target",
        wrap=True,
    )
    if target == _SELECTED and not selected:
        st.caption("Select responses by the boxes beside them; a selection goes over several pages.")
    return target or _SELECTED


def _draw_change(view: RunView, prefix: str) -> tuple[list[str], list[str], LabelChange]:
    names = {topic.id: topic.name for topic in view.topics}
    left, right = st.columns(2)
    add = left.multiselect("Add topics", list(names), format_func=lambda one: names[one], key=f"{prefix}.add")
    remove = right.multiselect(
        "Take topics away",
        [one for one in names if one not in add],
        format_func=lambda one: names[one],
        key=f"{prefix}.remove",
    )
    feeling = None
    if add:
        feeling = choose_sentiment("What is felt about the added topics", f"{prefix}.feeling", None)
    sentiment = choose_sentiment("The responses as a whole", f"{prefix}.all", None)
    change = LabelChange(
        add=tuple(LabeledTopic(one, feeling) for one in add), remove=tuple(remove), sentiment=sentiment
    )
    return add, remove, change


def _words(view: RunView, add: list[str], remove: list[str], change: LabelChange) -> str:
    names = {topic.id: in_one_line(topic.name, 60) for topic in view.topics}
    parts = []
    if add:
        feeling = change.add[0].sentiment
        felt = f" ({SENTIMENT_WORDS[feeling].lower()})" if feeling else ""
        parts.append(f"add {', '.join(f'“{names[one]}”' for one in add)}{felt}")
    if remove:
        parts.append(f"take {', '.join(f'“{names[one]}”' for one in remove)} away")
    if change.sentiment:
        parts.append(f"as a whole {SENTIMENT_WORDS[change.sentiment].lower()}")
    return "; ".join(parts)


def _draw_question(
    app: Services,
    person: Viewer,
    view: RunView,
    chosen: ResponseFilter,
    count: int,
    target: str,
    what: str,
    change: LabelChange,
    words: str,
) -> None:
    selected = list(chosen_texts(view.run.id))
    if target == _ALL:
        how_many = f"{counted(count, 'response')} ({counted(view.distinct_count(chosen), 'different text')})"
    else:
        how_many = f"{counted(len(selected), 'selected text')}, and all responses with the same words"
    sentence = {
        CHANGE: f"Change {how_many}: {words}.",
        CONFIRM: f"Say that what was found is right for {how_many}. Corrections that stand are left alone.",
        UNDO: f"Forget the corrections of {how_many}. What the run found holds again.",
    }[what]
    st.warning(f"**{sentence}**", icon=":material/help:")
    prefix = f"{session_keys.VERBATIM_FIELD}bulk.{view.run.id}"

    def act() -> str:
        keys = list(view.text_keys(chosen)) if target == _ALL else selected
        before = corrections_of(app, person, view)
        done = _act(app, person, view.run.id, keys, what, change)
        after = corrections_of(app, person, view)
        changed = tuple(key for key in keys if before.get(key) != after.get(key))
        earlier = tuple(before[key] for key in changed if key in before)
        remember(view.run.id, LastChange(done, changed, earlier))
        for key in (f"{prefix}.asked", f"{session_keys.VERBATIM_CHOSEN}{view.run.id}"):
            st.session_state.pop(key, None)
        return done

    with st.container(horizontal=True, gap="small"):
        verb = {CHANGE: "Change", CONFIRM: "Confirm", UNDO: "Undo"}[what]
        noun = counted(count, "response") if target == _ALL else counted(len(selected), "selected text")
        action_button(
            f"{verb} {noun}",
            act,
            key=f"{session_keys.VERBATIM_BUTTON}bulk.yes",
            icon=":material/check:",
            kind="primary",
        )
        st.button(
            "Back",
            key=f"{session_keys.VERBATIM_BUTTON}bulk.no",
            type="tertiary",
            on_click=lambda: st.session_state.pop(f"{prefix}.asked", None),
        )


def _act(app: Services, person: Viewer, run_id: str, keys: list[str], what: str, change: LabelChange) -> str:
    labels, account, tenant_id = app.surveys.labels, person.account, person.tenant.id
    actions: dict[str, tuple[Callable[[], int], str]] = {
        CHANGE: (lambda: labels.correct(account, tenant_id, run_id, keys, change), "changed"),
        CONFIRM: (lambda: labels.confirm(account, tenant_id, run_id, keys), "confirmed"),
        UNDO: (lambda: labels.undo(account, tenant_id, run_id, keys), "as the run found them"),
    }
    action, words = actions[what]
    return f"{counted(action(), 'response')} {words}."


def _ask_button(label: str, what: str, target: str, prefix: str, *, disabled: bool) -> None:
    st.button(
        label,
        key=f"{session_keys.VERBATIM_BUTTON}bulk.{what}",
        disabled=disabled,
        on_click=lambda: st.session_state.update({f"{prefix}.asked": (what, target)}),
    )
