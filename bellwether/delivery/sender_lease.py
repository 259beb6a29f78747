"""One sender for each bot: the process that holds its lease polls and sends, every other waits.

Whoever takes it over puts back what the one before had claimed for chats. Where several send, the others' claims are
among these; there the claims of one that died run out by themselves.
"""

import time
from collections.abc import Callable

from bellwether.core.clock import Clock
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.delivery import outbox_claims_table
from bellwether.delivery.messages import RecipientKind
from bellwether.hosts.lease import Lease


class SenderLease(Lease):
    """This process's claim to be the only one that talks to Telegram for a bot."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        token: str,
        now: Callable[[], float] = time.monotonic,
        *,
        only_sender: bool = True,
    ) -> None:
        """`token` is the bot's; `now` tells seconds that never run backwards. Takes nothing yet."""
        # the number before the colon is the bot's public id; the secret is what comes after
        super().__init__(store, clock, f"telegram-{token.partition(':')[0]}", now)
        self._only_sender = only_sender

    def _took(self, db: Connection) -> None:
        if self._only_sender:
            outbox_claims_table.release_claims(db, RecipientKind.CHAT)
