"""Taxonomies come in from files and go out as files; what goes out comes in again as it was."""

from __future__ import annotations

import io
from pathlib import PurePath

from services.errors import InputError
from services.surveys.models import Taxonomy
from services.surveys.response_encoding import find_encoding
from services.surveys.taxonomy_entries import REMEDY, taxonomy_of
from services.surveys.taxonomy_tables import as_table, read_table
from services.surveys.taxonomy_trees import as_yaml, read_tree, tree_values

MOST_BYTES = 10_000_000
_TREES, _TABLES = {".yaml", ".yml", ".json"}, {".csv", ".tsv"}


def import_taxonomy(name: str, data: bytes) -> Taxonomy:
    """Read a taxonomy: JSON or YAML, a list of topics or one under ``topics``, or CSV.

    A topic without an id gets one made of its name, a topic without a name is called by its id. Texts under
    ``examples`` of a topic become examples of it; ``examples`` beside ``topics`` have text, topics and sentiment. The
    columns of a CSV are told in :mod:`services.surveys.taxonomy_tables`.

    Args:
        name: Of the file: its ending tells the format, else its content does; messages call it so.

    Raises:
        InputError: ``not-a-taxonomy``, ``bad-topic``, ``bad-example``, ``topic-twice``, ``unknown-topic``,
            ``parent-cycle``, ``too-deep``, ``no-topics``, ``too-many-topics``, ``missing-column`` or ``bad-line``, and
            the codes of :func:`find_encoding`.
    """
    if len(data) > MOST_BYTES:
        raise InputError(
            f"{name} cannot be read as a taxonomy: it is larger than {MOST_BYTES // 1_000_000} MB.",
            code="not-a-taxonomy",
            remedy=REMEDY,
        )
    text = data.decode(find_encoding(io.BytesIO(data), name).codec, errors="replace")
    entries, examples = read_table(name, text) if _is_table(name, text) else read_tree(name, text)
    return taxonomy_of(name, entries, examples)


def export_yaml(taxonomy: Taxonomy) -> str:
    """A taxonomy as YAML; :func:`import_taxonomy` gives back exactly this taxonomy."""
    return as_yaml(tree_values(taxonomy))


def export_csv(taxonomy: Taxonomy) -> str:
    """A taxonomy as CSV, see :mod:`services.surveys.taxonomy_tables`; no cell can be a formula.

    :func:`import_taxonomy` gives back the same topics, and the same examples in the order of their topics. Write it as
    UTF-8 with a byte order mark, so that spreadsheets read it right.
    """
    return as_table(taxonomy)


def _is_table(name: str, text: str) -> bool:
    ending = PurePath(name).suffix.casefold()
    if ending in _TREES | _TABLES:
        return ending in _TABLES
    header = text.lstrip().partition("\n")[0]
    cells = {cell.strip(' "').casefold() for cell in header.replace(";", ",").replace("\t", ",").split(",")}
    return "name" in cells and not header.startswith(("[", "{", "-"))
