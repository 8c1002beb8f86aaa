"""How kinds, states and reasons of feedback are named, each with an icon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from services.answers.feedback_models import CaseState, CloseReason, FeedbackKind, QuestionCluster

# What can be done about a group of questions.
WRITE, FIX, CLOSE = "Write answer", "Fix document", "Close"


@dataclass(frozen=True, slots=True)
class Words:
    """A name, its icon, and the color of its badge."""

    name: str
    icon: str
    color: Literal["red", "orange", "blue", "green", "violet", "gray"]

    @property
    def badge(self) -> str:
        """The name as a badge, for Markdown."""
        return f":{self.color}-badge[{self.icon} {self.name}]"


KINDS: Mapping[FeedbackKind, Words] = {
    FeedbackKind.RATED_DOWN: Words("Rated down", ":material/thumb_down:", "orange"),
    FeedbackKind.UNANSWERED: Words("Not found", ":material/search_off:", "gray"),
    FeedbackKind.ESCALATED: Words("Sent to the team", ":material/outgoing_mail:", "violet"),
}
STATES: Mapping[CaseState, Words] = {
    CaseState.OPEN: Words("Open", ":material/radio_button_unchecked:", "blue"),
    CaseState.IN_PROGRESS: Words("In progress", ":material/hourglass_top:", "orange"),
    CaseState.RESOLVED: Words("Resolved", ":material/check_circle:", "green"),
    CaseState.DISMISSED: Words("Dismissed", ":material/block:", "gray"),
}
REASONS: Mapping[CloseReason, str] = {
    CloseReason.ANSWER_RIGHT: "The answer is right",
    CloseReason.ALREADY_FIXED: "Fixed already",
    CloseReason.NOT_OUR_MATTER: "Does not belong here",
    CloseReason.NO_QUESTION: "No question",
    CloseReason.OTHER: "Another reason",
}


def kinds_counted(cluster: QuestionCluster) -> str:
    """How many cases of each kind, as icons with numbers, for Markdown."""
    return " ".join(f"{words.icon} {cluster.kinds[kind]:,}" for kind, words in KINDS.items() if cluster.kinds.get(kind))


def trend_words(cluster: QuestionCluster) -> str:
    """This week against the week before, in words with an arrow, for Markdown."""
    now, before = cluster.this_week, cluster.week_before
    if not now and not before:
        return ":material/trending_flat: none in two weeks"
    arrow = "up" if now > before else "down" if now < before else "flat"
    return f":material/trending_{arrow}: {now:,} this week, {before:,} before"
