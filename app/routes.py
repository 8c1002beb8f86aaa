"""The pages of the app, as data."""

from __future__ import annotations

from dataclasses import dataclass

from services.access.models import Account, Role
from services.access.permissions import may


@dataclass(frozen=True, slots=True)
class Route:
    """One page: where its code is, how the menu shows it, who may open it.

    Attributes:
        file: The page's script, relative to ``main.py``.
        icon: A Material symbol in Streamlit's notation.
        url_path: The address below the root.
        roles: Who has it in the menu; administrators have every page.
    """

    file: str
    title: str
    icon: str
    url_path: str
    roles: frozenset[Role]


ROUTES: tuple[Route, ...] = (
    Route(
        "../pages/answer_questions.py",
        "Answer questions",
        ":material/forum:",
        "answer",
        frozenset({Role.AGENT, Role.ADMIN}),
    ),
    Route(
        "../pages/replace_backgrounds.py",
        "Replace backgrounds",
        ":material/image:",
        "backgrounds",
        frozenset({Role.MARKETER, Role.ADMIN}),
    ),
    Route(
        "../pages/analyze_surveys.py",
        "Analyze surveys",
        ":material/poll:",
        "surveys",
        frozenset({Role.ANALYST, Role.ADMIN}),
    ),
    Route(
        "../pages/manage_knowledge.py",
        "Manage knowledge",
        ":material/library_books:",
        "knowledge",
        frozenset({Role.ADMIN}),
    ),
    Route("../pages/check_quality.py", "Check quality", ":material/rule:", "quality", frozenset({Role.ADMIN})),
    Route("../pages/improve_answers.py", "Improve answers", ":material/reviews:", "improve", frozenset({Role.ADMIN})),
    Route("../pages/see_usage.py", "See usage", ":material/monitoring:", "usage", frozenset({Role.ADMIN})),
    Route(
        "../pages/see_models.py",
        "Models and spend",
        ":material/network_intelligence:",
        "models",
        frozenset({Role.ADMIN}),
    ),
    Route("../pages/check_backends.py", "Check backends", ":material/lan:", "backends", frozenset({Role.ADMIN})),
)


def routes_of(account: Account) -> list[Route]:
    """The pages that this account may open, in the order of the menu."""
    return [route for route in ROUTES if may(account, route.roles)]
