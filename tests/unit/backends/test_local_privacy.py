"""Libraries that would tell their maker of each start are told not to."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = "import os, services.backends.local.onnx_embedder; print(os.environ['ORT_DISABLE_TELEMETRY'])"


def test_onnxruntime_is_told_to_stay_silent_before_it_is_imported() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert told.stdout.strip() == "1"


def test_no_module_elsewhere_imports_onnxruntime_without_that() -> None:
    program = (
        "import sys, app.__main__, services.bootstrap\n"
        "print('onnxruntime' in sys.modules and 'services.backends.local' not in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert told.stdout.strip() == "False"
