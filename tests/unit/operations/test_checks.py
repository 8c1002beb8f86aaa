"""What each error of an adapter means for the four questions."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.errors import (
    AccessError,
    AppError,
    BackendMisconfiguredError,
    BackendThrottledError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
)
from services.operations.capabilities import Capability
from services.operations.checks import BackendChecks, CapabilityCheck, State, checks_by_capability
from services.ports.model_catalogue import CatalogueModel, Lifecycle
from services.settings import Settings, load_settings
from tests.operation_fakes import ADMIN, AGENT, Check, FakeCatalogue, FakeIdentity

MODEL = "us.maker.text-v1:0"
YES, NO, UNKNOWN, NEVER = State.YES, State.NO, State.NOT_KNOWN, State.NOT_APPLICABLE


def settings(tmp_path: Path, **changes: Any) -> Settings:
    return load_settings(home=tmp_path, **changes)


def on_bedrock(tmp_path: Path, **changes: Any) -> Settings:
    return settings(tmp_path, answer_backend="bedrock", bedrock_answer_model=MODEL, **changes)


def all_checks(**given: Check) -> dict[str, Any]:
    return checks_by_capability({one: given.get(one.value, Check()) for one in Capability})


def answers(checks: BackendChecks) -> CapabilityCheck:
    return next(one for one in checks.report().checks if one.served.capability is Capability.ANSWERS)


def checked(chosen: Settings, error: AppError | None = None, catalogue: FakeCatalogue | None = None) -> CapabilityCheck:
    return answers(
        BackendChecks(chosen, all_checks(answers=Check(error)), catalogue or FakeCatalogue(), FakeIdentity())
    )


@pytest.mark.parametrize(
    ("error", "states"),
    [
        (None, (YES, YES, YES, YES)),
        (ConfigurationError("No region.", code="aws-region-missing"), (NO, UNKNOWN, UNKNOWN, UNKNOWN)),
        (BackendMisconfiguredError("Not there.", code="aws-not-found"), (NO, UNKNOWN, UNKNOWN, UNKNOWN)),
        (BackendUnavailableError("Away."), (YES, NO, UNKNOWN, UNKNOWN)),
        (BackendTimeoutError("Late.", code="reply-lost"), (YES, NO, UNKNOWN, UNKNOWN)),
        (BackendThrottledError("Busy.", code="aws-throttled"), (YES, YES, UNKNOWN, UNKNOWN)),
        (BackendThrottledError("Busy.", code="opensearch-throttled"), (YES, YES, UNKNOWN, UNKNOWN)),
        (BackendMisconfiguredError("Denied.", code="opensearch-access-denied"), (YES, YES, NO, UNKNOWN)),
        (BackendMisconfiguredError("Gone.", code="topic-missing"), (NO, UNKNOWN, UNKNOWN, UNKNOWN)),
        (BackendMisconfiguredError("No keys.", code="aws-credentials-missing"), (YES, UNKNOWN, NO, UNKNOWN)),
        (BackendMisconfiguredError("Old keys.", code="aws-credentials-expired"), (YES, YES, NO, UNKNOWN)),
        (BackendMisconfiguredError("Denied.", code="aws-access-denied"), (YES, YES, NO, UNKNOWN)),
        (BackendMisconfiguredError("Over.", code="model-end-of-life"), (YES, YES, YES, NO)),
        (BackendMisconfiguredError("What?", code="model-unknown"), (YES, YES, YES, NO)),
        (AppError("Strange.", code="something-new"), (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)),
    ],
)
def test_error_answers_the_questions_that_it_can(
    tmp_path: Path, error: AppError | None, states: tuple[State, ...]
) -> None:
    found = checked(on_bedrock(tmp_path), error)
    assert (found.configured, found.reachable, found.permitted, found.active) == states
    assert found.works is (error is None)
    if error is not None:
        assert (found.code, found.cause, found.remedy) == (error.code, error.message_for_user, error.remedy)


def test_what_runs_here_is_asked_one_question(tmp_path: Path) -> None:
    found = checked(settings(tmp_path))
    assert (found.configured, found.reachable, found.permitted, found.active) == (YES, NEVER, NEVER, NEVER)
    broken = checked(settings(tmp_path), ConfigurationError("The model is missing."))
    assert (broken.configured, broken.works) == (NO, False)


def test_what_is_off_neither_works_nor_fails(tmp_path: Path) -> None:
    report = BackendChecks(settings(tmp_path), all_checks(), FakeCatalogue(), FakeIdentity()).report()
    off = next(one for one in report.checks if one.served.capability is Capability.CAPTURE)
    assert (off.works, off.code) == (None, "off")
    assert report.all_well


def test_legacy_model_works_and_says_when_it_ends(tmp_path: Path) -> None:
    old = CatalogueModel(
        "maker.text-v1:0",
        "Text One",
        "Maker",
        profiles=(MODEL,),
        lifecycle=Lifecycle.LEGACY,
        ends_at=datetime(2027, 10, 1, tzinfo=UTC),
    )
    found = checked(on_bedrock(tmp_path), catalogue=FakeCatalogue([old]))
    assert found.works
    assert found.warns
    assert "October 1, 2027" in found.cause
    assert "FRONTLINE_BEDROCK_ANSWER_MODEL" in found.remedy


def test_catalogue_that_may_not_be_read_takes_no_check_along(tmp_path: Path) -> None:
    denied = FakeCatalogue(error=BackendMisconfiguredError("Denied.", code="aws-access-denied"))
    found = checked(on_bedrock(tmp_path), catalogue=denied)
    assert found.works
    assert not found.warns


def test_remark_of_something_that_works_is_a_warning(tmp_path: Path) -> None:
    files = Check(advice=["The bucket keeps no versions: it is risky. Turn on versioning."])
    report = BackendChecks(settings(tmp_path), all_checks(files=files), FakeCatalogue(), FakeIdentity()).report()
    found = next(one for one in report.checks if one.served.capability is Capability.FILES)
    assert found.warns
    assert (found.cause, found.remedy) == ("The bucket keeps no versions: it is risky.", "Turn on versioning.")
    assert report.all_well


def test_aws_is_left_alone_where_nothing_runs_there(tmp_path: Path) -> None:
    catalogue = FakeCatalogue()
    identity = FakeIdentity(error=AccessError("never"))
    report = BackendChecks(settings(tmp_path), all_checks(), catalogue, identity).report()
    assert catalogue.asked == []
    assert (report.region, report.identity, report.identity_problem) == ("", "", "")


def test_report_says_where_and_as_whom_aws_is_asked(tmp_path: Path) -> None:
    report = BackendChecks(on_bedrock(tmp_path), all_checks(), FakeCatalogue(), FakeIdentity()).report()
    assert (report.region, report.identity) == ("us-east-1", "account …9012, role frontline")
    unknown = FakeIdentity(error=BackendMisconfiguredError("No keys.", code="aws-credentials-missing"))
    report = BackendChecks(on_bedrock(tmp_path), all_checks(), FakeCatalogue(), unknown).report()
    assert (report.identity, report.identity_problem) == ("", "No keys.")


def test_check_that_crashes_leaves_the_others_standing(tmp_path: Path) -> None:
    crashing = Check(ValueError("secret"))
    report = BackendChecks(on_bedrock(tmp_path), all_checks(answers=crashing), FakeCatalogue(), FakeIdentity()).report()
    by_name = {one.served.capability: one for one in report.checks}
    assert by_name[Capability.ANSWERS].code == "unexpected"
    assert "secret" not in by_name[Capability.ANSWERS].cause
    assert by_name[Capability.EMBEDDINGS].works
    assert not report.all_well


def test_report_is_for_administrators(tmp_path: Path) -> None:
    checks = BackendChecks(settings(tmp_path), all_checks(), FakeCatalogue(), FakeIdentity())
    assert checks.report_for(ADMIN).all_well
    with pytest.raises(AccessError):
        checks.report_for(AGENT)
