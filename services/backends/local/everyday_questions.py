"""How much a question is like everyday ones that no knowledge base of a company answers."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.knowledge.shorthand import spell_out
from services.logs import get_logger
from services.ports.knowledge import Embedder

# Of so many nearest ones the mean counts: one alone may be alike by chance. Chosen with the weights, see decision 0005.
NEAREST = 3

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EmbeddedQuestion:
    """A question as every index searches it.

    Attributes:
        text: Shorthand spelled out.
        vector: Of unit length.
        everyday_likeness: See :class:`services.knowledge.models.Evidence`.
    """

    text: str
    vector: NDArray[np.float32]
    everyday_likeness: float


class EverydayQuestions:
    """Everyday questions as vectors, by embedding model; safe for many threads.

    Args:
        texts: Gives the questions; called once.
        folder: Where the vectors are kept between starts; None keeps them in memory alone.
    """

    def __init__(self, texts: Callable[[], Sequence[str]], folder: Path | None = None) -> None:
        self._texts = texts
        self._questions: list[str] = []
        self._folder = folder
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._lock = threading.Lock()

    def embedded(self, question: str, embedder: Embedder) -> EmbeddedQuestion:
        """The question as it is searched. Raises BackendError."""
        text = spell_out(question)
        vector: NDArray[np.float32] = embedder.embed([text])[0]
        return EmbeddedQuestion(text, vector, self.likeness(text, vector, embedder))

    def likeness(self, question: str, vector: NDArray[np.float32], embedder: Embedder) -> float:
        """Mean cosine of a question's unit vector to the nearest of them, in [-1, 1]; 0 when there are none.

        A question that is one of them does not find itself, or nothing could be learned from it. The same words tell,
        not the cosine: a quantized model gives a text a slightly other vector in other company.
        """
        cosines = self._of(embedder) @ vector
        nearest = np.argsort(-cosines)[: NEAREST + 1]
        others = [float(cosines[place]) for place in nearest if self._questions[place] != question]
        return sum(others[:NEAREST]) / len(others[:NEAREST]) if others else 0.0

    def _of(self, embedder: Embedder) -> NDArray[np.float32]:
        with self._lock:
            found = self._vectors.get(embedder.model_id)
            if found is None:
                self._questions = self._questions or list(self._texts())
                found = self._vectors[embedder.model_id] = self._load(embedder)
            return found

    def _load(self, embedder: Embedder) -> NDArray[np.float32]:
        texts = self._questions
        key = hashlib.sha256("\n".join([embedder.model_id, *texts]).encode()).hexdigest()[:32]
        path = self._folder / f"{key}.npy" if self._folder else None
        if path is not None and path.is_file():
            try:
                kept: NDArray[np.float32] = np.load(path)
                if len(kept) == len(texts):
                    return kept
            except (OSError, ValueError) as error:  # half written or damaged: made anew below
                _log.warning("everyday-questions-not-read", error=type(error).__name__)
        made = np.asarray(embedder.embed(texts), dtype=np.float32)
        if path is not None:
            _keep(path, made)
        return made


def _keep(path: Path, vectors: NDArray[np.float32]) -> None:
    """Best effort: without it the next start takes some seconds longer."""
    arriving = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with arriving.open("wb") as file:
            np.save(file, vectors)
        arriving.replace(path)
    except OSError as error:
        _log.warning("everyday-questions-not-kept", error=type(error).__name__)
