"""What Bedrock takes as the id of a model: plain, of an inference profile, or the ARN of either."""

from __future__ import annotations

from typing import Final

_GEOGRAPHIES: Final = frozenset({"us", "us-gov", "eu", "apac", "au", "ca", "jp", "global"})


def plain_model_id(model_id: str) -> str:
    """The id of the model behind an inference profile or an ARN; ``eu.amazon.nova-lite-v1:0`` -> ``amazon.nova…``."""
    name = model_id.rsplit("/", 1)[-1]
    first, _, rest = name.partition(".")
    return rest if first in _GEOGRAPHIES else name
