"""The contract of Embedder over the wire: Amazon Bedrock, and embedding models at SageMaker endpoints."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from services.backends.answer_backends import build_embedder, embedder_finder
from services.backends.aws.access import AwsAccess
from services.backends.aws.bedrock_embeddings import BedrockEmbedder
from services.backends.aws.calls import CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.aws.sagemaker_embeddings import SageMakerEmbedder
from services.backends.local.faiss_index import FaissIndex
from services.backends.local.kept_vectors import KeptVectors
from services.backends.local.onnx_embedder import OnnxEmbedder
from services.errors import (
    BackendMisconfiguredError,
    BackendThrottledError,
    BackendUnavailableError,
    ConfigurationError,
)
from services.knowledge.models import DocumentVersion, SearchType
from services.ports.knowledge import Embedder
from services.ports.model_calls import attributed
from services.setting_choices import EmbeddingContainer
from services.settings import Settings
from services.storage.files import SnapshotFolders
from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, AwsFault, AwsRequest, running_aws_endpoint
from tests.aws_endpoint.services.bedrock_catalogue import changed_model
from tests.aws_endpoint.services.sagemaker_runtime import DIMENSION, describe_configuration
from tests.contract.aws_faults import AwsFaultContract, AwsModelFaultContract, Call
from tests.contract.embedder import TEXTS, EmbedderContract
from tests.contract.knowledge_index import TENANT
from tests.contract.knowledge_samples import document, version
from tests.fakes import FakeEmbedder
from tests.model_call_fakes import RememberingRecorder

TITAN = "amazon.titan-embed-text-v2:0"
COHERE = "cohere.embed-v4:0"
INVOKE = ("bedrock-runtime", "InvokeModel")
INVOKE_ENDPOINT = ("sagemaker-runtime", "InvokeEndpoint")
QUICK = CallPolicy(attempts=2, first_wait_seconds=0.0, longest_wait_seconds=0.0)


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint() as running:
        yield running


def bedrock(
    model: str = TITAN, dimension: int | None = None, recorder: RememberingRecorder | None = None
) -> BedrockEmbedder:
    return BedrockEmbedder(
        AwsAccess(AwsClients(REGION), recorder or RememberingRecorder()), model, dimension, policy=QUICK
    )


def sagemaker(container: EmbeddingContainer = EmbeddingContainer.TEI, endpoint: str = "") -> SageMakerEmbedder:
    name = endpoint or f"embeddings-{container.value.replace('_', '-')}"
    return SageMakerEmbedder(AwsAccess(AwsClients(REGION)), name, container, policy=QUICK)


def sent_texts(call: AwsRequest) -> list[str]:
    body = json.loads(call.parameters.get("body") or call.parameters["Body"])
    found = body.get("texts") or body.get("inputs") or body.get("text_inputs") or [body["inputText"]]
    return list(found)


class TestTitanTextEmbeddings(EmbedderContract):
    @pytest.fixture
    def embedder(self, endpoint: AwsEndpoint) -> Embedder:
        return bedrock()

    def test_every_text_is_asked_for_by_itself_with_the_dimension(
        self, embedder: Embedder, endpoint: AwsEndpoint
    ) -> None:
        embedder.embed(TEXTS[:3])
        bodies = [json.loads(call.parameters["body"]) for call in endpoint.calls_of(*INVOKE)]
        assert sorted(body["inputText"] for body in bodies) == sorted(TEXTS[:3])
        assert {(body["dimensions"], body["normalize"]) for body in bodies} == {(1024, True)}

    @pytest.mark.parametrize("dimension", [256, 512, 1024])
    def test_every_dimension_is_a_model_of_its_own(self, endpoint: AwsEndpoint, dimension: int) -> None:
        embedder = bedrock(dimension=dimension)
        assert embedder.embed(TEXTS).shape == (len(TEXTS), dimension)
        assert embedder.model_id == f"bedrock/{TITAN}/{dimension}"

    def test_dimension_that_the_model_does_not_offer_stops_the_start(self) -> None:
        with pytest.raises(ConfigurationError) as caught:
            bedrock(dimension=384)
        assert caught.value.code == "embedding-dimension"
        assert "256" in caught.value.remedy

    def test_model_that_nobody_taught_us_to_ask_stops_the_start(self) -> None:
        with pytest.raises(ConfigurationError) as caught:
            bedrock("amazon.nova-lite-v1:0")
        assert caught.value.code == "embedding-model-unknown"

    def test_text_beyond_the_limit_of_tokens_counts_with_its_beginning(
        self, embedder: Embedder, endpoint: AwsEndpoint
    ) -> None:
        long = "word " * 20_000
        assert embedder.embed([long]).shape == (1, 1024)
        lengths = [len(text) for call in endpoint.calls_of(*INVOKE) for text in sent_texts(call)]
        assert lengths == [50_000, 25_000]

    def test_tokens_that_were_used_are_recorded_for_whom_they_were_used(self, endpoint: AwsEndpoint) -> None:
        recorder = RememberingRecorder()
        with attributed(tenant_id="pharmacy"):
            bedrock(recorder=recorder).embed(TEXTS)
        assert sum(call.input_tokens for call in recorder.calls) == sum(-(-len(text) // 4) for text in TEXTS)
        assert {(call.backend, call.model) for call in recorder.calls} == {("bedrock", TITAN)}
        assert recorder.tenants == {"pharmacy"}  # also from the threads that ask

    def test_several_texts_are_asked_for_at_once_but_not_more_than_allowed(self, endpoint: AwsEndpoint) -> None:
        policy = CallPolicy(at_once=4)
        lock, here, together = threading.Lock(), [0], [0]
        both = threading.Barrier(2, timeout=30)
        invoke = endpoint.answer_of(*INVOKE)
        assert invoke is not None

        def counting(request: AwsRequest) -> Any:
            with lock:
                here[0] += 1
                together[0] = max(together[0], here[0])
            both.wait()
            reply = invoke(request)
            with lock:
                here[0] -= 1
            return reply

        embedder = BedrockEmbedder(AwsAccess(AwsClients(REGION)), TITAN, policy=policy)
        with endpoint.answering(*INVOKE, counting):
            embedder.embed([f"text {number}" for number in range(8)])
        assert 2 <= together[0] <= policy.at_once

    def test_after_a_failure_the_rest_is_not_paid_for(self, endpoint: AwsEndpoint) -> None:
        endpoint.faults.next(*INVOKE, AwsFault("AccessDeniedException", status=403), times=None)
        policy = CallPolicy(attempts=1, at_once=3)
        with pytest.raises(BackendMisconfiguredError):
            BedrockEmbedder(AwsAccess(AwsClients(REGION)), TITAN, policy=policy).embed([f"t{n}" for n in range(200)])
        assert endpoint.count(*INVOKE) < 20

    @pytest.mark.parametrize(
        "body",
        [{"embedding": [0.1] * 512}, {"embedding": []}, {"embedding": ["a"] * 1024}, {"embedding": [1e999] * 1024}, {}],
        ids=["other dimension", "nothing", "words", "endless", "no vector"],
    )
    def test_vectors_that_cannot_be_trusted_are_refused(
        self, embedder: Embedder, endpoint: AwsEndpoint, body: Mapping[str, Any]
    ) -> None:
        reply = {"body": json.dumps(body).encode(), "contentType": "application/json"}
        expected = BackendMisconfiguredError if len(body.get("embedding", ())) == 512 else BackendUnavailableError
        with endpoint.answering(*INVOKE, lambda _: reply), pytest.raises(expected):
            embedder.embed(["insulin"])


class TestCohereEmbed(EmbedderContract):
    @pytest.fixture
    def embedder(self, endpoint: AwsEndpoint) -> Embedder:
        return bedrock(f"us.{COHERE}", 512)

    def test_texts_go_in_batches_of_what_the_model_takes(self, embedder: Embedder, endpoint: AwsEndpoint) -> None:
        texts = [f"text {number}" for number in range(200)]
        vectors = embedder.embed(texts)
        assert sorted(len(sent_texts(call)) for call in endpoint.calls_of(*INVOKE)) == [8, 96, 96]
        for row in (0, 95, 96, 199):
            assert vectors[row] @ embedder.embed([texts[row]])[0] > 0.999

    def test_profile_changes_how_a_model_is_called_and_not_what_it_is(self, endpoint: AwsEndpoint) -> None:
        assert bedrock(f"us.{COHERE}").model_id == bedrock(COHERE).model_id == f"bedrock/{COHERE}/1536"
        bedrock(f"us.{COHERE}").embed(["refill"])
        assert endpoint.calls_of(*INVOKE)[0].parameters["modelId"] == f"us.{COHERE}"


class TestOlderCohereEmbed(EmbedderContract):
    @pytest.fixture
    def embedder(self, endpoint: AwsEndpoint) -> Embedder:
        return bedrock("cohere.embed-multilingual-v3")


class TestOlderTitan(EmbedderContract):
    @pytest.fixture
    def embedder(self, endpoint: AwsEndpoint) -> Iterator[Embedder]:
        with changed_model(TITAN, id="amazon.titan-embed-text-v1"):
            yield bedrock("amazon.titan-embed-text-v1")


class TestTextEmbeddingsInference(EmbedderContract):
    @pytest.fixture
    def embedder(self, endpoint: AwsEndpoint) -> Embedder:
        return sagemaker()

    def test_texts_go_in_batches_of_what_the_container_takes(self, embedder: Embedder, endpoint: AwsEndpoint) -> None:
        assert embedder.dimension == DIMENSION  # found out with a call of its own
        endpoint.reset()
        embedder.embed([f"text {number}" for number in range(70)])
        assert sorted(len(sent_texts(call)) for call in endpoint.calls_of(*INVOKE_ENDPOINT)) == [6, 32, 32]

    def test_another_model_behind_the_endpoint_has_another_id(self, embedder: Embedder, endpoint: AwsEndpoint) -> None:
        def other(request: AwsRequest) -> Mapping[str, Any]:
            variants = [{"VariantName": "AllTraffic", "ModelName": "other"}]
            return {**describe_configuration(request), "ProductionVariants": variants}

        assert embedder.model_id == f"sagemaker/embeddings-tei/embeddings-tei-model/{DIMENSION}"
        with endpoint.answering("sagemaker", "DescribeEndpointConfig", other):
            assert sagemaker().model_id == f"sagemaker/embeddings-tei/other/{DIMENSION}"

    def test_endpoint_that_failed_once_is_asked_again(self, embedder: Embedder, endpoint: AwsEndpoint) -> None:
        endpoint.faults.next(*INVOKE_ENDPOINT, "throttled", times=QUICK.attempts)
        with pytest.raises(BackendThrottledError):
            _ = embedder.dimension
        assert embedder.dimension == DIMENSION


class TestHuggingFaceFeatureExtraction(EmbedderContract):
    @pytest.fixture
    def embedder(self, endpoint: AwsEndpoint) -> Embedder:
        return sagemaker(EmbeddingContainer.HUGGING_FACE)

    def test_vectors_of_the_tokens_become_their_mean(self, embedder: Embedder) -> None:
        (pooled,) = embedder.embed(["Keep insulin in a refrigerator."])
        (whole,) = FakeEmbedder(dimension=DIMENSION).embed(["Keep insulin in a refrigerator."])
        assert pooled @ whole > 0.999


class TestJumpStartEmbeddings(EmbedderContract):
    @pytest.fixture
    def embedder(self, endpoint: AwsEndpoint) -> Embedder:
        return sagemaker(EmbeddingContainer.JUMPSTART)


class TestTitanFaults(AwsModelFaultContract):
    operation: ClassVar[tuple[str, str]] = INVOKE
    action: ClassVar[str] = "bedrock:InvokeModel"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Call:
        embedder = BedrockEmbedder(AwsAccess(AwsClients(REGION)), TITAN, policy=policy)
        return lambda: embedder.embed(["refill"])


class TestSageMakerEmbeddingFaults(AwsFaultContract):
    operation: ClassVar[tuple[str, str]] = INVOKE_ENDPOINT
    action: ClassVar[str] = "sagemaker:InvokeEndpoint"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Call:
        aws = AwsAccess(AwsClients(REGION))
        embedder = SageMakerEmbedder(aws, "embeddings-tei", EmbeddingContainer.TEI, policy=policy)
        return lambda: embedder.dimension


class TestEmbeddersOfSnapshots:
    """A snapshot is searched by the model that it was made with, wherever that runs."""

    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(
            home=tmp_path,
            aws_region=REGION,
            embedding_backend="bedrock",
            bedrock_embedding_model=f"us.{COHERE}",
            bedrock_embedding_dimension=256,
        )

    def test_texts_that_were_paid_for_are_not_paid_for_again(self, settings: Settings, endpoint: AwsEndpoint) -> None:
        first = build_embedder(settings).embed(TEXTS)
        assert isinstance(build_embedder(settings), KeptVectors)
        again = build_embedder(settings).embed(TEXTS[::-1])
        assert (again == first[::-1]).all()
        assert endpoint.count(*INVOKE) == 1

    def test_model_of_an_older_snapshot_is_called_as_it_was_then(
        self, settings: Settings, endpoint: AwsEndpoint
    ) -> None:
        build_embedder(settings).embed(TEXTS)
        now = settings.model_copy(update={"bedrock_embedding_model": TITAN, "bedrock_embedding_dimension": None})
        found = embedder_finder(now)(f"bedrock/{COHERE}/256")
        assert found is not None
        assert found.embed(["another text"]).shape == (1, 256)
        assert endpoint.calls_of(*INVOKE)[-1].parameters["modelId"] == f"us.{COHERE}"

    def test_packaged_model_is_found_while_bedrock_is_configured(self, settings: Settings) -> None:
        assert isinstance(embedder_finder(settings)(OnnxEmbedder.model_id), OnnxEmbedder)

    def test_endpoint_that_runs_another_model_now_is_not_taken_for_the_old_one(
        self, settings: Settings, endpoint: AwsEndpoint
    ) -> None:
        find = embedder_finder(settings)
        there = find(f"sagemaker/embeddings-tei/embeddings-tei-model/{DIMENSION}")
        assert there is not None
        assert there.dimension == DIMENSION
        assert find(f"sagemaker/embeddings-tei/former-model/{DIMENSION}") is None

    def test_endpoint_that_does_not_answer_now_may_later(self, settings: Settings, endpoint: AwsEndpoint) -> None:
        find = embedder_finder(settings)
        model_id = f"sagemaker/embeddings-tei/embeddings-tei-model/{DIMENSION}"
        endpoint.faults.next("sagemaker", "DescribeEndpoint", AwsFault("AccessDeniedException", status=403))
        with pytest.raises(BackendMisconfiguredError):
            find(model_id)
        assert find(model_id) is not None

    @pytest.mark.parametrize(
        "model_id", ["bedrock/amazon.nobody-v1:0/1024", "bedrock/x", "sagemaker/", f"bedrock/{TITAN}/7"]
    )
    def test_model_that_cannot_be_asked_is_none(self, settings: Settings, model_id: str) -> None:
        assert embedder_finder(settings)(model_id) is None

    def test_older_snapshot_is_searched_by_its_own_model_until_a_new_one_is_built(
        self, settings: Settings, endpoint: AwsEndpoint
    ) -> None:
        self.index(settings, settings).build(TENANT, 1, iter([insulin()]), None)
        now = settings.model_copy(update={"bedrock_embedding_dimension": 512})
        found = self.index(now, now).search(TENANT, 1, "insulin", limit=1, search_type=SearchType.SEMANTIC)
        assert [passage.document_id for passage in found.passages] == ["insulin"]

    def test_snapshot_whose_model_is_gone_asks_for_a_new_build(self, settings: Settings, endpoint: AwsEndpoint) -> None:
        self.index(settings, settings).build(TENANT, 1, iter([insulin()]), None)
        folders = SnapshotFolders(str(settings.home / "files"), settings.home / "mirror")
        with pytest.raises(ConfigurationError) as caught:
            FaissIndex(folders, FakeEmbedder()).search(TENANT, 1, "insulin", limit=1, search_type=SearchType.HYBRID)
        assert caught.value.code == "snapshot-model"
        assert "Build" in caught.value.remedy

    def index(self, settings: Settings, now: Settings) -> FaissIndex:
        folders = SnapshotFolders(str(settings.home / "files"), settings.home / "mirror")
        return FaissIndex(folders, build_embedder(now), embedder_of=embedder_finder(now))


def insulin() -> DocumentVersion:
    return version(document("insulin", "Insulin storage", "Keep insulin in a refrigerator."))
