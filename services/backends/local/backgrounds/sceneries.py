"""Places behind the product: what is seen above the line of the table or the floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from services.backends.local.backgrounds import indoors, outdoors
from services.backends.local.backgrounds.city import CITY_PLACES, city_painter
from services.backends.local.backgrounds.lighting import Light
from services.backends.local.backgrounds.noise import Floats, Random, rgb
from services.backends.local.backgrounds.reading import Reading
from services.backends.local.backgrounds.stage import Stage


@dataclass(frozen=True, slots=True)
class Scenery:
    """A place.

    Attributes:
        paint: Paints all of the canvas; what lies below the stage's line is covered by the surface.
        surface: What the product stands on where the prompt does not say.
        surface_color: Its color as ``#rrggbb``; None for the material's own.
        softness: How far it is out of focus, as a share of the shorter side.
        mirror: How much of it the surface mirrors.
        times: Times of the day that suit it, where the prompt says none; a seed picks one.
    """

    paint: Callable[[Stage, Random, Light, Reading], Floats]
    surface: str = "plain"
    surface_color: str | None = None
    softness: float = 0.004
    mirror: float = 0.0
    times: tuple[str, ...] = ("day",)

    @property
    def color(self) -> Floats | None:
        """The surface's color as three values."""
        return None if self.surface_color is None else rgb(self.surface_color)


def _city(landmarks: str) -> Scenery:
    return Scenery(
        city_painter(landmarks), "plain", "#5a5b61", softness=0.0022, mirror=0.5, times=("dusk", "sunset", "day")
    )


SCENERIES: Mapping[str, Scenery] = MappingProxyType(
    {
        **{place: _city(landmarks) for place, landmarks in CITY_PLACES.items()},
        "beach": Scenery(outdoors.beach, "sand", softness=0.0028, times=("day", "day", "sunset")),
        "mountain": Scenery(outdoors.mountain, "wood", "#8a6a4c", softness=0.0022, times=("day", "sunrise", "sunset")),
        "desert": Scenery(outdoors.desert, "sand", "#e0b982", softness=0.0025, times=("day", "sunset")),
        "forest": Scenery(outdoors.forest, "wood", "#7d5a3c", softness=0.004),
        "autumn": Scenery(outdoors.autumn, "wood", "#8a5a38", softness=0.004),
        "garden": Scenery(outdoors.garden, "wood", "#c9a47a", softness=0.005),
        "winter": Scenery(outdoors.winter, "snow", softness=0.003, times=("overcast", "day", "dusk")),
        "sky": Scenery(outdoors.sky, "plain", "#eef4f8", softness=0.002, mirror=0.35),
        "stars": Scenery(outdoors.stars, "stone", "#2a2c3c", softness=0.0008, mirror=0.4, times=("night",)),
        "kitchen": Scenery(indoors.kitchen, "marble", softness=0.011),
        "bathroom": Scenery(indoors.bathroom, "marble", "#eceae6", softness=0.01),
        "room": Scenery(indoors.room, "wood", "#b98a5e", softness=0.011),
        "cafe": Scenery(indoors.cafe, "wood", "#6e4a30", softness=0.009, mirror=0.12, times=("day",)),
        "clinic": Scenery(indoors.clinic, "plain", "#f1f6f7", softness=0.011, mirror=0.3),
    }
)
