"""Settings come from the environment, are checked as a whole, and keep their secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.errors import ConfigurationError
from services.setting_choices import AnswerBackend
from services.settings import Settings, load_settings


def problem(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    """What is said about these settings."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert caught.value.code == "invalid-setting"
    return caught.value.message_for_user


def test_defaults_need_no_account_no_key_and_no_network() -> None:
    settings = load_settings()
    assert settings.answer_backend is AnswerBackend.EXTRACTIVE
    assert settings.host == "127.0.0.1"
    assert not settings.demo
    assert settings.resolved_database_url.startswith("sqlite:///")
    assert not settings.resolved_storage_root.startswith("s3://")
    assert settings.openai_api_key is None


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("FRONTLINE_ANSWER_BACKEND", ["extractive", "openai"]),
        ("FRONTLINE_EMBEDDING_BACKEND", ["local"]),
        ("FRONTLINE_RETRIEVAL_BACKEND", ["faiss"]),
        ("FRONTLINE_PII_BACKEND", ["local"]),
        ("FRONTLINE_SURVEY_BACKEND", ["local", "openai"]),
        ("FRONTLINE_LOG_LEVEL", ["DEBUG", "INFO", "WARNING", "ERROR"]),
        ("FRONTLINE_LOG_FORMAT", ["console", "json"]),
    ],
)
def test_unknown_value_names_the_setting_and_the_allowed_values(
    monkeypatch: pytest.MonkeyPatch, name: str, allowed: list[str]
) -> None:
    said = problem(monkeypatch, **{name: "oracle"})
    assert name in said
    for value in allowed:
        assert value in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FRONTLINE_PORT", "0"),
        ("FRONTLINE_PORT", "http"),
        ("FRONTLINE_SESSION_HOURS", "-1"),
        ("FRONTLINE_DEMO", "maybe"),
        ("FRONTLINE_OPENAI_BASE_URL", "not an address"),
        ("FRONTLINE_MAX_FILE_BYTES", "10"),
        ("FRONTLINE_OPENAI_SURVEY_CONTEXT_TOKENS", "2000"),
        ("FRONTLINE_OPENAI_SURVEY_INPUT_PRICE", "-1"),
        ("FRONTLINE_OPENAI_SURVEY_OUTPUT_PRICE", "cheap"),
    ],
)
def test_value_out_of_range_names_the_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    assert name in problem(monkeypatch, **{name: value})


def test_every_problem_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = problem(monkeypatch, FRONTLINE_PORT="0", FRONTLINE_LOG_FORMAT="xml")
    assert "FRONTLINE_PORT" in said
    assert "FRONTLINE_LOG_FORMAT" in said


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.5", "frontline.example"])
def test_demo_is_refused_on_any_address_but_loopback(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    said = problem(monkeypatch, FRONTLINE_DEMO="true", FRONTLINE_HOST=host)
    assert "FRONTLINE_DEMO" in said
    assert "FRONTLINE_HOST" in said


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_demo_runs_on_loopback(host: str) -> None:
    assert load_settings(demo=True, host=host).demo


def test_model_server_needs_its_address_and_model(monkeypatch: pytest.MonkeyPatch) -> None:
    said = problem(monkeypatch, FRONTLINE_ANSWER_BACKEND="openai")
    assert "FRONTLINE_OPENAI_BASE_URL" in said
    assert "FRONTLINE_OPENAI_ANSWER_MODEL" in said


def test_model_for_surveys_needs_its_address_and_model(monkeypatch: pytest.MonkeyPatch) -> None:
    said = problem(monkeypatch, FRONTLINE_SURVEY_BACKEND="openai")
    assert "FRONTLINE_OPENAI_BASE_URL" in said
    assert "FRONTLINE_OPENAI_SURVEY_MODEL" in said


def test_prices_of_a_model_for_surveys_are_given_together_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(openai_survey_input_price=0.0, openai_survey_output_price=0.0).openai_survey_input_price == 0
    said = problem(monkeypatch, FRONTLINE_OPENAI_SURVEY_INPUT_PRICE="0.15")
    assert "FRONTLINE_OPENAI_SURVEY_OUTPUT_PRICE" in said


def test_secrets_are_masked_wherever_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "FRONTLINE_COOKIE_SECRET": "cookie-secret-word",
        "FRONTLINE_OPENAI_API_KEY": "api-secret-word",
        "FRONTLINE_DATABASE_URL": "postgresql+psycopg://frontline:database-secret-word@db/frontline",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert "database-secret-word" in settings.resolved_database_url
    for printed in (repr(settings), str(settings), settings.model_dump_json()):
        assert "secret-word" not in printed


def test_wrong_secret_is_not_repeated_in_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    said = problem(monkeypatch, FRONTLINE_PORT="0", FRONTLINE_OPENAI_API_KEY="api-secret-word")
    assert "secret-word" not in said


def test_settings_cannot_be_changed_afterwards() -> None:
    settings = load_settings()
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]


def test_host_names_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTLINE_ALLOWED_HOSTS", "frontline.example, help.example ,")
    assert load_settings().allowed_hosts == ("frontline.example", "help.example")


def test_home_holds_database_and_files_unless_told_otherwise(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    assert settings.resolved_database_url == f"sqlite:///{tmp_path / 'frontline.sqlite3'}"
    assert settings.resolved_storage_root == str(tmp_path / "files")
    elsewhere = load_settings(home=tmp_path, storage_root="s3://bucket/prefix")
    assert elsewhere.resolved_storage_root == "s3://bucket/prefix"


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_passages_overlap_by_at_most_half(monkeypatch: pytest.MonkeyPatch) -> None:
    words = problem(monkeypatch, FRONTLINE_CHUNK_WORDS="60", FRONTLINE_CHUNK_OVERLAP="31")
    assert "FRONTLINE_CHUNK_OVERLAP must be at most half of FRONTLINE_CHUNK_WORDS" in words


def test_sources_are_off_and_roots_are_a_list_of_absolute_places(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().source_roots == ()
    monkeypatch.setenv("FRONTLINE_SOURCE_ROOTS", "/srv/docs/{tenant}, s3://bucket/docs")
    assert load_settings().source_roots == ("/srv/docs/{tenant}", "s3://bucket/docs")
    assert "absolute" in problem(monkeypatch, FRONTLINE_SOURCE_ROOTS="docs")


OIDC = {
    "oidc_metadata_url": "https://id.example.com/.well-known/openid-configuration",
    "oidc_client_id": "frontline",
    "oidc_client_secret": "a secret of the client",
    "oidc_roles": "admins=admin",
    "oidc_tenants": "*=*",
    "public_url": "https://frontline.example.com",
}


@pytest.mark.parametrize("missing", ["oidc_client_id", "oidc_roles", "oidc_tenants", "public_url"])
def test_identity_provider_needs_its_neighbors(missing: str) -> None:
    assert load_settings(**OIDC).local_accounts
    with pytest.raises(ConfigurationError, match=f"FRONTLINE_OIDC_METADATA_URL needs FRONTLINE_{missing.upper()}"):
        load_settings(**{name: value for name, value in OIDC.items() if name != missing})


@pytest.mark.parametrize("name", ["oidc_metadata_url", "public_url"])
def test_people_sign_in_over_tls_only(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"FRONTLINE_{name.upper()} must begin with https://"):
        load_settings(**{**OIDC, name: "http://id.example.com/metadata"})
    load_settings(**{**OIDC, name: "http://127.0.0.1:8080/metadata"})  # on one machine there is nobody in between


def test_somebody_can_always_sign_in() -> None:
    with pytest.raises(ConfigurationError, match="FRONTLINE_LOCAL_ACCOUNTS=false needs FRONTLINE_OIDC_METADATA_URL"):
        load_settings(local_accounts=False)
    assert not load_settings(local_accounts=False, **OIDC).local_accounts


def test_secret_of_the_client_is_masked() -> None:
    assert "a secret of the client" not in repr(load_settings(**OIDC))
