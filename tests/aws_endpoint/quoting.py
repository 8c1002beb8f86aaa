"""A text model that does as it is told: it answers with the sentences of the passages that fit the question best."""

from __future__ import annotations

import re
from typing import Final

from services.knowledge.sentences import list_mark_length, sentence_spans
from services.knowledge.tokens import keyword_tokens

NOTHING: Final = "NOT_IN_PASSAGES"
MOST_SENTENCES: Final = 2
# A second sentence must hold so much of what the best one holds of the question.
NEARLY_AS_GOOD: Final = 0.6
_QUESTION: Final = re.compile(r"(?:^|\n)Question: (.*?)(?:\n\nAnswer:)?\s*$", re.DOTALL)
_PASSAGE: Final = re.compile(r"^\[(\d+)\] (.*?)(?=^\[\d+\] |\Z)", re.MULTILINE | re.DOTALL)


def reply_to(prompt: str) -> str:
    """The reply to numbered passages and a question; to any other text, what it says of itself."""
    found = _QUESTION.search(prompt)
    passages = _PASSAGE.findall(prompt[: found.start()] if found else "")
    if found is None or not passages:
        return f"You wrote {len(prompt.split())} words."
    words = set(keyword_tokens(found.group(1)))
    rated: list[tuple[float, int, str]] = []
    for number, passage in passages:
        _, _, text = passage.partition("\n")
        for start, end in sentence_spans(text):
            sentence = text[start + list_mark_length(text[start:end]) : end]
            held = words & set(keyword_tokens(sentence))
            if held and sentence[-1] in ".!":
                rated.append((len(held) / len(words), int(number), sentence))
    best = sorted(rated, key=lambda one: -one[0])[:MOST_SENTENCES]
    chosen = [f"{sentence} [{number}]" for share, number, sentence in best if share >= NEARLY_AS_GOOD * best[0][0]]
    return " ".join(chosen) or NOTHING
