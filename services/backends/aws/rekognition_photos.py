"""Photos as Rekognition takes them, and the way to it."""

from __future__ import annotations

import io

from PIL import Image

from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import AwsService, CallPolicy
from services.backends.aws.errors import AwsProblem
from services.errors import AppError, BackendRejectedError

MOST_BYTES = 5_242_880
# Larger pictures are made smaller inside; smaller ones than this lose small things.
LONGEST_SIDE = 4096
# Pictures with a shorter side are refused, and so are those with a longer one.
LEAST_SIDE = 80
_MOST_SIDE = 10_000
_QUALITIES = (92, 85, 75, 65)
_SMALLER = 0.8
# Every call is paid for, and its reply is small: a lost one is told, not asked for again.
REKOGNITION_POLICY = CallPolicy(read_timeout_seconds=60.0, at_once=8, repeats_unknown_outcomes=False)


class _ExpectedRefusalError(BackendRejectedError):
    """The answer to what is no picture."""


def _expected(problem: AwsProblem) -> AppError | None:
    known = problem.code in {"InvalidImageFormatException", "InvalidImageFormat"}
    return _ExpectedRefusalError("This is no picture.") if known else None


def rekognition_service(aws: AwsAccess, called: str, policy: CallPolicy | None = None) -> AwsService:
    """The way to Rekognition."""
    return AwsService(
        aws.clients,
        "rekognition",
        called=called,
        backend="rekognition",
        policy=policy or REKOGNITION_POLICY,
        recorder=aws.recorder,
    )


def require_answer(service: AwsService, operation: str) -> None:
    """Ask about what is no picture: that is refused without charge, but only where one may ask.

    Raises:
        BackendError: it could not be asked.
    """
    try:
        service.call(operation, {"Image": {"Bytes": b"no picture"}}, refused=_expected)
    except _ExpectedRefusalError:
        return


def photo_jpeg(picture: Image.Image, most_bytes: int = MOST_BYTES) -> bytes:
    """An RGB picture as JPEG of at most so many bytes: as fine as fits, then smaller, in its own shape.

    A picture that is too small, or too narrow, is made larger: boxes are shares of it, and stay where they are.
    """
    shown = picture
    if max(shown.size) > LONGEST_SIDE:
        shown = shown.copy()
        shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if min(shown.size) < LEAST_SIDE:
        larger = LEAST_SIDE / min(shown.size)
        width, height = (min(max(LEAST_SIDE, round(side * larger)), _MOST_SIDE) for side in shown.size)
        shown = shown.resize((width, height), Image.Resampling.LANCZOS)
    while True:
        for quality in _QUALITIES:
            written = io.BytesIO()
            shown.save(written, "JPEG", quality=quality)
            if written.tell() <= most_bytes:
                return written.getvalue()
        smaller = tuple(max(1, round(side * _SMALLER)) for side in shown.size)
        shown = shown.resize((smaller[0], smaller[1]), Image.Resampling.LANCZOS, reducing_gap=3.0)
