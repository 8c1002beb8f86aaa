"""Whether damaged files ever crash or hang the process that loads them: 2,000 mutants through the isolated loader."""

from __future__ import annotations

import io
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from bench.mutations import Mutant, mutant, seeds
from bench.page import Figures, table
from services.knowledge.loading import IsolatedLoader, LoadedFile
from services.knowledge.loading.child_pool import ChildDiedError
from services.logs import configure_logging

if TYPE_CHECKING:
    from bench.places import Places

COUNT = 2_000
SEED = "frontline loading 1"
MAX_FILE_BYTES = 50_000_000
LIMIT_SECONDS = 30.0
SLOW_SECONDS = 3.0
_PARSER_CODES = ("parser-crashed", "parser-timeout", "parser-memory")


def measure(places: Places) -> Figures:
    """Load every mutant; a file's outcome is the worst of what it holds."""
    configure_logging("ERROR", "console")
    chance = random.Random(SEED)
    originals = seeds()
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    codes: Counter[str] = Counter()
    deaths: list[dict[str, str]] = []
    times: list[tuple[float, str, str]] = []
    current: list[Mutant] = []

    def note(name: str, error: ChildDiedError) -> None:
        one = current[-1]
        deaths.append({"file": name, "death": error.death, "detail": error.detail, "how": one.how})
        (places.work / f"death-{len(deaths)}{PurePath(one.name).suffix}").write_bytes(one.data)

    loader = IsolatedLoader(MAX_FILE_BYTES, seconds=LIMIT_SECONDS, processes=1, on_death=note)
    loader.load_bytes("warm-up.txt", b"Started.")
    for _ in range(COUNT):
        one = mutant(chance, originals)
        current.append(one)
        started = time.perf_counter()
        loaded = _load(loader, one)
        seconds = time.perf_counter() - started
        suffix = PurePath(one.name).suffix
        if seconds > SLOW_SECONDS:
            (places.work / f"slow-{len(times)}{suffix}").write_bytes(one.data)
        times.append((seconds, suffix, one.how))
        found = {failure.code for file in loaded for failure in file.failures}
        codes.update(found)
        outcomes[suffix][_outcome(loaded, found)] += 1
    loader.close()
    return {
        "count": COUNT,
        "seed": SEED,
        "limit_seconds": LIMIT_SECONDS,
        "outcomes": {suffix: dict(outcomes[suffix]) for suffix in sorted(outcomes)},
        "codes": dict(codes.most_common()),
        "deaths": deaths,
        "slowest": [
            {"seconds": round(seconds, 2), "format": suffix, "how": how}
            for seconds, suffix, how in sorted(times, reverse=True)[:5]
        ],
        "median_ms": round(1_000 * sorted(times)[len(times) // 2][0], 1),
        "total_seconds": round(sum(seconds for seconds, _, _ in times), 1),
    }


def text(figures: Figures) -> str:
    """The section of docs/benchmarks.md."""
    columns = ("loaded", "loaded with warnings", "refused", *_PARSER_CODES)
    rows = [
        [suffix.removeprefix("."), str(sum(found.values())), *(str(found.get(column, 0)) for column in columns)]
        for suffix, found in figures["outcomes"].items()
    ]
    totals = [sum(found.get(column, 0) for found in figures["outcomes"].values()) for column in columns]
    rows.append(["**all**", str(figures["count"]), *(str(total) for total in totals)])
    deaths = [death for death in figures["deaths"] if death["death"] == "defect"]
    slowest = figures["slowest"]
    over = sum(one["seconds"] > figures["limit_seconds"] + 2 for one in slowest)
    codes = ", ".join(f"`{code}` {count}" for code, count in figures["codes"].items())
    claim = (
        f"The loading process went through all {figures['count']:,} files; {over} took longer than the limit of "
        f"{figures['limit_seconds']:g} s. Exceptions that a loader did not foresee: {len(deaths)}."
    )
    details = (
        f"Median {figures['median_ms']:g} ms a file; the slowest: {_slowest(slowest)}. Codes of what was refused, by "
        f"files: {codes}."
    )
    return "\n\n".join(
        (
            claim,
            table(("Format", "Files", *(column.replace("parser-", "parser ") for column in columns)), rows),
            details,
        )
    )


def _slowest(slowest: Sequence[dict[str, object]]) -> str:
    return ", ".join(
        f"{one['seconds']} s ({str(one['format']).removeprefix('.')}, {str(one['how']).replace('_', ' ')})"
        for one in slowest[:3]
    )


def _load(loader: IsolatedLoader, one: Mutant) -> list[LoadedFile]:
    if one.name.endswith(".zip"):
        return list(loader.load_archive(one.name, io.BytesIO(one.data)))
    return [loader.load_bytes(one.name, one.data)]


def _outcome(loaded: Sequence[LoadedFile], codes: set[str]) -> str:
    for code in _PARSER_CODES:
        if code in codes:
            return code
    if not any(file.documents for file in loaded):
        return "refused"
    has_remarks = codes or any(file.warnings for file in loaded)
    return "loaded with warnings" if has_remarks else "loaded"
