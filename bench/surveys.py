"""How well topics, sentiment and Other are found in responses, beside keyword lists and plain zero-shot."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.page import Figures
from bench.places import ROOT, Places
from bench.survey_rivals import by_cosine, by_keyword_lists, by_topic_names
from bench.survey_sets import (
    SETS,
    SurveySet,
    auroc,
    found_matrix,
    gold_matrix,
    mean_scores,
    read_set,
    responses_of,
    taxonomy_of,
    topic_scores,
)

PER_TOPIC = (0, 5, 16)
SEEDS = (0, 1, 2)
PROBE_RESPONSES = 50_000
FOREIGN_RESPONSES = 400
WITHHELD_SHARE = 0.25
NAMES = {
    "frontline": "**Frontline, local**",
    "keyword_names": "Keywords: words of the names",
    "keyword_lists": "Keywords: lists from descriptions and examples",
    "cosine": "Plain zero-shot",
}
WANTED_RATIO = 2.5
WANTED_MIB = 1_536


class RememberingEmbedder:
    """Embeds every text once in a run: most figures are about the same test responses."""

    def __init__(self, home: Path) -> None:
        from services.backends.local.onnx_embedder import OnnxEmbedder

        self._embedder = OnnxEmbedder(home)
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self.model_id, self.dimension = self._embedder.model_id, self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        self._vectors.update(zip(missing, self._embedder.embed(missing), strict=True))
        found = [self._vectors[text] for text in texts]
        return np.array(found, dtype=np.float32).reshape(len(texts), self.dimension)

    def check_ready(self) -> None:
        self._embedder.check_ready()


def measure(places: Places) -> Figures:
    """Everything, on the test parts; nothing was tuned on them."""
    embedder = RememberingEmbedder(places.home)
    sets = {name: read_set(places.data, name) for name in SETS}
    return {
        "topics": {name: _measure_topics(one, embedder) for name, one in sets.items()},
        "other": {name: _measure_other(one, sets, embedder) for name, one in sets.items()},
        "sentiment": {str(count): _measure_sentiment(sets["mams_acsa"], count, embedder) for count in PER_TOPIC},
        "speed": _measure_speed(places, sets["mams_acsa"], list(sets.values())),
    }


def _measure_topics(one: SurveySet, embedder: RememberingEmbedder) -> Figures:
    from services.backends.local.surveys.analyzer import LocalSurveyAnalyzer

    rows = one.test_rows()
    responses, gold = responses_of(rows), gold_matrix(rows, one.topic_ids)
    figures: Figures = {"responses": len(rows), "topics": len(one.topics), "systems": {}}
    for count in PER_TOPIC:
        runs: dict[str, list[dict[str, float]]] = {}
        for seed in SEEDS if count else SEEDS[:1]:
            taxonomy = taxonomy_of(one, one.examples(count, seed))
            findings = LocalSurveyAnalyzer(embedder).analyze(responses, taxonomy)
            runs.setdefault("frontline", []).append(topic_scores(found_matrix(findings, one.topic_ids), gold))
            lists = by_keyword_lists(responses, taxonomy)
            runs.setdefault("keyword_lists", []).append(topic_scores(lists, gold))
            if not count:
                runs["keyword_names"] = [topic_scores(by_topic_names(responses, taxonomy), gold)]
                runs["cosine"] = [topic_scores(by_cosine(responses, taxonomy, embedder), gold)]
        figures["systems"][str(count)] = {system: mean_scores(scores) for system, scores in runs.items()}
        print(one.name, count, figures["systems"][str(count)], flush=True)
    return figures


def _measure_other(one: SurveySet, sets: dict[str, SurveySet], embedder: RememberingEmbedder) -> Figures:
    """How well confidence tells responses that the taxonomy has no topic for, and how many are called Other."""
    from services.backends.local.surveys.analyzer import LocalSurveyAnalyzer

    draw = random.Random(0)
    strangers = [row for name, other in sets.items() if name != one.name for row in other.test_rows()]
    strangers = draw.sample(strangers, min(FOREIGN_RESPONSES, len(strangers)))
    withheld = set(draw.sample(one.topic_ids, round(WITHHELD_SHARE * len(one.topics))))
    smaller = one.without(withheld)
    orphans = [row for row in smaller.test_rows(with_topics=False) if row.id in {own.id for own in one.test_rows()}]
    figures: Figures = {}
    for count in PER_TOPIC:
        by_kind: Figures = {}
        for kind, taxonomy_set, outside in (
            ("other_survey", one, strangers),
            ("topic_withheld", smaller, orphans),
            ("nothing_said", one, one.test_rows(with_topics=False)),
        ):
            inside = taxonomy_set.test_rows()
            if not outside:
                continue
            taxonomy = taxonomy_of(taxonomy_set, taxonomy_set.examples(count, SEEDS[0]))
            findings = LocalSurveyAnalyzer(embedder).analyze(responses_of([*inside, *outside]), taxonomy)
            values = [finding.confidence for finding in findings]
            other = [finding.other_reason is not None for finding in findings]
            by_kind[kind] = {
                "auroc": round(auroc(values[: len(inside)], values[len(inside) :]), 4),
                "called_other": round(float(np.mean(other[len(inside) :])), 4),
                "wrongly_other": round(float(np.mean(other[: len(inside)])), 4),
                "responses": len(outside),
            }
        figures[str(count)] = by_kind
        print(one.name, "other", count, by_kind, flush=True)
    return figures


def _measure_sentiment(one: SurveySet, count: int, embedder: RememberingEmbedder) -> Figures:
    """Sentiment of topics that were rightly found, beside VADER on the response; then topic and sentiment together."""
    from services.backends.local.surveys.analyzer import LocalSurveyAnalyzer
    from services.backends.local.surveys.sentiment_words import lexicon_features

    rows = one.test_rows()
    findings = LocalSurveyAnalyzer(embedder).analyze(
        responses_of(rows), taxonomy_of(one, one.examples(count, SEEDS[0]))
    )
    pairs: list[tuple[str, str, str]] = []
    asserted = 0
    for row, finding in zip(rows, findings, strict=True):
        compound = float(lexicon_features(row.text)[0])
        lexicon = "positive" if compound > 0.05 else "negative" if compound < -0.05 else "neutral"
        asserted += len(finding.topics)
        pairs.extend(
            (row.sentiments[topic.topic_id], topic.sentiment.value, lexicon)
            for topic in finding.topics
            if topic.topic_id in row.sentiments
        )
    gold, found, lexicon_only = (np.array(column) for column in zip(*pairs, strict=True))
    wanted = sum(len(row.sentiments) for row in rows)
    return {
        "pairs": len(pairs),
        "accuracy": round(float((gold == found).mean()), 4),
        "macro_f1": round(_macro_f1(gold, found), 4),
        "vader_accuracy": round(float((gold == lexicon_only).mean()), 4),
        "vader_macro_f1": round(_macro_f1(gold, lexicon_only), 4),
        "topic_and_sentiment_f1": round(float(2 * (gold == found).sum() / (asserted + wanted)), 4),
    }


def _macro_f1(gold: NDArray[np.str_], found: NDArray[np.str_]) -> float:
    scores = []
    for sentiment in ("positive", "neutral", "negative"):
        right = int(((gold == sentiment) & (found == sentiment)).sum())
        scores.append(2 * right / max(1, int((gold == sentiment).sum() + (found == sentiment).sum())))
    return float(np.mean(scores))


def _measure_speed(places: Places, one: SurveySet, sets: Sequence[SurveySet]) -> Figures:
    """50,000 responses, drawn with repeats from all rows of all sets: people repeat each other in surveys too."""
    draw = random.Random(0)
    texts = draw.choices([row.text for other in sets for row in other.rows], k=PROBE_RESPONSES)
    task = places.work / "survey_probe.json"
    values = {
        "texts": texts,
        "topics": [(topic.id, topic.name, topic.description) for topic in one.topics],
        "examples": [(example.text, example.topic_ids) for example in one.examples(PER_TOPIC[-1], SEEDS[0])],
    }
    task.write_text(json.dumps(values), encoding="utf-8")
    completed = subprocess.run(
        [sys.executable, "-m", "bench.survey_probe", str(places.home), str(task)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures: Figures = json.loads(completed.stdout.splitlines()[-1])
    figures["characters_each"] = round(float(np.mean([len(text) for text in texts])))
    return figures


def ratio(figures: Figures, count: str) -> float:
    """Correct topic assertions of Frontline to those of keyword NLP by names."""
    systems = figures["systems"]
    return float(systems[count]["frontline"]["correct_per_1000"] / systems["0"]["keyword_names"]["correct_per_1000"])


def text(figures: Figures) -> str:
    """The section."""
    from bench.survey_text import survey_text

    return survey_text(figures)
