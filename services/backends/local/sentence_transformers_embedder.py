"""Any other embedding model that sentence-transformers loads: a local folder, or a hub id where the network allows."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from services.errors import BackendMisconfiguredError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class SentenceTransformersEmbedder:
    """See :class:`services.ports.knowledge.Embedder`. Loads torch, so this process needs about 500 MB more.

    Args:
        model: Folder or hub id.
        remember: Told the model's id and where it was, once it was loaded.
    """

    def __init__(self, model: str, remember: Callable[[str, str], None] | None = None) -> None:
        self._name = model
        self._remember = remember or (lambda *_: None)
        self._loading = threading.Lock()
        self._model: SentenceTransformer | None = None

    @cached_property
    def model_id(self) -> str:
        path = Path(self._name)
        if not path.is_dir():
            return self._name
        # Two folders of one name and size may hold different weights: only their content tells them apart.
        digest = hashlib.sha256()
        for file in sorted(file for file in path.rglob("*") if file.is_file()):
            digest.update(file.relative_to(path).as_posix().encode())
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
        return f"{path.name}-{digest.hexdigest()[:12]}"

    @property
    def dimension(self) -> int:
        return int(self._load().get_embedding_dimension() or 0)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        model = self._load()
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        vectors = model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    def check_ready(self) -> None:
        """Raise BackendMisconfiguredError when the model cannot be loaded."""
        self._load()

    def _load(self) -> SentenceTransformer:
        with self._loading:
            if self._model is None:
                from sentence_transformers import SentenceTransformer

                try:
                    self._model = SentenceTransformer(self._name, device="cpu")
                except (OSError, ValueError, RuntimeError) as exc:
                    raise BackendMisconfiguredError(
                        f"The embedding model {Path(self._name).name} could not be loaded.",
                        code="embedding-model-missing",
                        remedy="Set FRONTLINE_EMBEDDING_MODEL to a folder with a sentence-transformers model, "
                        "or leave it unset.",
                    ) from exc
                self._remember(self.model_id, self._name)
            return self._model
