"""The tables `alerts` and `told_ranges`: what fired, what was told, and what is to be graded when it closes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bellwether.core.alert_types import Alert, RuleKind
from bellwether.db.connection import Connection
from bellwether.db.database import column, stamp, unstamp
from bellwether.db.sql import insert_new, one_of
from bellwether.track_record.grading import Range

_COLUMNS = (
    "rule_id", "chat_id", "symbol", "calendar", "kind", "session", "line", "surprise", "message_key", "horizon",
    "target_session", "low", "high", "wish",
)  # fmt: skip


def add(db: Connection, alert: Alert, now: datetime) -> bool:
    """Store that a rule fired, whatever the id says. False when it has for this session."""
    db.one_at_a_time("numbers of alerts")  # who reads on after a number must not miss one that came late
    cursor = db.execute(
        insert_new("alerts", ("fired_at", *_COLUMNS)),
        {"fired_at": stamp(now)} | {name: column(getattr(alert, name)) for name in _COLUMNS},
    )
    return cursor.rowcount == 1


def told_since(db: Connection, chat_ids: Collection[int], since: datetime) -> dict[int, int]:
    """How many alerts had a message of their own since then, by chat; chats without any are left out."""
    sql = (
        f"SELECT chat_id, count(*) AS n FROM alerts WHERE {one_of('chat_id', 'chats')}"
        " AND fired_at >= :since AND message_key IS NOT NULL GROUP BY chat_id"
    )
    names = {"chats": list(chat_ids), "since": stamp(since)}
    return {row["chat_id"]: row["n"] for row in db.rows(sql, names)}


def folded(db: Connection, chat_ids: Collection[int]) -> dict[int, list[Alert]]:
    """What waits for the digests of these chats, the most surprising first; chats with nothing are left out."""
    sql = (
        "SELECT * FROM alerts WHERE message_key IS NULL AND digest_key IS NULL"
        f" AND {one_of('chat_id', 'chats')} ORDER BY surprise DESC, id"
    )
    waiting: dict[int, list[Alert]] = {}
    for row in db.rows(sql, {"chats": list(chat_ids)}):
        waiting.setdefault(row["chat_id"], []).append(read_alert(row))
    return waiting


def fold_in(db: Connection, ids: Iterable[int], digest_key: str) -> None:
    """These went into a digest."""
    sql = "UPDATE alerts SET digest_key = :digest_key WHERE id = :id"
    db.executemany(sql, [{"digest_key": digest_key, "id": alert_id} for alert_id in ids])


def closed(db: Connection, calendar: str, session: date) -> list[Alert]:
    """Alerts told by a message to awake chats, whose horizon has closed with this session and was not reported."""
    sql = (
        "SELECT a.* FROM alerts a JOIN chats c USING (chat_id)"
        " WHERE a.calendar = :calendar AND a.target_session <= :session AND a.outcome_key IS NULL"
        " AND a.message_key IS NOT NULL AND c.paused = 0 ORDER BY a.symbol, a.id"
    )
    return [read_alert(row) for row in db.rows(sql, {"calendar": calendar, "session": session.isoformat()})]


def calendars_with_open_outcomes(db: Connection) -> list[str]:
    """The trading calendars of alerts whose horizon has not been reported on."""
    sql = (
        "SELECT DISTINCT calendar FROM alerts"
        " WHERE target_session IS NOT NULL AND outcome_key IS NULL AND message_key IS NOT NULL"
    )
    return [str(row["calendar"]) for row in db.rows(sql)]


def reported(db: Connection, alert_id: int, outcome_key: str) -> None:
    """How an alert turned out was told, or will not be."""
    sql = "UPDATE alerts SET outcome_key = :outcome_key WHERE id = :id"
    db.execute(sql, {"outcome_key": outcome_key, "id": alert_id})


def tell_ranges(db: Connection, ranges: Iterable[Range]) -> None:
    """Keep the ranges that digests tell, each once however many chats it is told to: the first telling counts."""
    db.executemany(
        insert_new("told_ranges", ("symbol", "cutoff", "horizon", "target_session", "low", "high")),
        [
            {
                "symbol": told.symbol,
                "cutoff": told.cutoff.isoformat(),
                "horizon": told.horizon,
                "target_session": told.target_session.isoformat(),
                "low": told.low,
                "high": told.high,
            }
            for told in ranges
        ],
    )


def ranges_ending(db: Connection, session: date) -> dict[str, list[Range]]:
    """The ranges whose horizon closes with this session, by symbol."""
    ending: dict[str, list[Range]] = {}
    sql = "SELECT * FROM told_ranges WHERE target_session = :session ORDER BY symbol, horizon"
    for row in db.rows(sql, {"session": session.isoformat()}):
        cutoff = date.fromisoformat(row["cutoff"])
        told = Range(row["symbol"], cutoff, row["horizon"], session, row["low"], row["high"])
        ending.setdefault(told.symbol, []).append(told)
    return ending


def prune(db: Connection, before: date) -> int:
    """Forget what has closed before that day; how many rows."""
    values = {"day": before.isoformat()}
    gone = db.execute("DELETE FROM told_ranges WHERE target_session < :day", values).rowcount
    gone += db.execute("DELETE FROM alerts WHERE coalesce(target_session, session) < :day", values).rowcount
    return gone


def read_alert(row: dict[str, Any]) -> Alert:
    """The alert of a row of `alerts`."""
    return Alert(
        id=row["id"],
        rule_id=row["rule_id"],
        chat_id=row["chat_id"],
        symbol=row["symbol"],
        calendar=row["calendar"],
        kind=RuleKind(row["kind"]),
        session=date.fromisoformat(row["session"]),
        line=row["line"],
        surprise=row["surprise"],
        message_key=row["message_key"],
        horizon=row["horizon"],
        target_session=date.fromisoformat(row["target_session"]) if row["target_session"] else None,
        low=row["low"],
        high=row["high"],
        wish=row["wish"],
    )


@dataclass(frozen=True, slots=True)
class FiredAlert:
    """An alert, and when it fired."""

    alert: Alert
    fired_at: datetime


def since(db: Connection, chat_id: int, after: int, limit: int) -> list[FiredAlert]:
    """At most `limit` alerts of a chat after the one of that number, oldest first."""
    sql = "SELECT * FROM alerts WHERE chat_id = :chat AND id > :after ORDER BY id LIMIT :limit"
    return [_fired(row) for row in db.rows(sql, {"chat": chat_id, "after": after, "limit": limit})]


def newest(db: Connection, chat_id: int) -> int:
    """The number of the last alert of a chat; 0 where there is none."""
    (row,) = db.rows("SELECT coalesce(max(id), 0) AS n FROM alerts WHERE chat_id = :chat", {"chat": chat_id})
    return int(row["n"])


def behind(db: Connection, message_key: str) -> FiredAlert | None:
    """The alert that a message in the outbox is about; None where it is about none."""
    row = db.first_row("SELECT * FROM alerts WHERE message_key = :key", {"key": message_key})
    return _fired(row) if row else None


def _fired(row: dict[str, Any]) -> FiredAlert:
    return FiredAlert(read_alert(row), unstamp(row["fired_at"]))
