"""Where embedding models were that snapshots were made with, so that an old snapshot is searched by its own model."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

from services.backends.local.onnx_embedder import OnnxEmbedder
from services.backends.local.sentence_transformers_embedder import SentenceTransformersEmbedder
from services.errors import AppError, ConfigurationError
from services.logs import get_logger
from services.ports.knowledge import Embedder

# Makes the embedder of another machine from a model's id and its place (None where none is noted); None if it cannot.
RemoteEmbedderOf = Callable[[str, str | None], Embedder | None]
# What the ids of models on other machines begin with; hub models have no such owners.
REMOTE = ("bedrock/", "sagemaker/")

_log = get_logger(__name__)


class ModelPlaces:
    """Remembers by the id of a model where it came from; safe for many threads and processes.

    A place is a folder, a hub id, or what a model on another machine is called by.

    Args:
        home: FRONTLINE_HOME; the list is kept below it, and the packaged model's export too.
        remote: Makes embedders of other machines; without it there are none.
    """

    def __init__(self, home: Path, remote: RemoteEmbedderOf = lambda *_: None) -> None:
        self._home = home
        self._remote = remote
        self._file = home / "models" / "places.json"
        self._made: dict[str, Embedder | None] = {}
        self._lock = threading.Lock()

    def remember(self, model_id: str, place: str) -> None:
        """Note where a model was when it was used. A note that cannot be written is no reason to stop."""
        with self._lock:
            places = self._places()
            absolute = str(Path(place).resolve()) if Path(place).is_dir() else place
            if places.get(model_id) == absolute:
                return
            temporary = self._file.with_name(f".places-{uuid.uuid4().hex[:8]}")
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                temporary.write_text(json.dumps({**places, model_id: absolute}, indent=2), encoding="utf-8")
                temporary.replace(self._file)
            except OSError as error:
                _log.warning("place of embedding model not noted", model=model_id, error=type(error).__name__)

    def embedder_of(self, model_id: str) -> Embedder | None:
        """The model of that id, ready to use; None when it is not where it was or has changed.

        Raises:
            BackendError: a model on another machine cannot be asked now.
        """
        with self._lock:
            if model_id not in self._made:
                self._made[model_id] = self._make(model_id)
            return self._made[model_id]

    def _make(self, model_id: str) -> Embedder | None:
        if model_id == OnnxEmbedder.model_id:
            return OnnxEmbedder(self._home)
        if model_id.startswith(REMOTE):
            return self._made_remote(model_id)
        # The id of a hub model is its name, so it needs no note.
        embedder = SentenceTransformersEmbedder(self._places().get(model_id, model_id))
        try:
            if embedder.model_id != model_id:
                return None
            embedder.check_ready()
        except (AppError, OSError) as error:
            _log.warning("embedding model of a snapshot not found", model=model_id, error=type(error).__name__)
            return None
        return embedder

    def _made_remote(self, model_id: str) -> Embedder | None:
        try:
            remote = self._remote(model_id, self._places().get(model_id))
        except ConfigurationError as error:
            _log.warning("embedding model of a snapshot not found", model=model_id, error=error.code)
            return None
        return remote if remote is not None and remote.model_id == model_id else None

    def _places(self) -> dict[str, str]:
        try:
            places = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(name): str(place) for name, place in places.items()} if isinstance(places, dict) else {}
