"""The command that takes judged answers out of the app."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from app.terminal import open_services, tenant_id
from services.errors import InputError


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command()(export_feedback)


def export_feedback(
    tenant: Annotated[str, typer.Option(help="Id of the tenant, such as pharmacy.", callback=tenant_id)],
    output: Annotated[Path, typer.Option(help="The JSONL file to write; one that is there is replaced.")],
    days: Annotated[int | None, typer.Option(help="Only answers asked in the last so many days.", min=1)] = None,
) -> None:
    """Write judged answers as preference pairs for fine-tuning, one JSON object per line.

    Each has question, searched_question, passages, snapshot, chosen, rejected (null where nothing was worse), rating,
    reason, draft, edited, sent, backend and asked_at. Treat the file as personal data: a bare name in what agents typed
    is not recognized and not masked.
    """
    services = open_services()
    services.accounts.get_tenant(tenant)
    if not output.parent.is_dir():
        raise InputError(
            f"There is no folder {output.parent}.", code="folder-missing", remedy="Make it first; nothing was written."
        )
    count = 0
    # Written beside it, readable for this account alone, and renamed: half a file never has the name.
    descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for line in services.preference_pairs.export_on_command_line(tenant, days=days):
                file.write(line)
                count += 1
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    print(f"{count:,} answers written to {output}.")
    print("Treat the file as personal data: bare names in what agents typed are not masked.", file=sys.stderr)
