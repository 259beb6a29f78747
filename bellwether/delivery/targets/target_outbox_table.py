"""The messages of the table `outbox` that go to targets: those of a chat, each with a row for each of its targets.

What a chat is to hear of was decided before, with its quiet hours, budget and freshness. Here each target gets a row
of its own, so that each is tried until it arrives, whatever becomes of the others and of Telegram.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp
from bellwether.db.sql import FREE, none_of, one_of
from bellwether.delivery import outbox_table
from bellwether.delivery.message_kinds import ADMIN, READER_ACCESS, READER_LINK, TARGET_NOTE, TARGET_PROOF
from bellwether.delivery.messages import OutboxMessage, Recipient, RecipientKind, recipient_of
from bellwether.delivery.offers import read_offers
from bellwether.delivery.outbox_table import Draft
from bellwether.delivery.targets.target import Target

ACCESS_FOR = timedelta(hours=1)  #: that a link to all of a reader is good, and worth sending
_PROOF_IS_FRESH = timedelta(hours=12)
_CHATS_ALONE = [ADMIN, TARGET_NOTE]  #: the kinds of messages that go nowhere else
#: what is new alone, by an index that has nothing else
TO_SPREAD = f"SELECT id FROM outbox WHERE to_spread = 1 ORDER BY id LIMIT :most{FREE}"


def owe_proof(db: Connection, target: Target, now: datetime) -> None:
    """Owe a target its code, which is put in as it is sent: no row has it."""
    _owe_secret(db, TARGET_PROOF, target, now)


def owe_link(db: Connection, target: Target, now: datetime) -> None:
    """Owe a reader the link to their page, in the same way."""
    _owe_secret(db, READER_LINK, target, now)


def owe_access(db: Connection, target: Target, now: datetime) -> None:
    """Owe a reader the link to everything that is kept about them; its hour begins as it is sent."""
    _owe_secret(db, READER_ACCESS, target, now, ACCESS_FOR)


def _owe_secret(
    db: Connection, kind: str, target: Target, now: datetime, fresh_for: timedelta = _PROOF_IS_FRESH
) -> None:
    draft = Draft(
        dedup_key=f"{kind}:{target.id}:{stamp(now)}",
        recipient=Recipient(RecipientKind.TARGET, target.id),
        kind=kind,
        text="",
        not_before=now,
        expires_at=now + fresh_for,
        lane=target.kind.value,
    )
    outbox_table.enqueue(db, draft, now)


def spread(db: Connection, now: datetime, most: int) -> int:
    """Owe to proved targets what is owed, or was sent, to their chat or reader and is fresh; of how much that was.

    Not what its chat said /stop to, nor what was written before the target was proved. Each message is looked at once,
    however many there are; once more where its chat comes back.
    """
    numbers = [number for (number,) in db.execute(TO_SPREAD, {"most": most})]
    if not numbers:
        return 0
    rows = db.rows(
        "SELECT t.id AS target_id, t.kind AS target_kind, mine.* FROM outbox AS mine"
        f" JOIN targets AS t ON t.chat_id = mine.recipient_id WHERE {one_of('mine.id', 'numbers')}"
        " AND t.state = 'proved' AND mine.created_at >= t.proved_at AND mine.expires_at > :now"
        " AND (mine.state IN ('pending', 'sending', 'sent')"
        f" OR (mine.state = 'failed' AND coalesce(mine.last_error, '') NOT LIKE :gone))"
        f" AND {none_of('mine.kind', 'alone')} ORDER BY mine.id, t.id",
        {"numbers": numbers, "now": stamp(now), "gone": f"{outbox_table.GONE}%", "alone": _CHATS_ALONE},
    )
    drafts = (
        Draft(
            dedup_key=_key(row["target_id"], row["dedup_key"]),
            recipient=Recipient(RecipientKind.TARGET, row["target_id"]),
            kind=row["kind"],
            text=row["text"],
            not_before=unstamp(row["due_at"] or row["not_before"]),
            expires_at=unstamp(row["expires_at"]),
            reply_key=_key(row["target_id"], row["reply_key"]) if row["reply_key"] else None,
            offers=read_offers(row["offers"]),
            lane=row["target_kind"],
        )
        for row in rows
    )
    outbox_table.enqueue_all(db, drafts, now)
    # a chat's goes on to Telegram; of a reader's nothing else is to become
    of_readers = [row["id"] for row in rows if row["recipient_kind"] == RecipientKind.READER.value]
    sql = "UPDATE outbox SET state = 'sent', sent_at = :now WHERE id = :id AND state = 'pending'"
    db.executemany(sql, [{"now": stamp(now), "id": number} for number in of_readers])
    db.execute(f"UPDATE outbox SET to_spread = 0 WHERE {one_of('id', 'numbers')}", {"numbers": numbers})
    return len(numbers)


def hold_back(db: Connection, lane: str, until: datetime) -> None:
    """Send nothing by a lane before then."""
    db.execute(
        "UPDATE outbox SET not_before = :until WHERE state = 'pending' AND recipient_kind = :kind AND lane = :lane"
        " AND not_before < :until",
        {"kind": RecipientKind.TARGET.value, "lane": lane, "until": stamp(until)},
    )


def return_to(db: Connection, chat_id: int) -> None:
    """The chat is back: what it missed goes to its targets as well, but for those that take nothing any more."""
    recipient = recipient_of(chat_id)
    owned = "SELECT id FROM targets WHERE chat_id = :chat_id"
    db.execute(
        f"UPDATE outbox SET to_spread = 1 WHERE state = 'pending' AND last_error LIKE :gone AND recipient_kind = :kind"
        f" AND recipient_id = :recipient AND EXISTS ({owned})",
        {
            "gone": f"{outbox_table.GONE}%",
            "kind": recipient.kind.value,
            "recipient": recipient.id,
            "chat_id": chat_id,
        },
    )
    db.execute(
        "UPDATE outbox SET state = 'pending' WHERE state = 'failed' AND last_error = :paused"
        f" AND recipient_kind = :kind AND recipient_id IN ({owned} AND state = 'proved')",
        {"paused": outbox_table.PAUSED, "kind": RecipientKind.TARGET.value, "chat_id": chat_id},
    )


def _key(target_id: int, dedup_key: str) -> str:
    return f"target:{target_id}:{dedup_key}"


@dataclass(frozen=True, slots=True)
class MailThread:
    """Which message a target gets, and which of those it got is answered by it."""

    name: str  #: of the message's row, whatever becomes of the row's key when its chat moves
    answered: str = ""  #: the same of the one that it answers; empty where nothing of that arrived there
    answered_text: str = ""


def thread_of(db: Connection, message: OutboxMessage) -> MailThread:
    """Where a message to a target stands among the others there."""
    rows = db.rows(
        "SELECT id, dedup_key, created_at, state, text FROM outbox WHERE dedup_key IN (:own, :answered)"
        " AND recipient_kind = :kind AND recipient_id = :target",
        {
            "own": message.dedup_key,
            "answered": message.reply_key,
            "kind": RecipientKind.TARGET.value,
            "target": message.recipient.id,
        },
    )
    by_key = {row["dedup_key"]: row for row in rows}
    own, answered = by_key.get(message.dedup_key), by_key.get(message.reply_key)
    name = _name(own) if own is not None else message.dedup_key  # erased while it was on its way
    if answered is None or answered["state"] != "sent":
        return MailThread(name)
    return MailThread(name, _name(answered), answered["text"])


def _name(row: dict[str, Any]) -> str:
    """Of a row for ever: its number alone may come again once it is forgotten."""
    return f"{row['id']} {row['created_at']}"


def forget(db: Connection, target_id: int) -> None:
    """Owe nothing more to a target."""
    to = "recipient_kind = :kind AND recipient_id = :id"
    sql = f"UPDATE outbox SET state = 'expired' WHERE state = 'pending' AND {to}"
    db.execute(sql, {"kind": RecipientKind.TARGET.value, "id": target_id})


def move(db: Connection, old: int, new: int) -> None:
    """The targets of the chat `old` are `new`'s, and what was owed to them is known by keys that name it."""
    values: dict[str, object] = {"old": old, "new": new}
    keys = {"kind": RecipientKind.TARGET.value, "old_key": f":{old}:", "new_key": f":{new}:"}
    db.execute(
        "UPDATE outbox SET dedup_key = replace(dedup_key, :old_key, :new_key),"
        " reply_key = replace(reply_key, :old_key, :new_key) WHERE recipient_kind = :kind"
        " AND recipient_id IN (SELECT id FROM targets WHERE chat_id = :old)",
        {**keys, "old": old},
    )
    db.execute("UPDATE targets SET chat_id = :new WHERE chat_id = :old", values)


def rows_of(db: Connection, chat_id: int) -> list[dict[str, Any]]:
    """What is or was owed to the targets of a chat."""
    sql = (
        "SELECT * FROM outbox WHERE recipient_kind = :kind"
        " AND recipient_id IN (SELECT id FROM targets WHERE chat_id = :chat_id) ORDER BY id"
    )
    return db.rows(sql, {"kind": RecipientKind.TARGET.value, "chat_id": chat_id})


def erase(db: Connection, chat_id: int) -> int:
    """Delete what is or was owed to the targets of a chat; how many rows."""
    sql = (
        "DELETE FROM outbox WHERE recipient_kind = :kind"
        " AND recipient_id IN (SELECT id FROM targets WHERE chat_id = :chat_id)"
    )
    return db.execute(sql, {"kind": RecipientKind.TARGET.value, "chat_id": chat_id}).rowcount
