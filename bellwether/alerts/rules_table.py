"""The table `alert_rules`: what each chat asked to be told."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlite_utils import Database

from bellwether.core.alert_types import AlertRule, Direction, Repeat, RuleKind
from bellwether.db.database import column, rows, stamp, unstamp, unstamp_or_none

_COLUMNS = (
    "chat_id", "symbol", "calendar", "kind", "direction", "threshold", "horizon", "repeat", "armed", "last_value",
    "judged", "set_on", "set_close", "expires_at", "created_at", "paused", "missing_since",
)  # fmt: skip
_UNJUDGED = "(r.paused = 0 AND (r.judged IS NULL OR r.judged < :session))"


@dataclass(frozen=True, slots=True)
class UnjudgedRule:
    """A rule that was not judged for a session yet."""

    rule: AlertRule
    lacks_close: bool  #: it was looked at, and the close before that session was missing

    def waits_for_close(self, now: datetime) -> bool:
        """Whether there is nothing to be said of it until that close has come."""
        return self.lacks_close and not (self.rule.expires_at is not None and now >= self.rule.expires_at)


def add(db: Database, rule: AlertRule) -> AlertRule | None:
    """Keep a rule, whatever its id says; as it is kept. None when the chat has the same one already."""
    # a number is not given again while an alert bears it: the two would be taken for one
    cursor = db.conn.execute(
        f"INSERT OR IGNORE INTO alert_rules (id, {', '.join(_COLUMNS)}) VALUES (1 + max("
        "coalesce((SELECT max(id) FROM alert_rules), 0), coalesce((SELECT max(rule_id) FROM alerts), 0))"
        f"{', ?' * len(_COLUMNS)})",
        _values(rule),
    )
    return replace(rule, id=int(cursor.lastrowid or 0)) if cursor.rowcount == 1 else None


def change(db: Database, rule: AlertRule) -> bool:
    """Keep a rule as it now is. False when it is gone, or the chat has another one that says the same."""
    cursor = db.conn.execute(
        f"UPDATE OR IGNORE alert_rules SET {', '.join(f'{name} = ?' for name in _COLUMNS)} WHERE id = ?",
        (*_values(rule), rule.id),
    )
    return cursor.rowcount == 1


def remove(db: Database, chat_id: int, rule_id: int) -> bool:
    """Forget a rule of this chat. False when the chat has none of this number."""
    cursor = db.conn.execute("DELETE FROM alert_rules WHERE chat_id = ? AND id = ?", (chat_id, rule_id))
    return cursor.rowcount == 1


def of_chat(db: Database, chat_id: int) -> list[AlertRule]:
    """The rules of a chat, oldest first."""
    sql = "SELECT * FROM alert_rules WHERE chat_id = :chat_id ORDER BY id"
    return [_rule(row) for row in rows(db, sql, {"chat_id": chat_id})]


def newest_judged(db: Database) -> dict[str, date | None]:
    """The trading calendars that rules depend on, and the last session for which any rule of each was judged."""
    sql = (
        "SELECT calendar, (SELECT max(judged) FROM alert_rules r WHERE r.calendar = c.calendar)"
        " FROM (SELECT DISTINCT calendar FROM alert_rules) c ORDER BY calendar"
    )
    return {calendar: _date(judged) for calendar, judged in db.conn.execute(sql)}


def symbols_of_awake_chats(db: Database) -> list[str]:
    """The symbols with rules of chats that may be written to."""
    sql = "SELECT DISTINCT symbol FROM alert_rules r JOIN chats USING (chat_id) WHERE r.paused = 0 AND chats.paused = 0"
    return [symbol for (symbol,) in db.conn.execute(f"{sql} ORDER BY symbol")]


def unjudged(db: Database, calendar: str, session: date) -> list[UnjudgedRule]:
    """The rules of awake chats that were not judged since a session, by symbol."""
    sql = (
        "SELECT r.* FROM alert_rules r JOIN chats c USING (chat_id)"
        f" WHERE r.calendar = :calendar AND {_UNJUDGED} AND c.paused = 0 ORDER BY r.symbol, r.id"
    )
    day = session.isoformat()
    unjudged = rows(db, sql, {"calendar": calendar, "session": day})
    return [UnjudgedRule(_rule(row), lacks_close=row["hole_at"] == day) for row in unjudged]


def unchanged(db: Database, read: Iterable[AlertRule]) -> set[int]:
    """The numbers of those rules that still are as they were read: nobody edited, paused, moved or judged them."""
    as_read = {rule.id: _what_changes(rule) for rule in read}
    sql = (
        "SELECT id, chat_id, direction, threshold, horizon, repeat, armed, last_value, judged, expires_at, paused"
        " FROM alert_rules WHERE id IN (SELECT value FROM json_each(?))"
    )
    return {row[0] for row in db.conn.execute(sql, (json.dumps(list(as_read)),)) if row == as_read[row[0]]}


def _what_changes(rule: AlertRule) -> tuple[object, ...]:
    return (
        rule.id,
        rule.chat_id,
        rule.direction.value,
        rule.threshold,
        rule.horizon,
        rule.repeat.value,
        rule.armed,
        rule.last_value,
        column(rule.judged),
        column(rule.expires_at),
        rule.paused,
    )


def lack_a_close(db: Database, rules: Iterable[AlertRule], session: date) -> None:
    """These rules were looked at: how far the price moved in this session is not known, for a close is missing."""
    db.conn.executemany(
        "UPDATE alert_rules SET hole_at = ? WHERE id = ?", [(session.isoformat(), rule.id) for rule in rules]
    )


def skip(db: Database, calendar: str, session: date, closed: datetime) -> int:
    """Pass over a session for the rules of awake chats that are older than its close and were not judged.

    How many of them were not even looked at.
    """
    names = {"session": session.isoformat(), "calendar": calendar, "closed": stamp(closed)}
    passed_over = (
        f"UPDATE alert_rules AS r SET judged = :session WHERE calendar = :calendar AND {_UNJUDGED}"
        " AND created_at < :closed AND chat_id IN (SELECT chat_id FROM chats WHERE paused = 0)"
    )
    db.conn.execute(f"{passed_over} AND hole_at = :session", names)
    return db.conn.execute(passed_over, names).rowcount


def forgive_clock(db: Database, calendar: str, session: date) -> None:
    """Look again at rules that were judged for a later session than there is: the clock was ahead then.

    What they told meanwhile is not told again: an alert is stored once for each rule and session.
    """
    db.conn.execute(
        "UPDATE alert_rules SET judged = NULL WHERE calendar = ? AND judged > ?", (calendar, session.isoformat())
    )


def keep_state(db: Database, judged: Iterable[AlertRule]) -> None:
    """Keep what became of rules at a session, and of nothing else: a person may have changed the rest meanwhile."""
    db.conn.executemany(
        "UPDATE alert_rules SET armed = ?, last_value = ?, judged = ?, missing_since = NULL WHERE id = ?",
        [(rule.armed, rule.last_value, column(rule.judged), rule.id) for rule in judged],
    )


def miss(db: Database, rules: Iterable[AlertRule], session: date) -> None:
    """There is no looking at the symbol of these rules after this session: keep since when."""
    db.conn.executemany(
        "UPDATE alert_rules SET judged = :session, missing_since = coalesce(missing_since, :session) WHERE id = :id",
        [{"session": session.isoformat(), "id": rule.id} for rule in rules],
    )


def rest(db: Database, rule_ids: Iterable[int]) -> None:
    """Let rules rest until their owners say otherwise."""
    db.conn.executemany("UPDATE alert_rules SET paused = 1 WHERE id = ?", [(rule_id,) for rule_id in rule_ids])


def finish(db: Database, rule_ids: Iterable[int]) -> None:
    """Forget rules that have done what they were made for, or have ended."""
    db.conn.executemany("DELETE FROM alert_rules WHERE id = ?", [(rule_id,) for rule_id in rule_ids])


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _values(rule: AlertRule) -> list[object]:
    return [column(getattr(rule, name)) for name in _COLUMNS]


def _rule(row: dict[str, Any]) -> AlertRule:
    return AlertRule(
        id=row["id"],
        chat_id=row["chat_id"],
        symbol=row["symbol"],
        calendar=row["calendar"],
        kind=RuleKind(row["kind"]),
        direction=Direction(row["direction"]),
        threshold=row["threshold"],
        horizon=row["horizon"],
        repeat=Repeat(row["repeat"]),
        created_at=unstamp(row["created_at"]),
        expires_at=unstamp_or_none(row["expires_at"]),
        armed=bool(row["armed"]),
        last_value=row["last_value"],
        judged=_date(row["judged"]),
        set_on=_date(row["set_on"]),
        set_close=row["set_close"],
        paused=bool(row["paused"]),
        missing_since=_date(row["missing_since"]),
    )
