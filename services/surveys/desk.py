"""Everything that pages and commands may do with surveys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from services.ports.model_calls import attributed
from services.ports.privacy import PersonalDataDetector
from services.ports.surveys import AnalysisListener, TopicSuggester
from services.privacy.masking import mask_many
from services.surveys.analysis import Analysis, analyze_responses, estimate_responses
from services.surveys.evaluation import EvaluationService
from services.surveys.exploring.explorer import SurveyExplorer
from services.surveys.exports.built_files import BuiltExports
from services.surveys.exports.service import SurveyExports
from services.surveys.labels import LabelService
from services.surveys.library import SurveyLibrary
from services.surveys.models import Example, Response, Taxonomy
from services.surveys.purpose import PURPOSE
from services.surveys.run_backends import SurveyBackends
from services.surveys.run_models import RunEstimate, RunOptions, StepTrace
from services.surveys.runs import SurveyRuns
from services.surveys.suggesting import SuggestionService
from services.surveys.suggestions import SuggestedTopic
from services.surveys.taxonomies import TaxonomyService

# Analyses in memory are nobody's: what they pay for is not shared with any tenant.
_NO_TENANT, _OWNER = "", "analysis"
_Written = TypeVar("_Written", Response, Example)


@dataclass(frozen=True, slots=True)
class SurveyDesk:
    """What there is for surveys; each part's class says what it does.

    Attributes:
        suggester: Makes what proposes topics.
    """

    library: SurveyLibrary
    taxonomies: TaxonomyService
    suggestions: SuggestionService
    runs: SurveyRuns
    labels: LabelService
    evaluation: EvaluationService
    explorer: SurveyExplorer
    exports: SurveyExports
    built: BuiltExports
    backends: SurveyBackends
    detector: PersonalDataDetector
    suggester: Callable[[], TopicSuggester]

    def analyze(
        self,
        responses: Sequence[Response],
        taxonomy: Taxonomy,
        options: RunOptions | None = None,
        *,
        on_progress: AnalysisListener | None = None,
        with_traces: bool = False,
    ) -> Analysis:
        """Analyze responses in memory: nothing is kept; prompts, batches, limits and retries do not show.

        Args:
            options: None takes the default backend of the settings. There are no corrections to use.
            on_progress: Hears how many responses are done.
            with_traces: Whether what every step was given and made is wanted; much for many responses.

        Raises:
            InputError: ``no-topics``, ``topic-twice`` or ``unknown-topic``.
            ConfigurationError: ``unknown-backend``.
            BackendError: the backend failed, or personal data could not be looked for.
        """
        backend = self._backend(options)
        analyzer = self.backends.analyzer(backend, _NO_TENANT, _OWNER)
        read = tuple(responses)
        if analyzer.paid:
            with attributed(purpose=PURPOSE):
                read = tuple(self._masked(read))
                taxonomy = replace(taxonomy, examples=tuple(self._masked(taxonomy.examples)))
        estimate = estimate_responses(analyzer, read, taxonomy)
        traces: list[StepTrace] = []
        with attributed(purpose=PURPOSE):
            findings = analyze_responses(analyzer, read, taxonomy, on_progress, traces.append if with_traces else None)
        return Analysis(read, tuple(findings), estimate, tuple(traces))

    def estimate(
        self, responses: Sequence[Response], taxonomy: Taxonomy, options: RunOptions | None = None
    ) -> RunEstimate:
        """What :meth:`analyze` would take; nothing is sent anywhere. Raises InputError, ConfigurationError."""
        analyzer = self.backends.analyzer(self._backend(options), _NO_TENANT, _OWNER)
        return estimate_responses(analyzer, responses, taxonomy)

    def suggest(
        self, responses: Sequence[Response], count: int | None = None, on_progress: AnalysisListener | None = None
    ) -> list[SuggestedTopic]:
        """Topics that the responses speak of, the largest first; see :meth:`TopicSuggester.suggest`."""
        return self.suggester().suggest(responses, count, on_progress)

    def _backend(self, options: RunOptions | None) -> str:
        return options.backend if options is not None else self.backends.default

    def _masked(self, written: Sequence[_Written]) -> list[_Written]:
        masked = mask_many([one.text for one in written], self.detector)
        return [replace(one, text=found.text) for one, found in zip(written, masked, strict=True)]
