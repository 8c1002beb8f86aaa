"""Who wrote a draft, what it says of itself, and on whose behalf models are called for it."""

from __future__ import annotations

import pytest

from services.answers.models import AnswerStatus, Band, Notice, NoticeKind, Origin, Substitution
from services.ports.model_calls import Attribution, current_attribution
from tests.unit.answers.test_asking import ANA, QUESTION, TENANT, Desk, kinds


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_draft_of_another_writer_is_kept_with_its_writer_and_the_reason(desk: Desk) -> None:
    written = Substitution("extractive", Origin.QUOTED, "bedrock", "aws-throttled")
    desk.generator.changes = {"substitution": written}
    answer = desk.ask()
    assert (answer.status, answer.band) == (AnswerStatus.DONE, Band.DRAFT)
    assert (answer.backend, answer.origin, answer.error_code) == ("extractive", Origin.QUOTED, "aws-throttled")
    assert answer.notices == (Notice(NoticeKind.FALLBACK, "bedrock"),)
    assert desk.only_stored() == answer


def test_draft_that_was_cut_short_says_so(desk: Desk) -> None:
    desk.generator.changes = {"cut_short": True}
    assert kinds(desk.ask()) == [NoticeKind.CUT_SHORT]


def test_notices_of_a_draft_do_not_outlive_it(desk: Desk) -> None:
    desk.generator.changes = {"cut_short": True}
    stored = desk.ask()
    desk.generator.changes = {}
    assert desk.service.retry(ANA, TENANT, stored.id).notices == ()


def test_calls_of_models_are_made_on_behalf_of_who_asked(desk: Desk) -> None:
    seen: list[Attribution] = []
    desk.generator.before = lambda: seen.append(current_attribution())
    stored = desk.ask()
    desk.service.retry(ANA, TENANT, stored.id)
    desk.service.answer_once(TENANT, QUESTION)
    assert seen == [Attribution(TENANT, "ana", "answers")] * 2 + [Attribution(TENANT, "", "answers")]
    assert current_attribution() == Attribution()
