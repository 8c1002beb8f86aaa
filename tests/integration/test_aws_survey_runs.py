"""Survey runs on Amazon Bedrock with a real worker, over the wire to the local endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from services.backends.aws.converse_model import limits_of
from services.backends.aws.model_abilities import abilities_of
from services.jobs.models import JobStatus
from services.storage.model_call_tables import ModelCallRow
from services.storage.rate_tables import RateBucketRow
from services.surveys.findings_files import findings_of
from tests.aws_endpoint.endpoint import AwsEndpoint
from tests.integration.bedrock_surveys import (
    BEDROCK_MODEL,
    ON_BEDROCK,
    ConverseTill,
    bedrock_survey_home,
    undisturbed_findings,
)
from tests.integration.survey_home import LEO, SHOP, TENANT, RunsHome, answers

CONVERSE = ("bedrock-runtime", "Converse")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[RunsHome, AwsEndpoint, ConverseTill]]:
    quota = {
        "FRONTLINE_BEDROCK_SURVEY_REQUESTS_PER_MINUTE": "600",
        "FRONTLINE_BEDROCK_SURVEY_TOKENS_PER_MINUTE": "10000000",
    }
    with bedrock_survey_home(tmp_path, f"sqlite:///{tmp_path / 'frontline.sqlite3'}", **quota) as made:
        yield made


def test_a_run_over_faults_finds_what_it_would_without_them_and_pays_once(
    desk: tuple[RunsHome, AwsEndpoint, ConverseTill],
) -> None:
    home, endpoint, till = desk
    texts = answers(60)
    survey = home.survey(texts)
    endpoint.faults.next(*CONVERSE, "throttled", times=2)
    endpoint.faults.next(*CONVERSE, "error")
    run = home.start(survey, ON_BEDROCK)
    home.start_worker()
    assert home.wait_for_end(run.job_id).status is JobStatus.DONE
    found = home.services.surveys.runs.findings(TENANT, run.id)
    limits = limits_of(abilities_of(BEDROCK_MODEL))
    expected = findings_of(undisturbed_findings(texts, SHOP, limits), list(found.topic_ids))
    assert (found.overall == expected.overall).all()
    assert found.topics.tolist() == expected.topics.tolist()
    assert (till.made, till.needed, till.paid_twice) == (till.needed + 3, 9, 0)


def test_what_a_run_took_is_known_by_who_asked_and_kept_within_the_quota(
    desk: tuple[RunsHome, AwsEndpoint, ConverseTill],
) -> None:
    home, _, till = desk
    run = home.start(home.survey(answers(20)), ON_BEDROCK)
    home.start_worker()
    job = home.wait_for_end(run.job_id)
    home.wait_until(lambda: len(_calls(home)) == 3, "the calls are recorded")
    calls = _calls(home)
    assert {(call.tenant_id, call.username, call.purpose) for call in calls} == {(TENANT, LEO.username, "surveys")}
    assert {(call.backend, call.model, call.outcome) for call in calls} == {("bedrock", BEDROCK_MODEL, "ok")}
    assert job.result is not None
    assert job.result["input_tokens"] == sum(call.input_tokens for call in calls)
    # The packaged price list has this model in this region.
    cost = sum(call.input_tokens * 1.10 + call.output_tokens * 5.50 for call in calls) / 1_000_000
    assert job.result["cost_usd"] == pytest.approx(cost, abs=1e-6)
    with home.services.database.transaction() as session:
        names = set(session.scalars(select(RateBucketRow.name)))
    assert names == {f"bedrock us-east-1 {BEDROCK_MODEL} {kind}" for kind in ("requests", "tokens")}
    assert till.needed == 3


def _calls(home: RunsHome) -> list[ModelCallRow]:
    with home.services.database.transaction() as session:
        return list(session.scalars(select(ModelCallRow)))
