"""The tables `api_minutes` and `api_days`: what each key has used up."""

from collections.abc import Mapping

from bellwether.access.quota import Used
from bellwether.db.connection import Connection
from bellwether.db.sql import put


def of_key(db: Connection, key_id: int, day: int) -> Used:
    """What a key has used up of its last minute, and of the day of that number since 1970."""
    minute = db.rows("SELECT started_at, used FROM api_minutes WHERE key_id = :id", {"id": key_id})
    on_day = db.rows("SELECT used FROM api_days WHERE key_id = :id AND day = :day", {"id": key_id, "day": day})
    return Used(
        minute_from=minute[0]["started_at"] if minute else 0.0,
        in_minute=minute[0]["used"] if minute else 0,
        day=day,
        in_day=on_day[0]["used"] if on_day else 0,
    )


def keep(db: Connection, used: Mapping[int, Used]) -> None:
    """Write down what keys have used up, by their numbers."""
    db.executemany(
        put("api_minutes", ("key_id",), ("started_at", "used")),
        [
            {"key_id": key_id, "started_at": counts.minute_from, "used": counts.in_minute}
            for key_id, counts in used.items()
        ],
    )
    db.executemany(
        put("api_days", ("key_id", "day"), ("used",)),
        [{"key_id": key_id, "day": counts.day, "used": counts.in_day} for key_id, counts in used.items()],
    )


def by_day(db: Connection, key_id: int, days: int) -> list[tuple[int, int]]:
    """The last days on which a key was used, newest first: (days since 1970, requests)."""
    sql = "SELECT day, used FROM api_days WHERE key_id = :id ORDER BY day DESC LIMIT :days"
    return [(row["day"], row["used"]) for row in db.rows(sql, {"id": key_id, "days": days})]


def total(db: Connection, key_id: int) -> int:
    """All requests of a key, ever."""
    (row,) = db.rows("SELECT coalesce(sum(used), 0) AS n FROM api_days WHERE key_id = :id", {"id": key_id})
    return int(row["n"])
