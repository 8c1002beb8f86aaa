"""Why nobody comes in by an identity provider: the words, by code.

A browser comes back from the provider by an address, and an address carries a code, not sentences. Whoever raises and
whoever shows therefore take the words from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.errors import AccessError, BackendMisconfiguredError, BackendUnavailableError

REFUSALS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cancelled": (
            "The sign-in was cancelled, or refused by your company.",
            "Choose the button again when you are ready.",
        ),
        "expired": (
            "This sign-in is over: it took too long, was used before, or began in another browser.",
            "Start again with the button below.",
        ),
        "not-proven": (
            "The reply of your company's sign-in service could not be trusted.",
            "Start again with the button below. If it happens again, tell your administrator the reference.",
        ),
        "no-identity": (
            "Your company's sign-in service did not say who you are.",
            "Tell your administrator the reference.",
        ),
        "no-role": (
            "Your company knows you, but none of your groups may use Frontline.",
            "Ask your administrator to add you to a group that may, then sign in again.",
        ),
        "no-tenant": (
            "Your company knows you, but none of your groups belongs to a tenant of Frontline.",
            "Ask your administrator to add you to the group of your team, then sign in again.",
        ),
        "disabled": (
            "Your account is disabled in Frontline.",
            "Ask your administrator to enable it.",
        ),
        "unreachable": (
            "Your company's sign-in service cannot be reached.",
            "Try again in a minute.",
        ),
        "misconfigured": (
            "Your company's sign-in service does not accept Frontline as it is set up.",
            "Tell your administrator the reference.",
        ),
        "failed": (
            "The sign-in did not work because of an error on our side.",
            "Try again. If it happens again, tell your administrator the reference.",
        ),
    }
)


def refused(code: str) -> AccessError:
    """The error that the person is told by this code."""
    message, remedy = REFUSALS[code]
    return AccessError(message, code=code, remedy=remedy)


def unreachable() -> BackendUnavailableError:
    """The provider does not answer, or answers with an error of its own."""
    message, remedy = REFUSALS["unreachable"]
    return BackendUnavailableError(message, code="unreachable", remedy=remedy)


def misconfigured() -> BackendMisconfiguredError:
    """The provider and our settings do not fit together."""
    message, remedy = REFUSALS["misconfigured"]
    return BackendMisconfiguredError(message, code="misconfigured", remedy=remedy)
