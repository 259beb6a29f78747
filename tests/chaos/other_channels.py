"""Two channels beside Telegram: an ntfy server and a mail server, which some chats also hear by, and their troubles.

refuses        ntfy answers 403; nobody listens at the mail server's port
is busy        429 with Retry-After; 451 to a recipient
fails          500; 451 to a whole mail
drops, hangs   the connection before a message is taken, or with `late` after it
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any

from aiosmtpd.controller import Controller

from bellwether.core.sealing import Sealer
from bellwether.db.database import Store
from bellwether.delivery.targets import targets_table
from bellwether.delivery.targets.target import TargetKind
from tests.chaos.fast import SPEED
from tests.chaos.plan import HANGS, HEARERS, TargetFault
from tests.chaos.victim import FIRST_EVENING, LONG_BEFORE
from tests.support.chat_services import ChatServices
from tests.support.http_server import HttpServer, Request, Response
from tests.support.mailbox import Mailbox
from tests.support.ports import free_port

_KEY = "5e" * 32


class OtherChannels:
    """Both servers, while the `with` block lasts."""

    def __init__(self) -> None:
        self._ntfy, self._mail = _Ntfy(), _Mail()
        self._stack = ExitStack()
        self.settings: dict[str, Any] = {}  #: of the victims

    def __enter__(self) -> OtherChannels:
        server = self._stack.enter_context(HttpServer(self._ntfy.answer))
        self._mail.come_back()
        self._stack.callback(self._mail.go_away)
        self._addresses = {
            TargetKind.NTFY: f"ntfy://127.0.0.1:{server.port}/{{}}",
            TargetKind.MAIL: "{}@mail.example",
        }
        self.settings = {
            "key": _KEY,
            "private": True,
            "schemes": ["ntfy", "mailto"],
            "smtp": f"smtp://127.0.0.1:{self._mail.port}",
            "mail_from": "alerts@bell.example",
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def join(self, store: Store) -> None:
        """Let some chats have proved targets here."""
        sealer = Sealer(_KEY)
        with store.transaction() as db:
            for chat_id in HEARERS:
                for kind, address in self._addresses.items():
                    sealed = sealer.seal(address.format(_name(chat_id)))
                    mark = sealer.mark("address", f"{kind} {chat_id}")
                    target = targets_table.add(db, chat_id, kind, sealed, "", mark, FIRST_EVENING - LONG_BEFORE)
                    targets_table.prove(db, target.id, FIRST_EVENING - LONG_BEFORE)

    def befall(self, fault: TargetFault) -> None:
        """Have a fault hit the next messages."""
        (self._ntfy if fault.kind is TargetKind.NTFY else self._mail).befall(fault)

    def clear(self) -> None:
        """All is well again."""
        self._ntfy.clear()
        self._mail.clear()

    def texts(self, kind: TargetKind, chat_id: int) -> list[str]:
        """What has arrived at the target of a chat, in order."""
        if kind is TargetKind.NTFY:
            return self._ntfy.texts(_name(chat_id))
        return self._mail.texts(f"{_name(chat_id)}@mail.example")


def _name(chat_id: int) -> str:
    return f"reader-{abs(chat_id)}"


class _Ntfy:
    """ntfy, with a topic for each chat."""

    def __init__(self) -> None:
        self._there = ChatServices(topics=frozenset(map(_name, HEARERS)))
        self._faults: deque[TargetFault] = deque()

    def befall(self, fault: TargetFault) -> None:
        self._faults.extend([fault] * fault.times)

    def clear(self) -> None:
        self._faults.clear()

    def texts(self, topic: str) -> list[str]:
        return list(self._there.seen.get(topic, []))

    async def answer(self, request: Request) -> Response | None:
        fault = self._faults.popleft() if self._faults else None
        if fault is None:
            return await self._there.answer(request)
        if fault.late:
            await self._there.answer(request)
        match fault.what:
            case "refuses":
                return _error(403)
            case "is busy":
                return Response(429, b"{}", headers={"Retry-After": str(fault.seconds)})
            case "fails":
                return _error(500)
            case "hangs":
                await asyncio.sleep(HANGS / SPEED)
        return None


def _error(status: int) -> Response:
    return Response(status, json.dumps({"http": status, "error": "trouble"}).encode())


class _Mail(Mailbox):
    """A mail server that can go away and come back."""

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()
        self._at_recipient: deque[TargetFault] = deque()
        self._at_mail: deque[TargetFault] = deque()
        self._controller: Controller | None = None
        self._changing = threading.Lock()
        self._back: threading.Timer | None = None

    def befall(self, fault: TargetFault) -> None:
        if fault.what == "refuses":
            self.go_away()
            self._back = threading.Timer(fault.seconds / SPEED, self.come_back)
            self._back.daemon = True
            self._back.start()
        else:
            at_mail = fault.late or fault.what == "fails"
            (self._at_mail if at_mail else self._at_recipient).extend([fault] * fault.times)

    def clear(self) -> None:
        self._at_recipient.clear()
        self._at_mail.clear()
        self.come_back()

    def come_back(self) -> None:
        with self._changing:
            if self._controller is None:
                self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=30)
                self._controller.start()

    def go_away(self) -> None:
        if self._back is not None:
            self._back.cancel()
        with self._changing:
            if self._controller is not None:
                self._controller.stop()
                self._controller = None

    def texts(self, address: str) -> list[str]:
        bodies = [mail.get_body(("plain",)) for mail in list(self.mails) if mail["To"] == address]
        return [body.get_content() for body in bodies if body is not None]

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self._at_recipient:
            return await self._trouble(server, self._at_recipient.popleft())
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        fault = self._at_mail.popleft() if self._at_mail else None
        if fault is None or fault.late:
            answer = await super().handle_DATA(server, session, envelope)
        return await self._trouble(server, fault) if fault is not None else answer

    async def _trouble(self, server: Any, fault: TargetFault) -> str:
        if fault.what == "hangs":
            await asyncio.sleep(HANGS / SPEED)
        if fault.what in {"hangs", "drops"}:
            with suppress(AttributeError):  # the other has left meanwhile
                server.transport.abort()
        return "451 4.3.0 try again later"
