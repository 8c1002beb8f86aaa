"""Turns the packaged sentence-transformers weights into one int8 ONNX file: tokens in, unit vectors out.

Run as ``python -m services.backends.local.export_embedder MODEL_FOLDER TARGET.onnx``. Pooling and normalization are
part of the graph, so that the running process needs onnxruntime and tokenizers only.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import warnings
from pathlib import Path
from typing import cast

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from sentence_transformers import SentenceTransformer


class _SentenceEncoder(torch.nn.Module):
    """The transformer with mean pooling over real tokens and unit length."""

    def __init__(self, transformer: torch.nn.Module) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        tokens = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask.unsqueeze(-1).to(tokens.dtype)
        pooled = (tokens * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1e-9)
        return torch.nn.functional.normalize(pooled, dim=1)


CHECK_TEXTS = (
    "Who completes the prior authorization form?",
    "A claim that returns reject code 75 needs prior authorization before the plan pays for the prescription.",
    "Keep insulin between 36 and 46 degrees Fahrenheit.",
    "refill",
)
# Quantization costs a little; below this the export is broken, not just rounded.
LOWEST_COSINE = 0.97


def export(model_folder: Path, target: Path) -> None:
    """Write the quantized model to ``target``; a half-written or wrong file never appears under that name.

    Raises:
        RuntimeError: the exported model's vectors do not agree with those of the original.
    """
    model = SentenceTransformer(str(model_folder), device="cpu")
    transformer = cast("torch.nn.Module", model[0].auto_model)
    encoder = _SentenceEncoder(transformer).eval()
    tokens = model.tokenizer(list(CHECK_TEXTS), padding=True, return_tensors="pt")
    example = (tokens["input_ids"], tokens["attention_mask"])
    size = {0: torch.export.Dim("batch", min=1, max=4096), 1: torch.export.Dim("length", min=2, max=512)}
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        plain, prepared, quantized = (Path(folder) / name for name in ("plain.onnx", "prepared.onnx", "int8.onnx"))
        torch.onnx.export(
            encoder,
            example,
            plain,
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors"],
            dynamic_shapes={"input_ids": size, "attention_mask": size},
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        quantize_dynamic(prepared, quantized, per_channel=True, weight_type=QuantType.QInt8)
        session = onnxruntime.InferenceSession(str(quantized), providers=["CPUExecutionProvider"])
        feeds = {name: tokens[name].numpy() for name in ("input_ids", "attention_mask")}
        vectors = np.asarray(session.run(["vectors"], feeds)[0])
        original = np.asarray(model.encode(list(CHECK_TEXTS), normalize_embeddings=True))
        lowest = float((vectors * original).sum(axis=1).min())
        if lowest < LOWEST_COSINE:
            raise RuntimeError(f"the quantized model differs from the original (cosine {lowest:.3f})")
        quantized.replace(target)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    export(Path(sys.argv[1]), Path(sys.argv[2]))
