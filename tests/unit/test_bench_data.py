"""What the benchmark reads, judges and makes up."""

from __future__ import annotations

import gzip
import json
import random
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from bench.abstention import declined_at
from bench.answers import holds, normalized
from bench.data_sets import foreign_questions, judgements, results_of, write_corpus
from bench.large_index import RealSnapshot, RepeatedDocuments, StandInEmbedder, moved, with_changed_words
from services.backends.local.snapshot_files import open_table
from services.backends.local.snapshot_writer import write_snapshot
from services.knowledge.chunking import ChunkSize
from services.knowledge.models import Document, DocumentVersion, Section
from tests.fakes import FakeEmbedder


def test_corpus_is_written_without_the_question_that_would_give_the_test_away(tmp_path: Path) -> None:
    folder = tmp_path / "qa" / "set"
    folder.mkdir(parents=True)
    with gzip.open(folder / "corpus.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps({"id": "d1", "title": "T", "text": "Body", "question": "Why?", "url": None}) + "\n")
    written = write_corpus(tmp_path, "set", tmp_path)
    assert json.loads(written.read_text(encoding="utf-8")) == {"id": "d1", "title": "T", "text": "Body"}


def test_judgements_are_read_by_question(tmp_path: Path) -> None:
    folder = tmp_path / "qa" / "set"
    folder.mkdir(parents=True)
    (folder / "qrels.tsv").write_text("q1\ta\t1\nq1\tb\t2\nq2\ta\t1\n", encoding="utf-8")
    assert judgements(tmp_path, "set") == {"q1": {"a": 1.0, "b": 2.0}, "q2": {"a": 1.0}}


def test_foreign_questions_are_the_test_split(tmp_path: Path) -> None:
    folder = tmp_path / "qa" / "clinc_oos"
    folder.mkdir(parents=True)
    (folder / "clinc.json").write_text(
        json.dumps({"oos_test": ["one", ["two", "oos"]], "test": ["x"]}), encoding="utf-8"
    )
    assert foreign_questions(tmp_path) == ["one", "two"]


def test_results_keep_their_order(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    hits = [{"document_id": "b", "score": 0.1}, {"document_id": "a", "score": 0.9}]
    path.write_text(json.dumps({"id": "q", "results": hits}) + "\n", encoding="utf-8")
    assert results_of(path) == {"q": ["b", "a"]}


def test_quote_is_found_whatever_spaces_and_punctuation_stand_in_it() -> None:
    assert normalized("The  fee,\nis — $40.") == "the fee is 40"
    assert holds("As said: the  fee\nis $40!", ["The fee is $40."])


@pytest.mark.parametrize("quotes", [["fee is $4"], ["another"], [""], []])
def test_part_of_a_word_or_nothing_is_no_quote(quotes: list[str]) -> None:
    assert not holds("The fee is $40.", quotes)


def test_declined_share_is_taken_where_enough_is_kept() -> None:
    inside = [0.1, *(0.5 + value / 100 for value in range(20))]
    assert declined_at(inside, [0.0, 0.3, 0.45, 0.9], kept=0.95) == 0.75
    assert declined_at(inside, [0.0, 0.3, 0.45, 0.9], kept=1.0) == 0.25


def test_changed_text_has_as_many_words_as_before() -> None:
    text = "one two three. four five\nsix"
    changed = with_changed_words(text, ["x"], random.Random(1), share=0.5)
    assert changed != text
    assert len(changed.split()) == len(text.split())
    assert with_changed_words(text, ["x"], random.Random(1), share=0.0) == text


def test_moved_vector_keeps_its_length_and_the_likeness_asked_for() -> None:
    vector = np.zeros(8, dtype=np.float32)
    vector[0] = 1.0
    result = moved(vector, 0.9, "key")
    assert float(np.linalg.norm(result)) == pytest.approx(1.0, abs=1e-6)
    assert float(result @ vector) == pytest.approx(0.9, abs=1e-6)
    assert np.array_equal(result, moved(vector, 0.9, "key"))
    assert not np.array_equal(result, moved(vector, 0.9, "other"))


def test_repeated_documents_give_the_chunks_wanted_with_vectors_of_their_originals(tmp_path: Path) -> None:
    embedder = FakeEmbedder()
    text = "The first sentence stands here. The second one follows it. " * 10
    stored = [
        DocumentVersion(
            Document(f"d{n}", f"Title {n}", f"{n} {text}", (Section((), 0, len(text)),), "text/plain"), 1, now
        )
        for n, now in enumerate([datetime.now(UTC)] * 3)
    ]
    size = ChunkSize(words=40, overlap=10)
    write_snapshot(tmp_path / "real", stored, embedder, size, None)
    real = RealSnapshot(tmp_path / "real")
    wanted = 2 * real.manifest.chunk_count + 1
    repeated = RepeatedDocuments(real, wanted)
    stand_in = StandInEmbedder(embedder, real.vectors, repeated.sources, likeness=0.8)
    written = write_snapshot(tmp_path / "large", repeated, stand_in, size, None)
    assert written.chunk_count == wanted
    large = np.load(tmp_path / "large" / "vectors.npy")
    assert np.allclose(large[: len(real.vectors)], real.vectors)
    copies = np.sum(large[len(real.vectors) : 2 * len(real.vectors)] * real.vectors, axis=1)
    assert np.allclose(copies, 0.8, atol=1e-4)
    ids = open_table(tmp_path / "large" / "documents.arrow")["id"].to_pylist()
    assert ids == ["d0", "d1", "d2", "d0-1", "d1-1", "d2-1", "d0-2"]
