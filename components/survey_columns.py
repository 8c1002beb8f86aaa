"""Which column of a file is what: the guesses in a table, to be corrected before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from components.survey_words import ROLE_MEANINGS, ROLES, SEPARATORS
from services.surveys.chosen_columns import ColumnGuess, ColumnRole, SurveyColumns, choose_columns
from services.surveys.response_tables import ResponseTable

USE, CHOICES = "Use as", "Choices"
_ONE = "one"
_ROW_PIXELS = 35
_MOST_ROWS = 14


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """What a person says a column is.

    Attributes:
        separator: What stands between several choices in one cell; empty when there is one choice.
    """

    name: str
    role: ColumnRole
    separator: str = ""


def choices_of(guesses: Sequence[ColumnGuess], earlier: SurveyColumns | None = None) -> list[ColumnChoice]:
    """What the columns are taken for at first: what they were in an earlier wave, else what they seem to be.

    Args:
        earlier: The columns of the earlier wave; None when there is none, or none of them came back.
    """
    known = _roles(earlier) if earlier else {}
    if not any(guess.name in known for guess in guesses):
        return [ColumnChoice(guess.name, guess.role, guess.separator) for guess in guesses]
    roles = set(known.values())
    choices = []
    for guess in guesses:
        role = known.get(guess.name, guess.role)
        # One id and one date are enough: those of the earlier wave stay them.
        if guess.name not in known and role in {ColumnRole.ID, ColumnRole.DATE} and role in roles:
            role = ColumnRole.OTHER
        separator = _separators(earlier).get(guess.name, guess.separator) if earlier else guess.separator
        choices.append(ColumnChoice(guess.name, role, separator))
    return choices


def chosen_columns(
    table: ResponseTable, guesses: Sequence[ColumnGuess], first: Sequence[ColumnChoice], now: Sequence[ColumnChoice]
) -> SurveyColumns:
    """The columns as a person chose them.

    Args:
        first: What the table said before anybody changed it.
        now: What it says now.

    Raises:
        InputError: see :func:`services.surveys.chosen_columns.choose_columns`.
    """
    separators = {choice.name: choice.separator for choice in now}
    parted = [replace(guess, separator=separators.get(guess.name, guess.separator)) for guess in guesses]
    started = {choice.name: choice.role for choice in first}
    changed = {choice.name: choice.role for choice in now if choice.role is not started[choice.name]}
    base = [replace(guess, role=started[guess.name]) for guess in parted]
    return choose_columns(table, base, changed)


def choices_now(first: Sequence[ColumnChoice], key: str) -> list[ColumnChoice]:
    """What the table of that key says now; also before it is drawn, and in callbacks."""
    state = st.session_state.get(key)
    return changed_choices(first, state["edited_rows"] if state else {})


def changed_choices(
    first: Sequence[ColumnChoice], edited_rows: Mapping[int, Mapping[str, str | None]]
) -> list[ColumnChoice]:
    """The choices with the cells that were changed.

    Args:
        edited_rows: By the number of the row, as ``st.data_editor`` tells.
    """
    choices = []
    for number, choice in enumerate(first):
        cells = edited_rows.get(number, {})
        role = ColumnRole(cells.get(USE) or choice.role)
        separator = cells.get(CHOICES, choice.separator) or ""
        choices.append(ColumnChoice(choice.name, role, "" if separator == _ONE else separator))
    return choices


def draw_columns(guesses: Sequence[ColumnGuess], first: Sequence[ColumnChoice], *, key: str) -> list[ColumnChoice]:
    """Draw the table and return what it says now."""
    frame = pd.DataFrame(
        {
            "Column": [choice.name for choice in first],
            USE: [choice.role.value for choice in first],
            CHOICES: [choice.separator or (_ONE if choice.role is ColumnRole.SEGMENT else None) for choice in first],
            "Looks like": [f"{ROLES[guess.role]}: {_decapitalized(guess.reason)}" for guess in guesses],
            "Filled": [round(100 * guess.filled_share) for guess in guesses],
            "Different": [guess.distinct_count for guess in guesses],
            "Examples": [" · ".join(guess.examples) for guess in guesses],
        }
    ).astype({USE: "str", CHOICES: "object"})
    st.data_editor(
        frame,
        key=key,
        hide_index=True,
        num_rows="fixed",
        disabled=["Column", "Looks like", "Filled", "Different", "Examples"],
        row_height=_ROW_PIXELS,
        height=min(len(frame) + 1, _MOST_ROWS) * _ROW_PIXELS + 3,
        placeholder="",
        alt="The columns of the file, what each seems to be, and what it is used as",
        column_config={
            "Column": st.column_config.TextColumn(width=190, pinned=True),
            USE: st.column_config.SelectboxColumn(
                width=105,
                required=True,
                options=[role.value for role in ROLES],
                format_func=lambda value: ROLES[ColumnRole(str(value))],
                help="  \n".join(f"**{ROLES[role]}** {words}." for role, words in ROLE_MEANINGS.items()),
            ),
            CHOICES: st.column_config.SelectboxColumn(
                width=125,
                options=_separators_offered(first),
                format_func=lambda value: SEPARATORS.get(str(value), f"Several, with {value}"),
                help="For segments: whether people could choose several in one cell, and what stands between them.",
            ),
            "Looks like": st.column_config.TextColumn(width=270),
            "Filled": st.column_config.NumberColumn(width=70, format="%d %%"),
            "Different": st.column_config.NumberColumn(width=80, format="localized", help="Different cells"),
            "Examples": st.column_config.TextColumn(width=340),
        },
    )
    return choices_now(first, key)


def _separators_offered(choices: Sequence[ColumnChoice]) -> list[str]:
    return list(dict.fromkeys([*SEPARATORS, *(choice.separator for choice in choices if choice.separator)]))


def _roles(columns: SurveyColumns) -> Mapping[str, ColumnRole]:
    roles = dict.fromkeys(columns.texts, ColumnRole.TEXT)
    roles.update(dict.fromkeys(columns.scores, ColumnRole.SCORE))
    roles.update({segment.name: ColumnRole.SEGMENT for segment in columns.segments})
    if columns.id:
        roles[columns.id] = ColumnRole.ID
    if columns.date:
        roles[columns.date] = ColumnRole.DATE
    return roles


def _separators(columns: SurveyColumns) -> Mapping[str, str]:
    return {segment.name: segment.separator for segment in columns.segments}


def _decapitalized(words: str) -> str:
    return words[:1].lower() + words[1:]
