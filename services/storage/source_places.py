"""Folders and S3 prefixes that sources may read: below the allowed roots, and nothing that Frontline writes."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from services.errors import AppError, BackendMisconfiguredError, BackendUnavailableError, InputError, NotFoundError
from services.knowledge.source_models import PlaceFile
from services.ports.files import Buckets

MOST_FILES = 50_000
_CLOUD = "s3://"
_TENANT = "{tenant}"
# What the app itself keeps below its storage root: documents of every tenant among it.
OWN_FOLDERS = ("images", "originals", "probe", "snapshots", "surveys", "uploads")


class RootedSourcePlaces:
    """See :class:`services.ports.sources.SourcePlaces`.

    Args:
        roots: Absolute folders and ``s3://`` prefixes; ``{tenant}`` in them stands for the tenant's id.
        home: FRONTLINE_HOME, which no source may touch.
        storage_root: Where originals and snapshots are, which no source may touch either.
        buckets: Reads ``s3://`` prefixes; without it they cannot be read.
    """

    def __init__(self, roots: Sequence[str], home: Path, storage_root: str, buckets: Buckets | None = None) -> None:
        self._roots = tuple(roots)
        self._buckets = buckets
        self._own = [_spelled(str(home.resolve()))]
        self._own += [_spelled(f"{storage_root.rstrip('/')}/{name}") for name in OWN_FOLDERS]

    def roots(self, tenant: str) -> tuple[str, ...]:
        return tuple(root.replace(_TENANT, tenant) for root in self._roots)

    def checked(self, tenant: str, place: str) -> str:
        spelled = _spelled(place.strip())
        roots = [_spelled(root) for root in self.roots(tenant)]
        if spelled is None or not any(root and _is_below(spelled, root) for root in roots):
            allowed = ", ".join(self.roots(tenant))
            remedy = f"Choose a place below {allowed}." if allowed else "Sources are off; ask whoever runs Frontline."
            raise InputError("This place may not be read.", code="place-not-allowed", remedy=remedy)
        if any(own and (_is_below(spelled, own) or _is_below(own, spelled)) for own in self._own):
            raise InputError(
                "This place holds what Frontline itself writes, so it cannot be a source.",
                code="place-not-allowed",
                remedy="Choose a folder that holds documents only.",
            )
        return spelled

    def list_files(self, tenant: str, place: str) -> list[PlaceFile]:
        checked = self.checked(tenant, place)
        try:
            files = self._list_bucket(checked) if checked.startswith(_CLOUD) else _list_folder(Path(checked))
        except AppError:
            raise
        except Exception as exc:
            raise BackendUnavailableError(
                f"{place} could not be listed completely, so nothing was changed.",
                code="source-unavailable",
                remedy="Check that it can be reached and read; it is tried again the next time.",
            ) from exc
        return sorted(files, key=lambda file: file.path)

    def read(self, tenant: str, place: str, path: str, *, limit_bytes: int) -> bytes:
        checked = self.checked(tenant, place)
        try:
            if checked.startswith(_CLOUD):
                return self._reader().read(checked, path, limit_bytes=limit_bytes + 1)
            file = Path(checked) / path
            # It may have become a link since it was listed.
            if not file.resolve().is_relative_to(Path(checked)):
                raise FileNotFoundError(path)
            with file.open("rb") as local:
                return local.read(limit_bytes + 1)
        except (FileNotFoundError, NotFoundError) as exc:
            raise NotFoundError(f"{path} is no longer there.", code="file-missing") from exc
        except AppError:
            raise
        except Exception as exc:
            raise BackendUnavailableError(
                f"{path} could not be read.",
                code="source-unavailable",
                remedy="Check that this program may read the file; it is tried again the next time.",
            ) from exc

    def _list_bucket(self, place: str) -> list[PlaceFile]:
        files: list[PlaceFile] = []
        for file in self._reader().list_files(place):
            files.append(PlaceFile(file.path, file.size_bytes, file.marker))
            _check_count(len(files), place)
        if not files:
            raise _missing(place)
        return files

    def _reader(self) -> Buckets:
        if self._buckets is None:
            raise BackendMisconfiguredError("Buckets cannot be read here.", code="bucket-out-of-reach")
        return self._buckets


def _spelled(place: str) -> str | None:
    """One spelling per place; None for what is no absolute place."""
    if place.startswith(_CLOUD):
        parts = place.removeprefix(_CLOUD).rstrip("/").split("/")
        if not parts[0] or any(part in {"", ".", ".."} for part in parts):
            return None
        return _CLOUD + "/".join(parts)
    if "\0" in place or not Path(place).is_absolute():
        return None
    # Links are followed before roots are compared, so that none leads out of them.
    return str(Path(place).resolve())


def _is_below(place: str, root: str) -> bool:
    if place.startswith(_CLOUD) != root.startswith(_CLOUD):
        return False
    return PurePosixPath(place.removeprefix(_CLOUD)).is_relative_to(PurePosixPath(root.removeprefix(_CLOUD)))


def _list_folder(folder: Path) -> list[PlaceFile]:
    if not folder.is_dir():
        raise _missing(str(folder))

    def stop(error: OSError) -> None:
        raise error

    files: list[PlaceFile] = []
    for directory, _, names in os.walk(folder, onerror=stop):
        for name in names:
            file = Path(directory, name)
            if file.is_symlink() and not file.resolve().is_relative_to(folder):
                continue
            try:
                state = file.stat()
            except FileNotFoundError:
                continue  # a link that leads nowhere, or a file that went while the others were listed
            if stat.S_ISREG(state.st_mode):
                marker = f"{state.st_size}-{state.st_mtime_ns}"
                files.append(PlaceFile(_shown(file.relative_to(folder)), state.st_size, marker))
                _check_count(len(files), str(folder))
    return files


def _shown(path: Path) -> str:
    return os.fsencode(path.as_posix()).decode("utf-8", errors="replace")


def _missing(place: str) -> InputError:
    return InputError(
        f"{place} is not there, or is no folder.",
        code="source-missing",
        remedy="Check the spelling, and that it is mounted on the machine of the workers. Nothing was changed.",
    )


def _check_count(count: int, place: str) -> None:
    if count > MOST_FILES:
        raise InputError(
            f"{place} holds more than {MOST_FILES:,} files.",
            code="too-many-files",
            remedy="Choose a folder with fewer files, or several sources. Nothing was changed.",
        )
