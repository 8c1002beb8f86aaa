"""The commands that keep accounts, as a program would call them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.serving import ROOT, environment

HEAVY_MODULES = {"streamlit", "torch", "onnxruntime", "sqlalchemy", "pandas", "numpy", "faiss", "boto3"}


def run(home: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=environment(home, 8501),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_account_is_added_listed_and_disabled(tmp_path: Path) -> None:
    assert run(tmp_path, "add-tenant", "clinic", "--name", "Clinic").returncode == 0
    added = run(
        tmp_path,
        "add-account",
        "Bo.Lind",
        *("--name", "Bo Lind", "--role", "agent", "--tenant", "clinic", "--password-stdin"),
        stdin="correct horse battery\n",
    )
    assert (added.returncode, added.stderr) == (0, "")
    assert "bo.lind" in added.stdout
    assert run(tmp_path, "disable-account", "bo.lind").returncode == 0
    (account,) = json.loads(run(tmp_path, "list-accounts", "--json").stdout)
    assert (account["username"], account["role"], account["disabled"]) == ("bo.lind", "agent", True)
    assert "password" not in " ".join(account)


def test_tenant_is_renamed_archived_and_brought_back(tmp_path: Path) -> None:
    run(tmp_path, "add-tenant", "clinic", "--name", "Clinic")
    assert run(tmp_path, "rename-tenant", "Clinic", "--name", "North Clinic").returncode == 0
    assert run(tmp_path, "archive-tenant", "clinic").returncode == 0
    assert json.loads(run(tmp_path, "list-tenants", "--json").stdout) == []
    (tenant,) = json.loads(run(tmp_path, "list-tenants", "--archived", "--json").stdout)
    assert tenant == {"id": "clinic", "name": "North Clinic", "archived": True}
    assert "in use again" in run(tmp_path, "unarchive-tenant", "clinic").stdout
    assert "North Clinic" in run(tmp_path, "list-tenants").stdout
    assert run(tmp_path, "archive-tenant", "nowhere").returncode == 2


def test_mistake_ends_with_one_line_what_and_one_line_remedy(tmp_path: Path) -> None:
    ended = run(tmp_path, "enable-account", "nobody")
    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 2
    assert ended.stdout == ""


def test_help_names_every_command_and_imports_nothing_heavy(tmp_path: Path) -> None:
    shown = run(tmp_path, "--help").stdout
    for command in ("serve", "add-account", "disable-account", "set-password", "list-accounts", "add-tenant"):
        assert command in shown
    probe = "import sys, app.__main__; app.__main__.build_cli(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not HEAVY_MODULES & set(loaded.split())
