"""How documents are spoken of: states, formats, counts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from services.knowledge.curated_words import CURATED_MEDIA_TYPE
from services.knowledge.loading.formats import Format
from services.knowledge.models import DocumentState


@dataclass(frozen=True, slots=True)
class StateWords:
    """How a state is named, and what it means for the next question."""

    label: str
    icon: str
    color: Literal["green", "orange", "gray", "blue", "red"]
    meaning: str

    @property
    def badge(self) -> str:
        """Markdown of the state: a word and an icon."""
        return f":{self.color}-badge[{self.icon} {self.label}]"


class Waiting(StrEnum):
    """Why the newest version of a document does not answer yet: it is new, or an older version answers."""

    NEW = "new"
    CHANGED = "changed"


WAITING_WORDS = {
    Waiting.NEW: ("Not published", "It answers once it is published."),
    Waiting.CHANGED: ("Change not published", "Its last published version answers until then."),
}
WAITING_ICON = ":material/pending_actions:"
STATES = {
    DocumentState.IN_USE: StateWords("In use", ":material/check_circle:", "green", "It answers questions."),
    DocumentState.UPCOMING: StateWords(
        "Not valid yet", ":material/schedule:", "blue", "Its first valid day has not come."
    ),
    DocumentState.EXPIRED: StateWords("Expired", ":material/event_busy:", "orange", "Its last valid day is over."),
    DocumentState.DISABLED: StateWords("Disabled", ":material/block:", "gray", "It does not answer until enabled."),
    DocumentState.DELETED: StateWords("Deleted", ":material/delete:", "red", "It does not answer any more."),
}
FORMATS: dict[str, str] = {
    Format.MARKDOWN: "Markdown",
    Format.HTML: "Web page",
    Format.PLAIN_TEXT: "Text",
    Format.PDF: "PDF",
    Format.DOCX: "Word",
    Format.CSV: "CSV",
    Format.TSV: "TSV",
    Format.XLSX: "Excel",
    Format.JSONL: "JSONL",
    Format.PPTX: "PowerPoint",
    Format.EML: "Mail",
    CURATED_MEDIA_TYPE: "Curated answer",
}
ANSWERS_ONCE_PUBLISHED = "It answers once a draft with it is built and published."


def format_name(media_type: str) -> str:
    """The name of a format as people say it, such as "PDF"."""
    return FORMATS.get(media_type, "Other")


def counted(count: int, noun: str) -> str:
    """A number with its noun, such as "1,204 documents"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def person_words(username: str | None) -> str:
    """Who did something, for a sentence that ends in it."""
    return f"by {username}" if username else "on the command line"
