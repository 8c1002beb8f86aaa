"""The words for what changed in a taxonomy, and what that touches."""

from __future__ import annotations

import pandas as pd

from components.document_words import counted
from components.markdown_text import in_one_line
from services.surveys.taxonomy_changes import ChangeKind, TopicChange
from services.surveys.taxonomy_impact import ChangeImpact, EditReport

_ICONS = {
    ChangeKind.RENAMED: ":material/edit:",
    ChangeKind.MERGED: ":material/merge:",
    ChangeKind.REMOVED: ":material/delete:",
    ChangeKind.ADDED: ":material/add:",
    ChangeKind.DESCRIBED: ":material/notes:",
    ChangeKind.MOVED: ":material/account_tree:",
    ChangeKind.EXAMPLES: ":material/school:",
}
_LONGEST = 60


def change_words(change: TopicChange) -> str:
    """One change in a sentence; Markdown."""
    name, before = f"“{in_one_line(change.name, _LONGEST)}”", f"“{in_one_line(change.name_before, _LONGEST)}”"
    words = {
        ChangeKind.RENAMED: f"{before} is called {name}",
        ChangeKind.MERGED: f"{name} becomes part of “{in_one_line(change.into_name, _LONGEST)}”",
        ChangeKind.REMOVED: f"{name} is removed",
        ChangeKind.ADDED: f"{name} is added",
        ChangeKind.DESCRIBED: f"{name} has another description or other keywords",
        ChangeKind.MOVED: f"{name} lies below “{in_one_line(change.parent_name, _LONGEST)}”"
        if change.parent_name
        else f"{name} lies at the top",
        ChangeKind.EXAMPLES: f"{name} has other examples",
    }[change.kind]
    return f"{_ICONS[change.kind]} {words}"


def impact_table(report: EditReport) -> pd.DataFrame:
    """A row for each change, with what has its topic; columns without any number are left out."""
    rows = [_impact_row(impact) for impact in report.changes]
    table = pd.DataFrame(rows, columns=["Change", "Responses", "Corrections", "Gold labels", "Examples"])
    empty = [name for name in table.columns[1:] if not table[name].any()]
    return table.drop(columns=empty)


def report_words(report: EditReport) -> str:
    """What the whole edit touches; Markdown."""
    lines = []
    if report.run_count:
        runs = "run" if report.run_count == 1 else f"{report.run_count:,} runs"
        touched, all_of_them = report.affected_responses, counted(report.response_count, "response")
        if touched:
            words = "have a topic that is renamed, merged or removed"
            lines.append(f"**{touched:,} of {all_of_them}** in the latest {runs} {words}.")
        else:
            lines.append(f"No response in the latest {runs} has a topic that is renamed, merged or removed.")
        if report.emptied_responses:
            lines.append(f"**{report.emptied_responses:,}** of them lose all their topics and become Other.")
    else:
        lines.append("No run has used this taxonomy yet, so that no response is affected.")
    if report.run_again and report.run_count:
        lines.append("Run again afterwards: what was added or described anew is not found until then.")
    return "  \n".join(lines)


def _impact_row(impact: ChangeImpact) -> tuple[str, int, int, int, int]:
    return (
        change_words(impact.change),
        impact.response_count,
        impact.correction_count,
        impact.gold_count,
        impact.example_count,
    )
