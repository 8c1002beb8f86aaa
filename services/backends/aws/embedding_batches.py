"""Texts in batches, several at once, and replies as vectors that can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextvars import copy_context

import numpy as np
from numpy.typing import NDArray

from services.errors import BackendMisconfiguredError, BackendUnavailableError

CALLED = "embedding model"
# Stands for texts without a word, which the models refuse.
NO_TEXT = "-"
# So many places are left to questions while a build asks for all that it can.
_LEFT_FREE = 2

Vectors = NDArray[np.float32]


def sendable(text: str, most_characters: int) -> str:
    """What is sent of a text: its beginning, and something even where there is nothing."""
    cut = text[:most_characters].encode("utf-8", "replace").decode("utf-8")
    return cut if cut.strip() else NO_TEXT


def batched(texts: Sequence[str], most_texts: int, most_bytes: int) -> Iterator[Sequence[str]]:
    """The texts in their order, cut into batches that are neither too many nor, in UTF-8, too long."""
    batch: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode("utf-8", "replace"))
        if batch and (len(batch) >= most_texts or size + length > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += length
    if batch:
        yield batch


def embedded(
    batches: Sequence[Sequence[str]], ask: Callable[[Sequence[str]], Vectors], dimension: int, at_once: int
) -> Vectors:
    """The vectors of all batches, in order; after the first error no further batch is asked for.

    Raises:
        BackendError: that of the first batch that failed.
    """
    if not batches:
        return np.empty((0, dimension), dtype=np.float32)
    if len(batches) == 1:
        return ask(batches[0])
    with ThreadPoolExecutor(min(len(batches), max(1, at_once - _LEFT_FREE)), thread_name_prefix="embedding") as pool:
        # Each with a copy of its own: on whose behalf a call is made stands in a context variable.
        running = [pool.submit(copy_context().run, ask, batch) for batch in batches]
        done, waiting = wait(running, return_when=FIRST_EXCEPTION)
        for one in waiting:
            one.cancel()
        for one in running:
            if one in done and (error := one.exception()) is not None:
                raise error
        return np.concatenate([one.result() for one in running])


def unit_vectors(rows: object, count: int, dimension: int | None) -> Vectors:
    """The rows of a reply as vectors of unit length.

    Args:
        dimension: What they must be long; None takes what comes.

    Raises:
        BackendUnavailableError: it is not one vector of finite numbers per text.
        BackendMisconfiguredError: they have another dimension (``embedding-dimension``).
    """
    try:
        vectors = np.asarray(rows, dtype=np.float32)
    except (ValueError, TypeError) as exc:
        raise unreadable() from exc
    if vectors.ndim != 2 or len(vectors) != count or not vectors.shape[1] or not np.isfinite(vectors).all():
        raise unreadable()
    if dimension is not None and vectors.shape[1] != dimension:
        raise BackendMisconfiguredError(
            f"The {CALLED} gives vectors of {vectors.shape[1]} numbers where {dimension} are expected.",
            code="embedding-dimension",
            remedy="An administrator must check the embedding model in the settings, and build the index anew.",
        )
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = vectors / np.maximum(lengths, np.float32(1e-12))
    return unit


def unreadable() -> BackendUnavailableError:
    """For replies of another shape than was expected."""
    return BackendUnavailableError(f"The {CALLED} sent a reply that cannot be read.", code="model-reply-malformed")
