"""The whole app on AWS without an account: this endpoint, and moto's server for S3, SNS, KMS and STS.

    python -m tests.aws_endpoint --throttled 0.2 --errors 0.02

It prints the settings to start the app with, and runs until Ctrl+C.
"""

from __future__ import annotations

import os
import shlex
import time
from typing import Annotated

import typer

from tests.aws_endpoint.endpoint import AwsEndpoint, running_aws_endpoint
from tests.aws_endpoint.trial import app_settings


def main(
    port: Annotated[int, typer.Option(help="Port of the endpoint; 0 takes a free one.", min=0, max=65535)] = 0,
    throttled: Annotated[float, typer.Option(help="Share of calls that are throttled.", min=0, max=1)] = 0.0,
    errors: Annotated[float, typer.Option(help="Share of calls that fail with 500 or 503.", min=0, max=1)] = 0.0,
    seed: Annotated[int, typer.Option(help="The same calls fail for the same seed.")] = 7,
) -> None:
    """Run a local AWS and print the settings that point the app to it."""
    if throttled + errors > 1:
        raise typer.BadParameter("--throttled and --errors must not be more than 1 together.")
    before = dict(os.environ)
    try:
        with running_aws_endpoint(with_moto=True, port=port) as endpoint:
            settings = app_settings()
            aws = {name: value for name, value in os.environ.items() if before.get(name) != value}
            for name, value in sorted({**aws, **settings}.items()):
                typer.echo(f"export {name}={shlex.quote(value)}")
            typer.echo("# Ctrl+C stops it; S3 and the services forget everything then.")
            endpoint.faults.share(throttled, errors, seed)
            _tell_mistakes(endpoint)
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)


def _tell_mistakes(endpoint: AwsEndpoint) -> None:
    """Wait, and print what the endpoint itself does wrong as it happens."""
    told = 0
    while True:
        for mistake in endpoint.mistakes[told:]:
            typer.echo(mistake, err=True)
            told += 1
        time.sleep(0.5)


if __name__ == "__main__":
    typer.run(main)
