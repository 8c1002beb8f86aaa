"""Large objects and whole folders, in parts that are each repeated by themselves.

boto3's own transfers know nothing of our repeats: one throttled part would end them.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from services.backends.aws.errors import AwsProblem
from services.backends.aws.s3_bucket import S3Bucket, StoredObject
from services.backends.aws.s3_errors import file_missing, storage_refusal
from services.errors import AppError, BackendRejectedError, BackendUnavailableError

PART_BYTES = 16 * 1024 * 1024
_MOST_PARTS = 10_000
_AT_ONCE = 4

_T = TypeVar("_T")
_R = TypeVar("_R")


def upload_file(bucket: S3Bucket, key: str, source: Path, *, part_bytes: int = PART_BYTES) -> None:
    """Store a file of this machine.

    Raises:
        BackendError: it could not be stored; nothing is there then, or what was there before.
    """
    size = source.stat().st_size
    if size <= part_bytes:
        bucket.put(key, source.read_bytes())
        return
    part_bytes = max(part_bytes, math.ceil(size / _MOST_PARTS))
    begun = bucket.call("CreateMultipartUpload", {"Key": key, **bucket.encryption}, needs="UploadId")
    upload = {"Key": key, "UploadId": begun["UploadId"]}

    def send(number: int) -> dict[str, Any]:
        with source.open("rb") as file:
            file.seek((number - 1) * part_bytes)
            part = {**upload, "PartNumber": number, "Body": file.read(part_bytes)}
        reply = bucket.call("UploadPart", part, needs="ETag")
        checks = {name: value for name, value in reply.items() if name.startswith("Checksum")}
        return {"PartNumber": number, "ETag": reply["ETag"], **checks}

    try:
        parts = _at_once(send, range(1, math.ceil(size / part_bytes) + 1))
        _complete(bucket, upload, parts, size)
    except BaseException:
        with contextlib.suppress(AppError):  # the bucket's lifecycle removes what is left of it
            bucket.call("AbortMultipartUpload", upload)
        raise


def download_file(bucket: S3Bucket, found: StoredObject, target: Path, *, part_bytes: int = PART_BYTES) -> None:
    """Write an object to a new file, parts of one and the same object only.

    Raises:
        ConflictError, NotFoundError: it was replaced or deleted meanwhile.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if found.size_bytes <= part_bytes:
        target.write_bytes(bucket.get(found.key, etag=found.etag))
        return
    with target.open("wb") as file:

        def fetch(first: int) -> None:
            last = min(first + part_bytes, found.size_bytes) - 1
            data = bucket.get(found.key, first=first, last=last, etag=found.etag)
            os.pwrite(file.fileno(), data, first)

        _at_once(fetch, range(0, found.size_bytes, part_bytes))


def upload_folder(bucket: S3Bucket, prefix: str, source: Path) -> None:
    """Store every file below a folder of this machine under ``prefix/``."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            upload_file(bucket, f"{prefix}/{path.relative_to(source).as_posix()}", path)


def download_folder(bucket: S3Bucket, prefix: str, target: Path) -> bool:
    """Write every object below ``prefix/`` into a folder of this machine; False when there is none.

    Raises:
        BackendRejectedError: a key would lead out of the folder.
    """
    below = f"{prefix}/" if prefix else ""
    found = [one for one in bucket.objects(below) if not one.key.endswith("/")]
    for one in found:
        path = PurePosixPath(one.key.removeprefix(below))
        if path.is_absolute() or ".." in path.parts or "\0" in one.key:
            raise BackendRejectedError(
                "The bucket holds a file whose name leads out of its folder.",
                code="file-name",
                remedy="Rename it, or choose another folder.",
            )

    def fetch(one: StoredObject) -> None:
        download_file(bucket, one, target / one.key.removeprefix(below))

    _at_once(fetch, found)
    return bool(found)


def _complete(bucket: S3Bucket, upload: dict[str, Any], parts: Sequence[dict[str, Any]], size: int) -> None:
    def refused(problem: AwsProblem) -> AppError | None:
        return file_missing() if problem.code == "NoSuchUpload" else storage_refusal(problem)

    try:
        bucket.call(
            "CompleteMultipartUpload", {**upload, "MultipartUpload": {"Parts": list(parts)}}, refused, needs="ETag"
        )
    except AppError as error:
        # Completed by a try whose reply was lost, an upload is no longer there.
        found = bucket.find(upload["Key"]) if error.code == "file-missing" else None
        if found is None or found.size_bytes != size or not found.etag.strip('"').endswith(f"-{len(parts)}"):
            if error.code == "file-missing":
                raise BackendUnavailableError("The file storage lost a file that was being stored.") from error
            raise


def _at_once(work: Callable[[_T], _R], on: Iterable[_T]) -> list[_R]:
    """The results in order; after the first error nothing new is begun."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="s3") as pool:
        running = [pool.submit(work, one) for one in on]
        done, _ = wait(running, return_when=FIRST_EXCEPTION)
        if any(one.exception() is not None for one in done):
            pool.shutdown(wait=True, cancel_futures=True)
        return [one.result() for one in running if not one.cancelled()]
