"""What sign-in needs from an identity provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from services.access.models import Departure


class IdentityProvider(Protocol):
    """Vouches for people: a browser is sent there, and comes back with a code that only we can exchange.

    Errors have codes and words of :data:`services.access.refusals.REFUSALS`: BackendUnavailableError when it cannot be
    reached, BackendMisconfiguredError when it refuses us, AccessError when what came back proves nothing.
    """

    def depart(self, return_to: str) -> Departure:
        """Where to send a browser that is to come back to the address ``return_to``."""

    def claims_of(self, departure: Departure, code: str, return_to: str) -> Mapping[str, object]:
        """What the provider says about the person who came back with this code.

        Signature, issuer, audience, expiry and nonce of the ID token were checked. Claims that the provider keeps out
        of the token are asked for.
        """

    def sign_out_url(self, return_to: str) -> str | None:
        """Where a browser signs out there, to come back to ``return_to``; None when there is no such place."""
