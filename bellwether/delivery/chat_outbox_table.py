"""The messages of the table `outbox` that go to one chat: when it leaves, comes back, moves or is erased."""

from datetime import datetime

from bellwether.db.connection import Connection
from bellwether.db.database import stamp
from bellwether.delivery.messages import recipient_of
from bellwether.delivery.outbox_table import FORBIDDEN, GONE, PAUSED

_TO = "recipient_kind = :kind AND recipient_id = :recipient"


def _to(chat_id: int) -> dict[str, object]:
    """The values in `_TO`; the terminal is a chat here."""
    recipient = recipient_of(chat_id)
    return {"kind": recipient.kind.value, "recipient": recipient.id}


def leave(db: Connection, chat_id: int) -> None:
    """Give up everything that waits for a chat whose reader has left. `return_to` takes it back."""
    sql = f"UPDATE outbox SET state = 'failed', last_error = :error WHERE state = 'pending' AND {_TO}"
    db.execute(sql, _to(chat_id) | {"error": PAUSED})


def return_to(db: Connection, chat_id: int) -> None:
    """The reader is back: owe again what was given up for that; what is stale by now expires."""
    sql = f"UPDATE outbox SET state = 'pending' WHERE state = 'failed' AND {_TO} AND last_error LIKE :gone"
    db.execute(sql, _to(chat_id) | {"gone": f"{GONE}%"})


def hurry(db: Connection, chat_id: int, now: datetime) -> None:
    """Try again now what a chat let nobody write: something has changed there."""
    db.execute(
        f"UPDATE outbox SET not_before = :now WHERE state = 'pending' AND {_TO} AND not_before > :now"
        " AND last_error LIKE :forbidden",
        _to(chat_id) | {"now": stamp(now), "forbidden": f"{FORBIDDEN}%"},
    )


def lost_since(db: Connection, chat_id: int, since: datetime, now: datetime) -> int:
    """How many messages went out of date since then because their chat could not be written to."""
    sql = (
        f"SELECT count(*) AS n FROM outbox WHERE {_TO} AND state <> 'sent' AND expires_at > :since"
        " AND expires_at <= :now AND (last_error LIKE :gone OR last_error LIKE :forbidden)"
    )
    values = {"since": stamp(since), "now": stamp(now), "gone": f"{GONE}%", "forbidden": f"{FORBIDDEN}%"}
    (row,) = db.rows(sql, _to(chat_id) | values)
    return int(row["n"])


def move(db: Connection, old: int, new: int) -> None:
    """What is owed to the chat `old` is owed to `new`, under keys that name it."""
    # with the old number in its key, the next tick would owe the same digest again
    db.execute(
        "UPDATE outbox SET recipient_id = :new, telegram_id = NULL,"  # a supergroup counts its messages anew
        " dedup_key = replace(dedup_key, :old_key, :new_key), reply_key = replace(reply_key, :old_key, :new_key)"
        f" WHERE {_TO} AND NOT EXISTS (SELECT 1 FROM outbox AS other"
        " WHERE other.dedup_key = replace(outbox.dedup_key, :old_key, :new_key) AND other.id <> outbox.id)",
        _to(old) | {"new": new, "old_key": f":{old}:", "new_key": f":{new}:"},
    )
    # what is left has a twin at the new number: sending it to the old one would only be refused again
    db.execute(
        f"UPDATE outbox SET state = 'expired', claimed_until = NULL WHERE {_TO} AND state IN ('pending', 'sending')",
        _to(old),
    )
