"""Everything that is kept about one chat, in whatever table: to be handed out, and to be erased for good.

A table is about chats when it has a column `chat_id`, or columns `recipient_kind` and `recipient_id` as `outbox` has,
so one that is added later is neither forgotten in an export nor left behind by an erasure. Besides, `inbox` has chats
in its bodies, also in those of updates that are set aside.
"""

import json
from datetime import datetime
from typing import Any

from bellwether.db.connection import Connection
from bellwether.db.database import stamp
from bellwether.db.sql import UNCHANGED
from bellwether.delivery.messages import recipient_of
from bellwether.delivery.targets import target_outbox_table

Rows = dict[str, list[dict[str, Any]]]  #: by table


def tables_about_chats(db: Connection) -> list[str]:
    """The names of the tables that have rows of chats."""
    return list(_conditions(db))


def _conditions(db: Connection) -> dict[str, str]:
    """Which rows are a chat's, by table, in SQL with the values of `_of`."""
    conditions = {}
    for table, names in db.columns().items():
        if "chat_id" in names:
            conditions[table] = "chat_id = :chat_id"
        elif {"recipient_kind", "recipient_id"} <= names:
            conditions[table] = "recipient_kind = :kind AND recipient_id = :recipient"
    return conditions


def _of(chat_id: int) -> dict[str, object]:
    recipient = recipient_of(chat_id)
    return {"chat_id": chat_id, "kind": recipient.kind.value, "recipient": recipient.id}


def export(db: Connection, chat_id: int) -> Rows:
    """Every row of a chat, by table; tables with none are left out. Messages not answered are in `inbox`."""
    by_table = {
        table: [_as_shown(row) for row in db.rows(f'SELECT * FROM "{table}" WHERE {condition}', _of(chat_id))]
        for table, condition in _conditions(db).items()
    }
    by_table["outbox"] += [_as_shown(row, "target") for row in target_outbox_table.rows_of(db, chat_id)]
    by_table["inbox"] = [row | {"body": json.loads(row["body"])} for row in _unanswered(db, chat_id)]
    return {table: of_chat for table, of_chat in by_table.items() if of_chat}


#: the recipient is the chat, no row of a chat has an event, how it is spread is our affair, what a message offers
#: follows from its text, and of where it goes too it has as much as is shown
_NOT_SHOWN = {"recipient_kind", "event_id", "offers", "to_spread", "lane", "address", "mark"}


def _as_shown(row: dict[str, Any], recipient: str = "chat_id") -> dict[str, Any]:
    """A row as it is handed out to its chat."""
    return {
        recipient if name == "recipient_id" else name: value for name, value in row.items() if name not in _NOT_SHOWN
    }


def erase(db: Connection, chat_id: int, now: datetime) -> int:
    """Delete every row of a chat; how many. To be called in a transaction, and `Store.compact` after it.

    What it wrote stays in `inbox` as empty rows with the number of the update alone, or Telegram could bring it again.
    """
    db.check_references_last()
    # whoever writes of the chat just now is waited for, and what that leaves is seen
    db.execute(f"SELECT chat_id FROM chats WHERE chat_id = :chat_id{UNCHANGED}", {"chat_id": chat_id})
    _erase_forwarded(db, chat_id)
    gone = target_outbox_table.erase(db, chat_id) + sum(
        db.execute(f'DELETE FROM "{table}" WHERE {condition}', _of(chat_id)).rowcount
        for table, condition in _conditions(db).items()
    )
    said = [{"now": stamp(now), "update_id": row["update_id"]} for row in _unanswered(db, chat_id)]
    db.executemany("UPDATE inbox SET body = '', done_at = :now WHERE update_id = :update_id", said)
    return gone + len(said)


def _erase_forwarded(db: Connection, chat_id: int) -> None:
    """Delete the copies of its feedback that are or were owed to the administrator."""
    sql = "DELETE FROM outbox WHERE dedup_key IN (SELECT forwarded_as FROM feedback WHERE chat_id = :chat_id)"
    db.execute(sql, {"chat_id": chat_id})


def _unanswered(db: Connection, chat_id: int) -> list[dict[str, Any]]:
    """The rows of `inbox` that still hold what came from this chat."""
    with_body = db.rows("SELECT * FROM inbox WHERE body <> ''")
    return [row for row in with_body if chat_id in _whose(_parsed(row["body"]))]


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


_OWNERS = ("chat", "from", "sender_chat", "user", "user_chat", "voter_chat", "actor_chat")


def _whose(update: Any) -> set[int]:
    """The chat and the person that an update is of, be it one that could not be decoded.

    Not of those who are only told of in it: whoever wrote what is forwarded or answered there, or is mentioned.
    """
    events = [value for value in update.values() if isinstance(value, dict)] if isinstance(update, dict) else []
    # a button stands under a message, whose chat is that of the press; who wrote the message did nothing
    pressed = [{"chat": event["message"].get("chat")} for event in events if isinstance(event.get("message"), dict)]
    owners = [event.get(name) for event in (*events, *pressed) for name in _OWNERS]
    return {number for owner in owners if isinstance(owner, dict) and (number := _number(owner.get("id"))) is not None}


def _number(value: object) -> int | None:
    """A number of a chat, also one that came as text."""
    try:
        return int(value) if isinstance(value, int | str) else None
    except ValueError:
        return None


def move(db: Connection, old: int, new: int) -> None:
    """Everything about alerts of the chat `old` belongs to `new`, which must be known. What `new` has already stays."""
    values = {"old": old, "new": new}
    for table, key in (
        ("alert_rules", ("symbol", "kind", "direction", "threshold", "horizon")),
        ("alert_settings", ()),
    ):
        same = "".join(f" AND other.{name} = {table}.{name}" for name in key)
        free = f"NOT EXISTS (SELECT 1 FROM {table} AS other WHERE other.chat_id = :new{same})"
        db.execute(f"UPDATE {table} SET chat_id = :new WHERE chat_id = :old AND {free}", values)
        db.execute(f"DELETE FROM {table} WHERE chat_id = :old", {"old": old})
    target_outbox_table.move(db, old, new)
    # the keys name messages of the outbox, which are renamed in the same way
    keys = ("message_key", "digest_key", "outcome_key")
    renamed = ", ".join(f"{key} = replace({key}, :old_key, :new_key)" for key in keys)
    sql = f"UPDATE alerts SET chat_id = :new, {renamed} WHERE chat_id = :old"
    db.execute(sql, values | {"old_key": f":{old}:", "new_key": f":{new}:"})


def forget(db: Connection, chat_id: int) -> None:
    """Remove everything about alerts of a chat."""
    for table in ("alert_rules", "alert_settings", "alerts"):
        db.execute(f"DELETE FROM {table} WHERE chat_id = :chat_id", {"chat_id": chat_id})
