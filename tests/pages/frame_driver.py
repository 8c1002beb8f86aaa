"""Drives the whole app through AppTest: settings, start, sign-in."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys
from components.wiring import services
from services.bootstrap import Services

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"
TIMEOUT_SECONDS = 30
PASSWORD = "correct horse battery"


def use_settings(monkeypatch: pytest.MonkeyPatch, home: Path, **settings: str) -> Services:
    """Build the services anew for these settings, as the app's own runs will find them."""
    st.cache_resource.clear()
    monkeypatch.setenv("FRONTLINE_HOME", str(home))
    for name, value in settings.items():
        monkeypatch.setenv(f"FRONTLINE_{name.upper()}", value)
    return services()


def open_app() -> AppTest:
    """The app as a person finds it who comes to the root address."""
    return AppTest.from_file(str(MAIN), default_timeout=TIMEOUT_SECONDS).run()


def enter_as(app: AppTest, username: str) -> AppTest:
    """One click on a sample account."""
    return app.button(key=session_keys.SAMPLE_BUTTON + username).click().run()


def sign_in(app: AppTest, username: str, password: str) -> AppTest:
    """Fill in the form and send it."""
    app.text_input(key=session_keys.USERNAME_FIELD).set_value(username)
    app.text_input(key=session_keys.PASSWORD_FIELD).set_value(password)
    return app.button(key=session_keys.SIGN_IN_BUTTON).click().run()


def titles(app: AppTest) -> list[str]:
    """The page titles on the screen."""
    return [title.value for title in app.title]


def signed_in(app: AppTest) -> bool:
    """Whether the frame of a signed-in person is there."""
    return any(button.key == session_keys.SIGN_OUT_BUTTON for button in app.button)
