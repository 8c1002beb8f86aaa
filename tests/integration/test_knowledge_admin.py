"""The knowledge admin with the real model: upload, check, publish, answer, roll back, change the model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.sample_tenants import SAMPLE_DATA
from services.answers.models import Band
from services.bootstrap import Services, build_services
from services.errors import InputError
from services.jobs.models import JobStatus
from services.knowledge.ingestion import Upload
from services.knowledge.models import DocumentState, ExpectedPassage, GoldenQuestion
from services.settings import load_settings
from tests.integration.conftest import home_with_model
from tests.jobs_inline import with_inline_jobs

TENANT = "pharmacy"
FOLDER = SAMPLE_DATA / TENANT / "documents"
FILES = ("claim-reject-codes.md", "returns-and-refunds.md", "cold-chain-shipping.md", "pharmacist-on-duty-handover.pdf")
QUESTION = "How long do patients have to report a warm cold-chain package?"
COLD = "cold-chain-shipping.md"


@pytest.fixture(scope="module")
def home(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return home_with_model(tmp_path_factory.mktemp("admin") / "home", model_home)


@pytest.fixture
def app(home: Path) -> Iterator[Services]:
    built = build_services(load_settings(home=home, demo=True, log_level="WARNING"))
    inline, _ = with_inline_jobs(built)
    yield inline
    built.database.close()


def test_upload_is_checked_published_edited_and_rolled_back(app: Services) -> None:
    grace = app.accounts.get_account("grace.lin")
    ana = app.accounts.get_account("ana.reyes")
    uploads = [app.ingestion.keep_file(grace, TENANT, name, (FOLDER / name).read_bytes()) for name in FILES]
    job = app.jobs.get(TENANT, app.ingestion.submit_files(grace, TENANT, uploads).id)
    assert job.status is JobStatus.DONE
    assert (job.result["documents"], job.result["check"]["worse"]) == (len(FILES), 0)
    app.publishing.publish(grace, TENANT, job.result["snapshot"], expected_live=None)
    answer = app.answers.ask(ana, TENANT, QUESTION)
    assert answer.band is Band.DRAFT
    assert answer.citations[0].document_id == COLD

    entry = app.documents.get_entry(grace, TENANT, COLD)
    app.documents.edit_document(
        grace,
        TENANT,
        COLD,
        "# Cold-chain shipping\n\nNothing is shipped cold any more.\n",
        title=entry.title,
        url=entry.url,
        expected_version=entry.version,
    )
    app.knowledge.save_golden_questions(TENANT, [GoldenQuestion("cold", QUESTION, (ExpectedPassage(COLD),))])
    draft = app.jobs.get(TENANT, app.ingestion.submit_build(grace, TENANT).id).result
    assert draft["check"]["worse"] == 1
    live = app.publishing.overview(grace, TENANT).live
    assert live is not None
    with pytest.raises(InputError) as caught:
        app.publishing.publish(grace, TENANT, draft["snapshot"], expected_live=live.number)
    assert caught.value.code == "regressions-need-reason"
    app.publishing.publish(
        grace, TENANT, draft["snapshot"], expected_live=live.number, reason="We stopped shipping cold."
    )
    assert COLD not in {citation.document_id for citation in app.answers.ask(ana, TENANT, QUESTION).citations}
    assert app.publishing.roll_back(grace, TENANT, expected_live=draft["snapshot"]) == live.number
    assert app.answers.ask(ana, TENANT, QUESTION).citations[0].document_id == COLD


def test_disabled_document_is_out_of_the_next_answer(app: Services) -> None:
    grace = app.accounts.get_account("grace.lin")
    ana = app.accounts.get_account("ana.reyes")
    app.documents.disable(grace, TENANT, [COLD])
    assert app.documents.get_entry(grace, TENANT, COLD).state is DocumentState.DISABLED
    assert COLD not in {passage.document_id for passage in app.answers.ask(ana, TENANT, QUESTION).passages}
    app.documents.enable(grace, TENANT, [COLD])
    assert COLD in {passage.document_id for passage in app.answers.ask(ana, TENANT, QUESTION).passages}


def test_other_passage_size_asks_for_a_full_index_while_the_old_one_answers(app: Services, home: Path) -> None:
    settings = load_settings(home=home, demo=True, log_level="WARNING", chunk_words=60, chunk_overlap=10)
    changed, _ = with_inline_jobs(build_services(settings))
    grace = changed.accounts.get_account("grace.lin")
    ana = changed.accounts.get_account("ana.reyes")
    assert "60 words" in changed.publishing.overview(grace, TENANT).needs_full_index
    assert changed.answers.ask(ana, TENANT, QUESTION).citations[0].document_id == COLD
    result = changed.jobs.get(TENANT, changed.ingestion.submit_build(grace, TENANT).id).result
    before = app.knowledge.published_snapshot(TENANT)
    assert before is not None
    assert result["chunks"] > before.chunk_count
    changed.database.close()


def test_file_that_crashes_its_parser_fails_alone(app: Services) -> None:
    grace = app.accounts.get_account("grace.lin")
    uploads = [Upload("broken.pdf", b"%PDF-1.7\nno page tree"), Upload("new.md", b"# New\n\nA new rule applies.")]
    job = app.jobs.get(TENANT, app.ingestion.submit_files(grace, TENANT, uploads).id)
    broken, new = app.jobs.list_items(TENANT, job.id)
    assert (broken.error_code, new.result["documents"]) == ("pdf-damaged", 1)
