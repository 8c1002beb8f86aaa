"""The files of an index snapshot: how they are written, checked and opened by memory map.

A snapshot folder holds::

    manifest.json     format version, embedding model, sizes, SHA-256 of every other file
    documents.arrow   id, version, title, url, text of every document
    chunks.arrow      document row, offsets, section, heading row, key of every chunk
    vectors.npy       float32 (n, d) unit vectors: chunks first, then question phrasings, then headings
    questions.npy     int32 (q,): the chunk that each question phrasing belongs to
    neighbors.faiss   IVF index over chunk and question rows; only in large snapshots
    keywords/         bm25s
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from services.errors import ConfigurationError

FORMAT_VERSION = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot was made with; everything that must agree before it may serve."""

    format_version: int
    embedding_model: str
    dimension: int
    chunk_words: int
    chunk_overlap: int
    document_count: int
    chunk_count: int
    question_count: int
    heading_count: int
    files: Mapping[str, str]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest last: a folder without one is not a snapshot."""
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2), encoding="utf-8")


def read_manifest(folder: Path, *, verify: bool = True) -> Manifest:
    """Read and check a snapshot's manifest.

    Raises:
        ConfigurationError: the snapshot is missing, of another format, or a file differs from its checksum.
    """
    try:
        values = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**values)
    except (OSError, ValueError, TypeError) as exc:
        raise _damaged(folder, "its manifest cannot be read") from exc
    if manifest.format_version != FORMAT_VERSION:
        raise ConfigurationError(
            f"Snapshot {folder.name} has format {manifest.format_version}, this version reads {FORMAT_VERSION}.",
            code="snapshot-format",
            remedy="Load the knowledge base again with this version of Frontline.",
        )
    if verify:
        for name, expected in manifest.files.items():
            path = folder / name
            if not path.is_file() or file_sha256(path) != expected:
                raise _damaged(folder, f"{name} does not match its checksum")
    return manifest


def file_sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksums(folder: Path) -> dict[str, str]:
    """Digest of every file below a folder, by relative path."""
    return {
        path.relative_to(folder).as_posix(): file_sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()
    }


def write_table(path: Path, columns: Mapping[str, Sequence[object]], schema: pa.Schema) -> None:
    """Write columns as an Arrow file that can be read by memory map."""
    table = pa.table(dict(columns), schema=schema)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_table(table, max_chunksize=max(1, table.num_rows))


def open_table(path: Path) -> pa.Table:
    """Open an Arrow file without reading it into memory."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def _damaged(folder: Path, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"Snapshot {folder.name} is damaged: {what}.",
        code="snapshot-damaged",
        remedy="Publish an earlier snapshot, or load the knowledge base again.",
    )


DOCUMENT_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("version", pa.int32()),
        ("title", pa.string()),
        ("url", pa.string()),
        ("text", pa.large_string()),
    ]
)
CHUNK_SCHEMA = pa.schema(
    [
        ("document", pa.int32()),
        ("ordinal", pa.int32()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("page", pa.int32()),
        ("section", pa.string()),
        ("url", pa.string()),
        ("heading_row", pa.int32()),
        ("key", pa.string()),
    ]
)
