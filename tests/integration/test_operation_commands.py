"""The command that checks the backends, as a program would call it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, running_aws_endpoint
from tests.aws_endpoint.faults import expired_credentials
from tests.command_line import run_command


@pytest.fixture
def home(model_home: Path, tmp_path: Path) -> Path:
    (tmp_path / "models").symlink_to(model_home / "models")
    return tmp_path


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsEndpoint]:
    monkeypatch.setenv("FRONTLINE_AWS_REGION", REGION)
    monkeypatch.setenv("FRONTLINE_ANSWER_BACKEND", "bedrock")
    monkeypatch.setenv("FRONTLINE_BEDROCK_ANSWER_MODEL", "us.amazon.nova-lite-v1:0")
    with running_aws_endpoint(with_moto=True) as endpoint:
        yield endpoint


def test_local_installation_is_well_and_ends_with_0(home: Path) -> None:
    ended = run_command(home, "check-backends")
    assert (ended.code, ended.err) == (0, "")
    assert "✓  answers" in ended.out
    assert "–  capture" in ended.out
    assert "AWS" not in ended.out


def test_programs_get_json(home: Path) -> None:
    ended = run_command(home, "check-backends", "--json")
    report = json.loads(ended.out)
    assert report["all_well"] is True
    answers = next(one for one in report["capabilities"] if one["capability"] == "answers")
    assert (answers["works"], answers["configured"], answers["reachable"]) == (True, "yes", "not applicable")


def test_backends_on_aws_are_told_with_region_and_role(home: Path, endpoint: AwsEndpoint) -> None:
    ended = run_command(home, "check-backends")
    assert ended.code == 0, ended.out
    assert ended.out.startswith("AWS in us-east-1, as account …9012")
    assert "bedrock us.amazon.nova-lite-v1:0  yes         yes        yes        yes" in ended.out


def test_trouble_is_told_with_its_remedy_and_ends_with_2(home: Path, endpoint: AwsEndpoint) -> None:
    endpoint.faults.next("bedrock", "*", expired_credentials(), times=None)
    ended = run_command(home, "check-backends")
    assert ended.code == 2
    assert "✗  answers" in ended.out
    assert "expired" in ended.out
    assert "renew the credentials" in ended.out
    assert "123456789012" not in ended.out


def test_prices_that_are_wrong_stop_the_start(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "prices.yaml"
    own.write_text("prices:\n  - model: m\n", encoding="utf-8")
    monkeypatch.setenv("FRONTLINE_MODEL_PRICES", str(own))
    ended = run_command(home, "check-backends")
    assert ended.code == 2
    assert "entry 1 (m)" in ended.err
