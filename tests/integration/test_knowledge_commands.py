"""Loading and searching from the command line, with good and bad files."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Ended, run_command
from tests.unit.knowledge.loading.samples import make_pdf

TENANT = "north"
RETURNS = "# Returns\n\nUnopened items come back within 30 days. The label must stay on the box.\n"
ARTICLES = [
    {
        "id": "kb/1",
        "title": "Lost packages",
        "text": "Report a lost package.\n\n  Keep the tracking number – “always”. ",
    },
    {
        "id": "kb/2",
        "title": "Reject 75",
        "text": "Reject 75 means prior authorization.",
        "url": "https://kb.example/75",
    },
    {"id": "KB 3?", "title": "Cold boxes", "text": "🙂 Cold boxes are opened on arrival."},
]
BAD_FILES = {
    "broken.pdf": b"%PDF-1.7\nthis is no page tree",
    "empty.md": b"",
    "program.exe": b"MZ\x90\x00\x03\x00\x00\x00",
    "locked.pdf": make_pdf(["# Secret", "Nobody reads this."], password="open sesame"),
    "picture.pdf": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
}


def write_folder(folder: Path) -> Path:
    """Three good files and all the bad ones."""
    folder.mkdir()
    (folder / "returns.md").write_text(RETURNS, encoding="utf-8")
    (folder / "faq.csv").write_text("question,answer\nWho pays?,The plan pays after form PA-100.\n", encoding="utf-8")
    lines = "".join(json.dumps(article, ensure_ascii=False) + "\n" for article in ARTICLES)
    (folder / "articles.jsonl").write_text(lines, encoding="utf-8")
    for name, data in BAD_FILES.items():
        (folder / name).write_bytes(data)
    return folder


def show(home: Path, document_id: str) -> Ended:
    return run_command(home, "show-document", "--tenant", TENANT, document_id)


def snapshots(home: Path) -> list[tuple[int, str, int]]:
    rows = json.loads(run_command(home, "list-snapshots", "--tenant", TENANT, "--json").out)
    return [(row["number"], row["status"], row["documents"]) for row in rows]


@dataclass(frozen=True)
class FirstLoad:
    """What loading the folder for the first time left behind; only for reading."""

    home: Path
    folder: Path
    ended: Ended
    report: dict[str, Any]


@pytest.fixture(scope="module")
def first_load(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> FirstLoad:
    folder = write_folder(tmp_path_factory.mktemp("documents") / "folder")
    ended = run_command(empty_home, "load-knowledge", "--tenant", TENANT, "--publish", "--json", str(folder))
    return FirstLoad(empty_home, folder, ended, json.loads(ended.out))


def test_good_files_load_although_others_fail(first_load: FirstLoad) -> None:
    assert first_load.ended.code == 3
    assert (first_load.report["loaded"], first_load.report["unchanged"]) == (5, 0)
    assert (first_load.report["snapshot"], first_load.report["published"]) == (1, True)


def test_every_bad_file_is_named_with_cause_and_remedy(first_load: FirstLoad) -> None:
    failures = {failure["file"]: failure for failure in first_load.report["failures"]}
    assert set(failures) == set(BAD_FILES)
    for name, failure in failures.items():
        assert failure["cause"].endswith("."), name
        assert failure["remedy"].endswith("."), name
        assert str(first_load.folder) not in failure["cause"] + failure["remedy"]
    assert "password" in failures["locked.pdf"]["cause"]
    assert "empty" in failures["empty.md"]["cause"]


def test_ids_and_texts_of_jsonl_are_kept_to_the_letter(first_load: FirstLoad) -> None:
    for article in ARTICLES:
        assert show(first_load.home, article["id"]).out == article["text"]


def test_citation_in_a_jsonl_document_counts_in_the_given_text(first_load: FirstLoad) -> None:
    ended = run_command(first_load.home, "ask", "--tenant", TENANT, "--json", "what does reject 75 mean")
    answer = json.loads(ended.out)
    (citation, *_) = [item for item in answer["citations"] if item["document_id"] == "kb/2"]
    assert ARTICLES[1]["text"][citation["start"] : citation["end"]] == citation["quote"]
    assert (citation["title"], citation["url"]) == ("Reject 75", "https://kb.example/75")


def test_loading_the_same_again_makes_no_new_snapshot(first_load: FirstLoad) -> None:
    ended = run_command(first_load.home, "load-knowledge", "--tenant", TENANT, "--json", str(first_load.folder))
    report = json.loads(ended.out)
    assert ended.code == 3
    assert (report["loaded"], report["unchanged"], report["snapshot"]) == (0, 5, 1)
    assert snapshots(first_load.home) == [(1, "published", 5)]


def test_nothing_but_bad_files_changes_nothing(first_load: FirstLoad, tmp_path: Path) -> None:
    for name, data in BAD_FILES.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "returns.md").write_bytes(b"")
    before = snapshots(first_load.home)
    ended = run_command(first_load.home, "load-knowledge", "--tenant", TENANT, "--publish", str(tmp_path))
    assert ended.code == 2
    assert len([line for line in ended.err.splitlines() if line.startswith("Not loaded: ")]) == len(BAD_FILES) + 1
    assert "Not loaded: locked.pdf: " in ended.err
    assert snapshots(first_load.home) == before
    assert "30 days" in show(first_load.home, "returns.md").out


def test_missing_path_is_named_and_nothing_is_loaded(first_load: FirstLoad, tmp_path: Path) -> None:
    (tmp_path / "more.md").write_text("# More\n\nMore words.\n", encoding="utf-8")
    paths = [str(tmp_path / "more.md"), str(tmp_path / "nowhere.md")]
    ended = run_command(first_load.home, "load-knowledge", "--tenant", TENANT, *paths)
    assert (ended.code, ended.out) == (2, "")
    assert "nowhere.md" in ended.err
    assert show(first_load.home, "more.md").code == 2


def test_changed_file_becomes_the_next_version_and_a_draft_until_it_is_published(
    first_load: FirstLoad, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(first_load.home, home, symlinks=True)
    folder = tmp_path / "changed"
    folder.mkdir()
    (folder / "returns.md").write_text(RETURNS.replace("30 days", "45 days"), encoding="utf-8")
    ended = run_command(home, "load-knowledge", "--tenant", TENANT, str(folder))
    assert (ended.code, ended.err) == (0, "")
    assert "Snapshot 2 of north (draft)" in ended.out
    assert snapshots(home) == [(2, "draft", 5), (1, "published", 5)]
    assert "45 days" in show(home, "returns.md").out
    assert "30 days" in run_command(home, "show-document", "--tenant", TENANT, "--version", "1", "returns.md").out
    assert run_command(home, "publish", "--tenant", TENANT, "--snapshot", "2").code == 0
    assert snapshots(home) == [(2, "published", 5), (1, "retired", 5)]
    assert run_command(home, "publish", "--tenant", TENANT, "--snapshot", "1").code == 0
    assert snapshots(home) == [(2, "retired", 5), (1, "published", 5)]


@pytest.mark.parametrize(
    "arguments",
    [
        ("list-snapshots", "--tenant", "nowhere"),
        ("publish", "--tenant", TENANT, "--snapshot", "99"),
        ("show-document", "--tenant", TENANT, "nowhere.md"),
        ("calibrate", "--tenant", "nowhere"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_unknown_things_end_with_two_plain_lines(first_load: FirstLoad, arguments: tuple[str, ...]) -> None:
    ended = run_command(first_load.home, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert len(ended.err.strip().splitlines()) == 2


# Searching many questions


QUESTIONS = [
    {"id": "q1", "text": "what does reject 75 mean"},
    {"id": 2, "text": "<script>alert(1)</script>"},
    {"id": "q 3", "text": "¿dónde está mi paquete? 🙂"},
    {"id": "q4", "text": "how long do refunds take to arrive", "expected": []},
]


def write_questions(path: Path) -> Path:
    path.write_text("".join(json.dumps(question) + "\n" for question in QUESTIONS), encoding="utf-8")
    return path


def retrieve(home: Path, folder: Path, *options: str) -> list[dict[str, Any]]:
    questions, output = write_questions(folder / "questions.jsonl"), folder / "results.jsonl"
    ended = run_command(
        home,
        *("retrieve", "--tenant", "pharmacy", "--questions", str(questions), "--output", str(output)),
        *options,
    )
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("4 questions, CPU per question: median ")
    return [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("search_type", ["hybrid", "semantic", "keyword"])
def test_results_are_one_line_per_question_and_one_result_per_document(
    sample_home: Path, tmp_path: Path, search_type: str
) -> None:
    found = retrieve(sample_home, tmp_path, "--k", "7", "--search-type", search_type)
    assert [row["id"] for row in found] == ["q1", "2", "q 3", "q4"]
    for row in found:
        assert list(row) == ["id", "results"]
        assert len(row["results"]) <= 7
        for result in row["results"]:
            assert list(result) == ["document_id", "chunk_id", "score"]
            assert result["chunk_id"].startswith(result["document_id"] + "#")
        ids = [result["document_id"] for result in row["results"]]
        scores = [result["score"] for result in row["results"]]
        assert len(ids) == len(set(ids))
        assert scores == sorted(scores, reverse=True)
    assert len(found[0]["results"]) == 7
    assert "claim-reject-codes.md" in [result["document_id"] for result in found[0]["results"]][:3]


def test_ten_documents_are_found_unless_told_otherwise(sample_home: Path, tmp_path: Path) -> None:
    assert len(retrieve(sample_home, tmp_path)[0]["results"]) == 10
    assert len(retrieve(sample_home, tmp_path, "--k", "1")[0]["results"]) == 1


def test_more_documents_than_there_are_gives_all_of_them(sample_home: Path, tmp_path: Path) -> None:
    (snapshot,) = json.loads(run_command(sample_home, "list-snapshots", "--tenant", "pharmacy", "--json").out)
    found = retrieve(sample_home, tmp_path, "--k", "1000", "--search-type", "semantic")
    assert len(found[0]["results"]) == snapshot["documents"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"id": "q1", "text": "why"}\nno json\n', "Line 2"),
        (b'{"id": "q1"}\n', "Line 1"),
        (b'{"id": "q1", "text": 7}\n', "Line 1"),
        (b'["q1", "why"]\n', "Line 1"),
        (b"\xff\xfe\x00", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_bad_questions_are_named_by_line_and_former_results_stay(
    sample_home: Path, tmp_path: Path, content: bytes | None, words: str
) -> None:
    questions, output = tmp_path / "questions.jsonl", tmp_path / "results.jsonl"
    output.write_text("kept", encoding="utf-8")
    if content is not None:
        questions.write_bytes(content)
    for command in (
        ("retrieve", "--tenant", "pharmacy", "--questions", str(questions), "--output", str(output)),
        ("load-golden-questions", "--tenant", "pharmacy", str(questions)),
    ):
        ended = run_command(sample_home, *command)
        assert (ended.code, ended.out) == (2, "")
        assert words in ended.err
    assert output.read_text(encoding="utf-8") == "kept"


def test_output_that_cannot_be_written_is_explained(sample_home: Path, tmp_path: Path) -> None:
    questions = write_questions(tmp_path / "questions.jsonl")
    ended = run_command(
        sample_home,
        *("retrieve", "--tenant", "pharmacy", "--questions", str(questions)),
        *("--output", str(tmp_path / "nowhere" / "results.jsonl")),
    )
    assert ended.code == 2
    assert "results.jsonl cannot be written." in ended.err
    assert len(ended.err.strip().splitlines()) == 2


def test_unknown_search_type_and_zero_results_are_refused(sample_home: Path, tmp_path: Path) -> None:
    questions = str(write_questions(tmp_path / "questions.jsonl"))
    for option in (("--search-type", "psychic"), ("--k", "0")):
        ended = run_command(
            sample_home,
            *("retrieve", "--tenant", "pharmacy", "--questions", questions, "--output", str(tmp_path / "out")),
            *option,
        )
        assert ended.code == 2
        assert option[0] in ended.err


def test_archive_loads_its_files_and_a_copy_is_not_stored_again(empty_home: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "rules.zip", "w") as archive:
        archive.writestr("returns.md", RETURNS)
        archive.writestr("copies/returns.md", RETURNS)
    ended = run_command(empty_home, "load-knowledge", "--tenant", "zipped", "--json", str(tmp_path / "rules.zip"))
    report = json.loads(ended.out)
    assert (ended.code, report["loaded"]) == (0, 1)
    assert [warning["code"] for warning in report["warnings"]] == ["duplicate"]


def test_roll_back_goes_to_the_snapshot_that_was_published_before(empty_home: Path, tmp_path: Path) -> None:
    document = tmp_path / "rule.md"
    for days in (30, 60):
        document.write_text(f"# Rule\n\nWithin {days} days.\n", encoding="utf-8")
        run_command(empty_home, "load-knowledge", "--tenant", "rolled", "--publish", str(document))
    assert "Snapshot 1" in run_command(empty_home, "roll-back", "--tenant", "rolled").out
    again = run_command(empty_home, "roll-back", "--tenant", "rolled")
    assert (again.code, "no earlier version" in again.err) == (2, True)


def test_prefix_of_a_bucket_is_loaded_like_a_folder(
    empty_home: Path, s3_root: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    prefix = s3_root.split("/", 3)[3]
    boto3.client("s3").put_object(Bucket="frontline", Key=f"{prefix}/deep/returns.md", Body=RETURNS.encode())
    ended = run_command(empty_home, "load-knowledge", "--tenant", "bucket", "--json", s3_root)
    assert (ended.code, json.loads(ended.out)["loaded"]) == (0, 1)
    assert run_command(empty_home, "show-document", "--tenant", "bucket", "deep/returns.md").code == 0
    missing = run_command(empty_home, "load-knowledge", "--tenant", "bucket", f"{s3_root}/nowhere")
    assert (missing.code, "There is nothing at" in missing.err) == (2, True)
