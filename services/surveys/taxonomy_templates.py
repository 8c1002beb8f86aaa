"""Taxonomies to begin with, by industry; they stand as YAML files in ``templates`` beside this module."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from services.errors import NotFoundError
from services.surveys.models import Taxonomy
from services.surveys.taxonomy_exchange import import_taxonomy

FOLDER = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class TaxonomyTemplate:
    """A taxonomy that somebody wrote for an industry.

    Attributes:
        description: Whose responses it is for, a sentence.
    """

    id: str
    name: str
    description: str
    taxonomy: Taxonomy


@lru_cache(maxsize=1)
def templates() -> tuple[TaxonomyTemplate, ...]:
    """All templates, by name."""
    found = [_read(path) for path in FOLDER.glob("*.yaml")]
    return tuple(sorted(found, key=lambda template: template.name.casefold()))


def template(template_id: str) -> TaxonomyTemplate:
    """One template. Raises NotFoundError (``template-missing``)."""
    for one in templates():
        if one.id == template_id:
            return one
    raise NotFoundError("There is no such template.", code="template-missing", remedy="Choose one from the list.")


def _read(path: Path) -> TaxonomyTemplate:
    data = path.read_bytes()
    head = yaml.safe_load(data)
    return TaxonomyTemplate(path.stem, head["name"], head["description"], import_taxonomy(path.name, data))
