"""Taxonomies on the command line: read from a path, suggested ones written to be edited."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from services.errors import NotFoundError
from services.surveys.models import Taxonomy
from services.surveys.suggestions import SuggestedTopic
from services.surveys.taxonomy_exchange import import_taxonomy
from services.surveys.taxonomy_trees import as_yaml


def read_taxonomy(path: Path) -> Taxonomy:
    """Read a file as :func:`services.surveys.taxonomy_exchange.import_taxonomy` does.

    Raises:
        NotFoundError: ``file-missing``.
        InputError: as :func:`services.surveys.taxonomy_exchange.import_taxonomy`.
    """
    return import_taxonomy(path.name, read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises NotFoundError (``file-missing``)."""
    try:
        return path.read_bytes()
    except OSError as exc:
        raise NotFoundError(
            f"{path.name} cannot be opened.", code="file-missing", remedy="Check the path and the permissions."
        ) from exc


def suggested_as_yaml(suggestions: Iterable[SuggestedTopic]) -> str:
    """A taxonomy file of suggested topics, to be edited; :func:`read_taxonomy` reads it.

    ``responses`` and ``representative`` help to judge a topic and are not read again.
    """
    return as_yaml(
        [
            {
                "id": one.topic.id,
                "name": one.topic.name,
                "description": one.topic.description,
                "keywords": list(one.topic.keywords),
                "responses": one.response_count,
                "representative": [response.text for response in one.representative],
            }
            for one in suggestions
        ]
    )
