"""How the table `outbox` stands, for whoever looks: nothing here changes a row."""

import json
from collections import Counter
from collections.abc import Collection
from datetime import datetime

from sqlite_utils import Database

from bellwether.store.database import rows, stamp, unstamp
from bellwether.store.outbox import GONE, TERMINAL, State


def due(db: Database, now: datetime) -> list[int]:
    """The ids of what is to be sent by Telegram now, or is on its way."""
    sql = (
        f"SELECT id FROM outbox WHERE chat_id <> {TERMINAL} AND expires_at > :now"
        " AND (state = 'sending' OR (state = 'pending' AND not_before <= :now))"
    )
    return [int(row["id"]) for row in rows(db, sql, {"now": stamp(now)})]


def oldest_due(db: Database) -> datetime | None:
    """Since when the message has been due that waits longest; None when none waits."""
    found = rows(db, "SELECT min(not_before) AS since FROM outbox WHERE state = 'pending'")
    return unstamp(found[0]["since"]) if found[0]["since"] else None


def states(db: Database, ids: Collection[int]) -> Counter[State]:
    """How many of these messages stand in each state."""
    sql = "SELECT state FROM outbox WHERE id IN (SELECT value FROM json_each(:ids))"
    return Counter(State(row["state"]) for row in rows(db, sql, {"ids": json.dumps(list(ids))}))


def failures_since(db: Database, since: datetime) -> int:
    """How many messages could not be sent lately, but for those to people who had left."""
    sql = (
        "SELECT count(*) AS n FROM outbox WHERE state = 'failed' AND created_at >= :since AND last_error NOT LIKE :gone"
    )
    (row,) = rows(db, sql, {"since": stamp(since), "gone": f"{GONE}%"})
    return int(row["n"])


def counts(db: Database) -> dict[str, int]:
    """How many messages stand in each state."""
    found = rows(db, "SELECT state, count(*) AS n FROM outbox GROUP BY state")
    return {str(row["state"]): int(row["n"]) for row in found}
