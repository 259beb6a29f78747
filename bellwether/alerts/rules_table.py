"""The table `alert_rules`: what each chat asked to be told."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlite_utils import Database

from bellwether.core.alert_types import AlertRule, Direction, Repeat, RuleKind
from bellwether.db.database import rows, stamp, unstamp

_COLUMNS = (
    "chat_id, symbol, calendar, kind, direction, threshold, horizon, repeat, armed, last_value, judged, set_on,"
    " set_close, expires_at, created_at, paused, missing_since"
)
_UNJUDGED = "(r.paused = 0 AND (r.judged IS NULL OR r.judged < :session))"


def add(db: Database, rule: AlertRule) -> AlertRule | None:
    """Keep a rule, whatever its id says; as it is kept. None when the chat has the same one already."""
    # a number is not given again while an alert bears it: the two would be taken for one
    cursor = db.conn.execute(
        f"INSERT OR IGNORE INTO alert_rules (id, {_COLUMNS}) VALUES (1 + max("
        "coalesce((SELECT max(id) FROM alert_rules), 0), coalesce((SELECT max(rule_id) FROM alerts), 0)),"
        f" {', '.join('?' * len(_COLUMNS.split(',')))})",
        _values(rule),
    )
    return replace(rule, id=int(cursor.lastrowid or 0)) if cursor.rowcount == 1 else None


def change(db: Database, rule: AlertRule) -> bool:
    """Keep a rule as it now is. False when it is gone, or the chat has another one that says the same."""
    values = _values(rule)
    names = _COLUMNS.split(", ")
    cursor = db.conn.execute(
        f"UPDATE OR IGNORE alert_rules SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?",
        (*values, rule.id),
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


def calendars(db: Database) -> list[str]:
    """The trading calendars that rules depend on."""
    return [str(row["calendar"]) for row in rows(db, "SELECT DISTINCT calendar FROM alert_rules ORDER BY calendar")]


def symbols_of_awake_chats(db: Database) -> list[str]:
    """The symbols with rules of chats that may be written to."""
    sql = "SELECT DISTINCT symbol FROM alert_rules r JOIN chats USING (chat_id) WHERE r.paused = 0 AND chats.paused = 0"
    return [symbol for (symbol,) in db.conn.execute(f"{sql} ORDER BY symbol")]


def symbols_unjudged(db: Database, calendar: str, session: date) -> list[str]:
    """The symbols with rules of awake chats that were not looked at since this session."""
    sql = (
        "SELECT DISTINCT r.symbol FROM alert_rules r JOIN chats c USING (chat_id)"
        f" WHERE r.calendar = :calendar AND {_UNJUDGED} AND c.paused = 0 ORDER BY r.symbol"
    )
    found = rows(db, sql, {"calendar": calendar, "session": session.isoformat()})
    return [str(row["symbol"]) for row in found]


def unjudged(db: Database, symbol: str, calendar: str, session: date) -> list[AlertRule]:
    """The rules about one symbol, of awake chats, that were not looked at since this session."""
    sql = (
        "SELECT r.* FROM alert_rules r JOIN chats c USING (chat_id)"
        f" WHERE r.symbol = :symbol AND r.calendar = :calendar AND {_UNJUDGED} AND c.paused = 0 ORDER BY r.id"
    )
    found = rows(db, sql, {"symbol": symbol, "calendar": calendar, "session": session.isoformat()})
    return [_rule(row) for row in found]


def still_unjudged(db: Database, chat_id: int, judged: Iterable[tuple[int, date]]) -> set[int]:
    """Of (rule, session) those rules that this chat still has, and that nobody judged for that session meanwhile."""
    sql = f"SELECT r.id FROM alert_rules r WHERE r.id = :id AND r.chat_id = :chat_id AND {_UNJUDGED}"
    return {
        rule_id
        for rule_id, session in judged
        if rows(db, sql, {"id": rule_id, "chat_id": chat_id, "session": session.isoformat()})
    }


def lack_a_close(db: Database, rules: Iterable[AlertRule], session: date) -> None:
    """These rules were looked at: how far the price moved in this session is not known, for a close is missing."""
    db.conn.executemany(
        "UPDATE alert_rules SET hole_at = ? WHERE id = ?", [(session.isoformat(), rule.id) for rule in rules]
    )


def lacking_a_close(db: Database, symbol: str, session: date) -> set[int]:
    """The rules about a symbol that were looked at after this session without a close to tell its move by."""
    sql = "SELECT id FROM alert_rules WHERE symbol = ? AND hole_at = ?"
    return {rule_id for (rule_id,) in db.conn.execute(sql, (symbol, session.isoformat()))}


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


def forgive_clock(db: Database, calendar: str, session: date) -> int:
    """Look again at rules that were judged for a later session than there is: the clock was ahead then. How many.

    What they told meanwhile is not told again: an alert is stored once for each rule and session.
    """
    cursor = db.conn.execute(
        "UPDATE alert_rules SET judged = NULL WHERE calendar = ? AND judged > ?", (calendar, session.isoformat())
    )
    return cursor.rowcount


def keep_state(db: Database, judged: Iterable[AlertRule]) -> None:
    """Keep what became of rules at a session, and of nothing else: a person may have changed the rest meanwhile."""
    db.conn.executemany(
        "UPDATE alert_rules SET armed = ?, last_value = ?, judged = ?, missing_since = NULL WHERE id = ?",
        [(one.armed, one.last_value, one.judged.isoformat() if one.judged else None, one.id) for one in judged],
    )


def miss(db: Database, rules: Iterable[AlertRule], session: date) -> None:
    """There is no looking at the symbol of these rules after this session: keep since when."""
    db.conn.executemany(
        "UPDATE alert_rules SET judged = :session, missing_since = coalesce(missing_since, :session) WHERE id = :id",
        [{"session": session.isoformat(), "id": rule.id} for rule in rules],
    )


def rest(db: Database, rule_ids: Iterable[int]) -> set[int]:
    """Let rules rest until their owners say otherwise; those that did not rest before."""
    return {
        rule_id
        for rule_id in rule_ids
        if db.conn.execute("UPDATE alert_rules SET paused = 1 WHERE id = ? AND paused = 0", (rule_id,)).rowcount == 1
    }


def finish(db: Database, rule_ids: Iterable[int]) -> None:
    """Forget rules that have done what they were made for, or have ended."""
    db.conn.executemany("DELETE FROM alert_rules WHERE id = ?", [(rule_id,) for rule_id in rule_ids])


def _values(rule: AlertRule) -> tuple[object, ...]:
    """In the order of `_COLUMNS`."""
    return (
        rule.chat_id,
        rule.symbol,
        rule.calendar,
        rule.kind.value,
        rule.direction.value,
        rule.threshold,
        rule.horizon,
        rule.repeat.value,
        rule.armed,
        rule.last_value,
        rule.judged.isoformat() if rule.judged else None,
        rule.set_on.isoformat() if rule.set_on else None,
        rule.set_close,
        stamp(rule.expires_at) if rule.expires_at else None,
        stamp(rule.created_at),
        rule.paused,
        rule.missing_since.isoformat() if rule.missing_since else None,
    )


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
        expires_at=unstamp(row["expires_at"]) if row["expires_at"] else None,
        armed=bool(row["armed"]),
        last_value=row["last_value"],
        judged=date.fromisoformat(row["judged"]) if row["judged"] else None,
        set_on=date.fromisoformat(row["set_on"]) if row["set_on"] else None,
        set_close=row["set_close"],
        paused=bool(row["paused"]),
        missing_since=date.fromisoformat(row["missing_since"]) if row["missing_since"] else None,
    )
