"""The sign-in page beside an identity provider: what it offers, and what it says when somebody was sent back."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components import session_keys
from services.access.models import Role
from services.access.refusals import REFUSALS
from services.bootstrap import Services
from tests.pages.frame_driver import MAIN, PASSWORD, TIMEOUT_SECONDS, open_app, sign_in, signed_in, use_settings
from tests.serving import free_port


def installed_beside_a_provider(monkeypatch: pytest.MonkeyPatch, home: Path, **settings: str) -> Services:
    built = use_settings(
        monkeypatch,
        home,
        **{
            "demo": "0",
            "public_url": "https://frontline.example.com",
            "oidc_metadata_url": f"http://127.0.0.1:{free_port()}/metadata",  # nobody listens
            "oidc_client_id": "frontline",
            "oidc_roles": "admins=admin",
            "oidc_tenants": "*=clinic",
            **settings,
        },
    )
    built.accounts.add_tenant("clinic", "Harborview Clinic")
    built.accounts.add_account("bo", display_name="Bo Lind", role=Role.AGENT, tenant_ids=["clinic"], password=PASSWORD)
    return built


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Services:
    return installed_beside_a_provider(monkeypatch, tmp_path)


def sent_back(code: str, reference: str = "ab12cd34ef") -> AppTest:
    app = AppTest.from_file(str(MAIN), default_timeout=TIMEOUT_SECONDS)
    app.query_params["sign_in_refused"] = code
    app.query_params["sign_in_reference"] = reference
    return app.run()


def buttons(app: AppTest) -> set[str]:
    return {button.key for button in app.button if button.key}


def test_company_account_comes_first_and_a_password_still_works(company: Services) -> None:
    app = open_app()
    assert session_keys.COMPANY_BUTTON in buttons(app)
    assert app.expander[0].label == "Sign in with a password instead"
    assert signed_in(sign_in(app, "bo", PASSWORD))


def test_company_account_stands_alone_where_local_accounts_are_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed_beside_a_provider(monkeypatch, tmp_path, local_accounts="false")
    app = open_app()
    assert session_keys.COMPANY_BUTTON in buttons(app)
    assert not app.text_input
    assert not app.expander


def test_page_without_a_provider_is_as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_settings(monkeypatch, tmp_path, demo="0")
    app = open_app()
    assert session_keys.COMPANY_BUTTON not in buttons(app)
    assert app.text_input(key=session_keys.USERNAME_FIELD).label == "User name"


def test_refusal_is_told_once_and_leaves_the_address(company: Services) -> None:
    app = sent_back("no-role")
    assert "none of your groups may use Frontline" in app.error[0].value
    assert "ab12cd34ef" in app.error[0].value
    assert not app.query_params
    assert not open_app().error


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_every_refusal_has_words_and_the_way_in_stays(company: Services, code: str) -> None:
    app = sent_back(code)
    assert len(app.error) == 1
    assert session_keys.COMPANY_BUTTON in buttons(app)
    assert not app.exception


def test_link_of_a_stranger_puts_no_words_of_theirs_on_the_page(company: Services) -> None:
    assert not sent_back("Call 555-0100 to unlock").error
    app = sent_back("no-role", reference="**call 555-0100**")
    assert "555" not in app.error[0].value


def test_provider_that_cannot_be_reached_points_to_the_password(company: Services) -> None:
    assert "A user name with a password still works" in sent_back("unreachable").error[0].value


def test_password_is_not_promised_where_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed_beside_a_provider(monkeypatch, tmp_path, local_accounts="false")
    assert "password" not in sent_back("unreachable").error[0].value


def test_refusal_is_forgotten_by_whoever_gets_in_another_way(company: Services) -> None:
    app = sign_in(sent_back("cancelled"), "bo", PASSWORD)
    assert signed_in(app)
    assert not app.error


def test_signing_out_of_a_local_account_says_nothing_about_the_company(company: Services) -> None:
    app = sign_in(open_app(), "bo", PASSWORD)
    app.button(key=session_keys.SIGN_OUT_BUTTON).click().run()
    assert session_keys.COMPANY_BUTTON in buttons(app)
    assert session_keys.COMPANY_SIGN_OUT_BUTTON not in buttons(app)
