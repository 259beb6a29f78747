"""The tables `targets` and `target_requests`: where chats hear of things too, and who was asked for a code when."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp, unstamp_or_none
from bellwether.db.sql import insert, one_of
from bellwether.delivery.messages import READERS, Recipient, RecipientKind
from bellwether.delivery.targets.target import StopReason, Target, TargetKind, TargetState

NEVER = "9999-12-31T23:59:59+00:00"  #: a request that is never old: nobody is asked there again
_OWNERS = frozenset({RecipientKind.CHAT, RecipientKind.TERMINAL, RecipientKind.READER})


def add(db: Connection, chat_id: int, kind: TargetKind, address: str, shown: str, mark: str, now: datetime) -> Target:
    """A new target, to be proved."""
    values = {
        "chat_id": chat_id,
        "kind": kind.value,
        "address": address,
        "shown": shown,
        "mark": mark,
        "state": TargetState.UNPROVED.value,
        "created_at": stamp(now),
        "asked_at": stamp(now),
    }
    number = db.execute(f"{insert('targets', values)} RETURNING id", values).fetchone()[0]
    target = get(db, int(number))
    assert target is not None
    return target


def get(db: Connection, target_id: int) -> Target | None:
    """One target; None when there is none of this number."""
    row = db.first_row("SELECT * FROM targets WHERE id = :id", {"id": target_id})
    return _target(row) if row else None


def of_chat(db: Connection, chat_id: int) -> list[Target]:
    """The targets of a chat, oldest first."""
    rows = db.rows("SELECT * FROM targets WHERE chat_id = :chat_id ORDER BY id", {"chat_id": chat_id})
    return [_target(row) for row in rows]


def having_targets(db: Connection, recipients: Collection[Recipient]) -> set[Recipient]:
    """Those of the recipients who have targets, whatever becomes of these."""
    owners = {recipient.id: recipient for recipient in recipients if recipient.kind in _OWNERS}
    if not owners:
        return set()
    sql = f"SELECT DISTINCT chat_id FROM targets WHERE {one_of('chat_id', 'owners')}"
    return {owners[number] for (number,) in db.execute(sql, {"owners": list(owners)})}


def is_any(db: Connection) -> bool:
    """Whether any chat has one."""
    return bool(db.rows("SELECT 1 AS n FROM targets LIMIT 1"))


def needs_key(db: Connection) -> bool:
    """Whether there are rows that a key has sealed or marked: without that key they tell nothing."""
    return is_any(db) or bool(db.rows("SELECT 1 AS n FROM target_requests LIMIT 1"))


def count_in_use(db: Connection) -> dict[TargetKind, int]:
    """How many of all chats something goes to, or may once they are proved; most first."""
    sql = "SELECT kind, count(*) AS n FROM targets WHERE state <> :stopped GROUP BY kind ORDER BY n DESC, kind"
    return {TargetKind(row["kind"]): row["n"] for row in db.rows(sql, {"stopped": TargetState.STOPPED.value})}


def sample_in_use(db: Connection, most: int) -> list[str]:
    """The sealed addresses of some of these: the oldest and the newest, for keys change at some time."""
    addresses: dict[int, str] = {}
    for order in ("ASC", "DESC"):
        sql = f"SELECT id, address FROM targets WHERE state <> :stopped ORDER BY id {order} LIMIT :most"
        rows = db.rows(sql, {"stopped": TargetState.STOPPED.value, "most": most // 2})
        addresses |= {row["id"]: row["address"] for row in rows}
    return list(addresses.values())


def never_proved(db: Connection, before: datetime) -> list[int]:
    """Those of chats, not of readers, that were asked before then and still wait for their code."""
    sql = "SELECT id FROM targets WHERE chat_id <= :readers AND state = :state AND asked_at < :before"
    values = {"readers": READERS, "state": TargetState.UNPROVED.value, "before": stamp(before)}
    return [row["id"] for row in db.rows(sql, values)]


_NO_FAILURES = "failures = 0, failing_since = NULL, refusal = '', refusing_since = NULL"


def ask_again(db: Connection, target_id: int, address: str, now: datetime) -> None:
    """A target that was set up once more is to be proved anew."""
    db.execute(
        "UPDATE targets SET state = :state, address = :address, asked_at = :now, wrong_codes = 0, proved_at = NULL,"
        f" stopped_why = NULL, {_NO_FAILURES} WHERE id = :id",
        {"state": TargetState.UNPROVED.value, "address": address, "now": stamp(now), "id": target_id},
    )


def prove(db: Connection, target_id: int, now: datetime) -> None:
    """A target is its chat's own; what is written from now on goes there too."""
    db.execute(
        f"UPDATE targets SET state = :state, proved_at = :now, stopped_why = NULL, {_NO_FAILURES} WHERE id = :id",
        {"state": TargetState.PROVED.value, "now": stamp(now), "id": target_id},
    )


def count_wrong_code(db: Connection, target_id: int) -> None:
    """A code was typed that is not this target's."""
    db.execute("UPDATE targets SET wrong_codes = wrong_codes + 1 WHERE id = :id", {"id": target_id})


def stop(db: Connection, target_id: int, why: StopReason) -> bool:
    """Send nothing more there. False when it is stopped already."""
    stopped = db.execute(
        "UPDATE targets SET state = :state, stopped_why = :why WHERE id = :id AND state <> :state",
        {"state": TargetState.STOPPED.value, "why": why.value, "id": target_id},
    )
    return stopped.rowcount == 1


def remove(db: Connection, target_id: int) -> None:
    """Forget a target."""
    db.execute("DELETE FROM targets WHERE id = :id", {"id": target_id})


def arrived(db: Connection, target_id: int) -> None:
    """Something arrived there."""
    db.execute(f"UPDATE targets SET {_NO_FAILURES} WHERE id = :id AND failures > 0", {"id": target_id})


def days_of_others(db: Connection, target: Target, since: datetime) -> int:
    """On how many days others of a target's kind got something since then."""
    (row,) = db.rows(
        "SELECT count(DISTINCT substr(mine.sent_at, 1, 10)) AS n FROM outbox AS mine"
        " JOIN targets AS t ON t.id = mine.recipient_id WHERE mine.recipient_kind = 'target' AND mine.state = 'sent'"
        " AND mine.sent_at >= :since AND t.kind = :kind AND t.id <> :id",
        {"since": stamp(since), "kind": target.kind.value, "id": target.id},
    )
    return int(row["n"])


def failed(db: Connection, target_id: int, refusal: StopReason | None, now: datetime) -> None:
    """Something did not arrive there; `refusal` is the reason to stop it that this gives, if any."""
    db.execute(
        "UPDATE targets SET failures = failures + 1, failing_since = coalesce(failing_since, :now), refusal = :refusal,"
        " refusing_since = CASE WHEN refusal = :refusal THEN refusing_since ELSE :now END WHERE id = :id",
        {"now": stamp(now), "refusal": refusal.value if refusal is not None else "", "id": target_id},
    )


def renew_links(db: Connection, target_id: int) -> None:
    """Make the links to the page of a reader void that are in the mails to this target."""
    db.execute("UPDATE targets SET link_generation = link_generation + 1 WHERE id = :id", {"id": target_id})


def note_request(db: Connection, mark: str, now: datetime | None) -> None:
    """Somebody is asked for a code, or by None is never to be asked again."""
    values = {"mark": mark, "at": stamp(now) if now is not None else NEVER}
    db.execute(insert("target_requests", values), values)


def allow_requests(db: Connection, mark: str) -> bool:
    """Whoever was never to be asked again may be; what was asked within a day counts as ever. False for nobody such."""
    values = {"mark": mark, "never": NEVER}
    return db.execute("DELETE FROM target_requests WHERE mark = :mark AND at = :never", values).rowcount > 0


def requests_since(db: Connection, mark: str, since: datetime) -> int:
    """How often that was since then; whoever is never to be asked again counts always."""
    sql = "SELECT count(*) AS n FROM target_requests WHERE mark = :mark AND at > :since"
    (row,) = db.rows(sql, {"mark": mark, "since": stamp(since)})
    return int(row["n"])


def prune(db: Connection, before: datetime) -> int:
    """Forget who was asked before then; how many rows."""
    return db.execute("DELETE FROM target_requests WHERE at < :before", {"before": stamp(before)}).rowcount


def _target(row: dict[str, Any]) -> Target:
    return Target(
        id=row["id"],
        chat_id=row["chat_id"],
        kind=TargetKind(row["kind"]),
        address=row["address"],
        shown=row["shown"],
        mark=row["mark"],
        state=TargetState(row["state"]),
        created_at=unstamp(row["created_at"]),
        asked_at=unstamp(row["asked_at"]),
        wrong_codes=row["wrong_codes"],
        was_proved=row["proved_at"] is not None,
        stopped_why=StopReason(row["stopped_why"]) if row["stopped_why"] else None,
        failures=row["failures"],
        failing_since=unstamp_or_none(row["failing_since"]),
        refusal=StopReason(row["refusal"]) if row["refusal"] else None,
        refusing_since=unstamp_or_none(row["refusing_since"]),
        link_generation=row["link_generation"],
    )
