"""Taxonomies of a tenant: kept in versions that never change, so that every wave can be told in the same topics."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime

from services.access.models import Account
from services.errors import ConflictError, InputError, NotFoundError
from services.ports.model_calls import attributed
from services.ports.privacy import PersonalDataDetector
from services.ports.surveys import SurveyRepository
from services.privacy.audit import AuditTrail
from services.privacy.masking import mask_many
from services.surveys.findings import RunFindings
from services.surveys.label_models import LabelPurpose, ResponseLabel
from services.surveys.models import Example, Taxonomy
from services.surveys.permissions import require_analyst
from services.surveys.purpose import PURPOSE
from services.surveys.run_models import SurveyRun
from services.surveys.taxonomy_changes import ChangeKind, changes_of, told
from services.surveys.taxonomy_checks import check_storable
from services.surveys.taxonomy_edits import TaxonomyEdit, add_examples, replaced_by, start
from services.surveys.taxonomy_impact import EditReport, LoadFindings, edit_report
from services.surveys.taxonomy_models import StoredTaxonomy, TaxonomyVersion
from services.surveys.topic_words import one_line

LONGEST_TAXONOMY_NAME = 120
LONGEST_NOTE = 300
_RUNS_LOOKED_AT = 1_000


class TaxonomyService:
    """Makes, changes and shows taxonomies. What reads takes the tenant; what changes something wants an analyst of it.

    Args:
        load_findings: The findings of a run; ConflictError or NotFoundError when it has none (yet).
        detector: Finds the personal data that is masked in examples before they are kept.
        now: The clock, for tests.
    """

    def __init__(
        self,
        repository: SurveyRepository,
        audit: AuditTrail,
        load_findings: LoadFindings,
        detector: PersonalDataDetector,
        *,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._repository = repository
        self._audit = audit
        self._load_findings = load_findings
        self._detector = detector
        self._now = now or (lambda: datetime.now(UTC))

    def _masked(self, account: Account, tenant_id: str, taxonomy: Taxonomy, clean: AbstractSet[str]) -> Taxonomy:
        """The taxonomy without personal data in its examples; texts that are clean are not searched again."""
        unclean = [one.text for one in taxonomy.examples if one.text not in clean]
        with attributed(tenant_id=tenant_id, username=account.username, purpose=PURPOSE):
            masked = dict(zip(unclean, mask_many(unclean, self._detector), strict=True))
        examples = tuple(
            replace(one, text=masked[one.text].text) if one.text in masked else one for one in taxonomy.examples
        )
        return replace(taxonomy, examples=examples)

    def list(self, tenant_id: str) -> Sequence[StoredTaxonomy]:
        """All of the tenant, by name."""
        return self._repository.list_taxonomies(tenant_id)

    def stored(self, tenant_id: str, taxonomy_id: str) -> StoredTaxonomy:
        """What lists know of one. Raises NotFoundError (``taxonomy-missing``)."""
        return self._repository.get_taxonomy(tenant_id, taxonomy_id)

    def get(self, tenant_id: str, taxonomy_id: str, number: int | None = None) -> TaxonomyVersion:
        """One version, the latest when None. Raises NotFoundError (``taxonomy-missing``)."""
        return self._repository.get_version(tenant_id, taxonomy_id, number)

    def history(self, tenant_id: str, taxonomy_id: str) -> Sequence[TaxonomyVersion]:
        """All versions, newest first. Raises NotFoundError (``taxonomy-missing``)."""
        return self._repository.list_versions(tenant_id, taxonomy_id)

    def create(
        self, account: Account, tenant_id: str, name: str, taxonomy: Taxonomy, note: str = ""
    ) -> TaxonomyVersion:
        """Keep a new taxonomy.

        Raises:
            AccessError
            InputError: the name is blank or too long (``bad-taxonomy-name``), or as :func:`check_storable`.
            ConflictError: ``taxonomy-name-taken``.
        """
        require_analyst(account, tenant_id)
        name = _checked_name(name)
        check_storable(taxonomy)
        taxonomy = self._masked(account, tenant_id, taxonomy, set())
        version = TaxonomyVersion(
            taxonomy_id=uuid.uuid4().hex,
            number=1,
            taxonomy=taxonomy,
            note=_note(note) or "First version.",
            username=account.username,
            created_at=self._now(),
        )
        self._repository.insert_taxonomy(tenant_id, name, version)
        self._audit.record(
            "taxonomy-created",
            username=account.username,
            tenant_id=tenant_id,
            subject=version.taxonomy_id,
            topics=len(taxonomy.topics),
            examples=len(taxonomy.examples),
        )
        return version

    def save(
        self,
        account: Account,
        tenant_id: str,
        taxonomy_id: str,
        edit: TaxonomyEdit,
        note: str,
        expected_version: int,
    ) -> TaxonomyVersion:
        """Keep an edit as the next version; one that changes nothing leaves the latest.

        Args:
            note: What changed, in a sentence; one is made of the changes when it is blank.
            expected_version: The version that the edit began with.

        Raises:
            AccessError
            NotFoundError: ``taxonomy-missing``.
            InputError: as :func:`check_storable`.
            ConflictError: ``taxonomy-changed``: there is a newer version by now.
        """
        require_analyst(account, tenant_id)
        latest = self._repository.get_version(tenant_id, taxonomy_id)
        if latest.number != expected_version or latest.taxonomy != edit.base:
            raise ConflictError(
                "Somebody else changed the taxonomy in the meantime. Your changes were not saved.",
                code="taxonomy-changed",
                remedy="Reload to see the newest version, then make your changes there.",
            )
        if not edit.is_changed:
            return latest
        check_storable(edit.taxonomy)
        changes = changes_of(edit)
        version = TaxonomyVersion(
            taxonomy_id=taxonomy_id,
            number=latest.number + 1,
            taxonomy=self._masked(
                account, tenant_id, edit.taxonomy, {example.text for example in latest.taxonomy.examples}
            ),
            note=_note(note) or told(changes),
            username=account.username,
            created_at=self._now(),
            moved=dict(edit.moved),
        )
        self._repository.insert_version(tenant_id, version)
        kinds = [change.kind for change in changes]
        self._audit.record(
            "taxonomy-changed",
            username=account.username,
            tenant_id=tenant_id,
            subject=taxonomy_id,
            version=version.number,
            topics=len(edit.taxonomy.topics),
            **{kind.value: kinds.count(kind) for kind in ChangeKind if kind in kinds},
        )
        return version

    def restore(
        self, account: Account, tenant_id: str, taxonomy_id: str, number: int, expected_version: int
    ) -> TaxonomyVersion:
        """Make an older version the newest again, as a version of its own. Raises as :meth:`save`."""
        require_analyst(account, tenant_id)
        older = self.get(tenant_id, taxonomy_id, number)
        edit = replaced_by(start(self.get(tenant_id, taxonomy_id).taxonomy), older.taxonomy)
        return self.save(account, tenant_id, taxonomy_id, edit, f"Version {number} restored.", expected_version)

    def add_examples(
        self,
        account: Account,
        tenant_id: str,
        taxonomy_id: str,
        examples: Sequence[Example],
        expected_version: int,
    ) -> TaxonomyVersion:
        """Keep more examples as the next version; what was said before about the same texts gives way.

        Raises:
            InputError: ``unknown-topic`` or ``empty-example``, and as :meth:`save`.
        """
        require_analyst(account, tenant_id)
        edit = add_examples(start(self.get(tenant_id, taxonomy_id).taxonomy), examples)
        count = f"{len(examples):,} {'example' if len(examples) == 1 else 'examples'}"
        return self.save(account, tenant_id, taxonomy_id, edit, f"{count} added.", expected_version)

    def rename(self, account: Account, tenant_id: str, taxonomy_id: str, name: str) -> StoredTaxonomy:
        """Give a taxonomy another name.

        Raises:
            AccessError
            NotFoundError: ``taxonomy-missing``.
            InputError: ``bad-taxonomy-name``.
            ConflictError: ``taxonomy-name-taken``.
        """
        require_analyst(account, tenant_id)
        self._repository.rename_taxonomy(tenant_id, taxonomy_id, _checked_name(name))
        self._audit.record("taxonomy-renamed", username=account.username, tenant_id=tenant_id, subject=taxonomy_id)
        return self.stored(tenant_id, taxonomy_id)

    def delete(self, account: Account, tenant_id: str, taxonomy_id: str) -> None:
        """Forget a taxonomy with all versions.

        Raises:
            AccessError
            NotFoundError: ``taxonomy-missing``.
            ConflictError: ``taxonomy-in-use``: a run was made with it.
        """
        require_analyst(account, tenant_id)
        stored = self.stored(tenant_id, taxonomy_id)
        self._repository.delete_taxonomy(tenant_id, taxonomy_id)
        self._audit.record(
            "taxonomy-deleted",
            username=account.username,
            tenant_id=tenant_id,
            subject=taxonomy_id,
            topics=stored.topic_count,
        )

    def resolve(
        self, tenant_id: str, taxonomy_id: str, from_version: int, to_version: int | None = None
    ) -> dict[str, str | None]:
        """What every topic of a version is in a later one: its id there, or None when it was removed.

        Args:
            to_version: The latest when None.

        Raises:
            NotFoundError: ``taxonomy-missing``.
            InputError: ``versions-turned-around``.
        """
        return resolution(self.history(tenant_id, taxonomy_id), from_version, to_version)

    def affected(self, tenant_id: str, taxonomy_id: str, edit: TaxonomyEdit) -> EditReport:
        """What an edit of the latest version would touch, before it is kept.

        Raises:
            NotFoundError: ``taxonomy-missing``.
            BackendError: findings could not be read.
        """
        versions = self.history(tenant_id, taxonomy_id)
        known: dict[int, Mapping[str, str | None]] = {}

        def now(number: int) -> Mapping[str, str | None]:
            if number not in known:
                known[number] = resolution(versions, number)
            return known[number]

        runs = self._repository.list_runs(tenant_id, taxonomy_id=taxonomy_id, limit=_RUNS_LOOKED_AT)
        findings = ((found, now(run.taxonomy_version)) for run, found in self._latest_findings(runs))
        labels = ((label, now(label.taxonomy_version)) for label in self._labels(tenant_id, taxonomy_id, runs))
        return edit_report(edit, findings, labels)

    def _latest_findings(self, runs: Sequence[SurveyRun]) -> Iterator[tuple[SurveyRun, RunFindings]]:
        """Of every question the newest run that is finished."""
        found: set[tuple[str, str]] = set()
        for run in runs:
            if (run.survey_id, run.question) in found:
                continue
            try:
                findings = self._load_findings(run)
            except (ConflictError, NotFoundError):
                continue
            found.add((run.survey_id, run.question))
            yield run, findings

    def _labels(self, tenant_id: str, taxonomy_id: str, runs: Iterable[SurveyRun]) -> Iterator[ResponseLabel]:
        for survey_id, question in dict.fromkeys((run.survey_id, run.question) for run in runs):
            for purpose in LabelPurpose:
                yield from self._repository.list_labels(
                    tenant_id, survey_id, question, purpose, taxonomy_id=taxonomy_id
                )


def resolution(
    versions: Sequence[TaxonomyVersion], from_version: int, to_version: int | None = None
) -> dict[str, str | None]:
    """As :meth:`TaxonomyService.resolve`, from versions that are at hand, in any order."""
    by_number = {version.number: version for version in versions}
    last = max(by_number) if to_version is None else to_version
    if from_version > last:
        raise InputError(
            f"Version {from_version} is newer than version {last}.",
            code="versions-turned-around",
            remedy="Look from the older version to the newer one.",
        )
    missing = {from_version, last} - by_number.keys()
    if missing:
        raise NotFoundError(f"The taxonomy has no version {min(missing)}.", code="taxonomy-missing")
    now: dict[str, str | None] = {topic.id: topic.id for topic in by_number[from_version].taxonomy.topics}
    for number in range(from_version + 1, last + 1):
        moved = by_number[number].moved
        now = {old: moved.get(topic_id, topic_id) if topic_id is not None else None for old, topic_id in now.items()}
    return now


def _checked_name(name: str) -> str:
    name = one_line(name)
    if not 0 < len(name) <= LONGEST_TAXONOMY_NAME:
        raise InputError(
            "The taxonomy needs a name." if not name else f"The name has {len(name):,} characters.",
            code="bad-taxonomy-name",
            remedy=f"Use 1 to {LONGEST_TAXONOMY_NAME} characters.",
        )
    return name


def _note(note: str) -> str:
    return one_line(note)[:LONGEST_NOTE]
