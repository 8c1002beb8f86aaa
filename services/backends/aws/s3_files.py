"""Files in an S3 bucket: by name, as whole folders, and those of buckets elsewhere that may only be read."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from services.backends.aws.access import AwsAccess
from services.backends.aws.s3_bucket import S3Bucket, bucket_and_prefix
from services.backends.aws.s3_transfers import download_file, download_folder, upload_file, upload_folder
from services.errors import AppError, BackendUnavailableError, ConflictError, NotFoundError
from services.logs import get_logger
from services.ports.files import BucketFile

# Each look writes: on a bucket with versions, what it writes is kept for a while.
LOOK_SECONDS = 300.0
_POINTER = "complete.json"
_TRIES_TO_FETCH = 3
_NO_VERSIONS = (
    "The bucket keeps no versions: what is deleted or replaced by mistake is gone. "
    "Turn on versioning, and a lifecycle rule that removes old versions."
)

_log = get_logger(__name__)


class S3Files:
    """See :class:`services.ports.files.FileStore`.

    Args:
        prefix: Stands before every name; may be empty.
        clock: Seconds that only grow, for tests.
    """

    def __init__(self, bucket: S3Bucket, prefix: str = "", *, clock: Callable[[], float] = time.monotonic) -> None:
        self._bucket = bucket
        self._before = f"{prefix}/" if prefix else ""
        self._clock = clock
        self._lock = threading.Lock()
        self._wrote_at: float | None = None
        self._keeps_versions: bool | None = None

    def write(self, name: str, data: bytes) -> None:
        self._bucket.put(self._key(name), data)

    def write_new(self, name: str, data: bytes) -> None:
        self._bucket.put(self._key(name), data, new=True)

    def write_from(self, name: str, source: Path) -> None:
        upload_file(self._bucket, self._key(name), source)

    def read(self, name: str) -> bytes:
        return self._bucket.get(self._key(name))

    def exists(self, name: str) -> bool:
        return self._bucket.find(self._key(name)) is not None

    def delete(self, name: str) -> None:
        self._bucket.delete(self._key(name))

    def delete_folder(self, name: str) -> None:
        self._bucket.delete_below(f"{self._key(name)}/")

    def folders(self, name: str = "") -> list[str]:
        return self._bucket.folders(f"{self._key(name)}/" if name else self._before)

    def link(self, name: str, *, seconds: int, download_name: str) -> str | None:
        return self._bucket.link(self._key(name), seconds=seconds, download_name=download_name)

    def check_ready(self) -> None:
        """As the port says; between two looks that write, :data:`LOOK_SECONDS` apart, it only reads."""
        with self._lock:
            due = self._wrote_at is None or self._clock() - self._wrote_at >= LOOK_SECONDS
        if not due:
            self._bucket.require()
            return
        probe = f"probe/{uuid.uuid4().hex}"
        self.write(probe, b"ready")
        if self.read(probe) != b"ready":
            raise BackendUnavailableError("A stored file came back changed.", code="storage-unavailable")
        self.delete(probe)
        with self._lock:
            self._wrote_at = self._clock()
        if self.remarks():
            _log.warning("bucket-keeps-no-versions", bucket=self._bucket.name)

    def remarks(self) -> list[str]:
        """What an administrator should know though files can be stored: sentences; asks S3 once."""
        if self._keeps_versions is None:
            with contextlib.suppress(AppError):  # a role need not allow the question
                self._keeps_versions = self._bucket.keeps_versions()
        return [_NO_VERSIONS] if self._keeps_versions is False else []

    def _key(self, name: str) -> str:
        parts = PurePosixPath(name).parts
        try:
            name.encode()
        except UnicodeEncodeError:
            parts = ()
        if not parts or name.startswith("/") or ".." in parts or "\0" in name:
            raise NotFoundError("There is no file of that name.", code="file-missing")
        return f"{self._before}{'/'.join(parts)}"


class S3Folders:
    """See :class:`services.ports.files.FolderStore`.

    Each time a folder is stored it goes into a place of its own; a small file beside, written last and under the
    condition that nobody wrote it meanwhile, says which place counts. So two who store at once never mix, and whoever
    fetches gets a whole folder.
    """

    def __init__(self, files: S3Files, bucket: S3Bucket, prefix: str) -> None:
        self._files = files
        self._bucket = bucket
        self._before = f"{prefix}/" if prefix else ""

    def store(self, name: str, source: Path) -> None:
        folder = f"{self._before}{name}"
        pointer = f"{folder}/{_POINTER}"
        before = self._bucket.find(pointer)
        place = uuid.uuid4().hex
        values = json.dumps({"place": place}).encode()
        try:
            upload_folder(self._bucket, f"{folder}/{place}", source)
            self._bucket.put(pointer, values, new=before is None, replaces=before.etag if before else "")
        except BaseException as exc:
            with contextlib.suppress(AppError):
                self._bucket.delete_below(f"{folder}/{place}/")
            if isinstance(exc, ConflictError):
                raise ConflictError(
                    "Somebody else stored the same version at the same time.",
                    code="folder-taken",
                    remedy="Look at that version; build again if it lacks something.",
                ) from exc
            raise
        # Of builds that were replaced, ended early, or lost; who still stores one will be refused at the end.
        with contextlib.suppress(AppError):
            for other in self._bucket.folders(f"{folder}/"):
                if other != place:
                    self._bucket.delete_below(f"{folder}/{other}/")

    def fetch(self, name: str, target: Path) -> bool:
        for _ in range(_TRIES_TO_FETCH):
            place = self._place(name)
            if place is None:
                return False
            try:
                if download_folder(self._bucket, place, target):
                    return True
            except (NotFoundError, ConflictError):
                pass  # replaced while it was fetched
            shutil.rmtree(target, ignore_errors=True)
        raise BackendUnavailableError("The version was replaced again and again while it was fetched.")

    def delete(self, name: str) -> None:
        folder = f"{self._before}{name}"
        self._bucket.delete(f"{folder}/{_POINTER}")  # first: what lacks it is not there
        self._bucket.delete_below(f"{folder}/")

    def check_ready(self) -> None:
        self._files.check_ready()

    def _place(self, name: str) -> str | None:
        folder = f"{self._before}{name}"
        try:
            values = json.loads(self._bucket.get(f"{folder}/{_POINTER}"))
        except NotFoundError:
            return None
        return f"{folder}/{values['place']}"


class S3Buckets:
    """See :class:`services.ports.files.Buckets`."""

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._known: dict[str, S3Bucket] = {}

    def list_files(self, address: str) -> Iterator[BucketFile]:
        bucket, prefix = self._at(address)
        below = f"{prefix}/" if prefix else ""
        for found in bucket.objects(below):
            if not found.key.endswith("/"):  # what consoles make to show an empty folder
                marker = f"{found.size_bytes}-{found.modified_at.timestamp()}-{found.etag}"
                yield BucketFile(found.key.removeprefix(below), found.size_bytes, marker)

    def read(self, address: str, path: str, *, limit_bytes: int) -> bytes:
        bucket, prefix = self._at(address)
        return bucket.get(f"{prefix}/{path}" if prefix else path, last=max(limit_bytes, 1) - 1)

    def fetch_folder(self, address: str, target: Path) -> None:
        bucket, prefix = self._at(address)
        target.mkdir(parents=True)
        if download_folder(bucket, prefix, target):
            return
        found = bucket.find(prefix) if prefix else None
        if found is None:
            raise NotFoundError(f"There is nothing at {address}.", code="path-missing")
        download_file(bucket, found, target / PurePosixPath(prefix).name)

    def _at(self, address: str) -> tuple[S3Bucket, str]:
        name, prefix = bucket_and_prefix(address)
        with self._lock:
            if name not in self._known:
                self._known[name] = S3Bucket(self._aws, name)
            return self._known[name], prefix
