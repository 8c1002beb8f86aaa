"""boto3 clients: made when they are first used, shared by all threads, credentials from boto3's own chain."""

from __future__ import annotations

import threading
from typing import Any

from services.errors import ConfigurationError

CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 60.0
# More threads than this wait for a connection instead of failing.
MOST_CONNECTIONS = 64


class AwsClients:
    """The clients of one region.

    botocore's own retries are off: :class:`services.backends.aws.calls.AwsService` is the one place that tries again.

    Args:
        region: None takes the one of the AWS environment.
    """

    def __init__(self, region: str | None = None) -> None:
        self._region = region
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, float], Any] = {}
        self._session: Any = None

    @property
    def region(self) -> str:
        """The region that is asked.

        Raises:
            ConfigurationError: there is none.
        """
        with self._lock:
            found = self._region or self._boto_session().region_name
        if not found:
            raise ConfigurationError(
                "No AWS region is set.",
                code="aws-region-missing",
                remedy="Set FRONTLINE_AWS_REGION, or AWS_DEFAULT_REGION, to the region of your services.",
            )
        return str(found)

    def client(self, service: str, *, read_timeout_seconds: float = READ_TIMEOUT_SECONDS) -> Any:
        """The client of a service by boto3's name, such as ``bedrock-runtime``.

        Args:
            read_timeout_seconds: Longest wait for the next bytes of a reply.

        Raises:
            ConfigurationError: there is no region.
        """
        region = self.region
        with self._lock:
            key = (service, read_timeout_seconds)
            if key not in self._clients:
                from botocore.config import Config

                self._clients[key] = self._boto_session().client(
                    service,
                    region_name=region,
                    config=Config(
                        connect_timeout=CONNECT_TIMEOUT_SECONDS,
                        read_timeout=read_timeout_seconds,
                        retries={"total_max_attempts": 1, "mode": "standard"},
                        max_pool_connections=MOST_CONNECTIONS,
                        user_agent_appid="frontline",
                        # Links to files that KMS encrypts hold only when signed so.
                        signature_version="s3v4" if service == "s3" else None,
                    ),
                )
            return self._clients[key]

    def credentials(self) -> Any:
        """boto3's credentials, which renew themselves, for what signs by itself; None when there are none."""
        with self._lock:
            return self._boto_session().get_credentials()

    def _boto_session(self) -> Any:
        if self._session is None:
            import boto3

            self._session = boto3.Session()
        return self._session
