"""What is not saved of a taxonomy: what it would touch, how it is saved, and what if a colleague was faster."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.markdown_text import in_one_line
from components.survey_link import RUN, open_taxonomy
from components.survey_next import draw_way_to
from components.taxonomy_choice import NEW
from components.taxonomy_drafts import TaxonomyDraft, new_draft, new_name
from components.taxonomy_open import OpenTaxonomy
from components.taxonomy_rebase import put_onto
from components.taxonomy_words import impact_table, report_words
from components.times import ago
from components.wiring import Services
from services.surveys.taxonomies import LONGEST_NOTE, LONGEST_TAXONOMY_NAME
from services.surveys.taxonomy_changes import changes_of, told
from services.surveys.taxonomy_impact import EditReport
from services.surveys.taxonomy_models import TaxonomyVersion

_BUTTON = session_keys.TAXONOMY_BUTTON
_FIELD = session_keys.TAXONOMY_FIELD


def draw_saving(app: Services, opened: OpenTaxonomy, draft: TaxonomyDraft) -> None:
    """Draw what is unsaved and what can be done with it; the way to a run when nothing is."""
    _draw_left_out(opened)
    if opened.version is None:
        _draw_new(app, opened, draft)
    elif not draft.edit.is_changed:
        draw_way_to(RUN, "Next: run with these topics", key=opened.name)
    elif draft.base_version != opened.version.number:
        _draw_conflict(opened, draft, opened.version)
    else:
        _draw_changed(app, opened, draft, opened.version)


def _draw_new(app: Services, opened: OpenTaxonomy, draft: TaxonomyDraft) -> None:
    key = f"{_FIELD}name.{opened.name}"
    st.session_state.setdefault(key, draft.name)

    def keep_name() -> None:
        opened.keep(replace(opened.typed().draft, name=st.session_state[key]))

    def save() -> str:
        latest = opened.typed().draft
        name = st.session_state.get(key) or latest.name
        version = app.surveys.taxonomies.create(
            opened.person.account, opened.person.tenant.id, name, latest.edit.taxonomy, latest.origin
        )
        opened.forget()
        open_taxonomy(version.taxonomy_id)
        return f"Saved “{name.strip()}” with {counted(len(version.taxonomy.topics), 'topic')}."

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name of the taxonomy", key=key, max_chars=LONGEST_TAXONOMY_NAME, width=340, on_change=keep_name)
        count = len(draft.edit.taxonomy.topics)
        action_button(
            f"Save {counted(count, 'topic')}" if count else "Save",
            save,
            key=f"{_BUTTON}save.{opened.name}",
            icon=":material/save:",
            kind="primary",
            disabled=not count,
        )
        _draw_undo(opened, draft)
        _draw_discard(opened, "Begin anew")


def _draw_changed(app: Services, opened: OpenTaxonomy, draft: TaxonomyDraft, version: TaxonomyVersion) -> None:
    reviewed = f"{_FIELD}review.{opened.name}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":orange-badge[:material/edit: Not saved] {in_one_line(told(changes_of(draft.edit)))}", width="content"
        )
        if not st.session_state.get(reviewed):
            action_button(
                "Review and save",
                lambda: st.session_state.update({reviewed: True}),
                key=f"{_BUTTON}review.{opened.name}",
                icon=":material/fact_check:",
                kind="primary",
            )
        _draw_undo(opened, draft)
        _draw_discard(opened, "Discard")
    if st.session_state.get(reviewed):
        with st.container(border=True):
            _draw_review(app, opened, draft, version)


def _draw_review(app: Services, opened: OpenTaxonomy, draft: TaxonomyDraft, version: TaxonomyVersion) -> None:
    report = _report(app, opened, draft)
    note_key = f"{_FIELD}note.{opened.name}"
    reviewed = f"{_FIELD}review.{opened.name}"
    st.markdown(report_words(report))
    st.table(impact_table(report), border="horizontal", hide_index=True)
    st.text_input(
        "What changed and why",
        key=note_key,
        max_chars=LONGEST_NOTE,
        placeholder=told(changes_of(draft.edit)),
        persist_state="session",
    )

    def save() -> str:
        latest = opened.typed().draft
        saved = app.surveys.taxonomies.save(
            opened.person.account,
            opened.person.tenant.id,
            version.taxonomy_id,
            latest.edit,
            st.session_state.get(note_key) or "",
            latest.base_version,
        )
        opened.forget()
        for key in (reviewed, note_key, f"{_FIELD}left_out.{opened.name}"):
            st.session_state.pop(key, None)
        return f"Saved as version {saved.number}."

    with st.container(horizontal=True):
        action_button(
            f"Save as version {version.number + 1}",
            save,
            key=f"{_BUTTON}save.{opened.name}",
            icon=":material/save:",
            kind="primary",
        )
        action_button(
            "Go on editing",
            lambda: st.session_state.pop(reviewed, None) and None,
            key=f"{_BUTTON}unreview.{opened.name}",
            icon=":material/edit:",
            kind="tertiary",
        )


def _report(app: Services, opened: OpenTaxonomy, draft: TaxonomyDraft) -> EditReport:
    """Counted once for an edit: it reads the findings of runs."""
    key = f"{_FIELD}report.{opened.name}"
    kept = st.session_state.get(key)
    if kept is not None and kept[0] == (draft.edit, draft.base_version):
        report: EditReport = kept[1]
        return report
    with st.spinner("Counting what this touches …"):
        taxonomy_id = opened.version.taxonomy_id if opened.version else ""
        report = app.surveys.taxonomies.affected(opened.person.tenant.id, taxonomy_id, draft.edit)
    st.session_state[key] = ((draft.edit, draft.base_version), report)
    return report


def _draw_conflict(opened: OpenTaxonomy, draft: TaxonomyDraft, version: TaxonomyVersion) -> None:
    st.warning(
        f"**{in_one_line(version.username)} saved version {version.number} {ago(version.created_at)}, while you were "
        f"editing version {draft.base_version}.**  \nNothing of yours is lost. What changed there: "
        f"{in_one_line(version.note)}",
        icon=":material/group:",
    )

    def repeat() -> None:
        latest = opened.typed().draft
        rebased = put_onto(latest.edit, version.taxonomy)
        opened.keep(replace(latest.with_edit(rebased.edit), base_version=version.number))
        st.session_state[f"{_FIELD}left_out.{opened.name}"] = rebased.left_out

    def copy() -> str:
        latest = opened.typed().draft
        name = new_name(opened.survey_id)
        draft = new_draft("My version", latest.edit.taxonomy, f"From changes of version {latest.base_version}.")
        replace(opened, name=name, version=None).keep(draft)
        opened.forget()
        open_taxonomy(NEW)
        return "Your changes are a new taxonomy now. Give it a name and save it."

    with st.container(horizontal=True):
        action_button(
            f"Put my changes onto version {version.number}",
            repeat,
            key=f"{_BUTTON}rebase.{opened.name}",
            icon=":material/move_up:",
            kind="primary",
        )
        action_button(
            "Keep mine as a new taxonomy",
            copy,
            key=f"{_BUTTON}fork.{opened.name}",
            icon=":material/content_copy:",
        )
        _draw_discard(opened, "Discard mine")


def _draw_left_out(opened: OpenTaxonomy) -> None:
    left_out: tuple[str, ...] = st.session_state.get(f"{_FIELD}left_out.{opened.name}", ())
    if left_out:
        lines = "\n".join(f"- {in_one_line(words)}" for words in left_out)
        st.warning(f"**Not everything could be put onto the newest version:**\n{lines}", icon=":material/warning:")


def _draw_undo(opened: OpenTaxonomy, draft: TaxonomyDraft) -> None:
    if draft.can_undo:
        action_button(
            "Undo",
            lambda: opened.change(TaxonomyDraft.undone),
            key=f"{_BUTTON}undo.{opened.name}",
            icon=":material/undo:",
            kind="tertiary",
        )


def _draw_discard(opened: OpenTaxonomy, label: str) -> None:
    def discard() -> None:
        opened.forget()
        for name in ("left_out", "review", "name"):
            st.session_state.pop(f"{_FIELD}{name}.{opened.name}", None)

    with st.popover(label, icon=":material/delete_history:", type="tertiary", key=f"{_BUTTON}discarding.{opened.name}"):
        st.markdown("Everything that is not saved will be gone.")
        action_button(
            label,
            discard,
            key=f"{_BUTTON}discard.{opened.name}",
            icon=":material/delete_history:",
            kind="primary",
        )
