"""A background picture of one's own, for this batch only."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from components import session_keys
from components.backdrop_wish import keep_wish, wish_of
from components.batch_actions import action_button
from components.batch_upload import whole_mebibytes
from components.frame import Viewer
from components.wiring import Services
from services.images.models import ImageBatch


def draw_own_picture(app: Services, person: Viewer, batch: ImageBatch) -> None:
    """Draw the field and what is chosen."""
    wish = wish_of(batch)
    file = st.file_uploader(
        "Your picture",
        key=f"{session_keys.BACKDROP_FIELD}own.{batch.id}",
        max_upload_size=whole_mebibytes(app.settings.max_image_bytes),
    )
    st.caption("It fills the whole result; what does not fit is cut off at the sides.")

    def use() -> str:
        name = app.image_batches.keep_picture(person.account, person.tenant.id, file.getvalue() if file else b"")
        keep_wish(batch.id, replace(wish_of(batch), picture=name))
        return "This picture goes behind the products."

    action_button(
        "Use this picture",
        use,
        key=f"{session_keys.BACKDROP_BUTTON}own.{batch.id}",
        icon=":material/check:",
        disabled=file is None,
    )
    if wish.picture:
        st.markdown(":green-badge[:material/check_circle: A picture is chosen]")
