"""A real identity provider on this machine: discovery, keys, a page to sign in, tokens, userinfo, sign-out.

It checks what a good provider checks: client, registered addresses, PKCE, single use of codes. What can go wrong with
one is switched on by its fields.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID = "frontline"
CLIENT_SECRET = "a secret of the client"
METADATA_PATH = "/.well-known/openid-configuration"
_PAGE = """<!doctype html><title>Company sign-in</title><h1>Company sign-in</h1>
<form method="post"><label>Login <input name="login"></label>
<button name="go" value="yes">Continue</button> <button name="go" value="no">Cancel</button></form>"""


@dataclass(frozen=True, slots=True)
class Grant:
    """A code that was given out: for whom, and for which request."""

    login: str
    redirect_uri: str
    nonce: str
    challenge: str


@dataclass
class LocalProvider:
    """The provider and its switches.

    Attributes:
        url: Where it listens; also its issuer.
        people: Claims by login; ``sub`` is what it calls them.
        callback: The only address that browsers are sent back to.
        signed_out: The only address that browsers are sent to after signing out.
        groups_claim: Kept out of the ID token when ``groups_in_userinfo`` is set.
        published: What its discovery document says beside the usual; None takes something out.
        spoiled: Changes the claims of an ID token before it is signed.
        signs_with: Another key than the published one.
        forged: Makes the whole ID token instead.
        token_fault: Status and body of the token endpoint instead of its reply.
        down: Every request is answered with 503.
    """

    url: str
    people: dict[str, dict[str, Any]]
    callback: str = ""
    signed_out: str = ""
    groups_claim: str = "groups"
    groups_in_userinfo: bool = False
    published: dict[str, Any] = field(default_factory=dict)
    spoiled: Callable[[dict[str, Any]], dict[str, Any]] = dict
    signs_with: RSAKey | None = None
    forged: Callable[[dict[str, Any]], str] | None = None
    token_fault: tuple[int, str] | None = None
    userinfo_subject: str | None = None
    down: bool = False
    key: RSAKey = field(default_factory=lambda: new_key("first"))
    grants: dict[str, Grant] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    @property
    def metadata_url(self) -> str:
        return self.url + METADATA_PATH

    def metadata(self) -> dict[str, Any]:
        """The discovery document."""
        usual = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "end_session_endpoint": f"{self.url}/logout",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
        }
        return {name: value for name, value in {**usual, **self.published}.items() if value is not None}

    def grant(self, login: str, query: dict[str, str]) -> str:
        """The address that a browser is sent back to, with a code for this person."""
        code = secrets.token_urlsafe(16)
        self.grants[code] = Grant(login, query["redirect_uri"], query.get("nonce", ""), query["code_challenge"])
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Status and content of the token endpoint's reply."""
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET.replace(' ', '+')}".encode()).decode()
        plain = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization.removeprefix("Basic ") not in {expected, plain}:
            return 401, {"error": "invalid_client"}
        grant = self.grants.pop(form.get("code", ""), None)
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        if grant is None or grant.redirect_uri != form.get("redirect_uri") or grant.challenge != challenge:
            return 400, {"error": "invalid_grant", "error_description": "code, address or verifier is wrong"}
        access_token = secrets.token_urlsafe(16)
        self.tokens[access_token] = grant.login
        now = int(time.time())
        claims = {**self.people[grant.login], "iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        if grant.nonce:
            claims["nonce"] = grant.nonce
        if self.groups_in_userinfo:
            claims.pop(self.groups_claim, None)
        key = self.signs_with or self.key
        header = {"alg": "RS256", "kid": key.kid or ""}
        id_token = self.forged(claims) if self.forged else jwt.encode(header, self.spoiled(claims), key)
        return 200, {"access_token": access_token, "token_type": "Bearer", "expires_in": 300, "id_token": id_token}


def new_key(name: str) -> RSAKey:
    """A key to sign with."""
    return RSAKey.generate_key(2048, parameters={"kid": name, "use": "sig", "alg": "RS256"})


@contextmanager
def local_provider(people: dict[str, dict[str, Any]]) -> Iterator[LocalProvider]:
    """A provider that knows these people, until the block ends; ``localhost`` is another site than ``127.0.0.1``."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Requests)
    provider = LocalProvider(f"http://localhost:{server.server_port}", people)
    server.provider = provider  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Requests(BaseHTTPRequestHandler):
    @property
    def provider(self) -> LocalProvider:
        return self.server.provider  # type: ignore[attr-defined, no-any-return]

    def do_GET(self) -> None:
        path, query = self._asked()
        if self.provider.down:
            self._send(503, "down for the test")
        elif path == METADATA_PATH:
            self._send_json(200, self.provider.metadata())
        elif path == "/keys":
            self._send_json(200, {"keys": [self.provider.key.as_dict(private=False)]})
        elif path == "/authorize":
            self._authorize(query)
        elif path == "/userinfo":
            self._userinfo()
        elif path == "/logout":
            self._sign_out(query)
        else:
            self._send(404, "nothing here")

    def do_POST(self) -> None:
        path, query = self._asked()
        length = int(self.headers.get("Content-Length") or 0)
        form = _single(parse_qs(self.rfile.read(length).decode()))
        if self.provider.down:
            self._send(503, "down for the test")
        elif path == "/token" and self.provider.token_fault:
            self._send(*self.provider.token_fault, content_type="application/json")
        elif path == "/token":
            self._send_json(*self.provider.redeem(form, self.headers.get("Authorization", "")))
        elif path == "/authorize":
            self._decide(query, form)
        else:
            self._send(404, "nothing here")

    def _authorize(self, query: dict[str, str]) -> None:
        if query.get("client_id") != CLIENT_ID or query.get("redirect_uri") != self.provider.callback:
            self._send(400, "unknown client or address")
        elif (query.get("response_type"), query.get("code_challenge_method")) != ("code", "S256"):
            self._send(400, "a code with PKCE is what there is")
        elif "openid" not in query.get("scope", "").split() or not query.get("state"):
            self._send(400, "scope or state is missing")
        elif login := self._who():
            self._redirect(self.provider.grant(login, query))
        else:
            self._send(200, _PAGE)

    def _decide(self, query: dict[str, str], form: dict[str, str]) -> None:
        login = form.get("login", "")
        if form.get("go") == "no":
            self._redirect(f"{query['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': query['state']})}")
        elif login not in self.provider.people:
            self._send(200, f"<p>Nobody is called {html.escape(login)}.</p>{_PAGE}")
        else:
            session = secrets.token_urlsafe(8)
            self.provider.sessions[session] = login
            self._redirect(self.provider.grant(login, query), cookie=f"sso={session}; Path=/; HttpOnly")

    def _userinfo(self) -> None:
        login = self.provider.tokens.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if login is None:
            self._send_json(401, {"error": "invalid_token"})
            return
        claims = dict(self.provider.people[login])
        if self.provider.userinfo_subject is not None:
            claims["sub"] = self.provider.userinfo_subject
        self._send_json(200, claims)

    def _sign_out(self, query: dict[str, str]) -> None:
        if (query.get("client_id"), query.get("post_logout_redirect_uri")) != (CLIENT_ID, self.provider.signed_out):
            self._send(400, "unknown client or address")
            return
        self.provider.sessions.clear()
        self._redirect(self.provider.signed_out, cookie="sso=; Path=/; Max-Age=0")

    def _who(self) -> str | None:
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("sso")
        return self.provider.sessions.get(cookie.value) if cookie else None

    def _asked(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        self.provider.requests.append(parts.path)
        return parts.path, _single(parse_qs(parts.query))

    def _redirect(self, url: str, cookie: str | None = None) -> None:
        self.send_response(302)
        self.send_header("Location", url)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_json(self, status: int, content: dict[str, Any]) -> None:
        self._send(status, json.dumps(content), content_type="application/json")

    def _send(self, status: int, body: str, content_type: str = "text/html; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: Any) -> None:
        """Silent: requests are kept in the provider."""


def _single(values: dict[str, list[str]]) -> dict[str, str]:
    return {name: found[0] for name, found in values.items()}
