"""Vectors that were paid for are kept on this machine, so that no text is paid for twice."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.logs import get_logger
from services.ports.knowledge import Embedder

# About 800 MB on disk at 1,024 dimensions; those that were not used for the longest time go first.
MOST_VECTORS = 200_000
# After each block what came is kept: an error in the middle of many texts costs the rest of one block.
BLOCK = 96
_KEYS_AT_ONCE = 500
_LOCKED_SECONDS = 5.0
_SECONDS_A_DAY = 86_400
_TABLE = "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, used_on INTEGER NOT NULL)"

_log = get_logger(__name__)


class KeptVectors:
    """See :class:`services.ports.knowledge.Embedder`; asks the embedder behind it for texts that are new here.

    Texts are recognized by their hash and not kept. What cannot be kept, or read, is asked for again.

    Args:
        folder: One file per model is kept in it, shared by all processes of the machine.
    """

    def __init__(self, embedder: Embedder, folder: Path, most_vectors: int = MOST_VECTORS) -> None:
        self._embedder = embedder
        self._folder = folder
        self._most_vectors = most_vectors
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @property
    def model_id(self) -> str:
        return self._embedder.model_id

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def check_ready(self) -> None:
        self._embedder.check_ready()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See the port."""
        dimension = self._embedder.dimension
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        found = self._kept(list(dict.fromkeys(keys)), dimension)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        for start in range(0, len(missing), BLOCK):
            block = list(missing)[start : start + BLOCK]
            vectors = self._embedder.embed([missing[key] for key in block])
            made = dict(zip(block, vectors, strict=True))
            self._keep(made)
            found.update(made)
        result = np.empty((len(texts), dimension), dtype=np.float32)
        for row, key in enumerate(keys):
            result[row] = found[key]
        return result

    def _kept(self, keys: Sequence[bytes], dimension: int) -> dict[bytes, NDArray[np.float32]]:
        found: dict[bytes, NDArray[np.float32]] = {}

        def read(connection: sqlite3.Connection) -> None:
            today = _today()
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                some = keys[start : start + _KEYS_AT_ONCE]
                marks = ",".join("?" * len(some))
                chosen = f"SELECT key, vector, used_on FROM vectors WHERE key IN ({marks})"  # noqa: S608 - marks only
                stale = []
                for key, vector, used_on in connection.execute(chosen, some):
                    values = np.frombuffer(vector, dtype=np.float32)
                    if len(values) == dimension:
                        found[key] = values
                        if used_on != today:
                            stale.append((today, key))
                if stale:
                    connection.executemany("UPDATE vectors SET used_on = ? WHERE key = ?", stale)

        self._with_file(read)
        return found

    def _keep(self, vectors: dict[bytes, NDArray[np.float32]]) -> None:
        def write(connection: sqlite3.Connection) -> None:
            rows = [(key, np.asarray(vector, np.float32).tobytes(), _today()) for key, vector in vectors.items()]
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
            (count,) = connection.execute("SELECT COUNT(*) FROM vectors").fetchone()
            if count > self._most_vectors:
                # Some more than is needed, so that not every block that follows has to.
                surplus = count - self._most_vectors + self._most_vectors // 20
                connection.execute(
                    "DELETE FROM vectors WHERE key IN (SELECT key FROM vectors ORDER BY used_on, rowid LIMIT ?)",
                    (surplus,),
                )

        self._with_file(write)

    def _with_file(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """One transaction; what goes wrong with the file is logged, and the work goes on without it."""
        with self._lock:
            try:
                with self._open() as connection:
                    work(connection)
            except (sqlite3.Error, OSError) as error:
                _log.warning("kept-vectors-not-used", error=type(error).__name__)
                if type(error) is sqlite3.DatabaseError:  # damaged, and not only busy or out of space
                    self._drop()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            path = self._path()
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=_LOCKED_SECONDS, check_same_thread=False)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute(_TABLE)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._path().unlink(missing_ok=True)

    def _path(self) -> Path:
        name = re.sub(r"[^\w.-]+", "-", self._embedder.model_id)
        return self._folder / f"{name}.sqlite3"


def _today() -> int:
    return int(time.time()) // _SECONDS_A_DAY
