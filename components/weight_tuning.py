"""Tuning: other weights for the draft, tried on the golden questions and shown before they are saved."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.error_notice import show_error
from components.frame import Viewer
from components.golden_results import progress_shown
from components.wiring import Services
from services.answers.tuning import RankingQuality, TuningProposal, TuningResult
from services.errors import AppError
from services.knowledge.models import Ranking, Snapshot


def draw_tuning(app: Services, person: Viewer, draft: Snapshot | None) -> None:
    """Draw the button that tries other weights, the proposal, and what saving it did."""
    st.header("Tune", anchor=False)
    st.caption(
        "Tries other weights for words and headings on your golden questions. Each question is judged by weights that "
        "the other questions chose, so the gain is one that you can expect for new questions too."
    )
    if draft is None:
        st.info(
            "There is no draft. What answers now is never changed; build a new version first.", icon=":material/info:"
        )
        return
    key = (person.tenant.id, draft.number)
    if st.button("Try other weights", key=session_keys.TUNE_BUTTON, icon=":material/tune:"):
        st.session_state.pop(session_keys.TUNE_RESULT, None)
        _propose(app, person, draft.number)
    state = st.session_state
    result: TuningResult | None = state.get(session_keys.TUNE_RESULT, {}).get(key)
    proposal: TuningProposal | None = state.get(session_keys.TUNE_PROPOSAL, {}).get(key)
    if result is not None:
        _draw_result(app, person, result)
    elif proposal is not None:
        _draw_proposal(app, person, proposal)


def _propose(app: Services, person: Viewer, number: int) -> None:
    try:
        with progress_shown("Trying weights on the golden questions …") as listen:
            proposal = app.tuning.propose(person.account, person.tenant.id, number, on_progress=listen)
    except AppError as error:
        show_error(error)
        return
    st.session_state[session_keys.TUNE_PROPOSAL] = {(person.tenant.id, number): proposal}


def _draw_proposal(app: Services, person: Viewer, proposal: TuningProposal) -> None:
    if proposal.worthwhile:
        st.success("**These weights find better.** The gain is more than chance.", icon=":material/trending_up:")
    else:
        st.info(
            "**The present weights are as good.** No other weights gain more than chance would.",
            icon=":material/balance:",
        )
    st.table(_table(proposal), width="content")
    low, high = (f"{100 * value:+.1f}".replace("-", "−") for value in (proposal.ndcg_gain.low, proposal.ndcg_gain.high))
    st.caption(
        f"Expected gain in the order of the first ten: between {low} and {high} points with 95 % certainty, from "
        f"{proposal.tune_count:,} questions that the weights are learned from."
    )
    with st.container(horizontal=True, gap="small"):
        if proposal.worthwhile:
            st.button(
                "Save to the draft",
                key=session_keys.TUNE_SAVE_BUTTON,
                type="primary",
                icon=":material/check:",
                help="Saves the weights, then learns the bands anew.",
                on_click=_change,
                args=(app, person, proposal, True),
            )
        st.button(
            "Learn the bands anew",
            key=session_keys.TUNE_RECALIBRATE_BUTTON,
            icon=":material/restart_alt:",
            help="Keeps the weights and learns again where the draft declines, shows sources only, or drafts.",
            on_click=_change,
            args=(app, person, proposal, False),
        )
    failure: AppError | None = st.session_state.pop(session_keys.TUNE_RESULT + ".failure", None)
    if failure is not None:
        show_error(failure)


def _table(proposal: TuningProposal) -> dict[str, list[str]]:
    def row(present: RankingQuality | None, proposed: RankingQuality | None) -> list[str]:
        return (
            [_change_words(present.first, proposed.first), _change_words(present.ndcg, proposed.ndcg)]
            if (present is not None and proposed is not None)
            else ["–", "–"]
        )

    return {
        "": [
            "Right document first, new questions",
            "Order of the first ten (nDCG@10), new questions",
            "Right document first, questions only checked with",
            "Order of the first ten, questions only checked with",
            "Weight of words",
            "Share of headings",
        ],
        "Present → proposed": [
            *row(proposal.before, proposal.after),
            *row(proposal.test_before, proposal.test_after),
            *_weights(proposal.present, proposal.proposed),
        ],
    }


def _weights(present: Ranking, proposed: Ranking) -> list[str]:
    return [
        f"{present.keyword_weight:g} → {proposed.keyword_weight:g}",
        f"{present.heading_share:.0%} → {proposed.heading_share:.0%}",
    ]


def _draw_result(app: Services, person: Viewer, result: TuningResult) -> None:
    before, after = result.before, result.after
    st.success(
        f"**Saved to version {result.number}.**  \n"
        f"Right document first: {_change_words(before.first, after.first)} · not declined: "
        f"{_change_words(before.kept, after.kept)} · drafted: {_change_words(before.drafted, after.drafted)} · rightly "
        f"declined: {_change_words(before.declined, after.declined)} · wrongly drafted: "
        f"{_change_words(before.wrongly_drafted, after.wrongly_drafted)}",
        icon=":material/check_circle:",
    )
    st.button(
        "Undo",
        key=session_keys.TUNE_UNDO_BUTTON,
        icon=":material/undo:",
        on_click=_undo,
        args=(app, person, result),
    )


def _change(app: Services, person: Viewer, proposal: TuningProposal, with_weights: bool) -> None:
    account, tenant_id = person.account, person.tenant.id
    try:
        result = (
            app.tuning.save_weights(account, tenant_id, proposal)
            if with_weights
            else app.tuning.recalibrate(account, tenant_id, proposal.number)
        )
    except AppError as error:
        st.session_state[session_keys.TUNE_RESULT + ".failure"] = error
        return
    st.session_state[session_keys.TUNE_RESULT] = {(tenant_id, proposal.number): result}
    st.session_state.pop(session_keys.TUNE_PROPOSAL, None)


def _undo(app: Services, person: Viewer, result: TuningResult) -> None:
    app.tuning.undo(person.account, person.tenant.id, result)
    st.session_state.pop(session_keys.TUNE_RESULT, None)


def _change_words(before: float, after: float) -> str:
    return f"{before:.1%} → {after:.1%}"
