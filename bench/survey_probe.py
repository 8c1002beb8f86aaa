"""Analyzes many responses in a process of its own and prints what that took, as JSON.

    python -m bench.survey_probe HOME TASK

TASK is JSON with ``texts``, ``topics`` and ``examples``; the model is loaded before the clock starts.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from services.backends.local.onnx_embedder import OnnxEmbedder
from services.backends.local.surveys.analyzer import LocalSurveyAnalyzer
from services.surveys.models import Example, Response, Taxonomy, Topic


def main(home: Path, task: Path) -> None:
    values = json.loads(task.read_text(encoding="utf-8"))
    taxonomy = Taxonomy(
        tuple(Topic(*topic) for topic in values["topics"]),
        tuple(Example(text, tuple(topic_ids)) for text, topic_ids in values["examples"]),
    )
    responses = [Response(str(number), text) for number, text in enumerate(values["texts"])]
    analyzer = LocalSurveyAnalyzer(OnnxEmbedder(home))
    analyzer.check_ready()
    started, cpu = time.perf_counter(), time.process_time()
    findings = analyzer.analyze(responses, taxonomy)
    figures = {
        "responses": len(findings),
        "different_texts": len(set(values["texts"])),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "seconds": round(time.perf_counter() - started, 1),
        "peak_resident_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
