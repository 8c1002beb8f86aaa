"""Objects of one S3 bucket: what is stored is encrypted and can be made conditional; lists come page by page."""

from __future__ import annotations

import contextlib
import mimetypes
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import AwsService, CallPolicy
from services.backends.aws.errors import AwsCallName, AwsProblem, translated
from services.backends.aws.s3_errors import UNEXPLAINED, file_missing, storage_refusal
from services.errors import (
    REPLY_LOST,
    AppError,
    BackendRejectedError,
    BackendUnavailableError,
    ConfigurationError,
    ConflictError,
    NotFoundError,
)

POLICY = CallPolicy(attempts=5, at_once=32)
_CALLED = "file storage"
_WRITER = "frontline-writer"
_DELETED_AT_ONCE = 1000
_ROUNDS_OF_DELETING = 4
_MAY_PASS = frozenset({"InternalError", "SlowDown", "ServiceUnavailable", "503", "500"})


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What S3 tells of an object.

    Attributes:
        etag: Differs whenever the content does.
        writer: Who stored it under a condition; empty for others, and in lists.
    """

    key: str
    size_bytes: int
    etag: str
    modified_at: datetime
    writer: str = ""


def bucket_and_prefix(address: str) -> tuple[str, str]:
    """Of ``s3://bucket/prefix``; the prefix without slashes at its ends.

    Raises:
        ConfigurationError: it is no such address.
    """
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    if not address.startswith("s3://") or not bucket:
        raise ConfigurationError(
            "This is no address of a bucket.", code="bucket-address", remedy="Write it as s3://bucket/prefix."
        )
    return bucket, prefix.strip("/")


class S3Bucket:
    """One bucket. Safe to use from many threads.

    Everything raises BackendError when S3 does not answer, or not to us.

    Args:
        kms_key_id: Encrypts what is stored; None leaves that to the bucket.
        policy: How S3 is called.
        sleep: For tests.
    """

    def __init__(
        self,
        aws: AwsAccess,
        name: str,
        *,
        kms_key_id: str | None = None,
        policy: CallPolicy = POLICY,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._clients = aws.clients
        self._service = AwsService(aws.clients, "s3", called=_CALLED, policy=policy, sleep=sleep)
        self._seen = False
        self.encryption: Mapping[str, Any] = {}
        if kms_key_id:
            self.encryption = {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": kms_key_id,
                "BucketKeyEnabled": True,  # else every object costs a call of KMS
            }

    def call(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        refused: Callable[[AwsProblem], AppError | None] = storage_refusal,
        *,
        needs: str = "",
    ) -> dict[str, Any]:
        """Call S3 about this bucket; a reply without the member that it needs is none."""
        reply = self._service.call(operation, {"Bucket": self.name, **parameters}, refused=refused)
        if needs and needs not in reply:
            raise BackendUnavailableError(f"The reply of the {_CALLED} cannot be read.", code=REPLY_LOST)
        return reply

    def put(self, key: str, data: bytes, *, new: bool = False, replaces: str = "") -> str:
        """Store an object; returns its etag.

        Args:
            new: Only when there is none.
            replaces: Only when the one there has this etag.

        Raises:
            ConflictError: the condition does not hold (``file-exists``).
        """
        parameters: dict[str, Any] = {"Key": key, "Body": data, **self.encryption}
        if not new and not replaces:
            return str(self.call("PutObject", parameters, needs="ETag")["ETag"])
        writer = uuid.uuid4().hex
        parameters["Metadata"] = {_WRITER: writer}
        parameters |= {"IfNoneMatch": "*"} if new else {"IfMatch": replaces}
        try:
            return str(self.call("PutObject", parameters, needs="ETag")["ETag"])
        except NotFoundError as exc:
            raise ConflictError("Somebody else deleted this file.", code="file-exists") from exc
        except ConflictError:
            with contextlib.suppress(AppError):  # a role that may only write cannot look
                found = self.find(key)
                if found is not None and found.writer == writer:
                    return found.etag  # ours: the reply to the first try was lost
            raise

    def get(self, key: str, *, first: int = 0, last: int | None = None, etag: str = "") -> bytes:
        """The bytes of an object, or those from ``first`` to ``last``, both included.

        Args:
            etag: Only of the object that has it; ConflictError for another.

        Raises:
            NotFoundError: there is none (``file-missing``).
        """
        parameters: dict[str, Any] = {"Key": key}
        if last is not None:
            parameters["Range"] = f"bytes={first}-{last}"
        if etag:
            parameters["IfMatch"] = etag
        try:
            data: bytes = self.call("GetObject", parameters, _empty_or_refused, needs="Body")["Body"]
        except _NothingInRangeError:
            return b""
        return data

    def find(self, key: str) -> StoredObject | None:
        """What there is of that key; None for nothing."""
        try:
            reply = self.call("HeadObject", {"Key": key}, _head_refusal, needs="ETag")
        except NotFoundError:
            self._require_bucket()
            return None
        except _UnexplainedError as unexplained:
            self.get(key, last=0)  # its refusal has words
            raise unexplained.plain from unexplained
        self._seen = True
        return StoredObject(
            key,
            int(reply["ContentLength"]),
            str(reply["ETag"]),
            reply["LastModified"],
            str(reply.get("Metadata", {}).get(_WRITER, "")),
        )

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none."""
        self.call("DeleteObject", {"Key": key})

    def delete_below(self, prefix: str, *, except_below: str = "") -> None:
        """Remove all objects whose keys begin with the prefix, and not with the other one."""
        keys: list[str] = []
        for found in self.objects(prefix):
            if except_below and found.key.startswith(except_below):
                continue
            keys.append(found.key)
            if len(keys) == _DELETED_AT_ONCE:
                self._delete_all(keys)
                keys = []
        if keys:
            self._delete_all(keys)

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose keys begin with the prefix, by key."""
        for page in self._pages({"Prefix": prefix}):
            for entry in page.get("Contents", ()):
                yield StoredObject(
                    str(entry["Key"]), int(entry["Size"]), str(entry.get("ETag", "")), entry["LastModified"]
                )

    def folders(self, prefix: str) -> list[str]:
        """What stands between the prefix and the next ``/`` in the keys, each once, sorted."""
        pages = self._pages({"Prefix": prefix, "Delimiter": "/"})
        found = [str(one["Prefix"]) for page in pages for one in page.get("CommonPrefixes", ())]
        return sorted(one.removeprefix(prefix).rstrip("/") for one in found)

    def link(self, key: str, *, seconds: int, download_name: str) -> str:
        """An address that gives the object to whoever has it, for so long at most."""
        plain = "".join(
            one if one.isascii() and one.isprintable() and one not in '"\\' else "_" for one in download_name
        )
        disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(download_name, safe='')}"
        content_type = mimetypes.guess_type(download_name)[0] or "application/octet-stream"
        name = AwsCallName("s3", "GetObject", _CALLED, self._clients.region)
        try:
            address = self._clients.client("s3", read_timeout_seconds=self._service.policy.read_timeout_seconds)
            return str(
                address.generate_presigned_url(
                    "get_object",
                    Params={
                        "Bucket": self.name,
                        "Key": key,
                        "ResponseContentDisposition": disposition,
                        "ResponseContentType": content_type,
                    },
                    ExpiresIn=seconds,
                )
            )
        except AppError:
            raise
        except Exception as exc:  # boto3's, about credentials
            raise translated(exc, name) from exc

    def keeps_versions(self) -> bool:
        """Whether what is replaced or deleted can be brought back."""
        return self.call("GetBucketVersioning", {}).get("Status") == "Enabled"

    def require(self) -> None:
        """Raise BackendError unless the bucket is there and answers us."""
        self.call("ListObjectsV2", {"MaxKeys": 1}, needs="IsTruncated")
        self._seen = True

    def _require_bucket(self) -> None:
        # A missing object and a missing bucket look the same to HEAD; once seen, a bucket stays.
        if not self._seen:
            self.require()

    def _pages(self, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            page = self.call("ListObjectsV2", {**parameters, **token}, needs="IsTruncated")
            yield page
            if not page.get("NextContinuationToken"):
                return
            token = {"ContinuationToken": str(page["NextContinuationToken"])}

    def _delete_all(self, keys: Sequence[str]) -> None:
        left = list(keys)
        for _ in range(_ROUNDS_OF_DELETING):
            reply = self.call("DeleteObjects", {"Delete": {"Objects": [{"Key": key} for key in left], "Quiet": True}})
            errors = [error for error in reply.get("Errors", ()) if error.get("Code") != "NoSuchKey"]
            final = [error for error in errors if error.get("Code") not in _MAY_PASS]
            if final:
                problem = AwsProblem(str(final[0].get("Code")), str(final[0].get("Message", "")).casefold())
                raise storage_refusal(problem) or BackendRejectedError(
                    f"The {_CALLED} does not delete {len(final):,} files.", code="request-refused"
                )
            if not errors:
                return
            left = [str(error["Key"]) for error in errors]
        raise BackendUnavailableError(f"The {_CALLED} could not delete {len(left):,} files.")


class _NothingInRangeError(AppError):
    """The object is shorter than the range begins."""


class _UnexplainedError(AppError):
    """A refusal without words."""

    def __init__(self, status: str) -> None:
        super().__init__(f"The {_CALLED} refused the request.")
        self.plain = BackendRejectedError(f"The {_CALLED} refused the request ({status}).", code="request-refused")


def _empty_or_refused(problem: AwsProblem) -> AppError | None:
    if problem.code in {"InvalidRange", "416"}:
        return _NothingInRangeError("There is nothing.")
    return storage_refusal(problem)


def _head_refusal(problem: AwsProblem) -> AppError | None:
    if problem.code in {"404", "NotFound", "NoSuchKey"}:
        return file_missing()
    if problem.code in UNEXPLAINED:
        return _UnexplainedError(problem.code)
    return storage_refusal(problem)
