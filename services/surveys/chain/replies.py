"""Takes a model's reply apart, whatever it is, and says what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError


class Problem(StrEnum):
    """What can be wrong with a reply or with the entry of one response: sentences that models and people read."""

    CUT_OFF = "It was cut off before its end."
    REFUSED = "The model would not answer."
    REJECTED = "The server refused the request."
    TOO_LARGE = "The request was too large for the model."
    NO_JSON = "It was not the JSON object that is asked for."
    MISSING = "Ids were missing."
    REPEATED = "An id came more than once."
    BAD_SHAPE = "An entry had another shape than the schema says."
    NO_STATEMENT = "A response had no statement."
    NOT_QUOTED = "A statement was not copied from its text as it stands."
    LEFT_OUT = "Much of a text was left out."
    UNKNOWN_TOPIC = "A topic was not among those given."
    UNKNOWN_STATEMENT = "A statement's number was not among those given."
    WRONG_TOPICS = "The topics of a response were not exactly those given."


# What makes smaller requests likely to succeed.
OF_THE_WHOLE = frozenset(
    {Problem.CUT_OFF, Problem.REFUSED, Problem.REJECTED, Problem.TOO_LARGE, Problem.NO_JSON, Problem.MISSING}
)


class UnusableEntryError(Exception):
    """The entry of a response cannot be used."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class EntryModel(BaseModel):
    """The entry of a response in a reply; what the schema does not have is left aside."""

    model_config = ConfigDict(extra="ignore", frozen=True)


_Entry = TypeVar("_Entry", bound=EntryModel)


@dataclass(frozen=True, slots=True)
class ReplyEntries:
    """The entries of a reply.

    Attributes:
        by_id: Those whose id came once.
        repeated: Ids that came more than once.
        is_json: Whether the reply was JSON of the right kind up to its end.
    """

    by_id: Mapping[str, Mapping[str, Any]]
    repeated: frozenset[str]
    is_json: bool


def read_entry(kind: type[_Entry], entry: Mapping[str, Any]) -> _Entry:
    """The entry as its model. Raises UnusableEntryError."""
    try:
        return kind.model_validate(entry)
    except ValidationError as exc:
        raise UnusableEntryError(Problem.BAD_SHAPE) from exc


def entries_of(text: str) -> ReplyEntries:
    """The entries of a reply; of one that breaks off, those before the break: they are paid for."""
    whole = _whole(text)
    found = whole if whole is not None else _before_the_break(text)
    by_id: dict[str, Mapping[str, Any]] = {}
    repeated = set()
    for entry in found:
        name = entry.get("id")
        if isinstance(name, str):
            if name in by_id:
                repeated.add(name)
            by_id[name] = entry
    for name in repeated:
        del by_id[name]
    return ReplyEntries(by_id, frozenset(repeated), whole is not None)


def _whole(text: str) -> list[dict[str, Any]] | None:
    """Some servers put the object into a code fence, or a sentence before it."""
    for candidate in (text, text[text.find("{") : text.rfind("}") + 1]):
        try:
            value = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        entries = value.get("responses") if isinstance(value, dict) else None
        if isinstance(entries, list):
            return [entry for entry in entries if isinstance(entry, dict)]
    return None


def _before_the_break(text: str) -> list[dict[str, Any]]:
    start = re.search(r'"responses"\s*:\s*\[', text)
    if start is None:
        return []
    decoder = json.JSONDecoder()
    place = start.end()
    entries: list[dict[str, Any]] = []
    while True:
        while place < len(text) and text[place] in " \t\r\n,":
            place += 1
        try:
            entry, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return entries
        if isinstance(entry, dict):
            entries.append(entry)
