"""What the browser does beyond Streamlit's own: the ask box takes the cursor, and unsent text survives a reload.

Unsent text is kept in the browser tab's session storage, under the account and tenant, and forgotten when it is sent or
when the tab is closed. A question never leaves the browser before it is sent; an edited answer, which is kept anyway
when its field is left, is sent when the page was loaded anew before that.

Of two questions that reach the server at the same moment Streamlit would keep the second one only. So a question that
is asked before the server has heard the one before is held here, in sight, and sent after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

_KEY = "answer.ask.script"
_HTML = '<div role="status"></div>'
_CSS = "div { font-family: var(--st-font); font-size: 0.8rem; color: var(--st-text-color); opacity: 0.75; }"
_JS = """
const PATIENCE_MILLISECONDS = 3000;
const SENDING_MILLISECONDS = 500;
const HEARING_MILLISECONDS = 10000;
const BOX = '[data-testid="stChatInputTextArea"]';
const SEND = '[data-testid="stChatInputSubmitButton"]';
const EDITOR = '[class*="st-key-answer-edit-"]';
const FIELD = EDITOR + " textarea";
const QUESTION = "frontline.unsent.";
const HELD = "frontline.held.";
const EDIT = "frontline.edit.";
const seen = new WeakSet();
let focusedFor;
let owner;
let listening = false;
let heard = 0;
let sentAt = 0;
let touchedAt = 0;
let trigger;
let notice;

const newestBox = () => [...document.querySelectorAll(BOX)].filter((box) => !box.disabled).pop();
const editKey = (field) =>
  EDIT + owner + "." + field.closest(EDITOR).className.match(/st-key-answer-edit-(\\w+)/)?.[1];

function write(box, text) {
  // React keeps its own copy of the value and notices a change only through the element's own setter and an event.
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, text);
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

const heldQuestions = () => JSON.parse(sessionStorage.getItem(HELD + owner) ?? "[]");

function hold(questions) {
  sessionStorage.setItem(HELD + owner, JSON.stringify(questions));
  notice.textContent = questions.length ? "Waiting to be sent: " + questions.join(" · ") : "";
}

function sendHeld() {
  const questions = heldQuestions();
  if (!questions.length || Date.now() - sentAt < HEARING_MILLISECONDS) return;
  sentAt = Date.now();
  trigger("questions", questions);
  hold([]);
}

function listen() {
  if (listening) return;
  listening = true;
  // Sent is what Streamlit took out of the box; while there is no connection it leaves the text where it is.
  const forgetIfSent = () => setTimeout(() => {
    if (!newestBox()?.value) sessionStorage.removeItem(QUESTION + owner);
  });
  document.addEventListener("input", (event) => {
    const key = event.target.matches?.(BOX) ? QUESTION + owner : event.target.matches?.(FIELD) && editKey(event.target);
    if (!key) return;
    if (event.target.value || key.startsWith(EDIT)) sessionStorage.setItem(key, event.target.value);
    else sessionStorage.removeItem(key);
  }, true);
  const send = (event, box) => {
    if (!box?.value.trim()) return;
    if (Date.now() - sentAt < HEARING_MILLISECONDS) {
      event.preventDefault();
      event.stopImmediatePropagation();
      hold([...heldQuestions(), box.value]);
      write(box, "");
    } else {
      sentAt = Date.now();
      forgetIfSent();
    }
  };
  document.addEventListener("keydown", (event) => {
    const sends = event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches?.(BOX);
    if (sends) send(event, event.target);
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.(SEND)) send(event, newestBox());
  }, true);
  document.addEventListener("focusout", (event) => {
    if (!event.target.matches?.(FIELD)) return;
    const key = editKey(event.target);
    const sent = event.target.value;
    setTimeout(() => sessionStorage.getItem(key) === sent && sessionStorage.removeItem(key), SENDING_MILLISECONDS);
  }, true);
  for (const name of ["pointerdown", "keydown"]) {
    document.addEventListener(name, () => { touchedAt = Date.now(); }, true);
  }
}

function restoreQuestion() {
  const box = newestBox();
  if (!box || seen.has(box)) return;
  seen.add(box);
  const text = sessionStorage.getItem(QUESTION + owner);
  if (text && !box.value) write(box, text);
}

function sendEdits() {
  const prefix = EDIT + owner + ".";
  const keys = Object.keys(sessionStorage).filter((key) => key.startsWith(prefix));
  if (!keys.length) return;
  trigger("edits", Object.fromEntries(keys.map((key) => [key.slice(prefix.length), sessionStorage[key]])));
  keys.forEach((key) => sessionStorage.removeItem(key));
}

export default function ({ data, parentElement, setTriggerValue }) {
  const arrived = owner !== data.owner;
  owner = data.owner;
  trigger = setTriggerValue;
  notice = parentElement.querySelector("div");
  listen();
  if (arrived || heard !== data.heard) sentAt = 0;
  heard = data.heard;
  if (arrived) sendEdits();
  sendHeld();
  restoreQuestion();
  const started = Date.now();
  // A phone would open its keyboard over the page.
  const focuses = data.focus !== focusedFor && matchMedia("(hover: hover) and (pointer: fine)").matches;
  focusedFor = data.focus;
  if (!focuses && !arrived) return;
  // While a page is drawn anew its boxes come and go, so that one look would not do.
  const timer = setInterval(() => {
    restoreQuestion();
    if (touchedAt > started || Date.now() - started > PATIENCE_MILLISECONDS) {
      clearInterval(timer);
    } else if (focuses && !document.activeElement?.matches(BOX)) {
      newestBox()?.focus({ preventScroll: true });
    }
  }, 100);
}
"""

_ask_box_script = st.components.v2.component("frontline_ask_box", html=_HTML, css=_CSS, js=_JS)


def attend_ask_box(
    owner: str,
    *,
    focus: int,
    heard: int,
    on_questions: Callable[[Sequence[str]], None],
    on_edits: Callable[[Mapping[str, str]], None],
) -> None:
    """Focus the ask box once for each new number, and keep unsent text for this owner.

    Args:
        owner: Account and tenant; text of one is never shown to another in the same browser tab.
        focus: Another number than before takes the cursor into the box.
        heard: Another number than before says that what was sent has arrived.
        on_questions: Called with questions that were held until then.
        on_edits: Called with the texts of answers that were being edited when the page was loaded anew, by answer id.
    """

    def report_questions() -> None:
        questions = st.session_state[_KEY].get("questions")
        if questions:
            on_questions(questions)

    def report_edits() -> None:
        edits = st.session_state[_KEY].get("edits")
        if edits:
            on_edits(edits)

    _ask_box_script(
        key=_KEY,
        data={"owner": owner, "focus": focus, "heard": heard},
        on_questions_change=report_questions,
        on_edits_change=report_edits,
        height="content",
    )
