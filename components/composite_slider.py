"""A photo before and after, one over the other, with an edge between them that can be moved."""

from __future__ import annotations

import streamlit as st

from components.image_events import data_url

_HTML = """
<div class="pair">
  <img class="after" draggable="false">
  <img class="before" draggable="false">
  <span class="tag left" aria-hidden="true">Before</span>
  <span class="tag right" aria-hidden="true">After</span>
  <span class="edge" aria-hidden="true"><svg viewBox="0 0 24 24"><path d="m9 7-5 5 5 5zm6 0 5 5-5 5z"/></svg></span>
  <input type="range" min="0" max="100" step="1">
</div>
"""

_CSS = """
.pair { --at: 50%; position: relative; overflow: hidden; border-radius: var(--st-base-radius); max-height: 30rem;
  margin: 0 auto; border: 1px solid var(--st-border-color); box-sizing: border-box;
  background: repeating-conic-gradient(#d9dfdd 0 25%, #ffffff 0 50%) 0 0 / 18px 18px; }
img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; display: block; user-select: none; }
.before { clip-path: inset(0 calc(100% - var(--at)) 0 0); background: var(--st-secondary-background-color); }
.edge { position: absolute; top: 0; bottom: 0; left: var(--at); width: 2px; margin-left: -1px; background: #ffffff;
  box-shadow: 0 0 0 1px rgba(0, 0, 0, 0.45); pointer-events: none; }
.edge svg { position: absolute; top: 50%; left: 50%; width: 1.5rem; height: 1.5rem; padding: 0.25rem;
  transform: translate(-50%, -50%); border-radius: 50%; background: #ffffff; fill: #0e1715;
  box-shadow: 0 0 0 1px rgba(0, 0, 0, 0.45); }
.tag { position: absolute; bottom: 0.4rem; padding: 0.1rem 0.45rem; border-radius: 0.3rem; font: 0.75rem var(--st-font);
  color: #ffffff; background: rgba(14, 23, 21, 0.78); pointer-events: none; transition: opacity 0.15s; }
.left { left: 0.4rem; } .right { right: 0.4rem; }
input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: ew-resize;
  touch-action: pan-y; }
.pair:has(input:focus-visible) { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
@media (prefers-reduced-motion: reduce) { .tag { transition: none; } }
"""

_JS = """
export default function ({ data, parentElement }) {
  const pair = parentElement.querySelector(".pair");
  const range = parentElement.querySelector("input");
  const [before, after] = ["before", "after"].map((name) => parentElement.querySelector("." + name));
  const move = () => {
    const at = Number(range.value);
    pair.style.setProperty("--at", at + "%");
    parentElement.querySelector(".left").style.opacity = at < 18 ? 0 : 1;
    parentElement.querySelector(".right").style.opacity = at > 82 ? 0 : 1;
    range.setAttribute("aria-valuetext", (100 - at) + "% after");
  };
  if (pair.dataset.after !== data.after) {
    pair.dataset.after = data.after;
    range.value = data.start;
  }
  if (before.getAttribute("src") !== data.before) before.src = data.before;
  if (after.getAttribute("src") !== data.after) after.src = data.after;
  before.alt = "Before: " + data.name;
  after.alt = "After: " + data.name;
  range.setAttribute("aria-label", "Before and after of " + data.name);
  pair.style.aspectRatio = data.width + " / " + data.height;
  pair.style.maxWidth = "calc(30rem * " + data.width / data.height + ")";
  range.oninput = move;
  move();
}
"""

_slider = st.components.v2.component("frontline_composite_slider", html=_HTML, css=_CSS, js=_JS)


def draw_before_after(
    before: bytes, after: bytes, *, name: str, size: tuple[int, int], key: str, start_percent: int = 25
) -> None:
    """Draw the pair; arrow keys move the edge as a drag does.

    Args:
        before: PNG or JPEG; where it has another shape than ``after``, it stands in the middle.
        after: PNG or JPEG, also with transparent parts.
        name: What the picture is called.
        size: (width, height) of ``after``; only their ratio counts.
        start_percent: How much of the width shows the photo before, at first.
    """
    data = {
        "before": data_url(before),
        "after": data_url(after),
        "name": name,
        "width": max(size[0], 1),
        "height": max(size[1], 1),
        "start": start_percent,
    }
    _slider(key=key, data=data)
