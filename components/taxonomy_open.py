"""The taxonomy that is open: what is saved of it, what a person changed in it, and how changes are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from components.frame import Viewer
from components.taxonomy_drafts import TaxonomyDraft, draft_of_version, drafts, new_draft
from components.taxonomy_table import TypedTopics, forget_typed, typed_topics
from services.surveys.models import Taxonomy
from services.surveys.taxonomy_models import TaxonomyVersion


@dataclass(frozen=True, slots=True)
class OpenTaxonomy:
    """One taxonomy in the hands of one person.

    Attributes:
        name: Of the draft on its shelf.
        question: Of the survey; suggestions are made from its responses.
        version: The newest one that is saved; None for a new taxonomy.
    """

    person: Viewer
    survey_id: str
    question: str
    name: str
    version: TaxonomyVersion | None

    def draft(self) -> TaxonomyDraft:
        """What is not saved; without changes when there are none."""
        kept = drafts().get(self.person, self.name)
        if self.version is None:
            return kept or new_draft("", Taxonomy(()), "")
        if kept is None or (not kept.edit.is_changed and kept.base_version != self.version.number):
            return draft_of_version(self.version)
        return kept

    def typed(self) -> TypedTopics:
        """With what stands in the table."""
        return typed_topics(self.person, self.name, self.draft())

    def change(self, action: Callable[[TaxonomyDraft], TaxonomyDraft]) -> None:
        """Change the draft, after taking over what was typed; for callbacks. Raises what the action raises."""
        self.keep(action(self.typed().draft))

    def keep(self, draft: TaxonomyDraft) -> None:
        """Keep a draft as it is."""
        drafts().keep(self.person, self.name, draft)

    def forget(self) -> None:
        """Let go of everything that is not saved."""
        drafts().forget(self.person, self.name)
        forget_typed(self.name)
