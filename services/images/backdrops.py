"""The brand library: backdrops that a tenant's marketers keep, find by meaning, and put behind products."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from PIL import Image

from services.access.models import Account, Role
from services.access.permissions import require_role, require_tenant
from services.errors import ConflictError, InputError
from services.images.background_models import Backdrop
from services.images.intake import IntakeLimits, check_image, open_upright
from services.images.thumbnails import picture_jpeg
from services.ports.images import BackdropSearch, ImageFiles, ImageRepository
from services.privacy.audit import AuditTrail

LONGEST_CAPTION_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class LibraryPicture:
    """A backdrop as generators take it.

    Attributes:
        open: Reads it: RGB, upright. Raises NotFoundError or BackendUnavailableError.
    """

    caption: str
    open: Callable[[], Image.Image]


class BackdropService:
    """Use cases on the backdrops of one tenant, for marketers and administrators.

    Args:
        limits: What an upload may bring.
        now: The clock, for tests.
    """

    def __init__(
        self,
        repository: ImageRepository,
        files: ImageFiles,
        search: BackdropSearch,
        audit: AuditTrail,
        *,
        limits: IntakeLimits | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._repository = repository
        self._files = files
        self._search = search
        self._audit = audit
        self._limits = limits or IntakeLimits()
        self._now = now

    def add(self, account: Account, tenant_id: str, data: bytes, caption: str) -> Backdrop:
        """Keep a picture in the library.

        Raises:
            AccessError: another role or tenant.
            InputError: the caption is empty or too long (``caption-empty``, ``caption-too-long``), or the picture
                cannot be used; see :func:`services.images.intake.check_image`.
            ConflictError: the library has this picture already (``backdrop-taken``).
            BackendUnavailableError: it could not be stored.
        """
        self._require(account, tenant_id)
        caption = _checked_caption(caption)
        checked = check_image(data, self._limits)
        for known in self._repository.list_backdrops(tenant_id):
            if known.sha256 == checked.sha256:
                raise ConflictError(
                    f"This picture is in the library already, as “{known.caption}”.",
                    code="backdrop-taken",
                    remedy="Use that one, or change its caption.",
                )
        picture = _opaque(open_upright(data))
        file = f"images/{tenant_id}/backdrops/{checked.sha256}"
        backdrop = Backdrop(
            id=uuid.uuid4().hex,
            tenant_id=tenant_id,
            caption=caption,
            file=file,
            preview=f"{file}.preview.jpg",
            sha256=checked.sha256,
            size=checked.size,
            created_at=self._now(),
            created_by=account.username,
        )
        self._files.write(backdrop.file, data)
        self._files.write(backdrop.preview, picture_jpeg(picture))
        # Last, so that the library never lists what is not stored; the files of one that lost this race are its twin's.
        self._repository.insert_backdrop(backdrop)
        self._record("backdrop-added", account, backdrop)
        return backdrop

    def list(self, tenant_id: str) -> list[Backdrop]:
        """The whole library, newest first."""
        return self._repository.list_backdrops(tenant_id)

    def search(self, tenant_id: str, query: str) -> Sequence[tuple[Backdrop, float]]:
        """Backdrops whose captions mean about the same as the query, the nearest first, each with how near, 0 to 1.

        Empty when nothing is close. Words that stand in a caption always find it.

        Raises:
            BackendError: captions cannot be compared now.
        """
        backdrops = self._repository.list_backdrops(tenant_id)
        if not query.strip() or not backdrops:
            return []
        scores = self._search.rank(query, [backdrop.caption for backdrop in backdrops])
        found = [
            (backdrop, min(max(score, 0.0), 1.0))
            for backdrop, score in zip(backdrops, scores, strict=True)
            if score >= self._search.floor
        ]
        return sorted(found, key=lambda one: -one[1])

    def rename(self, account: Account, tenant_id: str, backdrop_id: str, caption: str) -> None:
        """Change the caption. Raises AccessError, InputError as :meth:`add`, NotFoundError."""
        self._require(account, tenant_id)
        caption = _checked_caption(caption)
        backdrop = self._repository.get_backdrop(tenant_id, backdrop_id)
        self._repository.rename_backdrop(tenant_id, backdrop_id, caption)
        self._record("backdrop-renamed", account, backdrop)

    def delete(self, account: Account, tenant_id: str, backdrop_id: str) -> None:
        """Take it out of the library. Raises AccessError, NotFoundError, BackendUnavailableError."""
        self._require(account, tenant_id)
        backdrop = self._repository.get_backdrop(tenant_id, backdrop_id)
        self._repository.delete_backdrop(tenant_id, backdrop_id)
        self._files.delete(backdrop.preview)
        self._files.delete(backdrop.file)
        self._record("backdrop-deleted", account, backdrop)

    def preview(self, tenant_id: str, backdrop: Backdrop) -> bytes:
        """A small JPEG. Raises NotFoundError (also for another tenant's), BackendUnavailableError."""
        return self._files.read(self._repository.get_backdrop(tenant_id, backdrop.id).preview)

    def picture(self, tenant_id: str, backdrop_id: str) -> Image.Image:
        """The picture, RGB and upright. Raises NotFoundError, BackendUnavailableError."""
        backdrop = self._repository.get_backdrop(tenant_id, backdrop_id)
        return _opaque(open_upright(self._files.read(backdrop.file)))

    def library(self, tenant_id: str) -> Sequence[LibraryPicture]:
        """The whole library as a generator takes it; nothing is read before a picture is opened."""
        return [
            LibraryPicture(backdrop.caption, partial(self.picture, tenant_id, backdrop.id))
            for backdrop in self._repository.list_backdrops(tenant_id)
        ]

    @staticmethod
    def _require(account: Account, tenant_id: str) -> None:
        require_role(account, Role.MARKETER)
        require_tenant(account, tenant_id)

    def _record(self, action: str, account: Account, backdrop: Backdrop) -> None:
        self._audit.record(action, username=account.username, tenant_id=backdrop.tenant_id, subject=backdrop.id)


def _checked_caption(caption: str) -> str:
    caption = " ".join(caption.split())
    if not caption:
        raise InputError(
            "The backdrop has no caption.",
            code="caption-empty",
            remedy="Say in a few words what the picture shows; it is found by them.",
        )
    if len(caption) > LONGEST_CAPTION_CHARACTERS:
        raise InputError(
            f"The caption is longer than {LONGEST_CAPTION_CHARACTERS} characters.",
            code="caption-too-long",
            remedy="Shorten it.",
        )
    return caption


def _opaque(picture: Image.Image) -> Image.Image:
    """Over white where it is transparent: behind a product there is always something."""
    if picture.mode == "RGB":
        return picture
    white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
