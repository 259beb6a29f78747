"""The channel to chats: messages that say so where they are late, and what refusals tell of a chat."""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from bellwether.core import metrics
from bellwether.core.clock import Clock
from bellwether.core.errors import StoreError
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.delivery import admin_notes, chats_table, outbox_table
from bellwether.delivery.channels.channel import Accepted, Channel
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.chats_table import Silence
from bellwether.delivery.lateness import is_late, sent_late
from bellwether.delivery.messages import OutboxMessage, RecipientKind
from bellwether.delivery.outbox_table import Claimable
from bellwether.delivery.retry import Cause, DeliveryError

FREE_PACE = 30  #: messages a second that Telegram takes of a bot that pays for none
log = logging.getLogger(__name__)


class Transport(Protocol):
    """What carries messages to chats."""

    async def send(self, message: OutboxMessage) -> Accepted:
        """Send a message, or its next part. Raises DeliveryError: how to treat the failure."""

    def resting(self, longer_than: float = 0.0) -> Collection[int]:
        """The chats to which sending would wait so many seconds, and more."""

    def at_once(self) -> int:
        """How many messages are worth having on their way at the same time, by how far away the other end is."""


class ChatChannel(Channel):
    """To chats, by a transport."""

    kind = RecipientKind.CHAT
    is_urgent = True

    def __init__(
        self,
        store: Store,
        clock: Clock,
        transport: Transport,
        admin_chat: int,
        *,
        connected: Callable[[], bool] = lambda: True,
        may_send: Callable[[Connection], bool] = lambda db: True,
    ) -> None:
        """`admin_chat` is told of dead letters, 0 is nobody; `may_send` is false once another process has the lease."""
        self._store, self._clock, self._transport, self._admin_chat = store, clock, transport, admin_chat
        self._connected, self._may_send = connected, may_send
        self._may_help: Callable[[Connection], bool] = lambda db: False

    def share(self, may_help: Callable[[Connection], bool], messages_a_second: int) -> None:
        """Send so many; where more are paid for than are free, `may_help` tells whether also beside the lease."""
        self._may_help = may_help
        self.pace = max(messages_a_second / FREE_PACE, 1.0)

    def can_send(self) -> bool:
        """Whether Telegram is there."""
        return self._connected()

    def may_claim(self, db: Connection) -> Claimable:
        """All with the lease; without it, as one of several senders, what cannot get in the way of its holder."""
        if self._may_send(db):
            return Claimable.ALL
        return Claimable.UNTOUCHED if self._may_help(db) else Claimable.NONE

    def at_once(self) -> int:
        """As the transport has it."""
        return self._transport.at_once()

    def resting(self, longer_than: float = 0.0) -> Collection[int]:
        """As the transport has it."""
        return self._transport.resting(longer_than)

    async def send(self, message: OutboxMessage) -> Accepted:
        """Send a message, or its next part. It says at its end that it is late: there it changes no part before."""
        now = self._clock()
        if message.due_at is not None and is_late(message.due_at, now):
            wishes = await asyncio.to_thread(self._wishes, message.recipient.id)
            with wishes.speaking(message.recipient.id):
                message = replace(message, text=f"{message.text}\n{sent_late(now - message.due_at)}")
        return await self._transport.send(message)

    def _wishes(self, chat_id: int) -> ChatWishes:
        """Those of a chat; the defaults, and English, while the database does not tell."""
        try:
            with self._store.reading() as db:
                return ChatWishes.of_chat(db, chat_id)
        except StoreError:
            return ChatWishes()

    def last_error(self, error: DeliveryError) -> str:
        """With a beginning by which messages are found again that only their chat kept from arriving."""
        begins = outbox_table.FORBIDDEN if error.forbidden_now else ""
        return f"{outbox_table.GONE if error.cause is Cause.GONE else begins}{error}"

    def arrived(self, db: Connection, message: OutboxMessage, accepted: Accepted, now: datetime) -> None:
        """The chat can be written to; its topic may be gone."""
        if accepted.topic_is_gone:
            chats_table.leave_topic(db, message.recipient.id, message.thread)
        chats_table.was_written_to(db, message.recipient.id, now)

    def failed(
        self, db: Connection, message: OutboxMessage, error: DeliveryError, again: datetime | None, now: datetime
    ) -> None:
        """What the error says of its chat counts for other messages, too."""
        chat_id = message.recipient.id
        if error.moved_to is not None:
            chats_table.migrate(db, chat_id, error.moved_to)
        if error.cause is Cause.GONE:
            chats_table.pause(db, chat_id, Silence.GONE, now)
        elif error.forbidden_now:
            chats_table.is_forbidden(db, chat_id, now)
        elif again is None:
            admin_notes.tell(db, self._admin_chat, admin_notes.AdminTopic.DEAD_LETTER, now)

    def counted(self, message: OutboxMessage, error: DeliveryError | None) -> None:
        """The metrics are about what goes to Telegram."""
        if error is None:
            metrics.SENT.add(kind=message.kind)
            return
        metrics.FAILED.add(reason=error.cause.name.lower())
        log.warning("Message %d was not sent: %s", message.id, error)
