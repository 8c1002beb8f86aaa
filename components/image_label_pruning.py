"""Which labels survive in a whole batch: by name, and by how sure they are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from components import session_keys
from components.batch_actions import attempt
from components.batch_words import CONFIDENCE_WORDS
from components.document_words import counted
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.wiring import Services
from services.images.batch_views import LabelCount
from services.images.models import ImageBatch

FEW_NAMES = 12
_FEW_HIDDEN = 6  # so few more are shown at once
_KEEP_ALL = 0.0


def draw_pruning(
    app: Services, person: Viewer, batch: ImageBatch, counts: Sequence[LabelCount], *, graded: bool
) -> None:
    """Draw the names of the batch, each with a click to drop or keep it everywhere, and the threshold.

    Args:
        graded: Whether any label says how sure it is; else there is nothing to set a threshold for.
    """
    with st.container(border=True):
        key = f"{session_keys.LABELS_KEPT_EVERYWHERE}{batch.id}"
        all_key = f"{session_keys.LABELS_ALL}{batch.id}"
        are_many = len(counts) > FEW_NAMES + _FEW_HIDDEN
        shown = counts if st.session_state.get(all_key) or not are_many else counts[:FEW_NAMES]
        by_name = {count.name: count for count in shown}
        kept = [name for name in by_name if name.casefold() not in batch.pruning.dropped_names]
        st.session_state[key] = kept
        st.pills(
            "In the whole batch: click a name to drop it everywhere",
            list(by_name),
            selection_mode="multi",
            format_func=lambda name: _name_words(by_name[name], kept=name in kept),
            key=key,
            wrap=True,
            help="A click on a dropped one keeps it in all photos again.",
            on_change=_choose,
            args=(app, person, batch.id, key, kept),
        )
        if are_many:
            st.toggle(f"Show all {len(counts):,} labels", key=all_key, persist_state="session")
        if graded:
            _draw_threshold(app, person, batch)


def _name_words(count: LabelCount, *, kept: bool) -> str:
    icon = ":material/check:" if kept else ":material/block:"
    photos = counted(count.images, "photo")
    if not kept:
        dropped = f"{count.images - count.kept:,} of {photos}" if count.kept else photos
        return f":gray[{icon} {in_one_line(count.name, 40)} · dropped in {dropped}]"
    words = photos if count.kept == count.images else f"{count.kept:,} of {photos}"
    return f":gray[{icon} {in_one_line(count.name, 40)} · {words}]"


def _choose(app: Services, person: Viewer, batch_id: str, key: str, before: Sequence[str]) -> None:
    now = st.session_state[key]
    batches, account, tenant_id = app.image_batches, person.account, person.tenant.id
    for name in before:
        if name not in now:
            attempt(partial(batches.drop_everywhere, account, tenant_id, batch_id, name))
    for name in now:
        if name not in before:
            attempt(partial(batches.keep_everywhere, account, tenant_id, batch_id, name))


def _draw_threshold(app: Services, person: Viewer, batch: ImageBatch) -> None:
    steps = {_KEEP_ALL: "Keep all"}
    for least, words in reversed(CONFIDENCE_WORDS):
        steps[least] = f"At least {words}"
    now = batch.pruning.least_confidence
    steps.setdefault(now, f"At least {now:.0%}")
    key = f"{session_keys.LABEL_THRESHOLD}{batch.id}"
    st.session_state[key] = now
    st.select_slider(
        "How sure a label must be to be kept",
        sorted(steps),
        format_func=lambda least: steps[least],
        key=key,
        help="Labels that say nothing about how sure they are stay.",
        on_change=_set_threshold,
        args=(app, person, batch.id, key),
    )


def _set_threshold(app: Services, person: Viewer, batch_id: str, key: str) -> None:
    share = float(st.session_state[key])
    attempt(lambda: app.image_batches.set_least_confidence(person.account, person.tenant.id, batch_id, share))
