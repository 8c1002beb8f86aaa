"""Makes an evaluation of a gold table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.errors import InputError
from services.surveys.evaluation_figures import Draws, figures_of, interval, resampled_figures
from services.surveys.evaluation_models import (
    MOST_KEYS,
    Evaluation,
    Metric,
    SentimentScore,
    TopicConfusion,
    TopicScore,
)
from services.surveys.findings import SENTIMENT_CODES
from services.surveys.gold_tables import GoldTable
from services.surveys.run_models import SurveyRun
from services.surveys.statistics import Interval, wilson_interval

FEWEST_GOLD = 50
FEWEST_PER_TOPIC = 5


def evaluation_of(run: SurveyRun, table: GoldTable, *, is_corrected: bool = False) -> Evaluation:
    """The evaluation of a run on its gold table.

    Raises:
        InputError: ``no-gold``: the table is empty.
    """
    require_gold(table)
    figures, draws = figures_of(table), resampled_figures(table)
    gold_other: NDArray[np.bool_] = np.asarray(~table.gold.any(axis=1))
    found_other: NDArray[np.bool_] = np.asarray(~table.found.any(axis=1))
    topics = tuple(
        _score(topic_id, table, table.gold[:, place], table.found[:, place], figures.topic_f1, draws.topic_f1, place)
        for place, topic_id in enumerate(table.topic_ids)
    )
    other_f1, other_draws = figures.metrics[Metric.OTHER_F1][:, None], draws.metrics[Metric.OTHER_F1][:, None]
    exact = int((table.gold == table.found).all(axis=1).sum())
    pairs = table.gold & table.found & (table.gold_topic_sentiment > 0)
    bounded = {metric: interval(float(figures.metrics[metric][0]), draws.metrics[metric]) for metric in Metric}
    return Evaluation(
        run_id=run.id,
        is_corrected=is_corrected,
        text_count=len(table.text_keys),
        response_count=int(table.response_counts.sum()),
        exact_match=wilson_interval(exact, len(table.text_keys)),
        micro_f1=bounded[Metric.MICRO_F1],
        macro_f1=bounded[Metric.MACRO_F1],
        topics=topics,
        other=_score(None, table, gold_other, found_other, other_f1, other_draws, 0),
        confusions=_confusions(table),
        sentiment=_sentiment(
            table.gold_sentiment, table.found_sentiment, bounded[Metric.SENTIMENT_MACRO_F1], clustered=None
        ),
        topic_sentiment=_sentiment(
            table.gold_topic_sentiment[pairs],
            table.found_topic_sentiment[pairs],
            bounded[Metric.TOPIC_SENTIMENT_MACRO_F1],
            # Topics of one text go together: Wilson's interval would be too narrow for them.
            clustered=bounded[Metric.TOPIC_SENTIMENT],
        ),
        learned_count=table.learned_count,
        not_analyzed_count=table.not_analyzed_count,
        removed_count=table.removed_count,
        warnings=warnings_on(table, is_corrected=is_corrected),
    )


def require_gold(table: GoldTable) -> None:
    """See that there is something to compare with. Raises InputError ``no-gold``."""
    if table.text_keys:
        return
    if table.learned_count or table.not_analyzed_count or table.removed_count:
        raise InputError(
            "No gold label can be used for this run: it learned from these responses, did not analyze them, or their "
            "topics were removed.",
            code="no-gold",
            remedy="Label other responses: a new sample holds some.",
        )
    raise InputError(
        "There are no gold labels for this question and taxonomy yet.",
        code="no-gold",
        remedy="Label a sample of responses, or import labels from a file.",
    )


def warnings_on(table: GoldTable, *, is_corrected: bool = False) -> tuple[str, ...]:
    """What to be careful with, a sentence or two each."""
    count = len(table.text_keys)
    found = []
    if is_corrected:
        found.append("Corrections are counted in: this is agreement of people with people, not the quality of the run.")
    if count < FEWEST_GOLD:
        found.append(
            f"Only {count} different {'response has' if count == 1 else 'responses have'} a gold label: the figures "
            f"may be far off. Label at least {FEWEST_GOLD}."
        )
    rare = int((table.gold.sum(axis=0) < FEWEST_PER_TOPIC).sum())
    if count >= FEWEST_GOLD and rare:
        found.append(
            f"{rare} {'topic has' if rare == 1 else 'topics have'} fewer than {FEWEST_PER_TOPIC} gold labels: their "
            "figures say little."
        )
    if table.learned_count:
        found.append(
            f"The run learned from {table.learned_count} of the responses with gold labels. They are left out: a run "
            "cannot be measured with what it was told."
        )
    if table.not_analyzed_count:
        found.append(f"{table.not_analyzed_count} responses with gold labels were not analyzed and are left out.")
    if table.removed_count:
        found.append(
            f"{table.removed_count} responses with gold labels are left out: all their topics were removed from the "
            "taxonomy. Label them again."
        )
    return tuple(found)


def _score(
    topic_id: str | None,
    table: GoldTable,
    gold: NDArray[np.bool_],
    found: NDArray[np.bool_],
    f1: Draws,
    f1_draws: Draws,
    place: int,
) -> TopicScore:
    support, asserted, right = int(gold.sum()), int(found.sum()), int((gold & found).sum())
    return TopicScore(
        topic_id=topic_id,
        support=support,
        found=asserted,
        right=right,
        precision=wilson_interval(right, asserted) if asserted else None,
        recall=wilson_interval(right, support) if support else None,
        f1=interval(float(f1[0, place]), f1_draws[:, place]),
        missed_keys=_keys(table, gold & ~found),
        false_alarm_keys=_keys(table, found & ~gold),
    )


def _confusions(table: GoldTable) -> tuple[TopicConfusion, ...]:
    """Pairs of a missing topic and one that is too much in the same text; Other is a topic here."""
    gold = np.column_stack([table.gold, ~table.gold.any(axis=1)])
    found = np.column_stack([table.found, ~table.found.any(axis=1)])
    missed, too_much = gold & ~found, found & ~gold
    counts = missed.T.astype(np.int64) @ too_much
    ids: Sequence[str | None] = (*table.topic_ids, None)
    pairs = np.argwhere(counts > 0).tolist()
    pairs.sort(key=lambda pair: -counts[pair[0], pair[1]])
    return tuple(
        TopicConfusion(ids[one], ids[two], int(counts[one, two]), _keys(table, missed[:, one] & too_much[:, two]))
        for one, two in pairs
    )


def _sentiment(
    gold: NDArray[np.int8], found: NDArray[np.int8], macro_f1: Interval | None, *, clustered: Interval | None
) -> SentimentScore:
    said = gold > 0
    gold, found = gold[said], found[said]
    count, right = len(gold), int((gold == found).sum())
    accuracy = clustered or (wilson_interval(right, count) if count else None)
    codes = list(SENTIMENT_CODES.values())
    confusion = tuple(tuple(int(((gold == one) & (found == two)).sum()) for two in codes) for one in codes)
    return SentimentScore(count, accuracy, macro_f1, confusion)


def _keys(table: GoldTable, rows: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(table.text_keys[row] for row in np.flatnonzero(rows)[:MOST_KEYS].tolist())
