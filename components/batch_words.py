"""The words for what batches, labels, masks, backgrounds and runs are and how they are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from components.document_words import counted
from components.markdown_text import in_one_line
from services.images.background_models import BackgroundKind, BackgroundWish, CompositeMode, SizePreset
from services.images.mask_models import MaskDoubt
from services.images.models import BatchImage, Label, LabelSource

DOUBTS: Mapping[MaskDoubt, str] = MappingProxyType(
    {
        MaskDoubt.EMPTY: "Nothing was found to keep.",
        MaskDoubt.TINY: "Almost nothing is kept.",
        MaskDoubt.HUGE: "Almost everything is kept.",
        MaskDoubt.TOUCHES_BORDER: "What is kept runs into several sides of the photo.",
        MaskDoubt.FRAGMENTS: "What is kept falls into many pieces.",
        MaskDoubt.COLORS_OVERLAP: "Product and background have much the same colors.",
        MaskDoubt.UNCLEAR: "It is not clear what belongs to the product.",
        MaskDoubt.UNSTABLE: "The product's edge is hard to tell: a second try came out differently.",
    }
)

KINDS: Mapping[BackgroundKind, str] = MappingProxyType(
    {
        BackgroundKind.PROMPT: "Describe it",
        BackgroundKind.BACKDROP: "Brand library",
        BackgroundKind.PICTURE: "Own picture",
        BackgroundKind.COLOR: "Color",
        BackgroundKind.TRANSPARENT: "Transparent",
    }
)
KIND_ICONS: Mapping[BackgroundKind, str] = MappingProxyType(
    {
        BackgroundKind.PROMPT: ":material/edit_note:",
        BackgroundKind.BACKDROP: ":material/photo_library:",
        BackgroundKind.PICTURE: ":material/image:",
        BackgroundKind.COLOR: ":material/palette:",
        BackgroundKind.TRANSPARENT: ":material/background_grid_small:",
    }
)

SIZES: Mapping[SizePreset, str] = MappingProxyType(
    {
        SizePreset.ORIGINAL: "As the photo",
        SizePreset.SQUARE: "Square 1080 x 1080",
        SizePreset.PORTRAIT: "Portrait 1080 x 1350",
        SizePreset.LANDSCAPE: "Landscape 1920 x 1080",
        SizePreset.MARKETPLACE: "Marketplace 2000 x 2000",
    }
)

MODES: Mapping[CompositeMode, tuple[str, str]] = MappingProxyType(
    {
        CompositeMode.PRECISE: ("Precise", "The product stays as it was photographed; only what is behind it changes."),
        CompositeMode.DEFAULT: ("Blended", "The background may blend into the product's edge, for a softer look."),
    }
)

ORIGINS: Mapping[str, str] = MappingProxyType(
    {
        "composed": "composed",
        "library": "from the brand library",
        "generated": "generated",
        "backdrop": "from the brand library",
        "picture": "own picture",
        "color": "plain color",
        "transparent": "transparent",
    }
)

_SOURCES: Mapping[LabelSource, str] = MappingProxyType(
    {
        LabelSource.REGION: "found in the photo",
        LabelSource.FILE_NAME: "file name",
        LabelSource.MODEL: "recognized",
        LabelSource.PERSON: "typed",
    }
)

# What fails for these is mended in the mask.
MASK_CODES = frozenset({"no-label-left", "no-mask-found", "mask-not-found"})

# Least confidence and its words, the surest first.
CONFIDENCE_WORDS: tuple[tuple[float, str], ...] = ((0.85, "very sure"), (0.6, "fairly sure"), (0.35, "unsure"))
_GUESS = "a guess"


def confidence_words(share: float) -> str:
    """How sure a label is, 0 to 1, in words."""
    return next((words for least, words in CONFIDENCE_WORDS if share >= least), _GUESS)


def source_words(source: LabelSource) -> str:
    """Where a label comes from."""
    return _SOURCES[source]


def label_words(label: Label) -> str:
    """What is known about a label besides its name, such as "fairly sure", or "31 %" of the photo."""
    if label.confidence is not None:
        return confidence_words(label.confidence)
    if label.area_share is not None:
        return f"{max(label.area_share, 0.01):.0%}".replace("%", " %")
    return source_words(label.source)


def doubt_words(image: BatchImage) -> list[str]:
    """Why a person should look at the mask, in sentences."""
    return [DOUBTS[doubt] for doubt in image.mask.doubts] if image.mask else []


def mask_badge(image: BatchImage) -> str:
    """The state of the mask: a word, an icon and a color."""
    if image.mask is None:
        return ":gray-badge[:material/hourglass_empty: No mask yet]"
    if image.mask.approved:
        return ":green-badge[:material/verified: Approved]"
    if image.mask.doubts:
        return ":orange-badge[:material/visibility: Needs a look]"
    return ":green-badge[:material/check_circle: Looks right]"


def wish_title(wish: BackgroundWish) -> str:
    """The background that was asked for, in a few words; Markdown."""
    if wish.kind is BackgroundKind.PROMPT:
        return f"“{in_one_line(wish.prompt, 80)}”"
    if wish.kind is BackgroundKind.COLOR:
        return f"Color {in_one_line(wish.color)}"
    return {
        BackgroundKind.BACKDROP: "Picture of the brand library",
        BackgroundKind.PICTURE: "Own picture",
    }.get(wish.kind, "Transparent")


def wish_details(wish: BackgroundWish) -> list[str]:
    """Everything else that was asked for, each in a few words; Markdown."""
    parts = [SIZES[wish.size]]
    if wish.padding is None:
        parts.append("product where it was")
    else:
        parts.append(f"{wish.padding:.0%} space around".replace("%", " %"))
    if wish.kind is not BackgroundKind.TRANSPARENT:
        parts.append(f"shadow {wish.shadow:.0%}".replace("%", " %") if wish.shadow else "no shadow")
    if wish.kind is BackgroundKind.PROMPT:
        if wish.negative_prompt:
            parts.append(f"without “{in_one_line(wish.negative_prompt, 60)}”")
        parts += [MODES[wish.mode][0].lower(), counted(wish.variations, "variation"), f"seed {wish.seed}"]
    return parts


def duration_words(seconds: float) -> str:
    """About how long something takes."""
    if seconds < 60:
        return "Under a minute"
    if seconds < 5400:
        return f"About {counted(round(seconds / 60), 'minute')}"
    return f"About {counted(round(seconds / 3600), 'hour')}"


def cost_words(cost_usd: float | None) -> str:
    """What something costs."""
    if cost_usd is None:
        return "Not known"
    return "Free" if cost_usd == 0 else f"${max(cost_usd, 0.01):,.2f}"
