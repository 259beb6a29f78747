"""The table `published_heads`: where the hash chains ended on each day, as it was told to the outside.

A statement is a few lines of text, the same in the message to the channel, in the API and under the time stamp.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp, unstamp_or_none
from bellwether.db.sql import insert_new, one_of
from bellwether.track_record.ledger.checkpoint import EVERY_CHAIN, Checkpoint, parse_head

_TRIED = 4  #: days of which a message may still be on its way
TITLE = "Bellwether ledger heads of"  #: begins a statement, by which the verifier finds it


@dataclass(frozen=True, slots=True)
class PublishedHead:
    """What was published on one day."""

    day: str  #: of the world's time, YYYY-MM-DD
    published_at: datetime
    statement: str
    message_key: str = ""  #: dedup_key of the message to the channel; empty where there was no channel
    stamp: bytes | None = None  #: the authority's answer by RFC 3161, over sha256 of the statement
    stamped_at: datetime | None = None  #: as the authority has it
    authority: str = ""  #: its address
    stamp_error: str = ""  #: why the last try to have it stamped failed

    @property
    def number(self) -> int:
        """Its day as a number, 20261130, by which pages go on."""
        return int(self.day.replace("-", ""))


def statement_of(heads: Checkpoint, now: datetime) -> str:
    """The statement of a moment: eight lines, each with its end."""
    lines = [f"{TITLE} {now.date()}", f"published {now.isoformat(timespec='seconds')}"]
    lines += [f"{name} {getattr(heads, name)}" for name in EVERY_CHAIN]
    return "\n".join(lines) + "\n"


def heads_in(statement: str) -> Checkpoint:
    """The heads that a statement tells; earlier ones lack those of lists. Raises ValueError or TypeError for none."""
    told = (line.split(" ", 1) for line in statement.splitlines()[2:])
    return Checkpoint(**{name: parse_head(head) for name, head in told if name in EVERY_CHAIN})


def add(db: Connection, head: PublishedHead) -> bool:
    """Keep a day's head. False where the day has one: it stays."""
    sql = insert_new("published_heads", ("day", "published_at", "statement", "message_key"))
    values = {
        "day": head.day,
        "published_at": stamp(head.published_at),
        "statement": head.statement,
        "message_key": head.message_key,
    }
    return db.execute(sql, values).rowcount == 1


def newest(db: Connection, today: date) -> PublishedHead | None:
    """The last one up to today; None before the first."""
    row = db.first_row("SELECT * FROM published_heads WHERE day <= :day ORDER BY day DESC LIMIT 1", {"day": str(today)})
    return _head(row) if row else None


def ahead(db: Connection, today: date) -> PublishedHead | None:
    """The last one of a day after today, when a clock was ahead; None where there is none."""
    row = db.first_row("SELECT * FROM published_heads WHERE day > :day ORDER BY day DESC LIMIT 1", {"day": str(today)})
    return _head(row) if row else None


def page(db: Connection, before: int, limit: int) -> list[PublishedHead]:
    """At most `limit` of days before the one of that `number`, newest first; of all days where it is 0."""
    digits = f"{before:08d}"
    day = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if before else "9999-99-99"
    sql = "SELECT * FROM published_heads WHERE day < :day ORDER BY day DESC LIMIT :limit"
    return [_head(row) for row in db.rows(sql, {"day": day, "limit": limit})]


def statement_sha256(statement: str) -> str:
    """What is stamped, in hexadecimal digits."""
    return hashlib.sha256(statement.encode()).hexdigest()


def keep_stamp(db: Connection, day: str, token: bytes, stamped_at: datetime, authority: str) -> None:
    """A day's head has its time stamp."""
    db.execute(
        "UPDATE published_heads SET stamp = :token, stamped_at = :at, authority = :authority, stamp_error = ''"
        " WHERE day = :day AND stamp IS NULL",
        {"day": day, "token": token, "at": stamp(stamped_at), "authority": authority},
    )


def keep_stamp_error(db: Connection, day: str, why: str) -> None:
    """It could not be stamped."""
    sql = "UPDATE published_heads SET stamp_error = :why WHERE day = :day AND stamp IS NULL"
    db.execute(sql, {"day": day, "why": why})


@dataclass(frozen=True, slots=True)
class HeadMessage:
    """How the message to the channel fares."""

    state: str  #: of the newest one, as the outbox has it
    error: str  #: why it, or one before it that it waits for, did not arrive; empty where nothing failed


def newest_message(db: Connection, today: date) -> HeadMessage | None:
    """Of the newest head up to today; None where it has no message, or that is forgotten by now."""
    heads = page(db, int(f"{today + timedelta(days=1):%Y%m%d}"), _TRIED)
    keys = [head.message_key for head in heads if head.message_key]
    if not heads or not heads[0].message_key:
        return None
    sql = f"SELECT dedup_key, state, last_error FROM outbox WHERE {one_of('dedup_key', 'keys')}"
    messages = {row["dedup_key"]: row for row in db.rows(sql, {"keys": keys})}
    newest = messages.get(keys[0])
    if newest is None:
        return None
    errors = (str(messages[key]["last_error"] or "") for key in keys if key in messages)
    error = "" if newest["state"] == "sent" else next(filter(None, errors), "")
    return HeadMessage(newest["state"], error)


def _head(row: dict[str, object]) -> PublishedHead:
    token = row["stamp"]
    assert token is None or isinstance(token, bytes | memoryview)
    return PublishedHead(
        day=str(row["day"]),
        published_at=unstamp(str(row["published_at"])),
        statement=str(row["statement"]),
        message_key=str(row["message_key"]),
        stamp=bytes(token) if token is not None else None,
        stamped_at=unstamp_or_none(str(row["stamped_at"]) if row["stamped_at"] is not None else None),
        authority=str(row["authority"]),
        stamp_error=str(row["stamp_error"]),
    )
