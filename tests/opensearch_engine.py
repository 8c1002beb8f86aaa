"""What a local OpenSearch knows and does: indexes with strict mappings, exact k-NN, BM25, hybrid queries, aliases.

It refuses what the real one refuses, and, where the real one would silently find nothing, what must be a mistake.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_CLAUSES = 1_024
MOST_RESULTS = 10_000
_FIELD_OPTIONS = {
    "keyword": {"index", "doc_values"},
    "integer": {"index", "doc_values"},
    "text": {"index", "analyzer", "similarity", "index_options"},
    "binary": set[str](),
    "knn_vector": {"dimension", "method"},
}
_SEARCH_KEYS = {"query", "size", "_source", "track_total_hits", "sort", "search_after", "collapse", "aggs"}
Document = dict[str, Any]
Scores = dict[int, float]


class Refusal(Exception):  # noqa: N818 - it is a reply
    """An error reply."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.kind = kind
        self.reason = reason

    @property
    def body(self) -> dict[str, Any]:
        cause = {"type": self.kind, "reason": self.reason}
        return {"error": {**cause, "root_cause": [cause]}, "status": self.status}


def bad_request(reason: str, kind: str = "parsing_exception") -> Refusal:
    return Refusal(400, kind, reason)


@dataclass(slots=True)
class Index:
    """One index; documents arrive in ``waiting`` and are found from the next refresh on."""

    name: str
    settings: dict[str, Any]
    mapping: dict[str, Any]
    documents: dict[str, Document] = field(default_factory=dict)
    waiting: dict[str, Document] = field(default_factory=dict)

    def refresh(self) -> None:
        self.documents |= self.waiting
        self.waiting = {}

    def field(self, name: str, *, searched: bool = True) -> dict[str, Any]:
        found: dict[str, Any] | None = self.mapping["properties"].get(name)
        if found is None:
            raise bad_request(f"No mapping found for [{name}]", "query_shard_exception")
        if searched and (found.get("index") is False or found["type"] == "binary"):
            raise bad_request(f"Cannot search on field [{name}] since it is not indexed.", "query_shard_exception")
        return found

    def put_mapping(self, body: Mapping[str, Any]) -> None:
        unknown = set(body) - {"_meta"}
        if unknown:
            raise bad_request(f"unsupported here: {unknown}", "mapper_parsing_exception")
        self.mapping |= body

    def add(self, document_id: str, document: Document) -> None:
        for name, value in document.items():
            self._check(name, value)
        self.waiting[document_id] = document

    def _check(self, name: str, value: Any) -> None:
        properties = self.mapping["properties"]
        if name not in properties:
            reason = f"mapping set to strict, dynamic introduction of [{name}] within [_doc] is not allowed"
            raise bad_request(reason, "strict_dynamic_mapping_exception")
        if value is None:
            return
        kind = properties[name]["type"]
        values = value if isinstance(value, list) and kind != "knn_vector" else [value]
        if not all(self._fits(name, kind, one) for one in values):
            raise bad_request(f"failed to parse field [{name}] of type [{kind}]", "mapper_parsing_exception")

    def _fits(self, name: str, kind: str, value: Any) -> bool:
        if kind == "knn_vector":
            return isinstance(value, list) and len(value) == self.mapping["properties"][name]["dimension"]
        if kind == "integer":
            return type(value) is int
        if kind == "binary":
            return _is_base64(value)
        return isinstance(value, str) and (kind == "text" or len(value.encode()) <= 32_766)

    def source(self, document: Document, wanted: Any) -> Document:
        excluded = self.mapping.get("_source", {}).get("excludes", [])
        kept = {name: value for name, value in document.items() if name not in excluded}
        if isinstance(wanted, list):
            for name in wanted:
                self.field(name, searched=False)
            kept = {name: value for name, value in kept.items() if name in wanted}
        return kept


def new_index(name: str, body: Mapping[str, Any], *, serverless: bool) -> Index:
    """Check what an index is to be like."""
    if set(body) - {"settings", "mappings"}:
        raise bad_request(f"unknown key in {sorted(body)}", "parse_exception")
    settings = dict(body["settings"]["index"])
    known = {"knn"} if serverless else {"knn", "number_of_shards", "number_of_replicas", "similarity"}
    if set(settings) - known:
        raise bad_request(f"unknown setting in {sorted(settings)}", "illegal_argument_exception")
    mapping = dict(body["mappings"])
    if set(mapping) - {"dynamic", "_meta", "_source", "properties"} or mapping.get("dynamic") != "strict":
        raise bad_request("Root mapping definition has unsupported parameters", "mapper_parsing_exception")
    for field_name, options in mapping["properties"].items():
        _check_field(field_name, options, settings)
    return Index(name, settings, mapping)


def _check_field(name: str, options: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    kind = options.get("type")
    unknown = set(options) - {"type"} - _FIELD_OPTIONS.get(str(kind), set())
    if kind not in _FIELD_OPTIONS or unknown:
        raise bad_request(
            f"unknown parameter {unknown} on mapper [{name}] of type [{kind}]", "mapper_parsing_exception"
        )
    if kind == "knn_vector":
        method = options["method"]
        if method["engine"] != "faiss" or method["name"] != "hnsw" or settings.get("knn") is not True:
            raise bad_request(f"cannot build [{name}]", "mapper_parsing_exception")
        if method["space_type"] != "innerproduct" or not 1 <= options["dimension"] <= 16_000:
            raise bad_request(f"cannot build [{name}]", "mapper_parsing_exception")
    if (used := options.get("similarity")) is not None and used not in settings.get("similarity", {}):
        raise bad_request(f"Unknown Similarity type [{used}] for field [{name}]", "mapper_parsing_exception")


def searched(index: Index, body: Mapping[str, Any], pipeline: Mapping[str, Any] | None) -> dict[str, Any]:
    """The reply to a search."""
    unknown = set(body) - _SEARCH_KEYS
    if unknown:
        raise bad_request(f"Unknown key for a value in {sorted(unknown)}.")
    size = body.get("size", 10)
    if not 0 <= size <= MOST_RESULTS:
        raise bad_request(f"Result window is too large: {size}", "illegal_argument_exception")
    query = body.get("query", {"match_all": {}})
    ids = list(index.documents)
    documents = [index.documents[one] for one in ids]
    evaluation = _Evaluation(index, documents)
    if "hybrid" in query:
        if "collapse" in body or "sort" in body:
            raise bad_request("hybrid query with collapse or sort", "illegal_argument_exception")
        scores = _hybrid(evaluation, query["hybrid"], size, pipeline)
    else:
        scores = evaluation.scores(query)
    order = _ordered(index, documents, ids, scores, body)
    hits = [
        {
            "_index": index.name,
            "_id": ids[place],
            "_score": None if "sort" in body else scores[place],
            **(
                {} if body.get("_source") is False else {"_source": index.source(documents[place], body.get("_source"))}
            ),
        }
        for place in order[:size]
    ]
    reply: dict[str, Any] = {"took": 1, "timed_out": False, "hits": {"hits": hits}}
    if "aggs" in body:
        reply["aggregations"] = _aggregated(evaluation, body["aggs"])
    return reply


def _ordered(
    index: Index, documents: Sequence[Document], ids: Sequence[str], scores: Scores, body: Mapping[str, Any]
) -> list[int]:
    order = sorted(scores, key=lambda place: (-scores[place], ids[place]))
    if "sort" in body:
        ((name, direction),) = body["sort"][0].items()
        if index.field(name)["type"] != "keyword" or direction != "asc" or len(body["sort"]) != 1:
            raise bad_request("unsupported sort", "illegal_argument_exception")
        order.sort(key=lambda place: documents[place][name])
        if "search_after" in body:
            order = [place for place in order if documents[place][name] > body["search_after"][0]]
    elif "search_after" in body:
        raise bad_request("Sort must contain at least one field.", "action_request_validation_exception")
    if "collapse" in body:
        name = body["collapse"]["field"]
        if index.field(name)["type"] != "keyword":
            raise bad_request(f"unknown type for collapse field `{name}`", "illegal_argument_exception")
        seen: dict[Any, int] = {}
        for place in order:
            seen.setdefault(documents[place].get(name), place)
        order = list(seen.values())
    return order


def _hybrid(
    evaluation: _Evaluation, hybrid: Mapping[str, Any], size: int, pipeline: Mapping[str, Any] | None
) -> Scores:
    if set(hybrid) != {"queries"} or not 1 <= len(hybrid["queries"]) <= 5:
        raise bad_request("[hybrid] query takes one to five queries")
    if not pipeline:
        raise bad_request("hybrid query needs a normalization processor", "illegal_argument_exception")
    processor = pipeline["phase_results_processors"][0]["normalization-processor"]
    if processor["normalization"] != {"technique": "min_max"}:
        raise bad_request("provided normalization technique is not supported", "illegal_argument_exception")
    combination = processor["combination"]
    weights = combination["parameters"]["weights"]
    if combination["technique"] != "arithmetic_mean" or len(weights) != len(hybrid["queries"]):
        reason = f"number of weights [{len(weights)}] must match number of sub-queries [{len(hybrid['queries'])}]"
        raise bad_request(reason, "illegal_argument_exception")
    combined: Scores = {}
    for weight, query in zip(weights, hybrid["queries"], strict=True):
        scores = evaluation.scores(query)
        best = sorted(scores, key=lambda place: -scores[place])[:size]
        if not best:
            continue
        low, high = scores[best[-1]], scores[best[0]]
        for place in best:
            share = 1.0 if high == low else max((scores[place] - low) / (high - low), 0.001)
            combined[place] = combined.get(place, 0.0) + weight * share
    return combined


def check_pipeline(body: Mapping[str, Any]) -> None:
    """Refuse a search pipeline that the real one refuses."""
    if set(body) - {"description", "phase_results_processors"}:
        raise bad_request(f"unknown key in {sorted(body)}", "parse_exception")
    for one in body["phase_results_processors"]:
        weights = one["normalization-processor"]["combination"]["parameters"]["weights"]
        if not all(0 <= weight <= 1 for weight in weights) or not math.isclose(sum(weights), 1, abs_tol=0.01):
            raise bad_request("sum of weights for combination must be equal to 1.0", "illegal_argument_exception")


def _aggregated(evaluation: _Evaluation, aggregations: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, one in aggregations.items():
        if "global" in one:
            found[name] = _aggregated(evaluation, one["aggs"])
        else:
            filters = one["filters"]["filters"]
            counts = {key: {"doc_count": len(evaluation.scores(query))} for key, query in filters.items()}
            found[name] = {"buckets": counts}
    return found


class _Evaluation:
    """Queries over the documents of an index: the score of everything that matches, by place."""

    def __init__(self, index: Index, documents: Sequence[Document]) -> None:
        self._index = index
        self._documents = documents
        self._lengths: dict[str, dict[int, Counter[str]]] = {}
        self._queries: dict[str, Callable[[Any], Scores]] = {
            "match_all": lambda _: dict.fromkeys(range(len(documents)), 1.0),
            "term": self._term,
            "terms": self._terms,
            "range": self._range,
            "bool": self._bool,
            "constant_score": lambda body: dict.fromkeys(self.scores(body["filter"]), 1.0),
            "knn": self._knn,
        }
        self._clauses = 0

    def scores(self, query: Mapping[str, Any]) -> Scores:
        if len(query) != 1:
            raise bad_request(f"[{list(query)}] malformed query")
        ((kind, body),) = query.items()
        if kind not in self._queries:
            raise bad_request(f"unknown query [{kind}]")
        return self._queries[kind](body)

    def _values(self, place: int, name: str) -> list[Any]:
        value = self._documents[place].get(name)
        return value if isinstance(value, list) else [] if value is None else [value]

    def _term(self, body: Mapping[str, Any]) -> Scores:
        ((name, value),) = body.items()
        boost = 1.0
        if isinstance(value, Mapping):
            boost, value = float(value.get("boost", 1.0)), value["value"]
        if self._index.field(name)["type"] == "text":
            return self._word(name, value, boost)
        return self._terms({name: [value]})

    def _terms(self, body: Mapping[str, Any]) -> Scores:
        ((name, wanted),) = body.items()
        if self._index.field(name)["type"] not in {"keyword", "integer"}:
            raise bad_request(f"[terms] on [{name}]")
        if len(wanted) > 65_536:
            raise bad_request("too many terms", "illegal_argument_exception")
        values = set(wanted)
        return {place: 1.0 for place in range(len(self._documents)) if not values.isdisjoint(self._values(place, name))}

    def _range(self, body: Mapping[str, Any]) -> Scores:
        ((name, bounds),) = body.items()
        if self._index.field(name)["type"] != "integer" or set(bounds) != {"lte"}:
            raise bad_request(f"[range] on [{name}]")
        return {
            place: 1.0
            for place in range(len(self._documents))
            if any(value <= bounds["lte"] for value in self._values(place, name))
        }

    def _bool(self, body: Mapping[str, Any]) -> Scores:
        unknown = set(body) - {"filter", "should", "must_not", "minimum_should_match"}
        if unknown:
            raise bad_request(f"[bool] query does not support {unknown}")
        self._clauses += sum(len(body.get(part, [])) for part in ("filter", "should", "must_not"))
        if self._clauses > MOST_CLAUSES:
            raise bad_request("maxClauseCount is set to 1024", "too_many_nested_clauses")
        found = dict.fromkeys(range(len(self._documents)), 0.0)
        for query in body.get("filter", []):
            kept = self.scores(query)
            found = {place: score for place, score in found.items() if place in kept}
        for query in body.get("must_not", []):
            dropped = self.scores(query)
            found = {place: score for place, score in found.items() if place not in dropped}
        matched: Counter[int] = Counter()
        for query in body.get("should", []):
            for place, score in self.scores(query).items():
                if place in found:
                    found[place] += score
                    matched[place] += 1
        least = body.get("minimum_should_match", 0 if body.get("filter") or "should" not in body else 1)
        return {place: score for place, score in found.items() if matched[place] >= least}

    def _knn(self, body: Mapping[str, Any]) -> Scores:
        ((name, knn),) = body.items()
        options = self._index.field(name)
        if options["type"] != "knn_vector" or set(knn) - {"vector", "k", "filter"} or not 1 <= knn["k"] <= MOST_RESULTS:
            raise bad_request(f"[knn] on [{name}]")
        if len(knn["vector"]) != options["dimension"]:
            reason = f"Query vector has invalid dimension: {len(knn['vector'])}. Should be: {options['dimension']}"
            raise bad_request(reason, "illegal_argument_exception")
        among = self.scores(knn["filter"]) if "filter" in knn else range(len(self._documents))
        products = {
            place: sum(a * b for a, b in zip(self._documents[place][name], knn["vector"], strict=True))
            for place in among
            if name in self._documents[place]
        }
        best = sorted(products, key=lambda place: -products[place])[: knn["k"]]
        return {place: _product_score(products[place]) for place in best}

    def _word(self, name: str, word: str, boost: float) -> Scores:
        if name not in self._lengths:
            words = ((place, value) for place in range(len(self._documents)) for value in self._values(place, name))
            self._lengths[name] = {place: Counter(value.split()) for place, value in words}
        counted = self._lengths[name]
        options = self._index.settings.get("similarity", {}).get(self._index.field(name).get("similarity"), {})
        k1, b = options.get("k1", 1.2), options.get("b", 0.75)
        holders = {place: counts[word] for place, counts in counted.items() if word in counts}
        average = sum(map(Counter.total, counted.values())) / max(1, len(counted))
        rarity = math.log(1 + (len(counted) - len(holders) + 0.5) / (len(holders) + 0.5))
        return {
            place: boost * rarity * count / (count + k1 * (1 - b + b * counted[place].total() / average))
            for place, count in holders.items()
        }


def _product_score(product: float) -> float:
    return product + 1 if product >= 0 else 1 / (1 - product)


def _is_base64(value: Any) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        return False
    return True


def bulk_lines(lines: Sequence[Any]) -> Iterator[tuple[Mapping[str, Any], Document]]:
    """Actions with their documents."""
    if len(lines) % 2:
        raise bad_request("The bulk request must be terminated by a newline", "illegal_argument_exception")
    for action, document in zip(lines[::2], lines[1::2], strict=True):
        if set(action) != {"index"} or set(action["index"]) - {"_id"}:
            raise bad_request(f"Malformed action/metadata line {action}", "illegal_argument_exception")
        yield action["index"], document
