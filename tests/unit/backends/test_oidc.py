"""What is believed of an identity provider, over the wire."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from services.access.models import Departure
from services.access.refusals import REFUSALS
from services.backends.oidc import OidcProvider
from services.errors import AccessError, AppError, BackendMisconfiguredError, BackendUnavailableError
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, LocalProvider, local_provider, new_key

RETURN_TO = "http://127.0.0.1:1/sign-in/callback"
ANA = {"sub": "subject-1", "email": "ana@example.com", "name": "Ana Reyes", "groups": ["agents"]}


@pytest.fixture
def provider() -> Iterator[LocalProvider]:
    with local_provider({"ana": ANA}) as running:
        running.callback, running.signed_out = RETURN_TO, "http://127.0.0.1:1/"
        yield running


def client_of(provider: LocalProvider, secret: str = CLIENT_SECRET) -> OidcProvider:
    return OidcProvider(provider.metadata_url, CLIENT_ID, SecretStr(secret), "groups")


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def come_back(provider: LocalProvider, departure: Departure) -> str:
    """The code that Ana comes back with."""
    return query_of(provider.grant("ana", query_of(departure.url)))["code"]


def sign_in(provider: LocalProvider, client: OidcProvider | None = None) -> dict[str, object]:
    client = client or client_of(provider)
    departure = client.depart(RETURN_TO)
    return dict(client.claims_of(departure, come_back(provider, departure), RETURN_TO))


def refusal_of(call: Callable[[], object]) -> AppError:
    with pytest.raises(AppError) as caught:
        call()
    assert caught.value.code in REFUSALS
    return caught.value


def test_browser_leaves_with_state_nonce_and_a_challenge_for_pkce(provider: LocalProvider) -> None:
    departure = client_of(provider).depart(RETURN_TO)
    query = query_of(departure.url)
    assert departure.url.startswith(f"{provider.url}/authorize?")
    assert query["state"] == departure.state
    assert query["nonce"] == departure.nonce
    assert query["code_challenge_method"] == "S256"
    assert departure.verifier not in departure.url
    assert min(len(departure.state), len(departure.nonce), len(departure.verifier)) >= 20


def test_no_two_departures_share_anything_secret(provider: LocalProvider) -> None:
    client = client_of(provider)
    first, second = client.depart(RETURN_TO), client.depart(RETURN_TO)
    assert not {first.state, first.nonce, first.verifier} & {second.state, second.nonce, second.verifier}


def test_claims_of_the_id_token_are_returned(provider: LocalProvider) -> None:
    claims = sign_in(provider)
    assert (claims["iss"], claims["sub"], claims["groups"]) == (provider.url, "subject-1", ["agents"])
    assert "/userinfo" not in provider.requests


def test_groups_that_are_not_in_the_token_are_asked_for(provider: LocalProvider) -> None:
    provider.groups_in_userinfo = True
    assert sign_in(provider)["groups"] == ["agents"]


def test_userinfo_of_somebody_else_is_refused(provider: LocalProvider) -> None:
    provider.groups_in_userinfo, provider.userinfo_subject = True, "subject-2"
    assert refusal_of(lambda: sign_in(provider)).code == "not-proven"


@pytest.mark.parametrize(
    ("what", "changed"),
    [
        ("issuer", {"iss": "https://elsewhere.example"}),
        ("audience", {"aud": "another-app"}),
        ("audience with our azp", {"aud": "another-app", "azp": CLIENT_ID}),
        ("authorized party", {"aud": [CLIENT_ID, "another-app"], "azp": "another-app"}),
        ("nonce", {"nonce": "of another sign-in"}),
        ("expiry", {"exp": int(time.time()) - 3600}),
        ("issue time", {"iat": int(time.time()) + 3600}),
    ],
)
def test_id_token_for_somebody_else_or_another_time_is_refused(
    provider: LocalProvider, what: str, changed: dict[str, Any]
) -> None:
    provider.spoiled = lambda claims: {**claims, **changed}
    assert refusal_of(lambda: sign_in(provider)).code == "not-proven"


@pytest.mark.parametrize("missing", ["iss", "sub", "aud", "exp", "iat", "nonce"])
def test_id_token_that_leaves_something_out_is_refused(provider: LocalProvider, missing: str) -> None:
    provider.spoiled = lambda claims: {name: value for name, value in claims.items() if name != missing}
    assert refusal_of(lambda: sign_in(provider)).code == "not-proven"


def test_id_token_signed_by_another_key_is_refused(provider: LocalProvider) -> None:
    provider.signs_with = new_key("first")  # the same name, another key
    assert refusal_of(lambda: sign_in(provider)).code == "not-proven"


def forged(provider: LocalProvider, algorithm: str, claims: dict[str, Any]) -> str:
    """A token without a signature, or signed with what everybody can read: the public key."""
    header = {"alg": algorithm, "kid": provider.key.kid}
    signed = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims))
    digest = hmac.digest(provider.key.as_pem(private=False), signed, "sha256") if algorithm == "HS256" else b""
    return (signed + b"." + base64.urlsafe_b64encode(digest).rstrip(b"=")).decode()


@pytest.mark.parametrize("allowed", [["none"], ["HS256"], ["none", "RS256", "HS256"], None, "RS256"])
@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_token_that_anybody_can_make_is_refused_whatever_the_provider_allows(
    provider: LocalProvider, algorithm: str, allowed: object
) -> None:
    provider.published = {"id_token_signing_alg_values_supported": allowed}
    provider.forged = lambda claims: forged(provider, algorithm, claims)
    assert refusal_of(lambda: sign_in(provider)).code == "not-proven"


def test_new_key_of_the_provider_is_fetched_when_it_is_first_used(provider: LocalProvider) -> None:
    client = client_of(provider)
    sign_in(provider, client)
    provider.key = new_key("second")
    assert sign_in(provider, client)["sub"] == "subject-1"
    assert provider.requests.count("/keys") == 2


def test_code_works_once_and_only_with_its_verifier(provider: LocalProvider) -> None:
    client = client_of(provider)
    departure = client.depart(RETURN_TO)
    code = come_back(provider, departure)
    other = client.depart(RETURN_TO)
    assert refusal_of(lambda: client.claims_of(other, code, RETURN_TO)).code == "expired"
    assert refusal_of(lambda: client.claims_of(departure, code, RETURN_TO)).code == "expired"


def test_reply_without_an_id_token_proves_nothing(provider: LocalProvider) -> None:
    provider.token_fault = (200, '{"access_token": "x", "token_type": "Bearer"}')
    error = refusal_of(lambda: sign_in(provider))
    assert (error.code, type(error)) == ("not-proven", AccessError)


def test_wrong_secret_is_told_apart_from_a_provider_that_is_down(provider: LocalProvider) -> None:
    wrong = client_of(provider, secret="not ours")
    assert isinstance(refusal_of(lambda: sign_in(provider, wrong)), BackendMisconfiguredError)
    right = client_of(provider)
    right.depart(RETURN_TO)
    provider.down = True
    assert isinstance(refusal_of(lambda: sign_in(provider, right)), BackendUnavailableError)
    assert isinstance(refusal_of(lambda: client_of(provider).depart(RETURN_TO)), BackendUnavailableError)


def test_provider_that_was_down_at_first_is_asked_again(provider: LocalProvider) -> None:
    client = client_of(provider)
    provider.down = True
    refusal_of(lambda: client.depart(RETURN_TO))
    provider.down = False
    assert sign_in(provider, client)["sub"] == "subject-1"


@pytest.mark.parametrize(
    "fault", [(200, "<html>"), (200, "[]"), (429, "slow down"), (400, '{"error": "unauthorized_client"}'), (404, "")]
)
def test_unreadable_replies_are_errors_with_words(provider: LocalProvider, fault: tuple[int, str]) -> None:
    provider.token_fault = fault
    refusal_of(lambda: sign_in(provider))


@pytest.mark.parametrize("name", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_incomplete_discovery_document_is_refused(provider: LocalProvider, name: str) -> None:
    provider.published = {name: None}
    assert isinstance(refusal_of(lambda: client_of(provider).depart(RETURN_TO)), BackendMisconfiguredError)


def test_nobody_listening_is_a_provider_that_cannot_be_reached() -> None:
    client = OidcProvider("http://127.0.0.1:9/.well-known/openid-configuration", CLIENT_ID, None, "groups")
    assert refusal_of(lambda: client.depart(RETURN_TO)).code == "unreachable"


def test_sign_out_is_offered_where_the_provider_has_a_place_for_it(provider: LocalProvider) -> None:
    url = client_of(provider).sign_out_url("http://127.0.0.1:1/")
    assert url is not None
    assert query_of(url) == {"client_id": CLIENT_ID, "post_logout_redirect_uri": "http://127.0.0.1:1/"}
    provider.published = {"end_session_endpoint": None}
    assert client_of(provider).sign_out_url("http://127.0.0.1:1/") is None


def test_cognito_is_told_where_to_come_back_by_its_own_name(provider: LocalProvider) -> None:
    provider.published = {"issuer": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc"}
    url = client_of(provider).sign_out_url("https://frontline.example.com/")
    assert query_of(url or "")["logout_uri"] == "https://frontline.example.com/"
