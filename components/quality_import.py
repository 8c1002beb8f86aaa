"""Takes gold labels from a file, and says what was kept and what was not."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.wiring import Services
from services.errors import InputError
from services.surveys.exploring.explorer import RunView
from services.surveys.label_models import GoldImport

_MOST_PROBLEMS = 30
_MOST_ROWS = 10


def draw_import(app: Services, person: Viewer, view: RunView) -> None:
    """Draw the field, the button, and what came of the last file."""
    run = view.run
    turn_key = f"{session_keys.QUALITY_FIELD}file_round.{run.id}"
    turn = st.session_state.get(turn_key, 0)
    key = f"{session_keys.QUALITY_FIELD}file.{run.id}.{turn}"
    st.markdown(
        ":small[A CSV, XLSX or JSONL file with the columns `id` or `text`, `topics` (names or ids, joined by |) and, "
        "if you like, `sentiment`. An empty topic next to a sentiment says that no topic fits.]"
    )
    file = st.file_uploader(
        "File with gold labels", type=["csv", "tsv", "xlsx", "jsonl"], key=key, label_visibility="collapsed"
    )

    def take() -> str:
        if file is None:
            raise InputError("No file was chosen.", code="no-file", remedy="Choose a file first.")
        came = app.surveys.labels.import_gold(
            person.account, person.tenant.id, run.survey_id, run.question, run.taxonomy_id, file.name, file.getvalue()
        )
        st.session_state[f"{session_keys.QUALITY_REPORT}{run.id}"] = came
        st.session_state[turn_key] = turn + 1
        return f"{counted(came.kept, 'gold label')} taken."

    action_button(
        "Import",
        take,
        key=f"{session_keys.QUALITY_BUTTON}import",
        icon=":material/upload:",
        kind="primary" if file else "secondary",
        disabled=file is None,
    )
    came: GoldImport | None = st.session_state.get(f"{session_keys.QUALITY_REPORT}{run.id}")
    if came is not None:
        _draw_report(came)


def _draw_report(came: GoldImport) -> None:
    parts = [f"{counted(came.kept, 'different text')} labeled, said in {counted(came.responses, 'response')}"]
    if came.other:
        parts.append(f"{came.other:,} of them with no topic")
    if came.replaced:
        parts.append(f"{came.replaced:,} replaced an earlier label")
    if came.repeated:
        parts.append(f"{counted(came.repeated, 'row')} repeated what another said")
    if came.unlabeled:
        parts.append(f"{counted(came.unlabeled, 'row')} had no label")
    st.markdown(f":green-badge[:material/check_circle: Imported] :small[{'; '.join(parts)}.]")
    if not came.refused:
        return
    with st.expander(f"{counted(came.refused, 'row')} not taken", icon=":material/warning:"):
        if came.unknown_topics:
            names = ", ".join(
                f"“{in_one_line(name, 60)}” ({count:,})" for name, count in list(came.unknown_topics.items())[:20]
            )
            st.markdown(f"Topics that the taxonomy does not have: {names}. Add them, or correct the file.")
        st.markdown("\n".join(problem_lines(came)))


def problem_lines(came: GoldImport) -> list[str]:
    """Why rows were not taken: what is the same for many rows, once; Markdown."""
    rows: dict[tuple[str, str], list[int]] = {}
    for one in came.problems:
        rows.setdefault((one.code, one.message), []).append(one.row)
    lines = []
    for (code, message), numbers in list(rows.items())[:_MOST_PROBLEMS]:
        # Only the first rows of many are listed; all of them are counted by their code.
        is_only = sum(named == code for named, _ in rows) == 1
        count = came.problem_counts.get(code, len(numbers)) if is_only else len(numbers)
        shown = ", ".join(f"{number:,}" for number in numbers[:_MOST_ROWS])
        more = " …" if count > _MOST_ROWS else ""
        lines.append(f"- {in_one_line(message, 300)} {counted(count, 'row')}: {shown}{more}")
    left = len(rows) - len(lines)
    return [*lines, f"- and {left:,} more reasons"] if left else lines
