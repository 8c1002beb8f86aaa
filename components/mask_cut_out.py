"""A product on transparency, drawn over a checkered ground, so that dark and light products are seen in any theme."""

from __future__ import annotations

import streamlit as st

from components.image_events import data_url

_HTML = '<div class="ground"><img draggable="false"></div>'

_CSS = """
.ground { overflow: hidden; border-radius: var(--st-base-radius); border: 1px solid var(--st-border-color);
  background: repeating-conic-gradient(#d9dfdd 0 25%, #ffffff 0 50%) 0 0 / 16px 16px; box-sizing: border-box;
  aspect-ratio: 1; }
img { display: block; width: 100%; height: 100%; object-fit: contain; }
"""

_JS = """
export default function ({ data, parentElement }) {
  const image = parentElement.querySelector("img");
  if (image.getAttribute("src") !== data.picture) image.src = data.picture;
  image.alt = data.alt;
}
"""

_cut_out = st.components.v2.component("frontline_cut_out", html=_HTML, css=_CSS, js=_JS)


def draw_cut_out(picture: bytes, *, alt: str, key: str) -> None:
    """Draw the picture within a square as wide as its place.

    Args:
        picture: PNG with transparent parts.
        alt: What is seen, for those who do not see.
    """
    _cut_out(key=key, data={"picture": data_url(picture), "alt": alt})
