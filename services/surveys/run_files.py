"""Where the files of a run lie, and what stands in them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from services.errors import NotFoundError
from services.ports.files import FileStore
from services.surveys.models import Example, Sentiment, Taxonomy, Topic
from services.surveys.run_models import Step, StepTrace, SurveyRun


def survey_folder(tenant_id: str, survey_id: str) -> str:
    """The folder of a survey with all its runs."""
    return f"surveys/{tenant_id}/{survey_id}"


def run_folder(tenant_id: str, survey_id: str, run_id: str) -> str:
    """The folder of a run."""
    return f"{survey_folder(tenant_id, survey_id)}/runs/{run_id}"


class RunFiles:
    """The files of one run. What is read and not there raises NotFoundError, a storage in trouble BackendError."""

    def __init__(self, files: FileStore, run: SurveyRun) -> None:
        self._files = files
        self._folder = run_folder(run.tenant_id, run.survey_id, run.id)

    def write_taxonomy(self, taxonomy: Taxonomy) -> None:
        """Keep the topics and examples that the run learns from."""
        self._files.write(f"{self._folder}/taxonomy.json", taxonomy_to_json(taxonomy).encode())

    def read_taxonomy(self) -> Taxonomy:
        return taxonomy_from_json(self._files.read(f"{self._folder}/taxonomy.json"))

    def write_part(self, position: int, data: bytes) -> None:
        """Keep the findings of a chunk."""
        self._files.write(self._part(position), data)

    def read_part(self, position: int) -> bytes | None:
        """The findings of a chunk; None while there are none."""
        return self._read_or_none(self._part(position))

    def write_traces(self, position: int, traces: Iterable[StepTrace]) -> None:
        """Keep what the steps of a chunk were given and made."""
        # A model's reply may hold halves of characters, which only ASCII can carry.
        lines = "".join(f"{json.dumps(asdict(trace))}\n" for trace in traces)
        self._files.write(self._traces(position), gzip.compress(lines.encode(), 6, mtime=0))

    def read_traces(self, position: int) -> list[StepTrace] | None:
        """What the steps of a chunk were given and made; None where that was not kept."""
        data = self._read_or_none(self._traces(position))
        if data is None:
            return None
        return [_trace(json.loads(line)) for line in gzip.decompress(data).splitlines()]

    def write_findings(self, data: bytes) -> None:
        """Keep the findings of the whole run."""
        self._files.write(f"{self._folder}/findings.parquet", data)

    def read_findings(self) -> bytes | None:
        """The findings of the whole run; None while there are none."""
        return self._read_or_none(f"{self._folder}/findings.parquet")

    def delete(self) -> None:
        """Remove all of them."""
        self._files.delete_folder(self._folder)

    def _part(self, position: int) -> str:
        return f"{self._folder}/parts/{position}.parquet"

    def _traces(self, position: int) -> str:
        return f"{self._folder}/traces/{position}.jsonl.gz"

    def _read_or_none(self, name: str) -> bytes | None:
        try:
            return self._files.read(name)
        except NotFoundError:
            return None


def taxonomy_to_json(taxonomy: Taxonomy) -> str:
    """Topics and examples as JSON text."""
    return json.dumps(asdict(taxonomy), ensure_ascii=False)


def taxonomy_from_json(text: str | bytes) -> Taxonomy:
    """What :func:`taxonomy_to_json` wrote."""
    stored = json.loads(text)
    topics = (Topic(**{**one, "keywords": tuple(one["keywords"])}) for one in stored["topics"])
    examples = (
        Example(one["text"], tuple(one["topic_ids"]), None if one["sentiment"] is None else Sentiment(one["sentiment"]))
        for one in stored["examples"]
    )
    return Taxonomy(tuple(topics), tuple(examples))


def _trace(values: Mapping[str, Any]) -> StepTrace:
    return StepTrace(**{**values, "step": Step(values["step"]), "response_ids": tuple(values["response_ids"])})
