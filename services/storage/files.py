"""Files in a folder of this machine, and the folders of snapshots, which may lie in a bucket."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from services.errors import AppError, BackendUnavailableError, ConfigurationError, ConflictError, NotFoundError
from services.ports.files import FolderStore

_STORAGE_REMEDY = "Check FRONTLINE_STORAGE_ROOT, the disk's space and the permissions."


class RootedFiles:
    """See :class:`services.ports.files.FileStore`: files below a folder. It gives no links."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)

    def write(self, name: str, data: bytes) -> None:
        self._put(name, lambda temporary: _write_bytes(temporary, data))

    def write_new(self, name: str, data: bytes) -> None:
        self._put(name, lambda temporary: _write_bytes(temporary, data), new=True)

    def write_from(self, name: str, source: Path) -> None:
        self._put(name, lambda temporary: _copy(source, temporary))

    def read(self, name: str) -> bytes:
        path = self._path(name)
        with _translated("A file could not be read."):
            try:
                return path.read_bytes()
            except FileNotFoundError as exc:
                raise NotFoundError("The file is not in the storage.", code="file-missing") from exc

    def exists(self, name: str) -> bool:
        path = self._path(name)
        with _translated("A file could not be looked up."):
            return path.exists()

    def delete(self, name: str) -> None:
        path = self._path(name)
        with _translated("A file could not be deleted."), contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()

    def delete_folder(self, name: str) -> None:
        path = self._path(name)
        with _translated("Files could not be deleted."):
            if path.is_dir():
                shutil.rmtree(path)

    def folders(self, name: str = "") -> list[str]:
        path = self._path(name) if name else self._root
        with _translated("Folders could not be listed."):
            return sorted(one.name for one in path.iterdir() if one.is_dir()) if path.is_dir() else []

    def link(self, name: str, *, seconds: int, download_name: str) -> str | None:
        self._path(name)
        return None

    def check_ready(self) -> None:
        probe = f"probe/{uuid.uuid4().hex}"
        self.write(probe, b"ready")
        if self.read(probe) != b"ready":
            raise BackendUnavailableError(
                "A stored file came back changed.", code="storage-unavailable", remedy=_STORAGE_REMEDY
            )
        self.delete(probe)

    def _put(self, name: str, write: Callable[[Path], None], *, new: bool = False) -> None:
        target = self._path(name)
        with _translated("A file could not be stored."):
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.with_name(f".{uuid.uuid4().hex}")
            try:
                write(temporary)
                if new:
                    os.link(temporary, target)  # fails when there is one, in one step
                else:
                    temporary.replace(target)
            except FileExistsError as exc:
                raise ConflictError("Somebody else stored this file first.", code="file-exists") from exc
            finally:
                temporary.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        parts = Path(name).parts
        if not parts or name.startswith("/") or ".." in parts or "\0" in name:
            raise NotFoundError("There is no file of that name.", code="file-missing")
        return self._root / name


class SnapshotFolders:
    """Snapshot folders by tenant and number; those of a bucket are mirrored into a local folder to be memory-mapped.

    Args:
        root: The storage root.
        mirror: Local folder for the mirrored snapshots; unused when the root is a folder.
        cloud: Keeps them when the root is a bucket.

    Raises:
        ConfigurationError: the root is a bucket, and nothing was given that could reach it.
    """

    def __init__(self, root: str, mirror: Path, cloud: FolderStore | None = None) -> None:
        if root.startswith("s3://") and cloud is None:
            raise ConfigurationError("Nothing was given that reaches this bucket.", code="bucket-out-of-reach")
        self._files = RootedFiles(root)
        self._cloud = cloud
        self._local = mirror if cloud is not None else Path(root) / "snapshots"

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
        arriving = folder.with_name(f".arriving-{number}-{uuid.uuid4().hex[:8]}")
        try:
            with _translated("The index could not be fetched."):
                if self._cloud.fetch(f"{tenant}/{number:06d}", arriving):
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
        """Copy a finished local snapshot to the bucket; nothing to do when the root is a folder.

        Raises:
            ConflictError: another process stored one of that number meanwhile (``folder-taken``); theirs counts.
        """
        if self._cloud is None:
            return
        with _translated("The index could not be stored."):
            self._cloud.store(f"{tenant}/{number:06d}", self.local_folder(tenant, number))

    def delete(self, tenant: str, number: int) -> None:
        """Remove a snapshot here and in the bucket; nothing happens when it is not there."""
        with _translated("The files of an old index could not be removed."):
            shutil.rmtree(self.local_folder(tenant, number), ignore_errors=True)
            if self._cloud is not None:
                self._cloud.delete(f"{tenant}/{number:06d}")

    def check_ready(self) -> None:
        """Raise BackendError when the storage cannot be written and read."""
        if self._cloud is not None:
            self._cloud.check_ready()
        else:
            self._files.check_ready()


def _write_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


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
    except Exception as exc:
        raise BackendUnavailableError(message, code="storage-unavailable", remedy=_STORAGE_REMEDY) from exc
