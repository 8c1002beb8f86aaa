"""Turns the packaged segmentation network into int8, half as slow and half as large in memory.

Run at setup as ``python -m services.backends.local.mattes.quantize``: it writes one file per size beside the network.
The ranges of the layers were learned from the tuning photos by bench/matte_training.py; a network of other weights,
for which they mean nothing, is left as it is.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import version_converter
from onnxruntime.quantization import CalibrationMethod, QDQQuantizer, QuantType
from onnxruntime.quantization.calibrate import TensorsData
from onnxruntime.quantization.shape_inference import quant_pre_process

from services.backends.local.mattes.network import USUAL_SIDE, quantized_file, resized, smaller
from services.backends.local.mattes.packaged_network import packaged_network

RANGES = Path(__file__).with_name("quantized_ranges.json")

QUANTIZED = ("Conv", "Relu", "MaxPool", "Concat", "Resize")

KEPT_PRECISE = frozenset({"Resize_763", "Concat_764", "Conv_765", "Relu_766", "Resize_785", "Concat_786", "Conv_787"})
"""In int8 these alone, of the last but one block, cost a quarter of the overlap (0.65 instead of 0.87)."""

# Per-channel weights of the int8 kind are in ONNX since this version of its operators.
_OPERATORS = 13


def quantize(network: Path, ranges: dict[str, Any]) -> list[Path]:
    """Write the int8 files of both sizes that the network is run at; nothing when the ranges are not its own.

    Returns:
        The files.
    """
    if hashlib.sha256(network.read_bytes()).hexdigest() != ranges["network_sha256"]:
        return []
    size = (USUAL_SIDE, USUAL_SIDE)
    files = []
    for one in (size, smaller(size)):
        target = quantized_file(network, one)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            made = Path(folder) / "int8.onnx"
            onnx.save(_quantized(prepared(network, one, Path(folder)), ranges["tensors"]), str(made))
            made.replace(target)
        files.append(target)
    return files


def prepared(network: Path, size: tuple[int, int], folder: Path) -> onnx.ModelProto:
    """The network for pictures of a (width, height), its shapes worked out and its operators brought up to date."""
    plain, simple = folder / "plain.onnx", folder / "simple.onnx"
    model = onnx.load_from_string(resized(network, size))
    onnx.save(version_converter.convert_version(model, _OPERATORS), str(plain))
    quant_pre_process(str(plain), str(simple), skip_symbolic_shape=True)
    return onnx.load(str(simple))


def layers_to_quantize(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes: everything but additions, what makes the maps, and what is kept precise."""
    read_by_relu = {node.input[0] for node in model.graph.node if node.op_type == "Relu"}
    return [
        node.name
        for node in model.graph.node
        if node.op_type in QUANTIZED
        and node.name not in KEPT_PRECISE
        and (node.op_type != "Conv" or node.output[0] in read_by_relu)
    ]


def _quantized(model: onnx.ModelProto, ranges: dict[str, list[float]]) -> onnx.ModelProto:
    known = {name: (np.float32(low), np.float32(high)) for name, (low, high) in ranges.items()}
    quantizer = QDQQuantizer(
        model,
        per_channel=True,
        reduce_range=False,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range=TensorsData(CalibrationMethod.MinMax, known),
        nodes_to_quantize=layers_to_quantize(model),
        nodes_to_exclude=[],
        op_types_to_quantize=list(QUANTIZED),
        extra_options={},
    )
    quantizer.quantize_model()
    made: onnx.ModelProto = quantizer.model.model
    return made


@cache
def learned_ranges() -> dict[str, Any]:
    """What bench/matte_training.py learned."""
    found: dict[str, Any] = json.loads(RANGES.read_text(encoding="utf-8"))
    return found


def main() -> None:
    """Quantize the packaged network, where there is one."""
    logging.disable(logging.WARNING)
    network = packaged_network()
    if network is None:
        return
    if not quantize(network, learned_ranges()):
        sys.stderr.write(f"{network.name} is another network than the one that was measured: it is used as it is.\n")


if __name__ == "__main__":
    main()
