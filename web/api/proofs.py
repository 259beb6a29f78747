"""What whoever checks the ledger by themselves downloads: its rows as they were hashed, and the heads published."""

import base64
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from bellwether.client.answers.track_record import LedgerHeadsAnswer, LedgerRowsAnswer
from bellwether.core.types import issues_forecasts
from bellwether.track_record.ledger import published_heads_table
from bellwether.track_record.ledger.checkpoint import EVERY_CHAIN
from bellwether.track_record.ledger.published_heads_table import PublishedHead, statement_sha256
from web.api.negotiate import ReplyOf
from web.api.openapi import named_router, operation
from web.api.requests import Cursor, Page, PageOf
from web.dependencies import ServicesOf

router = named_router("track record")
_NO_LEDGER = (
    "Of the sample market nothing is issued, so its ledger is empty and has no head. With a source of real prices "
    "(MARKET__SOURCE) forecasts are entered before they are shown, and a head is published once a day."
)
_NO_HEAD = (
    "No head was published yet: the first is within an hour of the first forecast, and then there is one each day."
)
MOST_ROWS = 10_000  #: of a page; a million rows are a hundred of them


class ChainName(StrEnum):
    """Which of the chains; the members are the names of `checkpoint.EVERY_CHAIN`."""

    LEDGER = "ledger"
    OUTCOMES = "outcomes"
    GROWTH = "growth"
    GROWTH_OUTCOMES = "growth_outcomes"
    LISTS = "lists"
    LIST_OUTCOMES = "list_outcomes"


@router.get("/ledger/rows", **operation(LedgerRowsAnswer, tables=True))
def list_ledger_rows(
    services: ServicesOf,
    reply: ReplyOf,
    chain: Annotated[
        ChainName, Query(description="Forecasts, their outcomes, or those of revenue or of lists")
    ] = ChainName.LEDGER,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="Items of this page")] = 1000,
    cursor: Cursor = None,
) -> Response:
    """Every row of a chain as it was hashed, page by page: as CSV it is the file that `verify.py check` reads."""
    page = Page(limit, cursor)
    hashes = EVERY_CHAIN[chain]
    with services.store.reading() as db:
        stored = hashes.page(db, page.after, limit + 1)
    stored, following = page.cut(stored, lambda row: int(row[0]))
    rows = [{"row": row[0], "content": hashes.content(row[:-1]).hex(), "hash": row[-1].hex()} for row in stored]
    return reply.page(rows, following, chain.value)


@router.get("/ledger/heads", **operation(LedgerHeadsAnswer, tables=True))
def list_ledger_heads(services: ServicesOf, page: PageOf, reply: ReplyOf) -> Response:
    """Where the chains ended on each day, newest first, as it was published, with its time stamp where there is one.

    A copy that you keep elsewhere proves later that no row up to it was changed.
    """
    with services.store.reading() as db:
        heads = published_heads_table.page(db, page.after, page.limit + 1)
    heads, following = page.cut(heads, lambda head: head.number)
    channel = services.settings.proof.channel_address or None
    note = None
    if not heads and not page.after:
        note = _NO_HEAD if issues_forecasts(services.provider.name) else _NO_LEDGER
    return reply.page([_head_json(head, channel) for head in heads], following, "ledger_heads", note=note)


def _head_json(head: PublishedHead, channel: str | None) -> dict[str, Any]:
    stamped = head.stamp is not None
    return {
        "day": head.day,
        "published_at": head.published_at.isoformat(),
        "statement": head.statement,
        "sha256": statement_sha256(head.statement),
        "stamp": base64.b64encode(head.stamp).decode() if head.stamp is not None else None,
        "stamped_at": head.stamped_at.isoformat() if head.stamped_at is not None else None,
        "authority": head.authority if stamped else None,
        "channel": channel if head.message_key else None,
    }
