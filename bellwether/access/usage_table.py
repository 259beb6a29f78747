"""The tables `api_minutes` and `api_days`: what each key has used up."""

from collections.abc import Collection, Mapping

from bellwether.access.quota import Used
from bellwether.db.connection import Connection
from bellwether.db.sql import one_of, put


def of_keys(db: Connection, key_ids: Collection[int], day: int) -> dict[int, Used]:
    """What keys have used up of their last minute, and of the day of that number since 1970, in one query."""
    sql = (
        "SELECT api_keys.id, started_at, m.used AS in_minute, d.used AS in_day FROM api_keys"
        " LEFT JOIN api_minutes AS m ON m.key_id = api_keys.id"
        f" LEFT JOIN api_days AS d ON d.key_id = api_keys.id AND d.day = :day WHERE {one_of('api_keys.id', 'ids')}"
    )
    return {
        row["id"]: Used(row["started_at"] or 0.0, row["in_minute"] or 0, day, row["in_day"] or 0)
        for row in db.rows(sql, {"ids": list(key_ids), "day": day})
    }


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
