"""What people do on a picture, in order, none lost and none twice.

A browser sends again what the server has not heard yet: of several things that happen while a page is drawn, Streamlit
would keep the last one only. Every event therefore has a number, and travels until the server says that it heard it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import streamlit as st

from components import session_keys

# The part that the scripts of the pictures share: `outbox(root, heard, setStateValue)` keeps what is on its way.
OUTBOX_SCRIPT = """
const outboxes = new WeakMap();

function outbox(root, heard, setStateValue) {
  const box = outboxes.get(root) ?? { events: [], number: 0 };
  outboxes.set(root, box);
  box.number = Math.max(box.number, heard);
  box.events = box.events.filter((event) => event.number > heard);
  box.send = (event) => {
    box.number += 1;
    box.events.push({ ...event, number: box.number });
    setStateValue("events", box.events);
  };
  return box;
}
"""


def unheard_events(key: str) -> list[Mapping[str, Any]]:
    """What happened on the picture of this key and was not heard before, in order; for its callback."""
    events = st.session_state[key].get("events")
    if not isinstance(events, list):
        return []
    heard = heard_number(key)
    new = [event for event in events if isinstance(event, dict) and _number(event) > heard]
    return sorted(new, key=_number)


def heard_number(key: str) -> int:
    """The number of the last event that was heard from the picture of this key; 0 for none."""
    number: int = st.session_state.get(session_keys.PICTURE_HEARD + key, 0)
    return number


def mark_heard(key: str, event: Mapping[str, Any]) -> None:
    """Remember that this event was heard; the picture stops sending it."""
    st.session_state[session_keys.PICTURE_HEARD + key] = max(_number(event), heard_number(key))


def data_url(picture: bytes) -> str:
    """A picture as an address that holds all of it; PNG or JPEG, by its first bytes."""
    media_type = "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"
    return f"data:{media_type};base64,{base64.b64encode(picture).decode()}"


def _number(event: Mapping[str, Any]) -> int:
    number = event.get("number")
    return number if isinstance(number, int) else 0
