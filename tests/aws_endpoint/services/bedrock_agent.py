"""Knowledge bases of Bedrock, control plane and runtime: one of them, in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from tests.aws_endpoint.endpoint import AwsEndpoint, AwsFault, AwsRequest
from tests.aws_endpoint.knowledge_base import LocalKnowledgeBase, StoredDocument, attributes_of, generated, told

_CREATED = datetime(2026, 3, 2, tzinfo=UTC)
_NOTHING = "Sorry, I am unable to assist you with this request."
_kept: WeakKeyDictionary[AwsEndpoint, LocalKnowledgeBase] = WeakKeyDictionary()


def knowledge_base_of(endpoint: AwsEndpoint) -> LocalKnowledgeBase:
    """The one that an endpoint keeps."""
    return _kept[endpoint]


def register(endpoint: AwsEndpoint) -> None:
    knowledge_base = _kept[endpoint] = LocalKnowledgeBase()
    endpoint.on_reset(knowledge_base.reset)
    answers = _Answers(knowledge_base)
    for service, operation, answer in (
        ("bedrock-agent", "GetKnowledgeBase", answers.knowledge_base),
        ("bedrock-agent", "GetDataSource", answers.data_source),
        ("bedrock-agent", "IngestKnowledgeBaseDocuments", answers.ingest),
        ("bedrock-agent", "GetKnowledgeBaseDocuments", answers.documents),
        ("bedrock-agent", "ListKnowledgeBaseDocuments", answers.listing),
        ("bedrock-agent", "DeleteKnowledgeBaseDocuments", answers.delete),
        ("bedrock-agent-runtime", "Retrieve", answers.retrieve),
        ("bedrock-agent-runtime", "RetrieveAndGenerate", answers.retrieve_and_generate),
    ):
        endpoint.answer(service, operation, answers.locked(answer))


class _Answers:
    def __init__(self, knowledge_base: LocalKnowledgeBase) -> None:
        self._kb = knowledge_base
        self._lock = threading.Lock()

    def locked(self, answer: Callable[[AwsRequest], dict[str, Any]]) -> Callable[[AwsRequest], dict[str, Any]]:
        def one_at_a_time(request: AwsRequest) -> dict[str, Any]:
            with self._lock:
                return answer(request)

        return one_at_a_time

    def knowledge_base(self, request: AwsRequest) -> dict[str, Any]:
        self._kb.require(request.parameters)
        embedding = "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0"
        return {
            "knowledgeBase": {
                "knowledgeBaseId": self._kb.id,
                "name": "frontline",
                "knowledgeBaseArn": f"arn:aws:bedrock:us-east-1:123456789012:knowledge-base/{self._kb.id}",
                "roleArn": "arn:aws:iam::123456789012:role/knowledge-base",
                "knowledgeBaseConfiguration": {
                    "type": "VECTOR",
                    "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": embedding},
                },
                "status": self._kb.status,
                "createdAt": _CREATED,
                "updatedAt": _CREATED,
            }
        }

    def data_source(self, request: AwsRequest) -> dict[str, Any]:
        self._kb.require(request.parameters)
        return {
            "dataSource": {
                "knowledgeBaseId": self._kb.id,
                "dataSourceId": self._kb.data_source,
                "name": "frontline",
                "status": "AVAILABLE",
                "dataSourceConfiguration": {"type": self._kb.source_type},
                "createdAt": _CREATED,
                "updatedAt": _CREATED,
            }
        }

    def ingest(self, request: AwsRequest) -> dict[str, Any]:
        self._kb.require(request.parameters)
        token = request.parameters.get("clientToken")
        repeated = token in self._kb.tokens
        details = []
        for document in request.parameters["documents"]:
            custom = document["content"]["custom"]
            name = custom["customDocumentIdentifier"]["id"]
            if not repeated:
                self._kb.put(name, custom["inlineContent"]["textContent"]["data"], attributes_of(document))
            details.append(told(self._kb, name, self._kb.documents[name].status))
        if token is not None:
            self._kb.tokens.add(token)
        return {"documentDetails": details}

    def documents(self, request: AwsRequest) -> dict[str, Any]:
        self._kb.require(request.parameters)
        names = [one["custom"]["id"] for one in request.parameters["documentIdentifiers"]]
        found = [(name, self._kb.documents.get(name)) for name in names]
        return {
            "documentDetails": [told(self._kb, name, self._kb.look(one) if one else "NOT_FOUND") for name, one in found]
        }

    def listing(self, request: AwsRequest) -> dict[str, Any]:
        self._kb.require(request.parameters)
        names = sorted(self._kb.documents)
        start = int(request.parameters.get("nextToken", "0"))
        end = start + request.parameters.get("maxResults", 100)
        page = {"documentDetails": [told(self._kb, name, self._kb.documents[name].status) for name in names[start:end]]}
        return {**page, "nextToken": str(end)} if end < len(names) else page

    def delete(self, request: AwsRequest) -> dict[str, Any]:
        self._kb.require(request.parameters)
        names = [one["custom"]["id"] for one in request.parameters["documentIdentifiers"]]
        for name in names:
            self._kb.documents.pop(name, None)
        return {"documentDetails": [told(self._kb, name, "DELETING") for name in names]}

    def retrieve(self, request: AwsRequest) -> dict[str, Any]:
        self._kb.require(request.parameters)
        text = request.parameters["retrievalQuery"]["text"]
        if not text.strip():
            raise AwsFault("ValidationException", "The query must not be blank.", status=400)
        search = request.parameters.get("retrievalConfiguration", {}).get("vectorSearchConfiguration", {})
        return {
            "retrievalResults": [{**_reference(one), "score": score} for score, one in self._kb.found(text, search)]
        }

    def retrieve_and_generate(self, request: AwsRequest) -> dict[str, Any]:
        configuration = request.parameters["retrieveAndGenerateConfiguration"]["knowledgeBaseConfiguration"]
        self._kb.require({"knowledgeBaseId": configuration["knowledgeBaseId"]})
        generation = configuration.get("generationConfiguration", {})
        inference = generation.get("inferenceConfig", {}).get("textInferenceConfig", {})
        if "temperature" in inference and not self._kb.takes_temperature:
            raise AwsFault("ValidationException", "temperature is not supported by this model.", status=400)
        template = generation.get("promptTemplate", {}).get("textPromptTemplate", "$search_results$")
        if "$search_results$" not in template:
            raise AwsFault("ValidationException", "The prompt must have $search_results$.", status=400)
        reply: dict[str, Any] = {"sessionId": "session-1"}
        if self._kb.intervenes and "guardrailConfiguration" in generation:
            return {**reply, "output": {"text": "Blocked."}, "guardrailAction": "INTERVENED", "citations": []}
        search = configuration.get("retrievalConfiguration", {}).get("vectorSearchConfiguration", {})
        question = request.parameters["input"]["text"]
        text, citations = generated(self._kb.found(question, search), question, _reference)
        if "$output_format_instructions$" not in template:
            citations = []
        return {**reply, "output": {"text": text or _NOTHING}, "citations": citations, "guardrailAction": "NONE"}


def _reference(document: StoredDocument) -> Mapping[str, Any]:
    reference: dict[str, Any] = {
        "content": {"type": "TEXT", "text": document.text},
        "location": document.found_location,
    }
    if document.attributes:
        reference["metadata"] = {**document.attributes, "x-amz-bedrock-kb-data-source-id": "DSDSDSDSDS"}
    return reference
