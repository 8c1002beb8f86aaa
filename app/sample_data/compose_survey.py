"""Compose the sample survey: 2,000 responses about a coffee shop's mobile app, with what is true of each of them.

    python -m app.sample_data.compose_survey

Every sentence stands in ``survey/*.yaml``; this file puts them together, adds what real surveys have (typos, junk,
repeats, other languages, phone numbers) and writes

    survey/coffee_app_wave1.xlsx, survey/coffee_app_wave2.csv   the survey in two waves
    survey/gold.csv                                             topics and sentiment of every response
    survey/examples.csv                                         responses of other sentences, to learn from

The output is deterministic: the same sentences give the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import yaml

FOLDER = Path(__file__).resolve().parent / "survey"
COUNT = 2_000
SEED = "frontline sample survey 1"
HELD_OUT = {"positive": 3, "negative": 3, "neutral": 1}  # of each list of sentences, for the examples
SCORE = "How likely are you to recommend our app? (0-10)"
REASON = "What is the main reason for your score?"
WISH = "What one thing should we improve?"
ASKED = (SCORE, REASON, WISH)
HEADER = ("Response ID", "Submitted", *ASKED, "Store region", "Age group", "Platform", "Membership", "Features used")
LEANINGS = {
    "order-ahead": 0.4,
    "drinks": 0.35,
    "staff": 0.4,
    "app-crashes": -0.9,
    "prices": -0.7,
    "sign-in": -0.5,
}
REGIONS = {"North": 4, "South": 4, "Downtown": 5, "Campus": 3, "Airport": 2}
AGES = {"16-24": 4, "25-34": 5, "35-49": 5, "50-64": 3, "65+": 1}
PLATFORMS = {"iOS": 5, "Android": 5}
MEMBERSHIPS = {"Gold": 4, "Member": 5, "Guest": 2}
FEATURES = ("Order ahead", "Pay in store", "Rewards", "Delivery", "Store finder", "Gift cards")
WAVES = ((date(2026, 3, 2), 28), (date(2026, 9, 7), 28))
FIXED_TIME = datetime(2026, 1, 1, 12, 0, 0)


@dataclass
class Person:
    """Who answers, and when."""

    wave: int
    region: str
    age: str
    platform: str
    membership: str


@dataclass
class Said:
    """A response and what is true of it."""

    text: str
    sentiments: dict[str, str] = field(default_factory=dict)
    overall: str = "neutral"
    other_reason: str = ""
    language: str = "en"


class Composer:
    """Puts sentences together; all chance comes from one seed."""

    def __init__(self) -> None:
        self.chance = random.Random(SEED)
        self.sentences: dict[str, dict[str, list[str]]] = _read("sentences.yaml")
        self.further: dict[str, Any] = _read("further_sentences.yaml")

    def worded(self, template: str) -> str:
        """A template with each choice made."""
        text = re.sub(r"\{number\}", lambda _: f"{self.chance.randint(10, 99)}", template)
        text = re.sub(r"\{([^{}]*)\}", lambda found: self.chance.choice(found.group(1).split("|")), text)
        return re.sub(r"\s+([,.?!]|$)", r"\1", re.sub(r" {2,}", " ", text)).strip()

    def person(self, wave: int) -> Person:
        def drawn(weights: dict[str, int]) -> str:
            return self.chance.choices(list(weights), list(weights.values()))[0]

        return Person(wave, drawn(REGIONS), drawn(AGES), drawn(PLATFORMS), drawn(MEMBERSHIPS))

    def topics_of(self, person: Person, count: int) -> list[str]:
        """Topics as this person is likely to speak of them."""
        weights = dict.fromkeys(self.sentences, 3.0)
        weights |= {"order-ahead": 6.0, "rewards": 5.0, "drinks": 5.0, "design": 4.0, "delivery": 1.5, "support": 2.0}
        weights["app-crashes"] = {0: 5.0, 1: 2.0}[person.wave] * (1.8 if person.platform == "Android" else 0.7)
        weights["rewards"] *= {"Gold": 1.8, "Member": 1.0, "Guest": 0.2}[person.membership] * (1.0, 1.6)[person.wave]
        weights["prices"] *= 2.5 if person.region == "Campus" else 1.0
        weights["wait-time"] *= 2.2 if person.region in {"Downtown", "Airport"} else 1.0
        weights["design"] *= 2.0 if person.age in {"50-64", "65+"} else 0.8
        weights["sign-in"] *= 1.8 if person.age in {"50-64", "65+"} else 1.0
        chosen: list[str] = []
        while len(chosen) < count:
            topic = self.chance.choices(list(weights), list(weights.values()))[0]
            if topic not in chosen:
                chosen.append(topic)
        return chosen

    def sentiment_of(self, person: Person, topic: str, mood: float) -> str:
        """Positive, neutral or negative; the mood of the person counts most."""
        lean = mood + LEANINGS.get(topic, 0.0)
        lean += -0.7 if topic == "rewards" and person.wave == 1 else 0.0
        lean += 0.8 if topic == "app-crashes" and person.wave == 1 else 0.0
        lean += -0.5 if topic == "design" and person.age in {"50-64", "65+"} else 0.0
        lean += self.chance.gauss(0.0, 0.45)
        if abs(lean) < 0.12:
            return "neutral"
        return "positive" if lean > 0 else "negative"

    def sentence(self, topic: str, sentiment: str) -> str:
        known = self.sentences[topic][sentiment]
        return self.worded(self.chance.choice(known[: -HELD_OUT[sentiment]]))

    def held_out(self, topic: str, sentiment: str) -> list[str]:
        """Sentences that never stand in the survey."""
        return [self.worded(template) for template in self.sentences[topic][sentiment][-HELD_OUT[sentiment] :]]

    def joined(self, parts: Sequence[tuple[str, str]]) -> str:
        """Sentences in one response; a change of feeling often gets a "but"."""
        text, before = parts[0][0], parts[0][1]
        for part, sentiment in parts[1:]:
            turns = {before, sentiment} == {"positive", "negative"}
            if turns and self.chance.random() < 0.75:
                link = self.chance.choice([", but ", " but ", ". However, ", ". Only that ", ", though "])
            else:
                link = self.chance.choice([". ", ". ", ", and ", ". Also, ", "; ", "\n", ". Plus "])
            text += link + (part if link in {". ", "\n"} else _lowered(part))
            before = sentiment
        if self.chance.random() < 0.08:
            text = f"{self.chance.choice(self.further['openers'])} {_lowered(text)}"
        return text + self.chance.choice([".", ".", "", "", "!", "..", ". Thanks"])

    def sloppy(self, text: str) -> str:
        """As people type on a phone."""
        if self.chance.random() < 0.3:
            text = text.lower()
        elif self.chance.random() < 0.03:
            text = text.upper()
        if self.chance.random() < 0.25:
            for _ in range(self.chance.randint(1, 2)):
                text = self.with_typo(text)
        if self.chance.random() < 0.06:
            text += self.chance.choice([" 😊", " ❤️", " 😡", " 🙄", " ☕", "!!!"])
        return text

    def with_typo(self, text: str) -> str:
        places = [place for place in range(1, len(text) - 2) if text[place - 1 : place + 3].isalpha()]
        if not places:
            return text
        place = self.chance.choice(places)
        kind = self.chance.random()
        if kind < 0.4:
            return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        if kind < 0.75:
            return text[:place] + text[place + 1 :]
        return text[:place] + text[place] + text[place:]

    def said(self, person: Person, mood: float) -> Said:
        """What this person answers."""
        draw = self.chance.random()
        if draw < 0.025:
            return Said("", other_reason="empty")
        if draw < 0.06:
            return Said(self.chance.choice(self.further["junk"]), other_reason="junk")
        if draw < 0.07:
            return Said(self.chance.choice(self.further["short"]), other_reason="too-short")
        if draw < 0.105:
            return self.foreign()
        if draw < 0.165:
            kind, overall = self.chance.choice(
                [("indifferent", "neutral"), ("praise", "positive") if mood > 0 else ("complaint", "negative")]
            )
            text = self.sloppy(self.worded(self.chance.choice(self.further[kind])))
            return Said(text, overall=overall, other_reason="nothing-fits")
        topics = self.topics_of(person, self.chance.choices([1, 2, 3, 4], [46, 36, 14, 4])[0])
        sentiments = {topic: self.sentiment_of(person, topic, mood) for topic in topics}
        text = self.joined([(self.sentence(topic, sentiments[topic]), sentiments[topic]) for topic in topics])
        if self.chance.random() < 0.12:
            kind = "praise" if mood > 0 else "complaint"
            text = f"{self.worded(self.chance.choice(self.further[kind]))}. {text}"
        text = self.sloppy(text)
        if self.chance.random() < 0.025:
            text += f" {self.worded(self.chance.choice(self.further['contact']))}"
        return Said(text, sentiments, _overall(sentiments))

    def foreign(self) -> Said:
        language = self.chance.choice(["spanish", "spanish", "german"])
        text, marks = self.chance.choice(self.further[language])
        sentiments = dict(mark.split(":") for mark in marks.split("|"))
        return Said(text, sentiments, _overall(sentiments), language={"spanish": "es", "german": "de"}[language])

    def wish(self, said: Said) -> tuple[str, list[str]]:
        """What should be improved: mostly what was complained about; often nothing."""
        if self.chance.random() < 0.38 or said.language != "en":
            return "", []
        if self.chance.random() < 0.12:
            return self.chance.choice(self.further["junk"]), []
        complaints = [topic for topic, sentiment in said.sentiments.items() if sentiment == "negative"]
        topics = complaints or [self.chance.choice(list(self.sentences))]
        topic = self.chance.choice(topics)
        return self.sloppy(self.worded(self.chance.choice(self.further["wishes"][topic]))), [topic]

    def score(self, said: Said, mood: float) -> int:
        """NPS: what was said counts, the mood too, and chance."""
        value = 6.6 + 1.7 * mood + self.chance.gauss(0.0, 1.1)
        value += {"positive": 1.3, "negative": -2.1, "mixed": -0.4, "neutral": 0.0}[said.overall]
        value -= 1.0 if said.sentiments.get("app-crashes") == "negative" else 0.0
        value -= 0.6 if said.sentiments.get("support") == "negative" else 0.0
        return min(10, max(0, round(value)))


def main() -> None:
    """Write all files."""
    composer = Composer()
    chance = composer.chance
    waves: list[list[list[Any]]] = [[], []]
    gold = []
    for number in range(1, COUNT + 1):
        wave = 0 if number <= COUNT // 2 else 1
        person = composer.person(wave)
        mood = chance.gauss(0.12 + 0.06 * wave, 0.75)
        said = composer.said(person, mood)
        wish, wish_topics = composer.wish(said)
        response_id = f"CA-{number:05d}"
        start, days = WAVES[wave]
        submitted = start + timedelta(days=chance.randrange(days))
        score: Any = composer.score(said, mood) if chance.random() > 0.03 else None
        features = [name for name in FEATURES if chance.random() < 0.4]
        waves[wave].append(
            [
                response_id,
                submitted,
                score,
                said.text,
                wish,
                person.region,
                person.age,
                person.platform,
                person.membership,
                "; ".join(features),
            ]
        )
        gold.append(
            [
                response_id,
                "|".join(said.sentiments),
                said.overall,
                json.dumps(said.sentiments),
                said.other_reason,
                said.language,
                "|".join(wish_topics),
            ]
        )
    _write_workbook(FOLDER / "coffee_app_wave1.xlsx", waves[0])
    _write_csv(FOLDER / "coffee_app_wave2.csv", HEADER, [[_iso(cell) for cell in row] for row in waves[1]])
    columns = ("id", "topics", "sentiment", "topic_sentiments", "other_reason", "language", "wish_topics")
    _write_csv(FOLDER / "gold.csv", columns, gold)
    _write_csv(FOLDER / "examples.csv", ("text", "topics", "sentiment"), list(_examples(composer)))


def _examples(composer: Composer) -> list[list[str]]:
    """Seven per topic, of sentences that the survey does not hold, each once; two of the seven speak of two topics.

    A sentence that came twice would make examples look easier than responses are.
    """
    rows = []
    topics = list(composer.sentences)
    paired: dict[str, list[str]] = {"positive": [], "negative": []}
    for topic in topics:
        for sentiment in HELD_OUT:
            texts = composer.held_out(topic, sentiment)
            if sentiment in paired:
                paired[sentiment].append(texts.pop())
            rows += [[text, topic, sentiment] for text in texts]
    for place, topic in enumerate(topics):
        partner = (place + 5) % len(topics)
        parts = [(paired["positive"][place], "positive"), (paired["negative"][partner], "negative")]
        composer.chance.shuffle(parts)
        rows.append([composer.joined(parts), f"{topic}|{topics[partner]}", "mixed"])
    for kind, sentiment in (("praise", "positive"), ("complaint", "negative"), ("indifferent", "neutral")):
        rows += [[composer.worded(template), "", sentiment] for template in composer.further[kind][:3]]
    return rows


def _overall(sentiments: dict[str, str]) -> str:
    kinds = set(sentiments.values()) - {"neutral"}
    if len(kinds) == 2:
        return "mixed"
    return kinds.pop() if kinds else "neutral"


def _lowered(text: str) -> str:
    """Without a capital at the start, unless it belongs to the word."""
    first = text.split(" ", 1)[0]
    keeps = first in {"I", "Apple", "Google", "GPS", "Gold"} or first.startswith("I'")
    return text if keeps else text[0].lower() + text[1:]


def _iso(cell: Any) -> Any:
    return cell.isoformat() if isinstance(cell, date) else cell


def _read(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode("utf-8"))


def _write_workbook(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    workbook = openpyxl.Workbook()
    workbook.properties.created = workbook.properties.modified = FIXED_TIME
    sheet = workbook.active
    sheet.title = "Responses"
    sheet.append(["Coffee app survey, wave 1 (March 2026)"])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(HEADER))
    sheet.append([])
    sheet.append(HEADER)
    for row in rows:
        sheet.append([cell if cell != "" else None for cell in row])
    for cells in sheet.iter_rows(min_row=4, min_col=4, max_col=5):
        for cell in cells:
            # What people wrote is never a formula.
            cell.data_type = "s" if cell.value is not None else "n"
    for letter, width in zip("ABCDEFGHIJ", (13, 12, 12, 80, 40, 14, 12, 12, 14, 40), strict=True):
        sheet.column_dimensions[letter].width = width
    written = io.BytesIO()
    workbook.save(written)
    path.write_bytes(_same_bytes_each_time(written.getvalue()))


def _same_bytes_each_time(data: bytes) -> bytes:
    """The archive with fixed times in place of now."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            content = source.read(part.filename)
            if part.filename == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2026-01-01T12:00:00Z", content)
            entry = zipfile.ZipInfo(part.filename, (2026, 1, 1, 12, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return result.getvalue()


if __name__ == "__main__":
    main()
