"""A mail server on a free port (aiosmtpd), which keeps what it takes and refuses what a test says."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.support.ports import free_port

USER, PASSWORD = "bell", "p@ss/word"


@dataclass
class Mailbox:
    """What came, and what to answer to a recipient or to a whole mail in place of taking it."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    refused: str = ""  #: "550 no such user": to RCPT
    refused_data: str = ""  #: to DATA
    logins: list[tuple[str, str]] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.refused:
            return self.refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refused_data:
            return self.refused_data
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        assert envelope.rcpt_tos == [message["To"]]
        self.mails.append(message)
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=self.logins[-1] == (USER, PASSWORD))


@contextmanager
def mailbox(*, login: bool = False) -> Iterator[Mailbox]:
    """A server while the block lasts; with `login` it asks for one."""
    box = Mailbox()
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=free_port(),
        auth_require_tls=False,
        authenticator=box.authenticate if login else None,
    )
    controller.start()
    try:
        port = controller.port
        user = f"{USER}:p%40ss%2Fword@" if login else ""
        box.url = f"smtp://{user}127.0.0.1:{port}"
        yield box
    finally:
        controller.stop()
