"""What every store of surveys keeps to; a test class for one store inherits it and gives the fixture."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from services.errors import ConflictError, NotFoundError
from services.ports.surveys import SurveyRepository
from services.surveys.label_models import LabelPurpose, ResponseLabel, key_of_text
from services.surveys.models import Sentiment, Taxonomy
from tests.contract.survey_samples import (
    OTHER_TENANT,
    QUESTION,
    START,
    TAXONOMY,
    TENANT,
    new_label,
    new_run,
    new_survey,
    new_version,
)


class SurveyRepositoryContract:
    """Give ``repository``, empty, that knows both tenants."""

    @pytest.fixture
    def repository(self) -> SurveyRepository:
        raise NotImplementedError

    @pytest.fixture
    def filled(self, repository: SurveyRepository) -> SurveyRepository:
        """With survey 1 and the taxonomy ``t1``."""
        repository.insert_survey(new_survey())
        repository.insert_taxonomy(TENANT, "Coffee", new_version())
        return repository

    # Surveys

    def test_survey_comes_back_as_it_was_kept(self, repository: SurveyRepository) -> None:
        repository.insert_survey(new_survey())
        later = new_survey(2, earlier_wave_id="s1", title="Été 2026 – “app”")
        repository.insert_survey(later)
        assert repository.get_survey(TENANT, "s1") == new_survey()
        assert repository.get_survey(TENANT, "s2") == later

    def test_surveys_are_listed_newest_first_and_no_more_than_asked_for(self, repository: SurveyRepository) -> None:
        for number in (2, 1, 3):
            repository.insert_survey(new_survey(number))
        assert [survey.id for survey in repository.list_surveys(TENANT)] == ["s3", "s2", "s1"]
        assert repository.list_surveys(TENANT, limit=1) == [new_survey(3)]

    def test_title_and_earlier_wave_change_and_nothing_else(self, repository: SurveyRepository) -> None:
        for number in (1, 2):
            repository.insert_survey(new_survey(number))
        repository.update_survey(TENANT, "s2", title="Autumn", earlier_wave_id="s1")
        assert repository.get_survey(TENANT, "s2") == new_survey(2, title="Autumn", earlier_wave_id="s1")
        repository.update_survey(TENANT, "s2", title="Autumn", earlier_wave_id=None)
        assert repository.get_survey(TENANT, "s2") == new_survey(2, title="Autumn")
        assert repository.get_survey(TENANT, "s1") == new_survey()

    def test_earlier_wave_that_is_not_there_or_another_tenants_is_refused(self, repository: SurveyRepository) -> None:
        repository.insert_survey(new_survey())
        repository.insert_survey(new_survey(2, tenant_id=OTHER_TENANT))
        for wave in ("s2", "gone"):
            with pytest.raises(NotFoundError, check=_has("survey-missing")):
                repository.update_survey(TENANT, "s1", title="New", earlier_wave_id=wave)
            with pytest.raises(NotFoundError, check=_has("survey-missing")):
                repository.insert_survey(new_survey(3, earlier_wave_id=wave))
        assert repository.list_surveys(TENANT) == [new_survey()]

    def test_deleted_survey_takes_its_runs_and_labels_along_and_leaves_the_rest(self, filled: SurveyRepository) -> None:
        filled.insert_survey(new_survey(2, earlier_wave_id="s1"))
        filled.insert_run(new_run())
        filled.insert_run(new_run(2, survey_id="s2"))
        filled.save_labels(TENANT, [new_label(), new_label(survey_id="s2")])
        filled.delete_survey(TENANT, "s1")
        with pytest.raises(NotFoundError, check=_has("survey-missing")):
            filled.get_survey(TENANT, "s1")
        assert [run.id for run in filled.list_runs(TENANT)] == ["r2"]
        assert _labels(filled) == []
        assert len(filled.list_labels(TENANT, "s2", QUESTION, LabelPurpose.CORRECTION)) == 1
        assert filled.get_survey(TENANT, "s2") == new_survey(2)
        assert filled.get_version(TENANT, "t1") == new_version()

    def test_survey_that_is_not_there_may_be_deleted_again(self, filled: SurveyRepository) -> None:
        filled.delete_survey(TENANT, "gone")
        assert filled.get_survey(TENANT, "s1") == new_survey()

    # Runs

    def test_run_comes_back_as_it_was_kept(self, filled: SurveyRepository) -> None:
        filled.insert_run(new_run())
        assert filled.get_run(TENANT, "r1") == new_run()

    def test_runs_are_listed_newest_first_by_survey_and_taxonomy(self, filled: SurveyRepository) -> None:
        filled.insert_survey(new_survey(2))
        filled.insert_taxonomy(TENANT, "Tea", new_version(taxonomy_id="t2"))
        for run in (new_run(2), new_run(1, taxonomy_id="t2"), new_run(3, survey_id="s2", taxonomy_id="t2")):
            filled.insert_run(run)

        def listed(**chosen: str | int) -> list[str]:
            return [run.id for run in filled.list_runs(TENANT, **chosen)]  # type: ignore[arg-type]

        assert listed() == ["r3", "r2", "r1"]
        assert listed(survey_id="s1") == ["r2", "r1"]
        assert listed(taxonomy_id="t2") == ["r3", "r1"]
        assert listed(survey_id="s1", taxonomy_id="t2") == ["r1"]
        assert listed(limit=2) == ["r3", "r2"]

    def test_run_needs_its_survey_and_its_version_of_a_taxonomy(self, filled: SurveyRepository) -> None:
        with pytest.raises(NotFoundError, check=_has("survey-missing")):
            filled.insert_run(new_run(survey_id="gone"))
        for taxonomy in ({"taxonomy_id": "gone"}, {"taxonomy_version": 2}):
            with pytest.raises(NotFoundError, check=_has("taxonomy-missing")):
                filled.insert_run(new_run(**taxonomy))
        assert filled.list_runs(TENANT) == []

    def test_deleted_run_is_gone_and_may_be_deleted_again(self, filled: SurveyRepository) -> None:
        filled.insert_run(new_run())
        filled.insert_run(new_run(2))
        filled.delete_run(TENANT, "r1")
        filled.delete_run(TENANT, "r1")
        with pytest.raises(NotFoundError, check=_has("run-missing")):
            filled.get_run(TENANT, "r1")
        assert filled.list_runs(TENANT) == [new_run(2)]

    # Taxonomies

    def test_version_comes_back_with_every_topic_and_example(self, repository: SurveyRepository) -> None:
        repository.insert_taxonomy(TENANT, "Coffee", new_version())
        assert repository.get_version(TENANT, "t1") == new_version()

    def test_versions_stay_as_they_were_and_the_latest_is_found(self, filled: SurveyRepository) -> None:
        second = new_version(
            2, taxonomy=Taxonomy(TAXONOMY.topics[:1]), moved={"wait": "ordering", "old": None}, note="Merged."
        )
        filled.insert_version(TENANT, second)
        assert filled.get_version(TENANT, "t1") == second
        assert filled.get_version(TENANT, "t1", 1) == new_version()
        assert filled.list_versions(TENANT, "t1") == [second, new_version()]
        with pytest.raises(NotFoundError, check=_has("taxonomy-missing")):
            filled.get_version(TENANT, "t1", 3)

    def test_list_of_taxonomies_speaks_of_the_newest_version(self, filled: SurveyRepository) -> None:
        second = new_version(2, taxonomy=Taxonomy(TAXONOMY.topics[:1]))
        filled.insert_version(TENANT, second)
        (stored,) = filled.list_taxonomies(TENANT)
        assert (stored.id, stored.tenant_id, stored.name) == ("t1", TENANT, "Coffee")
        assert (stored.latest_version, stored.topic_count, stored.changed_at) == (2, 1, second.created_at)
        assert filled.get_taxonomy(TENANT, "t1") == stored

    def test_taxonomies_are_listed_by_name_whatever_their_letters_case(self, repository: SurveyRepository) -> None:
        for number, name in enumerate(("banana", "Cherry", "apple", "Été")):
            repository.insert_taxonomy(TENANT, name, new_version(taxonomy_id=f"t{number}"))
        listed = [taxonomy.name for taxonomy in repository.list_taxonomies(TENANT)]
        assert listed == ["apple", "banana", "Cherry", "Été"]

    @pytest.mark.parametrize("number", [1, 2, 4])
    def test_version_that_does_not_follow_the_latest_is_refused(self, filled: SurveyRepository, number: int) -> None:
        filled.insert_version(TENANT, new_version(2))
        with pytest.raises(ConflictError, check=_has("taxonomy-changed")):
            filled.insert_version(TENANT, new_version(number, note="Too late."))
        assert filled.list_versions(TENANT, "t1") == [new_version(2), new_version()]

    def test_of_versions_saved_at_the_same_time_one_is_kept(self, filled: SurveyRepository) -> None:
        def save(name: int) -> bool:
            try:
                filled.insert_version(TENANT, new_version(2, username=f"person{name}"))
            except ConflictError:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(save, range(6))) == 1
        assert len(filled.list_versions(TENANT, "t1")) == 2

    def test_name_that_differs_in_its_letters_case_alone_is_taken(self, filled: SurveyRepository) -> None:
        filled.insert_taxonomy(TENANT, "ÜBER Straße", new_version(taxonomy_id="t2"))
        for name in ("COFFEE", "über strasse"):
            with pytest.raises(ConflictError, check=_has("taxonomy-name-taken")):
                filled.insert_taxonomy(TENANT, name, new_version(taxonomy_id="t3"))
        with pytest.raises(ConflictError, check=_has("taxonomy-name-taken")):
            filled.rename_taxonomy(TENANT, "t2", "coffee")
        filled.insert_taxonomy(OTHER_TENANT, "Coffee", new_version(taxonomy_id="t4"))
        assert [taxonomy.id for taxonomy in filled.list_taxonomies(TENANT)] == ["t1", "t2"]

    def test_renamed_taxonomy_frees_its_name_and_keeps_its_versions(self, filled: SurveyRepository) -> None:
        filled.rename_taxonomy(TENANT, "t1", "COFFEE")
        filled.rename_taxonomy(TENANT, "t1", "Tea " * 1_500)
        filled.insert_taxonomy(TENANT, "Coffee", new_version(taxonomy_id="t2"))
        assert filled.get_taxonomy(TENANT, "t1").name == "Tea " * 1_500
        assert filled.list_versions(TENANT, "t1") == [new_version()]

    def test_taxonomy_of_a_run_stays_until_the_run_is_deleted(self, filled: SurveyRepository) -> None:
        filled.insert_version(TENANT, new_version(2))
        filled.insert_run(new_run())
        with pytest.raises(ConflictError, check=_has("taxonomy-in-use")):
            filled.delete_taxonomy(TENANT, "t1")
        assert filled.get_version(TENANT, "t1") == new_version(2)
        filled.delete_run(TENANT, "r1")
        filled.delete_taxonomy(TENANT, "t1")
        assert filled.list_taxonomies(TENANT) == []
        filled.delete_taxonomy(TENANT, "t1")

    # Labels

    def test_label_comes_back_as_it_was_kept(self, filled: SurveyRepository) -> None:
        bare = new_label("Nothing fits", topics=(), sentiment=None)
        filled.save_labels(TENANT, [new_label(), bare])
        assert sorted(_labels(filled), key=lambda label: label.text_key) == sorted(
            [new_label(), bare], key=lambda label: label.text_key
        )

    def test_label_of_the_same_text_replaces_the_one_before(self, filled: SurveyRepository) -> None:
        filled.save_labels(TENANT, [new_label()])
        newer = new_label(
            topics=(), sentiment=None, username="bo", labeled_at=START + timedelta(hours=1), taxonomy_id="t2"
        )
        filled.save_labels(TENANT, [new_label(sentiment=Sentiment.NEUTRAL), newer])
        assert _labels(filled) == [newer]

    def test_labels_of_other_purposes_questions_surveys_and_taxonomies_are_kept_apart(
        self, filled: SurveyRepository
    ) -> None:
        filled.insert_survey(new_survey(2))
        apart = [
            new_label(),
            new_label(purpose=LabelPurpose.GOLD),
            new_label(question="Und sonst?" * 400),
            new_label(survey_id="s2"),
        ]
        filled.save_labels(TENANT, apart)
        for label in apart:
            assert filled.list_labels(TENANT, label.survey_id, label.question, label.purpose) == [label]
        filled.save_labels(TENANT, [new_label("Other", taxonomy_id="t2")])
        assert _labels(filled, taxonomy_id="t2") == [new_label("Other", taxonomy_id="t2")]
        assert len(_labels(filled)) == 2

    def test_labels_are_listed_oldest_first_then_by_text(self, filled: SurveyRepository) -> None:
        labels = [new_label(f"Text {number}", labeled_at=START - timedelta(number // 3)) for number in range(9)]
        filled.save_labels(TENANT, labels)
        assert _labels(filled) == sorted(labels, key=lambda label: (label.labeled_at, label.text_key))

    def test_ten_thousand_labels_are_kept_and_replaced_at_once(self, filled: SurveyRepository) -> None:
        labels = [new_label(str(number)) for number in range(10_000)]
        filled.save_labels(TENANT, labels)
        filled.save_labels(TENANT, [replace(label, sentiment=None) for label in labels])
        kept = _labels(filled)
        assert len(kept) == 10_000
        assert {label.sentiment for label in kept} == {None}
        keys = [label.text_key for label in labels[:9_000]]
        assert filled.delete_labels(TENANT, "s1", QUESTION, LabelPurpose.CORRECTION, keys) == 9_000
        assert {label.text_key for label in _labels(filled)} == {label.text_key for label in labels[9_000:]}

    def test_labels_are_kept_all_or_none(self, filled: SurveyRepository) -> None:
        filled.insert_survey(new_survey(2, tenant_id=OTHER_TENANT))
        for wrong in ("gone", "s2"):
            with pytest.raises(NotFoundError, check=_has("survey-missing")):
                filled.save_labels(TENANT, [new_label(), new_label(survey_id=wrong)])
        assert _labels(filled) == []

    def test_deleted_labels_are_counted_and_only_those_asked_for_go(self, filled: SurveyRepository) -> None:
        gold = new_label(purpose=LabelPurpose.GOLD)
        filled.save_labels(TENANT, [new_label(), new_label("Other"), gold])
        keys = [key_of_text(text) for text in ("Slow", "Slow", "never seen")]
        assert filled.delete_labels(TENANT, "s1", QUESTION, LabelPurpose.CORRECTION, keys) == 1
        assert filled.delete_labels(TENANT, "s1", QUESTION, LabelPurpose.CORRECTION, keys) == 0
        assert filled.delete_labels(TENANT, "s1", QUESTION, LabelPurpose.CORRECTION, []) == 0
        assert _labels(filled) == [new_label("Other")]
        assert filled.list_labels(TENANT, "s1", QUESTION, LabelPurpose.GOLD) == [gold]

    def test_revision_is_another_after_every_change_of_a_label(self, filled: SurveyRepository) -> None:
        seen = [filled.labels_revision(TENANT, "s1", QUESTION)]
        changes: list[Callable[[], object]] = [
            lambda: filled.save_labels(TENANT, [new_label()]),
            lambda: filled.save_labels(TENANT, [new_label(sentiment=None)]),
            lambda: filled.save_labels(TENANT, [new_label(purpose=LabelPurpose.GOLD)]),
            lambda: filled.delete_labels(TENANT, "s1", QUESTION, LabelPurpose.CORRECTION, [new_label().text_key]),
            lambda: filled.save_labels(TENANT, [new_label(sentiment=None)]),
        ]
        for change in changes:
            change()
            seen.append(filled.labels_revision(TENANT, "s1", QUESTION))
        assert len(set(seen)) == len(seen)

    def test_revision_stays_while_only_other_labels_change(self, filled: SurveyRepository) -> None:
        filled.insert_survey(new_survey(2))
        filled.save_labels(TENANT, [new_label()])
        before = filled.labels_revision(TENANT, "s1", QUESTION)
        filled.save_labels(TENANT, [new_label(question="Und sonst?"), new_label(survey_id="s2")])
        filled.save_labels(TENANT, [])
        assert filled.labels_revision(TENANT, "s1", QUESTION) == before

    def test_labels_saved_at_the_same_time_are_all_kept(self, filled: SurveyRepository) -> None:
        def save(turn: int) -> None:
            texts = [str(number) for number in range(40)]
            filled.save_labels(TENANT, [new_label(text) for text in (texts if turn % 2 else reversed(texts))])
            filled.save_labels(TENANT, [new_label(f"own {turn}")])

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(save, range(8)))
        assert len(_labels(filled)) == 48
        # No change got lost in another: every save has a revision of its own.
        assert filled.labels_revision(TENANT, "s1", QUESTION) == "16"

    # Tenants

    def test_other_tenants_find_nothing(self, filled: SurveyRepository) -> None:
        filled.insert_run(new_run())
        filled.save_labels(TENANT, [new_label()])
        other = OTHER_TENANT
        calls: list[tuple[str, Callable[[], object]]] = [
            ("survey-missing", lambda: filled.get_survey(other, "s1")),
            ("survey-missing", lambda: filled.update_survey(other, "s1", title="Mine", earlier_wave_id=None)),
            ("survey-missing", lambda: filled.save_labels(other, [new_label("New")])),
            ("survey-missing", lambda: filled.insert_run(new_run(2, tenant_id=other))),
            ("run-missing", lambda: filled.get_run(other, "r1")),
            ("taxonomy-missing", lambda: filled.get_taxonomy(other, "t1")),
            ("taxonomy-missing", lambda: filled.get_version(other, "t1")),
            ("taxonomy-missing", lambda: filled.get_version(other, "t1", 1)),
            ("taxonomy-missing", lambda: filled.list_versions(other, "t1")),
            ("taxonomy-missing", lambda: filled.insert_version(other, new_version(2))),
            ("taxonomy-missing", lambda: filled.rename_taxonomy(other, "t1", "Mine")),
        ]
        for code, call in calls:
            with pytest.raises(NotFoundError, check=_has(code)):
                call()
        filled.delete_survey(other, "s1")
        filled.delete_run(other, "r1")
        filled.delete_taxonomy(other, "t1")
        assert filled.delete_labels(other, "s1", QUESTION, LabelPurpose.CORRECTION, [new_label().text_key]) == 0
        assert (filled.list_surveys(other), filled.list_runs(other), filled.list_taxonomies(other)) == ([], [], [])
        assert filled.list_labels(other, "s1", QUESTION, LabelPurpose.CORRECTION) == []
        assert filled.labels_revision(other, "s1", QUESTION) != filled.labels_revision(TENANT, "s1", QUESTION)
        assert filled.get_survey(TENANT, "s1") == new_survey()
        assert filled.get_run(TENANT, "r1") == new_run()
        assert filled.get_taxonomy(TENANT, "t1").name == "Coffee"
        assert _labels(filled) == [new_label()]

    def test_runs_use_taxonomies_of_their_own_tenant_alone(self, filled: SurveyRepository) -> None:
        filled.insert_taxonomy(OTHER_TENANT, "Coffee", new_version(taxonomy_id="t2"))
        with pytest.raises(NotFoundError, check=_has("taxonomy-missing")):
            filled.insert_run(new_run(taxonomy_id="t2"))


def _has(code: str) -> Callable[[NotFoundError | ConflictError], bool]:
    return lambda error: error.code == code


def _labels(repository: SurveyRepository, taxonomy_id: str | None = None) -> list[ResponseLabel]:
    return repository.list_labels(TENANT, "s1", QUESTION, LabelPurpose.CORRECTION, taxonomy_id=taxonomy_id)
