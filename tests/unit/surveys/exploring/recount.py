"""Random surveys, and what is true of them, worked out row by row in plain Python."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.surveys.exploring.filters import ResponseFilter
from services.surveys.marks import Mark, mark_text
from services.surveys.models import OtherReason, ResponseFinding, Sentiment, Topic, TopicFinding
from services.surveys.review_reasons import ReviewReason
from tests.unit.surveys.exploring.explore_desk import ExploreDesk, Person

TOPICS = tuple(Topic(name.lower(), name) for name in ("Prices", "Staff", "App", "Coffee", "Seats", "Music", "Delivery"))
WORDS = ("Great", "coffee", "slow", "app", "ÜBER", "nice", "price.", "staff*", "ok", "n/a", "wait")
SENTIMENTS = tuple(Sentiment)


@dataclass
class Truth:
    """What is true of a text: sentiment None was not analyzed."""

    topics: dict[str, Sentiment] = field(default_factory=dict)
    sentiment: Sentiment | None = None
    other: OtherReason | None = None
    confidence: float = 0.0
    review: tuple[str, ...] = ()
    corrected: bool = False


@dataclass
class Seen:
    """A row with what is true of it."""

    row: int
    person: Person
    truth: Truth
    marks: frozenset[Mark]


class RandomSurvey:
    """A survey of chance, with the findings of a run that did not analyze every text."""

    def __init__(self, seed: int, count: int = 120) -> None:
        self.chance = chance = random.Random(seed)
        texts = [" ".join(chance.choices(WORDS, k=chance.randint(1, 6))) for _ in range(count // 2)] + ["", ""]
        self.people = [self._person(texts) for _ in range(count)]
        self.found = {
            text: self._finding(text) for text in {person.text for person in self.people} if chance.random() < 0.93
        }
        self.truths = {text: _truth(self.found.get(text)) for text in {person.text for person in self.people}}
        self.topic_ids = [topic.id for topic in TOPICS]

    def desk(self) -> ExploreDesk:
        """The survey, ready to be explored."""
        return ExploreDesk(self.people, self.found, TOPICS)

    def merge(self, removed: Iterable[str], into: Mapping[str, str]) -> None:
        """Take topics away: some vanish, others become another one."""
        for truth in self.truths.values():
            topics: dict[str, Sentiment] = {}
            for topic_id, sentiment in truth.topics.items():
                if topic_id in removed:
                    continue
                now = into.get(topic_id, topic_id)
                topics[now] = united(topics[now], sentiment) if now in topics else sentiment
            truth.topics = topics
            if not topics and truth.sentiment and not truth.other:
                truth.other = OtherReason.NOTHING_FITS
        self.topic_ids = [one for one in self.topic_ids if one not in removed and one not in into]

    def correct(self, text: str, topics: Mapping[str, Sentiment | None], sentiment: Sentiment | None) -> None:
        """What a person says takes the place of what was found."""
        truth = self.truths[text]
        overall = sentiment or truth.sentiment or Sentiment.NEUTRAL
        said = {topic: given or truth.topics.get(topic) or overall for topic, given in topics.items()}
        other = None if said else truth.other or OtherReason.NOTHING_FITS
        self.truths[text] = Truth(said, overall, other, 1.0, (), corrected=True)

    def fitting(self, chosen: ResponseFilter) -> list[Seen]:
        """Rows that fit, looked at one by one."""
        rows = (
            Seen(number, person, self.truths[person.text], mark_text(person.text))
            for number, person in enumerate(self.people)
        )
        return [row for row in rows if _fits(row, chosen)]

    def counted(self, chosen: ResponseFilter) -> list[Seen]:
        """Rows that shares are counted of."""
        return [row for row in self.fitting(chosen) if row.person.text.strip() and row.truth.sentiment is not None]

    def some_filter(self) -> ResponseFilter:
        """A filter of several conditions."""
        chance = self.chance

        def some(values: tuple[object, ...], share: float = 0.25) -> tuple[object, ...]:
            return tuple(value for value in values if chance.random() < share) if chance.random() < 0.4 else ()

        first = date(2026, 1, 1) + timedelta(days=chance.randrange(60)) if chance.random() < 0.2 else None
        low = chance.choice([None, 3.0])
        return ResponseFilter(
            topics=some(tuple(self.topic_ids)),  # type: ignore[arg-type]
            match_all=chance.random() < 0.3,
            sentiments=some(SENTIMENTS, 0.5),  # type: ignore[arg-type]
            segments=(("devices", ("Phone", "Tablet")),) if chance.random() < 0.2 else (),
            also_chosen=(("devices", "Watch"),) if chance.random() < 0.2 else (),
            first_day=first,
            last_day=date(2026, 4, 10) if chance.random() < 0.2 else None,
            scores=(("nps", low, 8.0),) if chance.random() < 0.2 else (),
            others=some(tuple(OtherReason)) if chance.random() < 0.3 else (),  # type: ignore[arg-type]
            only_other=chance.random() < 0.1,
            marks=some((Mark.EMPTY, Mark.JUNK, Mark.TOO_SHORT), 0.5) if chance.random() < 0.3 else (),  # type: ignore[arg-type]
            only_review=chance.random() < 0.1,
            review=some(tuple(ReviewReason)) if chance.random() < 0.3 else (),  # type: ignore[arg-type]
            only_corrected=chance.random() < 0.1,
            search=chance.choice(["", "", "", "COFFEE", "über", "e.", "*"]),
        )

    def _person(self, texts: list[str]) -> Person:
        chance = self.chance
        return Person(
            text=chance.choice(texts),
            day=date(2026, 1, 1) + timedelta(days=chance.randrange(120)) if chance.random() < 0.9 else None,
            region=chance.choice(["North", "South", "Campus", ""]),
            devices=tuple(name for name in ("Phone", "Tablet", "Watch") if chance.random() < 0.4),
            nps=float(chance.randrange(11)) if chance.random() < 0.8 else None,
        )

    def _finding(self, text: str) -> ResponseFinding:
        chance = self.chance
        if not text.strip():
            return ResponseFinding("", (), Sentiment.NEUTRAL, 1.0, OtherReason.EMPTY)
        chosen = chance.sample(TOPICS, chance.choice([0, 1, 1, 2, 3, 4]))
        sureness = sorted((round(chance.random(), 3) for _ in chosen), reverse=True)
        topics = tuple(
            TopicFinding(topic.id, chance.choice(SENTIMENTS), sure, 0, len(text.split(maxsplit=1)[0]))
            for topic, sure in zip(chosen, sureness, strict=True)
        )
        reasons = tuple(reason.value for reason in ReviewReason if chance.random() < 0.1)
        reason = None if topics else chance.choice([OtherReason.NOTHING_FITS, OtherReason.JUNK, OtherReason.TOO_SHORT])
        return ResponseFinding("", topics, chance.choice(SENTIMENTS), round(chance.random(), 3), reason, reasons)


def united(one: Sentiment, other: Sentiment) -> Sentiment:
    """Two topics that became one."""
    both = {one, other}
    if Sentiment.MIXED in both or both == {Sentiment.POSITIVE, Sentiment.NEGATIVE}:
        return Sentiment.MIXED
    return (both - {Sentiment.NEUTRAL}).pop() if both != {Sentiment.NEUTRAL} else Sentiment.NEUTRAL


def topic_sentiments(rows: Iterable[Seen]) -> Counter[tuple[str, Sentiment]]:
    """Responses per topic and sentiment."""
    return Counter((topic, sentiment) for row in rows for topic, sentiment in row.truth.topics.items())


def _truth(finding: ResponseFinding | None) -> Truth:
    if finding is None:
        return Truth()
    topics = {topic.topic_id: topic.sentiment for topic in finding.topics}
    return Truth(topics, finding.sentiment, finding.other_reason, finding.confidence, finding.needs_review)


def _fits(row: Seen, chosen: ResponseFilter) -> bool:
    truth, person = row.truth, row.person
    return all(
        (
            bool(person.text.strip()) or Mark.EMPTY in chosen.marks or OtherReason.EMPTY in chosen.others,
            _fits_topics(truth, chosen),
            all(
                set(values) & set(person.devices if name == "devices" else (person.region,))
                for name, values in chosen.segments
            ),
            all(
                value in (person.devices if name == "devices" else (person.region,))
                for name, value in chosen.also_chosen
            ),
            not chosen.first_day or (person.day is not None and person.day >= chosen.first_day),
            not chosen.last_day or (person.day is not None and person.day <= chosen.last_day),
            all(_fits_score(person.nps, low, high) for _, low, high in chosen.scores),
            not chosen.others or truth.other in chosen.others,
            not chosen.only_other or truth.other is not None,
            not chosen.marks or bool(row.marks & set(chosen.marks)),
            not chosen.only_review or bool(truth.review),
            not chosen.review or bool(set(truth.review) & {reason.value for reason in chosen.review}),
            not chosen.only_corrected or truth.corrected,
            chosen.search.casefold() in person.text.casefold(),
        )
    )


def _fits_topics(truth: Truth, chosen: ResponseFilter) -> bool:
    if not chosen.topics:
        return not chosen.sentiments or truth.sentiment in chosen.sentiments
    hits = [
        topic
        for topic in chosen.topics
        if topic in truth.topics and (not chosen.sentiments or truth.topics[topic] in chosen.sentiments)
    ]
    return len(hits) == len(chosen.topics) if chosen.match_all else bool(hits)


def _fits_score(score: float | None, low: float | None, high: float | None) -> bool:
    return score is not None and (low is None or score >= low) and (high is None or score <= high)
