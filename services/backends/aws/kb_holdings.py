"""What of a knowledge base on Bedrock belongs to which snapshot, written down in the storage.

A piece is put in once and serves all snapshots that hold its document version, so nothing is embedded again because a
neighbor changed. Snapshot 7 finds the pieces of its epoch that were put in for 7 or before, less those of documents
that had left by then: these are the few that the filter names. When they become too many, the next snapshot begins a
new epoch: everything is put in once more, and the filter is short again.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from services.backends.aws.kb_keys import PieceId
from services.errors import AppError, ConfigurationError, NotFoundError
from services.ports.files import FileStore

FORMAT_VERSION = 1
# AWS does not say how long a filter may be; every key in it takes about 35 characters.
MOST_STALE = 300
MOST_EXCLUDED = 500
KNOWN_HOLDINGS = 32
_FILE = "held.json"


@dataclass(frozen=True, slots=True)
class Holding:
    """What one snapshot holds of a knowledge base.

    Attributes:
        documents: Keys of the document versions that it holds.
        stale: Keys of those in its epoch that it does not.
    """

    knowledge_base: str
    data_source: str
    epoch: str
    documents: tuple[str, ...]
    stale: tuple[str, ...] = ()
    format_version: int = FORMAT_VERSION

    def excluded(self, hidden: Iterable[str]) -> list[str]:
        """What the filter leaves out; what does not fit into it is left out here afterwards."""
        return list(dict.fromkeys((*hidden, *self.stale)))[:MOST_EXCLUDED]


def planned(
    number: int,
    knowledge_base: tuple[str, str],
    documents: Iterable[str],
    previous: Holding | None,
    present: Iterable[PieceId],
) -> Holding:
    """How a new snapshot is to be held.

    Args:
        knowledge_base: The ids of the knowledge base and its data source.
        present: The tenant's pieces in it.
    """
    pieces = [piece for piece in present if piece.since <= number]
    held = tuple(sorted(set(documents)))
    known = previous is not None and (previous.knowledge_base, previous.data_source) == knowledge_base
    epoch = previous.epoch if previous is not None and known else max((one.epoch for one in pieces), default="")
    stale = tuple(sorted({one.document for one in pieces if one.epoch == epoch} - set(held)))
    if not epoch or len(stale) > MOST_STALE:
        epoch, stale = f"{number:06d}", ()
    return Holding(*knowledge_base, epoch, held, stale)


class Holdings:
    """The holdings of all snapshots. Safe to use from many threads."""

    def __init__(self, files: FileStore) -> None:
        self._files = files
        self._known: OrderedDict[tuple[str, int], Holding] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, tenant: str, number: int) -> Holding:
        """What a snapshot holds.

        Raises:
            NotFoundError: it was not put into a knowledge base (``snapshot-missing``).
            ConfigurationError: what was written down cannot be read.
        """
        key = (tenant, number)
        with self._lock:
            known = self._known.get(key)
        if known is not None:
            return known
        try:
            found = _read(self._files.read(_name(tenant, number)), number)
        except NotFoundError as exc:
            raise NotFoundError(
                f"Snapshot {number} is not in the knowledge base.",
                code="snapshot-missing",
                remedy="Build and publish a new version.",
            ) from exc
        with self._lock:
            self._known[key] = found
            while len(self._known) > KNOWN_HOLDINGS:
                self._known.popitem(last=False)
        return found

    def save(self, tenant: str, number: int, holding: Holding) -> None:
        """Write it down: from now on the snapshot can be searched."""
        self.forget(tenant, number)
        self._files.write(_name(tenant, number), json.dumps(asdict(holding)).encode())

    def delete(self, tenant: str, number: int) -> None:
        """Nothing happens when there is none."""
        self.forget(tenant, number)
        self._files.delete_folder(_folder(tenant, number))

    def forget(self, tenant: str, number: int) -> None:
        """Read it anew the next time."""
        with self._lock:
            self._known.pop((tenant, number), None)

    def all_of(self, tenant: str) -> list[Holding]:
        """Those of every snapshot of a tenant.

        Raises:
            ConfigurationError: one cannot be read; it must not be taken for none.
        """
        numbers = [int(name) for name in self._files.folders(f"knowledge_base/{tenant}") if name.isdigit()]
        found = []
        for number in numbers:
            try:
                found.append(self.get(tenant, number))
            except NotFoundError:
                continue  # deleted at this moment
        return found


def _read(data: bytes, number: int) -> Holding:
    try:
        values = json.loads(data)
        lists = {name: tuple(values[name]) for name in ("documents", "stale")}
        holding = Holding(**{**values, **lists})
    except (ValueError, TypeError, KeyError) as exc:
        raise _damaged(number) from exc
    if holding.format_version != FORMAT_VERSION:
        raise _damaged(number)
    return holding


def _damaged(number: int) -> AppError:
    return ConfigurationError(
        f"What snapshot {number} holds of the knowledge base cannot be read.",
        code="snapshot-damaged",
        remedy="Build and publish a new version.",
    )


def _folder(tenant: str, number: int) -> str:
    return f"knowledge_base/{tenant}/{number:06d}"


def _name(tenant: str, number: int) -> str:
    return f"{_folder(tenant, number)}/{_FILE}"
