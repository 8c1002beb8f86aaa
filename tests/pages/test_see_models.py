"""The page of models and spend, through main.py: without AWS, on the local AWS, and when that fails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys
from services.bootstrap import Services
from services.operations.models import KeptCall
from services.ports.model_calls import Attribution, ModelCall
from services.storage.model_calls import SqlModelCalls
from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, running_aws_endpoint
from tests.aws_endpoint.faults import access_denied
from tests.pages.frame_driver import enter_as, open_app, titles, use_settings

GRACE = "grace.lin"
PAGE = "../pages/see_models.py"
IN_USE, SPEND, TRY, CATALOGUE = "In use", "Spend", "Try a prompt", "Catalogue"
LITE, PRO = "us.amazon.nova-lite-v1:0", "us.amazon.nova-pro-v1:0"


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Services]:
    yield use_settings(monkeypatch, tmp_path, demo="1")
    st.cache_resource.clear()


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def on_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, endpoint: AwsEndpoint) -> Iterator[Services]:
    yield use_settings(
        monkeypatch, tmp_path, demo="1", aws_region=REGION, answer_backend="bedrock", bedrock_answer_model=LITE
    )
    st.cache_resource.clear()


def open_page(tab: str = IN_USE, username: str = GRACE) -> AppTest:
    app = enter_as(open_app(), username)
    app.query_params[session_keys.MODELS_TAB] = tab
    return app.switch_page(PAGE).run()


def shown(page: AppTest) -> str:
    """Every word on the screen but those in tables."""
    elements = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.success]
    return "\n".join(element.value for element in elements)


def keep(services: Services, *calls: KeptCall) -> None:
    SqlModelCalls(services.database).keep(calls)


def kept(cost: float | None, purpose: str = "answers", days_ago: int = 0, tenant: str = "pharmacy") -> KeptCall:
    who = Attribution(tenant, "ana.reyes", purpose)
    call = ModelCall("bedrock", "Converse", LITE, region=REGION, input_tokens=1000, output_tokens=100, attribution=who)
    return KeptCall(datetime.now(UTC) - timedelta(days=days_ago), call, cost)


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def test_without_aws_every_capability_is_said_to_run_here(local: Services) -> None:
    page = open_page()
    assert titles(page) == ["Models and spend"]
    table = page.table[0].value
    assert len(table) >= 12
    assert not table["Price and model"].str.contains("Unknown").any()
    assert table["Served by"].str.contains("This machine").any()
    assert not page.error


def test_without_aws_the_other_tabs_say_what_to_set(local: Services) -> None:
    for tab in (TRY, CATALOGUE):
        assert "FRONTLINE\\_AWS\\_REGION" in open_page(tab).info[0].value
    assert "Nothing that costs money" in open_page(SPEND).info[0].value


def test_model_in_use_shows_its_name_price_and_life(on_aws: Services) -> None:
    row = open_page().table[0].value.iloc[0]
    assert "Nova Lite" in row["Served by"]
    assert "Active" in row["Price and model"]
    assert "Price unknown" in row["Price and model"]  # the packaged table has no price for this profile


def test_catalogue_is_filtered_by_words_and_life(on_aws: Services) -> None:
    page = open_page(CATALOGUE)
    names = set(page.dataframe[0].value["Model"])
    assert {"Nova Lite", "Claude Sonnet 4.5"} <= names
    assert "Nova Canvas" not in names  # ended
    page.text_input(key=session_keys.MODELS_SEARCH).set_value("anthropic haiku").run()
    assert list(page.dataframe[0].value["Model"]) == ["Claude Haiku 4.5"]
    page.text_input(key=session_keys.MODELS_SEARCH).set_value("no such model").run()
    assert "No model fits" in page.info[0].value


def test_ended_models_are_shown_when_asked_for(on_aws: Services) -> None:
    page = open_page(CATALOGUE)
    page.button_group(key=session_keys.MODELS_LIFECYCLE).set_value(["Ended"]).run()
    table = page.dataframe[0].value
    assert "Nova Canvas" in set(table["Model"])
    assert table["Lifecycle"].str.startswith("✗ Ended on").all()


def test_access_of_the_account_is_told(on_aws: Services) -> None:
    page = open_page(CATALOGUE)
    field = page.selectbox(key=session_keys.MODELS_ACCESS)
    field.select("DeepSeek-R1").run()
    assert "Not yet" in page.warning[0].value


def test_trouble_with_the_catalogue_leaves_what_is_in_use(on_aws: Services, endpoint: AwsEndpoint) -> None:
    endpoint.faults.next("bedrock", "ListFoundationModels", access_denied("bedrock:ListFoundationModels"), times=None)
    page = open_page()
    assert "Lifecycle not known" in page.table[0].value.iloc[0]["Price and model"]
    assert "bedrock:ListFoundationModels" in open_page(CATALOGUE).error[0].value.replace("\\", "")


def test_prompt_is_tried_on_two_models_with_personal_data_masked(on_aws: Services, endpoint: AwsEndpoint) -> None:
    page = open_page(TRY)
    page.selectbox(key=session_keys.MODELS_LEFT).set_value(f"aws:{LITE}")
    page.selectbox(key=session_keys.MODELS_RIGHT).set_value(f"aws:{PRO}")
    page.text_area(key=session_keys.MODELS_PROMPT).set_value("Call 415-555-0123 please")
    page.button(key=session_keys.MODELS_TRY_BUTTON).click().run()
    assert not page.error
    assert "1 phone number" in shown(page)
    assert shown(page).count("tokens in") == 2
    sent = endpoint.calls_of("bedrock-runtime", "Converse")
    assert {call.parameters["modelId"] for call in sent} == {LITE, PRO}
    assert all("415" not in call.parameters["messages"][0]["content"][0]["text"] for call in sent)
    on_aws.model_calls.flush(10.0)
    assert metrics(open_page(SPEND))["Calls"] == "2"


def test_error_of_one_model_stands_beside_the_others_reply(on_aws: Services, endpoint: AwsEndpoint) -> None:
    answer = endpoint.answer_of("bedrock-runtime", "Converse")
    assert answer is not None

    def denied_for_pro(request: object) -> object:
        if request.parameters["modelId"] == PRO:  # type: ignore[attr-defined]
            raise access_denied("bedrock:InvokeModel")
        return answer(request)  # type: ignore[arg-type]

    with endpoint.answering("bedrock-runtime", "Converse", denied_for_pro):  # type: ignore[arg-type]
        page = open_page(TRY)
        page.selectbox(key=session_keys.MODELS_LEFT).set_value(f"aws:{LITE}")
        page.selectbox(key=session_keys.MODELS_RIGHT).set_value(f"aws:{PRO}")
        page.text_area(key=session_keys.MODELS_PROMPT).set_value("Hello")
        page.button(key=session_keys.MODELS_TRY_BUTTON).click().run()
    assert "may not use" in page.error[0].value
    assert shown(page).count("tokens in") == 1


def test_empty_prompt_is_refused_in_words(on_aws: Services) -> None:
    page = open_page(TRY)
    page.button(key=session_keys.MODELS_TRY_BUTTON).click().run()
    assert "There is no prompt yet" in page.error[0].value


def test_spend_is_summed_and_unknown_prices_are_told_apart(local: Services) -> None:
    keep(local, kept(1.5), kept(0.25, "surveys", 3), kept(None), kept(8.0, tenant="bank"))
    page = open_page(SPEND)
    assert (metrics(page)["Spent"], metrics(page)["Calls"]) == ("$1.75", "3")
    assert "1 call with unknown price" in page.warning[0].value
    table = page.dataframe[0].value
    assert list(table["Page"]) == ["Answer questions", "Analyze surveys"]
    assert list(table["Cost"]) == ["$1.50 + unknown", "$0.25"]


def test_spend_can_be_split_by_tenant_user_and_model(local: Services) -> None:
    keep(local, kept(1.0), kept(1.0, tenant="clinic"))
    page = open_page(SPEND)
    for label, count in (("Tenant", 2), ("User", 1), ("Model", 1)):
        page.button_group(key=session_keys.SPEND_GROUP).set_value(label).run()
        assert len(page.dataframe[0].value[label]) == count


def test_period_of_spend_counts(local: Services) -> None:
    keep(local, kept(1.0, days_ago=20))
    page = open_page(SPEND)
    assert metrics(page)["Spent"] == "$1.00"
    page.button_group(key=session_keys.SPEND_DAYS).set_value(7).run()
    assert "in the last 7 days" in page.info[0].value


def test_only_unknown_prices_make_no_sum_of_nothing(local: Services) -> None:
    keep(local, kept(None), kept(None))
    page = open_page(SPEND)
    assert metrics(page)["Spent"] == "Unknown"


@pytest.mark.parametrize("username", ["ana.reyes", "mila.novak", "omar.haddad"])
def test_page_is_for_administrators(local: Services, username: str) -> None:
    page = open_page(username=username)
    assert "not for your role" in page.warning[0].value
    assert not page.table
