"""The two addresses of sign-in at an identity provider: where a browser leaves, and where it comes back."""

from __future__ import annotations

import asyncio
import hmac
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route as ServerRoute

from app.routes import ROUTES
from app.session_cookie import set_session_cookie
from components.oidc_sign_in import DEPARTURE_ADDRESS, DESTINATION, REFERENCE, REFUSED, public_address
from components.session_token import DEPARTURE_SECONDS, departure_in, sign_departure
from components.wiring import Services, services
from services.access.company_sign_in import CompanySignInService
from services.access.models import Departure
from services.access.refusals import REFUSALS
from services.errors import AppError
from services.logs import get_logger, new_reference

ARRIVAL_ADDRESS = "/sign-in/callback"
COOKIES_PATH = "/sign-in"
COOKIE_PREFIX = "frontline_away_"
MOST_WINDOWS = 5  # that may be at the provider at once
LONGEST_DESTINATION_CHARACTERS = 1500

_PATHS = frozenset({"", *(route.url_path for route in ROUTES)})
_log = get_logger(__name__)


async def _depart(request: Request) -> Response:
    """Send the browser to the provider; it keeps who left, so that only the same one can come back."""
    built, company = _parts()
    wanted = destination(request.query_params.get(DESTINATION, ""))
    try:
        departure = await asyncio.to_thread(company.depart, _return_address(built))
    except AppError as error:
        return _refuse(built, error.code, wanted)
    except Exception as error:  # the person gets words and a way back, whatever broke
        return _refuse(built, "failed", wanted, error)
    response = _redirect(departure.url)
    waiting = [name for name in request.cookies if name.startswith(COOKIE_PREFIX)]
    for name in waiting if len(waiting) >= MOST_WINDOWS else []:
        response.delete_cookie(name, path=COOKIES_PATH)
    response.set_cookie(
        _cookie_name(departure.state),
        sign_departure(departure, wanted, built.cookie_key),
        max_age=DEPARTURE_SECONDS,
        path=COOKIES_PATH,
        secure=_is_public_over_tls(built),
        httponly=True,
        samesite="lax",  # it comes back by a link of another site
    )
    return response


async def _arrive(request: Request) -> Response:
    """Take the browser back from the provider, signed in or with the reason why not."""
    built, company = _parts()
    state = request.query_params.get("state", "")
    known = departure_in(request.cookies.get(_cookie_name(state), ""), built.cookie_key)
    if known is None or not hmac.compare_digest(known[0].state.encode(), state.encode()):
        return _refuse(built, "expired", "/")
    departure, wanted = known[0], destination(known[1])
    response = await _signed_in_response(request, built, company, departure, wanted)
    response.delete_cookie(_cookie_name(state), path=COOKIES_PATH)
    return response


async def _signed_in_response(
    request: Request, built: Services, company: CompanySignInService, departure: Departure, wanted: str
) -> Response:
    if "error" in request.query_params:
        told = request.query_params["error"]
        _log.info("identity-provider-said-no", error=told[:100])
        return _refuse(built, "cancelled" if told == "access_denied" else "failed", wanted)
    code = request.query_params.get("code", "")
    if not code:
        return _refuse(built, "expired", wanted)
    try:
        signed_in = await asyncio.to_thread(company.arrive, departure, code, _return_address(built))
    except AppError as error:
        return _refuse(built, error.code, wanted)
    except Exception as error:  # the person gets words and a way back, whatever broke
        return _refuse(built, "failed", wanted, error)
    response = _redirect(public_address(built, wanted))
    set_session_cookie(response, signed_in, built.cookie_key, secure=_is_public_over_tls(built))
    return response


def destination(wanted: str) -> str:
    """The address within the app that somebody came for: one of our pages with its parameters, else the first page.

    Only the path and the parameters are taken over, and only a path that is a page of ours.
    """
    try:
        parts = urlsplit(wanted)
        given = parse_qsl(parts.query, max_num_fields=50)
    except ValueError:
        return "/"
    path = parts.path.removeprefix("/")
    if parts.scheme or parts.netloc or path not in _PATHS or len(wanted) > LONGEST_DESTINATION_CHARACTERS:
        return "/"
    query = urlencode([(name, value) for name, value in given if name not in {REFUSED, REFERENCE}])
    return f"/{path}?{query}" if query else f"/{path}"


def _parts() -> tuple[Services, CompanySignInService]:
    built = services()
    if built.company_sign_in is None:
        raise RuntimeError("these routes are there only with an identity provider")
    return built, built.company_sign_in


def _refuse(built: Services, code: str, wanted: str, error: Exception | None = None) -> Response:
    code = code if code in REFUSALS else "failed"
    reference = new_reference()
    if error is None:
        _log.warning("company-sign-in-ended", reference=reference, code=code)
    else:
        _log.error("unexpected-error", reference=reference, code=code, exc_info=error)
    told = urlencode({REFUSED: code, REFERENCE: reference})
    return _redirect(public_address(built, f"{wanted}{'&' if '?' in wanted else '?'}{told}"))


def _redirect(url: str) -> Response:
    return RedirectResponse(url, status_code=303, headers={"Cache-Control": "no-store"})


def _return_address(built: Services) -> str:
    return public_address(built, ARRIVAL_ADDRESS)


def _is_public_over_tls(built: Services) -> bool:
    return public_address(built, "/").startswith("https://")


def _cookie_name(state: str) -> str:
    plain = "".join(letter for letter in state if letter.isascii() and letter.isalnum())
    return f"{COOKIE_PREFIX}{plain[:20]}"


COMPANY_SIGN_IN = (
    ServerRoute(DEPARTURE_ADDRESS, _depart, methods=["GET"]),
    ServerRoute(ARRIVAL_ADDRESS, _arrive, methods=["GET"]),
)
