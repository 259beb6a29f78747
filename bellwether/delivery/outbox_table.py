"""The table `outbox`: messages owed. A row before a message; unique on `dedup_key`."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import islice
from typing import Any

from bellwether.core.i18n.translate import ENGLISH
from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp, unstamp_or_none
from bellwether.db.sql import FREE, LOOKED_UP, insert_new, none_of, one_of
from bellwether.delivery import outbox_claims_table
from bellwether.delivery.messages import OutboxMessage, Recipient, RecipientKind
from bellwether.delivery.offers import Offer, in_short, read_offers
from bellwether.delivery.outbox_claims_table import LEASE
from bellwether.delivery.targets.targets_table import having_targets

CALM = timedelta(seconds=10)  #: after a message to a chat, before another process than before may send the next
GONE = "gone: "  #: begins the `last_error` of a message whose reader had left
PAUSED = f"{GONE}the chat is paused"  #: is that of one whose reader left before it was sent, and may come back
FORBIDDEN = "forbidden now: "  #: begins that of one which its chat let nobody write
_LOOKED_UP_AT_ONCE = 1_000  #: messages, of whose recipients it is asked whether they have targets


class MessageState(Enum):
    """Where a message stands."""

    PENDING = "pending"  #: waits for its time
    SENDING = "sending"  #: claimed by a sender whose lease has not run out
    SENT = "sent"  #: the other end accepted it
    FAILED = "failed"  #: a dead letter: not sent unless a person says so; `last_error` says why
    PASSED_OVER = "passed over"  #: there was nothing that its chat wants to be told; kept so that no tick asks again
    EXPIRED = "expired"  #: was not sent while it was still worth reading


_INSERT = insert_new(
    "outbox",
    (
        "dedup_key", "recipient_kind", "recipient_id", "kind", "text", "state", "attempts", "not_before", "due_at",
        "expires_at", "created_at", "reply_key", "event_id", "offers", "to_spread", "lane",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be owed."""

    dedup_key: str  #: "KIND:OWNER:SESSION", or more after it; a chat stands between colons so that it can move
    recipient: Recipient
    kind: str
    text: str
    not_before: datetime
    expires_at: datetime
    reply_key: str | None = None  #: dedup_key of the message that this one answers
    event_id: str | None = None  #: of an event to a webhook
    offers: tuple[Offer, ...] = ()  #: what can be done about it
    lane: str = ""  #: which of the services that its channel writes to it goes by


def enqueue(db: Connection, draft: Draft, now: datetime) -> bool:
    """Add a message. False when one with its dedup_key exists, in whatever state."""
    return enqueue_all(db, [draft], now) == 1


def enqueue_all(db: Connection, drafts: Iterable[Draft], now: datetime) -> int:
    """Add many messages, but for those whose dedup_key exists; how many are new.

    What goes to somebody who may have targets is marked: it is to be spread over these.
    """
    rest = iter(drafts)
    return sum(
        _insert(db, part, MessageState.PENDING, now, having_targets(db, {draft.recipient for draft in part}))
        for part in iter(lambda: list(islice(rest, _LOOKED_UP_AT_ONCE)), [])
    )


def skip(db: Connection, drafts: Iterable[Draft], now: datetime) -> None:
    """Keep that these messages, which have no text, were not worth sending, but for those whose dedup_key exists."""
    _insert(db, drafts, MessageState.PASSED_OVER, now)


def _insert(
    db: Connection,
    drafts: Iterable[Draft],
    state: MessageState,
    now: datetime,
    with_targets: Collection[Recipient] = (),
) -> int:
    created, due = stamp(now), state is MessageState.PENDING
    return db.executemany(
        _INSERT,
        (
            {
                "dedup_key": draft.dedup_key,
                "recipient_kind": draft.recipient.kind.value,
                "recipient_id": draft.recipient.id,
                "kind": draft.kind,
                "text": draft.text,
                "state": state.value,
                "attempts": 0,
                "not_before": (not_before := stamp(draft.not_before)),
                "due_at": not_before if due else None,
                "expires_at": stamp(draft.expires_at),
                "created_at": created,
                "reply_key": draft.reply_key,
                "event_id": draft.event_id,
                "offers": in_short(draft.offers),
                "to_spread": int(draft.recipient in with_targets),
                "lane": draft.lane,
            }
            for draft in drafts
        ),
    )


def owed_among(db: Connection, dedup_keys: Iterable[str]) -> set[str]:
    """Those of the keys that have a message, in whatever state."""
    sql = f"SELECT dedup_key FROM outbox WHERE {one_of('dedup_key', 'keys')}"
    return {key for (key,) in db.execute(sql, {"keys": list(dedup_keys)})}


def expire(db: Connection, kind: RecipientKind, now: datetime) -> int:
    """Drop what is no longer worth sending to a kind of recipients, unless a sender holds it just now; how many."""
    cursor = db.execute(
        "UPDATE outbox SET state = 'expired' WHERE state = 'pending' AND recipient_kind = :kind AND expires_at <= :now",
        {"kind": kind.value, "now": stamp(now)},
    )
    return cursor.rowcount


class ClaimOrder(Enum):
    """What keeps a message waiting while others of its recipient do; the value is its condition in SQL."""

    #: one on its way, or one that was tried already and is still worth sending: they arrive in order
    IN_ORDER = (
        "other.state = 'sending' OR (other.state = 'pending'"
        " AND other.attempts > 0 AND other.expires_at > :now AND (mine.attempts = 0 OR other.id < mine.id))"
    )
    #: one on its way: each has tries of its own while others wait for their next
    EACH_ITS_TRIES = "other.state = 'sending'"


class Claimable(Enum):
    """Which messages a process may claim; the value is their condition in SQL, and what may not be beside them."""

    NONE = ("1 = 0", "1 = 0")
    ALL = ("1 = 1", "1 = 0")
    #: what nobody has tried, to people to whom nothing was sent just now: of two processes that write to one chat each
    #: would count its own messages only
    UNTOUCHED = ("mine.attempts = 0 AND mine.recipient_id > 0", "other.sent_at > :calm")


def claim_next(
    db: Connection,
    now: datetime,
    kind: RecipientKind,
    order: ClaimOrder,
    claimable: Claimable = Claimable.ALL,
    *,
    busy: Collection[int] = (),
    resting: Collection[int] = (),
    full: Collection[str] = (),
) -> OutboxMessage | None:
    """Claim the message to recipients of a kind that has waited longest, for LEASE; None when nothing is due.

    Nothing is claimed for the recipients in `resting`, nor of the lanes in `full`. Messages to one recipient go one at
    a time. Only one of two senders gets a row: claims of a kind wait for each other. `busy` is as in
    `outbox_claims_table.release_lapsed`.
    """
    which, never_beside = claimable.value
    # of two messages to one recipient two senders would each take one: neither sees what the other has begun
    db.one_at_a_time(f"claims {kind.value}")
    outbox_claims_table.release_lapsed(db, kind, now, busy)
    # the kind stands there as it is: an index of one kind alone serves no value that is known later
    claimed = db.first_row(
        "UPDATE outbox SET state = 'sending', attempts = attempts + 1, claimed_until = :lease WHERE id = ("
        " SELECT id FROM outbox AS mine WHERE state = 'pending' AND not_before <= :now AND expires_at > :now"
        f" AND recipient_kind = '{kind.value}' AND {none_of('recipient_id', 'resting')} AND {none_of('lane', 'full')}"
        f" AND {which}"
        " AND NOT EXISTS (SELECT 1 FROM outbox AS other WHERE other.recipient_id = mine.recipient_id"
        f" AND other.recipient_kind = mine.recipient_kind AND other.id <> mine.id"
        f" AND ({order.value} OR {never_beside}) {LOOKED_UP})"
        f" ORDER BY not_before, id LIMIT 1{FREE}) RETURNING *,"
        " (SELECT first.telegram_id FROM outbox AS first WHERE first.dedup_key = outbox.reply_key"
        " AND first.recipient_id = outbox.recipient_id) AS reply_to,"
        " (SELECT chats.thread FROM chats WHERE chats.chat_id = outbox.recipient_id"
        " AND outbox.recipient_kind = :chat) AS thread,"
        " (SELECT coalesce(s.language, c.language) FROM chats AS c LEFT JOIN alert_settings AS s USING (chat_id)"
        " WHERE c.chat_id = outbox.recipient_id AND outbox.recipient_kind = :chat) AS language",
        {
            "now": stamp(now),
            "lease": stamp(now + LEASE),
            "calm": stamp(now - CALM),
            "chat": RecipientKind.CHAT.value,
            "resting": list(resting),
            "full": list(full),
        },
    )
    return read_message(claimed) if claimed else None


def mark_sent(db: Connection, message: OutboxMessage, now: datetime, telegram_id: int | None = None) -> bool:
    """It arrived, with this number, if it has one. False when the claim is not ours any more, and another counts."""
    _keep_number(db, message, telegram_id)
    return _settle(db, message, "state = 'sent', sent_at = :now", now)


def part_sent(db: Connection, message: OutboxMessage, now: datetime, telegram_id: int | None = None) -> bool:
    """Its next part arrived, and the one after that is due at once: what was tried goes before what was not.

    False as above.
    """
    _keep_number(db, message, telegram_id)
    return _settle(db, message, "state = 'pending', parts_sent = parts_sent + 1, strikes = 0, failed_at = NULL", now)


def _keep_number(db: Connection, message: OutboxMessage, telegram_id: int | None) -> None:
    """Of several parts the first is the one that can be answered."""
    sql = "UPDATE outbox SET telegram_id = :telegram_id WHERE id = :id AND telegram_id IS NULL"
    db.execute(sql, {"telegram_id": telegram_id, "id": message.id})


@dataclass(frozen=True, slots=True)
class Setback:
    """What a failed attempt leaves in the row."""

    error: str
    uncertain: bool = False  #: it may have arrived all the same
    blameless: bool = False  #: it is only to wait: no fault of its own, however many others arrive meanwhile


def reschedule(db: Connection, message: OutboxMessage, not_before: datetime, setback: Setback, now: datetime) -> bool:
    """It did not arrive; try again then. False as above."""
    change = (
        "state = 'pending', not_before = :not_before,"
        # a strike: others arrived since it last failed, so this time the fault is its own
        " strikes = strikes + CASE WHEN :blameless = 0"
        " AND EXISTS (SELECT 1 FROM outbox AS other WHERE other.sent_at >= outbox.failed_at) THEN 1 ELSE 0 END"
    )
    return _settle(db, message, f"{change}, {_SETBACK}", now, setback, not_before)


def fail(db: Connection, message: OutboxMessage, setback: Setback, now: datetime) -> bool:
    """It can never arrive. False as above."""
    return _settle(db, message, f"state = 'failed', {_SETBACK}", now, setback)


_SETBACK = "last_error = :error, failed_at = :now, uncertain = uncertain + :uncertain"


def _settle(
    db: Connection,
    message: OutboxMessage,
    change: str,
    now: datetime,
    setback: Setback | None = None,
    not_before: datetime | None = None,
) -> bool:
    """Change a row that this attempt still holds: the attempt's number is its claim."""
    values: dict[str, object] = {"id": message.id, "attempts": message.attempts, "now": stamp(now)}
    if setback is not None:
        values |= {
            "error": setback.error,
            "uncertain": setback.uncertain,
            "blameless": setback.blameless,
        }
    if not_before is not None:
        values["not_before"] = stamp(not_before)
    cursor = db.execute(
        f"UPDATE outbox SET {change}, claimed_until = NULL"
        " WHERE id = :id AND state = 'sending' AND attempts = :attempts",
        values,
    )
    return cursor.rowcount == 1


def read_message(row: dict[str, Any]) -> OutboxMessage:
    """The message of a row of `outbox`."""
    return OutboxMessage(
        id=row["id"],
        dedup_key=row["dedup_key"],
        recipient=Recipient(RecipientKind(row["recipient_kind"]), row["recipient_id"]),
        kind=row["kind"],
        text=row["text"],
        attempts=row["attempts"],
        expires_at=unstamp(row["expires_at"]),
        strikes=row["strikes"],
        parts_sent=row["parts_sent"],
        reply_to=row.get("reply_to"),
        due_at=unstamp_or_none(row["due_at"]),
        thread=row.get("thread"),
        event_id=row["event_id"] or "",
        offers=read_offers(row["offers"]),
        language=row.get("language") or ENGLISH,
        reply_key=row["reply_key"] or "",
        lane=row["lane"],
    )
