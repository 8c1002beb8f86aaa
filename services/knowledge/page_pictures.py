"""Pictures of PDF pages, drawn in a child process: a file that crashes its reader must not take the web along."""

from __future__ import annotations

from collections.abc import Sequence

from services.errors import InputError
from services.knowledge.loading.child_pool import ChildDiedError, ChildPool
from services.logs import get_logger

DRAW_SECONDS = 20.0
DRAW_MEMORY_BYTES = 1_000_000_000
_DRAW = "services.knowledge.page_pictures:draw_or_refuse"

_log = get_logger(__name__)


class PagePictures:
    """Draws pages of PDF files. Safe to call from many threads; the child starts with the first page.

    Args:
        seconds: Longest time for one page, wall-clock.
    """

    def __init__(self, *, seconds: float = DRAW_SECONDS) -> None:
        modules = ("services.knowledge.page_pictures", "services.knowledge.page_images")
        self._pool = ChildPool(modules, seconds=seconds, memory_bytes=DRAW_MEMORY_BYTES, processes=1)

    def draw(self, pdf: bytes, page: int, *, marked: Sequence[str] = ()) -> bytes:
        """A PNG of one page, counted from 1, with these words marked where they stand on it.

        Raises:
            InputError: there is no such page, or the file cannot be drawn.
        """
        try:
            drawn: bytes | tuple[str, str, str] = self._pool.call(_DRAW, pdf, page, tuple(marked))
        except ChildDiedError as exc:
            _log.warning("page not drawn", death=exc.death, detail=exc.detail)
            raise InputError("The page cannot be drawn.", code="pdf-damaged", remedy="Open the original file.") from exc
        if isinstance(drawn, bytes):
            return drawn
        code, cause, remedy = drawn
        raise InputError(cause, code=code, remedy=remedy)

    def close(self) -> None:
        """End the child."""
        self._pool.close()


def draw_or_refuse(pdf: bytes, page: int, marked: tuple[str, ...]) -> bytes | tuple[str, str, str]:
    """What the child does: the picture, or code, cause and remedy of why there is none."""
    from services.knowledge.page_images import draw_page

    try:
        return draw_page(pdf, page, marked=marked)
    except InputError as error:
        return error.code, error.message_for_user, error.remedy
