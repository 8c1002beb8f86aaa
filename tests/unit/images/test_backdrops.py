"""The brand library."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from services.access.models import Account, Role
from services.backends.local.caption_search import CaptionSearch
from services.errors import AccessError, BackendUnavailableError, ConflictError, InputError, NotFoundError
from services.images.backdrops import LONGEST_CAPTION_CHARACTERS, BackdropService
from services.images.intake import IntakeLimits
from services.privacy.audit import AuditTrail
from tests.fakes import FakeAuditRepository, FakeClock, FakeEmbedder
from tests.image_fakes import FakeFiles, FakeImageRepository

TENANT = "pharmacy"
MARKETER = Account(username="mia", display_name="mia", role=Role.MARKETER, tenant_ids=(TENANT,))
ADMIN = Account(username="ada", display_name="ada", role=Role.ADMIN, tenant_ids=(TENANT,))
AGENT = Account(username="ann", display_name="ann", role=Role.AGENT, tenant_ids=(TENANT,))
STRANGER = Account(username="sam", display_name="sam", role=Role.MARKETER, tenant_ids=("clinic",))


class Library:
    """The service with its surroundings."""

    def __init__(self, limits: IntakeLimits | None = None) -> None:
        self.files = FakeFiles()
        self.repository = FakeImageRepository()
        self.audit = FakeAuditRepository()
        self.service = BackdropService(
            self.repository,
            self.files,
            CaptionSearch(FakeEmbedder()),
            AuditTrail(self.audit),
            limits=limits,
            now=FakeClock(),
        )


@pytest.fixture
def library() -> Library:
    return Library()


def picture_bytes(
    seed: int = 1, size: tuple[int, int] = (900, 600), format_name: str = "PNG", mode: str = "RGB"
) -> bytes:
    colors = np.random.default_rng(seed).integers(0, 256, (size[1] // 20, size[0] // 20, len(mode)), dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(colors, mode).resize(size).save(written, format_name)
    return written.getvalue()


def test_added_backdrop_is_listed_newest_first_with_preview_and_picture(library: Library) -> None:
    first = library.service.add(MARKETER, TENANT, picture_bytes(1), "  Marble   counter ")
    second = library.service.add(ADMIN, TENANT, picture_bytes(2, format_name="JPEG"), "Beach")
    assert {backdrop.caption for backdrop in library.service.list(TENANT)} == {"Marble counter", "Beach"}
    assert (first.size, first.created_by) == ((900, 600), "mia")
    with Image.open(io.BytesIO(library.service.preview(TENANT, first))) as preview:
        assert preview.format == "JPEG"
        assert max(preview.size) <= 640
    picture = library.service.picture(TENANT, first.id)
    assert (picture.mode, picture.size) == ("RGB", (900, 600))
    assert second.file.startswith(f"images/{TENANT}/backdrops/")
    assert second.preview == f"{second.file}.preview.jpg"


def test_transparent_backdrop_lies_on_white(library: Library) -> None:
    written = io.BytesIO()
    Image.fromarray(np.array([[[10, 20, 30, 255]] * 20 + [[10, 20, 30, 0]] * 20] * 40, np.uint8)).save(written, "PNG")
    backdrop = library.service.add(MARKETER, TENANT, written.getvalue(), "half")
    picture = library.service.picture(TENANT, backdrop.id)
    assert picture.getpixel((5, 5)) == (10, 20, 30)
    assert picture.getpixel((35, 5)) == (255, 255, 255)


def test_same_picture_twice_is_a_conflict_that_names_the_first_one(library: Library) -> None:
    library.service.add(MARKETER, TENANT, picture_bytes(), "Marble")
    with pytest.raises(ConflictError) as caught:
        library.service.add(ADMIN, TENANT, picture_bytes(), "Stone")
    assert caught.value.code == "backdrop-taken"
    assert "Marble" in caught.value.message_for_user
    assert len(library.service.list(TENANT)) == 1


@pytest.mark.parametrize(
    ("caption", "code"),
    [("", "caption-empty"), (" \n ", "caption-empty"), ("x" * (LONGEST_CAPTION_CHARACTERS + 1), "caption-too-long")],
)
def test_caption_has_one_to_200_characters(library: Library, caption: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        library.service.add(MARKETER, TENANT, picture_bytes(), caption)
    assert caught.value.code == code
    assert library.files.written == []
    backdrop = library.service.add(MARKETER, TENANT, picture_bytes(), "x" * LONGEST_CAPTION_CHARACTERS)
    with pytest.raises(InputError):
        library.service.rename(MARKETER, TENANT, backdrop.id, caption)


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "image-empty"), (b"no picture at all", "image-not-a-picture"), (b"<svg xmlns='x'></svg>", "image-svg")],
)
def test_upload_that_is_no_picture_is_refused_and_nothing_is_kept(library: Library, data: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        library.service.add(MARKETER, TENANT, data, "caption")
    assert caught.value.code == code
    assert library.files.written == []
    assert library.service.list(TENANT) == []


def test_limits_hold_for_backdrops_too() -> None:
    with pytest.raises(InputError) as caught:
        Library(IntakeLimits(max_pixels=1000)).service.add(MARKETER, TENANT, picture_bytes(), "large")
    assert caught.value.code == "image-too-many-pixels"


def test_picture_that_could_not_be_stored_is_not_listed(library: Library) -> None:
    library.files.broken = True
    with pytest.raises(BackendUnavailableError):
        library.service.add(MARKETER, TENANT, picture_bytes(), "caption")
    assert library.service.list(TENANT) == []


@pytest.mark.parametrize("account", [AGENT, STRANGER])
def test_library_is_changed_by_the_tenants_marketers_and_admins_alone(library: Library, account: Account) -> None:
    backdrop = library.service.add(MARKETER, TENANT, picture_bytes(), "Marble")
    with pytest.raises(AccessError):
        library.service.add(account, TENANT, picture_bytes(2), "Beach")
    with pytest.raises(AccessError):
        library.service.rename(account, TENANT, backdrop.id, "Stone")
    with pytest.raises(AccessError):
        library.service.delete(account, TENANT, backdrop.id)
    assert [kept.caption for kept in library.service.list(TENANT)] == ["Marble"]


def test_another_tenants_backdrop_is_not_there(library: Library) -> None:
    backdrop = library.service.add(MARKETER, TENANT, picture_bytes(), "Marble")
    assert library.service.list("clinic") == []
    with pytest.raises(NotFoundError):
        library.service.preview("clinic", backdrop)
    with pytest.raises(NotFoundError):
        library.service.picture("clinic", backdrop.id)
    with pytest.raises(NotFoundError):
        library.service.delete(STRANGER, "clinic", backdrop.id)


def test_renamed_backdrop_is_found_by_its_new_caption(library: Library) -> None:
    backdrop = library.service.add(MARKETER, TENANT, picture_bytes(), "Marble counter")
    library.service.rename(MARKETER, TENANT, backdrop.id, "Sandy beach")
    assert [found.id for found, _share in library.service.search(TENANT, "beach")] == [backdrop.id]
    assert library.service.search(TENANT, "marble counter") == []


def test_deleted_backdrop_leaves_no_file(library: Library) -> None:
    backdrop = library.service.add(MARKETER, TENANT, picture_bytes(), "Marble")
    library.service.delete(MARKETER, TENANT, backdrop.id)
    assert library.service.list(TENANT) == []
    assert library.files.files == {}
    with pytest.raises(NotFoundError):
        library.service.delete(MARKETER, TENANT, backdrop.id)


def test_search_gives_the_nearest_first_and_nothing_where_nothing_is_close(library: Library) -> None:
    for number, caption in enumerate(("White marble counter", "Marble and wood table", "Sandy beach")):
        library.service.add(MARKETER, TENANT, picture_bytes(number), caption)
    found = library.service.search(TENANT, "white marble counter background")
    assert found[0][0].caption == "White marble counter"
    assert "Sandy beach" not in [backdrop.caption for backdrop, _share in found]
    shares = [share for _backdrop, share in found]
    assert shares == sorted(shares, reverse=True)
    assert all(0 <= share <= 1 for share in shares)
    assert library.service.search(TENANT, "a race car") == []
    assert library.service.search(TENANT, "   ") == []


def test_changes_are_in_the_audit_trail_without_the_captions(library: Library) -> None:
    backdrop = library.service.add(MARKETER, TENANT, picture_bytes(), "Marble")
    library.service.rename(MARKETER, TENANT, backdrop.id, "Stone")
    library.service.delete(MARKETER, TENANT, backdrop.id)
    assert [event.action for event in library.audit.events] == [
        "backdrop-added",
        "backdrop-renamed",
        "backdrop-deleted",
    ]
    assert {(event.username, event.tenant_id, event.subject) for event in library.audit.events} == {
        ("mia", TENANT, backdrop.id)
    }
    assert "Marble" not in str(library.audit.events)


def test_generators_get_the_library_without_reading_a_picture(library: Library) -> None:
    library.service.add(MARKETER, TENANT, picture_bytes(), "Marble")
    library.files.broken = True
    (entry,) = library.service.library(TENANT)
    assert entry.caption == "Marble"
    library.files.broken = False
    assert entry.open().size == (900, 600)
