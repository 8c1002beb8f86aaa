"""The contract of SourcePlaces: a folder, and a bucket over S3."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from services.backends.aws.access import AwsAccess
from services.backends.aws.clients import AwsClients
from services.backends.aws.s3_files import S3Buckets
from services.errors import BackendError, InputError, NotFoundError
from services.storage.source_places import RootedSourcePlaces

TENANT = "pharmacy"
Put = Callable[[str, bytes], None]


class SourcePlacesContract:
    """Give fixtures ``root`` (an allowed place), ``put`` (writes a file below it) and ``places``."""

    def test_files_are_listed_by_path_with_sizes(self, places: RootedSourcePlaces, root: str, put: Put) -> None:
        put("b.md", b"words")
        put("deep/er/a.md", b"more words")
        assert [(file.path, file.size_bytes) for file in places.list_files(TENANT, root)] == [
            ("b.md", 5),
            ("deep/er/a.md", 10),
        ]

    def test_marker_differs_once_the_content_does(self, places: RootedSourcePlaces, root: str, put: Put) -> None:
        put("a.md", b"first")
        (before,) = places.list_files(TENANT, root)
        assert places.list_files(TENANT, root) == [before]
        put("a.md", b"second")
        assert places.list_files(TENANT, root)[0].marker != before.marker

    def test_file_is_read_up_to_one_byte_over_the_limit(self, places: RootedSourcePlaces, root: str, put: Put) -> None:
        put("a/b c.md", b"0123456789")
        assert places.read(TENANT, root, "a/b c.md", limit_bytes=100) == b"0123456789"
        assert places.read(TENANT, root, "a/b c.md", limit_bytes=4) == b"01234"

    def test_file_that_is_gone_is_not_found(self, places: RootedSourcePlaces, root: str, put: Put) -> None:
        put("a.md", b"words")
        with pytest.raises(NotFoundError):
            places.read(TENANT, root, "b.md", limit_bytes=10)

    def test_place_that_is_not_there_is_told(self, places: RootedSourcePlaces, root: str, put: Put) -> None:
        put("a.md", b"words")
        with pytest.raises(InputError) as caught:
            places.list_files(TENANT, f"{root}/nowhere")
        assert caught.value.code == "source-missing"

    def test_place_is_kept_in_one_spelling(self, places: RootedSourcePlaces, root: str, put: Put) -> None:
        put("rules/a.md", b"words")
        assert places.checked(TENANT, f" {root}/rules/ ") == places.checked(TENANT, f"{root}/rules")

    def test_neighbor_of_a_root_is_not_allowed(self, places: RootedSourcePlaces, root: str) -> None:
        for place in (f"{root}-other", f"{root}/../clinic", root.rsplit("/", 1)[0]):
            with pytest.raises(InputError):
                places.checked(TENANT, place)


class TestFolder(SourcePlacesContract):
    @pytest.fixture
    def root(self, tmp_path: Path) -> str:
        made = tmp_path / "shared" / TENANT
        made.mkdir(parents=True)
        return str(made)

    @pytest.fixture
    def put(self, root: str) -> Put:
        def write(name: str, data: bytes) -> None:
            file = Path(root, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

        return write

    @pytest.fixture
    def places(self, tmp_path: Path) -> RootedSourcePlaces:
        return RootedSourcePlaces((str(tmp_path / "shared" / "{tenant}"),), tmp_path / "home", str(tmp_path / "files"))

    def test_file_that_became_a_link_is_not_followed(
        self, places: RootedSourcePlaces, root: str, put: Put, tmp_path: Path
    ) -> None:
        (tmp_path / "secret.md").write_bytes(b"secret")
        Path(root, "a.md").symlink_to(tmp_path / "secret.md")
        with pytest.raises(NotFoundError):
            places.read(TENANT, root, "a.md", limit_bytes=100)


class TestBucket(SourcePlacesContract):
    @pytest.fixture
    def root(self, s3_root: str) -> str:
        return f"{s3_root}/sources/{TENANT}"

    @pytest.fixture
    def put(self, root: str) -> Put:
        import boto3

        bucket, prefix = root.removeprefix("s3://").split("/", 1)

        def write(name: str, data: bytes) -> None:
            boto3.client("s3").put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=data)

        return write

    @pytest.fixture
    def places(self, s3_root: str, tmp_path: Path) -> RootedSourcePlaces:
        return RootedSourcePlaces(
            (f"{s3_root}/sources/{{tenant}}", s3_root), tmp_path / "home", s3_root, S3Buckets(AwsAccess(AwsClients()))
        )

    def test_neighbor_of_a_root_is_not_allowed(self, places: RootedSourcePlaces, root: str) -> None:
        with pytest.raises(InputError):
            places.checked(TENANT, f"{root}/../clinic")

    @pytest.mark.parametrize("name", ["originals/clinic", "snapshots", "uploads", "images", "surveys", ""])
    def test_what_frontline_keeps_in_the_bucket_is_no_source(
        self, places: RootedSourcePlaces, s3_root: str, name: str
    ) -> None:
        with pytest.raises(InputError) as caught:
            places.checked(TENANT, f"{s3_root}/{name}")
        assert caught.value.code == "place-not-allowed"

    def test_bucket_that_does_not_answer_is_our_error(self, s3_root: str, tmp_path: Path) -> None:
        away = s3_root.replace("frontline", "no-such-bucket")
        places = RootedSourcePlaces(
            (away,), tmp_path / "home", str(tmp_path / "files"), S3Buckets(AwsAccess(AwsClients()))
        )
        with pytest.raises(BackendError):
            places.list_files(TENANT, away)
