"""Findings by columns: from what an analyzer returns, part by part, into one Parquet file of a run, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]
import pyarrow.parquet as pq  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray

from services.surveys.findings import OTHER_CODES, REVIEW_BITS, SENTIMENT_CODES, RunFindings
from services.surveys.models import ResponseFinding, TopicFinding
from services.surveys.review_reasons import ReviewReason

_TOPICS_KEY = b"frontline.topics"
_FACTS_KEY = b"frontline.facts"
_ROWS_PER_GROUP = 100_000
# Columns with a value per text, and lists with a value per topic of a text: the field of RunFindings, and its type.
_PER_TEXT: dict[str, Any] = {
    "overall": np.int8,
    "other": np.int8,
    "confidence": np.float32,
    "review": np.uint16,
}
_PER_TOPIC: dict[str, Any] = {
    "topics": np.int16,
    "sentiments": np.int8,
    "topic_confidence": np.float32,
    "evidence_starts": np.int32,
    "evidence_ends": np.int32,
}
_SENTIMENTS = {code: sentiment for sentiment, code in SENTIMENT_CODES.items()}
_REASONS = {code: reason for reason, code in OTHER_CODES.items()}


def findings_of(found: Sequence[ResponseFinding], topic_ids: Sequence[str]) -> RunFindings:
    """Findings in different texts, in this order; every text is a row of its own.

    Raises:
        KeyError: a finding has a topic that is not among ``topic_ids``.
    """
    places = {topic_id: place for place, topic_id in enumerate(topic_ids)}
    counts = np.fromiter((len(one.topics) for one in found), np.int64, len(found))
    topics = list(chain.from_iterable(one.topics for one in found))
    return RunFindings(
        topic_ids=tuple(topic_ids),
        text_of_row=np.arange(len(found), dtype=np.int32),
        overall=np.array([SENTIMENT_CODES[one.sentiment] for one in found], np.int8),
        other=np.array([OTHER_CODES[one.other_reason] if one.other_reason else 0 for one in found], np.int8),
        confidence=np.array([one.confidence for one in found], np.float32),
        review=np.array([_bits(one.needs_review) for one in found], np.uint16),
        offsets=_offsets(counts),
        topics=np.array([places[one.topic_id] for one in topics], np.int16),
        sentiments=np.array([SENTIMENT_CODES[one.sentiment] for one in topics], np.int8),
        topic_confidence=np.array([one.confidence for one in topics], np.float32),
        evidence_starts=np.array([one.start for one in topics], np.int32),
        evidence_ends=np.array([one.end for one in topics], np.int32),
    )


def finding_in(findings: RunFindings, text: int, response_id: str = "") -> ResponseFinding | None:
    """What was found in one text; None where it was not analyzed."""
    if not findings.overall[text]:
        return None
    found = tuple(
        TopicFinding(
            topic_id=findings.topic_ids[findings.topics[at]],
            sentiment=_SENTIMENTS[int(findings.sentiments[at])],
            confidence=_confidence(findings.topic_confidence[at]),
            start=int(findings.evidence_starts[at]),
            end=int(findings.evidence_ends[at]),
        )
        for at in range(findings.offsets[text], findings.offsets[text + 1])
    )
    bits = int(findings.review[text])
    return ResponseFinding(
        response_id=response_id,
        topics=found,
        sentiment=_SENTIMENTS[int(findings.overall[text])],
        confidence=_confidence(findings.confidence[text]),
        other_reason=_REASONS.get(int(findings.other[text])),
        needs_review=tuple(reason.value for reason, bit in REVIEW_BITS.items() if bits & bit),
    )


def nothing_found(count: int, topic_ids: Sequence[str]) -> RunFindings:
    """The place of texts that were not analyzed."""
    numbers = {name: np.zeros(count, kind) for name, kind in _PER_TEXT.items()}
    lists = {name: np.zeros(0, kind) for name, kind in _PER_TOPIC.items()}
    return RunFindings(
        topic_ids=tuple(topic_ids),
        text_of_row=np.arange(count, dtype=np.int32),
        offsets=np.zeros(count + 1, np.int64),
        **numbers,
        **lists,
    )


def joined_findings(parts: Sequence[RunFindings], text_of_row: NDArray[np.int32]) -> RunFindings:
    """Parts of a run, in the order of their texts, as one.

    Args:
        parts: At least one; all with the same topics.
        text_of_row: See :class:`RunFindings`.
    """
    counts = np.concatenate([np.diff(part.offsets) for part in parts])
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts]).astype(kind, copy=False)
        for name, kind in (_PER_TEXT | _PER_TOPIC).items()
    }
    return RunFindings(topic_ids=parts[0].topic_ids, text_of_row=text_of_row, offsets=_offsets(counts), **columns)


def encode_findings(findings: RunFindings, facts: Mapping[str, Any] | None = None) -> bytes:
    """A Parquet file with a row per different text; which rows of the survey have it, the survey itself says.

    Args:
        facts: Anything JSON-able that should lie in the file too; see :func:`facts_in`.
    """
    offsets = pa.array(findings.offsets.astype(np.int32))
    columns = {name: pa.array(getattr(findings, name)) for name in _PER_TEXT}
    for name in _PER_TOPIC:
        columns[name] = pa.ListArray.from_arrays(offsets, pa.array(getattr(findings, name)))
    kept = {
        _TOPICS_KEY: json.dumps(findings.topic_ids, ensure_ascii=False).encode(),
        _FACTS_KEY: json.dumps(dict(facts or {}), ensure_ascii=False, allow_nan=False).encode(),
    }
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.table(columns).replace_schema_metadata(kept), sink, compression="zstd", row_group_size=_ROWS_PER_GROUP
    )
    return bytes(sink.getvalue())


def decode_findings(data: bytes, text_of_row: NDArray[np.int32] | None = None) -> RunFindings:
    """What :func:`encode_findings` wrote.

    Args:
        text_of_row: ``DistinctTexts.of_row`` of the survey's question; every text is its own row when None.
    """
    table = pq.read_table(pa.BufferReader(data)).combine_chunks()
    columns = {name: table.column(name).to_numpy().astype(kind, copy=False) for name, kind in _PER_TEXT.items()}
    counts = pc.list_value_length(table.column("topics")).to_numpy()
    for name, kind in _PER_TOPIC.items():
        columns[name] = pc.list_flatten(table.column(name)).to_numpy().astype(kind, copy=False)
    rows = np.arange(table.num_rows, dtype=np.int32) if text_of_row is None else text_of_row
    return RunFindings(
        topic_ids=tuple(json.loads(table.schema.metadata[_TOPICS_KEY])),
        text_of_row=rows,
        offsets=_offsets(counts),
        **columns,
    )


def facts_in(data: bytes) -> dict[str, Any]:
    """The facts that were given to :func:`encode_findings`; the findings themselves are not read."""
    metadata = pq.read_schema(pa.BufferReader(data)).metadata
    facts: dict[str, Any] = json.loads(metadata[_FACTS_KEY])
    return facts


def _confidence(kept: np.float32) -> float:
    """Without the digits that only the shorter number has: 0.9, not 0.8999999761581421."""
    return round(float(kept), 6)


def _bits(reasons: Sequence[str]) -> int:
    return sum(REVIEW_BITS[ReviewReason(reason)] for reason in set(reasons))


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
