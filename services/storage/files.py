"""Files below the storage root: a folder, or a bucket through cloudpathlib."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cloudpathlib import AnyPath, CloudPath

from services.errors import AppError, BackendUnavailableError, NotFoundError

_STORAGE_REMEDY = "Check FRONTLINE_STORAGE_ROOT, the disk's space and the permissions."


class RootedFiles:
    """See :class:`services.ports.knowledge.FileStore` and :class:`services.ports.images.ImageFiles`.

    Args:
        root: A folder, or ``s3://bucket/prefix``.
    """

    def __init__(self, root: str) -> None:
        self._root = root

    def write(self, name: str, data: bytes) -> None:
        target = self._path(name)
        with _translated("A file could not be stored."):
            if isinstance(target, Path):
                target.parent.mkdir(parents=True, exist_ok=True)
                temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
                temporary.write_bytes(data)
                temporary.replace(target)
            else:
                target.write_bytes(data)

    def read(self, name: str) -> bytes:
        path = self._path(name)
        with _translated("A file could not be read."):
            try:
                data: bytes = path.read_bytes()
            except FileNotFoundError as exc:
                raise NotFoundError("The original file is not in the storage.", code="file-missing") from exc
        return data

    def exists(self, name: str) -> bool:
        path = self._path(name)
        with _translated("A file could not be looked up."):
            return bool(path.exists())

    def delete(self, name: str) -> None:
        path = self._path(name)
        with _translated("A file could not be deleted."):
            path.unlink(missing_ok=True)

    def delete_folder(self, name: str) -> None:
        path = self._path(name)
        with _translated("Files could not be deleted."):
            if isinstance(path, CloudPath):
                if path.exists():
                    path.rmtree()
            elif path.is_dir():
                shutil.rmtree(path)

    def fetch_folder(self, address: str, target: Path) -> None:
        """Copy what lies below an ``s3://`` address into a new local folder.

        Raises:
            NotFoundError: there is nothing.
            BackendUnavailableError: it could not be fetched.
        """
        with _translated(f"{address} could not be fetched."):
            source = AnyPath(address)
            if not isinstance(source, CloudPath) or not source.exists():
                raise NotFoundError(f"There is nothing at {address}.", code="path-missing")
            target.mkdir(parents=True)
            if source.is_dir():
                source.download_to(target)
            else:
                source.download_to(target / source.name)

    def check_ready(self) -> None:
        probe = f"probe/{uuid.uuid4().hex}"
        self.write(probe, b"ready")
        if self.read(probe) != b"ready":
            raise BackendUnavailableError(
                "A stored file came back changed.", code="storage-unavailable", remedy=_STORAGE_REMEDY
            )
        with _translated("A file could not be deleted."):
            self._path(probe).unlink()

    def _path(self, name: str) -> Path | CloudPath:
        parts = Path(name).parts
        if not parts or name.startswith("/") or ".." in parts:
            raise NotFoundError("There is no file of that name.", code="file-missing")
        path: Path | CloudPath = AnyPath(self._root) / name
        return path


class SnapshotFolders:
    """Snapshot folders by tenant and number; those of a bucket are mirrored into a local folder to be memory-mapped.

    Args:
        root: The storage root.
        mirror: Local folder for the mirrored snapshots; unused when the root is a folder.
    """

    def __init__(self, root: str, mirror: Path) -> None:
        self._files = RootedFiles(root)
        place: Path | CloudPath = AnyPath(root)
        self._cloud: CloudPath | None = place / "snapshots" if isinstance(place, CloudPath) else None
        self._local = mirror if self._cloud is not None else Path(root) / "snapshots"

    def local_folder(self, tenant: str, number: int) -> Path:
        """Where the snapshot lies, or will lie, on this machine."""
        folder = self._local / tenant
        with _translated("The folder of the index could not be made."):
            folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{number:06d}"

    def fetch(self, tenant: str, number: int) -> Path:
        """The snapshot's local folder, downloaded first where needed; it may turn out empty."""
        folder = self.local_folder(tenant, number)
        if self._cloud is None or folder.is_dir():
            return folder
        source = self._cloud / tenant / f"{number:06d}"
        arriving = folder.with_name(f".arriving-{number}-{uuid.uuid4().hex[:8]}")
        try:
            with _translated("The index could not be fetched."):
                if source.exists():
                    source.download_to(arriving)
                    _move(arriving, folder)
        finally:
            shutil.rmtree(arriving, ignore_errors=True)
        return folder

    def drop_mirror(self, tenant: str, number: int) -> bool:
        """Forget this machine's copy of a snapshot in a bucket; False when the folder is no copy but the original."""
        if self._cloud is None:
            return False
        shutil.rmtree(self.local_folder(tenant, number), ignore_errors=True)
        return True

    def store(self, tenant: str, number: int) -> None:
        """Copy a finished local snapshot to the bucket; nothing to do when the root is a folder."""
        if self._cloud is None:
            return
        with _translated("The index could not be stored."):
            (self._cloud / tenant / f"{number:06d}").upload_from(self.local_folder(tenant, number))

    def delete(self, tenant: str, number: int) -> None:
        """Remove a snapshot here and in the bucket; nothing happens when it is not there."""
        with _translated("The files of an old index could not be removed."):
            shutil.rmtree(self.local_folder(tenant, number), ignore_errors=True)
            if self._cloud is not None:
                source = self._cloud / tenant / f"{number:06d}"
                if source.exists():
                    source.rmtree()

    def check_ready(self) -> None:
        """Raise BackendUnavailableError when the storage cannot be written and read."""
        self._files.check_ready()


def _move(arrived: Path, folder: Path) -> None:
    try:
        arrived.rename(folder)
    except OSError:
        # Another process fetched the same snapshot first; it is immutable, so theirs is as good.
        if not folder.is_dir():
            raise


@contextmanager
def _translated(message: str) -> Iterator[None]:
    try:
        yield
    except AppError:
        raise
    except Exception as exc:  # cloudpathlib lets the errors of each provider's library through
        raise BackendUnavailableError(message, code="storage-unavailable", remedy=_STORAGE_REMEDY) from exc
