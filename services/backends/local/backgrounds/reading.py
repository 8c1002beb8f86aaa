"""Reads what a prompt asks for: places, materials, colors and light, and says which words it did not understand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from services.backends.local.backgrounds.vocabulary import (
    COLORS,
    EXTRAS,
    FILLERS,
    LIGHTS,
    MATERIALS,
    NEGATIONS,
    PLACES,
    SURFACE_WORDS,
    TONES,
    WALL_MATERIALS,
    WALL_WORDS,
)

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*|[,.;:]")
_LONGEST_PHRASE = 3
_COLORED_EXTRAS = {"bokeh", "confetti", "shapes"}


@dataclass(frozen=True, slots=True)
class Part:
    """The wall or the surface of a scene.

    Attributes:
        material: A key of the materials; None for plain paint.
        colors: As ``#rrggbb``.
        tones: Words such as ``dark`` that were said about it.
    """

    material: str | None = None
    colors: tuple[str, ...] = ()
    tones: tuple[str, ...] = ()

    @property
    def said(self) -> bool:
        """Whether the prompt said anything about it."""
        return self != Part()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a prompt asks for.

    Attributes:
        places: Keys of the sceneries, in the order they were named.
        wall: What stands behind the product, where it is no scenery.
        surface: What the product stands on.
        colors: Colors that belong to neither, or to all.
        tones: Tones of the whole scene.
        lights: Times of the day and kinds of light.
        extras: What else was asked for.
        extra_colors: Of lights, confetti and shapes: "golden bokeh".
        understood: Words of the prompt, as they were written, that shaped this reading.
        missed: The words that did not.
    """

    places: tuple[str, ...] = ()
    wall: Part = field(default_factory=Part)
    surface: Part = field(default_factory=Part)
    colors: tuple[str, ...] = ()
    tones: tuple[str, ...] = ()
    lights: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    extra_colors: tuple[str, ...] = ()
    understood: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()

    def note(self) -> str:
        """What was understood and what was not, for people."""
        if not self.understood:
            missed = f" Not understood: {_listed(self.missed)}." if self.missed else ""
            return f"No word of the prompt is known here, so this is a neutral studio.{missed}"
        missed = f" Not understood: {_listed(self.missed)}." if self.missed else ""
        return f"Understood: {_listed(self.understood)}.{missed}"


def read_prompt(prompt: str, negative_prompt: str = "") -> Reading:
    """Read a prompt, without what the negative prompt, or a "no" or "without" in the prompt itself, takes away."""
    wanted, unwanted = _split_negations(_words(prompt))
    reading = _Reader().read(wanted)
    refused = _Reader().read([*unwanted, ",", *_words(negative_prompt)])
    return _without(reading, refused)


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _split_negations(words: list[str]) -> tuple[list[str], list[str]]:
    """The words that are asked for, and those after a "no" until the next comma or "but"."""
    wanted: list[str] = []
    unwanted: list[str] = []
    negated = False
    for word in words:
        if word.casefold() in NEGATIONS:
            negated = True
            continue
        if word in {",", ".", ";", ":"} or word.casefold() in {"but", "with", "on"}:
            negated = False
        (unwanted if negated else wanted).append(word)
    return wanted, unwanted


class _Reader:
    """Walks over the words once; colors and tones wait for the noun that they describe."""

    def __init__(self) -> None:
        self._places: list[str] = []
        self._parts = {"wall": Part(), "surface": Part()}
        self._lights: list[str] = []
        self._extras: list[str] = []
        self._extra_colors: list[str] = []
        self._loose_colors: list[str] = []
        self._loose_tones: list[str] = []
        self._colors: list[str] = []
        self._tones: list[str] = []
        self._material: str | None = None
        self._understood: list[str] = []
        self._missed: list[str] = []

    def read(self, words: list[str]) -> Reading:
        at = 0
        while at < len(words):
            at += self._take(words, at)
        self._settle()
        return Reading(
            places=tuple(dict.fromkeys(self._places)),
            wall=self._parts["wall"],
            surface=self._parts["surface"],
            colors=tuple(dict.fromkeys(self._loose_colors)),
            tones=tuple(dict.fromkeys(self._loose_tones)),
            lights=tuple(dict.fromkeys(self._lights)),
            extras=tuple(dict.fromkeys(self._extras)),
            extra_colors=tuple(dict.fromkeys(self._extra_colors)),
            understood=tuple(dict.fromkeys(self._understood)),
            missed=tuple(dict.fromkeys(self._missed)),
        )

    def _take(self, words: list[str], at: int) -> int:
        """Understand what begins at this word; returns how many words that was."""
        for length in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
            said = " ".join(words[at : at + length])
            if self._understand(_known_form(said.casefold())):
                self._understood.append(said)
                return length
        word = words[at]
        plain = word.casefold()
        if word in {",", ".", ";", ":"}:
            self._settle()
        elif plain in SURFACE_WORDS or _singular(plain) in SURFACE_WORDS:
            self._give("surface")
            self._understood.append(word)
        elif plain in WALL_WORDS or _singular(plain) in WALL_WORDS:
            self._give("wall")
        elif plain not in FILLERS and not plain.isdigit():
            self._missed.append(word)
        elif plain in {"with", "and", "on", "behind"} and (self._material is not None):
            self._settle()
        return 1

    def _understand(self, said: str) -> bool:
        if said in COLORS:
            self._colors.append(COLORS[said])
        elif said in MATERIALS:
            if self._material is not None and self._material != MATERIALS[said]:
                self._settle()
            self._material = MATERIALS[said]
        elif said in PLACES:
            if self._material is not None:
                self._settle()
            self._places.append(PLACES[said])
        elif said in LIGHTS:
            self._lights.append(LIGHTS[said])
        elif said in EXTRAS:
            self._extras.append(EXTRAS[said])
            if EXTRAS[said] in _COLORED_EXTRAS and self._material is None:
                self._extra_colors += self._colors
                self._colors = []
        elif said in TONES:
            self._tones.append(TONES[said])
        else:
            return False
        return True

    def _give(self, role: str) -> None:
        """A table or a wall was named: what waits belongs to it."""
        before = self._parts[role]
        if role == "wall" and self._material is None:
            # "a pink background": the color of all that is not said otherwise.
            self._settle()
            return
        self._parts[role] = Part(
            self._material or before.material or ("plain" if role == "surface" else None),
            (*before.colors, *self._colors),
            (*before.tones, *self._tones),
        )
        self._forget()

    def _settle(self) -> None:
        """Nothing more is said about what waits: a material goes where it usually lies, the rest is for all."""
        if self._material is not None:
            role = "wall" if self._material in WALL_MATERIALS else "surface"
            if self._parts[role].material is not None:
                role = "surface" if role == "wall" else "wall"
            if self._parts[role].material is None:
                before = self._parts[role]
                self._parts[role] = Part(self._material, (*before.colors, *self._colors), (*before.tones, *self._tones))
                self._forget()
                return
        self._loose_colors += self._colors
        self._loose_tones += self._tones
        self._forget()

    def _forget(self) -> None:
        self._material = None
        self._colors, self._tones = [], []


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith("es") and word[:-2] in {"beach", "brush"}:
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _known_form(said: str) -> str:
    """The word as the vocabulary has it: as it is, else in the singular."""
    for form in (said, said.replace("-", " ")):
        if any(form in words for words in (COLORS, MATERIALS, PLACES, LIGHTS, EXTRAS, TONES)):
            return form
    return _singular(said)


def _without(reading: Reading, refused: Reading) -> Reading:
    """Take away what is not wanted."""
    colors = {*refused.colors, *refused.extra_colors, *refused.wall.colors, *refused.surface.colors}
    tones = {*refused.tones, *refused.wall.tones, *refused.surface.tones}
    materials = {refused.wall.material, refused.surface.material} - {None, "plain"}

    def part(before: Part) -> Part:
        return Part(
            "plain" if before.material in materials else before.material,
            tuple(color for color in before.colors if color not in colors),
            tuple(tone for tone in before.tones if tone not in tones),
        )

    return replace(
        reading,
        places=tuple(place for place in reading.places if place not in refused.places),
        wall=part(reading.wall),
        surface=part(reading.surface),
        colors=tuple(color for color in reading.colors if color not in colors),
        tones=tuple(tone for tone in reading.tones if tone not in tones),
        lights=tuple(light for light in reading.lights if light not in refused.lights),
        extras=tuple(extra for extra in reading.extras if extra not in refused.extras),
        extra_colors=tuple(color for color in reading.extra_colors if color not in colors),
    )


def _listed(words: tuple[str, ...], most: int = 8) -> str:
    shown = ", ".join(words[:most])
    return f"{shown} and {len(words) - most} more" if len(words) > most else shown
