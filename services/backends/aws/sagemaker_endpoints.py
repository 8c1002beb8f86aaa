"""Endpoints of SageMaker: what state they are in, which model they run, and what their errors mean."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from services.backends.aws.active_models import CHECK_POLICY
from services.backends.aws.calls import AwsService, CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.aws.errors import AwsProblem
from services.errors import (
    AppError,
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendThrottledError,
    BackendUnavailableError,
)

# What SageMaker takes as the body of a request, in bytes.
MOST_BODY_BYTES = 6_291_456
# An endpoint that is being changed goes on answering.
_SERVING = frozenset({"InService", "Updating", "SystemUpdating", "RollingBack"})
_COMING = frozenset({"Creating"})
_CONTAINER_STATUS = re.compile(r"error \((\d{3})\)")


class SageMakerEndpoints:
    """Asks SageMaker about endpoints; it costs nothing.

    Args:
        called: What messages call the model, such as ``answer model``.
    """

    def __init__(self, clients: AwsClients, *, called: str, policy: CallPolicy = CHECK_POLICY) -> None:
        self._service = AwsService(clients, "sagemaker", called=called, policy=policy)
        self._refused = partial(endpoint_refusal, called=called)
        self._called = called

    def require_in_service(self, endpoint: str) -> None:
        """Raise BackendError unless the endpoint is there and answers."""
        status = self._ask("DescribeEndpoint", EndpointName=endpoint).get("EndpointStatus")
        if status in _SERVING:
            return
        if status in _COMING:
            raise BackendUnavailableError(
                f"The endpoint of the {self._called} is being created.",
                code="endpoint-not-in-service",
                remedy="Try again in some minutes.",
            )
        raise BackendMisconfiguredError(
            f"The endpoint of the {self._called} is not in service.",
            code="endpoint-not-in-service",
            remedy="An administrator must look at the endpoint in SageMaker.",
        )

    def model_name(self, endpoint: str) -> str:
        """What SageMaker calls the model behind an endpoint; a model never changes under its name.

        An endpoint of several models, or of inference components, is told by its configuration.
        """
        configuration = str(self._ask("DescribeEndpoint", EndpointName=endpoint).get("EndpointConfigName") or "")
        if not configuration:
            return ""
        described = self._ask("DescribeEndpointConfig", EndpointConfigName=configuration)
        names = {variant.get("ModelName") for variant in described.get("ProductionVariants", ())}
        return str(*names) if len(names) == 1 and None not in names else configuration

    def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self._service.call(
            operation, parameters, refused=lambda problem: endpoint_refusal(problem, self._called)
        )


def endpoint_refusal(problem: AwsProblem, called: str) -> AppError | None:
    """What SageMaker's errors mean beside those that all services share."""
    if problem.code in {"ValidationException", "ValidationError"} and (
        "not found" in problem.message or "could not find" in problem.message
    ):
        return BackendMisconfiguredError(
            f"AWS does not find the endpoint of the {called}.",
            code="aws-not-found",
            remedy="An administrator must check its name in the settings, and the region.",
        )
    if problem.code == "ModelStreamError":
        return BackendUnavailableError(f"The {called} stopped in the middle of its reply.")
    if problem.code == "ModelError":
        return _of_container(problem, called)
    return None


def _of_container(problem: AwsProblem, called: str) -> AppError:
    found = _CONTAINER_STATUS.search(problem.message)
    status = int(found.group(1)) if found else 500
    if status == 429:
        return BackendThrottledError(f"The {called} has too many requests at the moment.", code="aws-throttled")
    if status == 413:
        return BackendRejectedError(
            f"The question with its passages is too long for the {called}.",
            code="question-too-long",
            remedy="Ask a shorter question.",
        )
    if 400 <= status < 500 and status != 408:
        return BackendMisconfiguredError(
            f"The {called}'s container does not take what is sent to it.",
            code="container-refused",
            remedy="An administrator must check which container serves the endpoint, and its setting.",
        )
    return BackendUnavailableError(f"The {called}'s container has an error.", code="container-failed")
