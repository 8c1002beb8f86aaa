"""What the adapters of Amazon Bedrock and SageMaker add to a call, and how soon a streamed word stands in the page."""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench.aws_first_words import CHAT, first_words
from bench.page import Figures, goals, table
from bench.places import Places
from services.answers.models import AnswerRequest
from services.backends.aws.access import AwsAccess
from services.backends.aws.bedrock_answers import BedrockAnswers
from services.backends.aws.bedrock_embeddings import BedrockEmbedder
from services.backends.aws.calls import AwsService
from services.backends.aws.clients import AwsClients
from services.backends.aws.sagemaker_answers import SageMakerAnswers
from services.backends.operation_backends import build_call_recording, build_prices
from services.knowledge.models import Passage
from services.setting_choices import AnswerContainer
from services.settings import load_settings
from services.storage.database import Database
from tests.aws_endpoint.conversations import boto_client
from tests.aws_endpoint.endpoint import REGION, running_aws_endpoint
from tests.aws_endpoint.services.sagemaker_runtime import streamed_lines

CALLS = 400
WARM_UP = 30
GOAL_MILLISECONDS = 5.0
GOAL_FIRST_WORD_MILLISECONDS = 100.0
TITAN = "amazon.titan-embed-text-v2:0"
PASSAGE = Passage(
    document_id="codes.md",
    document_version=1,
    chunk_id="codes.md#0",
    title="Claim codes",
    url=None,
    section="Code 75",
    page=None,
    text="Code 75 means that the plan requires prior authorization. Start form PA-100 on the same day.",
    start=0,
    end=92,
    score=0.9,
    similarity=0.7,
    keyword_share=1.0,
)
REQUEST = AnswerRequest("What does reject 75 mean?", (PASSAGE,) * 6)
Call = Callable[[], object]


def measure(places: Places) -> Figures:
    """Both parts, on this machine alone."""
    calls = _overheads()
    return {"calls_each": CALLS, "calls": calls, "first_words": first_words(places)}


def _overheads() -> list[dict[str, float | str]]:
    """Milliseconds of every adapter beyond a bare boto3 call, asked in turns of the same endpoint."""
    rows = []
    with _endpoint_elsewhere(), _recording_access() as aws:
        for name, adapter, bare in _pairs(aws):
            for _ in range(WARM_UP):
                adapter()
                bare()
            taken: dict[str, list[tuple[float, float]]] = {"adapter": [], "bare": []}
            for _ in range(CALLS):
                taken["bare"].append(_timed(bare))
                taken["adapter"].append(_timed(adapter))
            row: dict[str, float | str] = {"call": name}
            for place, kind in enumerate(("wall", "cpu")):
                bare_times, adapter_times = ([one[place] for one in taken[who]] for who in ("bare", "adapter"))
                # Of neighbors in time: what else the machine does at a moment slows both.
                added = [mine - theirs for mine, theirs in zip(adapter_times, bare_times, strict=True)]
                row[f"bare_{kind}_ms"] = round(statistics.median(bare_times), 2)
                row[f"adapter_{kind}_ms"] = round(statistics.median(adapter_times), 2)
                row[f"added_{kind}_ms"] = round(statistics.median(added), 2)
            rows.append(row)
            print(row, flush=True)
    return rows


def _pairs(aws: AwsAccess) -> Iterator[tuple[str, Call, Call]]:
    """The name of a call, the adapter's way to make it, and boto3's with the very same request."""
    runtime, sagemaker = boto_client("bedrock-runtime", REGION), boto_client("sagemaker-runtime", REGION)
    answers = BedrockAnswers(aws, CHAT)
    conversation = answers._parameters(REQUEST.question, REQUEST.passages)
    service = AwsService(aws.clients, "bedrock-runtime", called="model", backend="bedrock", recorder=aws.recorder)
    yield (
        "Converse",
        lambda: service.call("Converse", conversation, model=CHAT, usage=_no_usage),
        lambda: runtime.converse(**conversation),
    )
    yield (
        "ConverseStream, to the draft",
        lambda: answers.generate(REQUEST),
        lambda: list(runtime.converse_stream(**conversation)["stream"]),
    )
    whole = SageMakerAnswers(aws, "answers-jumpstart", AnswerContainer.JUMPSTART)
    invocation = whole._parameters(REQUEST.question, REQUEST.passages)
    yield (
        "InvokeEndpoint, to the draft",
        lambda: whole.generate(REQUEST),
        lambda: bytes(sagemaker.invoke_endpoint(**invocation)["Body"].read()),
    )
    streaming = SageMakerAnswers(aws, "answers-tgi", AnswerContainer.TGI)
    streamed = streaming._parameters(REQUEST.question, REQUEST.passages)
    yield (
        "InvokeEndpointWithResponseStream, to the draft",
        lambda: streaming.generate(REQUEST),
        lambda: list(sagemaker.invoke_endpoint_with_response_stream(**streamed)["Body"]),
    )
    embedder = BedrockEmbedder(aws, TITAN)
    body = json.dumps({"inputText": PASSAGE.text, "dimensions": 1024, "normalize": True})
    yield (
        "InvokeModel, one text to a vector",
        lambda: embedder.embed([PASSAGE.text]),
        lambda: json.loads(runtime.invoke_model(modelId=TITAN, body=body)["body"].read()),
    )


def _no_usage(reply: Mapping[str, Any]) -> Any:
    from services.backends.aws.calls import Usage

    usage = reply.get("usage", {})
    return Usage(input_tokens=usage.get("inputTokens", 0), output_tokens=usage.get("outputTokens", 0))


def _timed(call: Call) -> tuple[float, float]:
    """Milliseconds on the wall and on this thread's processor."""
    wall, cpu = time.perf_counter(), time.thread_time()
    call()
    return (time.perf_counter() - wall) * 1000, (time.thread_time() - cpu) * 1000


@contextmanager
def _recording_access() -> Iterator[AwsAccess]:
    """The way to AWS as the app has it: every call is priced and kept in a database."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(home=Path(folder), aws_region=REGION)
        database = Database(settings.resolved_database_url)
        database.migrate()
        recording = build_call_recording(database, build_prices(settings))
        yield AwsAccess(AwsClients(REGION), recording)
        recording.flush()
        database.close()


@contextmanager
def _endpoint_elsewhere() -> Iterator[None]:
    """The local AWS in a process of its own, so that it takes no time from the calls."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    before = dict(os.environ)
    os.environ.update(ours.recv())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        ours.send("stop")
        process.join()


def _serve(connection: Connection) -> None:
    with running_aws_endpoint() as endpoint:
        # As containers do it: a part for every token.
        endpoint.answer(
            "sagemaker-runtime",
            "InvokeEndpointWithResponseStream",
            lambda request: ({"PayloadPart": {"Bytes": line}} for line in streamed_lines(request)),
        )
        connection.send(endpoint.environment())
        connection.recv()


def text(figures: Figures) -> str:
    """The section."""
    calls, words = figures["calls"], figures["first_words"]
    slowest = max(call["added_wall_ms"] for call in calls)
    busiest = max(call["added_cpu_ms"] for call in calls)
    reached = goals(
        [
            (
                "What an adapter adds to a call, wall-clock, the slowest of them",
                f"< {GOAL_MILLISECONDS:g} ms",
                f"{slowest:.1f} ms",
                slowest < GOAL_MILLISECONDS,
            ),
            (
                "What an adapter adds to a call, processor, the busiest of them",
                f"< {GOAL_MILLISECONDS:g} ms",
                f"{busiest:.1f} ms",
                busiest < GOAL_MILLISECONDS,
            ),
            (
                f"From a model's first word on the wire to the page, the slowest of {words['questions']} questions",
                f"≤ {GOAL_FIRST_WORD_MILLISECONDS:g} ms",
                f"{words['slowest_ms']:.0f} ms",
                words["slowest_ms"] <= GOAL_FIRST_WORD_MILLISECONDS and words["seen"] == words["asked"],
            ),
        ]
    )
    rows = [
        (
            str(call["call"]),
            f"{call['bare_wall_ms']:.1f}",
            f"{call['adapter_wall_ms']:.1f}",
            f"{call['added_wall_ms']:.1f}",
            f"{call['added_cpu_ms']:.1f}",
        )
        for call in calls
    ]
    drawn = table(("Call", "boto3, ms", "adapter, ms", "added, ms", "added CPU, ms"), rows)
    return (
        f"{reached}\n\n{drawn}\n\nMedians of {figures['calls_each']} calls each, in turns, added: of the differences "
        "between neighbors; to a local endpoint in another process that speaks AWS's protocols. An adapter builds the "
        "request, retries where it must, records tokens and price, and, where the table says so, checks every sentence "
        "of the reply against the passages. "
        f"The first words: {words['seen']} of {words['asked']} seen in Chromium, median {words['median_ms']:.0f} ms; "
        "the model stays silent for 0.3 to 0.9 s before it begins, and goes on at 20 words a second."
    )
