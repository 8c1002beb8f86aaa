"""Notices by e-mail, over any mail server that speaks SMTP."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from services.errors import (
    AppError,
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendTimeoutError,
    BackendUnavailableError,
)
from services.setting_choices import SmtpTls

_TIMEOUT_SECONDS = 20.0
_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+")
_ID_CHARACTERS = re.compile(r"[^A-Za-z0-9.\-]")


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed in.

    Attributes:
        user: Empty for a server that asks for none.
        certificates: A file with the certificates that are trusted; None for the system's.
    """

    host: str
    port: int
    sender: str
    tls: SmtpTls = SmtpTls.STARTTLS
    user: str = ""
    password: str = ""
    certificates: str | None = None


class SmtpNotices:
    """See :class:`services.ports.images.Notice`. A key makes the same Message-ID, so that mailboxes show it once."""

    def __init__(self, server: SmtpServer, *, timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        self._server = server
        self._timeout_seconds = timeout_seconds

    def send(
        self, recipient: str, subject: str, text: str, *, key: str, facts: Mapping[str, str] | None = None
    ) -> None:
        if not _ADDRESS.fullmatch(recipient):
            raise BackendRejectedError(
                f"{recipient[:100]} is not an e-mail address.",
                code="mail-address",
                remedy="An administrator must correct FRONTLINE_SMTP_TO.",
            )
        message = EmailMessage()
        message["From"] = self._server.sender
        message["To"] = recipient
        message["Subject"] = " ".join(subject.split())
        message["Date"] = format_datetime(datetime.now(UTC))
        domain = parseaddr(self._server.sender)[1].rpartition("@")[2] or "localhost"
        message["Message-ID"] = f"<{_ID_CHARACTERS.sub('-', key)}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text, cte="quoted-printable")  # every server takes that
        with self._connected() as client:
            client.send_message(message)

    def check_ready(self) -> None:
        """Raise BackendError unless the server takes our sign-in."""
        with self._connected() as client:
            client.noop()

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self._server
        try:
            with self._client() as client:
                if server.tls is SmtpTls.STARTTLS:
                    client.starttls(context=self._context())
                if server.user:
                    client.login(server.user, server.password)
                yield client
        except AppError:
            raise
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as exc:
            raise BackendMisconfiguredError(
                "The mail server refuses our sign-in or the way we connect.",
                code="mail-refused",
                remedy="An administrator must check FRONTLINE_SMTP_USER, _PASSWORD and _TLS.",
            ) from exc
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as exc:
            raise BackendRejectedError(
                "The mail server refuses the message.",
                code="mail-rejected",
                remedy="An administrator must check FRONTLINE_SMTP_FROM and FRONTLINE_SMTP_TO.",
            ) from exc
        except ssl.SSLError as exc:
            raise BackendMisconfiguredError(
                "No safe connection to the mail server could be made.",
                code="mail-tls",
                remedy="An administrator must check FRONTLINE_SMTP_TLS, the port and the server's certificate.",
            ) from exc
        except TimeoutError as exc:
            raise BackendTimeoutError("The mail server did not answer in time.", code="mail-timeout") from exc
        except (smtplib.SMTPException, OSError) as exc:
            raise BackendUnavailableError("The mail server cannot be reached.", code="mail-unavailable") from exc

    def _client(self) -> smtplib.SMTP:
        server = self._server
        if server.tls is SmtpTls.TLS:
            return smtplib.SMTP_SSL(server.host, server.port, timeout=self._timeout_seconds, context=self._context())
        return smtplib.SMTP(server.host, server.port, timeout=self._timeout_seconds)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._server.certificates)
