"""The background of a run in a few words, with the caption where it is a picture of the brand library."""

from __future__ import annotations

from components.batch_words import wish_title
from components.markdown_text import in_one_line
from components.wiring import Services
from services.images.background_models import Backdrop, BackgroundKind, BackgroundWish


def background_title(app: Services, tenant_id: str, wish: BackgroundWish) -> str:
    """What was asked for; Markdown."""
    backdrop = chosen_backdrop(app, tenant_id, wish)
    return f"Brand library: {in_one_line(backdrop.caption, 80)}" if backdrop else wish_title(wish)


def chosen_backdrop(app: Services, tenant_id: str, wish: BackgroundWish) -> Backdrop | None:
    """The picture of the library that was asked for; None when it was deleted, or something else was asked for."""
    if wish.kind is not BackgroundKind.BACKDROP:
        return None
    return next((one for one in app.backdrops.list(tenant_id) if one.id == wish.backdrop_id), None)
