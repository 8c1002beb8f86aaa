"""The versions of a taxonomy with what changed, its export, and its name."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.knowledge_window import confirm
from components.markdown_text import in_one_line
from components.survey_link import open_taxonomy
from components.taxonomy_open import OpenTaxonomy
from components.taxonomy_words import change_words
from components.times import ago
from components.wiring import Services
from services.surveys.models import Taxonomy
from services.surveys.taxonomies import LONGEST_TAXONOMY_NAME
from services.surveys.taxonomy_changes import changes_of
from services.surveys.taxonomy_edits import TaxonomyEdit, replaced_by
from services.surveys.taxonomy_exchange import export_csv, export_yaml, import_taxonomy
from services.surveys.taxonomy_models import StoredTaxonomy, TaxonomyVersion

_BUTTON = session_keys.TAXONOMY_BUTTON
_FIELD = session_keys.TAXONOMY_FIELD
_VERSIONS_SHOWN = 20
_MOST_CHANGES = 30


def draw_history(app: Services, opened: OpenTaxonomy, stored: StoredTaxonomy, version: TaxonomyVersion) -> None:
    """Draw what stands below the table of a taxonomy that is kept."""
    with st.expander(
        f"Versions: {version.number:,}",
        icon=":material/history:",
        key=f"{_FIELD}versions.{stored.id}",
        on_change="rerun",
    ) as versions:
        if versions.open:
            _draw_versions(app, opened, version)
    with st.expander("Export and import", icon=":material/swap_vert:"):
        _draw_exchange(opened, stored, version)
    with st.expander("Name and deletion", icon=":material/settings:"):
        _draw_settings(app, opened, stored)


def _draw_versions(app: Services, opened: OpenTaxonomy, newest: TaxonomyVersion) -> None:
    versions = app.surveys.taxonomies.history(opened.person.tenant.id, newest.taxonomy_id)
    by_number = {one.number: one for one in versions}
    for one in versions[:_VERSIONS_SHOWN]:
        with st.container(border=True, gap="xxsmall"):
            st.markdown(
                f"**Version {one.number}** :small[:gray[{counted(len(one.taxonomy.topics), 'topic')}, "
                f"{ago(one.created_at)} by {in_one_line(one.username)}]]  \n{in_one_line(one.note)}"
            )
            before = by_number.get(one.number - 1)
            if before is not None:
                _draw_changes(before, one)
            with st.container(horizontal=True):
                _draw_download(one.taxonomy, f"v{one.number}", one.created_at, label=f"Version {one.number} (YAML)")
                if one.number != newest.number:
                    _draw_restore(app, opened, one, newest)
    if len(versions) > _VERSIONS_SHOWN:
        st.caption(f"The newest {_VERSIONS_SHOWN} are listed.")


def _draw_changes(before: TaxonomyVersion, after: TaxonomyVersion) -> None:
    changes = changes_of(TaxonomyEdit(after.taxonomy, after.moved, before.taxonomy))
    lines = [f"- :small[{change_words(change)}]" for change in changes[:_MOST_CHANGES]]
    if len(changes) > _MOST_CHANGES:
        lines.append(f"- :small[and {len(changes) - _MOST_CHANGES:,} more]")
    if lines:
        st.markdown("\n".join(lines))


def _draw_restore(app: Services, opened: OpenTaxonomy, one: TaxonomyVersion, newest: TaxonomyVersion) -> None:
    def restore() -> str:
        saved = app.surveys.taxonomies.restore(
            opened.person.account, opened.person.tenant.id, one.taxonomy_id, one.number, newest.number
        )
        return f"Version {one.number} is in use again, as version {saved.number}."

    action_button(
        "Use this version again",
        restore,
        key=f"{_BUTTON}restore.{opened.name}.{one.number}",
        icon=":material/history:",
        kind="tertiary",
    )


def _draw_exchange(opened: OpenTaxonomy, stored: StoredTaxonomy, version: TaxonomyVersion) -> None:
    name = "".join(sign if sign.isalnum() else "-" for sign in stored.name).strip("-") or "taxonomy"
    with st.container(horizontal=True):
        _draw_download(version.taxonomy, name, version.created_at, label="YAML, with everything")
        st.download_button(
            "CSV, for a spreadsheet",
            # Spreadsheets take a file without the mark for one in another encoding.
            lambda: export_csv(version.taxonomy).encode("utf-8-sig"),
            file_name=f"{name}.csv",
            mime="text/csv",
            icon=":material/table:",
            key=f"{_BUTTON}csv.{opened.name}",
            on_click="ignore",
        )
    key = f"{_FIELD}import.{opened.name}"
    file = st.file_uploader("A file that takes the place of these topics", key=key)
    st.caption(
        "Topics keep their results when id or name is the same; those that the file does not have are removed. You see "
        "what that touches before you save."
    )

    def take() -> str:
        uploaded = st.session_state[key]
        taxonomy = import_taxonomy(uploaded.name, uploaded.getvalue())
        opened.change(lambda draft: draft.with_edit(replaced_by(draft.edit, taxonomy)))
        return "Taken over. Look at it, then save."

    action_button(
        "Take over the file",
        take,
        key=f"{_BUTTON}import.{opened.name}",
        icon=":material/upload_file:",
        disabled=file is None,
    )


def _draw_download(taxonomy: Taxonomy, name: str, made_at: datetime, *, label: str) -> None:
    st.download_button(
        label,
        lambda: export_yaml(taxonomy),
        file_name=f"{name}-{made_at:%Y-%m-%d}.yaml",
        mime="application/yaml",
        icon=":material/download:",
        key=f"{_BUTTON}yaml.{name}.{made_at.isoformat()}",
        on_click="ignore",
    )


def _draw_settings(app: Services, opened: OpenTaxonomy, stored: StoredTaxonomy) -> None:
    person, service = opened.person, app.surveys.taxonomies
    key = f"{_FIELD}rename.{stored.id}"
    st.session_state.setdefault(key, stored.name)

    def rename() -> str:
        service.rename(person.account, person.tenant.id, stored.id, st.session_state[key])
        return "Renamed."

    def delete() -> str:
        service.delete(person.account, person.tenant.id, stored.id)
        opened.forget()
        open_taxonomy(None)
        return f"Deleted “{in_one_line(stored.name, 80)}”."

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name of the taxonomy", key=key, max_chars=LONGEST_TAXONOMY_NAME, width=340)
        action_button("Rename", rename, key=f"{_BUTTON}rename.{stored.id}", icon=":material/edit:")
    action_button(
        "Delete taxonomy",
        lambda: confirm(
            "Delete this taxonomy?",
            f"**{in_one_line(stored.name)}** with its {counted(stored.latest_version, 'version')} will be gone for "
            "everybody. This cannot be undone. A taxonomy that a run was made with cannot be deleted.",
            "Delete",
            delete,
            icon=":material/delete:",
        ),
        key=f"{_BUTTON}delete.{stored.id}",
        icon=":material/delete:",
        redraws_page=True,  # the question is a window over the page
    )
