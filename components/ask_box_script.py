"""What the ask box does beyond Streamlit's own: it takes the cursor, and unsent text survives a reload.

Unsent text is kept in the browser tab's session storage, under the account and tenant, and forgotten when it is sent or
when the tab is closed; it never leaves the browser before it is sent.
"""

from __future__ import annotations

import streamlit as st

_JS = """
const PATIENCE_MILLISECONDS = 3000;
const BOX = '[data-testid="stChatInputTextArea"]';
const SEND = '[data-testid="stChatInputSubmitButton"]';
const PREFIX = "frontline.unsent.";
let focusedFor;
let owner;
let listening = false;

const newestBox = () => [...document.querySelectorAll(BOX)].filter((box) => !box.disabled).pop();

function listen() {
  if (listening) return;
  listening = true;
  const forget = () => sessionStorage.removeItem(PREFIX + owner);
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.(BOX)) return;
    if (event.target.value) sessionStorage.setItem(PREFIX + owner, event.target.value);
    else forget();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches?.(BOX)) forget();
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.(SEND)) forget();
  }, true);
}

function restore() {
  const text = sessionStorage.getItem(PREFIX + owner);
  const box = newestBox();
  if (!text || !box || box.value) return;
  // React keeps its own copy of the value and notices a change only through the element's own setter and an event.
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, text);
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

export default function ({ data }) {
  const arrived = owner !== data.owner;
  owner = data.owner;
  listen();
  const started = Date.now();
  // A phone would open its keyboard over the page.
  const focuses = data.conversation !== focusedFor && matchMedia("(hover: hover) and (pointer: fine)").matches;
  focusedFor = data.conversation;
  if (!focuses && !arrived) return;
  // While a page is drawn anew its boxes come and go, so that one look would not do.
  const timer = setInterval(() => {
    if (arrived) restore();
    const active = document.activeElement;
    const elsewhere = active && active !== document.body && !active.matches(BOX) && active.matches("input, textarea");
    if (elsewhere || Date.now() - started > PATIENCE_MILLISECONDS) {
      clearInterval(timer);
    } else if (focuses && !active?.matches(BOX)) {
      newestBox()?.focus({ preventScroll: true });
    }
  }, 100);
}
"""

_ask_box_script = st.components.v2.component("frontline_ask_box", js=_JS)


def attend_ask_box(conversation_id: str | None, owner: str) -> None:
    """Focus the ask box once for this conversation, and keep its unsent text for this owner.

    Args:
        owner: Account and tenant; text of one is never shown to another in the same browser tab.
    """
    _ask_box_script(key="answer.ask.script", data={"conversation": conversation_id or "new", "owner": owner}, height=1)
