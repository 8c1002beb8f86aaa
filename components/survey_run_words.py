"""The words for what a run was given, what it takes, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping

from components.batch_words import cost_words, duration_words
from components.document_words import counted
from components.markdown_text import in_one_line
from services.jobs.models import ItemStatus, JobItem
from services.surveys.run_models import RunEstimate, SurveyRun
from services.surveys.run_views import BackendChoice, RunFacts, RunState
from services.surveys.taxonomy_models import StoredTaxonomy


def backend_words(choice: BackendChoice) -> str:
    """What a backend is, in a sentence."""
    if choice.paid:
        model = f" ({choice.model})" if choice.model else ""
        words = f"Sends masked responses to a language model{model}; every call costs."
        return f"{words} {choice.note}".rstrip()
    return "Free of cost; no response leaves it."


def backend_label(name: str, choices: Mapping[str, BackendChoice]) -> str:
    """What people call a backend; its name when it is not there any more."""
    return choices[name].label if name in choices else name


def run_title(run: SurveyRun, taxonomies: Mapping[str, StoredTaxonomy]) -> str:
    """What a run is called; Markdown."""
    if run.title:
        return in_one_line(run.title, 80)
    stored = taxonomies.get(run.taxonomy_id)
    return f"{in_one_line(stored.name if stored else 'Deleted taxonomy', 80)}, version {run.taxonomy_version}"


def run_parameters(
    run: SurveyRun,
    taxonomies: Mapping[str, StoredTaxonomy],
    choices: Mapping[str, BackendChoice],
    *,
    with_question: bool,
) -> list[str]:
    """What a run was given, each in a few words; Markdown."""
    parts = [f"“{in_one_line(run.question, 60)}”"] if with_question else []
    if run.title:
        stored = taxonomies.get(run.taxonomy_id)
        parts.append(f"{in_one_line(stored.name, 60) if stored else 'deleted taxonomy'} v{run.taxonomy_version}")
    parts.append(in_one_line(backend_label(run.options.backend, choices)))
    if run.correction_count:
        parts.append(f"{counted(run.example_count, 'example')}, {run.correction_count:,} of them corrections")
    else:
        parts.append(counted(run.example_count, "example") if run.example_count else "no examples")
    return parts


def result_words(state: RunState) -> list[str]:
    """What came of a run that has ended, each in a few words."""
    facts, run = state.facts, state.run
    if facts is None:
        return []
    parts = [f"{counted(run.response_count, 'response')}, {facts.texts:,} different analyzed"]
    if facts.missing_texts:
        parts.append(f"{facts.missing_texts:,} different not analyzed")
    if facts.texts:
        parts.append(f"{_percent(facts.other_texts, facts.texts)} Other")
        parts.append(f"{_percent(facts.review_texts, facts.texts)} to look at")
    return parts + spent_words(facts)


def spent_words(facts: RunFacts) -> list[str]:
    """What a run took of a model; empty for a backend without one."""
    if not facts.calls and not facts.reused_calls:
        return []
    parts = [counted(facts.calls, "call")]
    if facts.reused_calls:
        parts.append(f"{facts.reused_calls:,} answered before and not paid again")
    parts.append(f"{facts.input_tokens + facts.output_tokens:,} tokens")
    parts.append("cost not known" if facts.cost_usd is None else cost_words(facts.cost_usd).lower())
    return parts


def item_words(item: JobItem) -> str:
    """What came of one part of a run."""
    result = item.result
    if "texts" not in result:
        return ""
    words = counted(int(result["texts"]), "different response")
    other = int(result.get("other_texts", 0))
    return f"{words}, {other:,} Other" if other else words


def estimate_figures(estimate: RunEstimate) -> list[tuple[str, str]]:
    """What a run would take, as labels and values."""
    figures = [
        ("Responses", f"{estimate.response_count:,}"),
        ("Different ones", f"{estimate.distinct_count:,}"),
    ]
    if estimate.calls:
        figures.append(("Calls", f"{estimate.calls:,}"))
        figures.append(("Tokens", _short(estimate.input_tokens + estimate.output_tokens)))
    figures.append(("Cost", cost_words(estimate.cost_usd)))
    figures.append(("Time", duration_words(estimate.seconds) if estimate.seconds is not None else "Not known yet"))
    return figures


def can_be_opened(state: RunState) -> bool:
    """Whether there is something to look at."""
    return not state.job.status.live and state.job.counts[ItemStatus.DONE] > 0


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%}".replace("%", " %")


def _short(number: int) -> str:
    if number < 10_000:
        return f"{number:,}"
    return f"{number / 1e3:,.0f} k" if number < 1_000_000 else f"{number / 1e6:,.1f} M"
