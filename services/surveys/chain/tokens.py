"""How many tokens a text takes, before a model has counted them."""

from __future__ import annotations

import json
import math
from typing import Any

CHARACTERS_PER_TOKEN = 3.5
_MARGIN = 4


def text_tokens(text: str) -> int:
    """Rather too many than too few: 3.5 characters of English per token, one character of other scripts."""
    ascii_count = len(text) if text.isascii() else sum(character.isascii() for character in text)
    return math.ceil(ascii_count / CHARACTERS_PER_TOKEN) + (len(text) - ascii_count) + _MARGIN


def compact_json(value: Any) -> str:
    """JSON as it is sent: short, and letters of all scripts as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json_tokens(value: Any) -> int:
    """Tokens of a value as it is sent."""
    return text_tokens(compact_json(value))


class TokenMeter:
    """Learns from what a model counted how far the estimate is too low.

    It starts anew with every analysis: an analysis that is done again after a crash hears the same counts in the same
    order, cuts the same batches, and so pays for no call twice.
    """

    def __init__(self) -> None:
        self.factor = 1.0

    def heard(self, estimated: int, counted: int) -> None:
        """Compare the estimate of a request with what the model counted; 0 says that it did not count."""
        if estimated > 0 and counted > 0:
            self.factor = max(self.factor, counted / estimated)

    def corrected(self, estimated: int) -> int:
        """The estimate, raised where models counted more."""
        return math.ceil(estimated * self.factor)
