"""A prompt on two models: masked before it leaves, an error of one side leaves the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from services.backends.local.personal_data import LocalPersonalDataDetector
from services.errors import AccessError, BackendThrottledError, BackendUnavailableError, InputError, NotFoundError
from services.operations.capabilities import Place
from services.operations.catalogue import CatalogueService
from services.operations.prices import ModelPrice, PriceTable
from services.operations.trying import MOST_CHARACTERS, PromptTrials, TrialChoice
from services.ports.model_calls import Attribution, current_attribution
from services.ports.model_catalogue import CatalogueModel, Lifecycle, TrialReply
from services.ports.privacy import PersonalDataDetector
from services.privacy.models import PersonalDataSpan
from services.settings import load_settings
from tests.operation_fakes import ADMIN, AGENT, FakeCatalogue, FakeTrial

LEFT, RIGHT = TrialChoice(Place.AWS, "priced", "Left"), TrialChoice(Place.AWS, "other", "Right")
PRICES = PriceTable([ModelPrice("priced", "us-east-1", date(2026, 1, 1), "list", 2.0, 4.0)])


class KnowsNothing:
    """Abilities of a model that nobody knows."""

    known, context_tokens, vision, streaming = False, 0, False, False


class BrokenDetector:
    """A PersonalDataDetector that cannot look."""

    def find(self, text: str) -> Sequence[PersonalDataSpan]:
        raise BackendUnavailableError("Away.")

    def check_ready(self) -> None:
        """Never asked."""


def trials(tmp_path: Path, asked: FakeTrial, detector: PersonalDataDetector | None = None) -> PromptTrials:
    catalogue = CatalogueService(load_settings(home=tmp_path), FakeCatalogue(), PRICES, lambda _model: KnowsNothing())
    return PromptTrials(catalogue, PRICES, detector or LocalPersonalDataDetector(), asked, asked, ["mine", "mine"])


def test_both_sides_answer_and_say_what_it_cost(tmp_path: Path) -> None:
    trial = trials(tmp_path, FakeTrial()).ask(ADMIN, "pharmacy", "Hello", [LEFT, RIGHT], "us-east-1")
    left, right = trial.sides
    assert left.reply is not None
    assert left.reply.text == "You said: Hello"
    assert left.cost_usd == pytest.approx(0.004)
    assert right.cost_usd is None


def test_personal_data_never_leaves(tmp_path: Path) -> None:
    asked = FakeTrial()
    trial = trials(tmp_path, asked).ask(ADMIN, "pharmacy", "Call 415-555-0123 now", [LEFT], "us-east-1")
    assert asked.prompts == ["Call [phone number] now"]
    assert trial.masked == "1 phone number"


def test_nothing_is_sent_when_personal_data_cannot_be_looked_for(tmp_path: Path) -> None:
    asked = FakeTrial()
    with pytest.raises(BackendUnavailableError):
        trials(tmp_path, asked, BrokenDetector()).ask(ADMIN, "pharmacy", "Hello", [LEFT], "us-east-1")
    assert asked.prompts == []


def test_error_of_one_side_leaves_the_other(tmp_path: Path) -> None:
    asked = FakeTrial(failing={"priced": BackendThrottledError("Busy."), "third": ValueError("secret")})
    third = TrialChoice(Place.AWS, "third", "Third")
    sides = trials(tmp_path, asked).ask(ADMIN, "pharmacy", "Hello", [LEFT, RIGHT, third], "us-east-1").sides
    assert [side.error.code if side.error else "ok" for side in sides] == ["backend-throttled", "ok", "unexpected"]
    assert sides[2].error is not None
    assert "secret" not in sides[2].error.message_for_user


def test_calls_are_attributed_to_who_tries(tmp_path: Path) -> None:
    seen: list[Attribution] = []

    class Watching(FakeTrial):
        def ask(self, model_id: str, prompt: str, *, most_output_tokens: int) -> TrialReply:
            seen.append(current_attribution())
            return super().ask(model_id, prompt, most_output_tokens=most_output_tokens)

    trials(tmp_path, Watching()).ask(ADMIN, "pharmacy", "Hello", [LEFT, RIGHT], "us-east-1")
    assert seen == [Attribution("pharmacy", "grace.lin", "models")] * 2


def test_choices_are_text_models_that_live_and_the_servers_own(tmp_path: Path) -> None:
    models = [
        CatalogueModel("a", "A", "Maker", ("text",), ("text",), profiles=("us.a",)),
        CatalogueModel("b", "B", "Maker", ("text",), ("image",)),
        CatalogueModel("c", "C", "Maker", ("text",), ("text",), lifecycle=Lifecycle.ENDED),
        CatalogueModel("d", "D", "Maker", ("text",), ("text",), on_demand=False, profiles=("eu.d",)),
    ]
    keys = [choice.key for choice in trials(tmp_path, FakeTrial()).choices(models)]
    assert keys == ["server:mine", "aws:a", "aws:us.a", "aws:eu.d"]


@pytest.mark.parametrize("prompt", ["", "  \n", "x" * (MOST_CHARACTERS + 1)])
def test_prompt_that_cannot_be_sent_is_refused(tmp_path: Path, prompt: str) -> None:
    with pytest.raises(InputError):
        trials(tmp_path, FakeTrial()).ask(ADMIN, "pharmacy", prompt, [LEFT], "us-east-1")


def test_trials_are_for_administrators_of_the_tenant(tmp_path: Path) -> None:
    made = trials(tmp_path, FakeTrial())
    with pytest.raises(AccessError):
        made.ask(AGENT, "pharmacy", "Hello", [LEFT], "us-east-1")
    with pytest.raises(AccessError):
        made.ask(ADMIN, "bank", "Hello", [LEFT], "us-east-1")
    with pytest.raises(NotFoundError):
        made.ask(ADMIN, "pharmacy", "Hello", [], "us-east-1")
