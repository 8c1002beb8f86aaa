"""Results are called like their photos, and no two results ever share a name."""

from __future__ import annotations

import errno
import os
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import BackendUnavailableError, NotFoundError
from services.images.packing import PackedFile, output_names, write_zip
from tests.image_fakes import FakeFiles


def names(*photos: str, variations: int = 1, suffix: str = ".png") -> list[str]:
    """The names of all results, in the photos' order."""
    found = output_names(photos, dict.fromkeys(photos, [suffix] * variations))
    return [name for photo in photos for name in found[photo]]


def test_only_the_ending_of_a_picture_is_replaced() -> None:
    assert names("a.b.c.jpg", "shoe.v2", "2.5 mm.HEIC", "plain") == [
        "a.b.c.png",
        "shoe.v2.png",
        "2.5 mm.png",
        "plain.png",
    ]


def test_folders_are_kept() -> None:
    assert names("spring/red.jpg", "summer/red.jpg") == ["spring/red.png", "summer/red.png"]


def test_photos_that_differ_in_the_ending_alone_keep_their_whole_names() -> None:
    assert names("red.jpg", "RED.heic", "blue.jpg") == ["red.jpg.png", "RED.heic.png", "blue.png"]


def test_variations_are_numbered_and_never_take_the_name_of_another_photo() -> None:
    assert names("red.jpg", "red-2.jpg", variations=2) == ["red.png", "red-2 (2).png", "red-2.png", "red-2-2.png"]


def test_names_stay_the_same_when_other_photos_have_no_result() -> None:
    every = ["red.jpg", "red.heic", "red-2.jpg"]
    all_done = output_names(every, {key: [".png", ".png"] for key in every})
    one_done = output_names(["red.heic"], {"red.heic": [".png", ".png"]}, all_names=every)
    assert one_done["red.heic"] == all_done["red.heic"]


@given(
    st.lists(
        st.text(alphabet="aA-2. ()", min_size=1, max_size=6).flatmap(
            lambda stem: st.sampled_from([".jpg", ".JPG", ".png", ".heic", ""]).map(lambda end: f"{stem}{end}")
        ),
        unique=True,
        max_size=8,
    ),
    st.integers(1, 4),
)
def test_no_two_results_share_a_name_on_any_disk(photos: list[str], variations: int) -> None:
    found = [name.casefold() for name in names(*photos, variations=variations)]
    assert len(found) == len(set(found)) == len(photos) * variations


def test_zip_is_written_to_disk_and_old_ones_are_tidied_away(tmp_path: Path) -> None:
    files = FakeFiles()
    files.write("x/1", b"one")
    old = tmp_path / "old.zip"
    old.write_bytes(b"old")
    os.utime(old, (time.time() - 100_000,) * 2)
    path = write_zip(tmp_path, files, [PackedFile("shoes/red.png", "x/1")])
    with zipfile.ZipFile(path) as archive:
        assert archive.read("shoes/red.png") == b"one"
    assert not old.exists()


def test_zip_that_cannot_be_completed_leaves_nothing_behind(tmp_path: Path) -> None:
    files = FakeFiles()
    files.write("x/1", b"one")
    with pytest.raises(NotFoundError):
        write_zip(tmp_path, files, [PackedFile("a.png", "x/1"), PackedFile("b.png", "x/2")])
    assert list(tmp_path.iterdir()) == []


def test_full_disk_is_told_while_zipping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = FakeFiles()

    def full(name: str) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "read", full)
    with pytest.raises(BackendUnavailableError) as caught:
        write_zip(tmp_path, files, [PackedFile("a.png", "x/1")])
    assert caught.value.code == "disk-full"
