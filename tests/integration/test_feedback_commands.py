"""The command that takes judged answers out, as a shell would call it."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from services.answers.models import Conversation, Rating
from services.storage.answers import SqlAnswerRepository
from services.storage.database import Database
from tests.command_line import run_command
from tests.contract.answer_repository import OTHER_TENANT, TENANT, USERNAME
from tests.contract.feedback_repository import finished
from tests.contract.test_answer_repositories import database_with_accounts


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two answers that were rated up, a year old and new."""
    database: Database = database_with_accounts(f"sqlite:///{tmp_path / 'frontline.sqlite3'}")
    answers = SqlAnswerRepository(database)
    now = datetime.now(UTC)
    answers.save_conversation(Conversation("c1", TENANT, USERNAME, "Question", now, now))
    answers.save_answer(finished(1, rating=Rating.UP, asked_at=now - timedelta(days=365)))
    answers.save_answer(finished(2, rating=Rating.UP, asked_at=now, text="Größe zählt."))
    database.close()
    return tmp_path


def test_judged_answers_are_written_line_by_line_for_this_account_alone(home: Path) -> None:
    output = home / "pairs.jsonl"
    ended = run_command(home, "export-feedback", "--tenant", TENANT.upper(), "--output", str(output))
    assert (ended.code, ended.out) == (0, f"2 answers written to {output}.\n")
    assert "Treat the file as personal data" in ended.err
    lines = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert [line["chosen"] for line in lines] == ["It means PA.", "Größe zählt."]
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert sorted(path.name for path in home.iterdir() if "pairs" in path.name) == ["pairs.jsonl"]


def test_period_leaves_older_answers_out(home: Path) -> None:
    output = home / "pairs.jsonl"
    assert run_command(home, "export-feedback", "--tenant", TENANT, "--output", str(output), "--days", "30").code == 0
    assert len(output.read_text(encoding="utf-8").splitlines()) == 1


def test_tenant_without_judged_answers_gets_an_empty_file(home: Path) -> None:
    output = home / "pairs.jsonl"
    ended = run_command(home, "export-feedback", "--tenant", OTHER_TENANT, "--output", str(output))
    assert (ended.code, output.read_bytes()) == (0, b"")


def test_mistakes_end_with_what_and_remedy_and_write_nothing(home: Path) -> None:
    output = home / "pairs.jsonl"
    unknown = run_command(home, "export-feedback", "--tenant", "nowhere", "--output", str(output))
    nowhere = run_command(home, "export-feedback", "--tenant", TENANT, "--output", str(home / "no" / "pairs.jsonl"))
    for ended in (unknown, nowhere):
        assert ended.code == 2
        assert len(ended.err.strip().splitlines()) == 2
    assert not output.exists()


def test_judged_answers_can_be_written_into_a_bucket(home: Path, s3_root: str) -> None:
    address = f"{s3_root}/2026/pairs.jsonl"
    ended = run_command(home, "export-feedback", "--tenant", TENANT, "--output", address)
    assert (ended.code, ended.out) == (0, f"2 answers written to {address}.\n")
    bucket, _, folder = s3_root.removeprefix("s3://").partition("/")
    stored = boto3.client("s3").get_object(Bucket=bucket, Key=f"{folder}/2026/pairs.jsonl")["Body"].read()
    lines = stored.splitlines()
    assert [json.loads(line)["chosen"] for line in lines] == ["It means PA.", "Größe zählt."]


@pytest.mark.parametrize("address", ["s3://", "s3://bucket", "s3://bucket/", "s3://bucket/folder/"])
def test_address_that_names_no_file_in_a_bucket_is_refused(home: Path, address: str) -> None:
    ended = run_command(home, "export-feedback", "--tenant", TENANT, "--output", address)
    assert (ended.code, len(ended.err.strip().splitlines())) == (2, 2)
    assert "names no file in a bucket" in ended.err
