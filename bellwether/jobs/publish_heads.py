"""The ledger's head leaves the house once a day: kept for the API, sent to the operator's channel, stamped.

what the chains end with | does the last published head still stand? | a row and a message, together | a time stamp

Whoever holds the database can write it anew; what others hold by then they cannot.
"""

import html
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from bellwether.db.connection import Connection
from bellwether.delivery import admin_notes, outbox_table
from bellwether.delivery.message_kinds import HEADS
from bellwether.delivery.messages import recipient_of
from bellwether.delivery.time_stamps import NoTimeStamp, request_stamp
from bellwether.services import Services
from bellwether.track_record.ledger import checkpoint, published_heads_table, verified_table
from bellwether.track_record.ledger.published_heads_table import PublishedHead

KEEP_SENDING = timedelta(days=3)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Publishing:
    """What was done."""

    published: bool = False
    stamped: bool = False


def publish_heads(services: Services) -> Publishing:
    """Publish today's head, unless it was, and have the newest stamped, unless it is. Raises StoreError.

    A ledger that does not prove itself is not published. An authority that fails is asked again with the next run.
    """
    published = _publish(services)
    return Publishing(published, _stamp(services))


def _publish(services: Services) -> bool:
    now, channel = services.clock(), services.settings.proof.channel
    day = str(now.date())
    with services.store.transaction() as db:
        before = published_heads_table.newest(db, now.date())
        if before is not None and before.day == day:
            return False
        ahead = published_heads_table.ahead(db, now.date())
        heads = checkpoint.ends(db)
        if not (heads.ledger.rows or heads.growth.rows or heads.lists.rows):
            return False
        if not _stands(db, [each for each in (before, ahead) if each is not None]):
            log.error("The ledger's head is not published: the ledger does not prove itself.")
            admin_notes.tell(db, services.settings.telegram.admin_chat, admin_notes.AdminTopic.LEDGER, now)
            return False
        statement = published_heads_table.statement_of(heads, now)
        key = f"{HEADS}:{channel}:{day}" if channel else ""
        added = published_heads_table.add(db, PublishedHead(day, now, statement, key))
        if ahead is not None:
            log.warning(
                "A head of the ledger was published for %s, which lies ahead: this machine's clock was ahead then, or "
                "is behind now. That of %s is published all the same.",
                ahead.day,
                day,
            )
        if added and channel:
            text = f"<pre>{html.escape(statement)}</pre>"
            draft = outbox_table.Draft(key, recipient_of(channel), HEADS, text, now, now + KEEP_SENDING)
            outbox_table.enqueue(db, draft, now)
        return added


def _stands(db: Connection, before: Sequence[PublishedHead]) -> bool:
    """Whether the last proof found the ledger whole, and what was published last is still in it."""
    proof = verified_table.last(db)
    if proof is not None and not proof.whole:
        return False
    return not any(published_heads_table.heads_in(head.statement).lost(db) for head in before)


def _stamp(services: Services) -> bool:
    proof, store = services.settings.proof, services.store
    if not proof.authority:
        return False
    with store.reading() as db:
        head = published_heads_table.newest(db, services.clock().date())
    if head is None or head.stamp is not None:
        return False
    try:
        stamp = request_stamp(proof.authority, Path(proof.authority_certificate), head.statement.encode())
    except NoTimeStamp as problem:
        if str(problem) != head.stamp_error:  # once, until it changes: it is tried every hour
            log.warning("The ledger's head has no time stamp: %s", problem)
        with store.transaction() as db:
            published_heads_table.keep_stamp_error(db, head.day, str(problem))
        return False
    with store.transaction() as db:
        published_heads_table.keep_stamp(db, head.day, stamp.token, stamp.at, _host(proof.authority))
    return True


def _host(address: str) -> str:
    """Where an authority is, for everybody to see: its path or query may hold a customer's key."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
