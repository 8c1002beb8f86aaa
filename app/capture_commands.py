"""The command that deletes captured calls of models whose time is over."""

from __future__ import annotations

import typer

from services.errors import InputError


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command("prune-capture")(prune_capture)


def prune_capture() -> None:
    """Delete captured calls of models that are older than FRONTLINE_CAPTURE_DAYS.

    Workers do so once an hour; this is for installations without workers, and after the number was lowered.
    """
    from services.backends.capture_backends import build_capture
    from services.logs import configure_logging
    from services.settings import load_settings

    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    capture = build_capture(settings)
    if capture is None:
        raise InputError(
            "No calls are captured here.",
            code="capture-off",
            remedy="Set FRONTLINE_CAPTURE_ROOT to the place where they were kept.",
        )
    count = capture.prune()
    print(f"Deleted {count:,} {'day' if count == 1 else 'days'} of captured calls.")
