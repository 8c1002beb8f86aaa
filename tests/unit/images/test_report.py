"""The report tells the truth about every photo, and no cell of it is a formula."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from services.errors import BackendRejectedError
from services.images.background_models import BackgroundKind, BackgroundWish
from services.images.intake import ImageUpload
from services.images.models import Review
from services.images.report import COLUMNS
from services.jobs.models import Job, JobStatus
from tests.unit.images.batch_desk import MIA, TENANT, PhotoDesk, blank_photo, photo
from tests.unit.images.photo_fakes import LEFT, RIGHT, FakeGenerator

CLEAR = BackgroundWish(kind=BackgroundKind.TRANSPARENT)


def report_of(desk: PhotoDesk, job: Job) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(desk.service.report_json(TENANT, job.id))
    return read


def rows_of(desk: PhotoDesk, job: Job) -> list[dict[str, str]]:
    text = desk.service.report_csv(TENANT, job.id).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_every_photo_is_in_the_report_with_what_became_of_it(desk: PhotoDesk) -> None:
    batch = desk.batch(shoe_png=photo(LEFT, RIGHT), blank_png=blank_photo(), empty_png=b"")
    desk.service.set_label(MIA, TENANT, batch.id, 0, "region-2", keeps=False)
    wish = BackgroundWish(prompt="oak table", negative_prompt="people", seed=7, variations=2)
    job = desk.run(batch, wish)
    desk.service.review(MIA, TENANT, job.id, 0, 2, Review.APPROVED)
    report = report_of(desk, job)
    run, (shoe, blank, empty) = report["run"], report["images"]
    assert (run["status"], run["outcome"], run["counts"]["refused"]) == ("done", "partly", 1)
    assert (run["prompt"], run["negative_prompt"], run["mode"], run["seed"]) == ("oak table", "people", "precise", 7)
    assert (run["done"], run["failed"], run["calls"], run["cost_usd"]) == (1, 1, 0, 0)
    assert (shoe["file"], shoe["status"], shoe["output"]) == ("shoe.png", "done", ["shoe.png", "shoe-2.png"])
    assert (shoe["labels_kept"], shoe["labels_dropped"]) == (["Subject 1", "Shoe"], ["Subject 2"])
    assert (shoe["backend"], shoe["verb"], shoe["seeds_used"]) == ("fake", "composed", [7, 8])
    assert (shoe["review"], shoe["mask_method"]) == (["unreviewed", "approved"], "fake")
    assert shoe["seconds"] >= 0
    assert (blank["status"], blank["error_code"]) == ("failed", "no-mask-found")
    assert blank["cause"]
    assert blank["remedy"]
    assert (empty["file"], empty["status"], empty["error_code"]) == ("empty.png", "refused", "image-empty")


def test_table_has_one_row_per_photo_and_the_same_words(desk: PhotoDesk) -> None:
    batch = desk.batch(shoe_png=photo(LEFT, RIGHT), blank_png=blank_photo(), empty_png=b"")
    job = desk.run(batch, BackgroundWish(prompt="oak table", seed=7, variations=2))
    shoe, blank, empty = rows_of(desk, job)
    assert list(shoe) == list(COLUMNS)
    assert (shoe["output"], shoe["labels_kept"]) == ("shoe.png | shoe-2.png", "Subject 1 | Subject 2 | Shoe")
    assert (shoe["prompt"], shoe["mode"], shoe["seeds_used"], shoe["reused"]) == ("oak table", "precise", "7 | 8", "no")
    assert (blank["error_code"], blank["can_be_retried"]) == ("no-mask-found", "no")
    assert (empty["status"], empty["prompt"]) == ("refused", "oak table")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "  ="])
def test_no_cell_is_taken_for_a_formula(desk: PhotoDesk, start: str) -> None:
    name = f"{start}cmd('calc').png"
    batch = desk.service.create(MIA, TENANT, [ImageUpload(name, photo())])
    desk.service.add_label(MIA, TENANT, batch.id, 0, f"{start}SUM(A1)")
    job = desk.run(batch, BackgroundWish(prompt=f"{start}oak"))
    for row in rows_of(desk, job):
        for column in ("file", "output", "prompt", "labels_kept"):
            assert not row[column].lstrip(" ").startswith(("=", "+", "-", "@", "\t"))


def test_run_over_chosen_photos_reports_these_alone(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(), empty_png=b"", c_png=photo(RIGHT))
    assert [image["file"] for image in report_of(desk, desk.run(batch, CLEAR, [2]))["images"]] == ["c.png"]


def test_run_of_which_everything_failed_has_its_report(tmp_path: Path) -> None:
    desk = PhotoDesk(tmp_path, generator=FakeGenerator(paid=True, price=None))
    desk.generator.errors = [
        BackendRejectedError("The text was refused.", code="prompt-blocked", remedy="Reword it.")
    ] * 2
    job = desk.run(desk.batch(a_png=photo(), b_png=photo(RIGHT)), BackgroundWish(prompt="oak"))
    report = report_of(desk, job)
    assert (job.status, report["run"]["outcome"]) == (JobStatus.FAILED, "failed")
    assert [image["error_code"] for image in report["images"]] == ["prompt-blocked"] * 2
    assert [image["remedy"] for image in report["images"]] == ["Reword it."] * 2
    desk.close()


def test_unknown_cost_is_told_as_unknown(tmp_path: Path) -> None:
    desk = PhotoDesk(tmp_path, generator=FakeGenerator(paid=True, price=None))
    job = desk.run(desk.batch(a_png=photo()), BackgroundWish(prompt="oak"))
    report = report_of(desk, job)
    assert (report["run"]["cost_usd"], report["run"]["calls"], report["images"][0]["cost_usd"]) == (None, 1, None)
    desk.close()


def test_report_of_a_run_that_goes_on_says_so(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    desk.queue.paused = True
    job = desk.service.start(MIA, TENANT, batch.id, CLEAR)
    report = report_of(desk, job)
    assert (report["run"]["outcome"], report["images"][0]["status"]) == (None, "queued")


def test_report_outlives_its_batch(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    job = desk.run(batch, CLEAR)
    desk.service.delete(MIA, TENANT, batch.id)
    report = report_of(desk, job)
    assert (report["run"]["batch"], report["images"][0]["file"]) == ("", "a.png")
