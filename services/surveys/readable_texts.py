"""How many texts of a survey say something, without reading all of a large one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

# Telling a language takes half a millisecond where it is not English; so many texts are looked at in two seconds.
MOST_READ = 4_000


@dataclass(frozen=True, slots=True)
class ReadableTexts:
    """The texts that say something.

    Attributes:
        count: How many; about, when there are more texts than ``MOST_READ``.
        sample: Those among the texts that were looked at, in their order.
    """

    count: int
    sample: tuple[str, ...]

    @property
    def factor(self) -> float:
        """What sums over the sample are multiplied by to get those of all."""
        return self.count / len(self.sample) if self.sample else 0.0


def readable_texts(texts: Sequence[str], says_something: Callable[[str], bool]) -> ReadableTexts:
    """Look at all texts, or at ``MOST_READ`` drawn ones when there are more; the same texts give the same answer."""
    if len(texts) <= MOST_READ:
        readable = tuple(text for text in texts if says_something(text))
        return ReadableTexts(len(readable), readable)
    # Drawn, not every n-th: exports repeat with a period.
    places = np.random.default_rng(0).choice(len(texts), MOST_READ, replace=False)
    drawn = [texts[place] for place in sorted(places.tolist())]
    readable = tuple(text for text in drawn if says_something(text))
    return ReadableTexts(round(len(readable) * len(texts) / MOST_READ), readable)
