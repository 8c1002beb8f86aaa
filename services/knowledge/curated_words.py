"""The words of a curated answer: what makes them complete, and the document that they become."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from services.errors import InputError
from services.knowledge.loading.properties import checked_url
from services.knowledge.models import Document, Section

CURATED_MEDIA_TYPE = "text/x-curated-answer"
CURATED_PREFIX = "curated/"
LONGEST_ANSWER_CHARACTERS = 8_000
LONGEST_PHRASING_CHARACTERS = 300
LONGEST_OWNER_CHARACTERS = 200
MOST_PHRASINGS = 40


@dataclass(frozen=True, slots=True)
class CuratedWords:
    """What an admin writes.

    Attributes:
        phrasings: How people ask; the first is the title that agents see.
        valid_from: First day on which it answers; None for no beginning.
        valid_until: Last day on which it answers; None for no end.
    """

    text: str
    phrasings: tuple[str, ...]
    url: str | None = None
    owner: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None


def phrasing_key(phrasing: str) -> str:
    """The phrasing without case, punctuation and spaces: two with the same key are the same."""
    return re.sub(r"[\W_]+", " ", phrasing.casefold()).strip()


def checked_words(words: CuratedWords) -> CuratedWords:
    """The words without needless spaces and empty phrasings.

    Raises:
        InputError: something is missing, too long, there twice, or contradicts itself; the words say what.
    """
    text = words.text.strip()
    phrasings = tuple(" ".join(phrasing.split()) for phrasing in words.phrasings if phrasing_key(phrasing))
    owner = (words.owner or "").strip() or None
    url = (words.url or "").strip() or None
    if not text:
        raise InputError("There is no answer yet.", code="answer-missing", remedy="Write what agents should tell.")
    if not phrasings:
        raise InputError(
            "There is no question yet.", code="phrasing-missing", remedy="Give at least one way to ask it."
        )
    _require_length(text, LONGEST_ANSWER_CHARACTERS, "The answer")
    _require_length(owner or "", LONGEST_OWNER_CHARACTERS, "The owner's name")
    if len(phrasings) > MOST_PHRASINGS:
        raise InputError(
            f"There are {len(phrasings)} phrasings; {MOST_PHRASINGS} is the most.",
            code="too-many-phrasings",
            remedy="Keep those that differ most from each other.",
        )
    seen: dict[str, str] = {}
    for phrasing in phrasings:
        _require_length(phrasing, LONGEST_PHRASING_CHARACTERS, f"The phrasing “{phrasing[:40]}…”")
        key = phrasing_key(phrasing)
        if key in seen:
            raise InputError(f"“{phrasing}” is there twice.", code="phrasing-twice", remedy="Take one of the two out.")
        seen[key] = phrasing
    if url is not None and checked_url(url) is None:
        raise InputError(
            "The source is no web address.", code="url-invalid", remedy="Begin it with https:// or leave it empty."
        )
    if words.valid_from and words.valid_until and words.valid_until < words.valid_from:
        raise InputError(
            "The last day is before the first.", code="dates-reversed", remedy="Change one of the two days."
        )
    return CuratedWords(text, phrasings, url, owner, words.valid_from, words.valid_until)


def _require_length(text: str, limit_characters: int, what: str) -> None:
    if len(text) > limit_characters:
        raise InputError(
            f"{what} is longer than {limit_characters:,} characters.",
            code="text-too-long",
            remedy="Shorten it; your text is still in the field.",
        )


def document_of(document_id: str, words: CuratedWords, source_sha256: str) -> Document:
    """The words as a document: one section, with every phrasing as a question of its own."""
    return Document(
        id=document_id,
        title=words.phrasings[0],
        text=words.text,
        # No heading: the answer is the whole document, and its title says what it is about.
        sections=(Section((), 0, len(words.text), questions=words.phrasings),),
        media_type=CURATED_MEDIA_TYPE,
        url=words.url,
        owner=words.owner,
        valid_until=words.valid_until,
        source_name=f"{document_id.removeprefix(CURATED_PREFIX)}.md",
        source_sha256=source_sha256,
    )


def markdown_of(words: CuratedWords) -> str:
    """The words as a file that people read."""
    others = "".join(f"- {phrasing}\n" for phrasing in words.phrasings[1:])
    asked = f"\n\nAlso asked as:\n\n{others}" if others else "\n"
    return f"# {words.phrasings[0]}\n\n{words.text}{asked}"


def phrasings_of(document: Document) -> tuple[str, ...]:
    """The phrasings that the document answers, its title first."""
    questions = document.sections[0].questions if document.sections else ()
    title = phrasing_key(document.title)
    return (document.title, *(phrasing for phrasing in questions if phrasing_key(phrasing) != title))
