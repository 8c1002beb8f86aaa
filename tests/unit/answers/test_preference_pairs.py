"""What is exported for fine-tuning, and as what."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.access.models import Account, Role
from services.answers.feedback_models import CaseRecord
from services.answers.models import Answer, Rating
from services.answers.preference_pairs import PreferencePairs
from services.errors import AccessError
from services.knowledge.curated_words import CURATED_MEDIA_TYPE
from services.privacy.audit import AuditTrail
from services.privacy.models import PersonalDataKind
from tests.answer_fakes import FakeDetector, passage
from tests.contract.answer_repository import START, TENANT
from tests.contract.feedback_repository import finished, rated_down
from tests.contract.knowledge_samples import document
from tests.fakes import FakeAuditRepository, FakeClock
from tests.feedback_fakes import FakeFeedbackRepository
from tests.knowledge_fakes import FakeKnowledgeRepository

GRACE = Account("grace", "Grace Lin", Role.ADMIN, (TENANT,))
CURATED = replace(document("curated/1", "Code 75?", "Curated words."), text="Curated words.")


class Exporter:
    """The export over these answers, and the fakes to look into."""

    def __init__(self, *answers: Answer) -> None:
        self.repository = FakeFeedbackRepository(*answers)
        self.documents = FakeKnowledgeRepository()
        self.detector = FakeDetector()
        self.audit = FakeAuditRepository()
        self.pairs = PreferencePairs(
            self.repository,
            self.documents,
            self.detector,
            AuditTrail(self.audit),
            now=FakeClock(START + timedelta(days=10)),
        )

    def lines(self, days: int | None = None) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.pairs.export(GRACE, TENANT, days=days)]


def test_line_has_everything_that_training_needs() -> None:
    answer = finished(
        1,
        searched_question="code 75",
        copied_text="It needs form PA-100.",
        edited_text="It needs a form.",
        passages=(passage("Code 75 needs form PA-100."),),
        snapshot=14,
        backend="extractive",
        rating=Rating.UP,
    )
    (line,) = Exporter(answer).lines()
    assert line == {
        "question": "Question 1",
        "searched_question": "code 75",
        "passages": [
            {"document_id": "codes.md", "version": 1, "title": "Claim codes", "text": "Code 75 needs form PA-100."}
        ],
        "snapshot": 14,
        "chosen": "It needs form PA-100.",
        "rejected": "It means PA.",
        "rating": "up",
        "reason": None,
        "draft": "It means PA.",
        "edited": "It needs a form.",
        "sent": "It needs form PA-100.",
        "backend": "extractive",
        "asked_at": "2026-03-02T09:01:00+00:00",
    }


@pytest.mark.parametrize(
    ("changes", "chosen", "rejected"),
    [
        ({"edited_text": "Better."}, "Better.", "It means PA."),
        ({"copied_text": "Sent."}, "Sent.", "It means PA."),
        ({"copied_text": "It  means PA.\n", "edited_text": "Better."}, "Better.", "It means PA."),
        ({"text": "", "edited_text": "Mine."}, "Mine.", None),
        ({"rating": Rating.UP}, "It means PA.", None),
        ({"rating": Rating.UP, "copied_text": "It means PA."}, "It means PA.", None),
        ({"rating": Rating.DOWN, "edited_text": "Better."}, "Better.", "It means PA."),
    ],
)
def test_what_agents_sent_or_edited_beats_the_draft(
    changes: dict[str, object], chosen: str, rejected: str | None
) -> None:
    (line,) = Exporter(finished(1, **changes)).lines()
    assert (line["chosen"], line["rejected"]) == (chosen, rejected)


@pytest.mark.parametrize(
    "changes", [{}, {"copied_text": "It means PA."}, {"rating": Rating.DOWN}, {"rating": Rating.UP, "text": ""}]
)
def test_answers_that_say_nothing_about_what_is_better_are_left_out(changes: dict[str, object]) -> None:
    assert Exporter(finished(1, **changes)).lines() == []


def test_curated_answer_beats_a_draft_that_was_rated_down() -> None:
    exporter = Exporter(rated_down(1, edited_text="An agent's words.", rating_reason="wrong"))
    exporter.documents.save_documents(TENANT, [replace(CURATED, media_type=CURATED_MEDIA_TYPE)])
    exporter.repository.save_records([CaseRecord(TENANT, "a1", document_id=CURATED.id, document_version=1)])
    (line,) = exporter.lines()
    assert (line["chosen"], line["rejected"], line["reason"]) == ("Curated words.", "It means PA.", "wrong")


def test_revised_document_is_no_answer_to_choose() -> None:
    exporter = Exporter(rated_down(1))
    exporter.documents.save_documents(TENANT, [CURATED])
    exporter.repository.save_records([CaseRecord(TENANT, "a1", document_id=CURATED.id, document_version=1)])
    assert exporter.lines() == []


def test_personal_data_that_agents_typed_is_masked_and_what_the_procedures_say_stays() -> None:
    exporter = Exporter(
        finished(
            1,
            edited_text="Tell Ann Lee to call 555-0142.",
            passages=(passage("Call 555-0142 for an override."),),
        )
    )
    exporter.detector.secrets = {"Ann Lee": PersonalDataKind.NAME, "555-0142": PersonalDataKind.PHONE}
    (line,) = exporter.lines()
    assert line["chosen"] == line["edited"] == "Tell [name] to call 555-0142."


def test_period_leaves_older_answers_out() -> None:
    old = finished(1, rating=Rating.UP)
    new = finished(2, rating=Rating.UP, asked_at=START + timedelta(days=8))
    exporter = Exporter(old, new)
    assert [line["question"] for line in exporter.lines(days=7)] == ["Question 2"]
    assert len(exporter.lines()) == 2


def test_export_is_for_administrators_of_the_tenant_and_recorded() -> None:
    exporter = Exporter(finished(1, rating=Rating.UP))
    for account in (
        Account("ana", "Ana Reyes", Role.AGENT, (TENANT,)),
        Account("kim", "Kim Ode", Role.ADMIN, ("clinic",)),
    ):
        with pytest.raises(AccessError):
            exporter.pairs.export(account, TENANT)
    exporter.lines()
    assert list(exporter.pairs.export_on_command_line(TENANT))
    assert [(event.action, event.username) for event in exporter.audit.events] == [
        ("feedback-exported", "grace"),
        ("feedback-exported", None),
    ]
