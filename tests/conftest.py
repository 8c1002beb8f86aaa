"""What every test gets: no settings from outside, markers by folder, and the things that are costly to make once."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.browser import chromium

if found := chromium.find_chromium():
    os.environ.setdefault(chromium.VARIABLE, found)

# A developer's own settings must neither reach the tests nor be reached by them.
for _name in [name for name in os.environ if name.startswith("FRONTLINE_") and name != chromium.VARIABLE]:
    del os.environ[_name]
for _name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[_name]
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
# The app needs no model hub; a test that asks for one would hang on machines without a network.
os.environ["HF_HUB_OFFLINE"] = "1"

# How long something takes is measured in bench/; a busy machine must not fail a test.
settings.register_profile("frontline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("frontline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark browser tests by their folder; in CI a missing browser stops the run instead of skipping them."""
    browser_tests = [item for item in items if "browser" in item.path.parts]
    for item in browser_tests:
        item.add_marker(pytest.mark.browser)
    if browser_tests and chromium.required() and chromium.find_chromium() is None:
        pytest.exit("There is no Chromium, and browser tests must not be left out in CI.", returncode=1)


@pytest.fixture(scope="session")
def model_home(pytestconfig: pytest.Config) -> Path:
    """A FRONTLINE_HOME whose only content is the exported embedding model, made once and kept between runs."""
    from services.backends.local.packaged_model import ensure_exported_model

    home = pytestconfig.cache.mkdir("frontline-home")
    ensure_exported_model(home)
    return home


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a real PostgreSQL server that lives as long as the test run."""
    from tests.postgres import running_postgres

    with running_postgres() as url:
        yield url


@pytest.fixture
def postgres_database_url(postgres_url: str) -> Iterator[str]:
    """The address of an empty database on that server, for one test."""
    from tests.postgres import empty_database

    with empty_database(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of an S3 server in this process, with the bucket ``frontline``."""
    from tests.s3 import running_s3

    with running_s3() as address:
        yield address


@pytest.fixture
def s3_root(s3_endpoint: str) -> str:
    """A storage root of its own in a bucket, for one test."""
    return f"s3://frontline/{uuid.uuid4().hex}"
