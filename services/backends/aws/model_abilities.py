"""What a model on Bedrock takes: a dated table by family, and careful defaults for a model that is not in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from services.backends.aws.bedrock_model_ids import plain_model_id

_TABLE = Path(__file__).with_suffix(".yaml")


class ToolChoice(StrEnum):
    """How strongly a model can be told to answer by a tool, the strongest first."""

    TOOL = "tool"
    ANY = "any"
    AUTO = "auto"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ModelAbilities:
    """What is known of a model; the defaults are what may be expected of any that Converse speaks to.

    Attributes:
        known: Whether the table has it.
        system: Whether it takes instructions apart from the conversation.
        streaming_tools: Whether ConverseStream gives it tools.
        thinks: It thinks by itself before it answers; that counts as output.
        output_weight: Tokens of a quota that one token of output takes.
    """

    known: bool = False
    tools: ToolChoice = ToolChoice.NONE
    context_tokens: int = 32_000
    output_tokens: int = 4_000
    temperature: bool = True
    system: bool = True
    vision: bool = False
    streaming: bool = True
    streaming_tools: bool = False
    thinks: bool = False
    output_weight: int = 1


def abilities_of(model_id: str) -> ModelAbilities:
    """What the model of this id takes.

    An application's own profile and a provisioned model do not say which model they are: they are not known.
    """
    name = plain_model_id(model_id)
    fitting = [beginning for beginning in _table() if _begins(name, beginning)]
    return _table()[max(fitting, key=len)] if fitting else ModelAbilities()


def _begins(name: str, beginning: str) -> bool:
    """Whether the family's name ends where the beginning does: ``opus-5`` is not the beginning of ``opus-55``."""
    return name.startswith(beginning) and not name[len(beginning) : len(beginning) + 1].isdigit()


@cache
def _table() -> dict[str, ModelAbilities]:
    import yaml

    rows: dict[str, dict[str, Any]] = yaml.safe_load(_TABLE.read_text(encoding="utf-8"))
    return {beginning: _abilities(row) for beginning, row in rows.items()}


def _abilities(row: dict[str, Any]) -> ModelAbilities:
    return replace(ModelAbilities(known=True), **{**row, "tools": ToolChoice(row["tools"])})
