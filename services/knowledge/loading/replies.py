"""What a child sends, read so that a parser that was taken over by a document cannot reach into this process."""

from __future__ import annotations

import io
import pickle
from typing import Any

# The classes that results consist of, beside numbers, text, bytes, tuples, lists and dicts. Nothing here does
# anything when it is made.
_ALLOWED = frozenset(
    {
        ("datetime", "date"),
        ("services.knowledge.loading.formats", "Format"),
        ("services.knowledge.loading.loaded_file", "LoadedFile"),
        ("services.knowledge.models", "Document"),
        ("services.knowledge.models", "LoadFailure"),
        ("services.knowledge.models", "Section"),
    }
)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} may not come from a child")
        return super().find_class(module, name)


def read_reply(frame: bytes) -> tuple[str, Any]:
    """Kind and value of a reply.

    Raises:
        Exception: whatever a pickle that was tampered with leads to; no code of the sender's choosing runs.
    """
    kind, value = _Unpickler(io.BytesIO(frame)).load()
    return str(kind), value
