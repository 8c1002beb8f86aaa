"""Loads the sample tenants that the app starts with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from services.access.models import Account, Role
from services.errors import ConflictError
from services.knowledge.question_files import read_golden_questions

if TYPE_CHECKING:
    from services.bootstrap import Services

SAMPLE_DATA = Path(__file__).parent / "sample_data"
SAMPLE_TENANTS = {"pharmacy": "Harborview Pharmacy", "clinic": "Harborview Clinic"}
SURVEY_TENANT = "pharmacy"  # the sample analyst's; the other one shows how it looks without surveys


def load_sample_tenants(services: Services, *, force: bool = False) -> Iterator[str]:
    """Load, publish and calibrate each sample tenant that is not ready yet; yields a line about each step."""
    for tenant, name in SAMPLE_TENANTS.items():
        services.accounts.ensure_tenant(tenant, name)
        published = services.knowledge.published_snapshot(tenant)
        # Calibrating is the last step: without cuts, loading was interrupted and is done again.
        if published is not None and published.cuts is not None and not force:
            yield f"{name}: already loaded."
            continue
        _load_backdrops(services, tenant)
        folder = SAMPLE_DATA / tenant
        yield f"{name}: loading documents …"
        report = services.knowledge.load(tenant, [folder / "documents"], publish=True)
        for failure in report.failures:
            yield f"{name}: {failure.source_name}: {failure.cause} {failure.remedy}"
        golden = read_golden_questions(folder / "golden_questions.jsonl")
        foreign = read_golden_questions(folder / "out_of_scope_questions.jsonl")
        off_topic = [replace(question, kind="off_topic") for question in foreign]
        services.knowledge.save_golden_questions(tenant, [*golden, *off_topic])
        calibration = services.calibration.calibrate(tenant)
        yield (
            f"{name}: {len(report.loaded) + len(report.unchanged)} documents in {report.chunk_count} chunks; on "
            f"questions it was not calibrated on, {calibration.test.kept:.0%} of golden questions kept and "
            f"{calibration.test.declined:.0%} of out-of-scope questions declined."
        )
    # Last: its runs then keep workers busy.
    yield from _load_survey(services, SURVEY_TENANT)


def _load_backdrops(services: Services, tenant: str) -> None:
    """Put the sample backdrops into the tenant's library, those apart that are there already."""
    from app.sample_data.draw_backdrops import SAMPLE_BACKDROPS

    account = Account("sample-data", "Sample data", Role.MARKETER, (tenant,))
    for backdrop in SAMPLE_BACKDROPS:
        with suppress(ConflictError):
            data = (SAMPLE_DATA / "backdrops" / backdrop.file_name).read_bytes()
            services.backdrops.add(account, tenant, data, backdrop.caption)


def _load_survey(services: Services, tenant: str) -> Iterator[str]:
    """Put the sample survey into the tenant, as far as it is not there."""
    from app.sample_survey import load_sample_survey

    account = Account("sample-data", "Sample data", Role.ANALYST, (tenant,))
    for line in load_sample_survey(services, tenant, account):
        yield f"{SAMPLE_TENANTS[tenant]}: {line}"
