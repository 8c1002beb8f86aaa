"""Files in a bucket, over the wire: the contract, encryption, versions, conditions, links, and large files."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from services.backends.aws import s3_transfers
from services.backends.aws.access import AwsAccess
from services.backends.aws.clients import AwsClients
from services.backends.aws.s3_bucket import S3Bucket, bucket_and_prefix
from services.backends.aws.s3_files import LOOK_SECONDS, S3Buckets, S3Files, S3Folders
from services.errors import BackendMisconfiguredError, ConfigurationError, ConflictError, NotFoundError
from services.ports.files import FileStore
from tests.contract.file_store import FileStoreContract
from tests.s3 import BUCKET


@cache
def access() -> AwsAccess:
    """One for all tests: a client takes a while to make, and there is one server for all of them."""
    return AwsAccess(AwsClients("us-east-1"))


def client(service: str = "s3") -> Any:
    import boto3

    return boto3.Session().client(service)


@pytest.fixture
def prefix(s3_root: str) -> str:
    return bucket_and_prefix(s3_root)[1]


@pytest.fixture
def bucket(s3_endpoint: str) -> S3Bucket:
    return S3Bucket(access(), BUCKET)


@pytest.fixture
def kms_key(s3_endpoint: str) -> str:
    return str(client("kms").create_key()["KeyMetadata"]["Arn"])


class TestS3Files(FileStoreContract):
    @pytest.fixture
    def files(self, bucket: S3Bucket, prefix: str) -> FileStore:
        return S3Files(bucket, prefix)


class TestS3FilesWithAKey(FileStoreContract):
    @pytest.fixture
    def files(self, kms_key: str, prefix: str) -> FileStore:
        return S3Files(S3Bucket(access(), BUCKET, kms_key_id=kms_key), prefix)

    def test_everything_that_is_stored_is_encrypted_with_the_key(
        self, files: FileStore, prefix: str, kms_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        large = tmp_path / "large"
        large.write_bytes(b"x" * (s3_transfers.PART_BYTES + 1))
        files.write("plain", b"words")
        files.write_new("new", b"words")
        files.write_from("large", large)
        for name in ("plain", "new", "large"):
            head = client().head_object(Bucket=BUCKET, Key=f"{prefix}/{name}")
            assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", kms_key)
        assert client().head_object(Bucket=BUCKET, Key=f"{prefix}/plain")["BucketKeyEnabled"]


class TestS3FilesWithoutAPrefix(FileStoreContract):
    @pytest.fixture
    def files(self, s3_endpoint: str, prefix: str) -> FileStore:
        client().create_bucket(Bucket=prefix)
        return S3Files(S3Bucket(access(), prefix))


def test_file_lies_below_the_prefix(bucket: S3Bucket, prefix: str) -> None:
    S3Files(bucket, prefix).write("a//b/./c", b"words")
    assert [one["Key"] for one in client().list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]] == [
        f"{prefix}/a/b/c"
    ]


def test_name_that_cannot_be_written_is_no_file(bucket: S3Bucket, prefix: str) -> None:
    with pytest.raises(NotFoundError):
        S3Files(bucket, prefix).write("a/\udcff", b"words")


@pytest.mark.parametrize("address", ["", "s3://", "https://bucket/x", "/folder"])
def test_address_of_no_bucket_is_told(address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        bucket_and_prefix(address)
    assert caught.value.code == "bucket-address"


def test_missing_bucket_is_told_with_what_to_do(s3_endpoint: str, tmp_path: Path) -> None:
    files = S3Files(S3Bucket(access(), "no-such-bucket"))
    (tmp_path / "source").write_bytes(b"x" * (s3_transfers.PART_BYTES + 1))
    calls: list[Callable[[], object]] = [
        lambda: files.write("a", b"words"),
        lambda: files.write_new("a", b"words"),
        lambda: files.write_from("a", tmp_path / "source"),
        lambda: files.read("a"),
        lambda: files.exists("a"),
        lambda: files.delete("a"),
        lambda: files.delete_folder("a"),
        files.folders,
        files.check_ready,
    ]
    for call in calls:
        with pytest.raises(BackendMisconfiguredError) as caught:
            call()
        assert caught.value.code == "bucket-missing"
        assert "administrator" in caught.value.remedy


def test_missing_region_is_told(monkeypatch: pytest.MonkeyPatch, s3_endpoint: str) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ConfigurationError) as caught:
        S3Files(S3Bucket(AwsAccess(AwsClients()), BUCKET)).read("a")
    assert caught.value.code == "aws-region-missing"


class TestVersions:
    @pytest.fixture
    def name(self, s3_endpoint: str, prefix: str) -> str:
        client().create_bucket(Bucket=prefix)
        client().put_bucket_versioning(Bucket=prefix, VersioningConfiguration={"Status": "Enabled"})
        return prefix

    def test_deleted_and_replaced_files_can_be_brought_back_as_the_handbook_says(self, name: str) -> None:
        files = S3Files(S3Bucket(access(), name))
        files.write("a", b"first")
        files.write("a", b"second")
        files.write("b", b"kept")
        files.delete_folder("none")
        files.delete("b")
        versions = client().list_object_versions(Bucket=name)
        (marker,) = versions["DeleteMarkers"]
        client().delete_object(Bucket=name, Key="b", VersionId=marker["VersionId"])
        (before,) = [one for one in versions["Versions"] if one["Key"] == "a" and not one["IsLatest"]]
        client().copy_object(
            Bucket=name, Key="a", CopySource={"Bucket": name, "Key": "a", "VersionId": before["VersionId"]}
        )
        assert (files.read("a"), files.read("b")) == (b"first", b"kept")

    def test_bucket_that_keeps_versions_needs_no_remark(self, name: str) -> None:
        files = S3Files(S3Bucket(access(), name))
        files.check_ready()
        assert files.remarks() == []

    def test_bucket_that_keeps_none_is_remarked_and_still_ready(self, bucket: S3Bucket, prefix: str) -> None:
        files = S3Files(bucket, prefix)
        files.check_ready()
        assert "Turn on versioning" in files.remarks()[0]

    def test_looks_write_only_once_in_a_while(self, name: str) -> None:
        times = [0.0]
        files = S3Files(S3Bucket(access(), name), clock=lambda: times[0])
        for _ in range(3):
            files.check_ready()
        assert len(client().list_object_versions(Bucket=name)["Versions"]) == 1
        times[0] += LOOK_SECONDS
        files.check_ready()
        assert len(client().list_object_versions(Bucket=name)["Versions"]) == 2
        assert "Contents" not in client().list_objects_v2(Bucket=name)


class TestConditions:
    def test_object_is_replaced_only_when_it_is_the_one_that_was_seen(self, bucket: S3Bucket, prefix: str) -> None:
        key = f"{prefix}/a"
        first = bucket.put(key, b"first", new=True)
        second = bucket.put(key, b"second", replaces=first)
        with pytest.raises(ConflictError):
            bucket.put(key, b"third", replaces=first)
        assert bucket.get(key) == b"second"
        bucket.delete(key)
        with pytest.raises(ConflictError):
            bucket.put(key, b"third", replaces=second)

    def test_of_two_who_replace_at_once_one_succeeds(self, bucket: S3Bucket, prefix: str) -> None:
        key, ready = f"{prefix}/a", threading.Barrier(4)
        seen = bucket.put(key, b"before")

        def attempt(number: int) -> int | None:
            ready.wait()
            try:
                bucket.put(key, str(number).encode(), replaces=seen)
            except ConflictError:
                return None
            return number

        with ThreadPoolExecutor(4) as pool:
            (winner,) = [one for one in pool.map(attempt, range(4)) if one is not None]
        assert bucket.get(key) == str(winner).encode()

    def test_part_of_another_object_is_not_taken(self, bucket: S3Bucket, prefix: str) -> None:
        key = f"{prefix}/a"
        etag = bucket.put(key, b"first")
        bucket.put(key, b"other")
        with pytest.raises(ConflictError):
            bucket.get(key, first=0, last=1, etag=etag)


class TestLinks:
    def test_link_gives_the_file_under_its_name_to_whoever_has_it(self, bucket: S3Bucket, prefix: str) -> None:
        files = S3Files(bucket, prefix)
        files.write("a/é b.zip", b"words")
        link = files.link("a/é b.zip", seconds=3600, download_name='Größe "5".zip')
        assert link is not None
        with urllib.request.urlopen(link) as reply:
            assert reply.read() == b"words"
            assert reply.headers["Content-Type"] == "application/zip"
            assert reply.headers["Content-Disposition"] == (
                "attachment; filename=\"Gr__e _5_.zip\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%225%22.zip"
            )

    def test_link_is_signed_so_that_it_holds_for_encrypted_files_and_for_its_time_only(
        self, bucket: S3Bucket, prefix: str
    ) -> None:
        link = S3Files(bucket, prefix).link("a", seconds=7200, download_name="a") or ""
        assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link
        assert "X-Amz-Expires=7200" in link

    def test_link_to_what_is_not_there_gives_nothing(self, bucket: S3Bucket, prefix: str) -> None:
        link = S3Files(bucket, prefix).link("a", seconds=60, download_name="a") or ""
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(link)
        caught.value.close()
        assert caught.value.code in {403, 404}  # which, depends on the right to list

    def test_link_without_credentials_is_our_error(self, s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        with pytest.raises(BackendMisconfiguredError) as caught:
            S3Files(S3Bucket(AwsAccess(AwsClients("us-east-1")), BUCKET)).link("a", seconds=60, download_name="a")
        assert caught.value.code == "aws-credentials-missing"


class TestManyAndLarge:
    def test_folder_of_more_files_than_a_page_is_deleted_whole(self, bucket: S3Bucket, prefix: str) -> None:
        files = S3Files(bucket, prefix)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: files.write(f"a/{number:05}", b""), range(1_003)))
        files.write("b", b"kept")
        assert sum(1 for _ in bucket.objects(f"{prefix}/a/")) == 1_003
        files.delete_folder("a")
        assert [one.key for one in bucket.objects(prefix)] == [f"{prefix}/b"]

    def test_large_file_goes_and_comes_in_parts_and_is_the_same(
        self, bucket: S3Bucket, prefix: str, tmp_path: Path
    ) -> None:
        source, target, part = tmp_path / "source", tmp_path / "deep" / "target", 5 * 1024 * 1024
        source.write_bytes(bytes(range(256)) * (part // 256 * 2) + b"the rest")
        s3_transfers.upload_file(bucket, f"{prefix}/a", source, part_bytes=part)
        found = bucket.find(f"{prefix}/a")
        assert found is not None
        assert (found.size_bytes, found.etag.endswith('-3"')) == (part * 2 + 8, True)
        s3_transfers.download_file(bucket, found, target, part_bytes=part)
        assert target.read_bytes() == source.read_bytes()
        assert "Uploads" not in client().list_multipart_uploads(Bucket=BUCKET)


class TestFolders:
    @pytest.fixture
    def folders(self, bucket: S3Bucket, prefix: str) -> S3Folders:
        return S3Folders(S3Files(bucket, prefix), bucket, f"{prefix}/snapshots")

    @pytest.fixture
    def make(self, tmp_path: Path) -> Callable[[str], Path]:
        def made(content: str) -> Path:
            folder = tmp_path / f"{content}-{time.monotonic_ns()}"
            (folder / "deep").mkdir(parents=True)
            for name in ("a", "deep/b", "manifest.json"):
                (folder / name).write_text(content, encoding="utf-8")
            return folder

        return made

    def test_folder_comes_back_as_it_was_stored(
        self, folders: S3Folders, make: Callable[[str], Path], tmp_path: Path
    ) -> None:
        folders.store("pharmacy/000001", make("first"))
        assert folders.fetch("pharmacy/000001", tmp_path / "got")
        assert sorted(path.relative_to(tmp_path / "got").as_posix() for path in (tmp_path / "got").rglob("*")) == [
            "a",
            "deep",
            "deep/b",
            "manifest.json",
        ]
        assert not folders.fetch("pharmacy/000002", tmp_path / "none")
        assert not (tmp_path / "none").exists()

    def test_stored_anew_a_folder_is_the_new_one_and_nothing_of_the_old(
        self, folders: S3Folders, make: Callable[[str], Path], tmp_path: Path, bucket: S3Bucket, prefix: str
    ) -> None:
        folders.store("p/1", make("first"))
        folders.store("p/1", make("second"))
        assert folders.fetch("p/1", tmp_path / "got")
        assert {path.read_text() for path in (tmp_path / "got").rglob("*") if path.is_file()} == {"second"}
        assert sum(1 for _ in bucket.objects(f"{prefix}/snapshots/")) == 4

    def test_of_builders_at_the_same_time_one_succeeds_and_nothing_is_mixed(
        self, folders: S3Folders, make: Callable[[str], Path], tmp_path: Path, bucket: S3Bucket, prefix: str
    ) -> None:
        sources = [make(str(number)) for number in range(4)]

        def attempt(number: int) -> int | None:
            try:
                folders.store("p/1", sources[number])
            except ConflictError as error:
                codes.add(error.code)
                return None
            return number

        codes: set[str] = set()
        with ThreadPoolExecutor(4) as pool:
            winners = [one for one in pool.map(attempt, range(4)) if one is not None]
        assert winners
        assert codes <= {"folder-taken"}
        assert folders.fetch("p/1", tmp_path / "got")
        contents = {path.read_text() for path in (tmp_path / "got").rglob("*") if path.is_file()}
        assert len(contents) == 1
        assert int(contents.pop()) in winners
        assert sum(1 for _ in bucket.objects(f"{prefix}/snapshots/")) == 4

    def test_build_that_ended_early_is_not_found_and_is_removed_by_the_next(
        self, folders: S3Folders, make: Callable[[str], Path], tmp_path: Path, bucket: S3Bucket, prefix: str
    ) -> None:
        bucket.put(f"{prefix}/snapshots/p/1/abandoned/a", b"half")
        assert not folders.fetch("p/1", tmp_path / "none")
        folders.store("p/1", make("whole"))
        assert bucket.folders(f"{prefix}/snapshots/p/1/") != ["abandoned"]
        assert bucket.find(f"{prefix}/snapshots/p/1/abandoned/a") is None

    def test_deleted_folder_is_gone(
        self, folders: S3Folders, make: Callable[[str], Path], tmp_path: Path, bucket: S3Bucket, prefix: str
    ) -> None:
        for name in ("p/1", "p/10"):
            folders.store(name, make(name.replace("/", "-")))
        folders.delete("p/1")
        folders.delete("p/1")
        assert not folders.fetch("p/1", tmp_path / "none")
        assert folders.fetch("p/10", tmp_path / "got")


class TestBucketsElsewhere:
    def test_markers_of_folders_that_consoles_make_are_no_files(
        self, bucket: S3Bucket, s3_root: str, prefix: str
    ) -> None:
        for name in ("sources/", "sources/a.md", "sources/deep/b.md"):
            bucket.put(f"{prefix}/{name}", b"")
        assert [one.path for one in S3Buckets(access()).list_files(f"{s3_root}/sources")] == ["a.md", "deep/b.md"]

    def test_prefix_or_single_file_is_fetched(
        self, bucket: S3Bucket, s3_root: str, prefix: str, tmp_path: Path
    ) -> None:
        bucket.put(f"{prefix}/sources/deep/b.md", b"words")
        buckets = S3Buckets(access())
        buckets.fetch_folder(f"{s3_root}/sources/", tmp_path / "1")
        assert (tmp_path / "1" / "deep" / "b.md").read_bytes() == b"words"
        buckets.fetch_folder(f"{s3_root}/sources/deep/b.md", tmp_path / "2")
        assert (tmp_path / "2" / "b.md").read_bytes() == b"words"
        with pytest.raises(NotFoundError) as caught:
            buckets.fetch_folder(f"{s3_root}/nowhere", tmp_path / "3")
        assert caught.value.code == "path-missing"

    def test_key_that_leads_out_of_the_folder_is_refused(
        self, bucket: S3Bucket, s3_root: str, prefix: str, tmp_path: Path
    ) -> None:
        bucket.put(f"{prefix}/sources/../../escaped.md", b"words")
        with pytest.raises(Exception, match="leads out") as caught:
            S3Buckets(access()).fetch_folder(f"{s3_root}/sources", tmp_path / "deep" / "er" / "1")
        assert getattr(caught.value, "code", "") == "file-name"
        assert not list(tmp_path.rglob("escaped.md"))
