"""The rules between the layers, as import-linter checks them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source_files import APP_ROOMS, ROOT

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def code_copy(tmp_path: Path) -> Path:
    """Our code without data, to break rules in."""
    for room in APP_ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            target = tmp_path / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return tmp_path


def test_layers_hold() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


def test_copy_of_the_code_keeps_the_rules_until_one_is_broken(code_copy: Path) -> None:
    assert lint(code_copy).returncode == 0


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("services/knowledge/library.py", "import streamlit"),
        ("services/knowledge/library.py", "import components.times"),
        ("services/knowledge/library.py", "import services.storage.database"),
        ("services/answers/models.py", "import services.backends.local.faiss_index"),
        ("services/access/accounts.py", "import services.bootstrap"),
        ("services/errors.py", "import services.settings"),
        ("services/ports/knowledge.py", "import services.knowledge.library"),
        ("services/storage/files.py", "import boto3"),
        ("services/knowledge/chunking.py", "import faiss"),
        ("services/answers/models.py", "import openai"),
        ("services/privacy/audit.py", "import torch"),
        ("services/operations/prices.py", "import services.storage.model_calls"),
        ("services/operations/catalogue.py", "import services.backends.aws.bedrock_catalogue"),
        ("components/frame.py", "import services.bootstrap"),
        ("components/frame.py", "import app.routes"),
        ("components/frame.py", "import onnxruntime"),
        ("pages/answer_questions.py", "import services.storage.database"),
    ],
)
def test_import_that_breaks_a_rule_is_found(code_copy: Path, module: str, line: str) -> None:
    path = code_copy / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    assert lint(code_copy).returncode == 1


def test_new_room_of_the_services_must_find_its_layer(code_copy: Path) -> None:
    (code_copy / "services" / "billing").mkdir()
    (code_copy / "services" / "billing" / "__init__.py").touch()
    assert lint(code_copy).returncode == 1


def test_pages_that_import_each_other_are_found(code_copy: Path) -> None:
    (code_copy / "pages" / "other.py").write_text("import pages.answer_questions\n", encoding="utf-8")
    assert lint(code_copy).returncode == 1
