"""The messages of the table `outbox` that go to programs: first to the owner of a key, then to each webhook.

What alerts write is owed to the owner, like to any chat. It is spread over the owner's webhooks here, each with a row
of its own, so that each is tried until it arrives, whatever becomes of the others.
"""

from datetime import datetime, timedelta

from bellwether.db.connection import Connection
from bellwether.db.database import stamp
from bellwether.db.sql import FREE
from bellwether.delivery import outbox_table
from bellwether.delivery.messages import OutboxMessage, Recipient, RecipientKind

EVENT = "webhook"  #: the kind of message that an event is, with which its dedup_key begins
KEEP_TRYING = timedelta(days=3)


def enqueue(db: Connection, webhook_id: int, event_id: str, body: str, now: datetime, *, again: str = "") -> bool:
    """Owe an event to a webhook, once; `again` makes another row of one that was owed before."""
    draft = outbox_table.Draft(
        dedup_key=f"{EVENT}:{webhook_id}:{event_id}{again}",
        recipient=Recipient(RecipientKind.WEBHOOK, webhook_id),
        kind=EVENT,
        text=body,
        not_before=now,
        expires_at=now + KEEP_TRYING,
        event_id=event_id,
    )
    return outbox_table.enqueue(db, draft, now)


def owed_to_owners(db: Connection, now: datetime, limit: int) -> list[OutboxMessage]:
    """What is due to owners and not spread yet, oldest first."""
    sql = (
        "SELECT * FROM outbox WHERE state = 'pending' AND not_before <= :now AND expires_at > :now"
        f" AND recipient_kind = :kind ORDER BY id LIMIT :limit{FREE}"
    )
    values = {"now": stamp(now), "kind": RecipientKind.KEY.value, "limit": limit}
    return [outbox_table.read_message(row) for row in db.rows(sql, values)]


def mark_spread(db: Connection, message: OutboxMessage, now: datetime) -> None:
    """What was owed to an owner is owed to each webhook now, or to nobody where there is none."""
    db.execute("UPDATE outbox SET state = 'sent', sent_at = :now WHERE id = :id", {"now": stamp(now), "id": message.id})


def any_owed(db: Connection) -> bool:
    """Whether there is anything to spread over webhooks or to send to one, now or later."""
    sql = f"SELECT 1 FROM outbox WHERE {_WAITING} AND recipient_kind IN (:key, :webhook) LIMIT 1"
    return bool(db.rows(sql, {"key": RecipientKind.KEY.value, "webhook": RecipientKind.WEBHOOK.value}))


def waiting(db: Connection, webhook_id: int) -> int:
    """How much is owed to a webhook."""
    (row,) = db.rows(f"SELECT count(*) AS n FROM outbox WHERE {_WAITING} AND {_TO}", _to(webhook_id))
    return int(row["n"])


def hold_back(db: Connection, webhook_id: int, until: datetime) -> None:
    """Send nothing to a webhook before then."""
    sql = f"UPDATE outbox SET not_before = :until WHERE state = 'pending' AND {_TO} AND not_before < :until"
    db.execute(sql, _to(webhook_id) | {"until": stamp(until)})


def forget(db: Connection, webhook_id: int) -> None:
    """Owe nothing more to a webhook."""
    sql = f"UPDATE outbox SET state = 'expired' WHERE state = 'pending' AND {_TO}"
    db.execute(sql, _to(webhook_id))


_WAITING = "state IN ('pending', 'sending')"
_TO = "recipient_kind = :kind AND recipient_id = :webhook"


def _to(webhook_id: int) -> dict[str, object]:
    return {"kind": RecipientKind.WEBHOOK.value, "webhook": webhook_id}
