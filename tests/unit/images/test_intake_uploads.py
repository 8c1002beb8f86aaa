"""Uploads as a list of photos: names, folders, zips and what people and systems put into them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import pytest

from services.errors import BackendUnavailableError, InputError
from services.images.intake import ImageUpload, IntakeLimits, check_image, unpack
from tests.unit.images.test_intake import corners, encoded

PHOTO = encoded(corners(), "PNG")


def zipped(*entries: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip with these entries."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compression) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return written.getvalue()


def names(*given: str, taken: Sequence[str] = ()) -> list[str]:
    """What the photos are called that come in under these names."""
    return [upload.name for upload in unpack([ImageUpload(name, PHOTO) for name in given], taken=taken)]


def outcomes(*uploads: ImageUpload, limits: IntakeLimits | None = None) -> dict[str, str]:
    """``ok``, or why not, by name; the words of every refusal must be sentences about pictures."""
    errors: dict[str, InputError | None] = {}
    for upload in unpack(uploads, limits):
        errors[upload.name] = None
        try:
            check_image(upload.read(), limits)
        except InputError as error:
            errors[upload.name] = error
    for refusal in filter(None, errors.values()):
        assert refusal.message_for_user.endswith(".")
        assert refusal.remedy.endswith(".")
        assert "document" not in refusal.message_for_user + refusal.remedy
    return {name: refusal.code if refusal else "ok" for name, refusal in errors.items()}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("shoe.jpg", "shoe.jpg"),
        ("spring/red/shoe.jpg", "spring/red/shoe.jpg"),
        ("spring\\red\\shoe.jpg", "spring/red/shoe.jpg"),
        ("../../etc/shoe.jpg", "etc/shoe.jpg"),
        ("/srv/photos/shoe.jpg", "srv/photos/shoe.jpg"),
        ("C:\\photos\\shoe.jpg", "photos/shoe.jpg"),
        ("a/./b/../shoe.jpg", "a/b/shoe.jpg"),
        ("shoe\0.jpg", "shoe.jpg"),
        ("sh\noe\x07.jpg", "sh\ufffdoe\ufffd.jpg"),
        ("sh\udce9oe.jpg", "sh\ufffdoe.jpg"),
        ("E\u0301te\u0301 – 100%.jpg", "Été – 100%.jpg"),
        ("  shoe.jpg  ", "shoe.jpg"),
        ("", "photo"),
        ("..", "photo"),
        ("///", "photo"),
    ],
)
def test_name_is_kept_as_far_as_it_is_safe(given: str, kept: str) -> None:
    assert names(given) == [kept]


def test_long_name_is_cut_and_keeps_its_ending() -> None:
    ascii_name, accented = names("x" * 300 + ".jpg", "é" * 300 + ".jpeg")
    assert ascii_name == "x" * 196 + ".jpg"
    assert accented.endswith("é.jpeg")
    assert len(accented.encode()) <= 200
    assert len(names("x" * 300 + "." + "y" * 300)[0]) == 200
    assert names("/".join(["deep"] * 100 + ["shoe.jpg"])) == ["/".join(["deep"] * 11 + ["shoe.jpg"])]


def test_same_names_are_told_apart_also_where_case_is_no_difference() -> None:
    given = ["a/shoe.jpg", "b/shoe.jpg", "a/shoe.jpg", "A/Shoe.JPG", "a/shoe (2).jpg", "photo", "photo"]
    kept = ["a/shoe.jpg", "b/shoe.jpg", "a/shoe (2).jpg", "A/Shoe (3).JPG", "a/shoe (2) (2).jpg", "photo", "photo (2)"]
    assert names(*given) == kept
    assert len({name.casefold() for name in kept}) == len(kept)
    assert names("shoe.jpg", taken=["Shoe.jpg", "shoe (2).jpg"]) == ["shoe (3).jpg"]


def test_thousand_photos_of_one_name_are_told_apart() -> None:
    assert len(set(names(*["shoe.jpg"] * 1000))) == 1000


def test_content_decides_whatever_the_name_says() -> None:
    assert outcomes(
        ImageUpload("photo.txt", PHOTO),
        ImageUpload("photo.zip", PHOTO),
        ImageUpload("archive.jpg", zipped(("in/shoe.gif", PHOTO))),
        ImageUpload("drawing.jpg", b"<svg xmlns='x'/>"),
        ImageUpload("words.png", b"words"),
    ) == {
        "photo.txt": "ok",
        "photo.zip": "ok",
        "in/shoe.gif": "ok",
        "drawing.jpg": "image-svg",
        "words.png": "image-not-a-picture",
    }


def test_office_file_is_no_archive_of_pictures() -> None:
    document = zipped(("[Content_Types].xml", b"<Types/>"), ("word/media/image1.png", PHOTO))
    assert outcomes(ImageUpload("offer.docx", document)) == {"offer.docx": "image-not-a-picture"}


def test_zip_keeps_folders_and_leaves_out_what_systems_add() -> None:
    archive = zipped(
        ("spring/", b""),
        ("spring/shoe.jpg", PHOTO),
        ("spring/.DS_Store", b"x"),
        ("__MACOSX/spring/._shoe.jpg", b"x"),
        ("Thumbs.db", b"x"),
        ("spring/notes.txt", b"words"),
    )
    assert outcomes(ImageUpload("all.zip", archive), ImageUpload("spring/shoe.jpg", PHOTO)) == {
        "spring/shoe.jpg": "ok",
        "spring/notes.txt": "image-not-a-picture",
        "spring/shoe (2).jpg": "ok",
    }


def test_hidden_file_of_a_folder_is_left_out_unless_it_is_a_photo() -> None:
    assert outcomes(
        ImageUpload("spring/.DS_Store", b"x"), ImageUpload("Thumbs.db", b"x"), ImageUpload(".shoe.jpg", PHOTO)
    ) == {".shoe.jpg": "ok"}


def test_each_bad_entry_of_a_zip_is_refused_alone() -> None:
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = 0o120777 << 16
    written = io.BytesIO(
        zipped(
            ("good.jpg", PHOTO),
            ("../out.jpg", PHOTO),
            ("/root.jpg", PHOTO),
            ("inner.zip", zipped(("shoe.jpg", PHOTO))),
            ("hidden-zip.jpg", zipped(("shoe.jpg", PHOTO))),
            ("bomb.png", bytes(11_000_000)),
            ("x" * 500 + ".jpg", PHOTO),
            ("empty.jpg", b""),
        )
    )
    with zipfile.ZipFile(written, "a") as archive:
        archive.writestr(link, "good.jpg")
        archive.writestr("packed.jpg", PHOTO, zipfile.ZIP_BZIP2)
    found = outcomes(ImageUpload("all.zip", written.getvalue()))
    assert len(found) == 10
    assert found["good.jpg"] == "ok"
    assert found["out.jpg"] == found["root.jpg"] == "unsafe-name"
    assert found["inner.zip"] == found["hidden-zip.jpg"] == "nested-archive"
    assert found["bomb.png"] == "zip-bomb"
    assert next(code for name, code in found.items() if name.startswith("xxx")) == "odd-name"
    assert found["empty.jpg"] == "image-empty"
    assert found["link.jpg"] == "archive-link"
    assert found["packed.jpg"] == "archive-method"


def test_entry_over_the_size_of_a_photo_is_refused_as_such_a_photo() -> None:
    archive = zipped(("large.jpg", bytes(5000)), ("shoe.jpg", PHOTO))
    limits = IntakeLimits(max_file_bytes=max(len(PHOTO), 4000))
    assert outcomes(ImageUpload("all.zip", archive), limits=limits) == {
        "large.jpg": "image-too-large-bytes",
        "shoe.jpg": "ok",
    }


def test_zip_that_unpacks_to_too_much_stops_there_and_keeps_what_came_before() -> None:
    photos = [(f"{number}.png", PHOTO) for number in range(5)]
    limits = IntakeLimits(max_archive_bytes=len(PHOTO) * 2)
    archive = zipped(*photos)
    if len(archive) > limits.max_archive_bytes:
        limits = IntakeLimits(max_archive_bytes=len(archive))
    found = outcomes(ImageUpload("all.zip", archive), limits=limits)
    assert found.pop("all.zip") == "archive-too-large"
    assert set(found.values()) == {"ok"}
    assert 1 <= len(found) < 5


def test_zip_that_is_too_large_itself_is_refused() -> None:
    archive = zipped(("shoe.jpg", PHOTO))
    limits = IntakeLimits(max_archive_bytes=len(archive) - 1)
    assert outcomes(ImageUpload("all.zip", archive), limits=limits) == {"all.zip": "archive-too-large"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (zipped(("a.jpg", PHOTO), ("b.jpg", PHOTO))[:-60], "archive-damaged"),
        (b"PK\x03\x04" + bytes(100), "archive-damaged"),
        (zipped(), "empty-archive"),
        (zipped(("__MACOSX/._a", b"x")), "empty-archive"),
    ],
)
def test_zip_without_photos_is_refused_as_a_whole(data: bytes, code: str) -> None:
    assert outcomes(ImageUpload("all.zip", data)) == {"all.zip": code}


def test_damaged_entry_of_a_zip_is_refused_alone() -> None:
    archive = bytearray(zipped(("a.jpg", PHOTO), ("b.jpg", PHOTO), compression=zipfile.ZIP_STORED))
    archive[archive.index(PHOTO) + 40] ^= 0xFF
    assert outcomes(ImageUpload("all.zip", bytes(archive))) == {"a.jpg": "archive-damaged", "b.jpg": "ok"}


def test_protected_zip_says_so() -> None:
    archive = bytearray(zipped(("a.jpg", PHOTO)))
    archive[6] |= 1
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    assert outcomes(ImageUpload("all.zip", bytes(archive))) == {"a.jpg": "archive-password"}


def test_upload_that_cannot_be_read_is_refused_alone() -> None:
    def lost() -> bytes:
        raise BackendUnavailableError("A file could not be read.", code="storage-unavailable")

    first, second = unpack([ImageUpload("lost.jpg", lost), ImageUpload("shoe.jpg", lambda: PHOTO)])
    with pytest.raises(BackendUnavailableError):
        first.read()
    assert second.read() == PHOTO


def test_batch_takes_no_more_photos_than_it_may_have() -> None:
    uploads = [ImageUpload("a.zip", zipped(("1.jpg", PHOTO), ("2.jpg", PHOTO))), ImageUpload("3.jpg", PHOTO)]
    assert len(list(unpack(uploads, IntakeLimits(max_images=3)))) == 3
    for taken, most in (((), 2), (["before.jpg"], 3)):
        unpacked = unpack(uploads, IntakeLimits(max_images=most), taken=taken)
        assert [next(unpacked).name, next(unpacked).name] == ["1.jpg", "2.jpg"]
        with pytest.raises(InputError) as caught:
            next(unpacked)
        assert caught.value.code == "too-many-images"


def test_one_file_of_a_zip_is_in_memory_at_a_time() -> None:
    reads: list[str] = []

    def read(name: str) -> bytes:
        reads.append(name)
        return PHOTO

    unpacked = unpack([ImageUpload("a.jpg", lambda: read("a")), ImageUpload("b.jpg", lambda: read("b"))])
    next(unpacked)
    assert reads == ["a"]
