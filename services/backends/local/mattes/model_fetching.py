"""Fetches a segmentation network through rembg's own list of models, and checks it before it is used."""

from __future__ import annotations

import importlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.backends.local.mattes.network import SegmentationNetwork
from services.errors import BackendMisconfiguredError, BackendUnavailableError, InputError

Downloader = Callable[[str, Path], Path]
"""Takes the model's name and an empty folder; returns the file that it put there."""

BY_HAND = (
    "Put an ONNX file of the U2-Net, ISNet or BiRefNet kind into the folder models of FRONTLINE_HOME by hand, or go on "
    "without: photos are then cut out by the built-in method."
)


def fetch_network(name: str, models_folder: Path, download: Downloader) -> Path:
    """Fetch a network, try it on an empty picture, and put it into the folder of models.

    Raises:
        InputError: rembg's list has no such model (``model-unknown``).
        BackendUnavailableError: it could not be downloaded or kept (``model-not-fetched``).
        BackendMisconfiguredError: rembg is not installed, or the file is no network that can be used.
    """
    target = models_folder / f"{name}.onnx"
    try:
        models_folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=models_folder, prefix=".fetching-") as temporary:
            fetched = download(name, Path(temporary))
            SegmentationNetwork(fetched).check_ready()
            shutil.move(fetched, target)
    except OSError as exc:
        raise BackendUnavailableError(
            f"The model {name} could not be kept.",
            code="model-not-fetched",
            remedy="Check that FRONTLINE_HOME can be written and has room.",
        ) from exc
    return target


def rembg_download(name: str, folder: Path) -> Path:
    """A :data:`Downloader`: rembg knows the addresses and the checksums."""
    try:
        sessions = importlib.import_module("rembg.sessions").sessions
    except ImportError as exc:
        raise BackendMisconfiguredError(
            "The package rembg, which knows where the models are, is not installed.",
            code="rembg-missing",
            remedy=f"Run `pip install rembg` and repeat this. {BY_HAND}",
        ) from exc
    session = sessions.get(name)
    if session is None or not session.is_local():
        raise InputError(
            f"rembg has no model {name}.", code="model-unknown", remedy="Use one of its names, such as u2net."
        )
    # rembg would keep files in the person's home folder, where an older copy may lie: this one is to be fetched.
    places = {
        "model_dir": classmethod(lambda _class, *_, **__: str(folder)),
        "legacy_home": classmethod(lambda _class, *_, **__: str(folder)),
    }
    try:
        fetched: Any = type("FetchedSession", (session,), places)
        return Path(fetched.download_models())
    except Exception as exc:  # the network, the checksum and the disk fail in many libraries' ways
        raise BackendUnavailableError(
            f"The model {name} could not be downloaded from here: {type(exc).__name__}.",
            code="model-not-fetched",
            remedy=f"Try again where the network allows it. {BY_HAND}",
        ) from exc
