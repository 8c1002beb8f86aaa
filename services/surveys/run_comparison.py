"""Runs side by side: figures, paired differences, and in what the runs differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.surveys.evaluation_figures import Draws, difference, figures_of, interval, resampled_figures
from services.surveys.evaluation_models import ComparedFigure, Metric, RunComparison
from services.surveys.evaluation_scores import require_gold, warnings_on
from services.surveys.gold_tables import GoldTable
from services.surveys.models import Taxonomy
from services.surveys.run_models import SurveyRun


def compare_tables(runs: Sequence[SurveyRun], tables: Sequence[GoldTable], notes: Sequence[str]) -> RunComparison:
    """The comparison of at least two runs of one question.

    Raises:
        InputError: ``no-gold``.
    """
    is_paired = len({run.taxonomy_id for run in runs}) == 1
    if is_paired:
        shared = set(tables[0].text_keys).intersection(*(table.text_keys for table in tables[1:]))
        tables = [table.only(shared) for table in tables]
    for table in tables:
        require_gold(table)
    figures = [figures_of(table) for table in tables]
    draws = [resampled_figures(table) for table in tables]
    metrics = {
        metric: _compared(
            [one.metrics[metric] for one in figures], [one.metrics[metric] for one in draws], is_paired=is_paired
        )
        for metric in Metric
    }
    topics = {}
    if is_paired:
        occurs = np.any([table.gold.any(axis=0) | table.found.any(axis=0) for table in tables], axis=0)
        for place in np.flatnonzero(occurs).tolist():
            topics[tables[0].topic_ids[place]] = _compared(
                [one.topic_f1[:, place] for one in figures], [one.topic_f1[:, place] for one in draws], is_paired=True
            )
    return RunComparison(
        run_ids=tuple(run.id for run in runs),
        text_counts=tuple(len(table.text_keys) for table in tables),
        is_paired=is_paired,
        metrics=metrics,
        topics=topics,
        notes=tuple(notes),
        warnings=tuple(dict.fromkeys(warning for table in tables for warning in warnings_on(table))),
    )


def notes_on(runs: Sequence[SurveyRun], taxonomies: Sequence[Taxonomy]) -> list[str]:
    """In what runs differ, a sentence each; empty when nothing but chance can tell them apart.

    Args:
        taxonomies: As the runs were made with, in the same order.
    """
    notes = []
    if len({run.taxonomy_id for run in runs}) > 1:
        notes.append("The runs used different taxonomies: their topics cannot be paired, so no differences are given.")
    elif len({run.taxonomy_version for run in runs}) > 1:
        versions = ", ".join(str(run.taxonomy_version) for run in runs)
        notes.append(f"The runs used different versions of the taxonomy: {versions}. All are read by the newest one.")
    if len({run.options.backend for run in runs}) > 1:
        notes.append(f"The runs used different backends: {', '.join(run.options.backend for run in runs)}.")
    elif len({run.backend_version for run in runs}) > 1:
        notes.append("The method, the prompts or the model changed between the runs.")
    if len({frozenset(taxonomy.examples) for taxonomy in taxonomies}) > 1:
        counts = ", ".join(_examples(run) for run in runs)
        notes.append(f"The runs learned from different examples: {counts}.")
    return notes


def _examples(run: SurveyRun) -> str:
    return f"{run.example_count} ({run.correction_count} of them corrections)"


def _compared(values: Sequence[Draws], draws: Sequence[Draws], *, is_paired: bool) -> ComparedFigure:
    """One figure: per run an array of the value alone, and one of its draws."""
    points = [float(value[0]) for value in values]
    return ComparedFigure(
        values=tuple(interval(point, drawn) for point, drawn in zip(points, draws, strict=True)),
        differences=(
            None,
            *(
                difference(point - points[0], drawn - draws[0]) if is_paired else None
                for point, drawn in zip(points[1:], draws[1:], strict=True)
            ),
        ),
    )
