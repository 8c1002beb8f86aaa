"""The prompts of the steps and the schemas of their replies: files that never change, named by step and version."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from services.surveys.run_models import Step

_FOLDER = files("services.surveys.chain.prompts")
# The versions in use. A changed prompt is a new file with the next number: runs say which one they used.
VERSIONS = {Step.SPLIT: 1, Step.TOPICS: 1, Step.SENTIMENT: 1}
CLEAN_VERSION = "clean-1"
CHECK_VERSION = "check-1"
AGAIN_VERSION = "again-1"
CHAIN_VERSION = " ".join(
    [CLEAN_VERSION, *(f"{step.value}-{number}" for step, number in VERSIONS.items()), CHECK_VERSION, AGAIN_VERSION]
)


@dataclass(frozen=True, slots=True)
class StepPrompt:
    """What a model is told for one step.

    Attributes:
        version: Such as ``topics-1``: the name of the files.
        system: The instructions; the same in every first call of the step.
        schema: JSON Schema of the reply.
    """

    step: Step
    version: str
    system: str
    schema: Mapping[str, Any]

    def again(self, problems: Sequence[str], attempt: int) -> str:
        """The instructions for another attempt.

        Args:
            problems: What was wrong, a sentence of ours each.
            attempt: 2 for the first repetition.
        """
        text = _text(f"{AGAIN_VERSION}.txt")
        return self.system + text.format(problems=" ".join(problems), attempt=attempt)


@cache
def prompt_of(step: Step) -> StepPrompt:
    """The prompt in use for a step that asks a model."""
    version = f"{step.value}-{VERSIONS[step]}"
    return StepPrompt(step, version, _text(f"{version}.txt"), json.loads(_text(f"{version}.schema.json")))


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
