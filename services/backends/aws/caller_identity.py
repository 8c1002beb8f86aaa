"""Who this process is to AWS."""

from __future__ import annotations

import re

from services.backends.aws.calls import AwsService, CallPolicy
from services.backends.aws.clients import AwsClients

_POLICY = CallPolicy(
    attempts=5,
    first_wait_seconds=0.2,
    longest_wait_seconds=1.0,
    give_up_seconds=4.0,
    read_timeout_seconds=4.0,
    at_once=2,
)
_ARN = re.compile(r"^arn:[^:]*:(?:sts|iam)::\d*:(?:assumed-role|role|user|federated-user)/(?:.*/)?([^/]+)$")
_SESSION = re.compile(r"(:assumed-role/.+)/[^/]+$")


class AwsCallerIdentity:
    """See :class:`services.ports.model_catalogue.CallerIdentity`."""

    def __init__(self, clients: AwsClients, *, policy: CallPolicy = _POLICY) -> None:
        self._service = AwsService(clients, "sts", called="sign-in of AWS", policy=policy)

    def describe(self) -> str:
        reply = self._service.call("GetCallerIdentity", {})
        return identity_in_words(str(reply.get("Arn", "")), str(reply.get("Account", "")))


def identity_in_words(arn: str, account: str) -> str:
    """Account and role or user, such as "account …9012, role frontline-web"."""
    # An assumed role's last part is the session, often a machine's name: it says nothing and changes.
    arn = _SESSION.sub(r"\1", arn)
    masked = f"account …{account[-4:]}" if len(account) > 4 else "an account"
    found = _ARN.match(arn)
    if found is None:
        return f"{masked}, the account's root" if arn.endswith(":root") else masked
    kind = "user" if "user/" in arn else "role"
    return f"{masked}, {kind} {found.group(1)}"
