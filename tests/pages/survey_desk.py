"""Real surveys behind the analyst's page: real storage and services, a quick analyzer; jobs run at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys, wiring
from components.survey_link import DATA
from services.access.models import Account
from services.bootstrap import Services, build_services
from services.errors import InputError
from services.ports.surveys import AnalysisListener
from services.settings import load_settings
from services.storage.jobs import SqlJobRepository
from services.surveys.assembly import assemble_surveys, survey_kinds
from services.surveys.chosen_columns import ColumnRole, choose_columns
from services.surveys.columns import guess_columns
from services.surveys.models import Response, Taxonomy, Topic
from services.surveys.response_files import read_table
from services.surveys.run_backends import OfferedBackend, SurveyBackends
from services.surveys.run_models import RunOptions, SurveyRun
from services.surveys.suggestions import SuggestedTopic
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_models import TaxonomyVersion
from tests.jobs_inline import InlineJobQueue, with_inline_jobs
from tests.pages.frame_driver import enter_as, open_app
from tests.survey_run_fakes import FakeAnalyzer

TENANT = "pharmacy"
OMAR = "omar.haddad"
GRACE = "grace.lin"
PAGE = "../pages/analyze_surveys.py"
WHY, WISH = "Why?", "What should we improve?"
TOPICS = Taxonomy((Topic("price", "Price"), Topic("staff", "Staff"), Topic("app", "App")))
ANSWERS = (
    "the price is bad, far too high for me",
    "good staff, they always help me at once",
    "the app is good and quick to use",
    "the app is bad, it crashes every day",
    "call me at 212-555-0147, the staff was bad",
    "asdf",
    "",
    "the price is good for what one gets",
)


@dataclass
class Desk:
    """The services behind the page, what analyzes, and the queue of the jobs."""

    services: Services
    queue: InlineJobQueue
    analyzer: FakeAnalyzer
    paid_analyzer: FakeAnalyzer

    @property
    def omar(self) -> Account:
        return self.services.accounts.get_account(OMAR)

    def survey(self, title: str = "Spring wave", data: bytes | None = None) -> Survey:
        """A survey that Omar loaded."""
        table = read_table(survey_csv() if data is None else data, "spring.csv")
        columns = choose_columns(table, guess_columns(table), dict.fromkeys((WHY, WISH), ColumnRole.TEXT))
        return self.services.surveys.library.add(self.omar, TENANT, table, columns, title)

    def taxonomy(self, name: str = "Pharmacy topics", taxonomy: Taxonomy = TOPICS) -> TaxonomyVersion:
        """A taxonomy that Omar made."""
        return self.services.surveys.taxonomies.create(self.omar, TENANT, name, taxonomy)

    def run(self, survey: Survey, taxonomy_id: str, question: str = WHY, backend: str = "local") -> SurveyRun:
        """A run that Omar started; it has ended unless the queue is paused."""
        return self.services.surveys.runs.start(
            self.omar, TENANT, survey.id, question, taxonomy_id, RunOptions(backend)
        )


class FakeSuggester:
    """TopicSuggester: a topic for every word "price", "staff" and "app" that stands in a response."""

    def suggest(
        self, responses: Sequence[Response], count: int | None = None, on_progress: AnalysisListener | None = None
    ) -> list[SuggestedTopic]:
        found = []
        for topic in TOPICS.topics:
            own = [response for response in responses if topic.id in response.text]
            if own:
                found.append(SuggestedTopic(replace(topic, keywords=(topic.id,)), len(own), tuple(own[:3])))
        if not found:
            raise InputError("There is too little to group.", code="too-few-responses", remedy="Write topics.")
        return found[:count]


def survey_csv(rows: int = 40) -> bytes:
    """Answers to two questions with id, day, region and score."""
    lines = [f"Response ID,Day,{WHY},{WISH},Region,NPS"]
    for number in range(rows):
        why = ANSWERS[number % len(ANSWERS)]
        region = ("North", "South", "West")[number % 3]
        lines.append(
            f'P-{number:04},2026-03-{number % 28 + 1:02},"{why}",more of number {number} please,{region},{number % 11}'
        )
    return "\n".join(lines).encode()


def open_desk(monkeypatch: pytest.MonkeyPatch, home: Path) -> Desk:
    """The services of a new home, as the app's own runs will find them."""
    built = build_services(load_settings(home=home, demo=True))
    analyzer, paid = FakeAnalyzer("local", chunk_texts=5), FakeAnalyzer("model", paid=True, chunk_texts=5)
    backends = SurveyBackends(
        [
            OfferedBackend("local", "This machine", False, lambda _tenant, _owner: analyzer),
            OfferedBackend("model", "Language model", True, lambda _tenant, _owner: paid, "fake-model"),
        ],
        clock=iter(range(0, 10**9, 3600)).__next__,  # whether one is ready is asked for anew every time
    )
    ports = replace(built.survey_ports, backends=backends, suggester=FakeSuggester)
    desk = assemble_surveys(ports, built.jobs, built.audit)
    kinds = {name: make() for name, make in survey_kinds(ports, SqlJobRepository(built.database), lambda: desk).items()}
    inline, queue = with_inline_jobs(replace(built, survey_ports=ports), kinds)
    return serve(monkeypatch, Desk(inline, queue, analyzer, paid))


def serve(monkeypatch: pytest.MonkeyPatch, desk: Desk, **changed: object) -> Desk:
    """Let the app's runs find these services, with some parts of the survey desk exchanged."""
    surveys = replace(desk.services.surveys, **changed)  # type: ignore[arg-type]  # whatever a test exchanges
    services = replace(desk.services, surveys=surveys)
    st.cache_resource.clear()
    monkeypatch.setattr(wiring, "build_services", lambda: services)
    return desk


def open_page(
    username: str = OMAR,
    *,
    survey: Survey | None = None,
    step: str = DATA,
    parameters: Mapping[str, str] | None = None,
) -> AppTest:
    """The page as that person finds it, at a step of a survey when given.

    Args:
        parameters: What else the address says.
    """
    app = enter_as(open_app(), username)
    if survey is not None:
        app.query_params[session_keys.OPEN_SURVEY] = survey.id
        app.query_params[session_keys.SURVEY_STEP] = step
    for name, value in (parameters or {}).items():
        app.query_params[name] = value
    return app.switch_page(PAGE).run()


def shown(app: AppTest) -> str:
    """All running text on the page, without the backslashes that keep Markdown away from it."""
    kinds = (app.markdown, app.caption, app.subheader, app.info, app.warning, app.error, app.success, app.toast)
    words = [element.value for elements in kinds for element in elements]
    words += [table.value.to_string() for table in app.table]
    words += [f"{metric.label} {metric.value}" for metric in app.metric]
    return "\n".join(words).replace("\\", "")


def click(app: AppTest, key: str) -> AppTest:
    """Click the button with this key."""
    return app.button(key=key).click().run()


def keys(app: AppTest) -> set[str | None]:
    """The keys of the buttons on the page."""
    return {button.key for button in app.button}


def address(app: AppTest, name: str) -> str | None:
    """What the address says under this name."""
    value = app.query_params.get(name)
    return value if value is None or isinstance(value, str) else value[0]


def typed(page: AppTest, cells: Mapping[int, Mapping[str, Any]], added: Sequence[Mapping[str, Any]] = ()) -> AppTest:
    """Type into the table of topics, by the number of the row."""
    key = page.data_editor[0].key
    assert key
    page.session_state[key] = {"edited_rows": dict(cells), "added_rows": list(added), "deleted_rows": []}
    return page.run()


def table(page: AppTest) -> list[str]:
    """The names in the table as it was drawn, before anything is typed."""
    return list(page.data_editor[0].value["Topic"])
