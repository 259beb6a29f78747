"""What the one loop of `delivery.deliver` asks of a channel: a way for messages to leave.

A new channel gives two things: `kind`, whose messages it takes, and `send`. All else has a default that fits most, and
is there for a receiver that is peculiar: it answers with a pace, a right to send, or a dead end.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bellwether.db.connection import Connection
from bellwether.delivery.messages import OutboxMessage, RecipientKind
from bellwether.delivery.outbox_table import Claimable, ClaimOrder
from bellwether.delivery.retry import DOUBLING, DeliveryError, RetryPolicy

AT_ONCE = 8  #: messages that are worth having on their way at the same time beside a near server


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was sent of a message has arrived."""

    number: int | None = None  #: by which it can be answered
    more: bool = False  #: it was a part, and others are to follow
    topic_is_gone: bool = False  #: of a forum group: it had to go to the general one


class Channel:
    """One way for messages to leave. Its methods but `send` are called in threads, those with `db` in a transaction.

    A run is: can_send | spread | some times: may_claim, at_once, full_lanes, resting, spread | send |
    arrived or failed | counted.
    """

    # what each channel gives

    kind: ClassVar[RecipientKind]  #: whose messages it takes

    async def send(self, message: OutboxMessage) -> Accepted:
        """Send a message, or its next part. Raises DeliveryError: how to treat the failure.

        Any other error counts as a fault of the message, which is given up after a few.
        """
        raise NotImplementedError

    # how it goes about it

    order: ClassVar[ClaimOrder] = ClaimOrder.IN_ORDER
    retries: ClassVar[RetryPolicy] = DOUBLING
    is_urgent: ClassVar[bool] = False  #: somebody waits for it: jobs that compute give way to it
    units: ClassVar[str] = "messages"  #: how the log calls what was sent
    pace: float = 1.0  #: how many times more than usual may be on their way at once

    # where messages reach it by way of somebody who has several recipients

    spreads: ClassVar[Collection[RecipientKind]] = ()  #: whose messages `spread` makes into messages of its own kind

    def spread(self, db: Connection, now: datetime) -> bool:
        """Write the messages that follow from those to others; whether there were any. Asked when none can be claimed.

        At the begin of a run, and while some of its messages are still under way.
        """
        return False

    # whether, how many and to whom it can send now

    def can_send(self) -> bool:
        """Whether a run makes sense: the other end is there, and something is or may be owed. Raises StoreError."""
        return True

    def may_claim(self, db: Connection) -> Claimable:
        """What this process has the right to send, asked in each transaction that claims."""
        return Claimable.ALL

    def at_once(self) -> int:
        """How many messages are worth having on their way at the same time, by how far away the other end is."""
        return AT_ONCE

    def full_lanes(self, under_way: Mapping[str, int]) -> Collection[str]:
        """The lanes, such as one mail server, by which no more may go: places are left for what goes elsewhere.

        Beside each lane is how many are on their way by it.
        """
        return ()

    def resting(self, longer_than: float = 0.0) -> Collection[int]:
        """The recipients to whom sending would wait so many seconds, and more."""
        return ()

    # what follows from an attempt, beyond the message's own row

    def last_error(self, error: DeliveryError) -> str:
        """What is kept of an error in the message's row."""
        return str(error)

    def arrived(self, db: Connection, message: OutboxMessage, accepted: Accepted, now: datetime) -> None:
        """A message, or a part of it, arrived; its row says so already."""

    def failed(
        self, db: Connection, message: OutboxMessage, error: DeliveryError, again: datetime | None, now: datetime
    ) -> None:
        """A message did not arrive, and is tried again then, or never; its row says so already."""

    def counted(self, message: OutboxMessage, error: DeliveryError | None) -> None:
        """An attempt ended, and a message that was sent has arrived whole: for the log and the metrics."""
