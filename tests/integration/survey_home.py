"""A home whose survey runs real worker processes work on, with a language model that counts what it is paid for."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.access.models import Account, Role
from services.jobs.models import ItemStatus
from services.surveys.models import Taxonomy, Topic
from services.surveys.run_models import RunOptions, SurveyRun
from services.surveys.survey_models import Survey
from tests.integration.services_home import PATIENCE_SECONDS, ServicesHome, has_hung_up
from tests.openai_server import MODEL, ChatRequest, OpenAiServer, running_openai_server
from tests.survey_model import answer, step_of
from tests.survey_run_fakes import COLUMNS, QUESTION, table_of

TENANT = "pharmacy"
LEO = Account("leo", "Leo Park", Role.ANALYST, (TENANT,))
SHOP = Taxonomy(
    (Topic("price", "Price", "expensive"), Topic("staff", "Staff", "friendly rude"), Topic("app", "App", "crashes"))
)
BY_MODEL = RunOptions("openai")
INPUT_PRICE, OUTPUT_PRICE = 1.0, 4.0  # US dollars per million tokens
_SAID = ("The price is too expensive", "Friendly staff", "The app crashes", "It rained on our way home")


def answers(count: int) -> list[str]:
    """Different answers; every one of them says one thing."""
    return [f"{_SAID[number % len(_SAID)]}, visit {number}" for number in range(count)]


class OwnChat(ChatRequest):
    """A request that knows its own body: several are answered at once.

    Attributes:
        content: The digest of what was asked.
    """

    def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
        self.body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        deciding = json.dumps([self.body["messages"], self.body["response_format"]], sort_keys=True)
        self.content = hashlib.sha256(deciding.encode()).hexdigest()
        self.server.reply(self)

    @property
    def said(self) -> str:
        """What the user's message is."""
        return str(self.body["messages"][1]["content"])

    def completed(self) -> str:
        """What a good model replies."""
        made = json.dumps(answer(step_of(self.body["response_format"]["json_schema"]["name"]), json.loads(self.said)))
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": made}}
        usage = {"prompt_tokens": len(self.said) // 4, "completion_tokens": len(made) // 4}
        return json.dumps({"object": "chat.completion", "choices": [choice], "usage": usage})


class Till:
    """Answers a model's calls and counts those that it is paid for; who hung up meanwhile pays nothing.

    Attributes:
        paid: What each paid call asked, in order.
        hung_up: How many callers were gone when their turn came.
        free: How many calls are answered before the others wait for :meth:`open`; None for all.
        waiting: How many wait.
        throttled: Calls that were sent away.
        refuses: Of a call's user message, whether the server refuses the key for it.

    Args:
        seconds: How long a reply takes.
        throttle: Of a call's number, from 1, whether it is sent away.
    """

    def __init__(
        self,
        server: OpenAiServer,
        free: int | None = None,
        *,
        seconds: float = 0.0,
        throttle: Callable[[int], bool] | None = None,
    ) -> None:
        self.paid: list[str] = []
        self.hung_up = 0
        self.free = free
        self.waiting = 0
        self.throttled = 0
        self.refuses: Callable[[str], bool] = lambda _said: False
        self._seconds = seconds
        self._throttle = throttle
        self._calls = 0
        self._let_through = 0
        self._lock = threading.Lock()
        self._opened = threading.Event()
        server.reply = self._reply

    def open(self) -> None:
        """Let every call go on."""
        self._opened.set()

    @property
    def paid_twice(self) -> int:
        """Calls that were paid for though the same had been paid for before."""
        return len(self.paid) - len(set(self.paid))

    def _reply(self, request: ChatRequest) -> None:
        assert isinstance(request, OwnChat)
        if self._sends_away(request):
            return
        with self._lock:
            must_wait = self.free is not None and self._let_through >= self.free and not self._opened.is_set()
            self.waiting += must_wait
            self._let_through += not must_wait
        if must_wait:
            self._opened.wait(PATIENCE_SECONDS)
        time.sleep(self._seconds)
        reply = request.completed()
        with self._lock:
            self.waiting -= must_wait
            if has_hung_up(request.connection):
                self.hung_up += 1
                request.close_connection = True
                return
            self.paid.append(request.content)
        request.send_text(200, reply)

    def _sends_away(self, request: OwnChat) -> bool:
        if self.refuses(request.said):
            request.send_text(401, json.dumps({"error": {"code": "invalid_api_key", "message": "no"}}))
            return True
        with self._lock:
            self._calls += 1
            away = self._throttle is not None and self._throttle(self._calls)
            self.throttled += away
        if away:
            request.send_text(429, json.dumps({"error": {"code": "rate_limit_exceeded", "message": "slow down"}}))
        return away


class RunsHome(ServicesHome):
    """Services and workers with a taxonomy for surveys."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        super().__init__(folder, database_url, TENANT, FRONTLINE_LOG_FORMAT="json", **settings)
        self.taxonomy = self.services.surveys.taxonomies.create(LEO, TENANT, "Shop", SHOP)

    def survey(self, texts: Sequence[str]) -> Survey:
        """A loaded survey with these answers."""
        return self.services.surveys.library.add(LEO, TENANT, table_of(texts), COLUMNS, "Visitors")

    def start(self, survey: Survey, options: RunOptions = BY_MODEL) -> SurveyRun:
        """A run over it."""
        runs = self.services.surveys.runs
        return runs.start(LEO, TENANT, survey.id, QUESTION, self.taxonomy.taxonomy_id, options)

    def done(self, run: SurveyRun) -> int:
        """How many chunks are done."""
        return self.job(run.job_id).counts[ItemStatus.DONE]

    def worked(self, run: SurveyRun) -> Counter[int]:
        """How often the workers worked on each chunk to its good end, by position."""
        ended: Counter[int] = Counter()
        for path in self.folder.glob("worker-*.log"):
            for line in path.read_text(encoding="utf-8").splitlines():
                if '"job-work-done"' in line:
                    entry = json.loads(line)
                    if entry.get("job") == run.job_id and "position" in entry:
                        ended[entry["position"]] += 1
        return ended


class SurveyHome(RunsHome):
    """Services and workers whose language model is a small server."""

    def __init__(self, folder: Path, database_url: str, server: OpenAiServer, **settings: str) -> None:
        chosen = {
            "FRONTLINE_OPENAI_BASE_URL": server.base_url,
            "FRONTLINE_OPENAI_SURVEY_MODEL": MODEL,
            "FRONTLINE_OPENAI_SURVEY_INPUT_PRICE": str(INPUT_PRICE),
            "FRONTLINE_OPENAI_SURVEY_OUTPUT_PRICE": str(OUTPUT_PRICE),
        }
        super().__init__(folder, database_url, **{**chosen, **settings})


@contextmanager
def survey_home(folder: Path, database_url: str, **settings: str) -> Iterator[tuple[SurveyHome, OpenAiServer]]:
    """A home and its model until the block ends."""
    with running_openai_server() as server:
        server.RequestHandlerClass = OwnChat
        home = SurveyHome(folder, database_url, server, **settings)
        try:
            yield home, server
        finally:
            home.close()
