"""Converse without tools: the best sentences of the passages in the request, with the marks that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.aws_endpoint.endpoint import AwsEndpoint, AwsRequest
from tests.aws_endpoint.faults import AwsFault, unknown_model
from tests.aws_endpoint.model_ids import plain_model_id
from tests.aws_endpoint.quoting import reply_to
from tests.aws_endpoint.services.bedrock_runtime_converse_route import register_converse
from tests.aws_endpoint.services.bedrock_runtime_tools import FAMILIES, Family

# The one guardrail of the account, the topic that it denies, and what it says then.
GUARDRAIL: Final = ("gr4frontline", "1")
DENIED: Final = "lawsuit"
BLOCKED: Final = "Sorry, this topic is not open for discussion."
# What the models' own filter refuses.
FILTERED: Final = "explosives"


def register(endpoint: AwsEndpoint) -> None:
    """Answer what no other module answers."""
    register_converse(lambda request: "toolConfig" not in request.parameters, converse)


def converse(request: AwsRequest) -> dict[str, Any]:
    """The members of the reply."""
    parameters = request.parameters
    family = _family(parameters["modelId"])
    prompt = "".join(_texts(parameters["messages"]))
    system = "".join(block.get("text", "") for block in parameters.get("system", ()))
    tokens = (len(system) + len(prompt)) // 4
    if problem := _problem(parameters, family, tokens):
        raise AwsFault("ValidationException", problem, status=400)
    if "guardrailConfig" in parameters and DENIED in prompt.casefold():
        return _reply(BLOCKED, "guardrail_intervened", tokens, len(BLOCKED) // 4)
    if FILTERED in prompt.casefold():
        return _reply("I", "content_filtered", tokens, 1)
    words = reply_to(prompt).split(" ")
    most = parameters.get("inferenceConfig", {}).get("maxTokens", family.most_tokens)
    is_cut = len(words) > most
    return _reply(" ".join(words[:most]), "max_tokens" if is_cut else "end_turn", tokens, min(len(words), most))


def _family(model_id: str) -> Family:
    plain = plain_model_id(model_id)
    fitting = [prefix for prefix in FAMILIES if plain.startswith(prefix)]
    if not fitting:
        raise unknown_model()
    return FAMILIES[max(fitting, key=len)]


def _texts(messages: list[Mapping[str, Any]]) -> list[str]:
    """What the model reads: plain blocks, and those that are marked for the guardrail."""
    return [
        block["text"] if "text" in block else f"{block['guardContent']['text']['text']}\n\n"
        for message in messages
        for block in message["content"]
    ]


def _problem(parameters: Mapping[str, Any], family: Family, tokens: int) -> str:
    if parameters.get("system") and not family.system:
        return (
            "This model doesn't support system messages. Try again without a system message or use a model that "
            "supports system messages."
        )
    if "temperature" in parameters.get("inferenceConfig", {}) and not family.temperature:
        return "The model returned the following errors: `temperature` is deprecated for this model."
    if tokens > family.context_tokens:
        return "Input is too long for requested model."
    guardrail = parameters.get("guardrailConfig")
    if guardrail and (guardrail["guardrailIdentifier"], guardrail["guardrailVersion"]) != GUARDRAIL:
        return "The guardrail identifier or version provided in the request does not exist."
    return ""


def _reply(text: str, stop_reason: str, input_tokens: int, output_tokens: int) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": stop_reason,
        "usage": {
            "inputTokens": input_tokens,
            "outputTokens": output_tokens,
            "totalTokens": input_tokens + output_tokens,
        },
        "metrics": {"latencyMs": 5},
    }
