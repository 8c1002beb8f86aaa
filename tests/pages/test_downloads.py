"""Zip archives of results are streamed to whoever is signed in and may have them, and to nobody else."""

from __future__ import annotations

import io
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.downloads import DOWNLOADS
from components.session_token import COOKIE_NAME, sign
from services.bootstrap import build_services
from services.images.background_models import BackgroundKind, BackgroundWish
from services.jobs.models import Job
from services.settings import load_settings
from tests.jobs_inline import with_inline_jobs
from tests.pages.image_desk import GRACE, MILA, TENANT, Desk, open_desk, photo, serve

WHITE = BackgroundWish(kind=BackgroundKind.COLOR, color="#ffffff")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    made = open_desk(monkeypatch, tmp_path)
    yield made
    st.cache_resource.clear()
    made.services.database.close()


@pytest.fixture
def run(desk: Desk) -> Job:
    batch = desk.batch(photo("shoes/red.png"))
    return desk.services.image_batches.start(desk.mila, TENANT, batch.id, WHITE)


def browser(desk: Desk, username: str | None) -> TestClient:
    client = TestClient(Starlette(routes=list(DOWNLOADS)))
    if username is not None:
        client.cookies.set(COOKIE_NAME, sign(desk.services.sign_in.sign_in_sample(username), desk.services.cookie_key))
    return client


def test_signed_in_marketer_gets_the_zip_and_the_disk_is_tidied(desk: Desk, run: Job, tmp_path: Path) -> None:
    got = browser(desk, MILA).get(f"/downloads/backgrounds/{TENANT}/{run.id}.zip")
    assert got.status_code == 200
    assert "attachment" in got.headers["Content-Disposition"]
    assert got.headers["Cache-Control"] == "no-store"
    assert zipfile.ZipFile(io.BytesIO(got.content)).namelist() == ["shoes/red.png"]
    assert not list(tmp_path.rglob("*.zip"))


def test_approved_results_alone_are_packed_when_asked_for(desk: Desk, run: Job) -> None:
    got = browser(desk, MILA).get(f"/downloads/backgrounds/{TENANT}/{run.id}.zip?only=approved")
    assert got.status_code == 409
    assert "Approve some results" in got.text


@pytest.mark.parametrize(
    ("username", "tenant_id", "status"),
    [(None, TENANT, 401), ("ana.reyes", TENANT, 403), (MILA, "clinic", 403)],
)
def test_nobody_else_gets_the_zip(desk: Desk, run: Job, username: str | None, tenant_id: str, status: int) -> None:
    assert browser(desk, username).get(f"/downloads/backgrounds/{tenant_id}/{run.id}.zip").status_code == status


def test_run_that_is_not_there_is_not_found(desk: Desk) -> None:
    assert browser(desk, GRACE).get(f"/downloads/backgrounds/{TENANT}/none.zip").status_code == 404


def test_forged_cookie_opens_nothing(desk: Desk, run: Job) -> None:
    client = browser(desk, None)
    client.cookies.set(COOKIE_NAME, "eyJhbGciOiJIUzI1NiJ9.e30.AAAA")
    assert client.get(f"/downloads/backgrounds/{TENANT}/{run.id}.zip").status_code == 401


class TestFromABucket:
    @pytest.fixture
    def desk(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, s3_root: str) -> Iterator[Desk]:
        built = build_services(load_settings(home=tmp_path, demo=True, storage_root=s3_root))
        made = serve(monkeypatch, Desk(*with_inline_jobs(built)))
        yield made
        st.cache_resource.clear()
        made.services.database.close()

    def stored(self, desk: Desk, run: Job) -> list[str]:
        files, folder = desk.services.files, f"images/{TENANT}/runs/{run.arguments['batch_id']}/{run.id}/all"
        return [f"{folder}/{key}/results.zip" for key in files.folders(folder)]

    def test_signed_in_marketer_is_sent_to_the_zip_in_the_bucket(self, desk: Desk, run: Job, tmp_path: Path) -> None:
        client = browser(desk, MILA)
        for _ in range(2):
            got = client.get(f"/downloads/backgrounds/{TENANT}/{run.id}.zip", follow_redirects=False)
            assert (got.status_code, got.headers["Cache-Control"], got.content) == (303, "no-store", b"")
        with urllib.request.urlopen(got.headers["Location"]) as reply:
            assert f'filename="backgrounds-{run.created_at:%Y-%m-%d}.zip"' in reply.headers["Content-Disposition"]
            assert zipfile.ZipFile(io.BytesIO(reply.read())).namelist() == ["shoes/red.png"]
        assert len(self.stored(desk, run)) == 1
        assert not list(tmp_path.rglob("*.zip"))

    @pytest.mark.parametrize(("username", "status"), [(None, 401), ("ana.reyes", 403)])
    def test_nobody_else_gets_a_link(self, desk: Desk, run: Job, username: str | None, status: int) -> None:
        got = browser(desk, username).get(f"/downloads/backgrounds/{TENANT}/{run.id}.zip", follow_redirects=False)
        assert (got.status_code, "Location" in got.headers) == (status, False)
        assert self.stored(desk, run) == []

    def test_result_that_is_gone_from_the_bucket_is_told(self, desk: Desk, run: Job) -> None:
        import boto3

        client = boto3.Session().client("s3")
        prefix = desk.services.settings.resolved_storage_root.split("/", 3)[3]
        for one in client.list_objects_v2(Bucket="frontline", Prefix=prefix)["Contents"]:
            if "composite-" in one["Key"]:
                client.delete_object(Bucket="frontline", Key=one["Key"])
        got = browser(desk, MILA).get(f"/downloads/backgrounds/{TENANT}/{run.id}.zip", follow_redirects=False)
        assert (got.status_code, "not in the storage" in got.text) == (404, True)
