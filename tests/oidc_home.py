"""The app beside an identity provider on this machine, as a company would set it up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, LocalProvider, local_provider
from tests.serving import RunningServer, free_port, running_server

PEOPLE = {
    "ana": {
        "sub": "subject-ana",
        "email": "ana.stone@example.com",
        "name": "Ana Stone",
        "groups": ["frontline-agents", "team-pharmacy"],
    },
    "grace": {
        "sub": "subject-grace",
        "email": "grace.wood@example.com",
        "name": "Grace Wood",
        "groups": ["frontline-admins"],
    },
    "sam": {"sub": "subject-sam", "email": "sam@example.com", "name": "Sam Stray", "groups": ["sales"]},
}


@contextmanager
def company_server(home: Path, **settings: str) -> Iterator[tuple[RunningServer, LocalProvider]]:
    """A server with the sample tenants whose people sign in at a provider, beside sample and local accounts."""
    port = free_port()
    with local_provider({login: dict(claims) for login, claims in PEOPLE.items()}) as provider:
        public = f"http://127.0.0.1:{port}"
        provider.callback, provider.signed_out = f"{public}/sign-in/callback", f"{public}/"
        company = {
            "FRONTLINE_DEMO": "1",
            "FRONTLINE_PUBLIC_URL": public,
            "FRONTLINE_OIDC_METADATA_URL": provider.metadata_url,
            "FRONTLINE_OIDC_CLIENT_ID": CLIENT_ID,
            "FRONTLINE_OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "FRONTLINE_OIDC_ROLES": "frontline-admins=admin;frontline-agents=agent",
            "FRONTLINE_OIDC_TENANTS": "team-pharmacy=pharmacy;frontline-admins=*",
        }
        with running_server(home, at_port=port, **{**company, **settings}) as server:
            yield server, provider
