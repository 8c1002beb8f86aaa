"""What the survey use cases need from the outside."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from services.surveys.label_models import LabelPurpose, ResponseLabel
from services.surveys.models import Response, ResponseFinding, Taxonomy
from services.surveys.run_models import RunEstimate, StepTrace, SurveyRun
from services.surveys.suggestions import SuggestedTopic
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_models import StoredTaxonomy, TaxonomyVersion

# Hears how many responses are done, and how many there are; what it raises ends the analysis.
AnalysisListener = Callable[[int, int], None]
# Hears what each step of an analysis was given and what it made, as it happens.
StepListener = Callable[[StepTrace], None]


class SurveyAnalyzer(Protocol):
    """Finds the topics of a taxonomy, and sentiment, in responses. Safe to call from many threads.

    Attributes:
        name: What says who analyzed, such as ``local``.
        version: Changes whenever the same responses may be analyzed otherwise: method, prompts, model.
        paid: Whether asking may cost money. Such an analyzer pays for the same request once, however often it is asked.
        chunk_texts: How many different texts are best given at once: an item of a run. Small enough to take a minute
            or less, so that a canceled run stops soon and a crash loses little.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def paid(self) -> bool: ...

    @property
    def chunk_texts(self) -> int: ...

    def analyze(
        self,
        responses: Sequence[Response],
        taxonomy: Taxonomy,
        on_progress: AnalysisListener | None = None,
        on_step: StepListener | None = None,
    ) -> list[ResponseFinding]:
        """Analyze responses; texts that occur more than once are read once.

        What a response says is only text: nothing in it changes how it or another one is analyzed.

        Returns:
            One finding per response, in the order given. Topics are among the taxonomy's, but none that stands above
            others and that no example has: see :func:`services.surveys.taxonomy_checks.assignable_part`. Evidence is a
            part of the response's own text, not empty. The same responses and taxonomy give the same findings.

        Raises:
            InputError: ``no-topics``, ``topic-twice`` or ``unknown-topic`` (in an example).
            BackendError: the backend failed.
        """
        ...

    def estimate(self, texts: Sequence[str], taxonomy: Taxonomy) -> RunEstimate:
        """What analyzing these texts would take; nothing is sent anywhere. Safe for a hundred thousand texts.

        Args:
            texts: Different ones; ``response_count`` of what is returned is their number, the caller knows the rows.
        """
        ...

    def check_ready(self) -> None:
        """Raise BackendError or ConfigurationError when a call would fail now."""
        ...


class TopicSuggester(Protocol):
    """Proposes topics for responses that nobody has looked at yet. Safe to call from many threads."""

    def suggest(
        self,
        responses: Sequence[Response],
        count: int | None = None,
        on_progress: AnalysisListener | None = None,
    ) -> list[SuggestedTopic]:
        """Group responses by what they speak of; the same responses give the same groups.

        Args:
            count: About how many topics; None lets the responses decide.

        Returns:
            The largest group first. Ids and names are unique.

        Raises:
            InputError: ``too-few-responses``: there is too little to group.
            BackendError: the backend failed.
        """
        ...


class SurveyRepository(Protocol):
    """Where surveys, runs, taxonomies and labels are kept, per tenant; files lie in the storage.

    What is another tenant's is not found. Everything raises BackendUnavailableError when the database does not answer.
    """

    # Surveys

    def insert_survey(self, survey: Survey) -> None: ...

    def get_survey(self, tenant_id: str, survey_id: str) -> Survey:
        """Raises NotFoundError ``survey-missing``."""
        ...

    def list_surveys(self, tenant_id: str, *, limit: int = 100) -> list[Survey]:
        """Newest first."""
        ...

    def update_survey(self, tenant_id: str, survey_id: str, *, title: str, earlier_wave_id: str | None) -> None:
        """Raises NotFoundError ``survey-missing``."""
        ...

    def delete_survey(self, tenant_id: str, survey_id: str) -> None:
        """Forget the survey with its runs and labels; taxonomies stay. Later waves of it are first waves then."""
        ...

    # Runs

    def insert_run(self, run: SurveyRun) -> None: ...

    def get_run(self, tenant_id: str, run_id: str) -> SurveyRun:
        """Raises NotFoundError ``run-missing``."""
        ...

    def list_runs(
        self, tenant_id: str, *, survey_id: str | None = None, taxonomy_id: str | None = None, limit: int = 200
    ) -> list[SurveyRun]:
        """Newest first."""
        ...

    def delete_run(self, tenant_id: str, run_id: str) -> None:
        """Forget a run; one that is not there is no error."""
        ...

    # Taxonomies

    def insert_taxonomy(self, tenant_id: str, name: str, version: TaxonomyVersion) -> None:
        """Keep a new taxonomy with its first version.

        Raises:
            ConflictError: ``taxonomy-name-taken``: the tenant has one of that name (letters' case aside).
        """
        ...

    def insert_version(self, tenant_id: str, version: TaxonomyVersion) -> None:
        """Keep the next version.

        Raises:
            NotFoundError: ``taxonomy-missing``.
            ConflictError: ``taxonomy-changed``: its number is not one more than the latest: somebody else was faster.
        """
        ...

    def rename_taxonomy(self, tenant_id: str, taxonomy_id: str, name: str) -> None:
        """Raises NotFoundError ``taxonomy-missing``, ConflictError ``taxonomy-name-taken``."""
        ...

    def get_taxonomy(self, tenant_id: str, taxonomy_id: str) -> StoredTaxonomy:
        """Raises NotFoundError ``taxonomy-missing``."""
        ...

    def list_taxonomies(self, tenant_id: str) -> list[StoredTaxonomy]:
        """By name."""
        ...

    def get_version(self, tenant_id: str, taxonomy_id: str, number: int | None = None) -> TaxonomyVersion:
        """One version, the latest when None. Raises NotFoundError ``taxonomy-missing``."""
        ...

    def list_versions(self, tenant_id: str, taxonomy_id: str) -> list[TaxonomyVersion]:
        """Newest first. Raises NotFoundError ``taxonomy-missing``."""
        ...

    def delete_taxonomy(self, tenant_id: str, taxonomy_id: str) -> None:
        """Forget a taxonomy with all versions.

        Raises:
            ConflictError: ``taxonomy-in-use``: a run was made with it.
        """
        ...

    # Labels: at most one per purpose, survey, question and text

    def save_labels(self, tenant_id: str, labels: Collection[ResponseLabel]) -> None:
        """Keep labels; those of the same purpose, survey, question and text are replaced. All or none."""
        ...

    def list_labels(
        self, tenant_id: str, survey_id: str, question: str, purpose: LabelPurpose, *, taxonomy_id: str | None = None
    ) -> list[ResponseLabel]:
        """Oldest first, then by text key."""
        ...

    def delete_labels(
        self, tenant_id: str, survey_id: str, question: str, purpose: LabelPurpose, text_keys: Collection[str]
    ) -> int:
        """Forget labels; returns how many there were."""
        ...

    def labels_revision(self, tenant_id: str, survey_id: str, question: str) -> str:
        """Changes whenever a label of that question changed; cheap, to know whether something kept is still true."""
        ...
