"""The columns of every export, and what each means; docs/survey-export.md says the same."""

from __future__ import annotations

from services.surveys.exports.models import ExportColumn, SheetGuide

JOINED_BY = "|"
SEGMENT, SCORE, TOPIC, MAIN_TOPIC = "segment: ", "score: ", "topic: ", "main topic: "
README_SHEET = "README"

DATA_COLUMNS = (
    ExportColumn("id", "Of the response, as in the survey; “row 7” where the survey has none, or it was masked."),
    ExportColumn("text", "The response, personal data masked."),
    ExportColumn("topics", "Ids of its topics, the surest first, joined by |; empty when it has none."),
    ExportColumn("sentiment", "Of the whole response: positive, neutral, negative or mixed; empty when not analyzed."),
    ExportColumn("topic_sentiments", "Sentiment of each topic: JSON, from the topic's id to the sentiment."),
    ExportColumn("confidence", "How sure the analysis is of the whole, 0 to 1; 1 where a person said so."),
    ExportColumn("evidence", "The words that each topic was found by, in the order of the topics, joined by |."),
    ExportColumn(
        "other_reason",
        "Why it has no topic: nothing-fits, too-short, junk, empty or not-understood; empty when it has one.",
    ),
    ExportColumn("needs_review", "Why a person should look at it, joined by |; empty when nobody needs to."),
    ExportColumn("topic_names", "Names of its topics, in the order of the topics, joined by |."),
    ExportColumn("corrected", "“yes” where a person corrected or confirmed it."),
    ExportColumn("marks", "What is odd about the text, such as junk, non-english or duplicate, joined by |."),
    ExportColumn("same_text_count", "How many responses of the survey say exactly the same, itself included."),
    ExportColumn("row", "Number of its row in the survey, from 1."),
    ExportColumn("date", "When it was given; empty when the survey has no date for it."),
)
PATTERN_COLUMNS = (
    ExportColumn("segment: (column)", "What was chosen in a segment column, joined by |; one column per segment."),
    ExportColumn("score: (column)", "A score; one column per score."),
    ExportColumn("topic: (name)", "The topic's sentiment where the response has the topic; one column per topic."),
    ExportColumn(
        "main topic: (name)",
        "What is felt about a main topic and all below it; one column each where topics stand below others.",
    ),
)
SUMMARY_COLUMNS = (
    ExportColumn("topic", "Name of the topic."),
    ExportColumn("responses", "Responses with the topic."),
    ExportColumn("share", "Of the analyzed responses."),
    ExportColumn("share_low", "Lower end of the 95 % interval of the share (Wilson)."),
    ExportColumn("share_high", "Upper end of that interval."),
    ExportColumn("positive", "Responses that speak well of the topic."),
    ExportColumn("neutral", "Responses that speak of it without a feeling."),
    ExportColumn("negative", "Responses that speak badly of it."),
    ExportColumn("mixed", "Responses that do both."),
)
IMPACT_COLUMNS = (
    ExportColumn("impact", "Mean score with the topic less mean score without it; it tells of no cause."),
    ExportColumn("impact_low", "Lower end of its 95 % interval (Welch)."),
    ExportColumn("impact_high", "Upper end of that interval."),
    ExportColumn("impact_adjusted", "The same with the other topics held equal; empty when it cannot be told."),
)
CROSS_TAB_COLUMNS = (
    ExportColumn("topic", "Name of the topic."),
    ExportColumn("(a segment)", "Share of that segment's responses that speak of the topic."),
    ExportColumn("(a segment) count", "Those responses."),
    ExportColumn(
        "(a segment) differs",
        "“higher” or “lower” where the share differs from that of all other responses by more than chance, at a false "
        "discovery rate of 5 % over the sheet (Benjamini-Hochberg); empty otherwise.",
    ),
)
TREND_COLUMNS = (
    ExportColumn("period", "Name of the period."),
    ExportColumn("first_day", "First day of the period."),
    ExportColumn("last_day", "Last day of the period."),
    ExportColumn("topic", "Name of the topic; “(all responses)” stands for all together."),
    ExportColumn("responses", "Responses of the period with the topic."),
    ExportColumn("of", "Analyzed responses of the period."),
    ExportColumn("share", "responses / of; empty where nobody answered."),
    ExportColumn("share_low", "Lower end of the 95 % interval of the share (Wilson)."),
    ExportColumn("share_high", "Upper end of that interval."),
    ExportColumn("net_sentiment", "Of all responses of the period: share of positive less share of negative ones."),
)
PAIR_COLUMNS = (
    ExportColumn("topic", "Name of a topic."),
    ExportColumn("other_topic", "Name of another one."),
    ExportColumn("both", "Responses with both."),
    ExportColumn("topic_responses", "Responses with the first."),
    ExportColumn("other_responses", "Responses with the other."),
    ExportColumn("lift", "How many times as often as if the two had nothing to do with each other; 1 is chance."),
    ExportColumn("corrected_p", "P-value against chance, corrected over all pairs (Benjamini-Hochberg)."),
    ExportColumn("differs", "“higher” or “lower” where corrected_p is at most 0.05; empty otherwise."),
)
WAVE_COLUMNS = (
    ExportColumn("topic", "Name of the topic."),
    ExportColumn("responses", "Responses with the topic now."),
    ExportColumn("share", "Of the analyzed responses now."),
    ExportColumn("responses_before", "Responses with the topic in the wave before."),
    ExportColumn("share_before", "Of the analyzed responses of the wave before."),
    ExportColumn("difference", "share less share_before."),
    ExportColumn("difference_low", "Lower end of the 95 % interval of the difference (Newcombe)."),
    ExportColumn("difference_high", "Upper end of that interval."),
    ExportColumn("corrected_p", "P-value for “no difference”, corrected over all topics (Benjamini-Hochberg)."),
    ExportColumn("differs", "“higher” or “lower” where corrected_p is at most 0.05; empty otherwise."),
    ExportColumn("net_sentiment", "Share of positive less share of negative among responses with the topic, now."),
    ExportColumn("net_sentiment_before", "The same in the wave before."),
    ExportColumn("net_change", "net_sentiment less net_sentiment_before; empty with fewer than five responses."),
    ExportColumn("net_change_low", "Lower end of its 95 % interval (Welch)."),
    ExportColumn("net_change_high", "Upper end of that interval."),
)
EVALUATION_COLUMNS = (
    ExportColumn("measure", "What was measured, such as precision, recall or f1."),
    ExportColumn("topic", "Name of the topic, or Other; empty for a measure of the whole run."),
    ExportColumn("value", "The figure, 0 to 1; empty where there was nothing to count."),
    ExportColumn("low", "Lower end of its 95 % interval."),
    ExportColumn("high", "Upper end of that interval."),
    ExportColumn("support", "Different texts that the figure rests on: by the gold labels, they have the topic."),
    ExportColumn("found", "Different texts in which the run found the topic."),
    ExportColumn("right", "Different texts of both."),
)
JSON_FIELDS = (
    ExportColumn("id", "As in the sheet Data; so are text, sentiment, confidence, other_reason, row and date."),
    ExportColumn("text", "The response, personal data masked."),
    ExportColumn("topics", "A list, the surest first: id, name, sentiment, confidence, evidence, start and end of it."),
    ExportColumn("sentiment", "Of the whole response; null when not analyzed."),
    ExportColumn("confidence", "0 to 1."),
    ExportColumn("other_reason", "Why it has no topic; null when it has one."),
    ExportColumn("needs_review", "A list of reasons why a person should look at it."),
    ExportColumn("corrected", "Whether a person corrected or confirmed it: true or false."),
    ExportColumn("marks", "A list of what is odd about the text."),
    ExportColumn("same_text_count", "How many responses of the survey say exactly the same, itself included."),
    ExportColumn("row", "Number of its row in the survey, from 1."),
    ExportColumn("date", "ISO 8601; null when the survey has none for it."),
    ExportColumn("segments", "An object: the name of each segment column and the list of what was chosen in it."),
    ExportColumn("scores", "An object: the name of each score and its value."),
)


def column_guide() -> tuple[SheetGuide, ...]:
    """All sheets of the workbook with their columns, then the fields of the JSON lines."""
    return (
        SheetGuide(
            "Data", "One row per response. The CSV file has the same columns.", (*DATA_COLUMNS, *PATTERN_COLUMNS)
        ),
        SheetGuide(
            "Summary",
            "One row per topic, the commonest first. The impact is there when a score was picked.",
            (*SUMMARY_COLUMNS, *IMPACT_COLUMNS),
        ),
        SheetGuide("By (segment)", "One sheet per segment column, one row per topic.", CROSS_TAB_COLUMNS),
        SheetGuide("Trend", "One row per period and topic; only for surveys with dates.", TREND_COLUMNS),
        SheetGuide("Together", "One row per pair of topics, the commonest first.", PAIR_COLUMNS),
        SheetGuide("Waves", "One row per topic; only when an earlier wave is compared.", WAVE_COLUMNS),
        SheetGuide("Evaluation", "One row per measure; only when there are gold labels.", EVALUATION_COLUMNS),
        SheetGuide("JSON lines", "One object per response, for programs.", JSON_FIELDS),
    )
