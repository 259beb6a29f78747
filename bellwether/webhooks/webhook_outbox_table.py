"""The messages of the table `outbox` that go to programs: first to the owner of a key, then to each webhook.

What alerts write is owed to the owner, like to any chat. It is spread over the owner's webhooks here, each with a row
of its own, so that each is tried until it arrives, whatever becomes of the others.
"""

import json
from collections.abc import Collection
from datetime import datetime

from sqlite_utils import Database

from bellwether.core.types import OutboxMessage
from bellwether.db.database import rows, stamp
from bellwether.delivery.outbox_table import expire, forgive_clock, read_message
from bellwether.delivery.recipients import KEYS, WEBHOOKS

KIND = "webhook"  #: of the row of one webhook


def owed_to_owners(db: Database, now: datetime, limit: int) -> list[OutboxMessage]:
    """What is due to owners and not spread yet, oldest first."""
    sql = (
        "SELECT *, NULL AS reply_to, NULL AS thread FROM outbox WHERE state = 'pending' AND not_before <= :now"
        " AND expires_at > :now AND chat_id <= :keys AND chat_id > :webhooks ORDER BY id LIMIT :limit"
    )
    found = rows(db, sql, {"now": stamp(now), "keys": KEYS, "webhooks": WEBHOOKS, "limit": limit})
    return [read_message(row) for row in found]


def spread(db: Database, message: OutboxMessage, now: datetime) -> None:
    """What was owed to an owner is owed to each webhook now, or to nobody where there is none."""
    db.conn.execute("UPDATE outbox SET state = 'sent', sent_at = ? WHERE id = ?", (stamp(now), message.id))


def any_owed(db: Database) -> bool:
    """Whether there is anything to send, now or later."""
    sql = "SELECT 1 FROM outbox WHERE state IN ('pending', 'sending') AND chat_id <= :webhooks LIMIT 1"
    return bool(rows(db, sql, {"webhooks": WEBHOOKS}))


def claim(db: Database, now: datetime, lease_until: datetime, busy: Collection[int]) -> OutboxMessage | None:
    """Claim the message to a webhook that has waited longest; None when nothing is due.

    One at a time for each webhook. A claim whose lease ran out is due again, unless it is in `busy`.
    """
    forgive_clock(db, now)
    expire(db, now, busy)
    claimed = rows(
        db,
        "UPDATE outbox SET state = 'sending', attempts = attempts + 1, claimed_until = :lease WHERE id = ("
        " SELECT id FROM outbox AS mine WHERE state = 'pending' AND not_before <= :now AND chat_id <= :webhooks"
        " AND NOT EXISTS (SELECT 1 FROM outbox AS other WHERE other.chat_id = mine.chat_id AND other.state = 'sending')"
        " AND id NOT IN (SELECT value FROM json_each(:busy))"
        " ORDER BY not_before, id LIMIT 1) RETURNING *, NULL AS reply_to, NULL AS thread",
        {"now": stamp(now), "lease": stamp(lease_until), "webhooks": WEBHOOKS, "busy": json.dumps(list(busy))},
    )
    return read_message(claimed[0]) if claimed else None


def hold_back(db: Database, chat_id: int, until: datetime) -> None:
    """Send nothing to a webhook before then."""
    sql = "UPDATE outbox SET not_before = :until WHERE state = 'pending' AND chat_id = :chat AND not_before < :until"
    db.conn.execute(sql, {"until": stamp(until), "chat": chat_id})


def waiting(db: Database, chat_id: int) -> int:
    """How much is owed to a webhook."""
    sql = "SELECT count(*) AS n FROM outbox WHERE state IN ('pending', 'sending') AND chat_id = :chat"
    (row,) = rows(db, sql, {"chat": chat_id})
    return int(row["n"])


def forget(db: Database, chat_id: int) -> None:
    """Owe nothing more to a webhook that was removed."""
    db.conn.execute("UPDATE outbox SET state = 'expired' WHERE state = 'pending' AND chat_id = ?", (chat_id,))
