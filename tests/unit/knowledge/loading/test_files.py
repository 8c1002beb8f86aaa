"""Files and folders: what is wrong with one never hides the others, and nothing is skipped without a word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.errors import InputError
from services.knowledge.loading import files, load_bytes, load_path, load_paths
from services.knowledge.loading.formats import Format
from services.knowledge.loading.loaded_file import Content
from services.knowledge.models import Document
from tests.unit.knowledge.loading.samples import (
    LIMIT_BYTES,
    OLE_MARK,
    PNG,
    load,
    make_docx,
    make_pdf,
    make_xlsx,
    make_zip,
    only_code,
)

ENCRYPTED_OFFICE = OLE_MARK + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(512)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.md", b"", "empty-file"),
        ("a.pdf", b"", "empty-file"),
        ("a.exe", b"MZ\x90\0", "unsupported-type"),
        ("notes", b"some text", "unsupported-type"),
        ("photo.png", PNG, "unsupported-type"),
        ("old.doc", OLE_MARK + bytes(512), "unsupported-type"),
        ("photo.pdf", PNG, "content-mismatch"),
        ("photo.md", PNG, "content-mismatch"),
        ("letter.docx", make_zip({"a.txt": b"x"}), "content-mismatch"),
        ("letter.pdf", b"just some text", "content-mismatch"),
        ("error-page.pdf", b"<!DOCTYPE html><html><body>Sign in</body></html>", "content-mismatch"),
        ("page.csv", b"<html><body>Sign in</body></html>", "content-mismatch"),
        ("page.jsonl", b"<html><body>Sign in</body></html>", "content-mismatch"),
        ("binary.txt", b"abc\0\0\0def\x01", "content-mismatch"),
        ("noise.pdf", bytes(range(128, 256)) * 20, "pdf-damaged"),
        ("noise.docx", bytes(range(128, 256)) * 20, "docx-damaged"),
        ("cut.docx", make_docx()[:500], "docx-damaged"),
        ("cut.xlsx", make_xlsx(("question", "answer"))[:500], "xlsx-damaged"),
        ("secret.docx", ENCRYPTED_OFFICE, "docx-password"),
        ("secret.xlsx", ENCRYPTED_OFFICE, "xlsx-password"),
        ("blank.md", b"\n \n", "no-text"),
        ("rulers.txt", b"-----\n\n*****\n", "no-text"),
        ("blank.html", b"<html><body><nav>Menu</nav></body></html>", "no-text"),
        ("blank.jsonl", b"\n\n", "no-text"),
    ],
)
def test_file_that_cannot_be_loaded_is_one_failure_with_its_own_code(name: str, data: bytes, code: str) -> None:
    assert only_code(name, data) == code


def test_unsupported_type_lists_what_is_supported() -> None:
    (failure,) = load("a.exe", b"MZ").failures

    assert all(word in failure.remedy for word in ("PDF", "Word", "Markdown", "HTML", ".txt", ".csv", ".xlsx", "JSONL"))


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("policy.md", make_pdf(["A paragraph."]), "application/pdf"),
        ("policy", make_pdf(["A paragraph."]), "application/pdf"),
        ("policy.pdf", make_docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("policy.txt", b"<!doctype html><html><body><p>A paragraph.</p></body></html>", "text/html"),
    ],
)
def test_readable_file_with_a_wrong_name_is_loaded_with_a_warning(name: str, data: bytes, media_type: str) -> None:
    loaded = load(name, data)

    assert loaded.media_type == media_type
    assert len(loaded.documents) == 1
    assert [warning.code for warning in loaded.warnings] == ["content-mismatch"]


def test_text_that_speaks_of_pdf_marks_stays_text() -> None:
    assert load("a.md", "Files start with `%PDF-1.7`.").media_type == "text/markdown"


def test_file_over_the_limit_is_refused_with_both_sizes() -> None:
    loaded = load_bytes("a.txt", b"x" * 2_000_001, max_file_bytes=2_000_000)

    assert [failure.code for failure in loaded.failures] == ["too-large"]
    assert "2.0 MB" in loaded.failures[0].cause


def test_file_over_the_limit_is_not_read_from_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 101)

    (loaded,) = load_path(path, max_file_bytes=100)

    assert loaded.failures[0].code == "too-large"
    assert loaded.original == b""


def test_folder_is_loaded_in_the_order_of_names_with_paths_as_ids(tmp_path: Path) -> None:
    for name in ("b.md", "a/z.txt", "a/c.md", "B.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Some text.")

    loaded = list(load_path(tmp_path, max_file_bytes=LIMIT_BYTES))

    assert [file.documents[0].id for file in loaded] == ["B.txt", "a/c.md", "a/z.txt", "b.md"]
    assert [file.source_name for file in loaded] == ["B.txt", "a/c.md", "a/z.txt", "b.md"]


def test_single_file_has_its_name_as_id(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Some text.")

    (loaded,) = load_path(tmp_path / "a.md", max_file_bytes=LIMIT_BYTES)

    assert loaded.documents[0].id == "a.md"
    with loaded.open_data() as stream:
        assert stream.read() == b"Some text."


def test_hidden_files_and_lock_files_of_word_are_skipped(tmp_path: Path) -> None:
    for name in (".hidden.md", ".git/a.md", "~$letter.docx", "a.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Some text.")

    assert [file.source_name for file in load_path(tmp_path, max_file_bytes=LIMIT_BYTES)] == ["a.md"]


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 broken")
    (tmp_path / "b.md").write_text("Some text.")
    (tmp_path / "c.png").write_bytes(PNG)

    loaded = list(load_path(tmp_path, max_file_bytes=LIMIT_BYTES))

    assert [[failure.code for failure in file.failures] for file in loaded] == [
        ["pdf-damaged"],
        [],
        ["unsupported-type"],
    ]
    assert loaded[1].documents


def test_missing_path_and_empty_folder_are_failures(tmp_path: Path) -> None:
    (missing,) = load_path(tmp_path / "no.md", max_file_bytes=1)
    (empty,) = load_path(tmp_path, max_file_bytes=1)

    assert missing.failures[0].code == "not-found"
    assert empty.failures[0].code == "empty-folder"


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")

    (loaded,) = load_path(tmp_path, max_file_bytes=LIMIT_BYTES)

    assert loaded.failures[0].code == "unsupported-type"


def test_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("Some text.")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "b.txt").symlink_to(folder / "gone.txt")

    codes = [file.failures[0].code for file in load_path(folder, max_file_bytes=LIMIT_BYTES)]

    assert codes == ["outside-folder", "not-found"]


def test_links_to_folders_and_links_to_themselves_are_reported_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("Some text.")
    folder = tmp_path / "folder"
    (folder / "inside").mkdir(parents=True)
    (folder / "inside" / "a.txt").write_text("Some text.")
    (folder / "b").symlink_to(tmp_path / "outside")
    (folder / "c").symlink_to(folder / "inside")
    (folder / "d").symlink_to(folder / "d")
    (folder / "e").symlink_to(folder)

    loaded = list(load_path(folder, max_file_bytes=LIMIT_BYTES))

    assert {file.source_name: [failure.code for failure in file.failures] for file in loaded} == {
        "b": ["outside-folder"],
        "c": ["linked-folder"],
        "d": ["outside-folder"],
        "e": ["linked-folder"],
        "inside/a.txt": [],
    }


def test_same_text_under_two_names_is_a_warning_over_all_paths_of_a_load(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Some text.")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.txt").write_text("Some text.")

    first, second = load_paths([tmp_path / "a.md", tmp_path / "b"], max_file_bytes=LIMIT_BYTES)

    assert first.warnings == ()
    assert [warning.code for warning in second.warnings] == ["duplicate-content"]


def test_two_paths_that_give_the_same_id_are_not_taken_for_versions_of_each_other(tmp_path: Path) -> None:
    for folder, text in (("a", "First."), ("b", "Second.")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "faq.md").write_text(text)

    first, second = load_paths([tmp_path / "a", tmp_path / "b"], max_file_bytes=LIMIT_BYTES)

    assert first.documents[0].text == "First."
    assert [failure.code for failure in second.failures] == ["duplicate-id"]


def test_nothing_to_find_in_a_document_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = Content((Document("a.md", "A", "", (), "text/markdown"),))
    monkeypatch.setitem(files._LOADERS, Format.MARKDOWN, lambda source: empty)

    assert [warning.code for warning in load("a.md", "Text.").warnings] == ["zero-chunks"]


def test_gigabyte_of_text_is_refused_without_being_read(tmp_path: Path) -> None:
    for name in ("a.txt", "a.csv", "a.zip"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(1_000_000_000)

    codes = [file.failures[0].code for file in load_path(tmp_path, max_file_bytes=LIMIT_BYTES)]

    assert codes == ["too-large", "too-large", "archive-damaged"]


def test_file_name_that_is_no_utf8_can_be_stored(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("Some text.")

    (loaded,) = load_path(tmp_path, max_file_bytes=LIMIT_BYTES)

    assert loaded.documents[0].id.encode("utf-8").decode() == "caf\ufffd.txt"


def test_id_used_by_a_line_and_by_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "b.md", "text": "First."}\n')
    (tmp_path / "b.md").write_text("Second.")

    first, second = load_path(tmp_path, max_file_bytes=LIMIT_BYTES)

    assert first.documents[0].text == "First."
    assert (second.documents, second.failures[0].code) == ((), "duplicate-id")


def test_original_that_is_gone_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "1", "text": "First."}\n')
    (loaded,) = load_path(path, max_file_bytes=LIMIT_BYTES)
    path.unlink()

    with pytest.raises(InputError) as caught:
        loaded.open_data()

    assert caught.value.code == "unreadable"


def test_document_id_can_be_given() -> None:
    assert load("a.md", "Some text.", document_id="policies/a.md").documents[0].id == "policies/a.md"
