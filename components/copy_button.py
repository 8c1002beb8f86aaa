"""A button that puts a text on the clipboard and tells Python that it did."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

_HTML = """
<button type="button">
  <svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true" focusable="false">
    <path data-state="ready" d="M9 18q-.8 0-1.4-.6T7 16V4q0-.8.6-1.4T9 2h9q.8 0 1.4.6T20 4v12q0 .8-.6 1.4T18
      18zm0-2h9V4H9zm-4 6q-.8 0-1.4-.6T3 20V6h2v14h11v2z"/>
    <path data-state="copied" d="m9.5 18-5.7-5.7 1.4-1.4 4.3 4.3L18.8 5.9l1.4 1.4z"/>
  </svg>
  <span></span>
  <kbd aria-hidden="true">Alt + C</kbd>
</button>
<span class="announcement" role="status"></span>
"""

_CSS = """
button {
  display: inline-flex; align-items: center; gap: 0.5rem; min-height: 2.5rem; padding: 0.25rem 0.75rem;
  font-family: var(--st-font); font-size: 0.875rem; line-height: 1.6; white-space: nowrap; cursor: pointer;
  color: #ffffff; background: var(--st-primary-color);
  border: 1px solid var(--st-primary-color); border-radius: var(--st-button-radius);
}
button:hover { filter: brightness(0.92); }
button:focus-visible {
  outline: 3px solid color-mix(in srgb, var(--st-primary-color) 50%, transparent); outline-offset: 1px;
}
svg { fill: currentColor; }
path { display: none; }
kbd { display: none; font-family: inherit; opacity: 0.75; }
@media (hover: hover) and (min-width: 641px) { button[aria-keyshortcuts] kbd { display: inline; } }
.announcement { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
button[data-state="ready"] path[data-state="ready"],
button[data-state="copied"] path[data-state="copied"] { display: inline; }
"""

_JS = """
function copyWithoutClipboardApi(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.setAttribute("readonly", "");
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.appendChild(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyWithoutClipboardApi(text);
  }
}

export default function ({ parentElement, data, setTriggerValue }) {
  const button = parentElement.querySelector("button");
  const label = button.querySelector("span");
  const announcement = parentElement.querySelector(".announcement");
  const show = (state, words) => {
    button.dataset.state = state;
    label.textContent = words;
  };
  show(data.copied ? "copied" : "ready", data.copied ? "Copied" : "Copy");
  const copyNow = async () => {
    const copied = await copy(data.text);
    button.focus();
    show(copied ? "copied" : "ready", copied ? "Copied" : "Select the text and copy it");
    announcement.textContent = label.textContent;
    if (copied) setTriggerValue("copied", data.text);
  };
  button.onclick = copyNow;
  if (!data.shortcut) {
    button.removeAttribute("aria-keyshortcuts");
    return;
  }
  button.setAttribute("aria-keyshortcuts", "Alt+C");
  const onKey = (event) => {
    if (event.altKey && event.code === "KeyC" && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      copyNow();
    }
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
"""

_copy_button = st.components.v2.component("frontline_copy_button", html=_HTML, css=_CSS, js=_JS)


def draw_copy_button(
    text: str, *, key: str, copied: bool, on_copied: Callable[[str], None], shortcut: bool = False
) -> None:
    """Draw the button.

    Args:
        text: What it puts on the clipboard.
        key: Its key in the session state.
        copied: Whether exactly this text was copied before; the button says so.
        on_copied: Called with the text once the browser has it on the clipboard.
        shortcut: Whether Alt+C presses it; for one button of a page only.
    """

    def report() -> None:
        copied_text = st.session_state[key].get("copied")
        if copied_text:
            on_copied(copied_text)

    data = {"text": text, "copied": copied, "shortcut": shortcut}
    _copy_button(key=key, data=data, on_copied_change=report, width="content")
