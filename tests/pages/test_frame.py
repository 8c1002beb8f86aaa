"""The frame around the pages, through main.py: sign-in, menu, roles, errors."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st

from components import session_keys
from services.access.models import Role
from services.bootstrap import Services
from tests.pages.frame_driver import PASSWORD, enter_as, open_app, sign_in, signed_in, titles, use_settings

ANSWER_PAGE = "../pages/answer_questions.py"


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Services:
    return use_settings(monkeypatch, tmp_path, demo="1")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Services:
    built = use_settings(monkeypatch, tmp_path, demo="0")
    built.accounts.add_tenant("clinic", "Harborview *Clinic*")
    built.accounts.add_account("bo", display_name="Bo Lind", role=Role.AGENT, tenant_ids=["clinic"], password=PASSWORD)
    return built


def test_sign_in_page_comes_first_and_shows_nothing_else(installed: Services) -> None:
    app = open_app()
    assert titles(app) == ["Sign in to Frontline"]
    assert not signed_in(app)
    assert not app.sidebar.selectbox
    assert not app.exception


def test_sample_accounts_are_offered_only_in_demo_mode(installed: Services) -> None:
    installed.accounts.ensure_sample_accounts()
    app = open_app()
    assert not [button for button in app.button if (button.key or "").startswith(session_keys.SAMPLE_BUTTON)]


def test_one_click_opens_the_first_page_of_the_role(demo: Services) -> None:
    app = enter_as(open_app(), "ana.reyes")
    assert signed_in(app)
    assert "Sign in to Frontline" not in titles(app)
    assert not app.exception


def test_password_opens_the_app(installed: Services) -> None:
    app = sign_in(open_app(), "BO", PASSWORD)
    assert signed_in(app)
    assert app.session_state["authentication_status"] is True
    assert app.session_state["username"] == "bo"


def test_wrong_password_says_so_and_keeps_the_form(installed: Services) -> None:
    app = sign_in(open_app(), "bo", "a wrong password")
    assert "The user name or the password is wrong" in app.error[0].value
    assert app.text_input(key=session_keys.USERNAME_FIELD).value == "bo"
    assert not signed_in(app)


def test_empty_form_asks_for_both_fields(installed: Services) -> None:
    app = sign_in(open_app(), "bo", "")
    assert "Enter your user name and your password" in app.error[0].value


def test_too_many_failures_tell_how_long_to_wait(installed: Services) -> None:
    for _ in range(5):
        with pytest.raises(Exception, match="wrong"):
            installed.sign_in.sign_in("bo", "guess", "local", check=lambda *_: False)
    app = sign_in(open_app(), "bo", PASSWORD)
    assert "Too many failed sign\\-ins" in app.error[0].value
    assert "Wait about 15 minutes" in app.error[0].value
    assert not signed_in(app)


def test_sign_out_empties_the_tab(demo: Services) -> None:
    app = enter_as(open_app(), "ana.reyes")
    app.session_state["draft of somebody"] = "private"
    token = app.session_state[session_keys.SESSION_TOKEN]
    app.button(key=session_keys.SIGN_OUT_BUTTON).click().run()
    assert titles(app) == ["Sign in to Frontline"]
    assert "draft of somebody" not in app.session_state
    assert demo.sign_in.resume(token) is None


def test_disabled_person_is_out_at_the_next_click(installed: Services) -> None:
    app = sign_in(open_app(), "bo", PASSWORD)
    installed.accounts.disable_account("bo")
    app.run()
    assert not signed_in(app)
    assert "Your session has ended" in app.info[0].value


def test_page_opens_directly_after_sign_in(demo: Services) -> None:
    app = open_app()
    app.switch_page(ANSWER_PAGE).run()
    assert titles(app) == ["Sign in to Frontline"]
    enter_as(app, "ana.reyes")
    assert signed_in(app)
    assert not app.exception


def test_page_of_another_role_says_so_and_stays_closed(demo: Services) -> None:
    app = enter_as(open_app(), "mila.novak")
    app.switch_page(ANSWER_PAGE).run()
    assert "This page is not for your role" in app.warning[0].value
    assert titles(app) == ["Answer questions"]
    assert signed_in(app)


def test_administrator_opens_every_page(demo: Services) -> None:
    app = enter_as(open_app(), "grace.lin")
    assert signed_in(app)
    assert not app.warning


def test_person_with_several_tenants_chooses_one(demo: Services) -> None:
    app = enter_as(open_app(), "ana.reyes")
    assert app.selectbox(key=session_keys.TENANT).options == ["Harborview Pharmacy", "Harborview Clinic"]
    app.selectbox(key=session_keys.TENANT).set_value("clinic").run()
    assert app.session_state[session_keys.VIEWER].tenant.id == "clinic"


def test_only_tenant_is_named_without_a_choice_and_without_markup(installed: Services) -> None:
    app = sign_in(open_app(), "bo", PASSWORD)
    assert not app.sidebar.selectbox
    assert any(r"Harborview \*Clinic\*" in text.value for text in app.sidebar.markdown)


def test_wrong_setting_is_explained_instead_of_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, demo: Services
) -> None:
    st.cache_resource.clear()
    monkeypatch.setenv("FRONTLINE_COOKIE_SECRET", "short")
    app = open_app()
    assert "FRONTLINE\\_COOKIE\\_SECRET" in app.error[0].value
    assert "Reference" in app.error[0].value
    assert not app.exception
