"""The tab that holds the draft against what answers now, on the golden questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.frame import Viewer
from components.golden_results import outcome_words, progress_shown
from components.golden_words import TURNS, golden_badges
from components.markdown_text import in_one_line
from components.question_trial import try_question
from components.weight_tuning import draw_tuning
from components.wiring import Services
from services.answers.golden_models import GoldenChange, GoldenComparison, GoldenFigures
from services.answers.quality import CheckedVersions

COMPARE_TAB = "Compare"
_MOST_CHANGES = 30
_LONGEST_QUESTION = 200
# Name, attribute, whether more is better, what it means.
_ANSWERABLE = (
    ("Right document first", "first", True, "The first document found is a right one (R@1)."),
    ("Among the first three", "first_three", True, "One of the first three documents found is right (R@3)."),
    ("Expected words found", "quoted", True, "A passage that agents see holds the words that the question names."),
    ("Not declined", "kept", True, "The agent gets a draft or sources."),
    ("Drafted", "drafted", True, "The agent gets a draft."),
)
_UNANSWERABLE = (
    ("Rightly declined", "declined", True, "The agent is told that it is not in the knowledge base."),
    ("Wrongly drafted", "wrongly_drafted", False, "The agent gets a draft although nothing answers it."),
)


def draw_comparison(app: Services, person: Viewer, versions: CheckedVersions) -> None:
    """Draw the comparison, or what is missing for one; then the tuning of the draft."""
    newest = versions.draft or versions.live
    if newest is None or not app.golden_questions.list_questions(person.account, person.tenant.id):
        st.info(
            "**There is nothing to compare by yet.**  \nAdd golden questions first, under “Golden questions”.",
            icon=":material/quiz:",
        )
        return
    live = versions.live.number if versions.live else None
    against = live if versions.draft is not None else None
    comparison = _comparison(app, person, newest.number, against)
    if comparison is not None:
        _draw(comparison, is_draft=versions.draft is not None)
    draw_tuning(app, person, versions.draft)


def _comparison(app: Services, person: Viewer, number: int, against: int | None) -> GoldenComparison | None:
    account, tenant_id = person.account, person.tenant.id
    numbers = [one for one in (number, against) if one is not None]
    missing = [one for one in numbers if app.quality.needs_run(account, tenant_id, one)]
    if missing:
        st.markdown(
            "The golden questions have not been asked of "
            + " and ".join(f"version {one}" for one in missing)
            + " as it is now."
        )
        if not st.button(
            "Run golden questions", key=session_keys.COMPARE_BUTTON, type="primary", icon=":material/play_arrow:"
        ):
            return None
    with progress_shown("Asking the golden questions …") as listen:
        return app.quality.compare(account, tenant_id, number, against, on_progress=listen)


def _draw(comparison: GoldenComparison, *, is_draft: bool) -> None:
    number, against = comparison.number, comparison.against
    if against is not None:
        st.markdown(f"**Draft (version {number}) against live (version {against}).** {golden_badges(comparison)}")
    elif is_draft:
        st.markdown(f"**Draft (version {number}).** Nothing answers yet, so there is nothing to hold it against.")
    else:
        st.markdown(f"**Live (version {number}).** There is no newer draft to hold against it.")
    _draw_figures(comparison.figures, comparison.figures_before)
    if against is None:
        return
    _draw_changes("Worse", ":material/trending_down:", comparison.worse, "No question got worse.", opened=True)
    _draw_changes(
        "Better", ":material/trending_up:", comparison.better, "No question got better.", opened=not comparison.worse
    )
    st.caption(f"{counted(comparison.stayed_count, 'question')} stayed as before.")
    if comparison.sentence_lost:
        with st.expander(
            f"{counted(len(comparison.sentence_lost), 'question')} whose expected words are no longer found",
            icon=":material/format_quote:",
        ):
            st.caption("The document says it in other words now, or another passage took its place. Look at both.")
            st.markdown(
                "\n".join(
                    f"- {in_one_line(question.text, _LONGEST_QUESTION)}"
                    for question in comparison.sentence_lost[:_MOST_CHANGES]
                )
            )


def _draw_figures(after: GoldenFigures, before: GoldenFigures | None) -> None:
    for count, what, figures in (
        (after.answerable_count, "with an answer", _ANSWERABLE),
        (after.unanswerable_count, "without an answer", _UNANSWERABLE),
    ):
        if not count:
            continue
        st.caption(f"{counted(count, 'question')} {what}")
        with st.container(horizontal=True, gap="medium"):
            for name, attribute, more_is_better, meaning in figures:
                _draw_figure(name, attribute, after, before, more_is_better=more_is_better, meaning=meaning)


def _draw_figure(
    name: str, attribute: str, after: GoldenFigures, before: GoldenFigures | None, *, more_is_better: bool, meaning: str
) -> None:
    value = getattr(after, attribute)
    points = round(100 * (value - getattr(before, attribute))) if before is not None else 0
    color: Literal["normal", "inverse", "off"] = "normal" if more_is_better else "inverse"
    st.metric(
        name,
        f"{value:.0%}",
        f"{points:+d} points" if points else None if before is None else "as before",
        delta_color=color if points else "off",
        delta_arrow="auto" if points else "off",
        help=meaning,
        width="content",
    )


def _draw_changes(title: str, icon: str, changes: Sequence[GoldenChange], none: str, *, opened: bool) -> None:
    with st.expander(f"{title} ({len(changes):,})", icon=icon, expanded=opened):
        if not changes:
            st.caption(none)
        for change in changes[:_MOST_CHANGES]:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                before, after = (outcome_words(change.question, one) for one in (change.before, change.after))
                st.markdown(
                    f"{in_one_line(change.question.text, _LONGEST_QUESTION)}  \n"
                    f":small[{before} → **{after}**: it {TURNS[change.turn]}.]",
                    width="stretch",
                )
                st.button(
                    "Try it",
                    key=f"{session_keys.GOLDEN_TRY_BUTTON}{change.question.id}",
                    type="tertiary",
                    icon=":material/search:",
                    on_click=try_question,
                    args=(change.question.text,),
                )
        if len(changes) > _MOST_CHANGES:
            st.caption(f"and {len(changes) - _MOST_CHANGES:,} more")
