"""What was found about each backend: four questions, and for each trouble its cause and its remedy."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from components.markdown_text import in_one_line, plain
from components.model_words import CAPABILITY_NAMES
from services.operations.checks import CapabilityCheck, CheckReport, State

_STATES = {
    State.YES: ":green[:material/check_circle:] Yes",
    State.NO: ":red[:material/cancel:] No",
    State.NOT_APPLICABLE: ":gray[–]",
    State.NOT_KNOWN: ":orange[:material/help:] Not known",
}


def draw_summary(report: CheckReport) -> None:
    """One sentence on all of them, then each trouble with what to do."""
    troubles = [check for check in report.checks if check.works is False]
    warnings = [check for check in report.checks if check.warns]
    if not troubles and not warnings:
        st.success("**All backends that are in use can work.**", icon=":material/check_circle:")
    for check in troubles:
        st.error(_sentence(check), icon=":material/error:")
    for check in warnings:
        st.warning(_sentence(check), icon=":material/schedule:")
    if report.identity_problem:
        st.warning(f"**Who asks AWS is not known.**  \n{plain(report.identity_problem)}", icon=":material/badge:")


def draw_checks(report: CheckReport) -> None:
    """The table, with where AWS is asked and as whom."""
    st.table(
        pd.DataFrame(
            {
                "Capability": [_capability(check) for check in report.checks],
                "Configured": [_configured(check) for check in report.checks],
                "Reachable": [_STATES[check.reachable] for check in report.checks],
                "Permitted": [_STATES[check.permitted] for check in report.checks],
                "Model active": [_STATES[check.active] for check in report.checks],
            }
        ),
        border="horizontal",
        hide_index=True,
    )
    st.caption("A dash stands for what does not apply: what runs on this machine needs no permission.")
    if report.region or report.identity:
        st.caption(
            f":material/cloud: AWS in {plain(report.region) or 'no region'}, as "
            f"{plain(report.identity) or 'nobody that is known'}."
        )


def _capability(check: CapabilityCheck) -> str:
    served = check.served
    model = f"  \n:small[:gray[{plain(served.model)}]]" if served.model else ""
    return f"**{CAPABILITY_NAMES[served.capability]}**  \n{plain(served.by)}{model}"


def _configured(check: CapabilityCheck) -> str:
    return ":gray[:material/block:] Off" if check.works is None else _STATES[check.configured]


def _sentence(check: CapabilityCheck) -> str:
    name = CAPABILITY_NAMES[check.served.capability]
    return f"**{name}: {in_one_line(check.cause)}**  \n{plain(check.remedy)}"
