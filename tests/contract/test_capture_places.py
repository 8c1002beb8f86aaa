"""Captured calls in a folder and, encrypted, in a bucket of their own; and where they must not lie."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from services.backends.aws.access import AwsAccess
from services.backends.aws.clients import AwsClients
from services.backends.aws.s3_bucket import bucket_and_prefix
from services.backends.aws.s3_files import S3Files
from services.backends.capture_backends import build_capture
from services.backends.file_backends import build_capture_files, build_files
from services.errors import ConfigurationError
from services.ports.model_calls import Attribution, ModelCall
from services.settings import load_settings
from services.storage.files import RootedFiles

CALL = ModelCall("bedrock", "Converse", "amazon.nova-lite-v1:0", attribution=Attribution("pharmacy", "mia", "answers"))


@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_settings_have_calls_kept_and_deleted_when_their_time_is_over(place: str, s3_root: str, tmp_path: Path) -> None:
    root = s3_root if place == "bucket" else str(tmp_path / "capture")
    announced: list[tuple[float, int]] = []
    settings = load_settings(capture_root=root, capture_days=1, home=tmp_path)
    capture = build_capture(settings, lambda *policy: announced.append(policy))
    assert capture is not None
    capture.check_ready()
    capture.keep(CALL, {"text": "Call 555-201-7788"}, {"text": "Yes."})
    assert announced == [(1.0, 1)]
    files = build_capture_files(settings, AwsAccess(AwsClients()))
    assert isinstance(files, S3Files if place == "bucket" else RootedFiles)
    (year,) = files.folders("pharmacy")
    (month,) = files.folders(f"pharmacy/{year}")
    (day,) = files.folders(f"pharmacy/{year}/{month}")
    files.write("pharmacy/2020/01/31/0.json.gz", b"old")
    assert capture.prune() == 1
    assert not files.exists("pharmacy/2020/01/31/0.json.gz")
    assert files.folders(f"pharmacy/{year}/{month}") == [day]


def test_what_is_kept_in_a_bucket_is_encrypted_with_the_key(s3_root: str, tmp_path: Path) -> None:
    import boto3

    key = boto3.Session().client("kms").create_key()["KeyMetadata"]["Arn"]
    capture = build_capture(load_settings(capture_root=s3_root, s3_kms_key_id=key, home=tmp_path))
    assert capture is not None
    capture.keep(CALL, {"text": "Call 555-201-7788"}, None)
    bucket, prefix = bucket_and_prefix(s3_root)
    client = boto3.Session().client("s3")
    objects = client.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    assert len(objects) == 2
    for one in objects:
        found = client.get_object(Bucket=bucket, Key=one["Key"])
        assert found["SSEKMSKeyId"] == key
        if one["Key"].endswith(".gz"):
            assert json.loads(gzip.decompress(found["Body"].read()))["request"] == {"text": "Call [phone number]"}


def test_nothing_is_kept_unless_it_is_set(tmp_path: Path) -> None:
    assert build_capture(load_settings(home=tmp_path)) is None


@pytest.mark.parametrize(
    ("capture", "storage", "sources"),
    [
        ("s3://bucket/data/capture", "s3://bucket/data", ""),
        ("s3://bucket", "s3://bucket/data", ""),
        ("s3://bucket/data/", "s3://bucket/data", ""),
        ("s3://bucket/capture", "s3://bucket", ""),
        ("{tmp}/files/capture", "{tmp}/files", ""),
        ("{tmp}/home/files/capture", None, ""),
        ("s3://bucket/shared/pharmacy", "s3://other", "s3://bucket/shared/{tenant}"),
        ("{tmp}/shared", "s3://other", "{tmp}/shared/documents"),
    ],
)
def test_captured_calls_must_not_lie_among_other_files(
    capture: str, storage: str | None, sources: str, tmp_path: Path
) -> None:
    def here(place: str) -> str:
        return place.replace("{tmp}", str(tmp_path))

    settings = load_settings(
        capture_root=here(capture),
        storage_root=here(storage) if storage else None,
        source_roots=here(sources),
        home=tmp_path / "home",
    )
    with pytest.raises(ConfigurationError) as caught:
        build_capture(settings)
    assert caught.value.code == "capture-root"


@pytest.mark.parametrize(
    ("capture", "storage"),
    [
        ("s3://capture/prefix", "s3://data/prefix"),
        ("s3://bucket/capture", "s3://bucket/capture-data"),
        ("s3://bucket/capture", "{tmp}/files"),
        ("{tmp}/capture", "{tmp}/files"),
    ],
)
def test_captured_calls_may_lie_beside_other_files(capture: str, storage: str, tmp_path: Path) -> None:
    here = {"capture_root": capture, "storage_root": storage}
    settings = load_settings(**{name: place.replace("{tmp}", str(tmp_path)) for name, place in here.items()})
    assert build_capture(settings) is not None


def test_settings_choose_where_files_are_kept(s3_root: str, tmp_path: Path) -> None:
    aws = AwsAccess(AwsClients())
    assert isinstance(build_files(load_settings(home=tmp_path), aws), RootedFiles)
    assert isinstance(build_files(load_settings(storage_root=s3_root), aws), S3Files)
