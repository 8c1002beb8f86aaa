"""Files that are made from others: named by everything that decides them, so that equal ones are made once."""

from __future__ import annotations

import errno
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.errors import BackendUnavailableError, NotFoundError
from services.ports.images import ImageFiles

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Mattes are flat: more effort makes them hardly smaller.
_MATTE_COMPRESSION = 1
# Within a photo these are plenty, and names stay short enough for every file system.
_KEY_LETTERS = 32


def content_key(*parts: object) -> str:
    """The sha256 in hex of these JSON-able parts."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def derived_folder(tenant_id: str, sha256: str) -> str:
    """Where everything lies that is made of a photo, so that it can be forgotten with the photo."""
    return f"images/{tenant_id}/derived/{sha256[:2]}/{sha256}"


def derived_name(tenant_id: str, sha256: str, key: str, name: str) -> str:
    """Where a file lies that is made of a photo and of what ``key`` names."""
    return f"{derived_folder(tenant_id, sha256)}/{key[:_KEY_LETTERS]}/{name}"


def run_folder(tenant_id: str, batch_id: str) -> str:
    """Where everything lies that is made of the runs of a batch as a whole."""
    return f"images/{tenant_id}/runs/{batch_id}"


@contextmanager
def storing() -> Iterator[None]:
    """Tell a full disk apart from a storage that does not answer.

    Raises:
        BackendUnavailableError: ``disk-full``, or ``storage-unavailable`` for any other reason.
    """
    try:
        yield
    except BackendUnavailableError as exc:
        cause: BaseException | None = exc
        while cause is not None:
            if isinstance(cause, OSError) and is_disk_full(cause):
                raise disk_full() from exc
            cause = cause.__cause__
        raise


def disk_full() -> BackendUnavailableError:
    """There is no space left for a file."""
    return BackendUnavailableError(
        "There is no space left where files are stored.",
        code="disk-full",
        remedy="An administrator must make room in the storage; then retry.",
    )


def is_disk_full(error: OSError) -> bool:
    """Whether the system says that there is no space left."""
    return error.errno in _FULL


def keep_file(files: ImageFiles, name: str, data: bytes) -> None:
    """Write a file.

    Raises:
        BackendUnavailableError: see :func:`storing`.
    """
    with storing():
        files.write(name, data)


def read_values(files: ImageFiles, name: str) -> dict[str, Any] | None:
    """JSON that was kept with :func:`keep_values`; None when there is none, or none that can be read."""
    try:
        values = json.loads(files.read(name))
    except NotFoundError:
        return None
    except ValueError:
        return None  # cut off by a crash of the machine: it is made anew
    return values if isinstance(values, dict) else None


def keep_values(files: ImageFiles, name: str, values: Mapping[str, Any]) -> None:
    """Keep JSON-able values in a file."""
    keep_file(files, name, json.dumps(values, ensure_ascii=False, allow_nan=False).encode())


def gray_png(pixels: NDArray[np.uint8]) -> bytes:
    """(height, width) uint8 as an 8-bit grayscale PNG."""
    output = io.BytesIO()
    Image.fromarray(pixels).save(output, "PNG", compress_level=_MATTE_COMPRESSION)
    return output.getvalue()


def read_gray_png(data: bytes) -> NDArray[np.uint8]:
    """Read :func:`gray_png`."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("L"), dtype=np.uint8)
