"""Capabilities, prices and lives of models in the words that administrators read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from components.times import browser_zone, day
from services.operations.capabilities import Capability, Place
from services.operations.prices import ModelPrice
from services.ports.model_catalogue import Lifecycle

UNKNOWN = "Unknown"

CAPABILITY_NAMES: Mapping[Capability, str] = MappingProxyType(
    {
        Capability.ANSWERS: "Drafts of answers",
        Capability.ANSWER_FALLBACK: "Drafts when that fails",
        Capability.EMBEDDINGS: "Meaning of texts",
        Capability.RETRIEVAL: "Search for passages",
        Capability.LABELS: "Labels of photos",
        Capability.MODERATION: "Gate for unsafe photos",
        Capability.MASKS: "Cut-outs of products",
        Capability.BACKGROUNDS: "Backgrounds",
        Capability.SURVEYS: "Survey runs",
        Capability.SURVEYS_SERVER: "Survey runs, language model",
        Capability.SURVEYS_BEDROCK: "Survey runs, Bedrock",
        Capability.PERSONAL_DATA: "Personal data",
        Capability.MAIL: "Notices by e-mail",
        Capability.TOPIC: "Notices by SNS",
        Capability.FILES: "Files",
        Capability.CAPTURE: "Record of prompts and replies",
    }
)

PURPOSE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "answers": "Answer questions",
        "knowledge": "Manage knowledge",
        "quality": "Check quality",
        "backgrounds": "Replace backgrounds",
        "surveys": "Analyze surveys",
        "models": "Models and spend",
        "": "Not known",
    }
)

PLACE_NAMES: Mapping[Place, str] = MappingProxyType(
    {
        Place.HERE: ":material/computer: Here",
        Place.SERVER: ":material/dns: Server",
        Place.AWS: ":material/cloud: AWS",
        Place.OFF: ":material/block: Off",
    }
)

_LIVES = {Lifecycle.ACTIVE: "Active", Lifecycle.LEGACY: "Legacy", Lifecycle.ENDED: "Ended"}
_LIFE_ICONS = {
    Lifecycle.ACTIVE: ":green[:material/check_circle:]",
    Lifecycle.LEGACY: ":orange[:material/schedule:]",
    Lifecycle.ENDED: ":red[:material/cancel:]",
}
_LIFE_MARKS = {Lifecycle.ACTIVE: "✓", Lifecycle.LEGACY: "!", Lifecycle.ENDED: "✗"}


def life_in_words(lifecycle: Lifecycle, ends_at: datetime | None) -> str:
    """Such as "Legacy until Oct 1, 2027"."""
    if ends_at is None or lifecycle is Lifecycle.ACTIVE:
        return _LIVES[lifecycle]
    joined = "on" if lifecycle is Lifecycle.ENDED else "until"
    return f"{_LIVES[lifecycle]} {joined} {day(ends_at.astimezone(browser_zone()).date())}"


def life_with_icon(lifecycle: Lifecycle, ends_at: datetime | None) -> str:
    """The same as Markdown with an icon in front."""
    return f"{_LIFE_ICONS[lifecycle]} {life_in_words(lifecycle, ends_at)}"


def life_with_mark(lifecycle: Lifecycle, ends_at: datetime | None) -> str:
    """The same as plain text with a mark in front, for cells that know no icons."""
    return f"{_LIFE_MARKS[lifecycle]} {life_in_words(lifecycle, ends_at)}"


def price_in_words(price: ModelPrice | None) -> str:
    """All that a price says, such as "$1.10 in, $5.50 out per million tokens"."""
    if price is None:
        return UNKNOWN
    parts = []
    tokens = [
        f"{money(value)} {way}"
        for value, way in ((price.input_per_million, "in"), (price.output_per_million, "out"))
        if value is not None
    ]
    if tokens:
        parts.append(f"{', '.join(tokens)} per million tokens")
    pictures = price.per_image or {}
    if pictures:
        least, most = min(pictures.values()), max(pictures.values())
        amount = money(least) if least == most else f"{money(least)} to {money(most)}"
        parts.append(f"{amount} per picture")
    if price.per_unit is not None:
        pieces = "photos" if price.model.startswith("rekognition:") else "units"
        parts.append(f"{money(price.per_unit * 1000)} per 1,000 {pieces}")
    return "; ".join(parts)


def money(usd: float) -> str:
    """Dollars with as many digits as a small amount needs: "$12.30", "$0.035", "under $0.0001"."""
    if 0 < usd < 0.0001:
        return "under $0.0001"
    if usd == 0 or usd >= 1:
        return f"${usd:,.2f}"
    whole, digits = f"{usd:.4f}".split(".")
    return f"${whole}.{digits.rstrip('0').ljust(2, '0')}"


def cost_in_words(cost_usd: float, unknown: int, calls: int) -> str:
    """A sum, or that it is not known, or not all of it."""
    if calls and unknown == calls:
        return UNKNOWN
    return f"{money(cost_usd)} + unknown" if unknown else money(cost_usd)


def calls_in_words(count: int) -> str:
    """Such as "1 call"."""
    return f"{count:,} call{'' if count == 1 else 's'}"
