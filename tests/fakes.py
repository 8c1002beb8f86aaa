"""Hand-written stand-ins for the ports, one section per port."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.access.models import Account, Credentials, Role, Session, Tenant
from services.answers.models import Answer, Conversation
from services.errors import ConflictError, NotFoundError
from services.knowledge.tokens import keyword_tokens
from services.privacy.models import AuditEvent


class FakeClock:
    """A clock that moves only when told to."""

    def __init__(self, start: datetime | None = None) -> None:
        self.time = start or datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **parts: float) -> None:
        self.time += timedelta(**parts)


# services.ports.access


class FakeAccounts:
    """AccountRepository in memory."""

    def __init__(self) -> None:
        self.credentials: dict[str, Credentials] = {}
        self.external: dict[tuple[str, str], str] = {}
        self.tenants: dict[str, Tenant] = {}

    def get_account(self, username: str) -> Account | None:
        found = self.credentials.get(username)
        return found.account if found else None

    def get_credentials(self, username: str) -> Credentials | None:
        return self.credentials.get(username)

    def list_accounts(self) -> list[Account]:
        return [self.credentials[username].account for username in sorted(self.credentials)]

    def get_external(self, issuer: str, subject: str) -> Account | None:
        username = self.external.get((issuer, subject))
        return self.credentials[username].account if username else None

    def insert_account(self, account: Account, password_hash: str, *, subject: str | None = None) -> None:
        if account.username in self.credentials or (account.issuer, subject) in self.external:
            raise ConflictError("The user name is taken.", code="username-taken")
        self._require_tenants(account.tenant_ids)
        self.credentials[account.username] = Credentials(account, password_hash, 0)
        if account.issuer is not None and subject is not None:
            self.external[account.issuer, subject] = account.username

    def end_sessions(self, username: str) -> None:
        found = self._require(username)
        self.credentials[username] = replace(found, session_epoch=found.session_epoch + 1)

    def update_account(
        self,
        username: str,
        *,
        display_name: str | None = None,
        role: Role | None = None,
        tenant_ids: tuple[str, ...] | None = None,
    ) -> None:
        found = self._require(username)
        account = found.account
        if display_name is not None:
            account = replace(account, display_name=display_name)
        if role is not None:
            account = replace(account, role=role)
        if tenant_ids is not None:
            self._require_tenants(tenant_ids)
            account = replace(account, tenant_ids=tenant_ids)
        self.credentials[username] = replace(found, account=account)

    def set_password_hash(self, username: str, password_hash: str) -> None:
        found = self._require(username)
        self.credentials[username] = replace(found, password_hash=password_hash, session_epoch=found.session_epoch + 1)

    def set_disabled(self, username: str, disabled_at: datetime | None) -> None:
        found = self._require(username)
        account = replace(found.account, disabled=disabled_at is not None)
        self.credentials[username] = replace(found, account=account, session_epoch=found.session_epoch + 1)

    def insert_tenant(self, tenant: Tenant, created_at: datetime) -> None:
        if tenant.id in self.tenants:
            raise ConflictError("The tenant exists already.", code="tenant-taken")
        self.tenants[tenant.id] = tenant

    def rename_tenant(self, tenant_id: str, name: str) -> None:
        self._require_tenants((tenant_id,))
        self.tenants[tenant_id] = replace(self.tenants[tenant_id], name=name)

    def set_archived(self, tenant_id: str, archived_at: datetime | None) -> None:
        self._require_tenants((tenant_id,))
        self.tenants[tenant_id] = replace(self.tenants[tenant_id], archived=archived_at is not None)

    def get_tenant(self, tenant_id: str, *, archived: bool = False) -> Tenant | None:
        found = self.tenants.get(tenant_id)
        return found if found is not None and (archived or not found.archived) else None

    def list_tenants(self, *, archived: bool = False) -> list[Tenant]:
        return [tenant for tenant in self.tenants.values() if archived or not tenant.archived]

    def _require(self, username: str) -> Credentials:
        if username not in self.credentials:
            raise NotFoundError("There is no such account.", code="account-not-found")
        return self.credentials[username]

    def _require_tenants(self, tenant_ids: tuple[str, ...]) -> None:
        if set(tenant_ids) - self.tenants.keys():
            raise NotFoundError("There is no such tenant.", code="tenant-not-found")


class FakeSessions:
    """SessionRepository in memory."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}

    def insert_session(self, session: Session) -> None:
        self.sessions[session.id] = session

    def get_session(self, session_id: str) -> Session | None:
        return self.sessions.get(session_id)

    def revoke_session(self, session_id: str, at: datetime) -> None:
        found = self.sessions.get(session_id)
        if found is not None and found.revoked_at is None:
            self.sessions[session_id] = replace(found, revoked_at=at)

    def delete_expired(self, before: datetime) -> int:
        expired = [key for key, session in self.sessions.items() if session.expires_at < before]
        for key in expired:
            del self.sessions[key]
        return len(expired)


class FakeSignInFailures:
    """SignInFailureRepository in memory."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, datetime]] = []

    def record_failure(self, account_hash: str, address_hash: str, at: datetime) -> None:
        self.rows.append((account_hash, address_hash, at))

    def failures_of_account(self, account_hash: str, since: datetime) -> list[datetime]:
        return sorted(at for account, _, at in self.rows if account == account_hash and at >= since)

    def failures_of_address(self, address_hash: str, since: datetime) -> list[datetime]:
        return sorted(at for _, address, at in self.rows if address == address_hash and at >= since)

    def clear_account(self, account_hash: str) -> None:
        self.rows = [row for row in self.rows if row[0] != account_hash]

    def delete_failures(self, before: datetime) -> int:
        kept = [row for row in self.rows if row[2] >= before]
        deleted = len(self.rows) - len(kept)
        self.rows = kept
        return deleted


# services.ports.audit


class FakeAuditRepository:
    """AuditRepository in memory."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []

    def append(self, event: AuditEvent) -> None:
        self.events.append(event)

    def list_events(
        self, *, tenant_id: str | None = None, since: datetime | None = None, limit: int = 100
    ) -> list[AuditEvent]:
        found = [
            event
            for event in self.events
            if (tenant_id is None or event.tenant_id == tenant_id) and (since is None or event.at >= since)
        ]
        return sorted(found, key=lambda event: event.at, reverse=True)[:limit]

    def actions(self) -> list[str]:
        """What happened, in order."""
        return [event.action for event in self.events]


# services.ports.answers


class FakeAnswerRepository:
    """AnswerRepository in memory."""

    def __init__(self) -> None:
        self.conversations: dict[str, Conversation] = {}
        self.answers: dict[str, Answer] = {}

    def save_conversation(self, conversation: Conversation) -> None:
        self._require_owner(self.conversations.get(conversation.id), conversation)
        self.conversations[conversation.id] = conversation

    def get_conversation(self, tenant_id: str, username: str, conversation_id: str) -> Conversation:
        found = self.conversations.get(conversation_id)
        if found is None or (found.tenant_id, found.username) != (tenant_id, username):
            raise NotFoundError("This conversation is not among yours.", code="conversation-not-found")
        return found

    def list_conversations(self, tenant_id: str, username: str, *, limit: int) -> list[Conversation]:
        own = [item for item in self.conversations.values() if (item.tenant_id, item.username) == (tenant_id, username)]
        return sorted(own, key=lambda item: item.updated_at, reverse=True)[:limit]

    def save_answer(self, answer: Answer) -> None:
        self._require_owner(self.answers.get(answer.id), answer)
        self.get_conversation(answer.tenant_id, answer.username, answer.conversation_id)
        self.answers[answer.id] = answer

    def get_answer(self, tenant_id: str, username: str, answer_id: str) -> Answer:
        found = self.answers.get(answer_id)
        if found is None or (found.tenant_id, found.username) != (tenant_id, username):
            raise NotFoundError("This answer is not among yours.", code="answer-not-found")
        return found

    def list_answers(self, tenant_id: str, username: str, conversation_id: str) -> list[Answer]:
        own = self._newest_first(tenant_id, username)
        return [answer for answer in reversed(own) if answer.conversation_id == conversation_id]

    def list_starred(self, tenant_id: str, username: str, *, limit: int) -> list[Answer]:
        return [answer for answer in self._newest_first(tenant_id, username) if answer.starred][:limit]

    def search_answers(self, tenant_id: str, username: str, words: str, *, limit: int) -> list[Answer]:
        def holds(answer: Answer, word: str) -> bool:
            return any(word in text.lower() for text in (answer.question, answer.text, answer.edited_text or ""))

        own = self._newest_first(tenant_id, username)
        return [answer for answer in own if all(holds(answer, word) for word in words.lower().split())][:limit]

    def _newest_first(self, tenant_id: str, username: str) -> list[Answer]:
        own = [item for item in self.answers.values() if (item.tenant_id, item.username) == (tenant_id, username)]
        return sorted(own, key=lambda item: item.asked_at, reverse=True)

    def _require_owner(self, found: Conversation | Answer | None, value: Conversation | Answer) -> None:
        if found is not None and (found.tenant_id, found.username) != (value.tenant_id, value.username):
            raise ConflictError("This id belongs to somebody else.", code="id-taken")


# services.ports.knowledge


class FakeEmbedder:
    """Embedder without a model: every word has a direction of its own, so texts that share words are alike."""

    def __init__(self, model_id: str = "fake", dimension: int = 256) -> None:
        self.model_id = model_id
        self.dimension = dimension
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded.extend(texts)
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in keyword_tokens(text) or ["-"]:
                seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
                vectors[row] += np.random.default_rng(seed).standard_normal(self.dimension, dtype=np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return vectors

    def check_ready(self) -> None:
        """Always ready."""


class FakeFiles:
    """FileStore in memory.

    Attributes:
        links: What links begin with; empty gives none.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.links = ""
        self.lock = threading.RLock()

    def write(self, name: str, data: bytes) -> None:
        self.files[self._checked(name)] = data

    def read(self, name: str) -> bytes:
        if self._checked(name) not in self.files:
            raise NotFoundError("The file is not there.", code="file-missing")
        return self.files[name]

    def write_new(self, name: str, data: bytes) -> None:
        with self.lock:
            if self.exists(name):
                raise ConflictError("Somebody else stored this file first.", code="file-exists")
            self.write(name, data)

    def write_from(self, name: str, source: Path) -> None:
        self.write(name, source.read_bytes())

    def exists(self, name: str) -> bool:
        return self._checked(name) in self.files

    def folders(self, name: str = "") -> list[str]:
        below = f"{self._checked(name)}/" if name else ""
        rests = [file.removeprefix(below) for file in self.files if file.startswith(below)]
        return sorted({rest.split("/", 1)[0] for rest in rests if "/" in rest})

    def link(self, name: str, *, seconds: int, download_name: str) -> str | None:
        self._checked(name)
        return f"{self.links}/{name}?seconds={seconds}&as={download_name}" if self.links else None

    def delete(self, name: str) -> None:
        self.files.pop(self._checked(name), None)

    def delete_folder(self, name: str) -> None:
        below = f"{self._checked(name)}/"
        self.files = {file: data for file, data in self.files.items() if not file.startswith(below)}

    def check_ready(self) -> None:
        """Always ready."""

    @staticmethod
    def _checked(name: str) -> str:
        if not name or name.startswith("/") or ".." in name.split("/"):
            raise NotFoundError("There is no file of that name.", code="file-missing")
        return name
