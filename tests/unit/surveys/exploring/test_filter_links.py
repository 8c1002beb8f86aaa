"""Filters in links."""

from __future__ import annotations

import math
from datetime import date
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.surveys.exploring.filters import ResponseFilter
from services.surveys.marks import Mark
from services.surveys.models import OtherReason, Sentiment
from services.surveys.review_reasons import ReviewReason

NAMES = st.text(min_size=1, max_size=20)
DISTINCT_NAMES = st.lists(NAMES, unique=True, max_size=3).map(tuple)
ENDS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))


def several(kind: type[StrEnum]) -> st.SearchStrategy:
    """Members of an enumeration, each once."""
    return st.lists(st.sampled_from(list(kind)), unique=True, max_size=3).map(tuple)


def named(values: st.SearchStrategy) -> st.SearchStrategy:
    """Pairs of a name and what goes with it, each name once."""
    return st.dictionaries(NAMES, values, max_size=2).map(lambda one: tuple(one.items()))


FILTERS = st.builds(
    ResponseFilter,
    topics=DISTINCT_NAMES,
    match_all=st.booleans(),
    sentiments=several(Sentiment),
    segments=named(st.lists(NAMES, unique=True, min_size=1, max_size=3).map(tuple)),
    also_chosen=named(st.lists(NAMES, unique=True, min_size=1, max_size=3)).map(
        lambda named: tuple((name, value) for name, values in named for value in values)
    ),
    first_day=st.one_of(st.none(), st.dates()),
    last_day=st.one_of(st.none(), st.dates()),
    scores=named(st.tuples(ENDS, ENDS).filter(lambda ends: ends != (None, None))).map(
        lambda pairs: tuple((name, *ends) for name, ends in pairs)
    ),
    others=several(OtherReason),
    only_other=st.booleans(),
    marks=several(Mark),
    only_review=st.booleans(),
    review=several(ReviewReason),
    only_corrected=st.booleans(),
    search=st.text(max_size=20),
    with_topic=st.booleans(),
)


@given(FILTERS, st.sampled_from(["", "f."]))
def test_a_link_brings_the_filter_back(chosen: ResponseFilter, prefix: str) -> None:
    params = chosen.to_params(prefix)
    assert all(name.startswith(prefix) and values for name, values in params.items())
    assert ResponseFilter.from_params({"survey": "s1", **params} if prefix else params, prefix) == chosen


@given(st.dictionaries(st.one_of(NAMES, st.sampled_from(["from", "score.NPS", "other", "topic", "by.x"])), NAMES))
def test_whatever_stands_in_a_link_makes_a_filter(params: dict[str, str]) -> None:
    chosen = ResponseFilter.from_params(params)
    assert ResponseFilter.from_params(chosen.to_params()) == chosen


def test_a_link_can_be_read() -> None:
    chosen = ResponseFilter(
        topics=("prices", "staff"),
        match_all=True,
        sentiments=(Sentiment.NEGATIVE,),
        segments=(("Store region", ("Campus",)), ("Devices", ("Phone", "Tablet"))),
        also_chosen=(("Devices", "Watch"),),
        first_day=date(2026, 3, 2),
        scores=(("NPS", None, 6.0),),
        only_review=True,
        search="too slow",
    )
    assert chosen.to_params("f.") == {
        "f.topic": ["prices", "staff"],
        "f.all": ["yes"],
        "f.feeling": ["negative"],
        "f.by.Store region": ["Campus"],
        "f.by.Devices": ["Phone", "Tablet"],
        "f.also.Devices": ["Watch"],
        "f.from": ["2026-03-02"],
        "f.score.NPS": ["..6"],
        "f.review": ["any"],
        "f.q": ["too slow"],
    }


def test_a_filter_that_says_nothing_needs_no_link() -> None:
    assert ResponseFilter().to_params("f.") == {}
    assert ResponseFilter().is_empty
    assert ResponseFilter(segments=(("Region", ()),), scores=(("NPS", None, None),)).is_empty
    assert not ResponseFilter(search="x").is_empty


@pytest.mark.parametrize(
    "params",
    [
        {"feeling": "furious"},
        {"from": "yesterday", "to": "2026-02-31"},
        {"score.NPS": "low"},
        {"score.NPS": "a..b"},
        {"score.NPS": f"{math.nan}..{math.inf}"},
        {"other": "bored", "mark": ["odd"], "review": "why"},
        {"all": "perhaps", "corrected": ""},
        {"topic": ["", ""], "by.Region": []},
    ],
)
def test_what_cannot_be_read_is_left_out(params: dict[str, str | list[str]]) -> None:
    assert ResponseFilter.from_params(params) == ResponseFilter()


def test_what_can_be_read_beside_it_is_kept() -> None:
    chosen = ResponseFilter.from_params({"feeling": ["furious", "negative", "negative"], "topic": "prices"})
    assert chosen == ResponseFilter(topics=("prices",), sentiments=(Sentiment.NEGATIVE,))
