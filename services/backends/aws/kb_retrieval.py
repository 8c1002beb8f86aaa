"""Asks a Bedrock knowledge base for what fits a question."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import AwsService, CallPolicy, Usage
from services.backends.aws.errors import AwsProblem
from services.backends.aws.kb_documents import BACKEND, CALLED
from services.backends.aws.kb_keys import Filter
from services.errors import AppError, BackendMisconfiguredError, BackendRejectedError
from services.knowledge.models import SearchType
from services.logs import get_logger

RETRIEVE_POLICY = CallPolicy(attempts=4, first_wait_seconds=0.3, longest_wait_seconds=3.0, give_up_seconds=15.0)
LONGEST_QUESTION = 20_000
MOST_RESULTS = 100
_OVERRIDES = {SearchType.HYBRID: "HYBRID", SearchType.SEMANTIC: "SEMANTIC"}
_NO_HYBRID = "kb-hybrid-not-offered"

Result = dict[str, Any]

_log = get_logger(__name__)


class KnowledgeBaseRetrieval:
    """Searches one knowledge base. Safe to use from many threads.

    Args:
        sleep, clock: For tests.
    """

    def __init__(
        self,
        aws: AwsAccess,
        kb_id: str,
        *,
        policy: CallPolicy = RETRIEVE_POLICY,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kb_id = kb_id
        self._takes_hybrid = True
        self._lock = threading.Lock()
        self._search = AwsService(
            aws.clients,
            "bedrock-agent-runtime",
            called=CALLED,
            backend=BACKEND,
            policy=policy,
            recorder=aws.recorder,
            sleep=sleep,
            clock=clock,
        )
        self._control = AwsService(aws.clients, "bedrock-agent", called=CALLED, policy=policy, sleep=sleep, clock=clock)

    def retrieve(
        self, question: str, search_type: SearchType, *, count: int, chosen: Filter | None = None
    ) -> list[Result]:
        """At most ``count`` results as Retrieve gives them, best first; none for a question without a word.

        Args:
            search_type: Hybrid search on a store that cannot do it becomes what Bedrock thinks best.
            chosen: What may be found; everything when None.
        """
        if not any(character.isalnum() for character in question):
            return []
        if search_type is SearchType.HYBRID and not self._takes_hybrid:
            search_type = SearchType.AUTO
        parameters: dict[str, Any] = {"numberOfResults": min(count, MOST_RESULTS)}
        if chosen is not None:
            parameters["filter"] = chosen
        if (override := _OVERRIDES.get(search_type)) is not None:
            parameters["overrideSearchType"] = override
        try:
            reply = self._search.call(
                "Retrieve",
                {
                    "knowledgeBaseId": self._kb_id,
                    "retrievalQuery": {"text": question[:LONGEST_QUESTION]},
                    "retrievalConfiguration": {"vectorSearchConfiguration": parameters},
                },
                usage=lambda _: Usage(units=1),
                refused=_refusal,
            )
        except BackendRejectedError as error:
            if error.code != _NO_HYBRID:
                raise
            with self._lock:
                self._takes_hybrid = False
            _log.warning("knowledge base searches by meaning alone", knowledge_base=self._kb_id)
            return self.retrieve(question, SearchType.AUTO, count=count, chosen=chosen)
        return list(reply.get("retrievalResults", ()))

    def require_ready(self) -> None:
        """Raise BackendError unless the knowledge base can be searched."""
        reply = self._control.call("GetKnowledgeBase", {"knowledgeBaseId": self._kb_id})
        found = reply.get("knowledgeBase", {})
        if found.get("knowledgeBaseConfiguration", {}).get("type") != "VECTOR":
            raise BackendMisconfiguredError(
                f"The {CALLED} is of a type that Frontline cannot search.",
                code="kb-type",
                remedy="An administrator must set FRONTLINE_BEDROCK_KB_ID to one with a vector store.",
            )
        if found.get("status") not in {"ACTIVE", "UPDATING"}:
            raise BackendMisconfiguredError(
                f"The {CALLED} is not active.",
                code="kb-not-active",
                remedy="An administrator must look at it in the Bedrock console.",
            )


def _refusal(problem: AwsProblem) -> AppError | None:
    if problem.code == "ValidationException" and "hybrid" in problem.message:
        return BackendRejectedError(f"The {CALLED} cannot search by words.", code=_NO_HYBRID)
    return None
