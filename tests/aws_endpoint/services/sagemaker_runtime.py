"""SageMaker endpoints, one per container that Frontline can ask, and what SageMaker says of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from tests.aws_endpoint.endpoint import AwsEndpoint, AwsRequest
from tests.aws_endpoint.faults import AwsFault
from tests.aws_endpoint.quoting import reply_to
from tests.aws_endpoint.word_vectors import word_vectors

ACCOUNT: Final = "123456789012"
DIMENSION: Final = 384
# Pieces end in the middle of lines, and of characters.
PART_BYTES: Final = 7
MOST_TEI_TEXTS: Final = 32
MOST_TOKENS: Final = 512
_MADE_AT: Final = datetime(2026, 3, 2, tzinfo=UTC)

Container = Callable[[Mapping[str, Any]], object]


def register(endpoint: AwsEndpoint) -> None:
    """Answer for the endpoints, and tell about them."""
    endpoint.answer("sagemaker-runtime", "InvokeEndpoint", invoke)
    endpoint.answer("sagemaker-runtime", "InvokeEndpointWithResponseStream", invoke_with_stream)
    endpoint.answer("sagemaker", "DescribeEndpoint", describe_endpoint)
    endpoint.answer("sagemaker", "DescribeEndpointConfig", describe_configuration)


def invoke(request: AwsRequest) -> dict[str, Any]:
    """The reply of a container in one piece."""
    reply = _container(request)(_body(request))
    assert not isinstance(reply, Iterator), "This container was asked to stream."
    return {"Body": json.dumps(reply, ensure_ascii=False).encode(), "ContentType": "application/json"}


def invoke_with_stream(request: AwsRequest) -> Iterator[dict[str, Any]]:
    """The reply of a container in parts."""
    return in_parts(b"".join(streamed_lines(request)))


def streamed_lines(request: AwsRequest) -> Iterator[bytes]:
    """The reply of a container as it writes it, an event at a time."""
    reply = _container(request)(_body(request))
    assert isinstance(reply, Iterator), "This container was not asked to stream."
    return reply


def in_parts(data: bytes) -> Iterator[dict[str, Any]]:
    """The events of a stream with these bytes."""
    return ({"PayloadPart": {"Bytes": data[at : at + PART_BYTES]}} for at in range(0, len(data), PART_BYTES))


def describe_endpoint(request: AwsRequest) -> dict[str, Any]:
    """An endpoint that is in service."""
    name = request.parameters["EndpointName"]
    if name not in CONTAINERS:
        raise AwsFault("ValidationException", f'Could not find endpoint "{_arn(request, name)}".', status=400)
    return {
        "EndpointName": name,
        "EndpointArn": _arn(request, name),
        "EndpointConfigName": f"{name}-2026-03-02",
        "EndpointStatus": "InService",
        "CreationTime": _MADE_AT,
        "LastModifiedTime": _MADE_AT,
    }


def describe_configuration(request: AwsRequest) -> dict[str, Any]:
    """A configuration of one variant."""
    name = request.parameters["EndpointConfigName"]
    model = f"{name.removesuffix('-2026-03-02')}-model"
    return {
        "EndpointConfigName": name,
        "EndpointConfigArn": f"arn:aws:sagemaker:{request.region}:{ACCOUNT}:endpoint-config/{name}",
        "ProductionVariants": [{"VariantName": "AllTraffic", "ModelName": model}],
        "CreationTime": _MADE_AT,
    }


def _arn(request: AwsRequest, name: str) -> str:
    return f"arn:aws:sagemaker:{request.region}:{ACCOUNT}:endpoint/{name}"


def _container(request: AwsRequest) -> Container:
    name = request.parameters["EndpointName"]
    if name not in CONTAINERS:
        raise AwsFault("ValidationError", f"Endpoint {name} of account {ACCOUNT} not found.", status=400)
    return CONTAINERS[name]


def _body(request: AwsRequest) -> Mapping[str, Any]:
    body: Mapping[str, Any] = json.loads(request.parameters["Body"])
    return body


def _refuse(problem: str) -> AwsFault:
    message = f'Received client error (422) from primary with message "{problem}".'
    return AwsFault("ModelError", message, status=424, members={"OriginalStatusCode": 422, "OriginalMessage": problem})


def _tgi(body: Mapping[str, Any]) -> object:
    """Text Generation Inference: server-sent events with a token each, the last with the whole text."""
    if not isinstance(body.get("inputs"), str):
        raise _refuse("missing field `inputs`")
    parameters = body.get("parameters", {})
    words, reason = _cut(reply_to(body["inputs"]), parameters.get("max_new_tokens", 20))
    details = {"finish_reason": reason, "generated_tokens": len(words), "seed": None}
    if not body.get("stream"):
        return [{"generated_text": "".join(words), **({"details": details} if parameters.get("details") else {})}]

    def events() -> Iterator[bytes]:
        for index, word in enumerate(words, start=1):
            token = {"id": index, "text": word, "logprob": -0.1, "special": False}
            yield _event({"index": index, "token": token, "generated_text": None, "details": None}, space="")
        end = {"id": 2, "text": "</s>", "logprob": -0.1, "special": True}
        whole = {"generated_text": "".join(words), "details": details if parameters.get("details") else None}
        yield _event({"index": len(words) + 1, "token": end, **whole}, space="")

    return events()


def _chat(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if not body.get("messages"):
        raise _refuse("messages: field required")
    words, reason = _cut(reply_to(body["messages"][-1]["content"]), body.get("max_tokens", 16))
    yield _choice({"role": "assistant", "content": ""}, None)
    for word in words:
        yield _choice({"content": word}, None)
    yield _choice({}, "stop" if reason == "eos_token" else reason)


def _vllm(body: Mapping[str, Any]) -> object:
    """vLLM: OpenAI's chat completions as server-sent events, with a last word of its own."""
    chunks = list(_chat(body))
    if not body.get("stream"):
        text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
        message = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop", "index": 0}
        usage = {"prompt_tokens": 9, "completion_tokens": len(chunks), "total_tokens": 9 + len(chunks)}
        return {"object": "chat.completion", "choices": [message], "usage": usage}
    return iter([*(_event(chunk) for chunk in chunks), b"data: [DONE]\n\n"])


def _lmi(body: Mapping[str, Any]) -> object:
    """Large Model Inference: the same chunks as JSON lines."""
    return iter([json.dumps(chunk, ensure_ascii=False).encode() + b"\n" for chunk in _chat(body)])


def _jumpstart(body: Mapping[str, Any]) -> object:
    """A model of JumpStart: no stream, and no word on why it stopped."""
    if "stream" in body or not isinstance(body.get("inputs"), str):
        raise _refuse("inputs must be a text, and stream is not known")
    words, _ = _cut(reply_to(body["inputs"]), body.get("parameters", {}).get("max_new_tokens", 20))
    return {"generated_text": "".join(words)}


def _tei(body: Mapping[str, Any]) -> object:
    """Text Embeddings Inference."""
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or len(inputs) > MOST_TEI_TEXTS or not all(inputs):
        raise _refuse("batch size must be at most 32 and inputs cannot be empty")
    return word_vectors(inputs, DIMENSION)


def _hugging_face(body: Mapping[str, Any]) -> object:
    """Feature extraction of Hugging Face's toolkit: for each text a batch of one, with a vector per token."""
    if body.get("parameters", {}).get("truncation") is not True and any(map(_is_long, body["inputs"])):
        raise _refuse("The size of tensor a must match the size of tensor b")
    found = []
    for text in body["inputs"]:
        (vector,) = word_vectors([text], DIMENSION)
        tokens = min(len(text.split()) + 2, MOST_TOKENS)
        # Their mean is the text's vector.
        found.append([[[value + (index - (tokens - 1) / 2) for value in vector] for index in range(tokens)]])
    return found


def _is_long(text: str) -> bool:
    return len(text.split()) + 2 > MOST_TOKENS


def _jumpstart_embedding(body: Mapping[str, Any]) -> object:
    return {"embedding": word_vectors(body["text_inputs"], DIMENSION)}


def _cut(text: str, most: int) -> tuple[list[str], str]:
    """The words with the spaces in front of them, and why there are no more."""
    first, *others = text.split(" ")
    words = [first, *(f" {word}" for word in others)]
    return words[:most], "length" if len(words) > most else "eos_token"


def _choice(delta: Mapping[str, Any], reason: str | None) -> Mapping[str, Any]:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def _event(value: Mapping[str, Any], space: str = " ") -> bytes:
    return f"data:{space}{json.dumps(value, ensure_ascii=False)}\n\n".encode()


CONTAINERS: Final[Mapping[str, Container]] = {
    "answers-tgi": _tgi,
    "answers-vllm": _vllm,
    "answers-lmi": _lmi,
    "answers-jumpstart": _jumpstart,
    "embeddings-tei": _tei,
    "embeddings-hugging-face": _hugging_face,
    "embeddings-jumpstart": _jumpstart_embedding,
}
