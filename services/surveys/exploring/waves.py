"""Two waves of a survey side by side."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats  # type: ignore[import-untyped, unused-ignore]

from services.errors import InputError
from services.surveys.cross_tabs import marked
from services.surveys.exploring.assignments import SENTIMENT_KINDS
from services.surveys.exploring.counting import weighted
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.models import TopicWave, WaveComparison, WaveScore, WaveTopic
from services.surveys.exploring.run_view import NO_FILTER, RunView
from services.surveys.exploring.selecting import Selection
from services.surveys.findings import SENTIMENT_CODES
from services.surveys.models import Sentiment
from services.surveys.statistics import (
    CONFIDENCE,
    FEWEST_SCORED,
    Interval,
    benjamini_hochberg,
    compare_proportions,
    mean_interval,
    wilson_interval,
)

_POSITIVE, _NEGATIVE = SENTIMENT_CODES[Sentiment.POSITIVE], SENTIMENT_CODES[Sentiment.NEGATIVE]


def compare_waves(now: RunView, before: RunView, chosen: ResponseFilter = NO_FILTER) -> WaveComparison:
    """Compare what two runs found, topic by topic.

    Topics are the same when their ids are, if both runs are of one taxonomy; else when their names are.

    Args:
        chosen: Applies to both; its days are those of the wave now, and not asked of the one before.

    Raises:
        InputError: ``waves-differ``: the wave before lacks a column of the filter, or the two have no topic in common.
    """
    chosen = now.known(chosen)
    wanted = [*(name for name, _ in (*chosen.segments, *chosen.also_chosen)), *(name for name, _, _ in chosen.scores)]
    missing = set(wanted) - {*before.segment_names, *before.score_names}
    if missing:
        raise _differ(f"The wave before has no column “{min(missing)}”, so it cannot be filtered by it.")
    pairs = _shared_topics(now, before)
    if not pairs:
        raise InputError(
            "The two runs have no topic in common.",
            code="waves-differ",
            remedy="Run both waves with the same taxonomy.",
        )
    earlier = _filter_before(now, before, chosen)
    selected, selected_before = now.selection(chosen), before.selection(earlier)
    counts, counts_before = _sentiment_counts(selected), _sentiment_counts(selected_before)
    compared = [
        compare_proportions(
            int(counts[one].sum()), selected.total, int(counts_before[other].sum()), selected_before.total
        )
        for one, other in pairs
    ]
    corrected = benjamini_hochberg([one.p_value for one in compared])
    topics = [
        WaveTopic(
            topic_id=now.topics[one].id,
            topic=now.topics[one].name,
            now=_wave(counts[one], selected.total),
            before=_wave(counts_before[other], selected_before.total),
            difference=comparison.difference,
            corrected_p=p_value,
            change=marked(p_value, comparison.difference.value),
            net_change=_net_change(counts[one], counts_before[other]),
        )
        for (one, other), comparison, p_value in zip(pairs, compared, corrected, strict=True)
    ]
    return WaveComparison(
        now_total=selected.total,
        before_total=selected_before.total,
        topics=tuple(sorted(topics, key=lambda topic: -topic.now.count)),
        overall=_net_change(_overall_counts(selected), _overall_counts(selected_before)),
        scores=tuple(
            WaveScore(
                name, mean_interval(now.score_values(name, chosen)), mean_interval(before.score_values(name, earlier))
            )
            for name in now.score_names
            if name in before.score_names
        ),
        only_now=_rest(now, {one for one, _ in pairs}),
        only_before=_rest(before, {other for _, other in pairs}),
        same_backend=now.run.backend_version == before.run.backend_version,
    )


def _shared_topics(now: RunView, before: RunView) -> list[tuple[int, int]]:
    """Numbers of the same topics in both."""
    same_taxonomy = now.run.taxonomy_id == before.run.taxonomy_id
    names = [
        [topic.id if same_taxonomy else topic.name.strip().casefold() for topic in view.topics]
        for view in (now, before)
    ]
    places = {name: place for place, name in enumerate(names[1])}
    return [(place, places[name]) for place, name in enumerate(names[0]) if name in places]


def _filter_before(now: RunView, before: RunView, chosen: ResponseFilter) -> ResponseFilter:
    """The filter for the wave before, with its own topics."""
    if now.run.taxonomy_id == before.run.taxonomy_id:
        named = {name: name for name in (*chosen.topics, *(name for name, _ in chosen.having))}
    else:
        called = {words.strip().casefold(): name for name, words in before.filter_names.items()}
        named = {
            name: called[words.strip().casefold()]
            for name, words in now.filter_names.items()
            if words.strip().casefold() in called
        }
    for name in (*chosen.topics, *(name for name, _ in chosen.having)):
        if name not in named:
            words = now.filter_name(name)
            raise _differ(f"The wave before has no topic “{words}”, so it cannot be filtered by it.")
    return replace(
        chosen,
        first_day=None,
        last_day=None,
        topics=tuple(named[name] for name in chosen.topics),
        having=tuple((named[name], felt) for name, felt in chosen.having),
    )


def _differ(what: str) -> InputError:
    return InputError(what, code="waves-differ", remedy="Take that filter away, or compare with another wave.")


def _sentiment_counts(selection: Selection) -> NDArray[np.int64]:
    """Counted responses: topics x codes of sentiment."""
    assigned = selection.assigned
    return weighted(
        assigned.topics.astype(np.int64) * SENTIMENT_KINDS + assigned.sentiments,
        selection.weights[assigned.texts],
        assigned.topic_count * SENTIMENT_KINDS,
    ).reshape(assigned.topic_count, SENTIMENT_KINDS)


def _overall_counts(selection: Selection) -> NDArray[np.int64]:
    return weighted(selection.assigned.overall, selection.weights, SENTIMENT_KINDS)


def _wave(counts: NDArray[np.int64], total: int) -> TopicWave:
    count = int(counts.sum())
    net = float(counts[_POSITIVE] - counts[_NEGATIVE]) / count if count else None
    return TopicWave(count, total, wilson_interval(count, total), net)


def _net_change(counts: NDArray[np.int64], counts_before: NDArray[np.int64]) -> Interval | None:
    """Difference of the means of +1 for positive, -1 for negative and 0 for others, with Welch's interval."""
    means, spreads, sizes = [], [], []
    for one in (counts, counts_before):
        size = int(one.sum())
        if size < FEWEST_SCORED:
            return None
        mean = float(one[_POSITIVE] - one[_NEGATIVE]) / size
        variance = (float(one[_POSITIVE] + one[_NEGATIVE]) - size * mean * mean) / (size - 1)
        means.append(mean)
        spreads.append(max(0.0, variance) / size)
        sizes.append(size)
    difference, spread = means[0] - means[1], sum(spreads)
    if spread <= 1e-15:
        return Interval(difference, difference, difference)
    freedom = spread**2 / sum(part**2 / (size - 1) for part, size in zip(spreads, sizes, strict=True))
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * math.sqrt(spread)
    return Interval(difference, difference - reach, difference + reach)


def _rest(view: RunView, matched: set[int]) -> tuple[str, ...]:
    return tuple(topic.name for place, topic in enumerate(view.topics) if place not in matched)
