"""A photo with its labels drawn on it; a click on one keeps or drops it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from components.image_events import OUTBOX_SCRIPT, data_url, heard_number, mark_heard, unheard_events
from services.images.mask_models import Box

_HTML = '<div class="photo"><img draggable="false"><div class="boxes"></div></div>'

_CSS = """
.photo { position: relative; margin: 0 auto; border-radius: var(--st-base-radius); overflow: hidden;
  background: var(--st-secondary-background-color); }
img { display: block; width: 100%; height: 100%; }
button { position: absolute; padding: 0; font: 600 0.75rem/1.25 var(--st-font); text-align: left; cursor: pointer;
  background: transparent; border: 2px solid #ffffff; border-radius: 4px; outline: 1px solid rgba(0, 0, 0, 0.6);
  overflow: visible; box-sizing: border-box; }
button span { position: absolute; left: -2px; max-width: 11rem; padding: 0.1rem 0.4rem; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; color: #ffffff; background: #0f6b64; border-radius: 4px 4px 4px 0; }
button[data-tag="above"] span { bottom: 100%; }
button[data-tag="inside"] span { top: -2px; }
button[data-side="right"] span { left: auto; right: -2px; }
button[aria-pressed="true"] { border-color: #35c9b5; }
button[aria-pressed="false"] { border-style: dashed; border-color: #ffffff; background: repeating-linear-gradient(
  -45deg, rgba(20, 26, 25, 0.5) 0 6px, rgba(20, 26, 25, 0.36) 6px 12px); }
button[aria-pressed="false"] span { background: #3a4643; text-decoration: line-through; }
button:hover { box-shadow: 0 0 0 3px rgba(255, 255, 255, 0.65); z-index: 2; }
button:focus-visible { outline: 3px solid #ffffff; box-shadow: 0 0 0 6px #0f6b64; z-index: 3; }
.photo[data-waiting="true"] .boxes { opacity: 0.75; }
"""

_JS = (
    OUTBOX_SCRIPT
    + """
export default function ({ data, parentElement, setStateValue }) {
  const photo = parentElement.querySelector(".photo");
  const image = parentElement.querySelector("img");
  const boxes = parentElement.querySelector(".boxes");
  const sent = outbox(parentElement, data.heard, setStateValue);
  const kept = new Map(data.labels.map((label) => [label.id, label.kept]));
  for (const event of sent.events) kept.set(event.id, event.keeps);
  if (image.getAttribute("src") !== data.picture) image.src = data.picture;
  image.alt = data.name;
  photo.style.aspectRatio = data.width + " / " + data.height;
  photo.style.maxWidth = "calc(" + data.tallest + "rem * " + data.width / data.height + ")";
  const focused = parentElement.activeElement?.dataset.id;
  const draw = () => {
    photo.dataset.waiting = sent.events.length > 0;
    boxes.replaceChildren(...data.labels.map((label) => {
      const button = document.createElement("button");
      const keeps = kept.get(label.id);
      const { left, top, width, height } = label.box;
      button.type = "button";
      button.dataset.id = label.id;
      button.dataset.tag = top > 0.1 ? "above" : "inside";
      button.dataset.side = left > 0.6 ? "right" : "left";
      Object.assign(button.style, {
        left: left * 100 + "%", top: top * 100 + "%", width: width * 100 + "%", height: height * 100 + "%",
      });
      // A small box lies over a large one, so that both can be clicked.
      button.style.zIndex = width * height < 0.2 ? 1 : 0;
      button.setAttribute("aria-pressed", keeps);
      button.setAttribute("aria-label", label.name + (keeps ? ", kept" : ", dropped"));
      button.title = (keeps ? "Drop " : "Keep ") + label.name;
      const tag = document.createElement("span");
      tag.textContent = label.name;
      button.append(tag);
      button.onclick = () => {
        kept.set(label.id, !keeps);
        sent.send({ id: label.id, keeps: !keeps });
        draw();
        [...boxes.children].find((one) => one.dataset.id === label.id)?.focus();
      };
      return button;
    }));
  };
  draw();
  if (focused) [...boxes.children].find((one) => one.dataset.id === focused)?.focus();
}
"""
)

_label_boxes = st.components.v2.component("frontline_label_boxes", html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True, slots=True)
class DrawnLabel:
    """A label as it stands on the picture."""

    id: str
    name: str
    box: Box
    kept: bool


def draw_label_boxes(
    picture: bytes,
    labels: Sequence[DrawnLabel],
    *,
    name: str,
    size: tuple[int, int],
    key: str,
    on_choice: Callable[[str, bool], object],
    tallest_rem: float = 18,
) -> None:
    """Draw the photo.

    Args:
        picture: PNG or JPEG.
        name: What the photo is called.
        size: Its (width, height); only their ratio counts.
        key: Its key in the session state; another picture needs another key.
        on_choice: Called with the id of a label and whether it is to be kept.
        tallest_rem: How tall the photo may be.
    """
    known = {label.id for label in labels}

    def report() -> None:
        for event in unheard_events(key):
            if event.get("id") in known:
                on_choice(event["id"], bool(event.get("keeps")))
            mark_heard(key, event)

    _label_boxes(
        key=key,
        data={
            "picture": data_url(picture),
            "name": name,
            "width": max(size[0], 1),
            "height": max(size[1], 1),
            "tallest": tallest_rem,
            "heard": heard_number(key),
            "labels": [
                {
                    "id": label.id,
                    "name": label.name,
                    "kept": label.kept,
                    "box": {side: getattr(label.box, side) for side in ("left", "top", "width", "height")},
                }
                for label in labels
            ],
        },
        on_events_change=report,
    )
