"""What the steps of a run were given and made for one response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from services.errors import NotFoundError
from services.jobs.models import JobItem
from services.ports.files import FileStore
from services.surveys.models import Response
from services.surveys.run_backends import SurveyBackends
from services.surveys.run_files import RunFiles
from services.surveys.run_job import RunTexts, run_version
from services.surveys.run_models import StepTrace, SurveyRun

_OTHER_VERSION = "Computed now, by a newer version of the method than the run's."


class RunTraces:
    """Reads what was kept of a run's steps, or has them done anew where nothing needs to be paid for that."""

    def __init__(self, texts: RunTexts, files: FileStore, backends: SurveyBackends) -> None:
        self._texts = texts
        self._files = files
        self._backends = backends

    def of_response(self, run: SurveyRun, response_id: str, items: Sequence[JobItem]) -> tuple[StepTrace, ...]:
        """The steps of one response, in the order in which they were done; none where they are not known.

        Args:
            items: Of the run's job.

        Raises:
            NotFoundError: ``response-missing``: the survey has no such response.
            BackendError: it could not be computed.
        """
        ids = self._texts.ids(run.tenant_id, run.survey_id)
        row = ids.index(response_id).as_py()
        if row < 0:
            raise NotFoundError("The survey has no such response.", code="response-missing")
        texts = self._texts.of_run(run)
        text = int(texts.of_row[row])
        if not self._backends.is_paid(run.options.backend):
            return self._anew(run, Response(response_id, texts.texts[text].as_py()))
        position = next((item.position for item in items if _holds(item.arguments, text)), None)
        kept = None if position is None else RunFiles(self._files, run).read_traces(position)
        own = [trace for trace in kept or () if str(text) in trace.response_ids]
        # Inside a run, a text goes by its number; people know a response by the id that the survey gives it.
        numbers = sorted({int(number) for trace in own for number in trace.response_ids})
        rows = {int(texts.of_row[at]): at for at in np.flatnonzero(np.isin(texts.of_row, numbers))[::-1]}
        names = {str(number): ids[int(at)].as_py() for number, at in rows.items()} | {str(text): response_id}
        return tuple(replace(trace, response_ids=tuple(names[one] for one in trace.response_ids)) for trace in own)

    def _anew(self, run: SurveyRun, response: Response) -> tuple[StepTrace, ...]:
        analyzer = self._backends.analyzer(run.options.backend, run.tenant_id, "traces")
        traces: list[StepTrace] = []
        analyzer.analyze([response], self._texts.taxonomy_of(run), None, traces.append)
        if run_version(analyzer) == run.backend_version:
            return tuple(traces)
        return tuple(replace(trace, note=f"{trace.note} {_OTHER_VERSION}".strip()) for trace in traces)


def _holds(arguments: Mapping[str, int], text: int) -> bool:
    return int(arguments["first"]) <= text <= int(arguments["last"])
