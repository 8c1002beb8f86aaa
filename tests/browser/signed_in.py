"""Whether the browser knows by itself that somebody is signed in."""

from __future__ import annotations

from playwright.sync_api import Page

from components.session_token import COOKIE_NAME

_LOOKS = 300


def wait_for_cookie(page: Page) -> None:
    """Wait until the browser has the sign-in cookie, which comes last: without it no file is taken."""
    for _ in range(_LOOKS):
        if any(cookie.get("name") == COOKIE_NAME for cookie in page.context.cookies()):
            return
        page.wait_for_timeout(100)
    raise AssertionError("the browser never got the sign-in cookie")
