"""A survey run on Amazon Bedrock while the service throttles every fifth call and fails some."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.page import Figures, goals, table
from bench.places import Places
from services.backends.aws.converse_model import limits_of
from services.backends.aws.model_abilities import abilities_of
from services.surveys.findings import RunFindings
from services.surveys.findings_files import findings_of
from tests.integration.bedrock_surveys import (
    BEDROCK_MODEL,
    ON_BEDROCK,
    ConverseTill,
    bedrock_survey_home,
    undisturbed_findings,
)
from tests.integration.survey_home import SHOP, TENANT, RunsHome, answers

# A smaller number, for a look in between, is not kept for the page: set it only by hand.
RESPONSES = int(os.environ.get("BENCH_SURVEY_RESPONSES", "5000"))
THROTTLED, FAILED = 0.20, 0.02
SEED = 7
PATIENCE_SECONDS = 3_600.0
MOST_CALLS_PER_NEEDED = 1.3
WORKERS = 2
# High enough to hold nobody up: what is measured is that keeping quotas loses nothing.
QUOTA = {
    "FRONTLINE_BEDROCK_SURVEY_REQUESTS_PER_MINUTE": "6000",
    "FRONTLINE_BEDROCK_SURVEY_TOKENS_PER_MINUTE": "100000000",
}


def measure(places: Places) -> Figures:
    """One run with the faults, compared with what the same steps find when nothing goes wrong."""
    folder = Path(tempfile.mkdtemp(prefix="aws-surveys-", dir=places.work))
    url = f"sqlite:///{folder / 'frontline.sqlite3'}"
    with bedrock_survey_home(folder, url, **QUOTA) as (home, endpoint, till):
        for _ in range(WORKERS):
            home.start_worker()
        survey = home.survey(answers(RESPONSES))
        endpoint.faults.share(throttled=THROTTLED, errors=FAILED, seed=SEED)
        figures = _run(home, till, survey)
        endpoint.faults.clear()
    print(figures, flush=True)
    return figures


def _run(home: RunsHome, till: ConverseTill, survey: object) -> Figures:
    began = time.perf_counter()
    run = home.start(survey, ON_BEDROCK)  # type: ignore[arg-type]
    ended = home.wait_for_end(run.job_id, PATIENCE_SECONDS)
    took = time.perf_counter() - began
    found = home.services.surveys.runs.findings(TENANT, run.id)
    texts = home.services.surveys.library.open(TENANT, run.survey_id)
    expected = undisturbed_findings(
        _distinct(home, run.survey_id, run.question), SHOP, limits_of(abilities_of(BEDROCK_MODEL))
    )
    items = home.items(run.job_id)
    return {
        "responses": texts.row_count,
        "throttled_share": THROTTLED,
        "failed_share": FAILED,
        "workers": WORKERS,
        "chunks": len(items),
        "lost": int((found.overall[found.text_of_row] == 0).sum()),
        "wrong": _different(found, findings_of(expected, list(found.topic_ids))),
        "calls_made": till.made,
        "calls_needed": till.needed,
        "refused_share": round(1 - len(till.paid) / till.made, 4),
        "calls_per_needed": round(till.made / till.needed, 3),
        "paid_twice": till.paid_twice,
        "begun_again": sum(item.attempts - 1 for item in items),
        "took_seconds": round(took, 1),
        "outcome": ended.status.value,
    }


def _distinct(home: RunsHome, survey_id: str, question: str) -> list[str]:
    from services.surveys.distinct_texts import distinct_texts

    return list(distinct_texts(home.services.surveys.library.open(TENANT, survey_id), question).texts.to_pylist())


def _different(found: RunFindings, expected: RunFindings) -> int:
    """Different texts with other topics, sentiments or evidence than expected."""
    wrong = 0
    for text in range(found.text_count):
        pairs = []
        for one in (found, expected):
            own = slice(int(one.offsets[text]), int(one.offsets[text + 1]))
            columns = (one.topics, one.sentiments, one.evidence_starts, one.evidence_ends)
            pairs.append((int(one.overall[text]), int(one.other[text]), np.stack([c[own] for c in columns]).tolist()))
        wrong += pairs[0] != pairs[1]
    return wrong


def text(figures: Figures) -> str:
    """The section."""
    per_needed = figures["calls_per_needed"]
    reached = goals(
        [
            ("Responses without their finding", "0", f"{figures['lost']:,}", figures["lost"] == 0),
            ("Different texts found otherwise than without faults", "0", f"{figures['wrong']:,}", not figures["wrong"]),
            (
                "Calls made per call needed",
                f"at most {MOST_CALLS_PER_NEEDED}",
                f"{per_needed:.3f}",
                per_needed <= MOST_CALLS_PER_NEEDED,
            ),
            ("Calls paid twice", "0", f"{figures['paid_twice']:,}", figures["paid_twice"] == 0),
        ]
    )
    outcomes = table(
        ("Responses", "Chunks", "Calls needed", "Calls made", "Chunks begun again", "Took"),
        [
            (
                f"{figures['responses']:,}",
                f"{figures['chunks']:,}",
                f"{figures['calls_needed']:,}",
                f"{figures['calls_made']:,}",
                f"{figures['begun_again']:,}",
                f"{figures['took_seconds']:,.0f} s",
            )
        ],
    )
    least = 1 / (1 - figures["throttled_share"] - figures["failed_share"])
    about = (
        f"{figures['responses']:,} different responses, analyzed on `bedrock` by {figures['workers']} workers over the "
        "wire: unchanged boto3 against the local endpoint, whose model answers by simple rules. It throttles "
        f"{figures['throttled_share']:.0%} of all calls and fails {figures['failed_share']:.0%} of them with a server "
        f"error ({figures['refused_share']:.1%} of this run's calls in all): on average nobody can do with fewer than "
        f"{least:.2f} calls per answer. A call is paid twice when the "
        "same request is answered twice. The account's quota of requests and tokens is kept in the database, high "
        "enough to hold nobody up. The time is mostly waits after throttling."
    )
    return f"{reached}\n\n{outcomes}\n\n{about}"
