"""Isolation: whatever a parser does, the process that asked goes on and gets a failure with its own code."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.knowledge.loading import IsolatedLoader, load_path
from services.knowledge.loading.child_pool import ChildDiedError, ChildPool
from tests.unit.knowledge.loading.samples import LIMIT_BYTES, make_docx, make_pdf, make_zip

HOSTILE = "tests.unit.knowledge.loading.hostile:parse"
MEMORY_BYTES = 200_000_000


@pytest.fixture(scope="module")
def hostile() -> Iterator[IsolatedLoader]:
    loader = IsolatedLoader(LIMIT_BYTES, seconds=2, memory_bytes=MEMORY_BYTES, processes=1, parse=HOSTILE)
    yield loader
    loader.close()


@pytest.fixture(scope="module")
def loader() -> Iterator[IsolatedLoader]:
    loader = IsolatedLoader(LIMIT_BYTES)
    yield loader
    loader.close()


def code(loader: IsolatedLoader, text: str) -> str:
    loaded = loader.load_bytes("a.txt", text.encode())
    assert loaded.documents == ()
    assert loaded.original == text.encode()
    (failure,) = loaded.failures
    assert failure.remedy
    assert failure.cause.endswith(".")
    assert "words of the document" not in failure.cause
    return failure.code


@pytest.mark.parametrize(
    ("behavior", "expected"),
    [
        ("crash", "parser-crashed"),
        ("exit", "parser-crashed"),
        ("raise", "parser-crashed"),
        ("raise input error", "parser-crashed"),
        ("bait", "parser-crashed"),
        ("hang", "parser-timeout"),
        ("spin", "parser-timeout"),
        ("hog", "parser-memory"),
        ("abort near the limit", "parser-memory"),
        ("write", "parser-crashed"),
    ],
)
def test_misbehaving_parser_is_a_failure_and_the_next_file_loads(
    hostile: IsolatedLoader, behavior: str, expected: str
) -> None:
    assert code(hostile, behavior) == expected
    assert len(hostile.load_bytes("b.txt", b"Some text.").documents) == 1


def test_nothing_that_a_child_sends_is_run_here_and_it_writes_no_files(hostile: IsolatedLoader) -> None:
    code(hostile, "bait")
    code(hostile, "write")

    assert not Path(os.environ.get("TMPDIR", "/tmp"), "taken-over").exists()  # noqa: S108
    written = Path("/tmp/frontline-written-by-a-parser")  # noqa: S108
    assert not written.exists() or written.stat().st_size == 0
    written.unlink(missing_ok=True)


def test_what_a_parser_prints_does_not_disturb_the_results(hostile: IsolatedLoader) -> None:
    assert hostile.load_bytes("a.txt", b"print").documents[0].text == "print"


def test_children_are_used_again_and_know_no_settings(hostile: IsolatedLoader, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile.close()
    monkeypatch.setenv("FRONTLINE_COOKIE_SECRET", "secret")

    first, second = (hostile.load_bytes("a.txt", b"who").source_name for _ in range(2))

    assert first == second != str(os.getpid())
    assert "FRONTLINE" not in hostile.load_bytes("a.txt", b"environment").source_name


def test_child_that_was_killed_while_idle_is_replaced_without_a_word(hostile: IsolatedLoader) -> None:
    os.kill(int(hostile.load_bytes("a.txt", b"who").source_name), 9)

    assert hostile.load_bytes("a.txt", b"Some text.").failures == ()


def test_many_threads_share_few_children(hostile: IsolatedLoader) -> None:
    found: list[str] = []

    def load(number: int) -> None:
        loaded = hostile.load_bytes(f"{number}.txt", f"Text {number}.".encode())
        found.append(loaded.documents[0].text)

    threads = [threading.Thread(target=load, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == sorted(f"Text {number}." for number in range(12))


def test_loader_can_be_used_after_it_was_closed(loader: IsolatedLoader) -> None:
    loader.close()

    assert loader.load_bytes("a.txt", b"Some text.").failures == ()


def test_results_are_those_of_loading_in_this_process(loader: IsolatedLoader, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(make_pdf(["# Title", "Some text."]))
    (tmp_path / "b.docx").write_bytes(make_docx())
    (tmp_path / "c.jsonl").write_text('{"id": "1", "text": "One."}\n{"id": "1", "text": "Two."}\n')
    (tmp_path / "d.jsonl").write_text('{"id": "1", "text": "Three."}\n{"id": "2", "text": "Four."}\n')
    (tmp_path / "e.md").write_bytes(b"---\nreviewed: 2026-01-09\n---\nText.")
    (tmp_path / "f.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "g.zip").write_bytes(make_zip({"h.md": b"Other text.", "i.zip": b"PK"}))
    (tmp_path / "j.md").write_bytes(b"Text.")

    assert list(loader.load_path(tmp_path)) == list(load_path(tmp_path, max_file_bytes=LIMIT_BYTES))


def test_large_jsonl_comes_in_batches(loader: IsolatedLoader, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"id": "{number}", "text": "Text {number}."}}\n' for number in range(2_500)))

    assert [len(loaded.documents) for loaded in loader.load_path(path)] == [1_000, 1_000, 500]


def test_stopping_in_the_middle_of_a_large_jsonl_leaves_the_loader_whole(
    loader: IsolatedLoader, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"id": "{number}", "text": "Text {number}."}}\n' for number in range(5_000)))

    for _ in range(3):
        assert next(iter(loader.load_path(path))).documents

    assert loader.load_bytes("a.txt", b"Some text.").failures == ()


def test_file_over_the_limit_is_not_handed_to_a_child(hostile: IsolatedLoader) -> None:
    loaded = hostile.load_bytes("a.txt", b"x" * (LIMIT_BYTES + 1))

    assert [failure.code for failure in loaded.failures] == ["too-large"]
    assert loaded.original == b""


def test_defect_names_its_place_for_the_log_and_no_words() -> None:
    pool = ChildPool([HOSTILE.partition(":")[0]], seconds=20, memory_bytes=MEMORY_BYTES, processes=1)

    with pytest.raises(ChildDiedError) as caught:
        pool.call(HOSTILE, "a.txt", b"raise", None, LIMIT_BYTES)
    pool.close()

    assert caught.value.death == "defect"
    assert "KeyError in hostile.py:" in caught.value.detail
    assert "words" not in caught.value.detail


def test_children_do_not_import_the_web_app_or_models() -> None:
    pool = ChildPool(["services.knowledge.loading.isolated_calls"], seconds=20, memory_bytes=MEMORY_BYTES, processes=1)

    loaded = pool.call("tests.unit.knowledge.loading.hostile_imports:imported_modules")
    pool.close()

    assert {"docx", "pypdfium2"} <= set(loaded)
    assert not {"streamlit", "torch", "onnxruntime", "sqlalchemy", "pandas", "services.bootstrap"} & set(loaded)
