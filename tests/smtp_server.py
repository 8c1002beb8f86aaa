"""A small mail server for tests: plain, with STARTTLS, or with TLS from the start; with or without a sign-in."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class SmtpTestServer(socketserver.ThreadingTCPServer):
    """Keeps the messages that it was handed.

    Attributes:
        messages: (sender, recipients, text) of each.
        refusals: Replies by command that are sent instead of the usual one, such as ``{"RCPT": "550 No such user"}``.
        encrypted: For each message, whether it came over TLS.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(
        self, context: ssl.SSLContext | None, *, starttls: bool, sign_in: tuple[str, str] | None = None
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.context = context
        self.starttls = starttls
        self.sign_in = sign_in
        self.messages: list[tuple[str, list[str], str]] = []
        self.encrypted: list[bool] = []
        self.refusals: dict[str, str] = {}

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Conversation(socketserver.BaseRequestHandler):
    server: SmtpTestServer

    def handle(self) -> None:
        self.secure = False
        self.signed_in = False
        if self.server.context is not None and not self.server.starttls:
            self._encrypt()
        self._open()
        self._say("220 mail.test ready")
        sender, recipients = "", []
        while line := self.lines.readline().decode().strip():
            command = line.split()[0].upper()
            if command in self.server.refusals:
                self._say(self.server.refusals[command])
            elif command == "EHLO":
                self._greet()
            elif command == "STARTTLS" and self.server.starttls:
                self._say("220 go on")
                self._encrypt()
                self._open()
            elif command == "AUTH":
                self._sign_in(line)
            elif command == "MAIL":
                ready = self.server.sign_in is None or self.signed_in
                sender = line[len("MAIL FROM:") :].split()[0].strip("<>")
                self._say("250 ok" if ready else "530 sign in first")
            elif command == "RCPT":
                recipients.append(line[len("RCPT TO:") :].strip("<>"))
                self._say("250 ok")
            elif command == "DATA":
                self._say("354 go on")
                self._take(sender, recipients)
            elif command == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok" if command in {"NOOP", "RSET"} else "502 no such command")

    def _greet(self) -> None:
        features = ["mail.test"]
        if self.server.starttls and not self.secure:
            features.append("STARTTLS")
        if self.server.sign_in is not None:
            features.append("AUTH PLAIN")
        for number, feature in enumerate(features, start=1):
            self._say(f"250{' ' if number == len(features) else '-'}{feature}")

    def _sign_in(self, line: str) -> None:
        given = base64.b64decode(line.split()[2]).decode().split("\0")[1:]
        self.signed_in = tuple(given) == self.server.sign_in
        self._say("235 welcome" if self.signed_in else "535 wrong")

    def _take(self, sender: str, recipients: list[str]) -> None:
        text = []
        while (line := self.lines.readline().decode().rstrip("\r\n")) != ".":
            text.append(line.removeprefix("."))
        self.server.messages.append((sender, list(recipients), "\n".join([*text, ""])))
        self.server.encrypted.append(self.secure)
        self._say("250 taken")

    def _encrypt(self) -> None:
        assert self.server.context is not None
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.secure = True

    def _open(self) -> None:
        self.lines = self.request.makefile("rb")

    def _say(self, text: str) -> None:
        self.request.sendall(f"{text}\r\n".encode())


@contextmanager
def running_smtp_server(
    context: ssl.SSLContext | None = None, *, starttls: bool = False, sign_in: tuple[str, str] | None = None
) -> Iterator[SmtpTestServer]:
    """Serve until the block ends."""
    server = SmtpTestServer(context, starttls=starttls, sign_in=sign_in)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def make_certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate of its own for 127.0.0.1: the file to trust, and the server's side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, private = folder / "mail.pem", folder / "mail.key"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return trusted, context
