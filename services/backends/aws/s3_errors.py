"""What S3 refuses, beside what all services refuse; see :mod:`services.backends.aws.errors`."""

from __future__ import annotations

from services.backends.aws.errors import AwsProblem
from services.errors import AppError, BackendMisconfiguredError, BackendThrottledError, ConflictError, NotFoundError

# Replies to HEAD have no body: the status is all they say.
UNEXPLAINED = frozenset({"400", "403"})
_OTHER_REGION = frozenset(
    {"301", "307", "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)
_AT_THE_SAME_TIME = frozenset({"ConditionalRequestConflict", "OperationAborted"})


def file_missing() -> NotFoundError:
    """There is no file of that name."""
    return NotFoundError("The file is not in the storage.", code="file-missing")


def storage_refusal(problem: AwsProblem) -> AppError | None:
    """Our error for what S3 refuses in its own words; None for what the general table knows."""
    code = problem.code
    if code == "NoSuchKey":
        return file_missing()
    if code == "NoSuchBucket":
        return BackendMisconfiguredError(
            "The bucket for files is not there.",
            code="bucket-missing",
            remedy="An administrator must check the bucket's name in the settings, and the region.",
        )
    if code in {"PreconditionFailed", "412"}:
        return ConflictError("Somebody else stored this file first.", code="file-exists")
    if code in _AT_THE_SAME_TIME:
        return BackendThrottledError("The file is being stored by somebody else.", code="file-busy")
    if "throttl" in code.casefold():
        return BackendThrottledError("The file storage has too many requests at the moment.", code="aws-throttled")
    if code.startswith("KMS."):
        return BackendMisconfiguredError(
            "The key that files are encrypted with is disabled, is to be deleted, or is not in this region.",
            code="kms-key-unusable",
            remedy="An administrator must enable the key again, or set FRONTLINE_S3_KMS_KEY_ID to another one.",
        )
    if code in {"AccessDenied", "403"} and "kms:" in problem.message:
        return BackendMisconfiguredError(
            "This machine may not use the key that files are encrypted with.",
            code="kms-access-denied",
            remedy="An administrator must allow kms:GenerateDataKey and kms:Decrypt for the key, in the role of this "
            "machine and in the key's policy.",
        )
    if code in {"AccessDenied", "403"}:
        return BackendMisconfiguredError(
            "This machine may not use the bucket for files.",
            code="storage-access-denied",
            remedy="An administrator must allow s3:GetObject, s3:PutObject, s3:DeleteObject, s3:ListBucket and "
            "s3:AbortMultipartUpload for it in the role of this machine.",
        )
    if code in _OTHER_REGION:
        return BackendMisconfiguredError(
            "The bucket for files is in another region.",
            code="aws-region-wrong",
            remedy="An administrator must set FRONTLINE_AWS_REGION to the bucket's region.",
        )
    if code == "RequestTimeTooSkewed":
        return BackendMisconfiguredError(
            "The clock of this machine is wrong, so AWS refuses what it asks.",
            code="clock-wrong",
            remedy="An administrator must set the clock of this machine.",
        )
    return None
