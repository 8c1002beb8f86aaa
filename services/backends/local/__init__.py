"""What runs on this machine, and tells nobody of it."""

import os

# onnxruntime reports its use over the network unless this is set before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
