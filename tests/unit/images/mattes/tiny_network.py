"""Segmentation networks of a few numbers, written as ONNX files."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper


def write_tiny_network(file: Path, *, side: int | str = 64, output_scale: float = 1.0, inputs: int = 1) -> Path:
    """A network that takes for the subject what is red and not green: ``output_scale`` times (red - green).

    Args:
        side: Of its input; a word makes it take any size.
        inputs: How many inputs it has.
    """
    shape = [1, 3, side, side]
    pictures = [helper.make_tensor_value_info(f"picture{number}", TensorProto.FLOAT, shape) for number in range(inputs)]
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [1, 3, 1, 1], [output_scale, -output_scale, 0.0])
    nodes = [
        helper.make_node("Conv", ["picture0", "weights"], ["raw"], kernel_shape=[1, 1]),
        helper.make_node("Sigmoid", ["raw"], ["subject"]),
        helper.make_node("Neg", ["subject"], ["second"]),
    ]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, side, side]) for name in ("subject", "second")
    ]
    graph = helper.make_graph(nodes, "tiny", pictures, outputs, [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    file.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(file))
    return file
