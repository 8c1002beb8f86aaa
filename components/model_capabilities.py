"""Which model serves which capability now, and what it costs."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from components.markdown_text import plain
from components.model_words import (
    CAPABILITY_NAMES,
    PLACE_NAMES,
    life_with_icon,
    price_in_words,
)
from components.times import day
from services.operations.capabilities import Place
from services.operations.catalogue import CapabilityEntry, Overview


def draw_capabilities(overview: Overview) -> None:
    """The table, with what to set for another backend below it."""
    st.table(
        pd.DataFrame(
            {
                "Capability": [f"**{CAPABILITY_NAMES[entry.served.capability]}**" for entry in overview.capabilities],
                "Served by": [_served_by(entry) for entry in overview.capabilities],
                "Price and model": [_price_and_model(entry) for entry in overview.capabilities],
            }
        ),
        border="horizontal",
        hide_index=True,
    )
    dated = sorted({entry.price.since for entry in overview.capabilities if entry.price is not None})
    if dated:
        st.caption(
            f"Prices as of {day(dated[0])}, in US dollars, without discounts, guardrails and taxes. Compare them with "
            "your contract."
        )
    if any(entry.paid and entry.price is None for entry in overview.capabilities):
        st.caption(
            ":material/help: A price is unknown when the price table has none for exactly this model and region. Add "
            "it in a file and set FRONTLINE\\_MODEL\\_PRICES to its path."
        )
    with st.expander("How to use another backend", icon=":material/settings:"):
        st.markdown(
            "Each capability has settings of its own. They are read at start-up: change them in the environment of "
            "the web and of the workers, then start both again. The README says what each may be."
        )
        st.table(
            pd.DataFrame(
                {
                    "Capability": [CAPABILITY_NAMES[entry.served.capability] for entry in overview.capabilities],
                    "Settings": [
                        "  \n".join(f"`{name}`" for name in entry.served.settings) for entry in overview.capabilities
                    ],
                }
            ),
            border="horizontal",
            hide_index=True,
        )


def _served_by(entry: CapabilityEntry) -> str:
    served = entry.served
    lines = [f"{PLACE_NAMES[served.place].split(' ')[0]} {plain(served.by)}"]
    if entry.facts.name:
        lines.append(plain(entry.facts.name))
    if served.model:
        lines.append(f":small[:gray[{plain(served.model)}]]")
    return "  \n".join(lines)


def _price(entry: CapabilityEntry) -> str:
    if entry.served.place is Place.OFF:
        return "–"
    if entry.paid:
        words = price_in_words(entry.price)
        if entry.price is None and entry.served.backend == "sagemaker":
            return "By the hour that the endpoint runs, not by the call"
        return ":material/help: Price unknown" if entry.price is None else plain(words)
    return "No charge by the call" if entry.served.place is not Place.HERE else "No charge"


def _price_and_model(entry: CapabilityEntry) -> str:
    facts = entry.facts
    lines = [_price(entry)]
    if facts.lifecycle is not None:
        lines.append(life_with_icon(facts.lifecycle, facts.ends_at))
    elif entry.served.on_bedrock:
        lines.append(":material/help: Lifecycle not known")
    abilities = []
    if facts.context_tokens is not None:
        abilities.append(f"{facts.context_tokens:,} tokens of context")
    if facts.vision is not None:
        abilities.append("takes pictures" if facts.vision else "takes text only")
    if facts.streaming is not None:
        abilities.append("streams" if facts.streaming else "replies in one piece")
    if abilities:
        lines.append(f":small[{' · '.join(abilities)}]")
    return "  \n".join(lines)
