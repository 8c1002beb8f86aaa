"""What models and paid services cost in a period."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from components import session_keys
from components.frame import Viewer
from components.markdown_text import plain
from components.model_words import PURPOSE_NAMES, calls_in_words, cost_in_words, money
from components.times import browser_zone
from components.wiring import Services
from services.operations.models import SpendRow
from services.operations.spending import SpendReport, spend_csv

PERIODS = (7, 30, 90)
_DAYS_SHOWN_SINGLY = 45
_FLUSH_SECONDS = 2.0
_NOBODY, _NOWHERE = "Nobody in particular", "No tenant"


def draw_spend(app: Services, person: Viewer) -> None:
    """Figures, a chart, and tables by page, tenant, user and model."""
    days = st.segmented_control(
        "Period",
        PERIODS,
        default=PERIODS[1],
        required=True,
        format_func=lambda count: f"{count} days",
        key=session_keys.SPEND_DAYS,
        label_visibility="collapsed",
    )
    app.model_calls.flush(_FLUSH_SECONDS)
    report = app.operations.spending.report(person.account, days=days, zone=browser_zone())
    if not report.rows:
        st.info(
            f"**Nothing that costs money was called in the last {days} days.**  \nSpend appears here as soon as a "
            "model of a provider, or of your own server, is asked. What runs on this machine costs nothing by the "
            "call and is not counted.",
            icon=":material/savings:",
        )
        return
    groups = _groups(app, person)
    _draw_figures(report)
    st.subheader("What was spent per day?", anchor=False)
    by = st.segmented_control(
        "Split by",
        list(groups),
        default=next(iter(groups)),
        required=True,
        key=session_keys.SPEND_GROUP,
        width="content",
    )
    _draw_days(report, groups[by])
    _draw_table(report, by, groups[by])
    st.download_button(
        "Download all rows",
        lambda: spend_csv(report.rows),
        f"spend-{report.since}-{report.until}.csv",
        "text/csv",
        key=session_keys.SPEND_DOWNLOAD_BUTTON,
        icon=":material/download:",
    )


def _groups(app: Services, person: Viewer) -> dict[str, Callable[[SpendRow], str]]:
    tenants = {tenant.id: tenant.name for tenant in app.accounts.tenants_of(person.account)}
    return {
        "Page": lambda row: PURPOSE_NAMES.get(row.purpose, row.purpose),
        "Tenant": lambda row: tenants.get(row.tenant_id, row.tenant_id) or _NOWHERE,
        "User": lambda row: row.username or _NOBODY,
        "Model": lambda row: row.model or row.backend,
    }


def _draw_figures(report: SpendReport) -> None:
    total = report.total
    with st.container(horizontal=True, gap="small"):
        known = total.calls - total.unknown_costs
        st.metric(
            "Spent",
            money(total.cost_usd) if known else "Unknown",
            help="US dollars by the price table; your invoice counts.",
            border=True,
            width=160,
        )
        st.metric("Calls", f"{total.calls:,}", help=f"{total.failed:,} ended in an error.", border=True, width=160)
        st.metric(
            "Tokens",
            f"{total.input_tokens + total.output_tokens:,}",
            help=f"{total.input_tokens:,} sent, {total.output_tokens:,} received.",
            border=True,
            width=160,
        )
        st.metric("Pictures", f"{total.images:,}", help="Made or looked at.", border=True, width=160)
    if total.unknown_costs:
        st.warning(
            f"**{calls_in_words(total.unknown_costs)} with unknown price.**  \nThey are not in the sum. Their model "
            "has no price in the table for this region, or a reply was lost. Add prices in a file that "
            "FRONTLINE\\_MODEL\\_PRICES names.",
            icon=":material/help:",
        )


def _draw_days(report: SpendReport, key: Callable[[SpendRow], str]) -> None:
    names = [name for name, total in report.by(key) if total.cost_usd > 0]
    if not names:
        st.caption("No call of this period has a cost that is known and not zero.")
        return
    costs = {(day, name): 0.0 for day in report.days for name in names}
    for row in report.rows:
        if (row.day, key(row)) in costs:
            costs[row.day, key(row)] += row.cost_usd
    table = pd.DataFrame(
        {name: [costs[day, name] for day in report.days] for name in names}, index=pd.to_datetime(list(report.days))
    )
    if len(table) > _DAYS_SHOWN_SINGLY:
        table = table.resample("W-MON", label="left", closed="left").sum()
    table.index = pd.Index([f"{moment:%b} {moment.day}" for moment in table.index], name="day")
    st.bar_chart(table.reset_index(), x="day", y=names, x_label="", y_label="US dollars", sort=False, height=260)


def _draw_table(report: SpendReport, label: str, key: Callable[[SpendRow], str]) -> None:
    groups = report.by(key)
    st.dataframe(
        pd.DataFrame(
            {
                label: [name for name, _ in groups],
                "Cost": [cost_in_words(total.cost_usd, total.unknown_costs, total.calls) for _, total in groups],
                "Calls": [total.calls for _, total in groups],
                "Failed": [total.failed for _, total in groups],
                "Unknown price": [total.unknown_costs for _, total in groups],
                "Tokens in": [total.input_tokens for _, total in groups],
                "Tokens out": [total.output_tokens for _, total in groups],
                "Pictures": [total.images for _, total in groups],
            }
        ),
        hide_index=True,
        height="content",
        column_config={
            label: st.column_config.TextColumn(width="medium", pinned=True),
            "Unknown price": st.column_config.NumberColumn(help="Calls that are not in the cost.", format="localized"),
            **{
                name: st.column_config.NumberColumn(format="localized")
                for name in ("Calls", "Failed", "Tokens in", "Tokens out", "Pictures")
            },
        },
    )
    st.caption(plain(f"Sum: {cost_in_words(report.total.cost_usd, report.total.unknown_costs, report.total.calls)}"))
