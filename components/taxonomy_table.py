"""The topics of a taxonomy as a table to type in, and which of them are picked to be changed together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from components import session_keys
from components.frame import Viewer
from components.taxonomy_drafts import TaxonomyDraft, drafts
from services.errors import InputError
from services.surveys.taxonomy_edits import TaxonomyEdit
from services.surveys.taxonomy_rows import TopicRow, rows_of, with_rows
from services.surveys.topic_words import LONGEST_DESCRIPTION, LONGEST_NAME

PICK, TOPIC, RESPONSES, DESCRIPTION, KEYWORDS, BELOW, EXAMPLES = (
    "Pick",
    "Topic",
    "Responses",
    "Description",
    "Keywords",
    "Below",
    "Examples",
)
_ROW_PIXELS = 35
_MOST_ROWS = 15


@dataclass(frozen=True, slots=True)
class TableBase:
    """What stands in the table before anybody types: the cells that were typed into are told beside it."""

    turn: int
    edit: TaxonomyEdit
    rows: tuple[TopicRow, ...]


@dataclass(frozen=True, slots=True)
class TypedTopics:
    """What the table says now.

    Attributes:
        draft: With what was typed, as far as it can be taken over.
        picked: Ids of the topics that are picked.
        problem: Why what was typed last is not taken over; None when it is.
    """

    draft: TaxonomyDraft
    picked: tuple[str, ...] = ()
    problem: InputError | None = None


def typed_topics(person: Viewer, name: str, draft: TaxonomyDraft) -> TypedTopics:
    """Take over into the draft what was typed into its table; before the table is drawn, and in callbacks.

    Args:
        name: Of the draft on its shelf.
    """
    base: TableBase | None = st.session_state.get(_base_key(name))
    state = st.session_state.get(_editor_key(name, draft))
    if base is None or base.turn != draft.turn or state is None:
        return TypedTopics(draft)
    rows = changed_rows(base.rows, state.get("edited_rows", {}), state.get("added_rows", []))
    picked = tuple(
        base.rows[number].id for number, cells in sorted(state.get("edited_rows", {}).items()) if cells.get(PICK)
    )
    try:
        edit = with_rows(base.edit, rows)
    except InputError as error:
        return TypedTopics(draft, picked, error)
    if edit != draft.edit:
        draft = replace(draft, edit=edit)
        drafts().keep(person, name, draft)
    return TypedTopics(draft, picked)


def changed_rows(
    rows: Sequence[TopicRow],
    edited_rows: Mapping[int, Mapping[str, Any]],
    added_rows: Sequence[Mapping[str, Any]],
) -> list[TopicRow]:
    """Rows with what was typed, as ``st.data_editor`` tells it: cells by the number of the row, and new rows."""
    changed = [_typed(row, edited_rows.get(number, {})) for number, row in enumerate(rows)]
    added = [_typed(TopicRow(), cells) for cells in added_rows]
    return [*changed, *(row for row in added if not row.is_blank)]


def draw_table(name: str, draft: TaxonomyDraft) -> None:
    """Draw the table of a draft, to which everything that was typed has been taken over.

    Args:
        name: Of the draft on its shelf.
    """
    key = _editor_key(name, draft)
    base: TableBase | None = st.session_state.get(_base_key(name))
    if base is None or base.turn != draft.turn or key not in st.session_state:
        base = TableBase(draft.turn, draft.edit, rows_of(draft.edit.taxonomy))
        st.session_state[_base_key(name)] = base
    frame = _frame(base, draft)
    names = [row.name for row in base.rows]
    st.data_editor(
        frame,
        key=key,
        num_rows="add",
        hide_index=True,
        disabled=[RESPONSES, EXAMPLES],
        row_height=_ROW_PIXELS,
        height=min(len(frame) + 2, _MOST_ROWS) * _ROW_PIXELS + 3,
        placeholder="",
        alt="The topics with description, keywords, the topic above and the number of examples",
        column_config={
            PICK: st.column_config.CheckboxColumn(width=75, help="Pick topics to merge, remove, move or split them"),
            TOPIC: st.column_config.TextColumn(width=220, required=True, max_chars=LONGEST_NAME),
            RESPONSES: st.column_config.NumberColumn(
                width=85, format="localized", help="About how many responses speak of it"
            ),
            DESCRIPTION: st.column_config.TextColumn(
                width=330, max_chars=LONGEST_DESCRIPTION, help="What belongs to it, in a sentence. It teaches the run."
            ),
            KEYWORDS: st.column_config.TextColumn(width=240, help="Words that name it, with commas between them."),
            BELOW: st.column_config.SelectboxColumn(
                width=150, options=["", *names], help="The topic that it is a part of"
            ),
            EXAMPLES: st.column_config.NumberColumn(
                width=80, format="localized", help="Responses that somebody gave this topic. They teach the run."
            ),
        },
    )


def forget_typed(name: str) -> None:
    """Let the table of a draft begin anew: nothing that was typed into it comes back. For callbacks."""
    st.session_state.pop(_base_key(name), None)
    st.session_state[_begun_key(name)] = st.session_state.get(_begun_key(name), 0) + 1


def _frame(base: TableBase, draft: TaxonomyDraft) -> pd.DataFrame:
    examples = Counter(topic_id for one in base.edit.taxonomy.examples for topic_id in set(one.topic_ids))
    columns: dict[str, Any] = {
        PICK: pd.Series([False] * len(base.rows), dtype="boolean"),
        TOPIC: pd.Series([row.name for row in base.rows], dtype="str"),
    }
    if draft.evidence:
        counts = [draft.evidence[row.id].response_count if row.id in draft.evidence else None for row in base.rows]
        columns[RESPONSES] = pd.Series(counts, dtype="Int64")
    columns[DESCRIPTION] = pd.Series([row.description for row in base.rows], dtype="str")
    columns[KEYWORDS] = pd.Series([row.keywords for row in base.rows], dtype="str")
    columns[BELOW] = pd.Series([row.parent for row in base.rows], dtype="str")
    columns[EXAMPLES] = pd.Series([examples[row.id] for row in base.rows], dtype="Int64")
    return pd.DataFrame(columns)


def _typed(row: TopicRow, cells: Mapping[str, Any]) -> TopicRow:
    return replace(
        row,
        name=cells.get(TOPIC, row.name) or "",
        description=cells.get(DESCRIPTION, row.description) or "",
        keywords=cells.get(KEYWORDS, row.keywords) or "",
        parent=cells.get(BELOW, row.parent) or "",
    )


def _base_key(name: str) -> str:
    return f"{session_keys.TAXONOMY_TABLE}base.{name}"


def _editor_key(name: str, draft: TaxonomyDraft) -> str:
    begun = st.session_state.get(_begun_key(name), 0)
    return f"{session_keys.TAXONOMY_TABLE}editor.{name}.{begun}.{draft.base_version}.{draft.turn}"


def _begun_key(name: str) -> str:
    return f"{session_keys.TAXONOMY_TABLE}begun.{name}"
