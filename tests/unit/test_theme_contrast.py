"""The colors of .streamlit/config.toml against WCAG AA, computed the way Streamlit mixes them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
THEME: dict[str, Any] = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
TEXT_CONTRAST = 4.5
GRAPHIC_CONTRAST = 3.0
WHITE = (255.0, 255.0, 255.0)
CAPTION_OPACITY = 0.6  # Streamlit draws captions and quiet icons with this share of the text color
NAMES = ("green", "blue", "yellow", "orange", "red")

Color = tuple[float, float, float]


def color(text: str) -> Color:
    assert re.fullmatch(r"#[0-9A-Fa-f]{6}", text), text
    red, green, blue = (int(text[start : start + 2], 16) for start in (1, 3, 5))
    return (float(red), float(green), float(blue))


def mixed(top: Color, under: Color, opacity: float) -> Color:
    red, green, blue = (a * opacity + b * (1 - opacity) for a, b in zip(top, under, strict=True))
    return (red, green, blue)


def luminance(of: Color) -> float:
    red, green, blue = (v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in of))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> dict[str, Any]:
    chosen: dict[str, Any] = THEME[request.param]
    return chosen


def backgrounds(theme: dict[str, Any]) -> list[Color]:
    keys = ("backgroundColor", "secondaryBackgroundColor")
    return [color(part[key]) for part in (theme, theme["sidebar"]) for key in keys]


def test_text_is_readable_on_every_background(theme: dict[str, Any]) -> None:
    for background in backgrounds(theme):
        for key in ("textColor", "linkColor", "grayTextColor", *(f"{name}TextColor" for name in NAMES)):
            assert contrast(color(theme[key]), background) >= TEXT_CONTRAST, key


def test_captions_are_readable_on_every_background(theme: dict[str, Any]) -> None:
    for background in backgrounds(theme):
        caption = mixed(color(theme["textColor"]), background, CAPTION_OPACITY)
        assert contrast(caption, background) >= TEXT_CONTRAST


def test_white_text_on_a_primary_button_is_readable(theme: dict[str, Any]) -> None:
    assert contrast(WHITE, color(theme["primaryColor"])) >= TEXT_CONTRAST


def test_primary_color_stands_out_from_every_background(theme: dict[str, Any]) -> None:
    # Streamlit writes white on it, so that in the dark it cannot be light enough for small text of its own as well.
    for background in backgrounds(theme):
        assert contrast(color(theme["primaryColor"]), background) >= GRAPHIC_CONTRAST


def test_colored_text_is_readable_on_its_own_background(theme: dict[str, Any]) -> None:
    for name in NAMES:
        text, background = color(theme[f"{name}TextColor"]), color(theme[f"{name}BackgroundColor"])
        assert contrast(text, background) >= TEXT_CONTRAST, name


def test_chart_colors_stand_out_from_the_page(theme: dict[str, Any]) -> None:
    for chart_color in theme["chartCategoricalColors"]:
        assert contrast(color(chart_color), color(theme["backgroundColor"])) >= GRAPHIC_CONTRAST, chart_color


def test_every_font_of_the_theme_is_shipped_with_its_license() -> None:
    for face in THEME["fontFaces"]:
        assert (ROOT / face["url"]).is_file(), face["url"]
    assert (ROOT / "app" / "static" / "fonts" / "LICENSE-Inter-OFL.txt").is_file()
