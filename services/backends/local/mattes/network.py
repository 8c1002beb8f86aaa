"""A segmentation network in an ONNX file: U2-Net, ISNet, BiRefNet and their like, run on the processor."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from services.errors import BackendError, BackendMisconfiguredError

MEAN = np.array((0.485, 0.456, 0.406), np.float32)
DEVIATION = np.array((0.229, 0.224, 0.225), np.float32)
ISNET_MEAN, ISNET_DEVIATION = np.float32(0.5), np.float32(1)
"""ISNet was trained without ImageNet's statistics; its files have its name."""

USUAL_SIDE = 320
"""For networks that take any size."""

_USUAL_SIZE = (USUAL_SIDE, USUAL_SIDE)

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


SECOND_SCALE = 0.7
"""The second look's size, as a share of the network's own."""


@dataclass(frozen=True, slots=True)
class _Opened:
    session: Any
    size: tuple[int, int]
    smaller: Any = None
    """A session for SECOND_SCALE of the size; None where the network takes one size only."""


class SegmentationNetwork:
    """Finds the subject with a network; safe to call from many threads.

    Args:
        file: The ONNX file: one input (1, 3, height, width), whose output 0 is a map of the subject.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._loading = threading.Lock()
        self._opened: _Opened | None = None

    def probability(self, rgb: Pixels) -> Floats:
        """Where the subject is, 0 to 1, at the network's own size; all zero when it sees nothing.

        Raises:
            BackendMisconfiguredError: the file is no such network (``segmentation-model``).
            BackendError: it failed on this picture (``segmentation-failed``).
        """
        opened = self._open()
        return self._run(opened.session, rgb, opened.size)

    def second_look(self, rgb: Pixels) -> Floats:
        """The same from another look, at the same size: a smaller picture, or its mirror image where that cannot be.

        Where the two looks differ, the network is not sure.

        Raises:
            BackendError: as :meth:`probability`.
        """
        opened = self._open()
        if opened.smaller is None:
            mirrored = np.ascontiguousarray(rgb[:, ::-1])
            return np.ascontiguousarray(self._run(opened.session, mirrored, opened.size)[:, ::-1])
        found = self._run(opened.smaller, rgb, smaller(opened.size))
        return np.asarray(cv2.resize(found, opened.size), np.float32)

    def _run(self, session: Any, rgb: Pixels, size: tuple[int, int]) -> Floats:
        values = network_input(rgb, size, isnet="isnet" in self._file.stem.casefold())
        try:
            output = _first_output(session, values)
        except Exception as exc:  # onnxruntime's errors have no class of their own to name
            raise BackendError(
                "The segmentation network failed on this picture.",
                code="segmentation-failed",
                remedy="Try again, or remove the network so that the built-in method is used.",
            ) from exc
        found = np.squeeze(np.asarray(output, np.float32))
        if found.ndim != 2 or not np.isfinite(found).all():
            raise _misconfigured(self._file)
        if found.min() < -0.01 or found.max() > 1.01:
            found = np.asarray(
                1 / (1 + np.exp(-np.clip(found, -50, 50))), np.float32
            )  # BiRefNet leaves the last step to its caller
        low, high = float(found.min()), float(found.max())
        if high - low < 1e-6:
            return np.zeros_like(found)
        return np.asarray((found - low) / (high - low), np.float32)

    def check_ready(self) -> None:
        """Raise BackendMisconfiguredError when the file is missing or no such network."""
        height, width = self._open().size[::-1]
        self.probability(np.zeros((height, width, 3), np.uint8))

    def _open(self) -> _Opened:
        with self._loading:
            if self._opened is None:
                import onnxruntime

                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = 1
                options.inter_op_num_threads = 1
                options.enable_mem_pattern = False
                # In the order of the file the side maps keep large layers waiting for the end: 28 MB more.
                options.execution_order = onnxruntime.ExecutionOrder.PRIORITY_BASED
                options.log_severity_level = 3  # a network that is run at another size than it was saved at is told of

                def opened(network: str | bytes) -> Any:
                    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])

                quantized = {size: quantized_file(self._file, size) for size in (_USUAL_SIZE, smaller(_USUAL_SIZE))}
                if all(file.is_file() for file in quantized.values()):
                    first, other = (opened(str(file)) for file in quantized.values())
                    self._opened = _Opened(first, _USUAL_SIZE, other)
                    return self._opened
                try:
                    session = opened(str(self._file))
                except Exception as exc:  # onnxruntime's errors have no class of their own to name
                    raise _misconfigured(self._file) from exc
                inputs = session.get_inputs()
                if len(inputs) != 1 or len(inputs[0].shape) != 4:
                    raise _misconfigured(self._file)
                height, width = (
                    side if isinstance(side, int) and side > 0 else USUAL_SIDE for side in inputs[0].shape[2:]
                )
                second = None
                if isinstance(inputs[0].shape[2], int):
                    with contextlib.suppress(Exception):  # a network whose layers know their sizes cannot be resized
                        second = opened(resized(self._file, smaller((width, height))))
                        shape = (1, 3, *smaller((width, height))[::-1])
                        second.run(None, {inputs[0].name: np.zeros(shape, np.float32)})
                self._opened = _Opened(session, (width, height), second)
            return self._opened


def network_input(rgb: Pixels, size: tuple[int, int], *, isnet: bool = False) -> Floats:
    """The picture as such networks want it: (1, 3, height, width), in the statistics that they were trained with."""
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    mean, deviation = (ISNET_MEAN, ISNET_DEVIATION) if isnet else (MEAN, DEVIATION)
    values = ((small.astype(np.float32) / max(float(small.max()), 1.0) - mean) / deviation).astype(np.float32)
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def _first_output(session: Any, values: Floats) -> NDArray[Any]:
    """Run a network on one input.

    Where the output's size is known before, it is written into memory of our own: as long as an output lies among the
    layers, a third of their memory is not given back.
    """
    taken, made = session.get_inputs()[0].name, session.get_outputs()[0]
    if made.type != "tensor(float)" or not all(isinstance(side, int) for side in made.shape):
        return np.asarray(session.run([made.name], {taken: values}, _giving_back())[0])
    output = np.empty(made.shape, np.float32)
    binding = session.io_binding()
    binding.bind_cpu_input(taken, values)
    binding.bind_output(made.name, "cpu", 0, np.float32, output.shape, output.ctypes.data)
    session.run_with_iobinding(binding, _giving_back())
    return output


@cache
def _giving_back() -> Any:
    """How a network is run: the memory of its layers is given back, for what works on the whole picture afterwards."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def quantized_file(network: Path, size: tuple[int, int]) -> Path:
    """Where the int8 version for pictures of a (width, height) lies, if there is one."""
    return network.with_name(f"{network.stem}-{size[0]}x{size[1]}.int8")


def smaller(size: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) of the second look."""
    # Such networks halve their input five times.
    width, height = (max(round(side * SECOND_SCALE / 32), 1) * 32 for side in size)
    return width, height


def resized(file: Path, size: tuple[int, int]) -> bytes:
    """The network for pictures of another (width, height), with its first output alone."""
    import onnx

    model = onnx.load(str(file))
    for dimension, side in zip(model.graph.input[0].type.tensor_type.shape.dim[2:], size[::-1], strict=True):
        dimension.dim_value = side
    del model.graph.output[1:]
    for dimension in model.graph.output[0].type.tensor_type.shape.dim:
        dimension.Clear()
    del model.graph.value_info[:]
    return bytes(model.SerializeToString())


def _misconfigured(file: Path) -> BackendMisconfiguredError:
    return BackendMisconfiguredError(
        f"{file.name} is not a segmentation network that can be used.",
        code="segmentation-model",
        remedy="Use an ONNX file of the U2-Net, ISNet or BiRefNet kind, or remove the file from the folder of models.",
    )
