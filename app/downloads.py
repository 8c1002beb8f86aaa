"""Downloads that are too large for the memory of a page: from this machine's disk, or from the bucket they lie in."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from components.session_token import COOKIE_NAME, session_token
from components.survey_export_formats import FORMATS
from components.wiring import services
from services.access.models import Account, Role
from services.access.permissions import require_role, require_tenant
from services.errors import AccessError, AppError, ConflictError, InputError, NotFoundError
from services.logs import get_logger
from services.surveys.permissions import require_analyst

_log = get_logger(__name__)
# Browsers follow at once; the download itself may take longer.
_LINK_SECONDS = 300
_STATUS = {AccessError: 403, NotFoundError: 404, InputError: 409, ConflictError: 409}


async def _composites(request: Request) -> Response:
    """The zip of a run's results, for people who are signed in to its tenant as marketers or administrators."""
    cookie = request.cookies.get(COOKIE_NAME, "")
    tenant_id, run_id = request.path_params["tenant_id"], request.path_params["run_id"]
    only_approved = request.query_params.get("only") == "approved"
    account = await asyncio.to_thread(_account, cookie)
    if account is None:
        return PlainTextResponse("Sign in first, then open this address again.", status_code=401)
    try:
        found, name = await asyncio.to_thread(_pack, account, tenant_id, run_id, only_approved)
    except AppError as error:
        return _refused(error)
    if isinstance(found, str):
        return RedirectResponse(found, status_code=303, headers={"Cache-Control": "no-store"})
    return FileResponse(
        found,
        media_type="application/zip",
        filename=name,
        headers={"Cache-Control": "no-store"},
        background=BackgroundTask(found.unlink, missing_ok=True),
    )


async def _survey_export(request: Request) -> Response:
    """A file that somebody built of a survey's findings, for analysts of its tenant and administrators."""
    cookie = request.cookies.get(COOKIE_NAME, "")
    tenant_id, export_id = request.path_params["tenant_id"], request.path_params["export_id"]
    account = await asyncio.to_thread(_account, cookie)
    if account is None:
        return PlainTextResponse("Sign in first, then open this address again.", status_code=401)
    try:
        path = await asyncio.to_thread(_built_export, account, tenant_id, export_id)
    except AppError as error:
        return _refused(error)
    media_types = {f".{one.ending}": one.media_type for one in FORMATS.values()}
    return FileResponse(
        path,
        media_type=media_types.get(path.suffix, "application/octet-stream"),
        filename=path.name,
        headers={"Cache-Control": "no-store"},
    )


def _refused(error: AppError) -> Response:
    _log.info("download-refused", code=error.code)
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 503)
    return PlainTextResponse(f"{error.message_for_user} {error.remedy}", status_code=status)


def _account(cookie: str) -> Account | None:
    built = services()
    token = session_token(cookie, built.cookie_key)
    signed_in = built.sign_in.resume(token) if token else None
    return signed_in.account if signed_in else None


def _pack(account: Account, tenant_id: str, run_id: str, only_approved: bool) -> tuple[Path | str, str]:
    """The zip on this machine's disk, or the address where it lies; and what it is called."""
    require_role(account, Role.MARKETER)
    require_tenant(account, tenant_id)
    built = services()
    run = built.jobs.get(tenant_id, run_id)
    name = f"backgrounds-{run.created_at:%Y-%m-%d}{'-approved' if only_approved else ''}.zip"
    batches = built.image_batches
    link = batches.zip_link(tenant_id, run_id, only_approved, seconds=_LINK_SECONDS, download_name=name)
    return link or batches.zip_file(tenant_id, run_id, only_approved), name


def _built_export(account: Account, tenant_id: str, export_id: str) -> Path:
    require_analyst(account, tenant_id)
    return services().surveys.built.find(tenant_id, export_id).path


DOWNLOADS = (
    Route("/downloads/backgrounds/{tenant_id}/{run_id}.zip", _composites),
    Route("/downloads/surveys/{tenant_id}/{export_id}", _survey_export),
)
