"""The page on which administrators prove that a draft is better, through main.py, on a real database and index."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys, wiring
from components.golden_comparison import COMPARE_TAB
from components.golden_table import GOLDEN_TAB
from services.answers.calibration import CalibrationService
from services.answers.golden_runs import GoldenRunService
from services.answers.quality import QualityService
from services.answers.tuning import TuningService
from services.backends.local.faiss_index import FaissIndex
from services.bootstrap import Services
from services.knowledge.library import KnowledgeService
from services.knowledge.models import GoldenQuestion, SearchType
from services.ports.explanations import Explanation
from services.storage.files import SnapshotFolders
from services.storage.golden_runs import SqlGoldenRuns
from services.storage.knowledge import SqlKnowledgeRepository
from tests.contract.knowledge_samples import DOCUMENTS, REJECTS
from tests.fakes import FakeEmbedder
from tests.golden_fakes import golden
from tests.pages.frame_driver import enter_as, open_app, titles, use_settings

TENANT, OTHER_TENANT = "pharmacy", "clinic"
GRACE, ANA = "grace.lin", "ana.reyes"
PAGE = "../pages/check_quality.py"
REJECT = golden("q1", "What is reject 75?", ("rejects.md", "Reject 75 means"), kind="code")
PEN = golden("q2", "How long can a pen stay out of the fridge?", ("storage.md", "An open pen lasts 28 days"))
WEATHER = golden("q3", "How is the weather in Lisbon?", kind="off_topic")


@dataclass
class Desk:
    """The services behind the page, with an index that needs no model."""

    services: Services
    repository: SqlKnowledgeRepository
    folder: Path

    def build(self, *, publish: bool = False) -> int:
        number = self.services.knowledge.build_snapshot(TENANT).number
        if publish:
            self.services.knowledge.publish(TENANT, number)
        return number

    def golden(self) -> dict[str, GoldenQuestion]:
        return {question.id: question for question in self.repository.list_golden_questions(TENANT)}

    def open(self, tab: str | None = None) -> AppTest:
        page = enter_as(open_app(), GRACE).switch_page(PAGE).run()
        if tab is not None:
            page.session_state[session_keys.QUALITY_TAB] = tab
            page.run()
        return page


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    built = use_settings(monkeypatch, tmp_path, demo="1")
    repository = SqlKnowledgeRepository(built.database)
    folder = tmp_path / "index"
    index = FaissIndex(SnapshotFolders(str(folder), folder), FakeEmbedder())
    knowledge = KnowledgeService(repository, index, FakeEmbedder(), built.files, max_file_bytes=1000)
    runs = GoldenRunService(knowledge, index, repository, SqlGoldenRuns(built.database))
    calibration = CalibrationService(knowledge, index, repository)
    desk = Desk(
        replace(
            built,
            knowledge=knowledge,
            index=index,
            golden_runs=runs,
            quality=QualityService(knowledge, index, repository, runs),
            tuning=TuningService(knowledge, index, repository, calibration, runs, built.audit),
        ),
        repository,
        folder,
    )
    st.cache_resource.clear()
    monkeypatch.setattr(wiring, "build_services", lambda: desk.services)
    yield desk
    st.cache_resource.clear()


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """A live version, a draft without what rejects mean, and three golden questions."""
    desk.repository.save_documents(TENANT, DOCUMENTS)
    desk.build(publish=True)
    desk.repository.save_documents(TENANT, [replace(REJECTS, sections=REJECTS.sections[1:])])
    desk.build()
    desk.repository.save_golden_questions(TENANT, [REJECT, PEN, WEATHER])
    return desk


def shown(page: AppTest) -> str:
    """All running text on the page, without the backslashes that keep Markdown away from it."""
    elements = (*page.markdown, *page.caption, *page.info, *page.warning, *page.success, *page.error, *page.subheader)
    return "\n".join(element.value for element in elements).replace("\\", "")


def click(page: AppTest, key: str) -> AppTest:
    return page.button(key=key).click().run()


def ask(page: AppTest, question: str) -> AppTest:
    page.text_input(key=session_keys.TRIAL_QUESTION).set_value(question)
    return click(page, session_keys.TRIAL_BUTTON)


def has_button(page: AppTest, key: str) -> bool:
    return any(button.key == key for button in page.button)


def test_tenant_without_a_knowledge_base_says_what_to_do(desk: Desk) -> None:
    page = desk.open()
    assert titles(page) == ["Check quality"]
    assert "has no knowledge base yet" in page.info[0].value
    assert "Manage knowledge" in page.info[0].value
    assert not page.exception


def test_empty_tabs_say_what_to_do(desk: Desk) -> None:
    desk.repository.save_documents(TENANT, DOCUMENTS)
    desk.build()
    assert "Type a question" in shown(desk.open())
    assert "There are no golden questions yet" in shown(desk.open(GOLDEN_TAB))
    assert "There is nothing to compare by yet" in shown(desk.open(COMPARE_TAB))


def test_agent_does_not_get_in(filled: Desk) -> None:
    page = enter_as(open_app(), ANA).switch_page(PAGE).run()
    assert "This page is not for your role" in page.warning[0].value
    assert not page.text_input


def test_question_shows_its_band_and_three_searches_with_reasons_and_no_score(filled: Desk) -> None:
    page = ask(filled.open(), "What is reject 79?")
    text = shown(page)
    assert "Found in your procedures" in text
    assert [header.value for header in page.subheader] == ["Hybrid", "By meaning alone", "By words alone"]
    assert "1 · Claim rejects › Part 2" in text
    assert "1st by meaning" in text
    assert "by code" in text
    assert "Hybrid search adds these up and puts it in 1st place" in text
    assert not re.search(r"\b[01]\.\d\d", text)
    assert not page.exception


def test_search_that_the_index_does_not_offer_has_no_column_and_that_is_said(
    filled: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    explain = filled.services.index.explain

    def without_words(*args: object, **options: object) -> Explanation:
        told = explain(*args, **options)  # type: ignore[arg-type]
        return replace(told, search_types=(SearchType.HYBRID, SearchType.SEMANTIC, SearchType.AUTO))

    monkeypatch.setattr(filled.services.index, "explain", without_words)
    page = ask(filled.open(), "What is reject 75?")
    assert [header.value for header in page.subheader] == ["Hybrid", "By meaning alone", "As the service chooses"]
    assert "Searching by words alone is not offered" in shown(page)
    assert "1st by meaning" in shown(page)
    assert "by words]" not in shown(page)
    assert not page.exception


def test_same_question_is_asked_of_the_live_version_with_one_click(filled: Desk) -> None:
    page = ask(filled.open(), "What is reject 75?")
    assert "with version 2" in shown(page)
    assert "Reject 75" not in [text.value[:9] for text in page.markdown]
    page.segmented_control(key=session_keys.TRIAL_VERSION).set_value("Live").run()
    assert "with version 1" in shown(page)
    assert "1 · Claim rejects › Part 1" in shown(page)


def test_empty_question_and_a_damaged_version_are_explained(filled: Desk) -> None:
    page = ask(filled.open(), " ? ")
    assert "There is no question to answer." in shown(page)
    for path in (filled.folder / "snapshots" / TENANT / "000002").glob("*.npy"):
        path.write_bytes(b"broken")
    page = ask(page, "What is reject 79?")
    assert page.error
    assert has_button(page, session_keys.TRIAL_BUTTON)
    assert not page.exception


def test_passage_is_shown_in_its_document(filled: Desk) -> None:
    page = ask(filled.open(), "What is reject 79?")
    keys = [button.key or "" for button in page.button]
    key = next(key for key in keys if key.startswith(session_keys.TRIAL_DOCUMENT))
    assert ":green-background[Reject 79 means that the refill is too soon\\." in "\n".join(
        element.value for element in click(page, key).markdown
    )


def test_table_shows_how_every_question_fared(filled: Desk) -> None:
    page = filled.open(GOLDEN_TAB)
    assert set(page.dataframe[0].value["Last result"]) == {"○ Not run yet"}
    click(page, session_keys.GOLDEN_RUN_BUTTON)
    results = dict(zip(page.dataframe[0].value["Question"], page.dataframe[0].value["Last result"], strict=True))
    assert results[PEN.text].startswith("✓ 1st place")
    assert results[WEATHER.text] == "✓ Rightly declined"
    assert "last run on version 2 just now" in shown(page)


def test_table_is_searched_and_filtered(filled: Desk) -> None:
    page = filled.open(GOLDEN_TAB)
    page.text_input(key=session_keys.GOLDEN_SEARCH).set_value("COLD pen").run()
    assert list(page.dataframe[0].value["Question"]) == [PEN.text]
    page.text_input(key=session_keys.GOLDEN_SEARCH).set_value("zeppelin").run()
    assert "No golden question fits" in shown(page)


def test_question_whose_words_are_gone_is_marked(filled: Desk) -> None:
    filled.repository.save_documents(TENANT, [replace(DOCUMENTS[2], text="x" * 200)])
    page = filled.open(GOLDEN_TAB)
    page.selectbox(key=session_keys.GOLDEN_SHOWN).set_value("Needs a look").run()
    assert list(page.dataframe[0].value["Question"]) == [PEN.text]
    assert "do not stand in" in page.dataframe[0].value["Note"][0]


def test_question_is_added_in_a_window_that_says_what_is_wrong(filled: Desk) -> None:
    page = click(filled.open(GOLDEN_TAB), session_keys.GOLDEN_ADD_BUTTON)
    field = session_keys.GOLDEN_FIELD
    page.text_area(key=f"{field}text").set_value("Who signs PA-100?")
    page.selectbox(key=f"{field}document.0").set_value("authorization.md")
    page.text_area(key=f"{field}quote.0").set_value("is signed by the pharmacist")
    click(page, session_keys.GOLDEN_SAVE_BUTTON)
    assert "do not stand in “authorization.md”" in shown(page)
    assert len(filled.golden()) == 3
    page.text_area(key=f"{field}quote.0").set_value("is signed by the prescriber")
    click(page, session_keys.GOLDEN_SAVE_BUTTON)
    assert "The golden question is saved." in shown(page)
    added = next(question for question in filled.golden().values() if question.text == "Who signs PA-100?")
    assert added.expected[0].document_id == "authorization.md"


def test_import_keeps_the_good_lines_and_names_the_others(filled: Desk) -> None:
    page = click(filled.open(GOLDEN_TAB), session_keys.GOLDEN_IMPORT_OPEN_BUTTON)
    data = b"\n".join(
        json.dumps(line).encode()
        for line in ({"id": "n1", "text": "New?"}, {"text": "Bad", "expected": [{"document_id": "no.md"}]})
    )
    page.file_uploader(key=session_keys.GOLDEN_IMPORT_FILE).set_value(("more.jsonl", data, "application/jsonl")).run()
    click(page, session_keys.GOLDEN_IMPORT_BUTTON)
    assert "1 question added, 0 replaced." in shown(page)
    assert "Line 2: There is no document “no.md”." in shown(page)
    assert "n1" in filled.golden()


def test_draft_that_lost_an_answer_is_held_against_the_live_version(filled: Desk) -> None:
    page = filled.open(COMPARE_TAB)
    assert "have not been asked of version 2 and version 1" in shown(page)
    click(page, session_keys.COMPARE_BUTTON)
    text = shown(page)
    assert "Draft (version 2) against live (version 1)" in text
    assert REJECT.text in text
    assert "1 worse" in text
    first = next(metric for metric in page.metric if metric.label == "Right document first")
    assert first.value.endswith("%")
    click(page, f"{session_keys.GOLDEN_TRY_BUTTON}q1")
    assert "What an agent would see with version 2" in shown(page)
    assert page.text_input(key=session_keys.TRIAL_QUESTION).value == REJECT.text


def test_results_stay_over_a_reload(filled: Desk) -> None:
    click(filled.open(COMPARE_TAB), session_keys.COMPARE_BUTTON)
    again = filled.open(COMPARE_TAB)
    assert not has_button(again, session_keys.COMPARE_BUTTON)
    assert "1 worse" in shown(again)


def test_tuning_with_too_few_questions_says_how_many_are_needed(filled: Desk) -> None:
    page = click(filled.open(COMPARE_TAB), session_keys.TUNE_BUTTON)
    assert "20 are needed" in shown(page)


def test_tuning_that_gains_nothing_says_so_and_can_learn_the_bands_anew_and_back(filled: Desk) -> None:
    filled.repository.save_golden_questions(
        TENANT, [golden(f"t{n}", f"How long does pen {n} last?", ("storage.md", "")) for n in range(25)]
    )
    before = filled.repository.get_snapshot(TENANT, 2)
    page = click(filled.open(COMPARE_TAB), session_keys.TUNE_BUTTON)
    assert "The present weights are as good." in shown(page)
    assert not has_button(page, session_keys.TUNE_SAVE_BUTTON)
    click(page, session_keys.TUNE_RECALIBRATE_BUTTON)
    assert "Saved to version 2." in shown(page)
    changed = filled.repository.get_snapshot(TENANT, 2)
    assert (changed.ranking, changed.cuts == before.cuts) == (before.ranking, False)
    click(page, session_keys.TUNE_UNDO_BUTTON)
    assert not page.exception


def test_live_version_alone_is_not_tuned(desk: Desk) -> None:
    desk.repository.save_documents(TENANT, DOCUMENTS)
    desk.build(publish=True)
    desk.repository.save_golden_questions(TENANT, [PEN])
    page = desk.open(COMPARE_TAB)
    assert "There is no draft." in shown(page)
    assert not has_button(page, session_keys.TUNE_BUTTON)


def test_other_tenant_sees_nothing_of_it(filled: Desk) -> None:
    page = filled.open(GOLDEN_TAB)
    page.selectbox(key=session_keys.TENANT).set_value(OTHER_TENANT).run()
    assert "has no knowledge base yet" in page.info[0].value
    assert not page.dataframe
    assert PEN.text not in shown(page)
