"""New backgrounds for a folder of photos, one photo in memory at a time, without queue and database."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.errors import AppError, BackendRejectedError, BackendThrottledError, InputError
from services.images.background_models import (
    BackgroundKind,
    BackgroundPicture,
    BackgroundRequest,
    BackgroundWish,
    CompositeMode,
    PlacedSubject,
)
from services.images.composing import (
    EncodedComposite,
    backdrop_picture,
    encode_composites,
    place_subject,
    placement_notes,
    request_of,
)
from services.images.derived import disk_full, is_disk_full
from services.images.intake import IntakeLimits, check_image, open_upright
from services.images.mask_models import CutOut
from services.images.masks import no_mask_found
from services.images.models import ImageFailure
from services.images.packing import PICTURE_SUFFIXES, output_names
from services.images.previews import on_white
from services.images.report import failure_values, moment, rows_csv, wish_values
from services.images.wishes import checked_wish
from services.logs import get_logger, new_reference
from services.ports.images import BackgroundGenerator, PaysForMattes, SubjectCutter

MOST_TRIES = 4
_WAIT_SECONDS = 2.0

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FolderResult:
    """What became of one photo.

    Attributes:
        file: Its path below the folder, with ``/``.
        output: What was written, below the output folder; empty when it failed.
        values: What the report says besides.
    """

    file: str
    output: tuple[str, ...] = ()
    failure: ImageFailure | None = None
    values: dict[str, Any] = field(default_factory=dict)


class FolderRun:
    """One run over a folder.

    Args:
        folder: The photos; what is hidden, or has no ending of a picture, is left out.
        output: Made when it is not there.
        backdrop: The picture for a wish of the kind PICTURE.

    Raises:
        InputError: the wish cannot be fulfilled, or there is no photo (``folder-missing``, ``folder-empty``,
            ``output-unwritable``); nothing was done.
    """

    def __init__(
        self,
        cutter: SubjectCutter,
        generator: BackgroundGenerator,
        limits: IntakeLimits,
        folder: Path,
        output: Path,
        wish: BackgroundWish,
        backdrop: Path | None = None,
    ) -> None:
        self._cutter = cutter
        self._generator = generator
        self._limits = limits
        self._folder = folder
        self._output = output
        self._wish = checked_wish(wish)
        self._backdrop = on_white(open_upright(_checked(backdrop.read_bytes(), limits))) if backdrop else None
        self._files = _photos(folder, output)
        self._results: list[FolderResult] = []
        self._started_at = datetime.now(UTC)
        if self._wish.kind is BackgroundKind.PROMPT:
            generator.check_ready()
        cutter.check_ready()
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise InputError(
                f"The folder {output} cannot be made.", code="output-unwritable", remedy="Choose another --output."
            ) from exc

    @property
    def count(self) -> int:
        """How many photos there are."""
        return len(self._files)

    def results(self) -> Iterator[FolderResult]:
        """Work on one photo after the other; a photo that fails does not stop the others."""
        suffix = ".jpg" if self._wish.mode is CompositeMode.DEFAULT else ".png"
        if self._wish.kind is BackgroundKind.TRANSPARENT:
            suffix = ".png"
        names = output_names(self._files, {file: [suffix] * self._wish.variations for file in self._files})
        for file in self._files:
            result = self._result(file, names[file])
            self._results.append(result)
            yield result

    def write_report(self) -> None:
        """Write ``report.json`` and ``report.csv`` about the photos so far."""
        shared = {
            **wish_values(self._wish),
            "prompt": self._wish.prompt,
            "negative_prompt": self._wish.negative_prompt,
            "backend": self._backend,
            "verb": self._verb,
        }
        if self._wish.kind is BackgroundKind.PICTURE:
            shared["backdrop"] = self._wish.picture
        images = [
            {
                "file": result.file,
                "output": list(result.output),
                "status": "failed" if result.failure else "done",
                **failure_values(result.failure),
                **result.values,
            }
            for result in self._results
        ]
        failed = sum(1 for result in self._results if result.failure)
        report = {
            **shared,
            "started_at": moment(self._started_at),
            "finished_at": moment(datetime.now(UTC)),
            "done": len(images) - failed,
            "failed": failed,
            "images": images,
        }
        text = json.dumps(report, ensure_ascii=False, indent=2, allow_nan=False)
        self._write("report.json", text.encode())
        self._write("report.csv", rows_csv({**shared, **image} for image in images))

    @property
    def _backend(self) -> str:
        return self._generator.name if self._wish.kind is BackgroundKind.PROMPT else self._wish.kind.value

    @property
    def _verb(self) -> str:
        return self._generator.verb if self._wish.kind is BackgroundKind.PROMPT else "composed"

    def _result(self, file: str, names: Sequence[str]) -> FolderResult:
        started, started_at = time.monotonic(), datetime.now(UTC)
        values: dict[str, Any] = {"started_at": moment(started_at)}
        output: tuple[str, ...] = ()
        failure = None
        try:
            cut, notes, made = self._composites(file, values)
            for one, name in zip(made, names, strict=False):
                self._write(name, one.data)
            output = tuple(names[: len(made)])
            values |= {
                "mask_method": cut.method,
                "mask_doubts": [doubt.value for doubt in cut.doubts],
                "seeds_used": [one.seed for one in made],
                "origins": [one.origin for one in made],
                "notes": [*notes, *(one.note for one in made if one.note)],
            }
        except AppError as error:
            failure = ImageFailure(error.code, error.message_for_user, error.remedy)
            values["can_be_retried"] = error.retryable
        except Exception as error:  # one photo must never take the others down
            reference = new_reference()
            _log.error("photo-crashed", reference=reference, exc_info=error)
            cause = f"Something went wrong that was not foreseen. The reference is {reference}."
            failure = ImageFailure("unexpected", cause, "Look the reference up in what the command has logged.")
        values["finished_at"] = moment(datetime.now(UTC))
        values["seconds"] = round(time.monotonic() - started, 3)
        return FolderResult(file, output, failure, values)

    def _composites(self, file: str, values: dict[str, Any]) -> tuple[CutOut, tuple[str, ...], list[EncodedComposite]]:
        try:
            data = (self._folder / file).read_bytes()
        except OSError as exc:
            raise InputError(
                f"{file} cannot be read.", code="image-unreadable", remedy="Check the permissions of the file."
            ) from exc
        checked = check_image(data, self._limits)
        picture = open_upright(data)
        values |= {"calls": 0, "cost_usd": 0.0}
        if isinstance(self._cutter, PaysForMattes) and self._cutter.must_ask(picture):
            values |= {"calls": 1, "cost_usd": None}  # nobody says here what a matte costs
        cut = self._cutter.cut_out(picture)
        if not cut.matte.any():
            raise no_mask_found()
        subject = place_subject(picture, cut.matte, self._wish, self._cutter)
        notes = (*checked.notes, *placement_notes(cut.matte, self._wish))
        backgrounds = self._backgrounds(subject, values)
        return cut, notes, encode_composites(subject, backgrounds, self._wish)

    def _backgrounds(self, subject: PlacedSubject, values: dict[str, Any]) -> list[BackgroundPicture]:
        if self._backdrop is not None:
            return [backdrop_picture(self._backdrop, subject, BackgroundKind.PICTURE.value, self._wish.picture)]
        if self._wish.kind is not BackgroundKind.PROMPT:
            return []
        made: list[BackgroundPicture] = []
        blocked: BackendRejectedError | None = None
        parts = request_of(self._wish).parts(self._generator.pictures_per_call)
        before = values["cost_usd"]
        for part in parts:
            if self._generator.paid:
                # Whether a call that fails was paid for, nobody knows.
                values |= {"calls": values["calls"] + 1, "cost_usd": None}
            try:
                made += self._patiently(part, subject)
            except BackendRejectedError as error:
                if error.code != "picture-blocked":
                    raise
                blocked = error
        if blocked is not None and not made:
            raise blocked
        if self._generator.paid:
            price = self._generator.price_per_picture
            values["cost_usd"] = None if price is None or before is None else before + price * len(made)
        return made

    def _patiently(self, request: BackgroundRequest, subject: PlacedSubject) -> list[BackgroundPicture]:
        """Ask again when the generator has too much to do, as long as it may pass."""
        pause = _WAIT_SECONDS
        for left in reversed(range(MOST_TRIES)):
            try:
                return self._generator.generate(request, subject)
            except BackendThrottledError as error:
                if not left:
                    raise
                time.sleep(max(pause, error.retry_after_seconds or 0.0))
                pause *= 2
        raise AssertionError("the last try returns or raises")

    def _write(self, name: str, data: bytes) -> None:
        path = self._output / name
        temporary = path.with_name(f".{uuid.uuid4().hex[:8]}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            temporary.replace(path)
        except OSError as exc:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            if is_disk_full(exc):
                raise disk_full() from exc
            raise InputError(
                f"{name} cannot be written.", code="output-unwritable", remedy="Check the folder given as --output."
            ) from exc


def _photos(folder: Path, output: Path) -> list[str]:
    """The photos of a folder and the folders in it, by name; what lies in the output folder is no input.

    Raises:
        InputError: ``folder-missing`` or ``folder-empty``.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.", code="folder-missing", remedy="Check the path.")
    own, inside = folder.resolve(), output.resolve()
    found = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if hidden or path.suffix.casefold() not in PICTURE_SUFFIXES or not path.is_file():
            continue
        if inside != own and path.resolve().is_relative_to(inside):
            continue
        found.append(relative.as_posix())
    if not found:
        endings = "PNG, JPEG, WEBP, TIFF, HEIC"
        raise InputError(
            f"There are no photos in {folder}.", code="folder-empty", remedy=f"Put photos there: {endings}."
        )
    if inside == own:
        raise InputError(
            "The output folder is the folder of the photos.",
            code="output-is-input",
            remedy="Choose another --output, so that no photo is overwritten.",
        )
    return found


def _checked(data: bytes, limits: IntakeLimits) -> bytes:
    check_image(data, limits)
    return data
