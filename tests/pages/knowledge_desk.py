"""A real knowledge base behind the admin's page: real storage, search and parsers; jobs run at once, unchecked."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import session_keys, wiring
from services.access.models import Account
from services.bootstrap import Services, build_services
from services.knowledge.ingestion import BUILD_DRAFT, LOAD_FILES, IngestionService
from services.knowledge.ingestion_jobs import BuildDraftKind, DraftMaker, LoadFilesKind
from services.knowledge.loading.isolated import IsolatedLoader
from services.knowledge.models import ExpectedPassage, GoldenQuestion
from services.ports.jobs import JobKind
from services.settings import load_settings
from services.storage.jobs import SqlJobRepository
from tests.jobs_inline import InlineJobQueue, with_inline_jobs
from tests.pages.frame_driver import enter_as, open_app

TENANT = "pharmacy"
EMPTY_TENANT = "clinic"
GRACE = "grace.lin"
PAGE = "../pages/manage_knowledge.py"
PARKING, LOCKERS = "parking.md", "lockers.md"
PARKING_TEXT = """# Parking vouchers

## Who gets one

Every patient with an appointment gets one parking voucher for the Lindgren garage.

## How long it is valid

A parking voucher is valid for four hours. After that the driver pays two dollars per hour.
"""
LOCKERS_TEXT = """# Lockers

Visitors may store bags in the blue lockers beside the east entrance for one day.
"""


@dataclass
class Desk:
    """The services behind the page, and the queue of their jobs."""

    services: Services
    queue: InlineJobQueue

    @property
    def grace(self) -> Account:
        return self.services.accounts.get_account(GRACE)

    def markdown(self, document_id: str = PARKING) -> str:
        """The newest text of a document, as the page's editor shows it."""
        return self.services.documents.markdown_of(self.services.knowledge.get_document(TENANT, document_id))

    def edit(self, old: str, new: str, document_id: str = PARKING) -> None:
        """Somebody else's edit."""
        entry = self.services.documents.get_entry(self.grace, TENANT, document_id)
        changed = self.markdown(document_id).replace(old, new)
        self.services.documents.edit_document(
            self.grace, TENANT, document_id, changed, title=entry.title, url=None, expected_version=entry.version
        )

    def live(self) -> int | None:
        """The number of the version that answers."""
        published = self.services.knowledge.published_snapshot(TENANT)
        return published.number if published else None


def prepare_home(home: Path) -> None:
    """Fill a home with two published documents and a golden question for the tenant ``pharmacy``."""
    services = build_services(load_settings(home=home, demo=True))
    folder = home / "incoming"
    folder.mkdir()
    (folder / PARKING).write_text(PARKING_TEXT, encoding="utf-8")
    (folder / LOCKERS).write_text(LOCKERS_TEXT, encoding="utf-8")
    services.knowledge.load(TENANT, [folder], publish=True, username=GRACE)
    services.knowledge.save_golden_questions(
        TENANT, [GoldenQuestion("g1", "How long is a parking voucher valid?", (ExpectedPassage(PARKING),))]
    )
    services.database.close()


def open_desk(monkeypatch: pytest.MonkeyPatch, home: Path, prepared: Path, **settings: str) -> Desk:
    """The services of a copy of the prepared home, as the app's own runs will find them."""
    shutil.copytree(prepared, home, dirs_exist_ok=True)
    built = build_services(load_settings(home=home, demo=True, **settings))
    drafts = DraftMaker(built.knowledge, built.publishing)
    loader = IsolatedLoader(built.settings.max_file_bytes)
    kinds: dict[str, JobKind] = {
        LOAD_FILES: LoadFilesKind(built.knowledge, built.files, loader, drafts, SqlJobRepository(built.database)),
        BUILD_DRAFT: BuildDraftKind(drafts),
    }
    inline, queue = with_inline_jobs(built, kinds)
    ingestion = IngestionService(
        built.files, inline.jobs, built.audit, max_file_bytes=1_000_000, max_archive_bytes=2_000_000
    )
    desk = replace(inline, ingestion=ingestion)
    st.cache_resource.clear()
    monkeypatch.setattr(wiring, "build_services", lambda: desk)
    return Desk(desk, queue)


def open_page(username: str = GRACE, *, tenant: str = TENANT, **query: str) -> AppTest:
    """The page as that person finds it."""
    app = enter_as(open_app(), username)
    if tenant != TENANT:
        app.selectbox(key=session_keys.TENANT).set_value(tenant).run()
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page(PAGE).run()


def shown(app: AppTest) -> str:
    """All running text on the page, without the backslashes that keep Markdown away from it."""
    kinds = (app.markdown, app.caption, app.subheader, app.header, app.info, app.warning, app.error, app.success)
    return "\n".join(element.value for elements in kinds for element in elements).replace("\\", "")


def click(app: AppTest, key: str) -> AppTest:
    """Click the button with this key."""
    return app.button(key=key).click().run()


def keys(app: AppTest) -> set[str | None]:
    """The keys of the buttons on the page."""
    return {button.key for button in app.button}


def confirm(app: AppTest) -> AppTest:
    """Agree in the window that is open."""
    return click(app, session_keys.CONFIRM_BUTTON)
