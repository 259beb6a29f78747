"""The table `chats`: who has talked to us, and to whom nothing is written now."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bellwether.db.connection import Connection
from bellwether.db.database import is_recent, stamp, unstamp, unstamp_or_none
from bellwether.db.sql import STANDING, one_of
from bellwether.delivery import chat_data_table, chat_outbox_table
from bellwether.delivery.targets import target_outbox_table

_TOLD_FOR = timedelta(days=7)  #: how long a pause that has ended is still worth telling of
_SAME = timedelta(hours=1)  #: a pause that begins again so soon after its end is the same one


class Silence(Enum):
    """Why nothing is written to a chat of our own accord."""

    STOPPED = "stopped"  #: somebody said /stop: only a wish to be written to ends it
    GONE = "gone"  #: it blocked us or threw us out, or is no more: any message from it ends it
    FORBIDDEN = "forbidden"  #: a right is missing: what is owed is tried for as long as it is fresh


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One chat that has talked to us."""

    chat_id: int
    language: str
    timezone: str  #: IANA name
    paused: bool  #: true after the person blocked the bot or said /stop


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which a chat was not written to."""

    why: Silence
    since: datetime
    until: datetime | None  #: None while it goes on
    lost: int  #: messages that were owed and are out of date by now


def join(db: Connection, chat_id: int, language: str, now: datetime, thread: int | None = None) -> bool:
    """Somebody wants to be written to: remember the chat, or wake it up whatever had paused it.

    `thread` is the topic of a forum group in which that was said, and where everything goes from now on. True where the
    chat had said /stop.
    """
    cursor = db.execute("UPDATE chats SET stopped = 0 WHERE chat_id = :id AND stopped = 1", {"id": chat_id})
    heard(db, chat_id, now)
    db.execute(
        "INSERT INTO chats (chat_id, language, timezone, paused, joined_at, thread)"
        " VALUES (:chat_id, :language, 'UTC', 0, :now, :thread)"
        " ON CONFLICT (chat_id) DO UPDATE SET language = excluded.language, thread = excluded.thread",
        {"chat_id": chat_id, "language": language, "now": stamp(now), "thread": thread},
    )
    return cursor.rowcount == 1


def know(db: Connection, chat_id: int, language: str, now: datetime) -> None:
    """Remember a chat that sets something; one that said /stop stays stopped."""
    db.execute(
        "INSERT INTO chats (chat_id, language, timezone, paused, joined_at)"
        " VALUES (:chat_id, :language, 'UTC', 0, :now)"
        " ON CONFLICT (chat_id) DO UPDATE SET language = excluded.language",
        {"chat_id": chat_id, "language": language, "now": stamp(now)},
    )


def stop(db: Connection, chat_id: int, now: datetime) -> None:
    """Send nothing more of our own accord until somebody says otherwise: blocking and unblocking does not."""
    pause(db, chat_id, Silence.STOPPED, now)
    db.execute("UPDATE chats SET stopped = 1 WHERE chat_id = :chat_id", {"chat_id": chat_id})


def pause(db: Connection, chat_id: int, why: Silence, now: datetime) -> None:
    """Send nothing more of our own accord to this chat, for instance because it blocked the bot."""
    _note(db, chat_id, why, now)
    db.execute("UPDATE chats SET paused = 1 WHERE chat_id = :chat_id", {"chat_id": chat_id})
    chat_outbox_table.leave(db, chat_id)


def is_forbidden(db: Connection, chat_id: int, now: datetime) -> None:
    """A right to write to this chat is missing: it is told once it can be; what is owed to it is still tried."""
    _note(db, chat_id, Silence.FORBIDDEN, now)


def was_written_to(db: Connection, chat_id: int, now: datetime) -> None:
    """A message arrived there, so no right is missing any more."""
    db.execute(
        "UPDATE chats SET pause_ended = :now WHERE chat_id = :chat_id AND pause_reason = :why AND pause_ended IS NULL",
        {"now": stamp(now), "chat_id": chat_id, "why": Silence.FORBIDDEN.value},
    )


def heard(db: Connection, chat_id: int, now: datetime) -> None:
    """Something was said to us there, or our rights have changed: whatever kept us from writing is over, it seems."""
    wake(db, chat_id)
    if _end_pause(db, chat_id, now, *Silence):
        chat_outbox_table.hurry(db, chat_id, now)


def overheard(db: Connection, chat_id: int, now: datetime) -> None:
    """People of a group talk to each other: so we are in it, which tells nothing of whether we may write there.

    What was forbidden keeps its pauses, or each of their messages would have it refused once more.
    """
    wake(db, chat_id)
    _end_pause(db, chat_id, now, Silence.GONE)


def wake(db: Connection, chat_id: int) -> None:
    """Write to this chat again, if it ever talked to us, also what it missed and is still fresh.

    One that said /stop is left alone: it may have unblocked us only to ask something.
    """
    sql = "UPDATE chats SET paused = 0 WHERE chat_id = :chat_id AND paused = 1 AND stopped = 0"
    if db.execute(sql, {"chat_id": chat_id}).rowcount == 1:
        chat_outbox_table.return_to(db, chat_id)
        target_outbox_table.return_to(db, chat_id)


def pause_of(db: Connection, chat_id: int, now: datetime) -> Pause | None:
    """The pause that a chat is in, or was in lately; None where there is nothing to tell of."""
    sql = "SELECT pause_reason, paused_since, pause_ended FROM chats WHERE chat_id = :chat AND paused_since IS NOT NULL"
    row = db.first_row(sql, {"chat": chat_id})
    if row is None:
        return None
    why, since, until = Silence(row["pause_reason"]), unstamp(row["paused_since"]), unstamp_or_none(row["pause_ended"])
    # who ended a pause of their own knows of it
    if until is not None and (why is Silence.STOPPED or now - until >= _TOLD_FOR):
        return None
    return Pause(why, since, until, chat_outbox_table.lost_since(db, chat_id, since, now))


def _end_pause(db: Connection, chat_id: int, now: datetime, *reasons: Silence) -> bool:
    """Write down that a pause for one of these reasons is over; False where there is none."""
    ended = db.execute(
        "UPDATE chats SET pause_ended = :now WHERE chat_id = :chat AND stopped = 0 AND pause_ended IS NULL"
        f" AND paused_since IS NOT NULL AND {one_of('pause_reason', 'reasons')}",
        {"now": stamp(now), "chat": chat_id, "reasons": [reason.value for reason in reasons]},
    )
    return ended.rowcount == 1


def _note(db: Connection, chat_id: int, why: Silence, now: datetime) -> None:
    """Keep why a chat is not written to, and since when. Of one that said /stop that stays the reason."""
    sql = "SELECT pause_reason, paused_since, pause_ended FROM chats WHERE chat_id = :chat AND stopped = 0"
    for row in db.rows(sql, {"chat": chat_id}):
        same = row["pause_reason"] == why.value and row["paused_since"] is not None
        if same and row["pause_ended"] is not None:
            same = is_recent(unstamp(row["pause_ended"]), now, _SAME)
        since = row["paused_since"] if same else stamp(now)
        db.execute(
            "UPDATE chats SET pause_reason = :why, paused_since = :since, pause_ended = NULL WHERE chat_id = :chat_id",
            {"why": why.value, "since": since, "chat_id": chat_id},
        )


def leave_topic(db: Connection, chat_id: int, thread: int | None) -> None:
    """This topic is gone: what comes goes to the general one, unless somebody has chosen another meanwhile."""
    sql = "UPDATE chats SET thread = NULL WHERE chat_id = :chat_id AND thread = :thread"
    db.execute(sql, {"chat_id": chat_id, "thread": thread})


def get(db: Connection, chat_id: int) -> Subscriber | None:
    """One chat; None when it never talked to us."""
    row = db.first_row("SELECT * FROM chats WHERE chat_id = :chat_id", {"chat_id": chat_id})
    return Subscriber(chat_id, row["language"], row["timezone"], bool(row["paused"])) if row else None


def topic(db: Connection, chat_id: int) -> int | None:
    """The topic of a forum group in which it was last asked to be written to."""
    row = db.execute("SELECT thread FROM chats WHERE chat_id = :chat_id", {"chat_id": chat_id}).fetchone()
    return row[0] if row else None


def awake_among(db: Connection, chat_ids: Collection[int]) -> set[int]:
    """Those of the chats that we know and may write to; so it stays until the transaction ends."""
    sql = f"SELECT chat_id FROM chats WHERE paused = 0 AND {one_of('chat_id', 'chats')}{STANDING}"
    return {chat_id for (chat_id,) in db.execute(sql, {"chats": list(chat_ids)})}


def migrate(db: Connection, old: int, new: int) -> None:
    """A group became a supergroup: everything of the old chat now belongs to the new one.

    To be called in a transaction: all of it moves, or nothing.
    """
    if old == new:
        return
    values = {"old": old, "new": new}
    db.execute(
        "INSERT INTO chats"
        " (chat_id, language, timezone, paused, stopped, joined_at, pause_reason, paused_since, pause_ended)"
        " SELECT :new, language, timezone, paused, stopped, joined_at, pause_reason, paused_since, pause_ended"
        " FROM chats WHERE chat_id = :old ON CONFLICT DO NOTHING",
        values,
    )
    db.execute(
        "UPDATE subscriptions SET chat_id = :new WHERE chat_id = :old AND NOT EXISTS (SELECT 1 FROM subscriptions"
        " AS other WHERE other.chat_id = :new AND other.symbol = subscriptions.symbol)",
        values,
    )
    chat_outbox_table.move(db, old, new)
    chat_data_table.move(db, old, new)
    db.execute("UPDATE feedback SET chat_id = :new WHERE chat_id = :old", values)
    db.execute("DELETE FROM subscriptions WHERE chat_id = :old", {"old": old})
    db.execute("DELETE FROM chats WHERE chat_id = :old", {"old": old})
