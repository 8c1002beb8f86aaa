"""Topics and sentiment on this machine, without a language model: the local SurveyAnalyzer."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from services.backends.local.surveys.chunk import embed_chunk
from services.backends.local.surveys.cleaning import says_nothing, text_key
from services.backends.local.surveys.explaining import METHOD, Judged, explain
from services.backends.local.surveys.judging import Judgement
from services.backends.local.surveys.reading import ReadResponse, read_response
from services.backends.local.surveys.sentiment import SentimentModel, overall_feeling, topic_sentiment
from services.backends.local.surveys.sentiment_head import head_for
from services.backends.local.surveys.statements import word_count
from services.backends.local.surveys.topic_model import TopicModel, build_topic_model
from services.ports.knowledge import Embedder
from services.ports.surveys import AnalysisListener, StepListener
from services.surveys.marks import Mark, mark_text
from services.surveys.models import OtherReason, Response, ResponseFinding, Sentiment, Taxonomy, TopicFinding
from services.surveys.readable_texts import readable_texts
from services.surveys.review_reasons import ReviewReason
from services.surveys.run_models import RunEstimate
from services.surveys.taxonomy_checks import assignable_part, check_taxonomy

# Bounds of what is read together: vectors of some thousand texts, a few megabytes.
CHUNK_TEXTS = 1_000
CHUNK_CHARACTERS = 150_000

# About ten seconds of work.
RUN_CHUNK_TEXTS = 2_000
SECONDS_PER_TEXT = 0.006

# Written in another language, a response keeps its topics only when they are this sure.
FOREIGN_CONFIDENCE = 0.6
FEWEST_FOREIGN_EXAMPLES = 3
WEAK_TOPIC = 0.35
TAXONOMIES_KEPT = 3
"""Runs that go on side by side take turns; each would else learn anew at every chunk."""
CLOSE_TO_OTHER = (0.35, 0.65)
_NOTHING_READ = 0.0


@dataclass(frozen=True, slots=True)
class _Models:
    """What was learned from one taxonomy."""

    topics: TopicModel
    sentiment: SentimentModel
    keeps_junk: bool
    reads_foreign: bool


@dataclass(frozen=True, slots=True)
class _Analyzed:
    """One text and what became of it."""

    text: str
    read: ReadResponse
    judged: Judged | None
    finding: ResponseFinding
    reading_seconds: float


class LocalSurveyAnalyzer:
    """Finds topics by vectors and words, sentiment by VADER and vectors; see decision 0011.

    Args:
        embedder: Its vectors are what everything is learned from.
    """

    name = "local"
    paid = False
    chunk_texts = RUN_CHUNK_TEXTS

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        self._learned: deque[tuple[Taxonomy, _Models]] = deque(maxlen=TAXONOMIES_KEPT)

    @property
    def version(self) -> str:
        """Method and embedder."""
        return f"{METHOD} {self._embedder.model_id}"

    def analyze(
        self,
        responses: Sequence[Response],
        taxonomy: Taxonomy,
        on_progress: AnalysisListener | None = None,
        on_step: StepListener | None = None,
    ) -> list[ResponseFinding]:
        check_taxonomy(taxonomy)
        taxonomy = assignable_part(taxonomy)
        models = self._models(taxonomy)
        rows: dict[str, list[int]] = {}
        for row, response in enumerate(responses):
            rows.setdefault(response.text, []).append(row)
        findings: list[ResponseFinding | None] = [None] * len(responses)
        done = 0
        for texts in _chunks(rows):
            for one in self._analyze_texts(texts, models, taxonomy):
                for row in rows[one.text]:
                    findings[row] = replace(one.finding, response_id=responses[row].id)
                done += len(rows[one.text])
                if on_step is not None:
                    ids = tuple(responses[row].id for row in rows[one.text])
                    for step in explain(
                        ids, one.text, one.read, one.judged, one.finding, taxonomy, one.reading_seconds
                    ):
                        on_step(step)
            if on_progress is not None:
                on_progress(done, len(responses))
        return [finding for finding in findings if finding is not None]

    def estimate(self, texts: Sequence[str], taxonomy: Taxonomy) -> RunEstimate:
        check_taxonomy(taxonomy)
        taxonomy = assignable_part(taxonomy)
        keeps_junk = _has_topic_for_nothing(taxonomy)

        def says_something(text: str) -> bool:
            marks = mark_text(text)
            return Mark.EMPTY not in marks and (keeps_junk or Mark.JUNK not in marks)

        readable = readable_texts(texts, says_something).count
        return RunEstimate(len(texts), len(texts), readable, seconds=readable * SECONDS_PER_TEXT)

    def check_ready(self) -> None:
        self._embedder.check_ready()

    def _models(self, taxonomy: Taxonomy) -> _Models:
        """Runs ask chunk by chunk, a few at a time; each taxonomy is learned from once."""
        with self._lock:
            for learned, models in self._learned:
                if learned == taxonomy:
                    return models
            models = self._learn(taxonomy)
            self._learned.append((taxonomy, models))
            return models

    def _learn(self, taxonomy: Taxonomy) -> _Models:
        keeps_junk = _has_topic_for_nothing(taxonomy)
        feeling = [one for one in taxonomy.examples if one.sentiment is not None and text_key(one.text)]
        read = [read_response(one.text, keep_junk=True) for one in feeling]
        kept = [row for row, one in enumerate(read) if one.reason is None]
        chunk = embed_chunk([read[row] for row in kept], self._embedder) if kept else None
        foreign = sum(
            bool(one.topic_ids) and read_response(one.text, keep_junk=True).is_foreign for one in taxonomy.examples
        )
        return _Models(
            topics=build_topic_model(taxonomy, self._embedder, keep_junk=keeps_junk),
            sentiment=SentimentModel(head_for(self._embedder), [feeling[row].sentiment for row in kept], chunk),
            keeps_junk=keeps_junk,
            reads_foreign=foreign >= FEWEST_FOREIGN_EXAMPLES,
        )

    def _analyze_texts(self, texts: Sequence[str], models: _Models, taxonomy: Taxonomy) -> Iterator[_Analyzed]:
        topic_ids = [topic.id for topic in taxonomy.topics]
        read = []
        for text in texts:
            started = time.perf_counter()
            read.append((read_response(text, keep_junk=models.keeps_junk), time.perf_counter() - started))
        judged = self._judged([one for one, _ in read if one.reason is None], models)
        for text, (one, seconds) in zip(texts, read, strict=True):
            if one.reason is not None:
                nothing = ResponseFinding("", (), Sentiment.NEUTRAL, _NOTHING_READ, one.reason)
                yield _Analyzed(text, one, None, nothing, seconds)
            else:
                said = next(judged)
                yield _Analyzed(text, one, said, _finding(one, said, topic_ids, models.reads_foreign), seconds)

    def _judged(self, readable: Sequence[ReadResponse], models: _Models) -> Iterator[Judged]:
        if not readable:
            return
        started = time.perf_counter()
        chunk = embed_chunk(readable, self._embedder)
        scores = models.topics.score(chunk.texts, chunk.vectors)
        nearest = models.topics.nearest(chunk.vectors)
        feelings, compounds = models.sentiment.read(chunk.texts, chunk.vectors)
        share = (time.perf_counter() - started) / len(readable)
        for own in chunk.rows:
            judgement = models.topics.judge(scores[own], nearest[own])
            yield Judged(judgement, feelings[own], float(compounds[own[0]]), share)


def _finding(read: ReadResponse, judged: Judged, topic_ids: Sequence[str], reads_foreign: bool) -> ResponseFinding:
    judgement, statements = judged.judgement, judged.statement_feelings
    feeling = overall_feeling(judged.feelings[0], statements, judged.compound)
    surest = judgement.topics[0][1]
    confidence = math.sqrt(judgement.belonging * surest)
    reason = _other_reason(read, judgement, surest, reads_foreign)
    found = []
    for topic, topic_confidence in judgement.topics if reason is None else ():
        carried = judgement.statement_scores[:, topic]
        start, end = read.spans[int(carried.argmax())]
        sentiment, _ = topic_sentiment(carried, statements)
        found.append(TopicFinding(topic_ids[topic], sentiment, round(topic_confidence, 4), start, end))
    overall = feeling.sentiment
    if {Sentiment.POSITIVE, Sentiment.NEGATIVE} <= {one.sentiment for one in found}:
        overall = Sentiment.MIXED
    reasons = {
        ReviewReason.WEAK_TOPIC: reason is None and surest < WEAK_TOPIC,
        ReviewReason.CLOSE_TO_OTHER: CLOSE_TO_OTHER[0] < judgement.belonging < CLOSE_TO_OTHER[1],
        ReviewReason.MIXED_FEELINGS: overall is Sentiment.MIXED,
        ReviewReason.UNCLEAR_SENTIMENT: feeling.is_unclear and overall is not Sentiment.MIXED,
        ReviewReason.OTHER_LANGUAGE: read.is_foreign and not reads_foreign,
        ReviewReason.VERY_LONG: read.is_cut,
    }
    return ResponseFinding(
        response_id="",
        topics=tuple(found),
        sentiment=overall,
        confidence=round(confidence, 4),
        other_reason=reason,
        needs_review=tuple(one.value for one, holds in reasons.items() if holds),
    )


def _other_reason(read: ReadResponse, judgement: Judgement, surest: float, reads_foreign: bool) -> OtherReason | None:
    if read.is_foreign and not reads_foreign and surest < FOREIGN_CONFIDENCE:
        return OtherReason.NOT_UNDERSTOOD
    is_short = sum(map(word_count, read.statements)) <= 1
    if not judgement.is_other and not (is_short and surest < WEAK_TOPIC):
        return None
    return OtherReason.TOO_SHORT if is_short else OtherReason.NOTHING_FITS


def _has_topic_for_nothing(taxonomy: Taxonomy) -> bool:
    """Whether some topic is about saying nothing: then "don't know" is an answer like others."""
    names = (name for topic in taxonomy.topics for name in (topic.name, *topic.keywords))
    return any(says_nothing(name) for name in names) or any(
        example.topic_ids and read_response(example.text).reason is OtherReason.JUNK for example in taxonomy.examples
    )


def _chunks(texts: dict[str, list[int]]) -> Iterator[list[str]]:
    """Texts of like length together, and those that differ in case or spaces side by side: they share their vectors."""
    chunk: list[str] = []
    characters = 0
    for _, _, text in sorted((len(text_key(text)), text_key(text), text) for text in texts):
        chunk.append(text)
        characters += len(text)
        if len(chunk) == CHUNK_TEXTS or characters >= CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk
