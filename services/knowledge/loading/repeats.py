"""What came before within one load: ids that may not come again, and texts that should not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from services.knowledge.loading.formats import Format
from services.knowledge.loading.loaded_file import LoadedFile
from services.knowledge.models import LoadFailure


@dataclass(slots=True)
class Repeats:
    """Compares the files of one load with each other; holds ids and hashes, never texts.

    Attributes:
        ids: The documents' ids so far.
    """

    ids: set[str] = field(default_factory=set)
    _names: dict[bytes, str] = field(default_factory=dict)

    def check(self, loaded: LoadedFile) -> LoadedFile:
        """The file, with what repeats named: a used id is a failure, the same text a warning."""
        if loaded.media_type == Format.JSONL:
            # A JSONL reader has checked the ids line by line; here only files are compared with them.
            self.ids.update(document.id for document in loaded.documents)
            return loaded
        if any(document.id in self.ids for document in loaded.documents):
            failure = LoadFailure(
                loaded.source_name,
                "duplicate-id",
                f"A document with the id “{loaded.documents[0].id}” was loaded before; {loaded.source_name} was not.",
                "Rename the file, or give the other document another id.",
            )
            return replace(loaded, documents=(), failures=(*loaded.failures, failure))
        self.ids.update(document.id for document in loaded.documents)
        earlier = self._earlier_name(loaded)
        if earlier is None:
            return loaded
        warning = LoadFailure(
            loaded.source_name,
            "duplicate-content",
            f"The text is the same as that of {earlier}; both were loaded, so each answer may stand there twice.",
            "Delete one of the two.",
        )
        return replace(loaded, warnings=(*loaded.warnings, warning))

    def _earlier_name(self, loaded: LoadedFile) -> str | None:
        names = [
            self._names.setdefault(hashlib.sha256(document.text.encode()).digest(), loaded.source_name)
            for document in loaded.documents
        ]
        return next((name for name in names if name != loaded.source_name), None)
