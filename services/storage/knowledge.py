"""The knowledge repository: documents, lists of them, snapshots and golden questions, all on one database."""

from __future__ import annotations

from services.storage.document_lists import SqlDocumentLists
from services.storage.documents import SqlDocuments
from services.storage.golden_questions import SqlGoldenQuestions
from services.storage.snapshots import SqlSnapshots


class SqlKnowledgeRepository(SqlDocuments, SqlDocumentLists, SqlSnapshots, SqlGoldenQuestions):
    """See :class:`services.ports.knowledge.KnowledgeRepository`."""
