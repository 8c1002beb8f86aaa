"""The foundation models and inference profiles of a region, as Bedrock lists them. These calls cost nothing."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from services.backends.aws.calls import AwsService, CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.aws.errors import AwsProblem
from services.errors import AppError, BackendMisconfiguredError, BackendUnavailableError
from services.ports.model_catalogue import CatalogueModel, Lifecycle, ModelAccess

KEPT_SECONDS = 600.0
_PAGE = 1000
_POLICY = CallPolicy(attempts=3, longest_wait_seconds=2.0, give_up_seconds=8.0, read_timeout_seconds=8.0, at_once=2)


class BedrockCatalogue:
    """See :class:`services.ports.model_catalogue.ModelCatalogue`.

    Args:
        clock: Seconds that only grow, for how long a list is kept.
        now: For which models have ended.
    """

    def __init__(
        self,
        clients: AwsClients,
        *,
        policy: CallPolicy = _POLICY,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._service = AwsService(clients, "bedrock", called="model catalogue", backend="bedrock", policy=policy)
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._listed: Sequence[CatalogueModel] = ()
        self._listed_at = float("-inf")

    @property
    def region(self) -> str:
        return self._service.region

    def models(self, *, fresh: bool = False) -> Sequence[CatalogueModel]:
        with self._lock:
            if fresh or self._clock() - self._listed_at > KEPT_SECONDS:
                self._listed = self._list()
                self._listed_at = self._clock()
            return self._listed

    def access_to(self, model_id: str) -> ModelAccess:
        reply = self._service.call("GetFoundationModelAvailability", {"modelId": model_id}, refused=_unknown_model)
        with _readable():
            reason = _missing(reply)
        return ModelAccess(not reason, reason)

    def _list(self) -> Sequence[CatalogueModel]:
        reply = self._service.call("ListFoundationModels", {})
        profiles = self._profiles()
        now = self._now()
        with _readable():
            summaries = reply["modelSummaries"]
            models = [_model(summary, profiles, now) for summary in summaries]
        return tuple(sorted(models, key=lambda model: (model.provider.casefold(), model.name.casefold(), model.id)))

    def _profiles(self) -> Mapping[str, list[str]]:
        """Ids of inference profiles by the id of the model that they lead to."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        token: str | None = None
        while True:
            parameters = {"maxResults": _PAGE, **({"nextToken": token} if token else {})}
            reply = self._service.call("ListInferenceProfiles", parameters)
            with _readable():
                for profile in reply["inferenceProfileSummaries"]:
                    for model_id in sorted({_model_of(model["modelArn"]) for model in profile["models"]}):
                        found[model_id].append(profile["inferenceProfileId"])
            token = reply.get("nextToken")
            if not token:
                return found


def _model(summary: Mapping[str, Any], profiles: Mapping[str, list[str]], now: datetime) -> CatalogueModel:
    life = summary.get("modelLifecycle") or {}
    ends_at, legacy_at = life.get("endOfLifeTime"), life.get("legacyTime")
    if ends_at is not None and ends_at <= now:
        lifecycle = Lifecycle.ENDED
    else:
        lifecycle = Lifecycle.LEGACY if life.get("status") == "LEGACY" else Lifecycle.ACTIVE
    return CatalogueModel(
        id=summary["modelId"],
        name=summary.get("modelName") or summary["modelId"],
        provider=summary.get("providerName") or "Unknown",
        inputs=tuple(kind.lower() for kind in summary.get("inputModalities", ())),
        outputs=tuple(kind.lower() for kind in summary.get("outputModalities", ())),
        streaming=bool(summary.get("responseStreamingSupported")),
        on_demand="ON_DEMAND" in summary.get("inferenceTypesSupported", ()),
        profiles=tuple(sorted(profiles.get(summary["modelId"], ()))),
        lifecycle=lifecycle,
        legacy_at=legacy_at,
        ends_at=ends_at,
    )


def _model_of(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _missing(reply: Mapping[str, Any]) -> str:
    if reply["regionAvailability"] != "AVAILABLE":
        return "The model is not offered in this region."
    if reply["authorizationStatus"] != "AUTHORIZED":
        return "This machine's role may not use the model."
    if reply["entitlementAvailability"] != "AVAILABLE" or reply["agreementAvailability"]["status"] != "AVAILABLE":
        return "The account has not been given access to the model yet."
    return ""


def _unknown_model(problem: AwsProblem) -> AppError | None:
    if problem.status not in {400, 404} or problem.code not in {"ResourceNotFoundException", "ValidationException"}:
        return None
    return BackendMisconfiguredError(
        "AWS does not know this model in this region.",
        code="model-unknown",
        remedy="An administrator must check the model's id and the region.",
    )


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, AttributeError) as exc:
        raise BackendUnavailableError("The reply of the model catalogue cannot be read.") from exc
