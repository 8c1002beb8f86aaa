"""Guesses what each column of a survey is, and says why; a person may decide otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]

from services.surveys.chosen_columns import ColumnGuess, ColumnRole
from services.surveys.response_tables import ResponseTable
from services.surveys.response_values import DATE_PATTERNS, SCORE_PATTERN

_SAMPLE_ROWS = 20_000
MOST_SEGMENT_VALUES = 60
_EMAIL = r"^[\w.+-]+@[\w-]+(\.[\w-]+)+$"
_NAMES_AN_ID = re.compile(
    r"(?:^|[\W_])(?:u?u?id|identifier|respondent|responseid|case|record|key|nr|no)(?:$|[\W_])|Id$|ID$"
)
_NAMES_A_SCORE = re.compile(r"nps|csat|\bces\b|score|rating|satisf|likel|recommend|stars?\b|scale", re.IGNORECASE)
_NAMES_A_TEXT = re.compile(
    r"\?|comment|feedback|verbatim|why\b|reason|describe|improve|open[- ]?end|tell us|suggestion|opinion|what |"
    r"response$",
    re.IGNORECASE,
)
_NAMES_NO_SCORE = re.compile(
    r"\bage\b|year|zip|postal|duration|seconds|latitude|longitude|phone|number of|count", re.IGNORECASE
)
_SEPARATORS = (";", "|", ",")


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is measured of a column."""

    name: str
    filled: Any  # Arrow strings: the filled cells of the sample
    filled_share: float
    distinct_count: int
    is_unique: bool
    mean_words: float
    mean_characters: float

    def share(self, *patterns: str) -> float:
        """The share of filled cells that match one of the patterns."""
        matches = pc.match_substring_regex(self.filled, patterns[0])
        for pattern in patterns[1:]:
            matches = pc.or_(matches, pc.match_substring_regex(self.filled, pattern))
        return float(pc.mean(pc.cast(matches, pa.float64())).as_py())


def guess_columns(table: ResponseTable) -> list[ColumnGuess]:
    """One guess per column, in the file's order; at most one id and one date."""
    guesses = [_guess(table, name) for name in table.columns]
    for role in (ColumnRole.ID, ColumnRole.DATE):
        same = [index for index, guess in enumerate(guesses) if guess.role is role]
        if len(same) < 2:
            continue
        named = [index for index in same if role is ColumnRole.ID and _NAMES_AN_ID.search(guesses[index].name)]
        kept = (named or same)[0]
        for index in same:
            if index != kept:
                reason = f"{guesses[index].reason}; “{guesses[kept].name}” is used already"
                guesses[index] = replace(guesses[index], role=ColumnRole.OTHER, reason=reason)
    return guesses


def _guess(table: ResponseTable, name: str) -> ColumnGuess:
    facts, examples = _measure(table, name)
    if not facts.distinct_count:
        return ColumnGuess(name, ColumnRole.OTHER, "Every cell is empty", 0.0, 0)
    role, reason, separator = _role(facts)
    return ColumnGuess(name, role, reason, facts.filled_share, facts.distinct_count, examples, separator)


def _measure(table: ResponseTable, name: str) -> tuple[_Facts, tuple[str, ...]]:
    column = table.column(name)
    filled = column.filter(pc.not_equal(column, ""))
    distinct = int(pc.count_distinct(filled).as_py())
    sample = filled
    if len(filled) > _SAMPLE_ROWS:
        sample = filled.take(pa.array(np.linspace(0, len(filled) - 1, _SAMPLE_ROWS).astype(np.int64)))
    examples = tuple(dict.fromkeys(cell[:80] for cell in filled.slice(0, 50).to_pylist()))[:3]
    facts = _Facts(
        name=name,
        filled=sample,
        filled_share=len(filled) / max(1, len(column)),
        distinct_count=distinct,
        is_unique=distinct == len(filled),
        mean_words=_mean(pc.add(pc.count_substring_regex(sample, r"\s+"), 1)),
        mean_characters=_mean(pc.utf8_length(sample)),
    )
    return facts, examples


def _mean(values: Any) -> float:
    mean = pc.mean(values).as_py()
    return float(mean) if mean is not None else 0.0


def _role(facts: _Facts) -> tuple[ColumnRole, str, str]:
    """Role, reason and separator."""
    if facts.share(_EMAIL) >= 0.8:
        return ColumnRole.OTHER, "E-mail addresses; left out to protect the people", ""
    if facts.share(*DATE_PATTERNS) >= 0.9:
        return ColumnRole.DATE, "Nearly every cell is a date", ""
    if facts.share(SCORE_PATTERN) >= 0.95:
        return *_number_role(facts), ""
    is_many = facts.distinct_count > 5
    if (
        facts.is_unique
        and is_many
        and facts.mean_words < 1.5
        and (_NAMES_AN_ID.search(facts.name) or (facts.share(r"\d") > 0.9 and facts.share(r"^\S{2,64}$") > 0.95))
    ):
        return ColumnRole.ID, "Every cell is different and looks like a code", ""
    separator = _separator(facts)
    if separator:
        return ColumnRole.SEGMENT, f"Several of a few choices in one cell, with “{separator}” between them", separator
    unique_share = facts.distinct_count / max(1, len(facts.filled))
    is_named_text = bool(_NAMES_A_TEXT.search(facts.name))
    if facts.mean_words >= 3 and (facts.distinct_count > MOST_SEGMENT_VALUES or unique_share >= 0.3):
        return ColumnRole.TEXT, f"Different answers of {facts.mean_words:.0f} words on average", ""
    if is_named_text and facts.mean_words >= 1.3 and (facts.distinct_count > 20 or unique_share >= 0.5):
        return ColumnRole.TEXT, "Short answers in people's own words, and the name asks for them", ""
    if facts.distinct_count == 1:
        return ColumnRole.OTHER, "Every filled cell holds the same", ""
    if facts.distinct_count <= MOST_SEGMENT_VALUES and (unique_share <= 0.5 or facts.mean_words < 3):
        return ColumnRole.SEGMENT, f"{facts.distinct_count} different values", ""
    return ColumnRole.OTHER, f"{facts.distinct_count:,} different short values, too many for segments", ""


def _number_role(facts: _Facts) -> tuple[ColumnRole, str]:
    numbers = pc.cast(
        pc.replace_substring(pc.struct_field(pc.extract_regex(facts.filled, pattern=SCORE_PATTERN), "n"), ",", "."),
        pa.float64(),
    )
    low, high = float(pc.min(numbers).as_py()), float(pc.max(numbers).as_py())
    scale = f"from {low:g} to {high:g}"
    if facts.distinct_count == 1:
        return ColumnRole.OTHER, "Every filled cell holds the same"
    is_long = facts.distinct_count > 12
    if facts.is_unique and is_long and not _NAMES_A_SCORE.search(facts.name):
        return ColumnRole.ID, "Every cell holds a different number"
    if _NAMES_A_SCORE.search(facts.name) and not _NAMES_NO_SCORE.search(facts.name):
        return ColumnRole.SCORE, f"Numbers {scale}, and the name tells of a score"
    if low >= 0 and high <= 10 and not is_long and not _NAMES_NO_SCORE.search(facts.name):
        return ColumnRole.SCORE, f"Whole numbers {scale}"
    if facts.distinct_count <= 20:
        return ColumnRole.SEGMENT, f"{facts.distinct_count} different numbers"
    return ColumnRole.OTHER, f"Numbers {scale} without a scale"


def _separator(facts: _Facts) -> str:
    """What separates several choices in a cell; empty when these are no lists of choices."""
    for separator in _SEPARATORS:
        if _mean(pc.cast(pc.match_substring(facts.filled, separator), pa.float64())) < 0.05:
            continue
        pieces = pc.utf8_trim_whitespace(pc.list_flatten(pc.split_pattern(facts.filled, separator)))
        pieces = pieces.filter(pc.not_equal(pieces, ""))
        kinds = pc.value_counts(pieces)
        # Choices come back again and again; what people write in their own words does not.
        if 2 <= len(kinds) <= 40 and len(pieces) >= 5 * len(kinds) and facts.mean_characters < 200:
            return separator
    return ""
