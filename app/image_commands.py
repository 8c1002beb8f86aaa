"""The command that replaces the backgrounds of a folder of photos, in this process alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.terminal import give_way
from services.errors import InputError

if TYPE_CHECKING:
    from services.images.background_models import BackgroundWish
    from services.images.folder_run import FolderResult

EXIT_SOME_FAILED = 3
# The values of CompositeMode and SizePreset, whose module is too heavy for the names and help of commands.
Mode = Literal["precise", "default"]
Size = Literal["original", "square", "portrait", "landscape", "marketplace"]
_PADDING = 0.1


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command()(replace_backgrounds)


def replace_backgrounds(
    input_dir: Annotated[Path, typer.Argument(metavar="INPUT_DIR", help="Folder with photos, also in folders.")],
    output: Annotated[Path, typer.Option(help="Folder to write to; made when it is not there.")],
    prompt: Annotated[str, typer.Option(help="What the background should be, at most 512 characters.")] = "",
    negative: Annotated[str, typer.Option(help="What it should not have.")] = "",
    mode: Annotated[
        Mode, typer.Option(case_sensitive=False, help="`precise` keeps the product's pixels as they are.")
    ] = "precise",
    backdrop: Annotated[
        str, typer.Option(help="Goes before the prompt: a picture file, a color as #rrggbb, or `transparent`.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, max=2_147_483_646, help="The same seed makes the same background.")] = 0,
    variations: Annotated[int, typer.Option(min=1, max=5, help="Results per photo, from a prompt.")] = 1,
    size: Annotated[Size, typer.Option(case_sensitive=False, help="Size and aspect of the results.")] = "original",
    padding: Annotated[
        float | None,
        typer.Option(help="Free space around the product, 0 to 0.45 of the shorter side; 0.1 in sizes but original."),
    ] = None,
    shadow: Annotated[float, typer.Option(help="Strength of the contact shadow, 0 to 1.")] = 0.5,
) -> None:
    """Give every photo of a folder a new background, without server, worker, account or database.

    Writes PNG without loss, `<stem>.png`; with `--mode default`, JPEG, `<stem>.jpg`, except for transparent results.
    Folders are kept. Where photos share a stem, the whole file name stands before the ending; variations after the
    first end with -2, -3 and so on. `report.json` and `report.csv` say what became of every photo.

    Exit code 0 when every photo succeeded, 3 when some failed (the others are written), 2 when nothing was done.
    """
    from dataclasses import replace

    from services.backends.image_backends import build_background_generator, build_cutter, intake_limits
    from services.images.background_models import BackgroundKind, CompositeMode, SizePreset
    from services.images.folder_run import FolderRun
    from services.settings import load_settings

    plain, picture = _plain_wish(backdrop)
    wish = replace(
        plain,
        prompt=prompt,
        negative_prompt=negative,
        mode=CompositeMode(mode),
        variations=variations if plain.kind is BackgroundKind.PROMPT else 1,
        seed=seed,
        size=SizePreset(size),
        padding=_PADDING if padding is None and size != "original" else padding,
        shadow=shadow,
    )
    settings = load_settings(log_level="WARNING")
    run = FolderRun(
        build_cutter(settings),
        build_background_generator(settings),
        intake_limits(settings),
        input_dir,
        output,
        wish,
        picture,
    )
    give_way()
    done = failed = 0
    for number, result in enumerate(run.results(), start=1):
        done += result.failure is None
        failed += result.failure is not None
        _tell(number, run.count, result)
    run.write_report()
    print(f"{done} done, {failed} failed. Report: {output / 'report.json'}, {output / 'report.csv'}")
    if failed:
        raise typer.Exit(EXIT_SOME_FAILED)


def _plain_wish(backdrop: str) -> tuple[BackgroundWish, Path | None]:
    """The kind of background, its color, and the picture file of one's own."""
    from services.images.background_models import BackgroundKind, BackgroundWish

    if not backdrop:
        return BackgroundWish(), None
    if backdrop.strip().casefold() == "transparent":
        return BackgroundWish(kind=BackgroundKind.TRANSPARENT), None
    if backdrop.strip().startswith("#"):
        return BackgroundWish(kind=BackgroundKind.COLOR, color=backdrop), None
    path = Path(backdrop)
    if not path.is_file():
        raise InputError(
            f"There is no picture {backdrop}.",
            code="backdrop-missing",
            remedy="Give --backdrop a picture file, a color such as #f4f1ec, or transparent.",
        )
    return BackgroundWish(kind=BackgroundKind.PICTURE, picture=path.name), path


def _tell(number: int, count: int, result: FolderResult) -> None:
    place = f"[{number}/{count}] {result.file}"
    if result.failure is None:
        print(f"{place}: {', '.join(result.output)}", flush=True)
    else:
        failure = result.failure
        print(f"{place}: failed ({failure.code}): {failure.cause} {failure.remedy}", file=sys.stderr, flush=True)
