"""Readers in the tables `targets` and `chats`: whose mailbox it is, and who is to be forgotten.

A reader is a row of `chats` with a number of its own, and one target: a mailbox.
"""

from datetime import datetime

from bellwether.db.connection import Connection
from bellwether.db.database import stamp
from bellwether.delivery.messages import READERS
from bellwether.delivery.targets import targets_table
from bellwether.delivery.targets.target import Target


def by_mark(db: Connection, mark: str) -> Target | None:
    """The mailbox of the reader with this address; None where nobody has subscribed with it."""
    sql = "SELECT id FROM targets WHERE mark = :mark AND chat_id > :readers ORDER BY id LIMIT 1"
    row = db.first_row(sql, {"mark": mark, "readers": READERS})
    return targets_table.get(db, row["id"]) if row else None


def unconfirmed(db: Connection, before: datetime) -> list[int]:
    """The owners who were asked before then and never confirmed; not those who had, and were asked once more.

    Whoever had, was paused before that; a mailbox that refused the question is paused after it.
    """
    sql = (
        "SELECT t.chat_id FROM targets AS t JOIN chats USING (chat_id) WHERE t.chat_id > :readers"
        " AND t.proved_at IS NULL AND t.asked_at < :before AND coalesce(chats.paused_since, t.asked_at) >= t.asked_at"
    )
    return [row["chat_id"] for row in db.rows(sql, {"readers": READERS, "before": stamp(before)})]


def stopped(db: Connection, before: datetime) -> list[int]:
    """The owners who stopped all mails before then, or whose mailbox was gone."""
    sql = "SELECT chat_id FROM chats WHERE chat_id > :readers AND paused = 1 AND paused_since < :before"
    return [row["chat_id"] for row in db.rows(sql, {"readers": READERS, "before": stamp(before)})]
