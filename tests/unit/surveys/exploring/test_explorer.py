"""Runs are kept open, and opened anew when something about them changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from services.errors import BackendError, BackendUnavailableError, InputError, NotFoundError
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.models import Sentiment
from tests.unit.surveys.exploring.explore_desk import TENANT
from tests.unit.surveys.exploring.recount import TOPICS, RandomSurvey


def test_a_run_is_read_once_while_nothing_changes() -> None:
    desk = RandomSurvey(0).desk()
    view = desk.view()
    assert desk.view() is view
    assert (desk.opened, desk.loaded) == (1, 1)


def test_a_correction_shows_at_once_and_reads_nothing_anew() -> None:
    survey = RandomSurvey(0)
    desk = survey.desk()
    before = desk.view()
    text = next(text for text in sorted(survey.found) if text)
    desk.correct(text, {"staff": Sentiment.MIXED})
    after = desk.view()
    assert after is not before
    assert after.totals().corrected > 0 == before.totals().corrected
    assert (desk.opened, desk.loaded) == (1, 1)


def test_a_new_version_of_the_topics_shows_at_once() -> None:
    desk = RandomSurvey(0).desk()
    desk.view()
    renamed = [replace(topic, name=f"{topic.name}!") for topic in TOPICS]
    desk.change_topics(renamed, {})
    assert [topic.name for topic in desk.view().topics] == [topic.name for topic in renamed]
    assert desk.view().taxonomy_version == 2


def test_a_retried_run_is_read_again() -> None:
    survey = RandomSurvey(0)
    desk = survey.desk()
    missing = desk.view().totals().not_analyzed
    desk.round = 2
    desk.found_findings = replace(desk.found_findings, overall=np.maximum(desk.found_findings.overall, 2))
    assert missing > 0 == desk.view().totals().not_analyzed
    assert desk.loaded == 2


def test_a_new_title_of_the_survey_shows_at_once() -> None:
    desk = RandomSurvey(0).desk()
    desk.view()
    desk.repository.update_survey(TENANT, desk.survey.id, title="Spring", earlier_wave_id=None)
    assert desk.view().survey.title == "Spring"


def test_many_people_who_open_a_run_at_once_read_it_once() -> None:
    desk = RandomSurvey(1).desk()
    with ThreadPoolExecutor(8) as pool:
        views = list(pool.map(lambda _: desk.view(), range(16)))
    assert len({id(view) for view in views}) == 1
    assert desk.loaded == 1


def test_many_people_may_look_at_a_run_at_once() -> None:
    survey = RandomSurvey(1)
    view = survey.desk().view()
    filters = [survey.some_filter() for _ in range(40)]
    with ThreadPoolExecutor(8) as pool:
        counts = list(
            pool.map(lambda chosen: (view.count(chosen), len(view.cross_tab(chosen, "region").values)), filters)
        )
    fresh = survey.desk().view()
    assert counts == [(fresh.count(chosen), len(fresh.cross_tab(chosen, "region").values)) for chosen in filters]


def test_findings_of_other_responses_are_refused() -> None:
    desk = RandomSurvey(0).desk()
    desk.found_findings = replace(desk.found_findings, text_of_row=desk.found_findings.text_of_row[::-1].copy())
    with pytest.raises(BackendError) as caught:
        desk.view()
    assert caught.value.code == "findings-differ"


def test_what_failed_once_can_be_opened_later() -> None:
    desk = RandomSurvey(0).desk()
    desk.repository.broken = True
    with pytest.raises(BackendUnavailableError):
        desk.view()
    desk.repository.broken = False
    assert desk.view().row_count == len(desk.people)


def test_another_tenants_run_is_not_found() -> None:
    desk = RandomSurvey(0).desk()
    desk.view()
    with pytest.raises(NotFoundError):
        desk.explorer.open("clinic", desk.run.id)


def test_columns_that_the_survey_does_not_have_are_named() -> None:
    view = RandomSurvey(0).desk().view()
    for ask in (lambda: view.cross_tab(ResponseFilter(), "Shoe size"), lambda: view.topic_summaries(score="Shoe size")):
        with pytest.raises(InputError) as caught:
            ask()
        assert caught.value.code == "unknown-column"


def test_choices_are_listed_with_how_often_they_came() -> None:
    survey = RandomSurvey(0)
    values = survey.desk().view().segment_values("devices")
    assert {one.value: one.count for one in values} == {
        name: sum(name in person.devices for person in survey.people) for name in ("Phone", "Tablet", "Watch")
    }
    assert [one.count for one in values] == sorted((one.count for one in values), reverse=True)
