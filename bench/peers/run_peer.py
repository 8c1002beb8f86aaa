"""Run one peer library over a corpus and a set of questions.

    python bench/peers/run_peer.py --peer txtai_hybrid --corpus corpus.jsonl.gz \
        --questions queries.jsonl --k 10 --output results.jsonl

The corpus holds {id, title, text, url} per line, the questions {id, text}. Each line of the output
is {id, results: [{document_id, score}]}, best first. The last line on standard output gives the
processor seconds spent on indexing (splitting, embedding, building the index) and on searching,
without imports and model loading, and the peak resident memory of the whole run.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

from bench.peers.peer import Peer, read_corpus, read_questions, versions

PEERS = ("langchain_ensemble", "langchain_dense", "haystack_rrf", "txtai_hybrid")


def peak_rss_bytes() -> int:
    """Return the peak resident memory of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Run one peer library over a corpus and a set of questions.")
    parser.add_argument("--peer", choices=PEERS, required=True)
    parser.add_argument("--corpus", type=Path, required=True, help="JSON lines, gzipped or not")
    parser.add_argument("--questions", type=Path, required=True, help="JSON lines")
    parser.add_argument("--k", type=int, default=10, help="documents per question (default 10)")
    parser.add_argument("--output", type=Path, required=True, help="JSON lines to write")
    return parser.parse_args()


def main() -> None:
    """Index the corpus, answer the questions, write the results and the timings."""
    arguments = parse_arguments()
    documents = read_corpus(arguments.corpus)
    questions = read_questions(arguments.questions)
    peer = cast(Peer, importlib.import_module(f"bench.peers.{arguments.peer}").create())

    started = time.process_time()
    chunks = peer.index(documents)
    indexed = time.process_time()
    print(f"indexed {len(documents)} documents as {chunks} chunks", file=sys.stderr)
    found = [(question.id, peer.search(question.text, arguments.k)) for question in questions]
    searched = time.process_time()

    with arguments.output.open("w", encoding="utf-8") as output:
        for question_id, hits in found:
            print(json.dumps({"id": question_id, "results": [asdict(hit) for hit in hits]}), file=output)
    report = {
        "peer": arguments.peer,
        "version": versions(peer.distributions),
        "index_cpu_seconds": round(indexed - started, 3),
        "query_cpu_seconds": round(searched - indexed, 3),
        "peak_rss_bytes": peak_rss_bytes(),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
