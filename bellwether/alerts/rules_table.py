"""The table `alert_rules`: what each chat asked to be told."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from bellwether.core.alert_types import AlertRule, Direction, Repeat, RuleKind
from bellwether.db.connection import Connection
from bellwether.db.database import column, stamp, unstamp, unstamp_or_none
from bellwether.db.sql import UNCHANGED, one_of

_COLUMNS = (
    "chat_id", "symbol", "calendar", "kind", "direction", "threshold", "horizon", "repeat", "armed", "last_value",
    "judged", "set_on", "set_close", "expires_at", "created_at", "paused", "missing_since",
)  # fmt: skip
_VALUES = ", ".join(f":{name}" for name in _COLUMNS)
#: a number is not given again while an alert bears it: the two would be taken for one
_NEXT = """
    SELECT 1 + max(number) FROM (
        SELECT coalesce(max(id), 0) AS number FROM alert_rules
        UNION ALL SELECT coalesce(max(rule_id), 0) FROM alerts
    ) AS numbers
"""
_SAME = ("chat_id", "symbol", "kind", "direction", "threshold", "horizon")  #: in which no two rules agree
_SAYS_THE_SAME = " AND ".join(f"other.{name} = :{name}" for name in _SAME)
_UNJUDGED = "(r.paused = 0 AND (r.judged IS NULL OR r.judged < :session))"


@dataclass(frozen=True, slots=True)
class UnjudgedRule:
    """A rule that was not judged for a session yet."""

    rule: AlertRule
    lacks_close: bool  #: it was looked at, and the close before that session was missing

    def waits_for_close(self, now: datetime) -> bool:
        """Whether there is nothing to be said of it until that close has come."""
        return self.lacks_close and not (self.rule.expires_at is not None and now >= self.rule.expires_at)


def add(db: Connection, rule: AlertRule) -> AlertRule | None:
    """Keep a rule, whatever its id says; as it is kept. None when the chat has the same one already."""
    db.one_at_a_time("numbers of rules")
    sql = f"INSERT INTO alert_rules (id, {', '.join(_COLUMNS)}) VALUES (({_NEXT}), {_VALUES})"
    new = db.execute(f"{sql} ON CONFLICT DO NOTHING RETURNING id", _values(rule)).fetchone()
    return replace(rule, id=int(new[0])) if new else None


def change(db: Connection, rule: AlertRule) -> bool:
    """Keep a rule as it now is. False when it is gone, or the chat has another one that says the same."""
    sql = (
        f"UPDATE alert_rules SET {', '.join(f'{name} = :{name}' for name in _COLUMNS)} WHERE id = :id"
        f" AND NOT EXISTS (SELECT 1 FROM alert_rules AS other WHERE other.id <> :id AND {_SAYS_THE_SAME})"
    )
    return db.execute(sql, _values(rule) | {"id": rule.id}).rowcount == 1


def remove(db: Connection, chat_id: int, rule_id: int) -> bool:
    """Forget a rule of this chat. False when the chat has none of this number."""
    cursor = db.execute(
        "DELETE FROM alert_rules WHERE chat_id = :chat_id AND id = :id", {"chat_id": chat_id, "id": rule_id}
    )
    return cursor.rowcount == 1


def of_chat(db: Connection, chat_id: int) -> list[AlertRule]:
    """The rules of a chat, oldest first."""
    sql = "SELECT * FROM alert_rules WHERE chat_id = :chat_id ORDER BY id"
    return [_rule(row) for row in db.rows(sql, {"chat_id": chat_id})]


def newest_judged(db: Connection) -> dict[str, date | None]:
    """The trading calendars that rules depend on, and the last session for which any rule of each was judged."""
    sql = (
        "SELECT calendar, (SELECT max(judged) FROM alert_rules r WHERE r.calendar = c.calendar)"
        " FROM (SELECT DISTINCT calendar FROM alert_rules) c ORDER BY calendar"
    )
    return {calendar: _date(judged) for calendar, judged in db.execute(sql)}


def symbols_of_awake_chats(db: Connection) -> list[str]:
    """The symbols with rules of chats that may be written to."""
    sql = "SELECT DISTINCT symbol FROM alert_rules r JOIN chats USING (chat_id) WHERE r.paused = 0 AND chats.paused = 0"
    return [symbol for (symbol,) in db.execute(f"{sql} ORDER BY symbol")]


def unjudged(db: Connection, calendar: str, session: date) -> list[UnjudgedRule]:
    """The rules of awake chats that were not judged since a session, by symbol."""
    sql = (
        "SELECT r.* FROM alert_rules r JOIN chats c USING (chat_id)"
        f" WHERE r.calendar = :calendar AND {_UNJUDGED} AND c.paused = 0 ORDER BY r.symbol, r.id"
    )
    day = session.isoformat()
    unjudged = db.rows(sql, {"calendar": calendar, "session": day})
    return [UnjudgedRule(_rule(row), lacks_close=row["hole_at"] == day) for row in unjudged]


def unchanged(db: Connection, read: Iterable[AlertRule]) -> set[int]:
    """The numbers of those rules that still are as they were read: nobody edited, paused, moved or judged them.

    Nor does anybody until the transaction ends.
    """
    as_read = {rule.id: _what_changes(rule) for rule in read}
    sql = (
        "SELECT id, chat_id, direction, threshold, horizon, repeat, armed, last_value, judged, expires_at, paused"
        f" FROM alert_rules WHERE {one_of('id', 'ids')}{UNCHANGED}"
    )
    return {row[0] for row in db.execute(sql, {"ids": list(as_read)}) if row == as_read[row[0]]}


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


def lack_a_close(db: Connection, rules: Iterable[AlertRule], session: date) -> None:
    """These rules were looked at: how far the price moved in this session is not known, for a close is missing."""
    sql = "UPDATE alert_rules SET hole_at = :session WHERE id = :id"
    db.executemany(sql, [{"session": session.isoformat(), "id": rule.id} for rule in rules])


def skip(db: Connection, calendar: str, session: date, closed: datetime) -> int:
    """Pass over a session for the rules of awake chats that are older than its close and were not judged.

    How many of them were not even looked at.
    """
    names = {"session": session.isoformat(), "calendar": calendar, "closed": stamp(closed)}
    passed_over = (
        f"UPDATE alert_rules AS r SET judged = :session WHERE calendar = :calendar AND {_UNJUDGED}"
        " AND created_at < :closed AND chat_id IN (SELECT chat_id FROM chats WHERE paused = 0)"
    )
    db.execute(f"{passed_over} AND hole_at = :session", names)
    return db.execute(passed_over, names).rowcount


def forgive_clock(db: Connection, calendar: str, session: date) -> None:
    """Look again at rules that were judged for a later session than there is: the clock was ahead then.

    What they told meanwhile is not told again: an alert is stored once for each rule and session.
    """
    sql = "UPDATE alert_rules SET judged = NULL WHERE calendar = :calendar AND judged > :session"
    db.execute(sql, {"calendar": calendar, "session": session.isoformat()})


def keep_state(db: Connection, judged: Iterable[AlertRule]) -> None:
    """Keep what became of rules at a session, and of nothing else: a person may have changed the rest meanwhile."""
    db.executemany(
        "UPDATE alert_rules SET armed = :armed, last_value = :last_value, judged = :judged, missing_since = NULL"
        " WHERE id = :id",
        [
            {"armed": rule.armed, "last_value": rule.last_value, "judged": column(rule.judged), "id": rule.id}
            for rule in judged
        ],
    )


def miss(db: Connection, rules: Iterable[AlertRule], session: date) -> None:
    """There is no looking at the symbol of these rules after this session: keep since when."""
    db.executemany(
        "UPDATE alert_rules SET judged = :session, missing_since = coalesce(missing_since, :session) WHERE id = :id",
        [{"session": session.isoformat(), "id": rule.id} for rule in rules],
    )


def rest(db: Connection, rule_ids: Iterable[int]) -> None:
    """Let rules rest until their owners say otherwise."""
    db.executemany("UPDATE alert_rules SET paused = 1 WHERE id = :id", [{"id": rule_id} for rule_id in rule_ids])


def finish(db: Connection, rule_ids: Iterable[int]) -> None:
    """Forget rules that have done what they were made for, or have ended."""
    db.executemany("DELETE FROM alert_rules WHERE id = :id", [{"id": rule_id} for rule_id in rule_ids])


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _values(rule: AlertRule) -> dict[str, object]:
    return {name: column(getattr(rule, name)) for name in _COLUMNS}


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
