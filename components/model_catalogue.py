"""The models of the region: found by words, kind, provider and lifecycle; and whether the account may use one."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from components import session_keys
from components.error_notice import errors_shown, show_error
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.model_words import life_with_mark, price_in_words
from components.wiring import Services
from services.operations.catalogue import CatalogueEntry, Overview
from services.ports.model_catalogue import Lifecycle

TEXT, IMAGE, EMBEDDING = "Text", "Pictures", "Embeddings"
_KINDS = {TEXT: "text", IMAGE: "image", EMBEDDING: "embedding"}
_LIVES = {"Active": Lifecycle.ACTIVE, "Legacy": Lifecycle.LEGACY, "Ended": Lifecycle.ENDED}
_ANY = "All providers"


def draw_catalogue(app: Services, person: Viewer, overview: Overview) -> None:
    """The list with its filters, or why there is none."""
    if not app.operations.catalogue.on_aws:
        st.info(
            "**There is no catalogue, because nothing runs on AWS here.**  \nEverything works without it. To see the "
            "models of a region, set FRONTLINE\\_AWS\\_REGION, give this machine a role that may call "
            "bedrock:ListFoundationModels and bedrock:ListInferenceProfiles, and start again.",
            icon=":material/cloud_off:",
        )
        return
    if overview.problem is not None:
        show_error(overview.problem)
        return
    shown = _filtered(overview.models)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{len(shown):,} of {len(overview.models):,} models in {overview.region}.", width="stretch")
        if st.button("Ask again", key=session_keys.MODELS_REFRESH_BUTTON, icon=":material/refresh:", type="tertiary"):
            with errors_shown():
                app.operations.catalogue.overview(person.account, fresh=True)
                st.rerun()
    if not shown:
        st.info("**No model fits these filters.**  \nTake one of them back.", icon=":material/filter_alt_off:")
        return
    st.dataframe(
        _table(shown),
        hide_index=True,
        height=min(38 + 35 * len(shown), 560),
        key=session_keys.MODELS_TABLE,
        column_config={
            "Model": st.column_config.TextColumn(width="medium", pinned=True),
            "Context": st.column_config.TextColumn(help="Tokens; a dash where it is not known.", alignment="right"),
            "Price": st.column_config.TextColumn(
                help="US dollars, for a million tokens where nothing else is said; of the first id that has a price."
            ),
            "Ids": st.column_config.ListColumn(help="What a setting may name.", width="large"),
        },
    )
    _draw_access(app, person, shown)


def _filtered(models: Sequence[CatalogueEntry]) -> list[CatalogueEntry]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Search",
            key=session_keys.MODELS_SEARCH,
            placeholder="Name, provider or id",
            icon=":material/search:",
            width=260,
        )
        maker = st.selectbox(
            "Provider",
            [_ANY, *sorted({entry.model.provider for entry in models})],
            key=session_keys.MODELS_PROVIDER,
            width=180,
        )
        kinds = st.pills("Gives", list(_KINDS), selection_mode="multi", key=session_keys.MODELS_KIND)
        lives = st.pills(
            "Lifecycle",
            list(_LIVES),
            selection_mode="multi",
            default=["Active", "Legacy"],
            key=session_keys.MODELS_LIFECYCLE,
        )
    wanted = words.casefold().split()
    return [
        entry
        for entry in models
        if all(word in _searched(entry) for word in wanted)
        and maker in {_ANY, entry.model.provider}
        and (not kinds or any(_KINDS[kind] in entry.model.outputs for kind in kinds))
        and (not lives or entry.model.lifecycle in {_LIVES[life] for life in lives})
    ]


def _searched(entry: CatalogueEntry) -> str:
    model = entry.model
    return " ".join((model.name, model.provider, model.id, *model.profiles)).casefold()


def _table(models: Sequence[CatalogueEntry]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Model": [entry.model.name for entry in models],
            "Provider": [entry.model.provider for entry in models],
            "Lifecycle": [life_with_mark(entry.model.lifecycle, entry.model.ends_at) for entry in models],
            "Price": [_price(entry) for entry in models],
            "Takes": [", ".join(entry.model.inputs) for entry in models],
            "Gives": [", ".join(entry.model.outputs) for entry in models],
            "Streams": ["Yes" if entry.model.streaming else "No" for entry in models],
            "Context": [f"{entry.context_tokens:,}" if entry.context_tokens else "–" for entry in models],
            "Ids": [list(entry.model.callable_ids) for entry in models],
        }
    )


def _price(entry: CatalogueEntry) -> str:
    known = next((price for _, price in entry.prices if price is not None), None)
    # The column says it once.
    return price_in_words(known).removesuffix(" per million tokens")


def _draw_access(app: Services, person: Viewer, shown: Sequence[CatalogueEntry]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "May this account use a model?",
            shown,
            index=None,
            format_func=lambda entry: entry.model.name,
            placeholder="Choose a model",
            key=session_keys.MODELS_ACCESS,
            width=320,
        )
    if chosen is None:
        return
    with errors_shown():
        access = app.operations.catalogue.access_to(person.account, chosen.model.id)
        name = in_one_line(chosen.model.name)
        if access.granted:
            st.success(f"**Yes.** This account has access to {name}.", icon=":material/check_circle:")
        else:
            st.warning(
                f"**Not yet.** {in_one_line(access.reason)} An administrator of the AWS account can change that.",
                icon=":material/lock:",
            )
