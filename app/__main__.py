"""The command line: every main job of Frontline can be run and scripted without the browser."""

from __future__ import annotations

import sys

import typer

from app import (
    account_commands,
    answer_commands,
    capture_commands,
    feedback_commands,
    image_commands,
    knowledge_commands,
    matte_commands,
    operation_commands,
    queue_commands,
    server_commands,
    survey_commands,
    worker,
)
from app.terminal import EXIT_ERROR, print_error
from services.errors import AppError

# A module with more commands is added here; each has register(cli). Keep their imports light: heavy ones belong inside
# the commands, so that --help stays instant.
COMMAND_MODULES = (
    server_commands,
    worker,
    operation_commands,
    queue_commands,
    answer_commands,
    knowledge_commands,
    image_commands,
    matte_commands,
    survey_commands,
    feedback_commands,
    account_commands,
    capture_commands,
)

EPILOG = (
    "Start with: FRONTLINE_DEMO=1 python -m app serve\n\n"
    "Settings are environment variables with the prefix FRONTLINE_; the README lists them. "
    "A command that cannot do its job ends with exit code 2, one line that says what happened and one that says what "
    "to do."
)


def build_cli() -> typer.Typer:
    """The command line with all commands."""
    cli = typer.Typer(
        name="python -m app",
        help="Frontline: grounded answers, product photos and survey insight for the people who face customers.",
        epilog=EPILOG,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    for module in COMMAND_MODULES:
        module.register(cli)
    return cli


def main(arguments: list[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    try:
        build_cli()(args=arguments, prog_name="python -m app")
    except AppError as error:
        print_error(error)
        sys.exit(EXIT_ERROR)


if __name__ == "__main__":
    main()
