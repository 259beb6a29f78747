"""A mail server on a free port (aiosmtpd), which keeps what it takes and refuses what a test says."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.support.ports import free_port

USER, PASSWORD = "bell", "p@ss/word"


@dataclass
class Mailbox:
    """What came, and what to answer to a recipient or to a whole mail in place of taking it."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    refused: str = ""  #: "550 no such user": to RCPT
    refused_data: str = ""  #: to DATA
    slow_data: float = 0.0  #: seconds before a mail that was taken is answered
    farewell: str = ""  #: to QUIT; "silent" for no answer
    holds: asyncio.Event | None = None  #: no recipient is answered before it
    loop: asyncio.AbstractEventLoop | None = None
    left: threading.Event = field(default_factory=threading.Event)  #: a client went, after it was held
    logins: list[tuple[str, str]] = field(default_factory=list)

    def let_go(self) -> None:
        """Answer those that were held."""
        assert self.holds is not None and self.loop is not None
        self.loop.call_soon_threadsafe(self.holds.set)
        self.holds = None

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.holds is not None:
            self.loop = asyncio.get_running_loop()
            await self.holds.wait()
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
        await asyncio.sleep(self.slow_data)
        return "250 OK"

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        if self.farewell == "silent":
            await asyncio.sleep(60)
        return self.farewell or "221 Bye"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=self.logins[-1] == (USER, PASSWORD))


class _Session(SMTP):
    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        box: Mailbox = self.event_handler
        if box.loop is not None:
            box.left.set()


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Session(self.handler, **self.SMTP_kwargs)


@contextmanager
def mailbox(*, login: bool = False) -> Iterator[Mailbox]:
    """A server while the block lasts; with `login` it asks for one."""
    box = Mailbox()
    controller = _Controller(
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
