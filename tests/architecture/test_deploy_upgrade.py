"""Versions can be exchanged without a pause, and the image works without what only building it needs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.source_files import APP_ROOMS, ROOT, name, python_files
from tests.architecture.templates import DEPLOY, resources

MIGRATIONS = sorted((ROOT / "services" / "storage" / "migrations" / "versions").glob("[0-9]*.py"))
# From the next one on, the version before must be able to go on working on what a migration leaves behind.
LAST_BEFORE_THE_RULE = "0009"
EXPORTER = "services/backends/local/export_embedder.py"


def breaks_the_version_before(source: str) -> list[str]:
    """What in ``upgrade`` takes something away that the version before uses, or asks for what it does not give."""
    [upgrade] = [
        node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    ]
    made: set[object] = {
        call.args[0].value
        for call in _calls(upgrade)
        if _called(call) == "create_table" and isinstance(call.args[0], ast.Constant)
    }
    return [f"line {call.lineno}: {_called(call)}" for call in _calls(upgrade) if _breaks(call, made)]


def _breaks(call: ast.Call, made: set[object]) -> bool:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    match _called(call):
        case "drop_table":
            first = call.args[0]
            return not (isinstance(first, ast.Constant) and first.value in made)
        case "drop_column" | "rename_table" | "drop_constraint":
            return True
        case "alter_column":
            # A server default that goes, or a value that becomes needed, refuses rows of the version before.
            return bool({"new_column_name", "type_"} & given.keys()) or any(
                isinstance(given.get(option), ast.Constant) and given[option].value is value  # type: ignore[attr-defined]
                for option, value in (("nullable", False), ("server_default", None))
            )
        case "add_column":
            column = call.args[-1]
            assert isinstance(column, ast.Call)
            options = {keyword.arg: keyword.value for keyword in column.keywords}
            needed = isinstance(options.get("nullable"), ast.Constant) and options["nullable"].value is False  # type: ignore[attr-defined]
            return needed and "server_default" not in options
    return False


def _calls(node: ast.AST) -> list[ast.Call]:
    return [one for one in ast.walk(node) if isinstance(one, ast.Call)]


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@pytest.mark.parametrize(
    "path", [path for path in MIGRATIONS if path.name[:4] > LAST_BEFORE_THE_RULE], ids=lambda p: p.stem
)
def test_version_before_goes_on_working_on_tables_that_are_migrated(path: Path) -> None:
    assert breaks_the_version_before(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("line", "breaks"),
    [
        ('op.drop_column("job", "stage")', True),
        ('op.drop_table("job")', True),
        ('op.alter_column("job", "stage", nullable=False)', True),
        ('op.alter_column("job", "stage", server_default=None)', True),
        ('op.alter_column("job", "stage", new_column_name="state")', True),
        ('op.add_column("job", sa.Column("cost", sa.Float(), nullable=False))', True),
        ('op.add_column("job", sa.Column("cost", sa.Float(), nullable=False, server_default="0"))', False),
        ('op.add_column("job", sa.Column("cost", sa.Float(), nullable=True))', False),
        ('op.create_table("cost", sa.Column("id", sa.Integer(), nullable=False))', False),
        ('op.create_index("ix_cost", "cost", ["id"])', False),
    ],
)
def test_what_breaks_the_version_before_is_told_from_what_does_not(line: str, breaks: bool) -> None:
    assert bool(breaks_the_version_before(f"def upgrade():\n    {line}\n")) is breaks


def test_new_web_tasks_are_there_before_old_ones_go_and_bad_ones_are_taken_back() -> None:
    services = resources("app", "AWS::ECS::Service")
    for label in ("WebService", "WorkerService"):
        deployment = services[label]["DeploymentConfiguration"]
        assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)
        assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
        assert "DesiredCount" not in services[label]


def test_packages_that_the_image_leaves_out_are_imported_where_they_are_asked_for_only() -> None:
    left_out = [line.split("==")[0] for line in (DEPLOY / "torch-only.txt").read_text(encoding="utf-8").splitlines()]
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert left_out
    assert all(re.search(rf"^{re.escape(package)}==", pins, re.MULTILINE) for package in left_out)
    modules = {package.replace("-", "_") for package in left_out}
    importers = set()
    for path in python_files(*APP_ROOMS):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import):
                imported = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported = {(node.module or "").split(".")[0]}
            else:
                continue
            if imported & modules:
                importers.add(name(path))
    assert importers == {EXPORTER}
