"""Tries a prompt on two models side by side."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.error_notice import errors_shown, show_error
from components.frame import Viewer
from components.markdown_text import in_one_line, plain
from components.model_words import UNKNOWN, money
from components.times import took
from components.wiring import Services
from services.operations.catalogue import Overview
from services.operations.trying import MOST_CHARACTERS, TrialChoice, TrialSide


def draw_model_trial(app: Services, person: Viewer, overview: Overview) -> None:
    """The form, and what came of the last prompt."""
    choices = app.operations.trials.choices([entry.model for entry in overview.models])
    if not choices:
        _draw_nothing_to_ask(overview)
        return
    by_key = {choice.key: choice for choice in choices}
    likely, other = _likely(choices, overview)
    with st.form(session_keys.MODELS_TRY_BUTTON + ".form"):
        left, right = st.columns(2)
        first = _pick(left, "First model", by_key, session_keys.MODELS_LEFT, likely)
        second = _pick(right, "Second model", by_key, session_keys.MODELS_RIGHT, other)
        prompt = st.text_area(
            "Prompt",
            key=session_keys.MODELS_PROMPT,
            height=120,
            max_chars=MOST_CHARACTERS,
            placeholder="What both models are asked",
            help="Personal data is masked before it is sent. What the models take is paid for and stands under Spend.",
        )
        asked = st.form_submit_button(
            "Ask both" if len(choices) > 1 else "Ask it",
            key=session_keys.MODELS_TRY_BUTTON,
            type="primary",
            icon=":material/send:",
        )
    if asked:
        chosen = [by_key[key] for key in dict.fromkeys((first, second)) if key is not None]
        st.session_state.pop(session_keys.MODELS_TRIAL, None)
        with errors_shown(), st.spinner("The models are writing"):
            st.session_state[session_keys.MODELS_TRIAL] = app.operations.trials.ask(
                person.account, person.tenant.id, prompt, chosen, overview.region
            )
    trial = st.session_state.get(session_keys.MODELS_TRIAL)
    if trial is None:
        return
    if trial.masked:
        st.caption(f":material/shield: Masked before it was sent: {plain(trial.masked)}.")
    for column, side in zip(st.columns(max(len(trial.sides), 2)), trial.sides, strict=False):
        with column:
            _draw_side(side)


def _pick(
    place: st.delta_generator.DeltaGenerator, label: str, by_key: dict[str, TrialChoice], key: str, index: int | None
) -> str | None:
    chosen: str | None = place.selectbox(
        label, list(by_key), index=index, format_func=lambda name: by_key[name].name, placeholder="None", key=key
    )
    return chosen


def _likely(choices: Sequence[TrialChoice], overview: Overview) -> tuple[int, int | None]:
    """Positions to begin with: a model that is in use, and one of another name."""
    used = {entry.served.model for entry in overview.capabilities}
    first = next((at for at, choice in enumerate(choices) if choice.model in used), 0)
    others = [
        at for at, choice in enumerate(choices) if choice.name.split(" · ")[0] != choices[first].name.split(" · ")[0]
    ]
    return first, min(others, key=lambda at: choices[at].model not in used, default=None)


def _draw_nothing_to_ask(overview: Overview) -> None:
    if overview.problem is not None:
        show_error(overview.problem)
        return
    st.info(
        "**There is no language model to ask.**  \nThis installation answers with what runs on this machine. To try "
        "models, set FRONTLINE\\_AWS\\_REGION for those of Bedrock, or FRONTLINE\\_OPENAI\\_BASE\\_URL and "
        "FRONTLINE\\_OPENAI\\_ANSWER\\_MODEL for a server of your own, and start again.",
        icon=":material/chat_error:",
    )


def _draw_side(side: TrialSide) -> None:
    st.markdown(f"**{in_one_line(side.choice.name)}**")
    if side.error is not None:
        st.error(f"**{plain(side.error.message_for_user)}**  \n{plain(side.error.remedy)}", icon=":material/error:")
        return
    reply = side.reply
    if reply is None:
        return
    with st.container(border=True):
        st.markdown(plain(reply.text))
    counted = reply.input_tokens or reply.output_tokens
    tokens = f"{reply.input_tokens:,} tokens in, {reply.output_tokens:,} out" if counted else "tokens not told"
    cost = UNKNOWN.lower() if side.cost_usd is None else plain(money(side.cost_usd))
    st.caption(f":material/timer: {took(reply.seconds * 1000)} · {tokens} · cost {cost}")
    if reply.cut_short:
        st.caption(":material/content_cut: It stopped at the longest reply that is asked for here.")
