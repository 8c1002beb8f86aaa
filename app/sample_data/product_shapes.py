"""The things that the sample photos show."""

from __future__ import annotations

from app.sample_data.household_products import bottle, cream_tube, lamp, mug, pill_box, sneaker
from app.sample_data.personal_products import (
    bag,
    candle,
    carton,
    dispenser,
    duck,
    headphones,
    plant,
    thermometer,
    watch,
)

PRODUCTS = (
    mug(), bottle(), sneaker(), lamp(), pill_box(), cream_tube(), thermometer(), watch(), bag(), plant(),
    headphones(), duck(), dispenser(), carton(), candle(),
)  # fmt: skip
