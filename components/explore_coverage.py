"""How much of what was said the topics cover, and why the rest has none."""

from __future__ import annotations

import streamlit as st

from components.document_words import counted
from components.explore_chart_parts import OTHER
from components.explore_drill import (
    Drill,
    draw_drill,
    draw_shown_as,
    ink,
    pick_from_chart,
    pick_from_table,
    table_of,
)
from components.explore_range_charts import WITH_TOPIC, coverage_chart
from components.explore_words import OTHER_SENTENCES, OTHER_WORDS, interval_words, percent
from components.markdown_text import in_one_line
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.models import Coverage
from services.surveys.models import OtherReason

HINT = "Click a bar to read the responses behind it."


def draw_coverage(view: RunView, chosen: ResponseFilter) -> None:
    """Draw the bars, and the responses behind what is clicked."""
    covered = view.coverage(chosen)
    if not covered.answered:
        st.info("**No response fits the filter.**  \nTake a condition away.", icon=":material/filter_alt_off:")
        return
    st.markdown(f"**{interval_words(covered.share)}** of the responses have at least one topic.")
    others = {reason: count for reason, count in covered.others if count}
    with_topic = covered.answered - sum(others.values())
    words = f"{with_topic:,} responses with a topic, {sum(others.values()):,} without."
    rows: list[tuple[str, OtherReason | None, int]] = [(WITH_TOPIC, None, with_topic)]
    rows += [(OTHER_WORDS[reason], reason, count) for reason, count in others.items()]
    drill = None
    if draw_shown_as("coverage"):
        table = table_of(
            [
                {
                    "Responses": words_of,
                    "Count": count,
                    "Share": percent(count / covered.answered),
                    "What it means": OTHER_SENTENCES[reason] if reason else "At least one topic was found.",
                }
                for words_of, reason, count in rows
            ]
        )
        cell = pick_from_table(view, chosen, "coverage", table, words)
        drill = _drill(*rows[cell[0]][:2]) if cell else None
    else:
        pick = pick_from_chart(view, chosen, "coverage", coverage_chart(others, with_topic, ink()), words)
        if pick:
            reason = next((one for one in OtherReason if one.value == pick.get(OTHER)), None)
            drill = _drill(OTHER_WORDS[reason] if reason else WITH_TOPIC, reason)
    _draw_how_many(covered)
    draw_drill(view, chosen, drill, HINT)


def _draw_how_many(covered: Coverage) -> None:
    each = [
        f"{count:,} with {counted(number, 'topic')}"
        for number, count in enumerate(covered.by_topic_count)
        if number and count
    ]
    if each:
        st.caption(f"Topics per response: {', '.join(each)}.")
    if covered.unused:
        names = ", ".join(f"“{in_one_line(name, 40)}”" for name in covered.unused[:12])
        more = f" and {len(covered.unused) - 12} more" if len(covered.unused) > 12 else ""
        st.caption(f"Topics that no response has: {names}{more}.")


def _drill(words: str, reason: OtherReason | None) -> Drill:
    if reason is not None:
        return Drill(f"Other: {words.lower()}", ResponseFilter(others=(reason,)))
    return Drill(words, ResponseFilter(with_topic=True))
