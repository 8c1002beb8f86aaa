"""The page that checks the backends, through main.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys
from services.bootstrap import Services
from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, running_aws_endpoint
from tests.aws_endpoint.faults import access_denied
from tests.aws_endpoint.services.bedrock_catalogue import changed_model
from tests.pages.frame_driver import enter_as, open_app, titles, use_settings

GRACE = "grace.lin"
PAGE = "../pages/check_backends.py"
LITE = "us.amazon.nova-lite-v1:0"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint(with_moto=True) as endpoint:
        yield endpoint


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch, model_home: Path, tmp_path: Path) -> Iterator[Services]:
    (tmp_path / "models").symlink_to(model_home / "models")
    yield use_settings(monkeypatch, tmp_path, demo="1")
    st.cache_resource.clear()


@pytest.fixture
def on_aws(
    monkeypatch: pytest.MonkeyPatch, model_home: Path, tmp_path: Path, endpoint: AwsEndpoint
) -> Iterator[Services]:
    (tmp_path / "models").symlink_to(model_home / "models")
    yield use_settings(
        monkeypatch, tmp_path, demo="1", aws_region=REGION, answer_backend="bedrock", bedrock_answer_model=LITE
    )
    endpoint.reset()
    st.cache_resource.clear()


def open_page(username: str = GRACE) -> AppTest:
    return enter_as(open_app(), username).switch_page(PAGE).run()


def row(page: AppTest, capability: str) -> dict[str, str]:
    table = page.table[0].value
    (found,) = [values for _, values in table.iterrows() if capability in values["Capability"]]
    return dict(found)


def test_everything_local_is_well(local: Services) -> None:
    page = open_page()
    assert titles(page) == ["Check backends"]
    assert not page.error
    assert "can work" in page.success[0].value
    assert "Yes" in row(page, "Drafts of answers")["Configured"]
    assert "Off" in row(page, "Record of prompts")["Configured"]
    assert any("Checked just now" in caption.value for caption in page.caption)


def test_backend_on_aws_answers_all_four_questions(on_aws: Services) -> None:
    page = open_page()
    found = row(page, "Drafts of answers")
    for question in ("Configured", "Reachable", "Permitted", "Model active"):
        assert "Yes" in found[question], question
    assert any("us\\-east\\-1, as account …9012" in caption.value for caption in page.caption)


def test_trouble_is_named_with_its_remedy_and_checked_again(on_aws: Services, endpoint: AwsEndpoint) -> None:
    endpoint.faults.next("bedrock", "*", access_denied("bedrock:GetFoundationModel"), times=None)
    page = open_page()
    assert "Drafts of answers" in page.error[0].value
    assert "role" in page.error[0].value
    assert "No" in row(page, "Drafts of answers")["Permitted"]
    endpoint.faults.clear()
    page.button(key=session_keys.CHECK_AGAIN_BUTTON).click().run()
    assert not page.error
    assert "Yes" in row(page, "Drafts of answers")["Permitted"]


def test_check_is_not_repeated_by_drawing_the_page_again(on_aws: Services, endpoint: AwsEndpoint) -> None:
    page = open_page()
    asked = len(endpoint.calls)
    page.run()
    assert len(endpoint.calls) == asked


def test_legacy_model_is_a_warning(on_aws: Services) -> None:
    with changed_model("amazon.nova-lite-v1:0", legacy=True):
        page = open_page()
    assert not page.error
    assert "legacy" in page.warning[0].value


@pytest.mark.parametrize("username", ["ana.reyes", "mila.novak", "omar.haddad"])
def test_page_is_for_administrators(local: Services, username: str) -> None:
    page = open_page(username)
    assert "not for your role" in page.warning[0].value
    assert not page.table
