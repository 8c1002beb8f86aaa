"""Names for groups of texts, from the words that tell each group from the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from bm25s.stopwords import STOPWORDS_EN_PLUS
from numpy.typing import NDArray

from services.knowledge.tokens import keyword_tokens

MOST_TERMS = 8
NAME_TERMS = 3
FEWEST_TEXTS = 2
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_STOPWORDS = frozenset(STOPWORDS_EN_PLUS)
# Words of praise and blame say how people feel, not what about.
_FEELINGS = frozenset(
    re.findall(
        r"\w+",
        """good great nice bad best better worse worst love loved like liked hate excellent amazing awesome terrible
        awful poor perfect wonderful fantastic horrible really thing things lot bit think feel felt get got make made
        want wanted just also even much many can could would should one us im ive dont didnt doesnt wasnt isnt wont
        cant""",
    )
)


def distinguishing_terms(groups: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """For each group the words and pairs of words that are frequent in it and rare in the others, best first.

    Args:
        groups: Texts of each group; a text counts once for each term in it.
    """
    counts = [Counter(term for text in texts for term in _terms(text)) for texts in groups]
    spoken: dict[str, Counter[str]] = {}
    for texts in groups:
        for text in texts:
            for term, words in _terms(text).items():
                spoken.setdefault(term, Counter())[words] += 1
    totals: Counter[str] = Counter()
    for count in counts:
        totals.update(count)
    mean_size = sum(map(len, groups)) / max(1, len(groups))
    found = []
    for count, texts in zip(counts, groups, strict=True):
        # Class-based TF-IDF: the share of the group's texts, times how rare the term is over all groups.
        scores = {
            term: (number / len(texts)) * float(np.log(1 + mean_size / totals[term])) * (1.3 if " " in term else 1.0)
            for term, number in count.items()
            if number >= min(FEWEST_TEXTS, len(texts))
        }
        best = sorted(scores, key=lambda term: (-scores[term], term))
        found.append(_without_repeats([(term, spoken[term].most_common(1)[0][0]) for term in best]))
    return found


def unique_names(terms: Sequence[Sequence[str]]) -> list[str]:
    """A name per group, made of its best terms; a number is added where two would be alike."""
    names: list[str] = []
    taken: set[str] = set()
    for number, words in enumerate(terms, start=1):
        name = ", ".join(words[:NAME_TERMS]) or f"Topic {number}"
        name = name[:1].upper() + name[1:]
        unique, suffix = name, 2
        while unique.casefold() in taken:
            unique, suffix = f"{name} ({suffix})", suffix + 1
        taken.add(unique.casefold())
        names.append(unique)
    return names


def central_rows(vectors: NDArray[np.float32], center: NDArray[np.float32], count: int) -> list[int]:
    """The rows nearest to a center, best first, that are not nearly the same as one before."""
    likeness = vectors @ center
    chosen: list[int] = []
    for row in np.argsort(-likeness, kind="stable").tolist():
        if all(float(vectors[row] @ vectors[other]) < 0.95 for other in chosen):
            chosen.append(row)
            if len(chosen) == count:
                break
    return chosen


def _terms(text: str) -> dict[str, str]:
    """Stems and pairs of neighboring stems, each with the words it stands for."""
    terms: dict[str, str] = {}
    before: tuple[str, str] | None = None
    for word in _WORD.findall(text.lower()):
        stem = keyword_tokens(word)
        if len(word) < 3 or word in _STOPWORDS or word.replace("'", "") in _FEELINGS or len(stem) != 1:
            before = None
            continue
        terms[stem[0]] = word
        if before is not None and before[0] != stem[0]:
            terms[f"{before[0]} {stem[0]}"] = f"{before[1]} {word}"
        before = stem[0], word
    return terms


def _without_repeats(terms: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The words of terms; one that is part of a better one, or holds it, is left out."""
    used: set[str] = set()
    words = []
    for term, spoken in terms:
        stems = set(term.split())
        if stems & used:
            continue
        used |= stems
        words.append(spoken)
        if len(words) == MOST_TERMS:
            break
    return tuple(words)
