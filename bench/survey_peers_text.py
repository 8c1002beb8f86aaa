"""Draws the section on the peers of survey analysis from its figures."""

from __future__ import annotations

from bench.page import Figures, goals, table
from bench.survey_peers import INSTALL, PEERS, PER_TOPIC, POOL_TEXTS, SETFIT_STEPS

NAMES = {
    "frontline": "**Frontline, local**",
    "keyword_names": "Keywords: words of the names",
    "keyword_lists": "Keywords: lists from descriptions and examples",
    "cosine": "Plain zero-shot",
    "bertopic": "BERTopic",
    "setfit": f"SetFit, {SETFIT_STEPS} steps",
    "setfit_head": "SetFit, head only",
}


def peers_text(figures: Figures) -> str:
    """The section."""
    parts = [_goals(figures["sets"])]
    for name, one in figures["sets"].items():
        parts.append(f"**{name}**, {one['topics']} topics, {one['responses']:,} test responses")
        parts.append(_systems(one["systems"]))
    parts.append(_discovery(figures["sets"]))
    parts.append(_versions(figures))
    return "\n\n".join(parts)


def _goals(sets: Figures) -> str:
    rows = []
    for name, one in sets.items():
        for count in map(str, PER_TOPIC):
            rivals = {
                system: by_count[count]
                for system, by_count in one["systems"].items()
                if system != "frontline" and count in by_count
            }
            best = max(rivals, key=lambda system: rivals[system]["micro_f1"])
            value, low, high = rivals[best]["behind"]
            measured = f"{value:+.3f} against {_plain(best)} (95 % interval {low:+.3f} to {high:+.3f})"
            rows.append((f"Micro-F1 above every peer, {name}, {count} examples", "difference > 0", measured, low > 0))
    return goals(rows)


def _systems(systems: Figures) -> str:
    rows = []
    for count in map(str, PER_TOPIC):
        for system, system_name in NAMES.items():
            scores = systems.get(system, {}).get(count)
            if scores is not None:
                shares = [f"{scores[name]:.3f}" for name in ("micro_f1", "macro_f1", "precision", "recall")]
                correct, seconds = f"{scores['correct_per_1000']:,.0f}", f"{scores['cpu_seconds']:.1f}"
                rows.append((f"{system_name}, {count} examples per topic", *shares, correct, seconds))
    return table(("System", "Micro-F1", "Macro-F1", "Precision", "Recall", "Correct per 1,000", "CPU s"), rows)


def _discovery(sets: Figures) -> str:
    rows = []
    for name, one in sets.items():
        for system, found in one["discovery"].items():
            again = f"{found['found_again']} of {one['topics']}"
            rows.append((f"{NAMES[system]}, {name}", str(found["groups"]), again, f"{found['cpu_seconds']:.1f}"))
    return table(("Topics without a taxonomy", "Groups", "People's topics found again", "CPU s"), rows)


def _versions(figures: Figures) -> str:
    missing = [package for package, version in figures["installed"].items() if version is None]
    measured = {
        scores["version"]
        for one in figures["sets"].values()
        for by_count in one["systems"].values()
        for scores in by_count.values()
        if "version" in scores
    }
    words = []
    if measured:
        words.append(
            f"Versions: {', '.join(sorted(measured))}. BERTopic groups the examples together with up to {POOL_TEXTS:,} "
            "training texts; its seconds include compiling. Options of both, such as the probability from which SetFit "
            "assigns a topic, are those that did best on training rows that they did not learn from. "
            f"SetFit was given {SETFIT_STEPS} steps of 16 pairs; left alone it goes over all pairs of examples once. "
            "Frontline's seconds leave out texts that it had embedded before in this run."
        )
    not_measured = [package for package in missing if not any(package in one for one in measured)]
    if not_measured:
        names = " and ".join({"bertopic": "BERTopic", "setfit": "SetFit"}[package] for package in not_measured)
        words.append(f"Not installed, and so not measured: {names}. To measure them: {INSTALL}.")
    return " ".join(words) or f"Peers: {', '.join(sorted(set(PEERS.values())))}."


def _plain(system: str) -> str:
    return NAMES[system].strip("*").lower() if system.startswith(("keyword", "cosine")) else NAMES[system]
