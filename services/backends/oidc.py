"""An identity provider that speaks OpenID Connect, through Authlib: authorization code with PKCE, state and nonce."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.urls import add_params_to_uri
from authlib.integrations.base_client import BaseApp, OAuth2Mixin, OAuthError, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from joserfc.errors import JoseError
from pydantic import SecretStr

from services.access.claims import groups_in
from services.access.company_sign_in import CompanySignInService
from services.access.groups import parse_group_rules
from services.access.models import Departure
from services.access.refusals import misconfigured, refused, unreachable
from services.access.sign_in import SignInService
from services.logs import get_logger
from services.ports.access import AccountRepository
from services.privacy.audit import AuditTrail
from services.setting_choices import LOOPBACK_ADDRESSES
from services.settings import Settings

SCOPES = "openid email profile"
TIMEOUT_SECONDS = 5.0
CLOCK_LEEWAY_SECONDS = 60
# Never "none", and never a signature with the client secret, whatever the provider's document allows.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
_ENDPOINTS = (*_NEEDED[1:], "userinfo_endpoint", "end_session_endpoint")
_COGNITO = "https://cognito-idp."

_log = get_logger(__name__)


class OidcProvider:
    """IdentityProvider over OpenID Connect; what the provider publishes about itself is read once, at first need.

    Args:
        metadata_url: Its discovery document.
        client_id: What it calls us.
        client_secret: Its secret for us; None for a public client, which PKCE alone protects.
        groups_claim: Asked for at the userinfo endpoint when the ID token does not hold it.
    """

    def __init__(self, metadata_url: str, client_id: str, client_secret: SecretStr | None, groups_claim: str) -> None:
        self._client = _Client(
            None,
            client_id=client_id,
            client_secret=client_secret.get_secret_value() if client_secret else None,
            server_metadata_url=metadata_url,
            client_kwargs={
                "scope": SCOPES,
                "code_challenge_method": "S256",
                "default_timeout": TIMEOUT_SECONDS,
            },
        )
        self._groups_claim = groups_claim

    def depart(self, return_to: str) -> Departure:
        """Where to send a browser that is to come back to this address."""
        with _errors_translated():
            made = self._client.create_authorization_url(return_to)
            return Departure(made["url"], made["state"], made["nonce"], made["code_verifier"])

    def claims_of(self, departure: Departure, code: str, return_to: str) -> Mapping[str, object]:
        """What the provider says about the person who came back with this code."""
        with _errors_translated():
            metadata = self._client.load_server_metadata()
            token = self._client.fetch_access_token(
                redirect_uri=return_to, code=code, code_verifier=departure.verifier, state=departure.state
            )
            claims: Mapping[str, object] | None = self._client.parse_id_token(
                token,
                nonce=departure.nonce,
                claims_options={
                    "iss": {"essential": True, "value": metadata["issuer"]},
                    "aud": {"essential": True, "value": self._client.client_id},
                    "sub": {"essential": True},
                },
                leeway=CLOCK_LEEWAY_SECONDS,
            )
            if claims is None:
                _log.warning("identity-not-proven", reason="no ID token")
                raise refused("not-proven")
            if groups_in(claims, self._groups_claim) or "userinfo_endpoint" not in metadata:
                return dict(claims)
            more = self._client.userinfo(token=token)
            if more.get("sub") != claims["sub"]:
                _log.warning("identity-not-proven", reason="userinfo of somebody else")
                raise refused("not-proven")
            return {**more, **claims}

    def sign_out_url(self, return_to: str) -> str | None:
        """Where a browser signs out at the provider; None when it has no place for that."""
        with _errors_translated():
            metadata = self._client.load_server_metadata()
        endpoint = metadata.get("end_session_endpoint")
        if not endpoint:
            return None
        parameters = {"client_id": self._client.client_id, "post_logout_redirect_uri": return_to}
        if metadata["issuer"].startswith(_COGNITO):
            parameters["logout_uri"] = return_to  # its own name for the same
        return str(add_params_to_uri(endpoint, list(parameters.items())))


def build_company_sign_in(
    settings: Settings, accounts: AccountRepository, sessions: SignInService, audit: AuditTrail
) -> CompanySignInService | None:
    """Signing in at the identity provider of these settings; None when they name none.

    Raises:
        ConfigurationError: a rule for groups cannot be read.
    """
    if settings.oidc_metadata_url is None or settings.oidc_client_id is None:
        return None
    claim = settings.oidc_groups_claim
    provider = OidcProvider(
        str(settings.oidc_metadata_url), settings.oidc_client_id, settings.oidc_client_secret, claim
    )
    rules = parse_group_rules(settings.oidc_roles or "", settings.oidc_tenants or "")
    return CompanySignInService(provider, accounts, sessions, audit, rules=rules, groups_claim=claim)


class _Client(OAuth2Mixin, OpenIDMixin, BaseApp):  # type: ignore[misc]  # the library is untyped
    """Authlib's client, with what the provider publishes checked before any of it is used."""

    client_cls = OAuth2Session

    def load_server_metadata(self) -> dict[str, Any]:
        """The discovery document; the parent's would take it as it is, and half of it while it is being loaded."""
        known: dict[str, Any] = self.server_metadata
        if known:
            return known
        with self._get_session() as session:
            response = session.request("GET", self._server_metadata_url, withhold_token=True)
            response.raise_for_status()
            found = _checked_metadata(response.json(), self._server_metadata_url)
        self.server_metadata: dict[str, Any] = found
        return found

    def _get_oauth_client(self, **metadata: Any) -> Any:
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if self.client_secret and "client_secret_basic" not in methods and "client_secret_post" in methods:
            metadata["token_endpoint_auth_method"] = "client_secret_post"  # noqa: S105  # the name of a method
        return super()._get_oauth_client(**metadata)


def _checked_metadata(found: object, metadata_url: str) -> dict[str, Any]:
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in _NEEDED):
        raise ValueError("the discovery document is incomplete")
    local = urlsplit(metadata_url).hostname in LOOPBACK_ADDRESSES
    for name in _ENDPOINTS:
        if not (local or str(found.get(name, "https://")).startswith("https://")):
            raise ValueError(f"{name} is not an https address")
    offered = found.get("id_token_signing_alg_values_supported")
    allowed = [name for name in ALGORITHMS if isinstance(offered, list) and name in offered]
    return {**found, "id_token_signing_alg_values_supported": allowed or ["RS256"], "_loaded_at": time.time()}


@contextmanager
def _errors_translated() -> Iterator[None]:
    try:
        yield
    except OAuthError as error:
        _log.warning("identity-provider-refused", error=error.error, description=str(error.description)[:200])
        raise (refused("expired") if error.error == "invalid_grant" else misconfigured()) from error
    except JoseError as error:
        _log.warning("identity-not-proven", reason=error.error, description=str(error.description)[:200])
        raise refused("not-proven") from error
    except requests.JSONDecodeError as error:
        _log.warning("identity-provider-unreadable")
        raise misconfigured() from error
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        _log.warning("identity-provider-failed", status=status)
        raise (unreachable() if status >= 500 or status == 429 else misconfigured()) from error
    except requests.RequestException as error:
        _log.warning("identity-provider-unreachable", error=type(error).__name__)
        raise unreachable() from error
    except (ValueError, KeyError, RuntimeError) as error:
        # Authlib's own checks, and documents that are not what the standard says.
        _log.warning("identity-provider-unreadable", reason=str(error)[:200])
        raise misconfigured() from error
