"""The contract of KnowledgeIndex: the local index in a folder and over S3."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.backends.aws.access import AwsAccess
from services.backends.aws.clients import AwsClients
from services.backends.file_backends import build_snapshot_folders
from services.backends.local import snapshot_writer
from services.backends.local.faiss_index import FaissIndex
from services.errors import BackendError, BackendUnavailableError, ConfigurationError
from services.knowledge.chunking import ChunkSize
from services.knowledge.models import SearchType
from services.ports.knowledge import Embedder
from services.settings import load_settings
from services.storage.files import SnapshotFolders
from tests.contract.knowledge_index import TENANT, KnowledgeIndexContract, MakeIndex, found, versions
from tests.contract.knowledge_samples import document, version
from tests.fakes import FakeEmbedder


class TestFaissIndexInAFolder(KnowledgeIndexContract):
    @pytest.fixture
    def make_index(self, tmp_path: Path) -> MakeIndex:
        return lambda embedder: FaissIndex(SnapshotFolders(str(tmp_path / "files"), tmp_path / "cache"), embedder)

    @pytest.fixture
    def snapshot(self, built: FaissIndex, tmp_path: Path) -> Path:
        return tmp_path / "files" / "snapshots" / TENANT / "000001"

    @pytest.mark.parametrize("name", ["vectors.npy", "documents.arrow", "chunks.arrow", "manifest.json"])
    def test_damaged_file_is_refused(self, snapshot: Path, name: str, make_index: MakeIndex) -> None:
        content = bytearray((snapshot / name).read_bytes())
        content[len(content) // 2] ^= 0xFF
        (snapshot / name).write_bytes(content)
        with pytest.raises(ConfigurationError) as caught:
            found(make_index(FakeEmbedder()), "insulin")
        assert caught.value.code == "snapshot-damaged"

    @pytest.mark.parametrize("name", ["vectors.npy", "documents.arrow"])
    def test_missing_file_is_refused(self, snapshot: Path, name: str, make_index: MakeIndex) -> None:
        (snapshot / name).unlink()
        with pytest.raises(ConfigurationError) as caught:
            found(make_index(FakeEmbedder()), "insulin")
        assert caught.value.code == "snapshot-damaged"

    def test_snapshot_of_another_format_is_refused(self, snapshot: Path, make_index: MakeIndex) -> None:
        manifest = snapshot / "manifest.json"
        manifest.write_text(
            manifest.read_text(encoding="utf-8").replace('"format_version": 1', '"format_version": 9'), encoding="utf-8"
        )
        with pytest.raises(ConfigurationError) as caught:
            found(make_index(FakeEmbedder()), "insulin")
        assert caught.value.code == "snapshot-format"

    def test_damaged_predecessor_costs_time_but_not_the_new_snapshot(
        self, snapshot: Path, make_index: MakeIndex
    ) -> None:
        (snapshot / "manifest.json").write_text("{", encoding="utf-8")
        assert make_index(FakeEmbedder()).build(TENANT, 2, versions(), 1).reused_vector_count == 0

    def test_opened_snapshot_outlives_its_files(self, snapshot: Path, built: FaissIndex) -> None:
        before = found(built, "insulin")
        for path in sorted(snapshot.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        assert found(built, "insulin") == before

    def test_build_leaves_only_the_snapshot(self, snapshot: Path) -> None:
        assert [path.name for path in snapshot.parent.iterdir()] == ["000001"]

    def test_what_a_killed_build_left_goes_with_the_next_one(self, snapshot: Path, make_index: MakeIndex) -> None:
        left, others = (snapshot.with_name(f".building-{number}-0badc0de") for number in (2, 22))
        for folder in (left, others):
            folder.mkdir()
            (folder / "vectors.npy").write_bytes(b"half")
        make_index(FakeEmbedder()).build(TENANT, 2, versions(), 1)
        assert (left.exists(), others.exists()) == (False, True)

    def test_snapshot_is_searched_with_the_model_that_it_was_made_with(self, snapshot: Path, tmp_path: Path) -> None:
        own = FakeEmbedder()
        asked: list[str] = []

        def embedder_of(model_id: str) -> Embedder | None:
            asked.append(model_id)
            return own if model_id == own.model_id else None

        folders = SnapshotFolders(str(tmp_path / "files"), tmp_path / "cache")
        changed = FaissIndex(folders, FakeEmbedder("other", 64), embedder_of=embedder_of)
        assert found(changed, "Where is insulin kept?")[0].document_id == "storage.md"
        assert changed.build(TENANT, 2, versions(), 1).reused_vector_count == 0
        assert len(changed.search(TENANT, 2, "insulin", limit=1, search_type=SearchType.HYBRID).question_vector) == 64
        assert asked == ["fake"]

    def test_full_disk_in_the_middle_of_a_build_is_explained(self, built: FaissIndex, snapshot: Path) -> None:
        def fill(done: int, total: int) -> None:
            raise OSError(28, "No space left on device")

        with pytest.raises(BackendUnavailableError) as caught:
            built.build(TENANT, 2, versions(), 1, fill)
        assert "disk" in caught.value.remedy
        assert [path.name for path in snapshot.parent.iterdir()] == ["000001"]
        assert found(built, "insulin")

    def test_storage_that_cannot_be_written_is_explained(self, tmp_path: Path) -> None:
        (tmp_path / "files").write_text("a file where the folder should be", encoding="utf-8")
        index = FaissIndex(SnapshotFolders(str(tmp_path / "files"), tmp_path / "cache"), FakeEmbedder())
        with pytest.raises(BackendUnavailableError):
            index.build(TENANT, 1, versions(), None)
        with pytest.raises(BackendUnavailableError):
            index.check_ready()

    def test_inverted_file_of_a_large_snapshot_finds_the_same(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        documents = [document(f"{number}.md", f"Topic {number}", f"Body of topic {number}.") for number in range(300)]
        flat = FaissIndex(SnapshotFolders(str(tmp_path / "flat"), tmp_path), FakeEmbedder())
        flat.build(TENANT, 1, (version(item) for item in documents), None)
        monkeypatch.setattr(snapshot_writer, "FLAT_LIMIT", 100)
        monkeypatch.setattr(snapshot_writer, "INVERTED_LISTS", 8)
        inverted = FaissIndex(SnapshotFolders(str(tmp_path / "inverted"), tmp_path), FakeEmbedder())
        inverted.build(TENANT, 1, (version(item) for item in documents), None)
        assert (tmp_path / "inverted" / "snapshots" / TENANT / "000001" / "neighbors.faiss").is_file()
        for question in ("topic 17", "body of topic 250"):
            assert found(inverted, question, SearchType.SEMANTIC)[0] == found(flat, question, SearchType.SEMANTIC)[0]

    def test_vectors_of_many_blocks_stand_in_their_rows(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(snapshot_writer, "EMBED_BLOCK", 7)
        embedder: Embedder = FakeEmbedder()
        index = FaissIndex(SnapshotFolders(str(tmp_path), tmp_path), embedder, ChunkSize(12, 3))
        index.build(TENANT, 1, versions(), None)
        vectors = np.load(tmp_path / "snapshots" / TENANT / "000001" / "vectors.npy")
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        best = found(index, "Reject 79 means that the refill is too soon.", SearchType.SEMANTIC)[0]
        assert "79" in best.text


def mirrored(root: str, home: Path) -> SnapshotFolders:
    """Folders in a bucket, for a machine of its own."""
    return build_snapshot_folders(load_settings(storage_root=root, home=home), AwsAccess(AwsClients()))


class TestFaissIndexOverS3(KnowledgeIndexContract):
    """Each index has a mirror of its own, as machines have."""

    @pytest.fixture
    def make_index(self, tmp_path: Path, s3_root: str) -> MakeIndex:
        made: list[FaissIndex] = []

        def make(embedder: Embedder) -> FaissIndex:
            made.append(FaissIndex(mirrored(s3_root, tmp_path / f"mirror-{len(made)}"), embedder))
            return made[-1]

        return make

    def test_damaged_copy_on_one_machine_is_fetched_again(
        self, built: FaissIndex, make_index: MakeIndex, s3_root: str, tmp_path: Path
    ) -> None:
        assert found(make_index(FakeEmbedder()), "insulin")
        vectors = tmp_path / "mirror-1" / "cache" / "snapshots" / TENANT / "000001" / "vectors.npy"
        vectors.write_bytes(b"damaged")
        again = FaissIndex(mirrored(s3_root, tmp_path / "mirror-1"), FakeEmbedder())
        assert found(again, "insulin") == found(built, "insulin")

    def test_snapshot_that_could_not_be_stored_is_not_found_here_either(
        self, s3_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folders = mirrored(s3_root.replace("frontline", "no-such-bucket"), tmp_path / "mirror")
        with pytest.raises(BackendError):
            FaissIndex(folders, FakeEmbedder()).build(TENANT, 1, versions(), None)
        assert list((tmp_path / "mirror" / "cache" / "snapshots" / TENANT).iterdir()) == []
