"""The mail server at the other end: a real SMTP server that keeps what it is given, or refuses it."""

import ssl
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.broker import free_port

PASSWORD = b"mot mat khau dai"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it came. `was_sealed`: in TLS."""

    sender: str
    to: list[str]
    message: EmailMessage
    was_sealed: bool

    @property
    def subject(self) -> str:
        """Its subject, decoded."""
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        """Its text, decoded."""
        return str(self.message.get_content())


class MailServer:
    """Use as a context manager. `replies`: what it answers to the next letters instead of taking them."""

    def __init__(self, *, certificate: tuple[Path, Path] | None = None, user: str = "") -> None:
        self.letters: list[Letter] = []
        self.replies: list[str] = []
        self.tried_count = 0
        self._user, self._password = user.encode(), PASSWORD
        arguments: dict[str, Any] = {}
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            arguments |= {"tls_context": context, "require_starttls": True}
        if user:
            arguments |= {"authenticator": self._authenticate, "auth_required": True}
        self._controller = Controller(
            self, hostname="127.0.0.1", port=free_port(), server_hostname="mail", **arguments
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._controller.port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """A letter is here."""
        self.tried_count += 1
        if self.replies:
            return self.replies.pop(0)
        raw = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        message = message_from_bytes(raw, policy=policy.default)
        sealed = session.ssl is not None
        self.letters.append(Letter(envelope.mail_from or "", list(envelope.rcpt_tos), message, sealed))
        return "250 taken"

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        right = data.login == self._user and data.password == self._password
        return AuthResult(success=right, handled=False)
