"""The surveys of a tenant: read, made ready, kept, opened and deleted."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import EllipsisType

from services.access.models import Account
from services.errors import AppError, InputError
from services.jobs.service import JobService
from services.ports.files import FileStore
from services.ports.model_calls import attributed
from services.ports.privacy import PersonalDataDetector
from services.ports.surveys import SurveyRepository
from services.privacy.audit import AuditTrail
from services.surveys.chosen_columns import SurveyColumns
from services.surveys.permissions import require_analyst
from services.surveys.prepared import OnProgress, PreparedSurvey, load_survey, prepare_survey, store_survey
from services.surveys.purpose import PURPOSE
from services.surveys.response_files import read_table
from services.surveys.response_tables import ResponseTable
from services.surveys.run_backends import ForgetCalls
from services.surveys.run_files import survey_folder
from services.surveys.survey_deletion import SurveyDeletion
from services.surveys.survey_models import Survey

LONGEST_TITLE_CHARACTERS = 120
DEFAULT_MAX_BYTES = 200_000_000
MOST_SURVEYS = 1_000
_SURVEYS_KEPT_OPEN = 4

Surveys = list[Survey]


class SurveyLibrary:
    """Keeps surveys; safe for many threads.

    Attributes:
        max_bytes: Larger files are refused.

    Args:
        forget_calls: What is paid for a survey is forgotten with it.
        forget_exports: Of a tenant and a survey: what was built of it to be taken away is forgotten too.
        now: The clock, for tests.
    """

    def __init__(
        self,
        repository: SurveyRepository,
        files: FileStore,
        detector: PersonalDataDetector,
        jobs: JobService,
        audit: AuditTrail,
        *,
        forget_calls: ForgetCalls = lambda _tenant_id, _owner_prefix: None,
        forget_exports: Callable[[str, str], None] = lambda _tenant_id, _survey_id: None,
        max_bytes: int = DEFAULT_MAX_BYTES,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.max_bytes = max_bytes
        self._repository = repository
        self._files = files
        self._detector = detector
        self._audit = audit
        self._forget_exports = forget_exports
        self._deletion = SurveyDeletion(repository, files, jobs, audit, forget_calls)
        self._now = now or (lambda: datetime.now(UTC))
        self._open: OrderedDict[str, PreparedSurvey] = OrderedDict()
        self._opening = threading.Lock()
        self._preparing = threading.Lock()

    def read(self, source: Path | bytes, name: str, *, sheet: str | None = None) -> ResponseTable:
        """Read a survey file; nothing is kept of it.

        Args:
            name: What the file is called in messages.
            sheet: Title of the sheet of a workbook; the longest one when None.

        Raises:
            InputError: ``survey-too-large``, and the codes of :func:`services.surveys.response_files.read_table`.
            NotFoundError: ``file-missing``.
        """
        with contextlib.suppress(OSError):  # reading says what is wrong
            size = len(source) if isinstance(source, bytes) else source.stat().st_size
            if size > self.max_bytes:
                raise InputError(
                    f"{name} has {_megabytes(size)}; a survey file may have {_megabytes(self.max_bytes)}.",
                    code="survey-too-large",
                    remedy="Keep the columns that you need, or split the file, for example by month. An administrator "
                    "can allow larger files.",
                )
        return read_table(source, name, sheet=sheet)

    def add(
        self,
        account: Account,
        tenant_id: str,
        table: ResponseTable,
        columns: SurveyColumns,
        title: str = "",
        on_progress: OnProgress = lambda _step, _done, _total: None,
    ) -> Survey:
        """Make a survey ready in this process and keep it: masked, and only the columns that were picked.

        Args:
            title: What people call it; the file's name without its ending when empty.
            on_progress: See :func:`services.surveys.prepared.prepare_survey`. What it raises ends the loading.

        Raises:
            AccessError
            InputError: the columns do not fit; nothing was kept.
            BackendError: personal data could not be looked for, or nothing could be stored; nothing was kept.
        """
        require_analyst(account, tenant_id)
        with self._turn(on_progress), attributed(tenant_id=tenant_id, username=account.username, purpose=PURPOSE):
            data = prepare_survey(table, columns, self._detector, on_progress)
        survey_id = uuid.uuid4().hex
        folder = survey_folder(tenant_id, survey_id)
        prepared = store_survey(self._files, f"{folder}/survey.parquet", data)
        survey = Survey(
            id=survey_id,
            tenant_id=tenant_id,
            username=account.username,
            title=_one_line(title) or _one_line(_stem(table.name)) or "Survey",
            created_at=self._now(),
            file=f"{folder}/survey.parquet",
            facts=prepared.facts,
        )
        try:
            self._repository.insert_survey(survey)
        except BaseException:
            with contextlib.suppress(AppError):
                self._files.delete_folder(folder)
            raise
        self._keep_open(survey_id, prepared)
        self._audit.record(
            "survey-added",
            username=account.username,
            tenant_id=tenant_id,
            subject=survey_id,
            rows=survey.facts.row_count,
            questions=len(survey.facts.questions),
            masked_rows=sum(one.masked_rows for one in survey.facts.questions),
        )
        return survey

    def list(self, tenant_id: str) -> Surveys:
        """The newest surveys, newest first."""
        return self._repository.list_surveys(tenant_id, limit=MOST_SURVEYS)

    def get(self, tenant_id: str, survey_id: str) -> Survey:
        """Raises NotFoundError ``survey-missing``."""
        return self._repository.get_survey(tenant_id, survey_id)

    def open(self, tenant_id: str, survey_id: str) -> PreparedSurvey:
        """The rows of a survey; the last few that were opened are kept.

        Raises:
            NotFoundError: ``survey-missing``, or its file is not there (``file-missing``).
            BackendError: it could not be read.
        """
        survey = self.get(tenant_id, survey_id)
        with self._opening:
            prepared = self._open.get(survey_id)
        return self._keep_open(survey_id, prepared or load_survey(self._files, survey.file))

    def update(
        self,
        account: Account,
        tenant_id: str,
        survey_id: str,
        *,
        title: str | None = None,
        earlier_wave_id: str | EllipsisType | None = ...,
    ) -> None:
        """Rename a survey, or say which one asked the same before.

        Args:
            title: None leaves it.
            earlier_wave_id: None makes it a first wave; ``...`` leaves it.

        Raises:
            AccessError
            InputError: ``empty-title``, or ``wave-circle``: the earlier wave comes after this one.
            NotFoundError: ``survey-missing``: the survey, or the earlier wave, is not there.
        """
        require_analyst(account, tenant_id)
        survey = self.get(tenant_id, survey_id)
        new_title = survey.title if title is None else _one_line(title)
        wave_id = survey.earlier_wave_id if isinstance(earlier_wave_id, EllipsisType) else earlier_wave_id
        if not new_title:
            raise InputError("A survey needs a name.", code="empty-title", remedy="Type one; nothing was changed.")
        if wave_id != survey.earlier_wave_id:
            self._check_wave(survey, wave_id)
        if (new_title, wave_id) == (survey.title, survey.earlier_wave_id):
            return
        self._repository.update_survey(tenant_id, survey_id, title=new_title, earlier_wave_id=wave_id)
        self._audit.record(
            "survey-changed",
            username=account.username,
            tenant_id=tenant_id,
            subject=survey_id,
            renamed=new_title != survey.title,
            wave_changed=wave_id != survey.earlier_wave_id,
        )

    def delete(self, account: Account, tenant_id: str, survey_id: str) -> None:
        """Forget a survey for everybody, with its runs, labels and suggested topics; what runs of it is stopped.

        Cut off in between, it is still listed and can be deleted again.

        Raises:
            AccessError
            NotFoundError: ``survey-missing``.
            BackendError: database or storage did not answer.
        """
        require_analyst(account, tenant_id)
        self._deletion.delete(account, self.get(tenant_id, survey_id))
        self._forget_exports(tenant_id, survey_id)
        with self._opening:
            self._open.pop(survey_id, None)

    def _keep_open(self, survey_id: str, prepared: PreparedSurvey) -> PreparedSurvey:
        with self._opening:
            kept = self._open.setdefault(survey_id, prepared)
            self._open.move_to_end(survey_id)
            while len(self._open) > _SURVEYS_KEPT_OPEN:
                self._open.popitem(last=False)
            return kept

    @contextlib.contextmanager
    def _turn(self, on_progress: OnProgress) -> Iterator[None]:
        """One survey at a time: half a million rows take much memory, and no second core makes them faster."""
        if not self._preparing.acquire(blocking=False):
            on_progress("Waiting until another survey is ready", 0, 0)
            self._preparing.acquire()
        try:
            yield
        finally:
            self._preparing.release()

    def _check_wave(self, survey: Survey, wave_id: str | None) -> None:
        before, seen = wave_id, set[str]()
        while before is not None and before not in seen:
            seen.add(before)
            if before == survey.id:
                raise InputError(
                    "A survey cannot come after itself, or after a wave that follows it.",
                    code="wave-circle",
                    remedy="Choose a survey that asked the same before this one.",
                )
            before = self.get(survey.tenant_id, before).earlier_wave_id


def _one_line(text: str) -> str:
    """As the database takes it: no NUL, no halves of characters, single spaces."""
    storable = text.encode("utf-8", "replace").decode().replace("\x00", "")
    return " ".join(storable.split())[:LONGEST_TITLE_CHARACTERS].strip()


def _stem(file_name: str) -> str:
    return PurePosixPath(file_name.replace("\\", "/")).stem.replace("_", " ")


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:,.1f} MB"
