"""Asks two models the same, side by side, so that an administrator can compare what they say, take and cost."""

from __future__ import annotations

import contextvars
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from services.access.models import Account
from services.access.permissions import require_admin
from services.errors import AppError, InputError, NotFoundError
from services.logs import get_logger, new_reference
from services.operations.capabilities import Place
from services.operations.catalogue import CatalogueService
from services.operations.prices import PriceTable
from services.ports.model_calls import ModelCall, attributed
from services.ports.model_catalogue import CatalogueModel, Lifecycle, PromptTrial, TrialReply
from services.ports.privacy import PersonalDataDetector
from services.privacy.masking import mask

MOST_OUTPUT_TOKENS = 1000
MOST_CHARACTERS = 8000
PURPOSE = "models"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TrialChoice:
    """A model that can be asked.

    Attributes:
        model: The id that the request names.
    """

    place: Place
    model: str
    name: str

    @property
    def key(self) -> str:
        """Tells it apart from the others."""
        return f"{self.place.value}:{self.model}"


@dataclass(frozen=True, slots=True)
class TrialSide:
    """What came of asking one model: a reply or an error.

    Attributes:
        cost_usd: None when it is not known.
    """

    choice: TrialChoice
    reply: TrialReply | None = None
    cost_usd: float | None = None
    error: AppError | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """A prompt that was tried.

    Attributes:
        prompt: As it was sent, personal data masked.
        masked: What was masked, in words; empty when nothing was.
    """

    prompt: str
    masked: str
    sides: tuple[TrialSide, ...]


class PromptTrials:
    """See the module.

    Args:
        on_bedrock: Asks models of the region's catalogue.
        on_server: Asks models of the OpenAI-compatible server; None where there is none.
        server_models: Those that are set up for it.
    """

    def __init__(
        self,
        catalogue: CatalogueService,
        prices: PriceTable,
        detector: PersonalDataDetector,
        on_bedrock: PromptTrial,
        on_server: PromptTrial | None,
        server_models: Sequence[str],
    ) -> None:
        self._catalogue = catalogue
        self._prices = prices
        self._detector = detector
        self._on_bedrock = on_bedrock
        self._on_server = on_server
        self._server_models = tuple(dict.fromkeys(server_models)) if on_server is not None else ()

    def choices(self, models: Sequence[CatalogueModel]) -> tuple[TrialChoice, ...]:
        """What can be asked: the server's models, then those of the region that write text and have not ended."""
        server = [TrialChoice(Place.SERVER, model, model) for model in self._server_models]
        return (
            *server,
            *(
                TrialChoice(Place.AWS, name, f"{model.name} · {name}")
                for model in models
                if "text" in model.outputs and "text" in model.inputs and model.lifecycle is not Lifecycle.ENDED
                for name in model.callable_ids
            ),
        )

    def ask(self, account: Account, tenant_id: str, prompt: str, choices: Sequence[TrialChoice], region: str) -> Trial:
        """Send the prompt to each, at the same time; an error of one does not keep the others from answering.

        Raises:
            AccessError: the account is no administrator of the tenant.
            InputError: there is no prompt, or it is too long.
            NotFoundError: there is nothing to ask.
            BackendError: personal data could not be looked for; nothing was sent.
        """
        require_admin(account, tenant_id)
        text = prompt.strip()
        if not text:
            raise InputError("There is no prompt yet.", code="prompt-empty", remedy="Write one, then send it.")
        if len(text) > MOST_CHARACTERS:
            raise InputError(
                f"The prompt is longer than {MOST_CHARACTERS:,} characters.",
                code="prompt-too-long",
                remedy="Shorten it.",
            )
        if not choices:
            raise NotFoundError("No model is chosen.", code="no-model", remedy="Choose at least one model.")
        masked = mask(text, self._detector)
        with (
            attributed(tenant_id=tenant_id, username=account.username, purpose=PURPOSE),
            ThreadPoolExecutor(len(choices), thread_name_prefix="prompt-trial") as pool,
        ):
            running = [
                pool.submit(contextvars.copy_context().run, self._side, choice, masked.text, region)
                for choice in choices
            ]
            return Trial(masked.text, masked.summary, tuple(one.result() for one in running))

    def _side(self, choice: TrialChoice, prompt: str, region: str) -> TrialSide:
        trial = self._on_bedrock if choice.place is Place.AWS else self._on_server
        try:
            if trial is None:
                raise NotFoundError("There is no such model here any more.", code="no-model")
            reply = trial.ask(choice.model, prompt, most_output_tokens=MOST_OUTPUT_TOKENS)
        except AppError as error:
            return TrialSide(choice, error=error)
        except Exception as error:  # the other side's answer must not be lost to it
            reference = new_reference()
            _log.error("prompt-trial-failed", reference=reference, model=choice.model, exc_info=error)
            words = AppError(
                f"Something went wrong that was not foreseen. The reference is {reference}.", code="unexpected"
            )
            return TrialSide(choice, error=words)
        call = ModelCall(
            "",
            "",
            choice.model,
            region=region if choice.place is Place.AWS else "",
            input_tokens=reply.input_tokens,
            output_tokens=reply.output_tokens,
        )
        return TrialSide(choice, reply, self._prices.cost_of(call))
