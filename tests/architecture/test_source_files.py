"""Rules that every source file keeps."""

from __future__ import annotations

import ast
import re
import tomllib
import warnings

import pytest

from tests.architecture.source_files import ALL_ROOMS, APP_ROOMS, ROOT, name, python_files

USUAL_LINES, MOST_LINES = 250, 400
VAGUE_WORDS = {"utils", "util", "helpers", "helper", "common", "manager", "handler", "misc", "data2"}
VAGUE_PREFIXES = ("process_", "do_")
NAMES_OF_LIBRARIES = {"process_bind_param", "process_result_value"}  # SQLAlchemy calls them


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(*ALL_ROOMS)}
    long = sorted(file for file, lines in lengths.items() if lines > USUAL_LINES)
    if long:
        warnings.warn(f"over {USUAL_LINES} lines, see whether they hold one idea: {', '.join(long)}", stacklevel=1)
    assert [file for file, lines in lengths.items() if lines > MOST_LINES] == []


def test_names_of_modules_say_what_is_in_them() -> None:
    vague = [
        name(path)
        for path in python_files(*ALL_ROOMS)
        if VAGUE_WORDS & set(path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "_").split("_"))
    ]
    assert vague == []


def test_names_of_functions_and_classes_say_what_they_do() -> None:
    vague = []
    for path in python_files(*APP_ROOMS):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                and node.name not in NAMES_OF_LIBRARIES
            ):
                words = set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name).lower().split("_"))
                if VAGUE_WORDS & words or node.name.lstrip("_").startswith(VAGUE_PREFIXES):
                    vague.append(f"{name(path)}: {node.name}")
    assert vague == []


@pytest.mark.parametrize("forbidden", ["unsafe_allow_html", "unsafe_allow_javascript", "st.html("])
def test_pages_contain_no_raw_html(forbidden: str) -> None:
    assert [name(path) for path in python_files(*APP_ROOMS) if forbidden in path.read_text(encoding="utf-8")] == []


def test_pages_are_short_and_know_neither_sql_nor_the_environment() -> None:
    for path in python_files("pages"):
        source = path.read_text(encoding="utf-8")
        assert len(source.splitlines()) <= 120, name(path)
        assert not re.search(r"\bos\.environ|\bgetenv\b|\bsqlalchemy\b|\.sqlite3?\b", source), name(path)


def test_services_read_the_environment_in_settings_only() -> None:
    readers = [
        name(path)
        for path in python_files("services", "components", "pages")
        if re.search(r"\bos\.environ\b(?!\.setdefault\()|\bgetenv\(", path.read_text(encoding="utf-8"))
    ]
    assert readers == []


def test_every_lint_rule_that_is_ignored_says_why() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.fullmatch(r'\s+"[A-Z]+\d*",\s*', line)] == []


def test_pins_are_exact_and_name_no_place() -> None:
    for file in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "-r ")):
                assert re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z0-9,]+\])?==[A-Za-z0-9.]+", line), line


def test_every_room_of_the_services_stands_in_the_contracts() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in settings["contracts"]}
    rooms = {path.parent.name for path in (ROOT / "services").glob("*/__init__.py")}
    use_cases = rooms - {"backends", "storage"}
    assert {f"services.{room}" for room in use_cases} == set(contracts["use-cases"]["source_modules"])
