"""What one family of image models wants for a background, and what its replies mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.images.background_models import BackgroundRequest


@dataclass(frozen=True, slots=True)
class PaintingInput:
    """A request as a model is sent it.

    Attributes:
        image, mask: Encoded in base64; the mask is pure black and white, in the polarity that the family wants.
        size: (width, height) of both.
        seed: As the family takes it.
        count: Pictures, no more than the family makes in one call.
    """

    request: BackgroundRequest
    image: str
    mask: str
    size: tuple[int, int]
    seed: int
    count: int


@dataclass(frozen=True, slots=True)
class Painted:
    """A picture of a reply.

    Attributes:
        image: Encoded in base64.
        seeded: Whether it was made with the seed that was sent.
    """

    image: object
    seeded: bool = True


class Painting(Protocol):
    """One family's contract.

    Attributes:
        pictures_per_call: At most.
        seconds_per_picture: A guess.
        paints_white: Whether white in a mask is repainted and black kept.
    """

    pictures_per_call: int
    seconds_per_picture: float
    paints_white: bool

    def seed(self, wished: int) -> int:
        """The seed to send for one that was wished for, always the same one."""
        ...

    def sizes(self, canvas: tuple[int, int]) -> Sequence[tuple[int, int]]:
        """The sizes that this canvas can be sent in."""
        ...

    def body(self, asked: PaintingInput) -> dict[str, Any]:
        """What InvokeModel is sent."""
        ...

    def painted(self, reply: Mapping[str, Any], asked: PaintingInput) -> list[Painted]:
        """The pictures of a reply, none when all were blocked.

        Raises:
            BackendRejectedError: the words or the photo were refused.
            ValueError: the reply makes no sense.
        """
        ...


def listed(reply: Mapping[str, Any], name: str) -> list[Any]:
    """A member of a reply that has to be a list. Raises ValueError when it is none."""
    value = reply.get(name)
    if not isinstance(value, list):
        raise ValueError(name)
    return value
