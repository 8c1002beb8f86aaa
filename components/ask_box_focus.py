"""Puts the cursor into the ask box when a conversation opens, so that an agent can type at once."""

from __future__ import annotations

import streamlit as st

_JS = """
const PATIENCE_MILLISECONDS = 3000;
const BOX = '[data-testid="stChatInputTextArea"]';
let focusedFor;

export default function ({ data }) {
  // A phone would open its keyboard over the page.
  if (data.conversation === focusedFor || !matchMedia("(hover: hover) and (pointer: fine)").matches) return;
  focusedFor = data.conversation;
  const started = Date.now();
  // While a page is drawn anew its boxes come and go, so that one look would not do.
  const timer = setInterval(() => {
    const active = document.activeElement;
    const elsewhere = active && active !== document.body && !active.matches(BOX) && active.matches("input, textarea");
    if (elsewhere || Date.now() - started > PATIENCE_MILLISECONDS) {
      clearInterval(timer);
    } else if (!active?.matches(BOX)) {
      [...document.querySelectorAll(BOX)].filter((box) => !box.disabled).pop()?.focus({ preventScroll: true });
    }
  }, 100);
}
"""

_ask_box_focus = st.components.v2.component("frontline_ask_box_focus", js=_JS)


def focus_ask_box(conversation_id: str | None) -> None:
    """Focus the ask box once for this conversation, unless the person types somewhere else."""
    _ask_box_focus(key="answer.ask.focus", data={"conversation": conversation_id or "new"}, height=1)
