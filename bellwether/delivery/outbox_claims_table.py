"""The claims in the table `outbox`: a sender holds a message for LEASE, and for as long as it says that it still sends.

claimed | renewed while it is on its way | settled by who has it, or put back where that one has ended
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bellwether.db.connection import Connection
from bellwether.db.database import stamp
from bellwether.db.sql import none_of
from bellwether.delivery.messages import OutboxMessage, RecipientKind

LEASE = timedelta(minutes=2)  #: a claim that is not renewed is void after this
_ORPHANED = (
    "state = 'pending', claimed_until = NULL, uncertain = uncertain + 1,"
    " last_error = 'its sender ended before it could say whether this arrived'"
)


def renew(db: Connection, messages: Iterable[OutboxMessage], now: datetime) -> None:
    """Hold these for another LEASE, where they are the caller's still: a receiver may take minutes to answer."""
    db.executemany(
        "UPDATE outbox SET claimed_until = :lease WHERE id = :id AND state = 'sending' AND attempts = :attempts",
        [{"id": message.id, "attempts": message.attempts, "lease": stamp(now + LEASE)} for message in messages],
    )


def forgive_clock(db: Connection, kind: RecipientKind, now: datetime) -> None:
    """Make due again what waits only because the clock was set back: its own past lies in the future.

    The caller sends nothing of this kind just now, or what it sends would be put back. No claim lasts for longer than
    LEASE, so one that ends much later is of before the change; clocks of two processes may differ by as much again, and
    what one has just put off is not to be tried at once by the other.
    """
    values = {"kind": kind.value, "now": stamp(now), "ahead": stamp(now + 2 * LEASE)}
    db.execute(
        f"UPDATE outbox SET {_ORPHANED} WHERE state = 'sending' AND recipient_kind = :kind AND claimed_until > :ahead",
        values,
    )
    db.execute(
        "UPDATE outbox SET not_before = :now WHERE state = 'pending' AND recipient_kind = :kind AND not_before > :now"
        " AND (failed_at > :ahead OR (created_at > :now AND not_before <= created_at))",
        values,
    )


def release_claims(db: Connection, kind: RecipientKind) -> None:
    """Put back every claim: whoever made them has lost the right to send, mostly by dying.

    Whether such a message arrived is not known. It counts as one uncertain attempt, and is sent again.
    """
    sql = f"UPDATE outbox SET {_ORPHANED} WHERE state = 'sending' AND recipient_kind = :kind"
    db.execute(sql, {"kind": kind.value})


def release_lapsed(db: Connection, kind: RecipientKind, now: datetime, busy: Collection[int] = ()) -> None:
    """Put back the claims whose lease ran out, since their sender died.

    Not those in `busy`: their sender is the caller, and only the clock has jumped.
    """
    db.execute(
        f"UPDATE outbox SET {_ORPHANED} WHERE state = 'sending' AND claimed_until <= :now AND recipient_kind = :kind"
        f" AND {none_of('id', 'busy')}",
        {"now": stamp(now), "kind": kind.value, "busy": list(busy)},
    )
