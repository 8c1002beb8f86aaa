"""What only the browser can do for sign-in: have the server set or drop the cookie, and go to another address.

The cookie is one that scripts cannot read, so the server sets it, and a page can but ask the browser to fetch that.
"""

from __future__ import annotations

import streamlit as st

SESSION_ADDRESS = "/sign-in/session"

_JS = """
const begun = new Set();
let turn = Promise.resolve();

async function fetchUntilAnswered(address, options) {
  for (let pause = 250; pause < 30000; pause *= 2) {
    try {
      const response = await fetch(address, { ...options, credentials: "same-origin", cache: "no-store" });
      if (response.status < 500) return;
    } catch { /* no connection at the moment */ }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

export default function ({ data, parentElement }) {
  const place = (parentElement.host ?? parentElement).closest?.('[data-testid="stElementContainer"]');
  if (place) place.style.display = "none"; // it would leave a gap where nothing is to be seen
  if (begun.has(data.errand)) return;
  begun.add(data.errand);
  if (data.goTo) {
    window.location.assign(data.goTo);
    return;
  }
  const options = data.ticket
    ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ticket: data.ticket }) }
    : { method: "DELETE" };
  // One after the other: signing out and in again must not end with the cookie of the first.
  turn = turn.then(() => fetchUntilAnswered(data.address, options));
}
"""

_errand = st.components.v2.component("frontline_browser_errand", html="<span></span>", js=_JS)


def keep_session(errand: str, ticket: str) -> None:
    """Have the browser get the cookie for this ticket; drawn again under the same errand it does nothing."""
    _draw("cookie", {"errand": errand, "address": SESSION_ADDRESS, "ticket": ticket})


def drop_session(errand: str) -> None:
    """Have the browser lose the cookie of a session that is over; once for each errand."""
    _draw("cookie", {"errand": errand, "address": SESSION_ADDRESS})


def go_to(errand: str, url: str) -> None:
    """Have the browser leave for this address, in the same tab; once for each errand."""
    _draw("away", {"errand": errand, "goTo": url})


def _draw(kind: str, data: dict[str, str]) -> None:
    _errand(key=f"browser_errand.{kind}", data=data, height="content")
