"""The commands that load and search knowledge bases."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from app.terminal import EXIT_ERROR, give_way, open_services, tenant_id
from services.errors import InputError
from services.knowledge.models import LoadFailure, LoadReport, SearchType

if TYPE_CHECKING:
    from services.bootstrap import Services

Tenant = Annotated[str, typer.Option(help="Id of the tenant, such as pharmacy.", callback=tenant_id)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of text.")]
EXIT_SOME_FAILED = 3


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (
        load_knowledge,
        publish,
        roll_back,
        retrieve,
        show_document,
        list_snapshots,
        load_golden_questions,
        calibrate,
    ):
        cli.command()(command)


def load_knowledge(
    tenant: Tenant,
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files, folders, zip archives, s3:// prefixes.", show_default=False),
    ],
    publish: Annotated[bool, typer.Option("--publish", help="Answer from it at once; else it stays a draft.")] = False,
    as_json: AsJson = False,
) -> None:
    """Load documents into a tenant's knowledge base and index them.

    Reads Markdown, HTML, text, PDF, Word, and CSV or Excel with the columns question and answer. A .jsonl file holds
    one document per line with id, title, text and url; its ids are kept, and citations count characters in its text. A
    file that is already there by the same id becomes its next version; one that is there already under another name is
    not stored again.

    Exit code 0 when everything was loaded, 3 when some files failed (the others are loaded), 2 when nothing was done.
    """
    give_way()
    services = open_services()
    services.accounts.ensure_tenant(tenant)
    with _fetched(services, paths) as local:
        report = services.knowledge.load(tenant, local, publish=publish)
    if report.snapshot is not None and report.loaded:
        services.calibration.calibrate_unless_it_holds(tenant, report.snapshot)
    services.publishing.prune(tenant)
    if as_json:
        print(json.dumps(_report_values(report), ensure_ascii=False, indent=2))
    else:
        _print_report(tenant, report)
    if report.failures:
        raise typer.Exit(EXIT_SOME_FAILED if report.loaded or report.unchanged else EXIT_ERROR)


def publish(
    tenant: Tenant,
    snapshot: Annotated[int, typer.Option(help="Number of the snapshot; an older one rolls back to it.")],
) -> None:
    """Make a snapshot the one that answers, from the next question on."""
    services = open_services()
    services.knowledge.publish(tenant, snapshot)
    services.publishing.prune(tenant)
    print(f"Snapshot {snapshot} of {tenant} answers now.")


def roll_back(tenant: Tenant) -> None:
    """Let the snapshot that was published before the present one answer again; twice goes back two."""
    services = open_services()
    live = services.knowledge.require_published(tenant).number
    number = services.publishing.require_roll_back_target(tenant, live)
    services.knowledge.publish(tenant, number, reason="Rolled back.", expected_live=live)
    print(f"Snapshot {number} of {tenant} answers again.")


def retrieve(
    tenant: Tenant,
    questions: Annotated[Path, typer.Option(help="JSONL with id and text per line.")],
    output: Annotated[Path, typer.Option(help="JSONL to write: id and results per line.")],
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="Documents per question.")] = 10,
    search_type: Annotated[SearchType, typer.Option(help="How to search.")] = SearchType.HYBRID,
) -> None:
    """Find the best documents for many questions; one result per document, best first."""
    from services.knowledge.question_files import read_questions

    services = open_services()
    services.accounts.get_tenant(tenant)
    asked = list(read_questions(questions))
    cpu_ms: list[float] = []
    with _open_output(output) as file:
        for question_id, text in asked:
            found = services.knowledge.retrieve(tenant, text, limit=k, search_type=search_type)
            cpu_ms.append(found.cpu_ms)
            results = [
                {"document_id": passage.document_id, "chunk_id": passage.chunk_id, "score": round(passage.score, 6)}
                for passage in found.passages
            ]
            file.write(json.dumps({"id": question_id, "results": results}, ensure_ascii=False) + "\n")
    cpu_ms.sort()
    if cpu_ms:
        median, high = cpu_ms[len(cpu_ms) // 2], cpu_ms[int(len(cpu_ms) * 0.95)]
        print(f"{len(cpu_ms)} questions, CPU per question: median {median:.1f} ms, 95th percentile {high:.1f} ms.")


def show_document(
    tenant: Tenant,
    document_id: Annotated[str, typer.Argument(help="Id of the document, as in a citation.")],
    version: Annotated[int | None, typer.Option(help="Version; the newest when left out.")] = None,
) -> None:
    """Print a document's text exactly as citations count its characters."""
    sys.stdout.write(open_services().knowledge.get_document(tenant, document_id, version).document.text)


def list_snapshots(tenant: Tenant, as_json: AsJson = False) -> None:
    """List a tenant's snapshots, newest first."""
    services = open_services()
    services.accounts.get_tenant(tenant)
    snapshots = services.knowledge.list_snapshots(tenant)
    if as_json:
        rows = [
            {
                "number": snapshot.number,
                "status": snapshot.status.value,
                "created_at": snapshot.created_at.isoformat(),
                "documents": snapshot.document_count,
                "chunks": snapshot.chunk_count,
                "embedding_model": snapshot.embedding_model,
                "calibrated": snapshot.cuts is not None,
            }
            for snapshot in snapshots
        ]
        print(json.dumps(rows, indent=2))
        return
    for snapshot in snapshots:
        print(
            f"{snapshot.number:>4}  {snapshot.status.value:<9}  {snapshot.created_at:%Y-%m-%d %H:%M} UTC  "
            f"{snapshot.document_count} documents, {snapshot.chunk_count} chunks"
        )


def load_golden_questions(
    tenant: Tenant,
    path: Annotated[Path, typer.Argument(help="JSONL: id, text, expected [{document_id, quote}], kind, split.")],
) -> None:
    """Store questions whose right passages are known; those without `expected` must be declined."""
    from services.knowledge.question_files import read_golden_questions

    services = open_services()
    services.accounts.get_tenant(tenant)
    questions = read_golden_questions(path)
    services.knowledge.save_golden_questions(tenant, questions)
    print(f"Stored {len(questions)} golden questions of {tenant}.")


def calibrate(
    tenant: Tenant,
    out_of_scope: Annotated[
        Path | None, typer.Option(help="JSONL with id and text: more questions that must be declined.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set where the published snapshot declines, shows sources only, or drafts, from golden and out-of-scope questions.

    Only questions of the split `tune` set the cuts; those of the split `test` are reported beside them.
    """
    from dataclasses import asdict

    from services.knowledge.question_files import read_golden_questions

    services = open_services()
    services.accounts.get_tenant(tenant)
    more = read_golden_questions(out_of_scope) if out_of_scope is not None else []
    report = services.calibration.calibrate(tenant, more)
    if as_json:
        print(json.dumps(asdict(report), indent=2))
        return
    for name, share in (("tune", report.tune), ("test", report.test)):
        print(
            f"{name}: {share.kept:.1%} of {share.golden_count} golden questions kept ({share.drafted:.1%} drafted), "
            f"{share.declined:.1%} of {share.out_of_scope_count} out-of-scope questions declined."
        )


@contextmanager
def _fetched(services: Services, paths: list[str]) -> Iterator[list[Path]]:
    """The paths as they are on this machine; what lies in a bucket is fetched, and goes away afterwards."""
    with tempfile.TemporaryDirectory() as temporary:
        local = []
        for number, path in enumerate(paths):
            if path.startswith("s3://"):
                local.append(Path(temporary, str(number)))
                services.buckets.fetch_folder(path, local[-1])
            else:
                local.append(Path(path))
        yield local


def _open_output(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as exc:
        raise InputError(
            f"{path.name} cannot be written.", code="unwritable", remedy="Check that its folder exists and is yours."
        ) from exc


def _report_values(report: LoadReport) -> dict[str, object]:
    def plain(entries: tuple[LoadFailure, ...]) -> list[dict[str, str]]:
        return [
            {"file": entry.source_name, "code": entry.code, "cause": entry.cause, "remedy": entry.remedy}
            for entry in entries
        ]

    return {
        "loaded": len(report.loaded),
        "unchanged": len(report.unchanged),
        "failures": plain(report.failures),
        "warnings": plain(report.warnings),
        "chunks": report.chunk_count,
        "reused_vectors": report.reused_chunk_count,
        "snapshot": report.snapshot,
        "published": report.published,
    }


def _print_report(tenant: str, report: LoadReport) -> None:
    for title, entries in (("Not loaded", report.failures), ("Look at", report.warnings)):
        for entry in entries:
            print(f"{title}: {entry.source_name}: {entry.cause} {entry.remedy}", file=sys.stderr)
    print(f"{len(report.loaded)} documents loaded, {len(report.unchanged)} unchanged, {len(report.failures)} failed.")
    if report.snapshot is not None:
        state = "published" if report.published else "draft"
        print(f"Snapshot {report.snapshot} of {tenant} ({state}): {report.chunk_count} chunks.")
