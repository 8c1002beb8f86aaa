"""The one way in which OpenSearch is called: signed, with timeouts, repeats, a circuit breaker and a limit."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import HttpUrl

from services.backends.aws.clients import CONNECT_TIMEOUT_SECONDS, MOST_CONNECTIONS, AwsClients
from services.backends.aws.opensearch_errors import opensearch_error
from services.backends.aws.repeating import CallPolicy, RepeatedCalls
from services.errors import AppError, BackendMisconfiguredError
from services.setting_choices import OpenSearchSigning

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

_T = TypeVar("_T")
CALLED = "search service"
# A question waits for it: two searches of some milliseconds each.
SEARCH_POLICY = CallPolicy(attempts=4, first_wait_seconds=0.3, longest_wait_seconds=5.0, give_up_seconds=20.0)


class OpenSearchService:
    """Calls of one OpenSearch domain or collection. Safe to use from many threads; connects when first asked.

    Args:
        clients: For credentials and the region; not asked where nothing is signed.
        sleep, clock: For tests.

    Attributes:
        serverless: Whether it is a collection of OpenSearch Serverless, which takes less than a domain does.
    """

    def __init__(
        self,
        clients: AwsClients,
        url: HttpUrl,
        signing: OpenSearchSigning,
        *,
        policy: CallPolicy = SEARCH_POLICY,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.serverless = signing is OpenSearchSigning.SERVERLESS
        self.sleep = sleep
        self.clock = clock
        self._clients = clients
        self._url = url
        self._signing = signing
        self._policy = policy
        self._calls = RepeatedCalls(policy, CALLED, sleep=sleep, clock=clock)
        patient = replace(policy, attempts=2 * policy.attempts, give_up_seconds=6 * policy.give_up_seconds)
        self._patient_calls = RepeatedCalls(patient, CALLED, sleep=sleep, clock=clock)
        self._lock = threading.Lock()
        self._client: OpenSearch | None = None

    def ask(self, request: Callable[[OpenSearch], _T], *, patient: bool = False) -> _T:
        """What a request gives; it is sent again where that can help, so it must bear that.

        Args:
            patient: Whether nobody waits at a screen: it is tried more often, and for longer.

        Raises:
            NotFoundError: there is no such index (``opensearch-index-missing``).
            BackendError: and no other error; ConfigurationError where no region is set.
        """
        calls = self._patient_calls if patient else self._calls

        def once() -> _T:
            with calls.place():
                try:
                    return request(self._opened())
                except AppError:
                    raise
                except Exception as exc:
                    raise opensearch_error(exc, CALLED) from exc

        return calls.repeat(once)

    def _opened(self) -> OpenSearch:
        with self._lock:
            if self._client is None:
                self._client = self._connected()
            return self._client

    def _connected(self) -> OpenSearch:
        from opensearchpy import OpenSearch, Urllib3HttpConnection
        from urllib3 import Timeout

        # It warns of every refusal, with addresses; those that matter become errors of ours, which are logged.
        logging.getLogger("opensearch").setLevel(logging.ERROR)
        url = self._url
        host: dict[str, Any] = {"host": url.host, "port": url.port, "use_ssl": url.scheme == "https"}
        if url.path and url.path != "/":
            host["url_prefix"] = url.path
        return OpenSearch(
            hosts=[host],
            http_auth=self._auth(),
            connection_class=Urllib3HttpConnection,
            pool_maxsize=MOST_CONNECTIONS,
            timeout=Timeout(connect=CONNECT_TIMEOUT_SECONDS, read=self._policy.read_timeout_seconds),
            max_retries=0,
            retry_on_status=(),
        )

    def _auth(self) -> Any:
        from opensearchpy import Urllib3AWSV4SignerAuth

        if self._signing is OpenSearchSigning.NONE:
            if self._url.username is None:
                return None
            return (self._url.username, self._url.password or "")
        credentials = self._clients.credentials()
        if credentials is None:
            raise BackendMisconfiguredError(
                f"This machine has no AWS credentials for the {CALLED}.",
                code="aws-credentials-missing",
                remedy="An administrator must give the machine a role, or credentials in AWS's usual places.",
            )
        return Urllib3AWSV4SignerAuth(credentials, self._clients.region, self._signing.value)
