"""The contract of FeedbackRepository, on SQLite, on a real PostgreSQL server, and on the fake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.answers.models import Answer, Conversation
from services.ports.feedback import FeedbackRepository
from services.storage.answers import SqlAnswerRepository
from services.storage.database import Database
from services.storage.feedback import SqlFeedbackRepository
from tests.contract.answer_repository import START
from tests.contract.feedback_repository import FeedbackRepositoryContract, SaveAnswers
from tests.contract.test_answer_repositories import database_with_accounts
from tests.feedback_fakes import FakeFeedbackRepository


class _OnDatabase(FeedbackRepositoryContract):
    @pytest.fixture
    def repository(self, database: Database) -> FeedbackRepository:
        return SqlFeedbackRepository(database)

    @pytest.fixture
    def save_answers(self, database: Database) -> SaveAnswers:
        kept = SqlAnswerRepository(database)

        def save(*answers: Answer) -> None:
            for item in answers:
                kept.save_conversation(
                    Conversation(item.conversation_id, item.tenant_id, item.username, "Question", START, START)
                )
                kept.save_answer(item)

        return save


class TestSqlFeedbackRepositoryOnSqlite(_OnDatabase):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        made = database_with_accounts(f"sqlite:///{tmp_path / 'feedback.sqlite3'}")
        yield made
        made.close()


@pytest.mark.postgres
class TestSqlFeedbackRepositoryOnPostgres(_OnDatabase):
    @pytest.fixture
    def database(self, postgres_database_url: str) -> Iterator[Database]:
        made = database_with_accounts(postgres_database_url)
        yield made
        made.close()


class TestFakeFeedbackRepository(FeedbackRepositoryContract):
    @pytest.fixture
    def repository(self) -> FeedbackRepository:
        return FakeFeedbackRepository()

    @pytest.fixture
    def save_answers(self, repository: FakeFeedbackRepository) -> SaveAnswers:
        def save(*answers: Answer) -> None:
            repository.answers.update({item.id: item for item in answers})

        return save
