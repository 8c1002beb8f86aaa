"""The command that takes judged answers out of the app."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.terminal import open_services, tenant_id
from services.errors import InputError

if TYPE_CHECKING:
    from services.settings import Settings


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command()(export_feedback)


def export_feedback(
    tenant: Annotated[str, typer.Option(help="Id of the tenant, such as pharmacy.", callback=tenant_id)],
    output: Annotated[
        str, typer.Option(help="The JSONL file to write, also s3://bucket/name; one that is there is replaced.")
    ],
    days: Annotated[int | None, typer.Option(help="Only answers asked in the last so many days.", min=1)] = None,
) -> None:
    """Write judged answers as preference pairs for fine-tuning, one JSON object per line.

    Each has question, searched_question, passages, snapshot, chosen, rejected (null where nothing was worse), rating,
    reason, draft, edited, sent, backend and asked_at. Treat the file as personal data: a bare name in what agents typed
    is not recognized and not masked.
    """
    services = open_services()
    services.accounts.get_tenant(tenant)
    lines = services.preference_pairs.export_on_command_line(tenant, days=days)
    if output.startswith("s3://"):
        count = _write_to_bucket(output, lines, services.settings)
    else:
        count = _write_to_folder(Path(output), lines)
    print(f"{count:,} answers written to {output}.")
    print("Treat the file as personal data: bare names in what agents typed are not masked.", file=sys.stderr)


def _write_to_folder(output: Path, lines: Iterable[bytes]) -> int:
    if not output.parent.is_dir():
        raise InputError(
            f"There is no folder {output.parent}.", code="folder-missing", remedy="Make it first; nothing was written."
        )
    count = 0
    # Written beside it, readable for this account alone, and renamed: half a file never has the name.
    descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for line in lines:
                file.write(line)
                count += 1
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return count


def _write_to_bucket(address: str, lines: Iterable[bytes], settings: Settings) -> int:
    from services.backends.aws.access import AwsAccess
    from services.backends.file_backends import build_files

    bucket, _, name = address.removeprefix("s3://").partition("/")
    if not bucket or not name or name.endswith("/"):
        raise InputError(
            f"{address} names no file in a bucket.",
            code="address-incomplete",
            remedy="Write it as s3://bucket/name.jsonl; nothing was written.",
        )
    store = build_files(settings.model_copy(update={"storage_root": f"s3://{bucket}"}), AwsAccess.of(settings))
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "pairs.jsonl"
        count = _write_to_folder(written, lines)
        store.write_from(name, written)
    return count
