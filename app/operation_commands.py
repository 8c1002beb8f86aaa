"""The command that checks the backends."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from app.terminal import EXIT_ERROR, open_services, print_table

if TYPE_CHECKING:
    from services.operations.checks import CapabilityCheck, CheckReport, State

# The first check on a new machine prepares the packaged model, which takes a while.
LONGEST_SECONDS = 120.0


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command()(check_backends)


def check_backends(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Check for each capability whether it is configured, reachable and permitted, and whether its model is active.

    No model is asked; Amazon Comprehend alone charges for its answer, a fraction of a cent. Ends with exit code 0 when
    everything that is in use can work, else with 2.
    """
    report = open_services().operations.checks.report(timeout_seconds=LONGEST_SECONDS)
    if as_json:
        print(json.dumps(_as_dict(report), indent=2, ensure_ascii=False))
    else:
        _print(report)
    if not report.all_well:
        sys.exit(EXIT_ERROR)


def _print(report: CheckReport) -> None:
    if report.region or report.identity:
        print(f"AWS in {report.region or 'no region'}, as {report.identity or 'nobody that is known'}\n")
    print_table(
        ("", "CAPABILITY", "BACKEND", "CONFIGURED", "REACHABLE", "PERMITTED", "MODEL ACTIVE"),
        [
            (
                {True: "✓", False: "✗", None: "–"}[check.works],
                check.served.capability.value.replace("_", " "),
                f"{check.served.backend} {check.served.model}".strip(),
                *(_word(check, state.value) for state in _states(check)),
            )
            for check in report.checks
        ],
    )
    for check in report.checks:
        if check.cause:
            print(f"\n{check.served.capability.value.replace('_', ' ')}: {check.cause}\n  {check.remedy}")
    if report.identity_problem:
        print(f"\nWho asks AWS is not known: {report.identity_problem}")


def _word(check: CapabilityCheck, state: str) -> str:
    if check.works is None:
        return "off"
    return "–" if state == "not applicable" else state


def _states(check: CapabilityCheck) -> tuple[State, State, State, State]:
    return check.configured, check.reachable, check.permitted, check.active


def _as_dict(report: CheckReport) -> dict[str, object]:
    return {
        "all_well": report.all_well,
        "at": report.at.isoformat(),
        "region": report.region or None,
        "identity": report.identity or None,
        "capabilities": [
            {
                "capability": check.served.capability.value,
                "backend": check.served.backend,
                "model": check.served.model or None,
                "works": check.works,
                "configured": check.configured.value,
                "reachable": check.reachable.value,
                "permitted": check.permitted.value,
                "model_active": check.active.value,
                "code": check.code,
                "cause": check.cause,
                "remedy": check.remedy,
                "milliseconds": check.milliseconds,
            }
            for check in report.checks
        ],
    }
