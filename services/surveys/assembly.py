"""Puts the services for surveys together out of the ports that they need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.jobs.service import JobService
from services.ports.files import FileStore
from services.ports.jobs import JobKind
from services.ports.privacy import PersonalDataDetector
from services.ports.surveys import SurveyRepository, TopicSuggester
from services.privacy.audit import AuditTrail
from services.surveys.desk import SurveyDesk
from services.surveys.evaluation import EvaluationService
from services.surveys.exploring.explorer import SurveyExplorer
from services.surveys.exports.built_files import BuiltExports
from services.surveys.exports.service import SurveyExports
from services.surveys.labels import LabelService
from services.surveys.library import SurveyLibrary
from services.surveys.models import Example
from services.surveys.run_backends import ForgetCalls, SurveyBackends
from services.surveys.run_job import ANALYZE_SURVEY, AnalyzeSurveyKind, ItemLists, RunTexts
from services.surveys.run_sources import RunSources
from services.surveys.runs import SurveyRuns
from services.surveys.suggesting import SUGGEST_TOPICS, NamerFactory, SuggestionService, SuggestTopicsKind
from services.surveys.taxonomies import TaxonomyService
from services.surveys.text_index import TextIndexes


@dataclass(frozen=True, slots=True)
class SurveyPorts:
    """What surveys need from the outside.

    Attributes:
        max_bytes: Larger survey files are refused.
        suggester: Makes what proposes topics.
        forget_calls: Forgets what was paid for.
        namer: Makes what names them by a language model; None leaves them their own words.
        built: Folder on this machine for exports until they are fetched; None takes one for temporary files.
    """

    repository: SurveyRepository
    files: FileStore
    detector: PersonalDataDetector
    backends: SurveyBackends
    suggester: Callable[[], TopicSuggester]
    max_bytes: int
    forget_calls: ForgetCalls
    namer: NamerFactory | None = None
    built: Path | None = None


def assemble_surveys(ports: SurveyPorts, jobs: JobService, audit: AuditTrail) -> SurveyDesk:
    """The services for surveys, over these jobs."""
    built = BuiltExports(ports.built)
    library = SurveyLibrary(
        ports.repository,
        ports.files,
        ports.detector,
        jobs,
        audit,
        forget_calls=ports.forget_calls,
        forget_exports=built.forget,
        max_bytes=ports.max_bytes,
    )

    def corrections(tenant_id: str, survey_id: str, question: str, taxonomy_id: str) -> tuple[Example, ...]:
        # Runs learn from labels, and labels read runs: one of them must be there first.
        return labels.correction_examples(tenant_id, survey_id, question, taxonomy_id)

    runs = SurveyRuns(
        ports.repository,
        ports.files,
        RunTexts(library.open, ports.files),
        ports.backends,
        jobs,
        audit,
        corrections,
        forget_calls=ports.forget_calls,
    )
    taxonomies = TaxonomyService(
        ports.repository, audit, lambda run: runs.findings(run.tenant_id, run.id), ports.detector
    )
    sources = RunSources(
        ports.repository,
        TextIndexes(library.open),
        library.open,
        runs.findings,
        runs.taxonomy_of,
        taxonomies.resolve,
    )
    labels = LabelService(sources, ports.detector, audit)
    explorer = SurveyExplorer(library, runs, taxonomies, ports.repository)
    return SurveyDesk(
        library=library,
        taxonomies=taxonomies,
        suggestions=SuggestionService(ports.repository, ports.files, jobs, audit),
        runs=runs,
        labels=labels,
        evaluation=EvaluationService(sources),
        explorer=explorer,
        exports=SurveyExports(),
        built=built,
        backends=ports.backends,
        detector=ports.detector,
        suggester=ports.suggester,
    )


def survey_kinds(
    ports: SurveyPorts, items: ItemLists, desk: Callable[[], SurveyDesk]
) -> dict[str, Callable[[], JobKind]]:
    """What makes the kinds of background work for surveys, by name.

    Args:
        desk: The assembled services; asked for when a kind is made.
    """

    def analyze() -> JobKind:
        texts = RunTexts(desk().library.open, ports.files)
        return AnalyzeSurveyKind(
            ports.repository, texts, ports.files, ports.backends, items, forget_calls=ports.forget_calls
        )

    def suggest() -> JobKind:
        surveys = desk()
        return SuggestTopicsKind(
            ports.repository,
            ports.files,
            surveys.library.open,
            lambda run: surveys.runs.findings(run.tenant_id, run.id),
            ports.suggester(),
            ports.namer,
            forget_calls=ports.forget_calls,
        )

    return {ANALYZE_SURVEY: analyze, SUGGEST_TOPICS: suggest}
