"""What VADER, a lexicon with rules for negation and emphasis, says about a text."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEATURES = 4
# VADER looks at every pair of words; people's feelings show in the first ones too.
MOST_CHARACTERS = 1000


def lexicon_features(text: str) -> NDArray[np.float32]:
    """Compound in [-1, 1], then the shares of positive, negative and neutral words, each in [0, 1]."""
    scores = _vader().polarity_scores(text[:MOST_CHARACTERS])
    return np.array([scores["compound"], scores["pos"], scores["neg"], scores["neu"]], dtype=np.float32)


@lru_cache(maxsize=1)
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import (  # type: ignore[import-untyped, unused-ignore]
        SentimentIntensityAnalyzer,
    )

    return SentimentIntensityAnalyzer()
