"""What tells the passages of a knowledge base on Bedrock apart, and the filters that choose among them.

Every piece that Frontline puts into a knowledge base carries these attributes. They are few and short, because some
vector stores take one kilobyte of them: title, section, page and place stand in our own record of the snapshot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.backends.local.snapshot_writer import text_key
from services.knowledge.models import Passage

TENANT = "frontline_tenant"
EPOCH = "frontline_epoch"
SINCE = "frontline_since"
DOCUMENT = "frontline_document"
PASSAGE = "frontline_passage"
PART = "frontline_part"
TEXT = "text"
QUESTION = "question"
_PREFIX = "frontline"

Filter = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PieceId:
    """The id of a piece in the knowledge base; the same piece put in again replaces itself.

    Attributes:
        epoch: Names a set of pieces that is searched together.
        since: Number of the first snapshot that the piece was put in for.
        place: 0 for the text of a passage, then its phrasings.
    """

    tenant: str
    epoch: str
    since: int
    document: str
    passage: str
    place: int

    def __str__(self) -> str:
        return f"{prefix_of(self.tenant)}{self.epoch}/{self.since:06d}/{self.document}/{self.passage}/{self.place}"

    @classmethod
    def parsed(cls, text: str) -> PieceId | None:
        """None for what somebody else put in."""
        parts = text.split("/")
        if len(parts) != 7 or parts[0] != _PREFIX or not (parts[3].isdigit() and parts[6].isdigit()):
            return None
        return cls(parts[1], parts[2], int(parts[3]), parts[4], parts[5], int(parts[6]))

    @property
    def same_piece(self) -> tuple[str, str, str, int]:
        """Equal for the same words of the same tenant and epoch, whichever snapshot they were put in for."""
        return self.tenant, self.epoch, self.passage, self.place


def prefix_of(tenant: str) -> str:
    """How the ids of a tenant's pieces begin."""
    return f"{_PREFIX}/{tenant}/"


def document_key(document_id: str, version: int, chunk_words: int, chunk_overlap: int) -> str:
    """One version of a document, cut one way."""
    return f"{_hashed(document_id)}.{version}.{chunk_words}-{chunk_overlap}"


def passage_key(document_id: str, version: int, ordinal: int | str, key: str) -> str:
    """One passage with its very words; two tenants share it only where they share the words.

    Args:
        key: :func:`text_key` of heading and text.
    """
    return f"{_hashed(document_id)}.{version}.{ordinal}.{key}"


def key_of_passage(passage: Passage) -> str:
    """:func:`passage_key` of a passage that was found."""
    heading = f"{passage.title} › {passage.section}" if passage.section else passage.title
    ordinal = passage.chunk_id.rsplit("#", 1)[-1]
    return passage_key(passage.document_id, passage.document_version, ordinal, text_key(f"{heading}\n{passage.text}"))


def attributes_of(piece: PieceId) -> list[dict[str, Any]]:
    """What the knowledge base keeps beside the words, as IngestKnowledgeBaseDocuments takes it."""
    texts = {
        TENANT: piece.tenant,
        EPOCH: piece.epoch,
        DOCUMENT: piece.document,
        PASSAGE: piece.passage,
        PART: QUESTION if piece.place else TEXT,
    }
    attributes = [{"key": key, "value": {"type": "STRING", "stringValue": value}} for key, value in texts.items()]
    return [*attributes, {"key": SINCE, "value": {"type": "NUMBER", "numberValue": piece.since}}]


def snapshot_filter(tenant: str, number: int, epoch: str, without: Sequence[str]) -> Filter:
    """Chooses what a snapshot holds and may show.

    Args:
        without: Keys of documents that are in the knowledge base but not to be found.
    """
    conditions: list[Filter] = [
        {"equals": {"key": TENANT, "value": tenant}},
        {"equals": {"key": EPOCH, "value": epoch}},
        {"lessThanOrEquals": {"key": SINCE, "value": number}},
    ]
    if without:
        conditions.append({"notIn": {"key": DOCUMENT, "value": list(without)}})
    return {"andAll": conditions}


def passages_filter(passages: Iterable[Passage]) -> Filter:
    """Chooses the texts of these passages and nothing else."""
    keys = list(dict.fromkeys(key_of_passage(one) for one in passages))
    return {"andAll": [{"in": {"key": PASSAGE, "value": keys}}, {"equals": {"key": PART, "value": TEXT}}]}


def passage_of_result(result: Mapping[str, Any]) -> str | None:
    """The passage's key of a result of Retrieve or a reference of RetrieveAndGenerate; None for what is not ours."""
    value = (result.get("metadata") or {}).get(PASSAGE)
    return value if isinstance(value, str) else None


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
