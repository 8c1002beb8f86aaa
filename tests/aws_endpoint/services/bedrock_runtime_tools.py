"""Converse with a tool, or with a JSON schema in words: survey calls are answered by simple rules over their texts.

Each family of models takes what the real one takes, and refuses the rest in the service's words.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.aws_endpoint.endpoint import AwsEndpoint, AwsRequest
from tests.aws_endpoint.faults import AwsFault, unknown_model
from tests.aws_endpoint.model_ids import plain_model_id
from tests.aws_endpoint.services.bedrock_runtime_converse_route import register_converse
from tests.survey_model import answer, schema_problem, value_problem

_ALL: Final = frozenset({"auto", "any", "tool"})
_IN_WORDS: Final = re.compile(r"valid against this JSON Schema:\n(\{.*\})\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Family:
    """What models of a family take.

    Attributes:
        choices: Of tools; none where they take no tools.
        lists_as_text: Whether they write lists into a tool's input as texts that hold JSON.
    """

    choices: frozenset[str] = frozenset()
    temperature: bool = True
    system: bool = True
    context_tokens: int = 128_000
    most_tokens: int = 4_096
    lists_as_text: bool = False


FAMILIES: Final = {
    "anthropic.claude-haiku-4-5": Family(_ALL, context_tokens=200_000, most_tokens=64_000),
    "anthropic.claude-sonnet-4-5": Family(_ALL, context_tokens=200_000, most_tokens=64_000),
    "anthropic.claude-sonnet-5": Family(_ALL, temperature=False, context_tokens=1_000_000, most_tokens=128_000),
    "anthropic.claude-opus-5-5": Family(
        frozenset({"auto"}), temperature=False, context_tokens=1_000_000, most_tokens=128_000
    ),
    "amazon.nova-micro": Family(_ALL, most_tokens=5_000),
    "amazon.nova-lite": Family(_ALL, context_tokens=300_000, most_tokens=5_000),
    "amazon.nova-pro": Family(_ALL, context_tokens=300_000, most_tokens=5_000),
    "amazon.titan-text": Family(system=False, context_tokens=8_000, most_tokens=3_072),
    "mistral.mistral-large": Family(frozenset({"auto", "any"}), context_tokens=32_000),
    "meta.llama3-3": Family(frozenset({"auto"}), lists_as_text=True),
    # Nobody has heard of these: the table of abilities has neither.
    "example.talker": Family(most_tokens=2_000),
    "example.caller": Family(_ALL),
}


def register(endpoint: AwsEndpoint) -> None:
    """Answer what has a tool, or a schema in words."""
    register_converse(_is_for_json, converse)


def converse(request: AwsRequest) -> dict[str, Any]:
    """The members of the reply."""
    model_id = plain_model_id(request.parameters["modelId"])
    fitting = [prefix for prefix in FAMILIES if model_id.startswith(prefix)]
    if not fitting:
        raise unknown_model()
    family = FAMILIES[max(fitting, key=len)]
    parameters = request.parameters
    written = _written(parameters)
    tokens = len(written) // 4
    if problem := _problem(parameters, family, tokens):
        raise AwsFault("ValidationException", problem, status=400)
    tool = _tool(parameters)
    schema = tool["inputSchema"]["json"] if tool else json.loads(_schema_in_words(parameters))
    made = _made(schema, json.loads(_given(parameters)))
    assert not value_problem(made, schema), made
    said = json.dumps(made)
    most = parameters["inferenceConfig"]["maxTokens"]
    is_cut = len(said) // 4 > most
    if tool:
        content: list[dict[str, Any]] = [{"toolUse": _tool_use(tool["name"], {} if is_cut else made, said, family)}]
    else:
        content = [{"text": said[: most * 4] if is_cut else f"Here it is:\n```json\n{said}\n```"}]
    usage = {"inputTokens": tokens, "outputTokens": min(len(said) // 4, most)}
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "max_tokens" if is_cut else "tool_use" if tool else "end_turn",
        "usage": {**usage, "totalTokens": sum(usage.values())},
        "metrics": {"latencyMs": 5},
    }


def _is_for_json(request: AwsRequest) -> bool:
    return "toolConfig" in request.parameters or bool(_IN_WORDS.search(_instructions(request.parameters)))


def _problem(parameters: Mapping[str, Any], family: Family, tokens: int) -> str:
    """What the service says against a request; empty when nothing."""
    asked = parameters["inferenceConfig"]
    if parameters.get("system") and not family.system:
        return (
            "This model doesn't support system messages. Try again without a system message or use a model that "
            "supports system messages."
        )
    if "toolConfig" in parameters:
        (choice,) = parameters["toolConfig"].get("toolChoice", {"auto": {}})
        if not family.choices:
            return "This model doesn't support tool use."
        if choice not in family.choices:
            field = f"toolConfig.toolChoice.{choice}"
            return f"This model doesn't support the {field} field. Remove {field} and try again."
        if problem := schema_problem(_tool(parameters)["inputSchema"]["json"]):
            return f"The value at toolConfig.tools.0.toolSpec.inputSchema is invalid: {problem}"
    if "temperature" in asked and not family.temperature:
        return "The model returned the following errors: `temperature` is deprecated for this model."
    if tokens > family.context_tokens:
        return "Input is too long for requested model."
    if asked["maxTokens"] > family.most_tokens:
        return (
            f"The maximum tokens you requested exceeds the model limit of {family.most_tokens}. Try again with a "
            f"maximum tokens value that is lower than {family.most_tokens}."
        )
    return ""


def _made(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a good model makes of the material."""
    if "topics" in schema["properties"]:
        return {"topics": [_named(topic) for topic in given["topics"]]}
    entry = schema["properties"]["responses"]["items"]["properties"]
    step = "split" if "statements" in entry else "sentiment" if "overall" in entry else "topics"
    return answer(step, given)


def _named(topic: Mapping[str, Any]) -> dict[str, str]:
    words = [word for word in topic["words"] if word.isalpha()] or ["Remarks"]
    return {"id": topic["id"], "name": " and ".join(words[:2]).capitalize(), "description": f"About {words[0]}."}


def _tool_use(name: str, made: Mapping[str, Any], said: str, family: Family) -> dict[str, Any]:
    inputs = {key: json.dumps(value) if family.lists_as_text else value for key, value in made.items()}
    return {"toolUseId": f"tooluse_{hashlib.sha256(said.encode()).hexdigest()[:22]}", "name": name, "input": inputs}


def _tool(parameters: Mapping[str, Any]) -> dict[str, Any]:
    tools = parameters.get("toolConfig", {}).get("tools", [])
    found: dict[str, Any] = tools[0]["toolSpec"] if tools else {}
    return found


def _instructions(parameters: Mapping[str, Any]) -> str:
    """The system's text; for models without one what stands before the material."""
    return "".join(block["text"] for block in parameters.get("system", ())) or _user(parameters).rsplit("\n\n", 1)[0]


def _schema_in_words(parameters: Mapping[str, Any]) -> str:
    found = _IN_WORDS.search(_instructions(parameters))
    assert found is not None
    return found[1]


def _given(parameters: Mapping[str, Any]) -> str:
    """The material: JSON, the last paragraph."""
    return _user(parameters).rsplit("\n\n", 1)[-1]


def _user(parameters: Mapping[str, Any]) -> str:
    return "".join(block.get("text", "") for block in parameters["messages"][-1]["content"])


def _written(parameters: Mapping[str, Any]) -> str:
    system = "".join(block["text"] for block in parameters.get("system", ()))
    return system + _user(parameters) + json.dumps(parameters.get("toolConfig", {}))
