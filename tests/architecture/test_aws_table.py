"""The table of docs/aws.md: each cell names the test class that proves it, and every setting of a backend is in it."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from services.settings import Settings
from tests.architecture.source_files import ROOT

PAGE = (ROOT / "docs" / "aws.md").read_text(encoding="utf-8")
START, END = "<!-- contracts: checked by tests/architecture/test_aws_table.py -->", "<!-- end of contracts -->"
TABLE = PAGE.split(START, 1)[1].split(END, 1)[0]
NAMED = sorted(set(re.findall(r"\b(test_\w+)(?:\.(Test\w+))?", TABLE)))


@cache
def classes_of(module: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / "contract" / f"{module}.py").read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.ClassDef))


@pytest.mark.parametrize(("module", "name"), NAMED, ids=str)
def test_contract_test_that_the_table_names_exists(module: str, name: str) -> None:
    assert not name or name in classes_of(module)


def test_every_contract_class_of_an_aws_adapter_stands_in_the_table() -> None:
    missing = []
    for path in sorted((ROOT / "tests" / "contract").glob("test_aws_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if not isinstance(node, ast.ClassDef) or not node.name.startswith("Test"):
                continue
            bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
            proves = any(base.endswith("Contract") and "Fault" not in base for base in bases)
            if proves and f"{path.stem}." not in TABLE:
                missing.append(f"{path.stem}.{node.name}")
    assert missing == []


def test_every_choice_of_a_backend_stands_in_the_row_of_its_setting() -> None:
    rows = {name: row for row in TABLE.splitlines() for name in re.findall(r"`FRONTLINE_(\w+)`", row)}
    for name, field in Settings.model_fields.items():
        if not name.endswith("_backend"):
            continue
        row = rows[name.upper()]
        for choice in type(field.default):
            assert f"`{choice.value}`" in row, (name, choice.value)
