"""What a million chunks would take: two smaller sizes measured, the next extrapolated from them."""

from __future__ import annotations

from bench.frontline import load_set
from bench.page import Figures, table
from bench.places import Places
from bench.scale import SET, build_and_search

SIZES = (100_000, 300_000)
EXTRAPOLATED = 1_000_000


def measure(places: Places) -> Figures:
    """Build and search both sizes."""
    load_set(places, SET)
    measured = {}
    for size in SIZES:
        built, searched = build_and_search(places, size)
        measured[str(size)] = {"built": built, "searched": searched}
    return {"measured": measured}


def extrapolated(figures: Figures, group: str, name: str, part: str | None = None) -> float:
    """The straight line through both sizes, at the larger one."""

    def value(size: int) -> float:
        found = figures["measured"][str(size)][group][name]
        return float(found[part] if part else found)

    def chunks(size: int) -> int:
        return int(figures["measured"][str(size)]["built"]["chunks"])

    small, large = SIZES
    slope = (value(large) - value(small)) / (chunks(large) - chunks(small))
    return value(large) + slope * (EXTRAPOLATED - chunks(large))


def text(figures: Figures) -> str:
    """The section."""
    columns = [figures["measured"][str(size)] for size in SIZES]
    rows = []
    for label, group, name, part, unit in (
        ("Building, CPU seconds, embedding aside", "built", "cpu_seconds_without_embedding", None, "{:,.0f}"),
        ("Peak resident memory of the build, MiB", "built", "peak_mib", None, "{:,.0f}"),
        ("On disk, MiB", "built", "disk_mib", None, "{:,.0f}"),
        ("Question, CPU ms, median", "searched", "cpu_ms", "p50", "{:.1f}"),
        ("Question, CPU ms, 95th percentile", "searched", "cpu_ms", "p95", "{:.1f}"),
        ("Resident memory that is not files, MiB", "searched", "private_mib", None, "{:,.0f}"),
    ):
        values = [column[group][name][part] if part else column[group][name] for column in columns]
        line = extrapolated(figures, group, name, part)
        rows.append((label, *(unit.format(value) for value in values), unit.format(line)))
    for label, group, name, unit in (
        ("Inverted lists, chosen by the number of vectors", "built", "inverted_lists", "{:,}"),
        ("Recall@10 of the inverted file against exact cosine", "searched", "neighbor_recall", "{:.3f}"),
    ):
        rows.append((label, *(unit.format(column[group][name]) for column in columns), "–"))
    headings = (
        "",
        *(f"{column['built']['chunks']:,} chunks" for column in columns),
        f"{EXTRAPOLATED:,} (extrapolated)",
    )
    about = (
        "The last column is the straight line through the two measured ones, not a measurement. The snapshots are made "
        "of changed copies whose vectors are not embedded, as in the section before. Up to 50,000 vectors are compared "
        "one by one; above that the index reads one in sixteen of its inverted lists, whose number doubles when they "
        "grow beyond 400 vectors on average."
    )
    return f"{table(headings, rows)}\n\n{about}"
