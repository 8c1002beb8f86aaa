"""What every Embedder holds; a test class for one adapter inherits it and gives the fixture ``embedder``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from services.ports.knowledge import Embedder

TEXTS = (
    "Who signs the prior authorization form?",
    "Keep insulin in a refrigerator.",
    "refill",
    "A claim that returns reject code 75 needs prior authorization before the plan pays for the prescription.",
    "Ω µg — “quotes”, emoji 🙂 and\nline breaks",
)


class EmbedderContract:
    """Give a fixture ``embedder``."""

    def test_every_text_gets_a_unit_vector_of_the_stated_dimension(self, embedder: Embedder) -> None:
        vectors = embedder.embed(TEXTS)
        assert vectors.shape == (len(TEXTS), embedder.dimension)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)

    def test_no_text_gives_no_vector(self, embedder: Embedder) -> None:
        assert embedder.embed([]).shape == (0, embedder.dimension)

    def test_vectors_come_in_the_order_of_the_texts(self, embedder: Embedder) -> None:
        together = embedder.embed(TEXTS)
        alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
        # Quantized models round differently with the company that a text keeps; a swapped row would be far off.
        assert (together * alone).sum(axis=1).min() > 0.98

    def test_same_text_gives_the_same_vector(self, embedder: Embedder) -> None:
        np.testing.assert_array_equal(embedder.embed(TEXTS[:1]), embedder.embed(TEXTS[:1]))

    def test_empty_and_endless_texts_have_vectors_too(self, embedder: Embedder) -> None:
        vectors = embedder.embed(["", " ", "word " * 5000])
        assert np.isfinite(vectors).all()

    def test_many_threads_may_call_at_once(self, embedder: Embedder) -> None:
        expected = embedder.embed(TEXTS[:2])
        with ThreadPoolExecutor(4) as pool:
            for vectors in pool.map(lambda _: embedder.embed(TEXTS[:2]), range(8)):
                np.testing.assert_allclose(vectors, expected, atol=1e-5)

    def test_model_id_names_the_model_on_one_line(self, embedder: Embedder) -> None:
        assert embedder.model_id.strip() == embedder.model_id
        assert 0 < len(embedder.model_id) <= 200  # the width of its column
        assert "/" not in embedder.model_id or not embedder.model_id.startswith("/")

    def test_ready_embedder_says_so(self, embedder: Embedder) -> None:
        embedder.check_ready()
