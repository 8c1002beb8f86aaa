"""Changes of taxonomies that are not saved yet: the process keeps them, so that they survive a reload of the page."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import streamlit as st

from components.frame import Viewer
from services.surveys.models import Response, Taxonomy, Topic
from services.surveys.suggestions import SuggestedTopic
from services.surveys.taxonomy_edits import TaxonomyEdit, merge, remove, split, start
from services.surveys.taxonomy_models import TaxonomyVersion

MOST_UNDOS = 30
_MOST_DRAFTS = 500


@dataclass(frozen=True, slots=True)
class TopicEvidence:
    """Why a topic was suggested.

    Attributes:
        response_count: Responses that speak of it; None when that is not known any more.
        representative: Responses that show best what it is about.
    """

    response_count: int | None
    representative: tuple[Response, ...] = ()


@dataclass(frozen=True, slots=True)
class TaxonomyDraft:
    """A taxonomy with changes that are not saved.

    Attributes:
        base_version: The version that they began with; 0 for a taxonomy that is not kept yet.
        name: What a new taxonomy is to be called; empty for one that is kept.
        origin: Where a new one comes from, for its first note.
        evidence: By the id of a topic, for topics that were suggested.
        started: The edit as the table was drawn with it; what was typed since is told by the difference.
        before: Earlier states, to go back to; the newest last.
        turn: Goes up whenever the table must be drawn anew.
    """

    edit: TaxonomyEdit
    base_version: int = 0
    name: str = ""
    origin: str = ""
    evidence: Mapping[str, TopicEvidence] = field(default_factory=dict)
    started: TaxonomyEdit | None = None
    before: tuple[TaxonomyDraft, ...] = ()
    turn: int = 0

    @property
    def is_new(self) -> bool:
        """Whether nothing of it is kept yet."""
        return self.base_version == 0

    @property
    def can_undo(self) -> bool:
        """Whether there is a state to go back to."""
        return bool(self.before) or self._was_typed_into

    @property
    def _was_typed_into(self) -> bool:
        return self.started is not None and self.edit != self.started

    def with_edit(self, edit: TaxonomyEdit, evidence: Mapping[str, TopicEvidence] | None = None) -> TaxonomyDraft:
        """After a change that can be undone."""
        earlier = (*self.before, replace(self, before=(), started=self.edit))[-MOST_UNDOS:]
        kept = self.evidence if evidence is None else evidence
        return replace(self, edit=edit, started=edit, evidence=kept, before=earlier, turn=self.turn + 1)

    def undone(self) -> TaxonomyDraft:
        """Without what was typed since the last change; without that change when nothing was typed."""
        if self._was_typed_into and self.started is not None:
            return replace(self, edit=self.started, turn=self.turn + 1)
        if not self.before:
            return self
        return replace(self.before[-1], before=self.before[:-1], turn=self.turn + 1)

    def merged(self, topic_ids: Collection[str], into_id: str) -> TaxonomyDraft:
        """One topic takes in others, and what speaks for them. Raises InputError."""
        edit = merge(self.edit, topic_ids, into_id)
        evidence = {topic_id: one for topic_id, one in self.evidence.items() if topic_id not in set(topic_ids)}
        all_of_them = [self.evidence[one] for one in dict.fromkeys((into_id, *topic_ids)) if one in self.evidence]
        if all_of_them:
            counts = [one.response_count for one in all_of_them]
            # The groups of responses are separate, so that their sizes add up.
            total = None if None in counts else sum(filter(None, counts))
            shown = [response for one in all_of_them for response in one.representative]
            evidence[into_id] = TopicEvidence(total, tuple(dict.fromkeys(shown)))
        return self.with_edit(edit, evidence)

    def removed(self, topic_ids: Collection[str]) -> TaxonomyDraft:
        """Without some topics. Raises InputError."""
        return self.with_edit(remove(self.edit, topic_ids))

    def parted(self, topic_id: str, parts: Sequence[Topic], *, keep_above: bool) -> TaxonomyDraft:
        """With a topic split into parts. Raises InputError."""
        return self.with_edit(split(self.edit, topic_id, parts, keep_above=keep_above))


def draft_of_version(version: TaxonomyVersion) -> TaxonomyDraft:
    """A draft without changes."""
    edit = start(version.taxonomy)
    return TaxonomyDraft(edit, base_version=version.number, started=edit)


def new_draft(name: str, taxonomy: Taxonomy, origin: str) -> TaxonomyDraft:
    """A draft of a taxonomy that is not kept yet."""
    edit = TaxonomyEdit(taxonomy)
    return TaxonomyDraft(edit, name=name, origin=origin, started=edit)


def suggested_draft(name: str, suggestions: Sequence[SuggestedTopic], origin: str) -> TaxonomyDraft:
    """A draft of a new taxonomy made of suggestions."""
    draft = new_draft(name, Taxonomy(tuple(one.topic for one in suggestions)), origin)
    return replace(draft, evidence=evidence_of(suggestions))


def evidence_of(suggestions: Sequence[SuggestedTopic]) -> dict[str, TopicEvidence]:
    """What speaks for suggestions, by topic."""
    return {one.topic.id: TopicEvidence(one.response_count, one.representative) for one in suggestions}


class DraftShelf:
    """The drafts of everybody. When there are too many, those that were not touched for the longest time go."""

    def __init__(self) -> None:
        self._drafts: OrderedDict[tuple[str, str, str], TaxonomyDraft] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, person: Viewer, name: str) -> TaxonomyDraft | None:
        """A person's draft of that name: the id of a taxonomy, or what :func:`new_name` says."""
        with self._lock:
            return self._drafts.get(_place(person, name))

    def keep(self, person: Viewer, name: str, draft: TaxonomyDraft) -> None:
        """Keep a draft in the place of the one before."""
        with self._lock:
            self._drafts[_place(person, name)] = draft
            self._drafts.move_to_end(_place(person, name))
            while len(self._drafts) > _MOST_DRAFTS:
                self._drafts.popitem(last=False)

    def forget(self, person: Viewer, name: str) -> None:
        """Let go of a draft."""
        with self._lock:
            self._drafts.pop(_place(person, name), None)


def new_name(survey_id: str) -> str:
    """The name of the draft of a new taxonomy that a person makes for a survey."""
    return f"new.{survey_id}"


@st.cache_resource(show_spinner=False)
def drafts() -> DraftShelf:
    """The shelf of this process."""
    return DraftShelf()


def _place(person: Viewer, name: str) -> tuple[str, str, str]:
    return person.account.username, person.tenant.id, name
