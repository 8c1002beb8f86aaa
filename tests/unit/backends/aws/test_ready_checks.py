"""Checks of models outlast a moment of throttling: they must not stop a batch, or turn a report red."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from services.backends.aws import model_lifecycle
from services.backends.aws.active_models import CHECK_POLICY, ActiveModels
from services.backends.aws.calls import CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.aws.model_lifecycle import ModelLifecycle
from services.errors import BackendThrottledError
from tests.aws_endpoint.endpoint import AwsEndpoint, running_aws_endpoint

MODEL = "amazon.nova-lite-v1:0"
REGION = "us-east-1"


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint() as endpoint:
        yield endpoint


def at_once(policy: CallPolicy) -> CallPolicy:
    return replace(policy, first_wait_seconds=0.0, longest_wait_seconds=0.0)


def test_check_of_a_model_outlasts_some_throttling_and_tells_what_lasts(endpoint: AwsEndpoint) -> None:
    models = ActiveModels(AwsClients(REGION), called="answer model", policy=at_once(CHECK_POLICY))
    endpoint.faults.next("bedrock", "GetFoundationModel", "throttled", times=3)
    models.require(MODEL)
    assert endpoint.count("bedrock", "GetFoundationModel") == 4
    endpoint.faults.next("bedrock", "GetFoundationModel", "throttled", times=None)
    with pytest.raises(BackendThrottledError):
        models.require(MODEL)


def test_check_before_a_batch_outlasts_some_throttling(endpoint: AwsEndpoint) -> None:
    endpoint.faults.next("bedrock", "ListFoundationModels", "throttled", times=3)
    ModelLifecycle(
        AwsClients(REGION), MODEL, called="image model", setting="SETTING", policy=at_once(model_lifecycle.CHECK_POLICY)
    ).require_active()
    assert endpoint.count("bedrock", "ListFoundationModels") == 4
