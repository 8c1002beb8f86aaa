"""Whether a model of Bedrock can be called, found out without calling, and paying for, it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from services.backends.aws.bedrock_model_ids import is_foundation_model, is_profile, plain_model_id
from services.backends.aws.calls import AwsService, CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.aws.errors import AwsProblem
from services.errors import AppError, BackendError, BackendMisconfiguredError, BackendUnavailableError
from services.logs import get_logger

# Readiness is asked for often and waited for shortly: throttling is outlasted, a silent service is asked twice.
CHECK_POLICY = CallPolicy(
    attempts=5, first_wait_seconds=0.2, longest_wait_seconds=1.0, give_up_seconds=6.0, read_timeout_seconds=4.0
)

_log = get_logger(__name__)


class ActiveModels:
    """Asks Bedrock's catalogue about single models.

    Args:
        called: What messages call the model, such as ``answer model``.
        now: For tests.
    """

    def __init__(
        self,
        clients: AwsClients,
        *,
        called: str,
        policy: CallPolicy = CHECK_POLICY,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._service = AwsService(clients, "bedrock", called=called, policy=policy)
        self._called = called
        self._now = now

    def require(self, model_id: str, *, streaming: bool = False, output: str = "TEXT") -> None:
        """Pass when the model is known here and in service.

        One that its maker has announced the end of passes with a warning in the log. Of custom, imported and
        provisioned models only a call tells more than that credentials and region are right.

        Args:
            streaming: Whether replies must come as streams.
            output: What it must give, as Bedrock writes it: ``TEXT``, ``EMBEDDING`` or ``IMAGE``.

        Raises:
            BackendError: it is not, or nobody can be asked.
        """
        if is_profile(model_id):
            profile = self._ask("GetInferenceProfile", {"inferenceProfileIdentifier": model_id})
            arns = [str(model.get("modelArn", "")) for model in profile.get("models", ())]
            if not arns:
                return
            try:
                self._require_active(plain_model_id(arns[0]), streaming, output)
            except BackendMisconfiguredError as error:
                # A profile may lead to models that this region's own list does not have.
                if error.code != "model-unknown":
                    raise
        elif is_foundation_model(model_id):
            self._require_active(plain_model_id(model_id), streaming, output)

    def _require_active(self, model_id: str, streaming: bool, output: str) -> None:
        details: dict[str, Any] = self._ask("GetFoundationModel", {"modelIdentifier": model_id}).get("modelDetails", {})
        if not details.get("modelId"):
            raise BackendUnavailableError(f"AWS says nothing about the {self._called}.")
        lifecycle: dict[str, Any] = details.get("modelLifecycle") or {}
        ends = lifecycle.get("endOfLifeTime")
        if isinstance(ends, datetime) and ends <= self._now():
            raise BackendMisconfiguredError(
                f"The {self._called} has reached its end of life on AWS.",
                code="model-end-of-life",
                remedy="An administrator must choose a model that is active.",
            )
        if lifecycle.get("status") == "LEGACY":
            day = ends.date().isoformat() if isinstance(ends, datetime) else "unknown"
            _log.warning("model-is-legacy", model=model_id, ends=day)
        outputs = details.get("outputModalities")
        if outputs and output not in outputs:
            raise self._unsuitable("does not give what it is needed for")
        if streaming and details.get("responseStreamingSupported") is False:
            raise self._unsuitable("cannot send its replies piece by piece")

    def _unsuitable(self, why: str) -> BackendError:
        return BackendMisconfiguredError(
            f"The {self._called} {why}.",
            code="model-unsuitable",
            remedy="An administrator must choose another model.",
        )

    def _ask(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._service.call(operation, parameters, refused=self._unknown)

    def _unknown(self, problem: AwsProblem) -> AppError | None:
        if problem.code not in {"ResourceNotFoundException", "ValidationException"}:
            return None
        return BackendMisconfiguredError(
            f"AWS does not know the {self._called} in {self._service.region}.",
            code="model-unknown",
            remedy="An administrator must check the model's id and the region; some models need an inference profile.",
        )
