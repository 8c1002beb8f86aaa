"""Where a run reads from and writes to; nothing of it ends up in the figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
PEER_PYTHON = ROOT / "bench" / ".venv" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders and programs of one run.

    Attributes:
        data: Holds ``qa/<set>/`` with corpus, questions and judgements.
        home: FRONTLINE_HOME of the run; knowledge bases that it already holds are used, missing ones are loaded.
        work: For everything that need not be kept.
        peer_outputs: Results that ``bench/peers/run_peer.py`` wrote before; None runs the peers now.
        peer_python: The interpreter of the peers' environment.
    """

    data: Path
    home: Path
    work: Path
    peer_outputs: Path | None = None
    peer_python: Path = PEER_PYTHON
