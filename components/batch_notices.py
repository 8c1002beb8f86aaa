"""What a person is told in the frame about batches that ended, on whatever page they are."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.batch_link import RESULTS
from components.error_notice import errors_shown
from components.markdown_text import in_one_line
from components.times import ago
from components.wiring import Services
from services.access.models import Account, Role
from services.access.permissions import may
from services.errors import AppError
from services.images.models import BatchNotice, NoticeState

PAGE = "../pages/replace_backgrounds.py"
SECONDS_BETWEEN_LOOKS = 20
MOST_SHOWN = 2  # more would push what stands below out of the window
_LONGEST_CHARACTERS = 110  # three lines beside the page; the results say the rest

_STATES = {
    NoticeState.FINISHED: ("Finished", ":material/check_circle:", "green"),
    NoticeState.PARTLY: ("Finished in part", ":material/warning:", "orange"),
    NoticeState.FAILED: ("Failed", ":material/error:", "red"),
    NoticeState.CANCELED: ("Canceled", ":material/block:", "gray"),
}


def draw_batch_notices(services: Services, account: Account) -> None:
    """Draw the notices, anew every while: a batch ends when it ends, whatever the person does meanwhile."""
    if may(account, {Role.MARKETER}):
        fragment = st.fragment(_draw, run_every=SECONDS_BETWEEN_LOOKS, key=f"{session_keys.NOTICE_BUTTON}all")
        fragment(services, account)


def put_away_notices(services: Services, account: Account, batch_id: str) -> bool:
    """Put away what this person is told about a batch, because its results are open; returns whether anything was."""
    try:
        notices = [notice for notice in services.image_batches.notices(account) if notice.batch_id == batch_id]
        for notice in notices:
            services.image_batches.dismiss(account, notice.id)
    except AppError:
        return False  # they stay, and can be put away later
    return bool(notices)


def _put_away(services: Services, account: Account, batch_id: str) -> None:
    put_away_notices(services, account, batch_id)


def _draw(services: Services, account: Account) -> None:
    with errors_shown():
        newest: dict[str, BatchNotice] = {}
        for notice in services.image_batches.notices(account):
            newest.setdefault(notice.batch_id, notice)
        shown = list(newest.values())
        for notice in shown[:MOST_SHOWN]:
            _draw_notice(services, account, notice)
        if len(shown) > MOST_SHOWN:
            st.caption(f"{len(shown) - MOST_SHOWN:,} more after these")


def _draw_notice(services: Services, account: Account, notice: BatchNotice) -> None:
    word, icon, color = _STATES[notice.state]
    with st.container(border=True, gap="xxsmall"):
        st.markdown(
            f":{color}-badge[{icon} {word}] :small[:gray[{ago(notice.created_at)}]]  \n"
            f"**{in_one_line(notice.title, 40)}**  \n:small[{in_one_line(notice.words, _LONGEST_CHARACTERS)}]"
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.page_link(
                PAGE,
                label="Open",
                icon=":material/open_in_full:",
                help=in_one_line(notice.words),
                query_params=_address(services, account, notice),
            )
            st.button(
                "Put away",
                key=session_keys.NOTICE_BUTTON + notice.id,
                icon=":material/done:",
                type="tertiary",
                on_click=_put_away,
                args=(services, account, notice.batch_id),
            )


def _address(services: Services, account: Account, notice: BatchNotice) -> dict[str, str]:
    address = {
        session_keys.OPEN_BATCH: notice.batch_id,
        session_keys.OPEN_RUN: notice.job_id,
        session_keys.BATCH_STEP: RESULTS,
    }
    tenants = {tenant.id: tenant.name for tenant in services.accounts.tenants_of(account)}
    if len(tenants) > 1 and notice.tenant_id in tenants:
        address[session_keys.TENANT] = tenants[notice.tenant_id]
    return address
