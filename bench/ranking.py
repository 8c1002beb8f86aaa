"""Why the weights of the ranking are what they are: the same questions under other weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.data_sets import SETS, judgements, set_questions, write_corpus
from bench.frontline import services_of
from bench.metrics import mean, ndcg_at_k
from bench.page import Figures, table
from bench.places import Places

WEIGHTS = ((0.3, 0.2), (0.0, 0.2), (0.15, 0.2), (0.5, 0.2), (0.3, 0.0), (0.3, 0.1), (0.3, 0.3), (0.3, 0.5))
"""Pairs of heading share and keyword weight; the first is what Frontline uses."""

BM25 = ((0.9, 0.4), (1.2, 0.75), (1.5, 0.75))
"""Pairs of k1 and b; the first is what Frontline uses."""

Rankings = list[list[str]]


def measure_weights(places: Places) -> list[Figures]:
    """nDCG@10 of the hybrid search on each set, for each pair of weights."""
    from services.backends.local.snapshot_files import read_manifest
    from services.backends.local.snapshot_search import OpenSnapshot, Wanted
    from services.knowledge.models import Ranking, SearchType
    from services.knowledge.shorthand import spell_out

    scores: dict[tuple[float, float], Figures] = {pair: {} for pair in WEIGHTS}
    for name, tenant in SETS.items():
        questions = set_questions(places.data, name)
        texts = [spell_out(question.text) for question in questions]
        with services_of(places.home) as services:
            vectors = services.embedder.embed(texts)
            number = services.knowledge.require_published(tenant).number
            folder = Path(services.settings.resolved_storage_root) / "snapshots" / tenant / f"{number:06d}"
        snapshot = OpenSnapshot(folder, read_manifest(folder))
        for pair in WEIGHTS:
            ranking = Ranking(keyword_weight=pair[1], heading_share=pair[0])
            wanted = Wanted(10, SearchType.HYBRID, ranking=ranking, one_per_document=True)
            found = [
                [passage.document_id for passage in snapshot.search(one, vector, wanted)[0]]
                for one, vector in zip(texts, vectors, strict=True)
            ]
            scores[pair][name] = _ndcg(places, name, found)
    return [{"heading_share": pair[0], "keyword_weight": pair[1], **values} for pair, values in scores.items()]


def measure_bm25(places: Places) -> list[Figures]:
    """nDCG@10 of the keyword search on each set, for each pair of BM25's own values."""
    from services.knowledge.chunking import chunk_document
    from services.knowledge.loading import load_path
    from services.knowledge.tokens import keyword_tokens

    scores: dict[tuple[float, float], Figures] = {pair: {} for pair in BM25}
    for name in SETS:
        corpus = write_corpus(places.data, name, places.work)
        chunks = [
            chunk
            for loaded in load_path(corpus, max_file_bytes=2**40)
            for document in loaded.documents
            for chunk in chunk_document(document)
        ]
        tokens = [keyword_tokens(chunk.indexed_text) or ["-"] for chunk in chunks]
        questions = [keyword_tokens(question.text) for question in set_questions(places.data, name)]
        owners = [chunk.document_id for chunk in chunks]
        for k1, b in BM25:
            scores[k1, b][name] = _ndcg(places, name, _bm25_rankings(tokens, owners, questions, k1, b))
    return [{"k1": pair[0], "b": pair[1], **values} for pair, values in scores.items()]


def _bm25_rankings(
    tokens: list[list[str]], owners: list[str], questions: list[list[str]], k1: float, b: float
) -> Rankings:
    import bm25s

    index: Any = bm25s.BM25(k1=k1, b=b)
    index.index(tokens, show_progress=False)
    rankings: Rankings = []
    for question in questions:
        known = [token for token in question if token in index.vocab_dict]
        scores: NDArray[np.float32] = index.get_scores(known) if known else np.zeros(len(owners), dtype=np.float32)
        best = np.argsort(-scores, kind="stable")[:200]
        rankings.append(list(dict.fromkeys(owners[row] for row in best if scores[row] > 0))[:10])
    return rankings


def _ndcg(places: Places, name: str, found: Rankings) -> float:
    grades = judgements(places.data, name)
    ids = [question.id for question in set_questions(places.data, name)]
    values = [ndcg_at_k(ranking, grades[one]) for one, ranking in zip(ids, found, strict=True) if one in grades]
    return round(mean(values), 4)


def text(weights: list[Figures], bm25: list[Figures]) -> str:
    """Both tables; the first row of each is in use."""
    names = list(SETS)
    return (
        "Weights of the hybrid ranking, nDCG@10; the first row is in use:\n\n"
        + table(
            ("Heading share", "Keyword weight", *names),
            ((f"{row['heading_share']:g}", f"{row['keyword_weight']:g}", *_scores(row, names)) for row in weights),
        )
        + "\n\nBM25's own values, keyword search alone, nDCG@10; the first row is in use:\n\n"
        + table(("k1", "b", *names), ((f"{row['k1']:g}", f"{row['b']:g}", *_scores(row, names)) for row in bm25))
    )


def _scores(row: Figures, names: list[str]) -> list[str]:
    return [f"{row[name]:.3f}" for name in names]
