"""How a model is asked through Converse for JSON of a given shape: by a tool, or in words where it takes none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.backends.aws.errors import AwsProblem
from services.backends.aws.model_abilities import ModelAbilities, ToolChoice
from services.ports.language_models import ModelRequest

_SCHEMA_IN_WORDS = "\n\nReply with nothing but one JSON object that is valid against this JSON Schema:\n"
_CALL_THE_TOOL = "\n\nGive your whole reply by calling the tool {name} exactly once. Write no other text."
_WEAKER = {
    ToolChoice.TOOL: ToolChoice.ANY,
    ToolChoice.ANY: ToolChoice.AUTO,
    ToolChoice.AUTO: ToolChoice.NONE,
}
_CHOICE_WORDS = ("toolchoice", "tool_choice", "tool choice")
_TOOL_WORDS = ("tool use", "toolconfig", "tool calling", "support tools")
_SYSTEM_WORDS = ("system message", "system prompt", "system instruction", "system field")
_LENGTH_LIMIT = re.compile(r"tokens .*lower than (\d+)", re.DOTALL)
_CONTEXT_WORDS = (
    "input is too long",
    "prompt is too long",
    "too many input tokens",
    "exceed context limit",
    "context length",
    "context window",
    "maximum context",
)


@dataclass(frozen=True, slots=True)
class ConverseForm:
    """What a model takes of Converse: first as the table says, then as the model itself does by what it refuses.

    Attributes:
        effort: Whether a model that thinks is told to think little.
        most_output_tokens: The longest reply that may be asked for; None where nothing is known.
    """

    tools: ToolChoice = ToolChoice.TOOL
    temperature: bool = True
    system: bool = True
    effort: bool = False
    most_output_tokens: int | None = None

    @classmethod
    def of(cls, abilities: ModelAbilities) -> ConverseForm:
        """As the table says."""
        return cls(abilities.tools, abilities.temperature, abilities.system, abilities.thinks, abilities.output_tokens)

    def parameters(self, model_id: str, request: ModelRequest) -> dict[str, Any]:
        """The parameters of Converse."""
        system, user = request.system, request.user
        if self.tools is ToolChoice.NONE:
            system += _SCHEMA_IN_WORDS + json.dumps(dict(request.schema), ensure_ascii=False)
        elif self.tools is ToolChoice.AUTO:
            system += _CALL_THE_TOOL.format(name=request.schema_name)
        if not self.system:
            user = f"{system}\n\n{user}"
        most = min(request.most_output_tokens, self.most_output_tokens or request.most_output_tokens)
        parameters: dict[str, Any] = {
            "modelId": model_id,
            "messages": [{"role": "user", "content": [{"text": user}]}],
            "inferenceConfig": {"maxTokens": most},
        }
        if self.system:
            parameters["system"] = [{"text": system}]
        if self.temperature:
            parameters["inferenceConfig"]["temperature"] = 0.0
        if self.effort:
            parameters["outputConfig"] = {"effort": "low"}
        if self.tools is not ToolChoice.NONE:
            tool = {"name": request.schema_name, "inputSchema": {"json": dict(request.schema)}}
            choice = {"name": request.schema_name} if self.tools is ToolChoice.TOOL else {}
            parameters["toolConfig"] = {
                "tools": [{"toolSpec": {**tool, "description": "Takes the reply."}}],
                "toolChoice": {self.tools.value: choice},
            }
        return parameters

    def after(self, problem: AwsProblem) -> ConverseForm | None:
        """How to ask after this refusal; None when nothing of the form was refused."""
        about = problem.message
        if problem.code != "ValidationException":
            return None
        if self.tools in _WEAKER and any(words in about for words in _CHOICE_WORDS):
            return replace(self, tools=_WEAKER[self.tools])
        if self.tools is not ToolChoice.NONE and any(words in about for words in _TOOL_WORDS):
            return replace(self, tools=ToolChoice.NONE)
        if self.temperature and "temperature" in about:
            return replace(self, temperature=False)
        if self.system and any(words in about for words in _SYSTEM_WORDS):
            return replace(self, system=False)
        if self.effort and ("effort" in about or "outputconfig" in about or "output_config" in about):
            return replace(self, effort=False)
        if found := _LENGTH_LIMIT.search(about):
            most = int(found[1]) - 1
            if 0 < most < (self.most_output_tokens or most + 1):
                return replace(self, most_output_tokens=most)
        return None


def is_too_long(problem: AwsProblem) -> bool:
    """Whether a request was refused because it does not fit into the model's context."""
    return problem.code == "ValidationException" and any(words in problem.message for words in _CONTEXT_WORDS)


def text_of(content: Sequence[Mapping[str, Any]], request: ModelRequest) -> str:
    """What a model said: what it gave the tool as JSON, else its words; thoughts are left aside."""
    uses = [block["toolUse"] for block in content if "toolUse" in block]
    inputs = [use.get("input") for use in uses if use.get("name") == request.schema_name]
    objects = [_in_shape(one, request.schema) for one in inputs if isinstance(one, Mapping)]
    if objects:
        return json.dumps(_joined(objects), ensure_ascii=False)
    return "".join(str(block["text"]) for block in content if "text" in block)


def _in_shape(given: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Some models write a list into a tool's input as a text that holds JSON."""
    kinds = {name: about.get("type") for name, about in schema.get("properties", {}).items()}
    shaped = dict(given)
    for name, value in given.items():
        if isinstance(value, str) and kinds.get(name) in {"array", "object"}:
            try:
                shaped[name] = json.loads(value)
            except (ValueError, RecursionError):
                continue
    return shaped


def _joined(objects: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A model that is free to choose may call the tool once per response: lists are put one after the other."""
    joined = dict(objects[0])
    for one in objects[1:]:
        for name, value in one.items():
            if isinstance(value, list) and isinstance(joined.get(name), list):
                joined[name] = [*joined[name], *value]
            else:
                joined.setdefault(name, value)
    return joined
