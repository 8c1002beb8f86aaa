"""Stand-ins for what runs of surveys need: a quick analyzer that counts, and surveys made of a few texts."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]

from services.errors import AppError
from services.ports.files import FileStore
from services.ports.surveys import AnalysisListener, StepListener
from services.surveys.chosen_columns import SurveyColumns
from services.surveys.models import (
    Example,
    OtherReason,
    Response,
    ResponseFinding,
    Sentiment,
    Taxonomy,
    Topic,
    TopicFinding,
)
from services.surveys.prepared import PreparedSurvey, prepare_survey, store_survey
from services.surveys.response_tables import ResponseTable, TableFormat
from services.surveys.review_reasons import ReviewReason
from services.surveys.run_models import RunEstimate, Step, StepTrace
from services.surveys.taxonomy_checks import check_taxonomy
from tests.answer_fakes import FakeDetector

QUESTION = "comment"
COLUMNS = SurveyColumns((QUESTION,), id="id")
TOPICS = Taxonomy(
    (Topic("price", "Price"), Topic("staff", "Staff"), Topic("app", "App")),
    (Example("it was dear", ("price",), Sentiment.NEGATIVE),),
)
TOKENS_PER_CALL = (100, 20)
CALL_PRICE = 0.01


class FakeAnalyzer:
    """SurveyAnalyzer: a topic is found where its id stands as a word; "good" and "bad" are the sentiment.

    A text without any topic is Other; one with "unsure" should be looked at. A paid one makes a call per analysis.

    Attributes:
        read: How often each text was analyzed to the end.
        taxonomies: What it was given, in order.
        errors: Raised, first to last, by as many calls for chunks with this text.
        before: Called with the responses before they are analyzed.
        price: What a call of a paid one costs; None says unknown.
        reuses: Whether a paid one has every reply already.
        estimated: Called with the taxonomy of every estimate.
    """

    def __init__(
        self, name: str = "fake", *, version: str = "fake-1", paid: bool = False, chunk_texts: int = 3
    ) -> None:
        self.name = name
        self.version = version
        self.paid = paid
        self.chunk_texts = chunk_texts
        self.read: Counter[str] = Counter()
        self.taxonomies: list[Taxonomy] = []
        self.errors: dict[str, list[AppError]] = {}
        self.before: Callable[[Sequence[Response]], None] = lambda _responses: None
        self.price: float | None = CALL_PRICE
        self.reuses = False
        self.estimated: Callable[[Taxonomy], None] = lambda _taxonomy: None
        self.unready: AppError | None = None
        self._lock = threading.Lock()

    def analyze(
        self,
        responses: Sequence[Response],
        taxonomy: Taxonomy,
        on_progress: AnalysisListener | None = None,
        on_step: StepListener | None = None,
    ) -> list[ResponseFinding]:
        check_taxonomy(taxonomy)
        self.before(responses)
        with self._lock:
            self.taxonomies.append(taxonomy)
            for response in responses:
                if self.errors.get(response.text):
                    raise self.errors[response.text].pop(0)
        if on_step is not None:
            ids = tuple(response.id for response in responses)
            given = "\n".join(response.text for response in responses)
            if self.paid:
                sent, received = TOKENS_PER_CALL
                call = StepTrace(
                    Step.TOPICS, "fake-1", ids, given, "{}", "fake-model", sent, received, 0.5, self.price, self.reuses
                )
                on_step(call)
            else:
                on_step(StepTrace(Step.TOPICS, "fake-1", ids, given, "read"))
        found = [found_in(response, taxonomy) for response in responses]
        if on_progress is not None:
            on_progress(len(responses), len(responses))
        with self._lock:
            self.read.update(response.text for response in responses)
        return found

    def estimate(self, texts: Sequence[str], taxonomy: Taxonomy) -> RunEstimate:
        check_taxonomy(taxonomy)
        self.estimated(taxonomy)
        readable = sum(bool(text) for text in texts)
        calls = -(-len(texts) // self.chunk_texts) if self.paid else 0
        sent, received = TOKENS_PER_CALL
        return RunEstimate(
            len(texts), len(texts), readable, calls, calls * sent, calls * received, calls * CALL_PRICE, 2.0 * readable
        )

    def check_ready(self) -> None:
        if self.unready is not None:
            raise self.unready


def found_in(response: Response, taxonomy: Taxonomy) -> ResponseFinding:
    """What a :class:`FakeAnalyzer` finds."""
    feeling = Sentiment.NEUTRAL
    if "good" in response.text:
        feeling = Sentiment.POSITIVE
    elif "bad" in response.text:
        feeling = Sentiment.NEGATIVE
    matches = ((topic.id, re.search(rf"\b{re.escape(topic.id)}\b", response.text)) for topic in taxonomy.topics)
    found = [TopicFinding(topic_id, feeling, 0.75, *match.span()) for topic_id, match in matches if match]
    reason = None if found else OtherReason.NOTHING_FITS if response.text else OtherReason.EMPTY
    review = (ReviewReason.WEAK_TOPIC.value,) if "unsure" in response.text else ()
    return ResponseFinding(response.id, tuple(found), feeling, 0.5, reason, review)


def table_of(texts: Sequence[str]) -> ResponseTable:
    """A survey file with these answers to :data:`QUESTION`, with ids from r1 on."""
    columns: Mapping[str, Sequence[str]] = {
        "id": [f"r{number}" for number in range(1, len(texts) + 1)],
        QUESTION: texts,
    }
    data = pa.table({column: pa.array(list(cells), pa.string()) for column, cells in columns.items()})
    return ResponseTable("answers.csv", TableFormat.CSV, tuple(columns), data)


def survey_of(files: FileStore, name: str, texts: Sequence[str]) -> PreparedSurvey:
    """That file made ready and kept under this name."""
    return store_survey(files, name, prepare_survey(table_of(texts), COLUMNS, FakeDetector()))
