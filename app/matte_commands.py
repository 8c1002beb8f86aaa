"""The commands that cut products out of photos, and fetch a network that does it better."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.terminal import give_way
from services.errors import AppError, InputError

if TYPE_CHECKING:
    from services.images.intake import IntakeLimits
    from services.images.mask_models import MaskHints
    from services.ports.images import SubjectCutter

EXIT_SOME_FAILED = 3
QUALITY_FILE = "quality.json"
PICTURE_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".heic", ".heif", ".gif", ".bmp", ".svg", ".avif", ".jfif")
)
PixelBox = tuple[float, float, float, float]


class ModelKind(StrEnum):
    """What a model is for."""

    SEGMENTATION = "segmentation"


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (cut_out, get_model):
        cli.command()(command)


def cut_out(
    input_dir: Annotated[Path, typer.Argument(metavar="INPUT_DIR", help="Folder with photos.", show_default=False)],
    output: Annotated[Path, typer.Option(help="Folder for the mattes and quality.json; made when it is not there.")],
    boxes: Annotated[
        Path | None,
        typer.Option(help="JSON: {file: [left, top, width, height]} in pixels; the product lies in its box."),
    ] = None,
) -> None:
    """Cut the product out of every photo of a folder, without network.

    Writes one 8-bit grayscale matte per photo (255 = product) at the upright photo's size as <stem>.png, or as <file
    name>.png where photos share a stem; and quality.json: {file: {doubtful, reasons}}, with an error besides for a
    photo that cannot be used.

    Exit code 0 when every photo was cut out, 3 when some could not be used, 2 when nothing was done.
    """
    from services.backends.local.mattes.cutter import LocalSubjectCutter
    from services.backends.local.mattes.packaged_network import packaged_network
    from services.images.intake import IntakeLimits
    from services.settings import load_settings

    give_way()
    settings = load_settings()
    photos = _photos(input_dir)
    known = _read_boxes(boxes, photos) if boxes is not None else {}
    cutter = LocalSubjectCutter(settings.home / "models", settings.segmentation_model, packaged_network())
    cutter.check_ready()
    _make_folder(output, input_dir)
    limits = IntakeLimits(max_file_bytes=settings.max_image_bytes, max_pixels=settings.max_image_pixels)
    quality: dict[str, dict[str, object]] = {}
    for photo, name in zip(photos, matte_names([photo.name for photo in photos]), strict=True):
        try:
            quality[photo.name] = _cut_one(cutter, photo, output / name, known.get(photo.name), limits)
        except AppError as error:
            print(f"Not cut out: {photo.name}: {error.message_for_user} {error.remedy}", file=sys.stderr)
            quality[photo.name] = {"doubtful": True, "reasons": [error.code], "error": error.message_for_user}
    _write(output / QUALITY_FILE, (json.dumps(quality, ensure_ascii=False, indent=2) + "\n").encode())
    failed = sum("error" in entry for entry in quality.values())
    doubtful = sum(bool(entry["doubtful"]) for entry in quality.values()) - failed
    print(f"{len(photos) - failed} photos cut out, {doubtful} of them should be looked at, {failed} failed.")
    if failed:
        raise typer.Exit(EXIT_SOME_FAILED)


def get_model(
    kind: Annotated[ModelKind, typer.Argument(help="What the model is for.")],
    name: Annotated[str, typer.Option(help="The model's name in rembg's list.")] = "u2net",
) -> None:
    """Fetch a network that cuts out products better than the built-in method, and check it.

    The package rembg knows where the models are; it is not installed with Frontline. A file that you have can be put
    into FRONTLINE_HOME/models instead.
    """
    from services.backends.local.mattes.model_fetching import fetch_network, rembg_download
    from services.settings import load_settings

    print(f"Fetching the {kind.value} model {name} ...", flush=True)
    file = fetch_network(name, load_settings().home / "models", rembg_download)
    print(f"{file.name} ({file.stat().st_size / 1e6:,.0f} MB) works and is used from now on.")


def matte_names(photos: Sequence[str]) -> list[str]:
    """The name of each photo's matte: ``<stem>.png``, or ``<file name>.png`` where that would not be unique.

    Upper and lower case count as the same, because some disks take them so.
    """
    names = [f"{Path(photo).stem}.png" for photo in photos]
    while True:
        counts = Counter(name.casefold() for name in names)
        longer = [
            f"{photo}.png" if counts[name.casefold()] > 1 else name for photo, name in zip(photos, names, strict=True)
        ]
        if longer == names:
            return names
        names = longer


def _photos(folder: Path) -> list[Path]:
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as exc:
        raise InputError(
            f"{folder.name} is not a folder that can be read.", code="folder-missing", remedy="Name a folder of photos."
        ) from exc
    photos = [path for path in files if path.suffix.lower() in PICTURE_SUFFIXES]
    if not photos:
        raise InputError(
            f"{folder.name} holds no photos.",
            code="no-images",
            remedy="Put PNG, JPEG, WEBP, TIFF or HEIC files into it; folders inside it are not read.",
        )
    return photos


def _read_boxes(file: Path, photos: Sequence[Path]) -> Mapping[str, PixelBox]:
    """The boxes by file name, every one of them checked."""
    form = "It must be {file: [left, top, width, height]} in pixels."
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(f"{file.name} cannot be read as JSON.", code="boxes-invalid", remedy=form) from exc
    if not isinstance(values, dict):
        raise InputError(f"{file.name} is not a JSON object.", code="boxes-invalid", remedy=form)
    names = {photo.name for photo in photos}
    boxes: dict[str, PixelBox] = {}
    for name, numbers in values.items():
        if name not in names:
            raise InputError(
                f"{file.name} has a box for {name}, which is no photo of the folder.",
                code="boxes-unknown-file",
                remedy="Use the photos' file names, without folders.",
            )
        boxes[name] = _checked_box(file, name, numbers, form)
    return boxes


def _checked_box(file: Path, name: str, numbers: object, form: str) -> PixelBox:
    problem = InputError(f"The box of {name} in {file.name} is not valid.", code="boxes-invalid", remedy=form)
    if not isinstance(numbers, list) or len(numbers) != 4:
        raise problem
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in numbers):
        raise problem
    left, top, width, height = (float(value) for value in numbers)
    if not all(map(math.isfinite, (left, top, width, height))) or width <= 0 or height <= 0:
        raise problem
    return left, top, width, height


def _make_folder(output: Path, input_dir: Path) -> None:
    if output.resolve() == input_dir.resolve():
        raise InputError(
            "The mattes would overwrite the photos.", code="output-is-input", remedy="Name another folder for --output."
        )
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise _unwritable(output) from exc


def _cut_one(
    cutter: SubjectCutter, photo: Path, target: Path, box: PixelBox | None, limits: IntakeLimits
) -> dict[str, object]:
    """Cut one photo out, write its matte, and say how it looks."""
    import io

    from PIL import Image

    from services.images.intake import check_image, open_upright

    try:
        data = photo.read_bytes()
    except OSError as exc:
        raise InputError(
            f"{photo.name} cannot be read.", code="unreadable", remedy="Check that the file is yours to read."
        ) from exc
    check_image(data, limits)
    picture = open_upright(data)
    found = cutter.cut_out(picture, _hints(photo.name, box, picture.size))
    file = io.BytesIO()
    Image.fromarray(found.matte).save(file, "PNG")
    _write(target, file.getvalue())
    return {"doubtful": found.doubtful, "reasons": [doubt.value for doubt in found.doubts]}


def _hints(name: str, box: PixelBox | None, size: tuple[int, int]) -> MaskHints | None:
    from services.images.mask_models import Box, MaskHints

    if box is None:
        return None
    inside = Box.from_pixels(*box, size)
    if inside.width <= 0 or inside.height <= 0:
        raise InputError(
            f"The box of {name} lies outside the photo.",
            code="box-outside",
            remedy=f"The upright photo has {size[0]} x {size[1]} pixels.",
        )
    return MaskHints(keep_boxes=(inside,))


def _write(target: Path, data: bytes) -> None:
    try:
        target.write_bytes(data)
    except OSError as exc:
        raise _unwritable(target) from exc


def _unwritable(target: Path) -> InputError:
    return InputError(
        f"{target.name} cannot be written.", code="unwritable", remedy="Check that its folder is yours and has room."
    )
