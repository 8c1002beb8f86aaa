"""Draws the section on surveys from its figures."""

from __future__ import annotations

from bench.page import Figures, goals, percent, table
from bench.surveys import NAMES, PER_TOPIC, PROBE_RESPONSES, WANTED_MIB, WANTED_RATIO, ratio

SENTENCE_SET = "mams_acsa"
SET_NAMES = {
    "anes_terrorism": "anes_terrorism: answers to an open-ended question",
    "banking77": "banking77: one topic each",
    "mams_acsa": "mams_acsa: sentences with several topics",
}
OTHER_NAMES = {
    "other_survey": "Responses to another survey",
    "topic_withheld": "Their topics are not in the taxonomy",
    "nothing_said": '"Don\'t know" and the like',
}


def survey_text(figures: Figures) -> str:
    """The section."""
    topics: Figures = figures["topics"]
    most = str(PER_TOPIC[-1])
    speed = figures["speed"]
    reached = goals(
        [
            (
                f"Correct topic assertions on {SENTENCE_SET}, as a ratio to keywords",
                f"≥ {WANTED_RATIO} x",
                f"{ratio(topics[SENTENCE_SET], most):.2f} x",
                ratio(topics[SENTENCE_SET], most) >= WANTED_RATIO,
            ),
            (
                f"Peak memory with {PROBE_RESPONSES:,} responses",
                f"≤ {WANTED_MIB:,} MiB",
                f"{speed['peak_resident_mib']:,} MiB",
                speed["peak_resident_mib"] <= WANTED_MIB,
            ),
        ]
    )
    parts = [reached]
    for name, one in topics.items():
        heading = f"**{SET_NAMES[name]}**, {one['topics']} topics, {one['responses']:,} test responses"
        parts.extend((heading, _topic_table(one)))
    parts.append(_ratios(topics, most))
    parts.append(_other_table(figures["other"], most))
    parts.append(_sentiment_table(figures["sentiment"]))
    per_second, different = (speed[name] / speed["cpu_seconds"] for name in ("responses", "different_texts"))
    parts.append(
        f"{speed['responses']:,} responses of {speed['characters_each']} characters on average, "
        f"{speed['different_texts']:,} of them different, took {speed['cpu_seconds']:g} CPU-seconds, learning from the "
        f"examples included: {per_second:.0f} responses, or {different:.0f} different ones, per CPU-second."
    )
    return "\n\n".join(parts)


def _topic_table(one: Figures) -> str:
    rows = []
    for count, systems in one["systems"].items():
        for system, scores in systems.items():
            rows.append((f"{NAMES[system]}, {count} examples per topic", *_cells(scores)))
    return table(("System", "Micro-F1", "Macro-F1", "Precision", "Recall", "Correct per 1,000"), rows)


def _cells(scores: Figures) -> tuple[str, ...]:
    shares = (f"{scores[name]:.3f}" for name in ("micro_f1", "macro_f1", "precision", "recall"))
    return (*shares, f"{scores['correct_per_1000']:,.0f}")


def _ratios(topics: Figures, most: str) -> str:
    ratios = ", ".join(f"{ratio(one, most):.2f} x on {name}" for name, one in topics.items())
    return (
        f"Correct topic assertions at {most} examples per topic, as a ratio to keywords of the names: {ratios}. A "
        f"keyword method that asserts a topic for every common word gets many right and most wrong: see its precision."
    )


def _other_table(figures: Figures, most: str) -> str:
    rows = [
        (
            f"{name}: {OTHER_NAMES[kind]}",
            str(found["responses"]),
            f"{by_count['0'][kind]['auroc']:.3f}",
            f"{found['auroc']:.3f}",
            percent(found["called_other"]),
            percent(found["wrongly_other"]),
        )
        for name, by_count in figures.items()
        for kind, found in by_count[most].items()
    ]
    headings = ("Other", "Responses", "AUROC, no examples", f"AUROC, {most}", "Called Other", "Wrongly Other")
    return table(headings, rows)


def _sentiment_table(figures: Figures) -> str:
    rows = [
        (
            f"{count} examples per topic, {one['pairs']} topics rightly found",
            f"{one['accuracy']:.3f}",
            f"{one['vader_accuracy']:.3f}",
            f"{one['macro_f1']:.3f}",
            f"{one['vader_macro_f1']:.3f}",
            f"{one['topic_and_sentiment_f1']:.3f}",
        )
        for count, one in figures.items()
    ]
    headings = ("Sentiment per topic, mams_acsa", "Accuracy", "VADER", "Macro-F1", "VADER", "Topic and sentiment, F1")
    return table(headings, rows)
