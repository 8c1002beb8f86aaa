"""Places that are read again and again: folders and S3 prefixes whose files become documents by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.frame import Viewer
from components.knowledge_window import Window, act, confirm, open_window
from components.markdown_text import in_one_line
from components.times import ago
from components.wiring import Services
from services.knowledge.sources import KnowledgeSource, SourceReading

INTERVALS = {15: "every 15 minutes", 60: "every hour", 360: "every 6 hours", 1440: "every day", 10_080: "every week"}
_FIELD, _BUTTON = session_keys.SOURCE_FIELD, session_keys.SOURCE_BUTTON


def draw_sources(app: Services, person: Viewer) -> None:
    """Draw the sources of the tenant with what their last reading brought, or how to switch them on."""
    allowed = app.sources.allowed_places(person.account, person.tenant.id)
    if not allowed:
        st.info(
            "**Reading folders on a schedule is off.**  \nWhoever runs Frontline names the places that may be read, in "
            "the setting `FRONTLINE_SOURCE_ROOTS`: folders or `s3://bucket/prefix`, separated by commas. After a "
            "restart, admins can add sources below them here.",
            icon=":material/folder_off:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            "Changed files become new versions, vanished ones are deleted. Each reading that changes something ends "
            "with a draft.",
            width="stretch",
        )
        st.button(
            "Add source",
            key=f"{_BUTTON}add",
            icon=":material/create_new_folder:",
            on_click=_open_form,
            args=(app, person, None),
        )
    sources = app.sources.list_sources(person.account, person.tenant.id)
    if not sources:
        st.info(
            "**There is no source yet.**  \nAdd a folder or an S3 prefix that Frontline should read again and again.",
            icon=":material/folder_open:",
        )
    for source in sources:
        _draw_source(app, person, source)


def interval_words(minutes: int) -> str:
    """How often, such as "every hour"."""
    return INTERVALS.get(minutes, f"every {counted(minutes, 'minute')}")


def _draw_source(app: Services, person: Viewer, source: KnowledgeSource) -> None:
    with st.container(border=True, gap="xsmall"):
        paused = source.next_run_at is None
        badge = ":gray-badge[:material/pause: Paused]" if paused else ":green-badge[:material/schedule: On schedule]"
        publishes = "publishes by itself when no golden question gets worse" if source.publishes else "makes drafts"
        schedule = f"Read {interval_words(source.every_minutes)}; {publishes}{_next_words(source)}"
        st.markdown(f"**{in_one_line(source.place)}** {badge}  \n:small[{schedule}]")
        if source.last is not None:
            _draw_reading(source.last)
        with st.container(horizontal=True, gap="xsmall"):
            _button("Read now", "read", source, ":material/sync:", lambda: act(lambda: _read(app, person, source)))
            _button("Change", "change", source, ":material/tune:", lambda: _open_form(app, person, source))
            label, icon = ("Go on", ":material/play_arrow:") if paused else ("Pause", ":material/pause:")
            _button(label, "pause", source, icon, lambda: act(lambda: _pause(app, person, source, not paused)))
            _button("Remove", "remove", source, ":material/delete:", lambda: _open_removal(app, person, source))


def _button(label: str, name: str, source: KnowledgeSource, icon: str, do: Callable[[], None]) -> None:
    st.button(label, key=f"{_BUTTON}{name}.{source.id}", icon=icon, type="tertiary", on_click=do)


def _next_words(source: KnowledgeSource) -> str:
    if source.next_run_at is None:
        return ""
    minutes = (source.next_run_at - datetime.now(UTC)).total_seconds() / 60
    if minutes <= 1:
        return "; due now"
    if minutes < 120:
        return f"; next in {minutes:.0f} minutes"
    hours = minutes / 60
    return f"; next in {hours:.0f} hours" if hours < 48 else f"; next in {hours / 24:.0f} days"


def _draw_reading(reading: SourceReading) -> None:
    if reading.failure:
        st.markdown(f":red[:material/error: {in_one_line(reading.failure)}] :small[{ago(reading.at)}]")
        return
    parts = ((reading.added, "added"), (reading.changed, "changed"), (reading.removed, "removed"))
    brought = ", ".join(f"{count:,} {word}" for count, word in parts if count) or "nothing new"
    made = (
        f"; version {reading.snapshot} {'published' if reading.published else 'is a draft'}" if reading.snapshot else ""
    )
    st.markdown(f":small[Last read {ago(reading.at)}: {brought}, {reading.unchanged:,} unchanged{made}]")
    if reading.note:
        st.markdown(f":small[:orange[:material/info: {in_one_line(reading.note)}]]")
    if reading.failures:
        with st.expander(f"{counted(len(reading.failures), 'file')} could not be loaded", icon=":material/warning:"):
            for failure in reading.failures:
                st.markdown(
                    f"**{in_one_line(failure['file'])}**  \n{in_one_line(failure['cause'])} "
                    f"{in_one_line(failure['remedy'])}"
                )


def _open_form(app: Services, person: Viewer, source: KnowledgeSource | None) -> None:
    title = "Change source" if source else "Add source"
    open_window(Window(title, lambda: _draw_form(app, person, source), ":material/folder_open:"))


def _draw_form(app: Services, person: Viewer, source: KnowledgeSource | None) -> None:
    which = source.id if source else "new"
    if source is None:
        allowed = app.sources.allowed_places(person.account, person.tenant.id)
        st.text_input("Folder or S3 prefix", key=f"{_FIELD}place", placeholder=allowed[0])
        st.caption("Allowed is what lies below: " + ", ".join(in_one_line(place) for place in allowed))
    else:
        st.markdown(f"**{in_one_line(source.place)}**")
    current = source.every_minutes if source else 1440
    choices = sorted({*INTERVALS, current})
    st.selectbox(
        "Read it",
        choices,
        index=choices.index(current),
        format_func=interval_words,
        key=f"{_FIELD}every.{which}",
    )
    st.checkbox(
        "Publish by itself when no golden question gets worse",
        value=source.publishes if source else False,
        key=f"{_FIELD}publishes.{which}",
    )
    st.button(
        "Save" if source else "Add source",
        type="primary",
        icon=":material/check:",
        key=f"{_BUTTON}save",
        on_click=act,
        args=(lambda: _save(app, person, source),),
    )


def _save(app: Services, person: Viewer, source: KnowledgeSource | None) -> str:
    which = source.id if source else "new"
    every = st.session_state[f"{_FIELD}every.{which}"]
    publishes = st.session_state[f"{_FIELD}publishes.{which}"]
    account, tenant_id = person.account, person.tenant.id
    if source is None:
        place = st.session_state[f"{_FIELD}place"].strip()
        app.sources.add_source(account, tenant_id, place, every_minutes=every, publishes=publishes)
        return "Added. It is read for the first time as soon as a worker is free."
    app.sources.change_source(
        account, tenant_id, source.id, every_minutes=every, publishes=publishes, paused=source.next_run_at is None
    )
    return "Saved."


def _read(app: Services, person: Viewer, source: KnowledgeSource) -> str:
    app.sources.read_now(person.account, person.tenant.id, source.id)
    return "It is being read. The tab Imports shows how far it is."


def _pause(app: Services, person: Viewer, source: KnowledgeSource, paused: bool) -> str:
    app.sources.change_source(
        person.account,
        person.tenant.id,
        source.id,
        every_minutes=source.every_minutes,
        publishes=source.publishes,
        paused=paused,
    )
    return "Paused: it is not read until you let it go on." if paused else "It is read on schedule again."


def _open_removal(app: Services, person: Viewer, source: KnowledgeSource) -> None:
    def remove() -> str:
        app.sources.remove_source(person.account, person.tenant.id, source.id)
        return "Removed. Its documents stay."

    confirm(
        "Remove this source?",
        f"{in_one_line(source.place)} is not read any more. Its documents stay and go on answering.",
        "Remove",
        remove,
        icon=":material/delete:",
    )
