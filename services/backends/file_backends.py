"""Where files are kept, as the settings say: a folder of this machine, or a bucket. Nothing connects here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from services.errors import ConfigurationError
from services.ports.files import Buckets, FileStore
from services.settings import Settings
from services.storage.files import RootedFiles, SnapshotFolders

if TYPE_CHECKING:
    from services.backends.aws.access import AwsAccess

_CLOUD = "s3://"


def build_files(settings: Settings, aws: AwsAccess) -> FileStore:
    """What keeps files."""
    return _files_at(settings.resolved_storage_root, settings, aws)


def build_capture_files(settings: Settings, aws: AwsAccess) -> FileStore | None:
    """What keeps captured calls of models; None where none are.

    Raises:
        ConfigurationError: they would lie where files are kept, or read as sources.
    """
    root = settings.capture_root
    if root is None:
        return None
    others = {
        "FRONTLINE_STORAGE_ROOT": (settings.resolved_storage_root,),
        "FRONTLINE_SOURCE_ROOTS": tuple(one.split("{tenant}")[0] for one in settings.source_roots),
    }
    for setting, places in others.items():
        if any(_touch(root, place) for place in places):
            raise ConfigurationError(
                "Captured calls would lie among other files.",
                code="capture-root",
                remedy=f"Set FRONTLINE_CAPTURE_ROOT to a place apart from {setting}, best to a bucket of its own.",
            )
    return _files_at(root, settings, aws)


def build_snapshot_folders(settings: Settings, aws: AwsAccess) -> SnapshotFolders:
    """What keeps snapshots of indexes; those in a bucket are mirrored into FRONTLINE_HOME."""
    root = settings.resolved_storage_root
    mirror = settings.home / "cache" / "snapshots"
    if not root.startswith(_CLOUD):
        return SnapshotFolders(root, mirror)
    from services.backends.aws.s3_bucket import S3Bucket, bucket_and_prefix
    from services.backends.aws.s3_files import S3Files, S3Folders

    name, prefix = bucket_and_prefix(root)
    bucket = S3Bucket(aws, name, kms_key_id=settings.s3_kms_key_id)
    below = f"{prefix}/snapshots" if prefix else "snapshots"
    return SnapshotFolders(root, mirror, S3Folders(S3Files(bucket, prefix), bucket, below))


def build_buckets(aws: AwsAccess) -> Buckets:
    """What reads buckets elsewhere."""
    from services.backends.aws.s3_files import S3Buckets

    return S3Buckets(aws)


def _files_at(root: str, settings: Settings, aws: AwsAccess) -> FileStore:
    if not root.startswith(_CLOUD):
        return RootedFiles(root)
    from services.backends.aws.s3_bucket import S3Bucket, bucket_and_prefix
    from services.backends.aws.s3_files import S3Files

    name, prefix = bucket_and_prefix(root)
    return S3Files(S3Bucket(aws, name, kms_key_id=settings.s3_kms_key_id), prefix)


def _touch(one: str, other: str) -> bool:
    """Whether one lies in the other, whichever."""
    if one.startswith(_CLOUD) != other.startswith(_CLOUD):
        return False
    if one.startswith(_CLOUD):
        first, second = (f"{place.rstrip('/')}/" for place in (one, other))
        return first.startswith(second) or second.startswith(first)
    left, right = Path(one).resolve(), Path(other).resolve()
    return left.is_relative_to(right) or right.is_relative_to(left)
