"""Server-sent events: new alerts of a key's owner, and new forecasts of the symbols that its rules are about.

Rows are looked at once a second, so a stream sees whatever process has written them; `Last-Event-ID` goes on where an
earlier one ended.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, Query
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from bellwether.access import keys_table
from bellwether.alerts import alerts_table, ask
from bellwether.ask import forecasts
from bellwether.core.clock import Clock
from bellwether.core.errors import LimitReached, StoreError
from bellwether.db.database import Store
from bellwether.delivery.messages import owner_of_key
from bellwether.services import Services
from bellwether.track_record.ledger import ledger_table, outcomes_table
from bellwether.track_record.to_json import issued_json
from bellwether.webhooks.events import alert_json
from web.api.caller import CallerOf, KeyOf
from web.api.openapi import named_router, owned
from web.dependencies import ServicesOf
from web.problems import HttpProblem

LOOK_EVERY = 1.0  #: seconds
BEAT_EVERY = 15  #: looks after which a quiet stream says that it lives
MOST_STREAMS = 5  #: of one key at the same time
MOST_SYMBOLS = 100
_AT_ONCE = 100  #: events of one look
_SEEN = re.compile(r"a([0-9]{1,18})-f([0-9]{1,18})", re.ASCII)
router = named_router("alerts")
_open: Counter[int] = Counter()  #: streams of this process, by key
_EVENTS = {
    "description": "Events `alert` and `forecast`",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


@router.get("/stream", **owned(None, 409, also={200: _EVENTS}), response_class=Response)
async def stream_events(
    services: ServicesOf,
    caller: CallerOf,
    key: KeyOf,
    symbols: Annotated[
        str | None, Query(max_length=1000, description="Forecasts of these, with commas; else those of the rules")
    ] = None,
    last_event_id: Annotated[str | None, Header(max_length=60, description="Where an earlier stream ended")] = None,
) -> Response:
    """New alerts and forecasts as they come."""
    wanted = await asyncio.to_thread(_symbols, services, symbols) if symbols is not None else None
    for symbol in wanted or ():
        caller.check_symbol(symbol)
    seen = (
        _seen(last_event_id) if last_event_id is not None else await asyncio.to_thread(_newest, services.store, key.id)
    )
    if _open[key.id] >= MOST_STREAMS:
        raise LimitReached(f"You have {MOST_STREAMS} streams open, the most there can be; close one first.")
    # counted without a pause since that look, so that many asked for at once are no more either
    return _Stream(key.id, _events(services.store, services.clock, key.id, wanted, seen))


class _Stream(StreamingResponse):
    """Counts as open until it has ended, however it ends."""

    def __init__(self, key_id: int, events: AsyncIterator[str]) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        self._key_id = key_id
        _open[key_id] += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            _open[self._key_id] -= 1
            if not _open[self._key_id]:
                del _open[self._key_id]


def _symbols(services: Services, text: str) -> list[str]:
    """Raises HttpProblem and the errors of `forecasts.resolve`."""
    names = list(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
    if not 1 <= len(names) <= MOST_SYMBOLS:
        raise HttpProblem("bad_request", f"Please name 1 to {MOST_SYMBOLS} symbols, with commas.")
    return [forecasts.resolve(services, name).symbol for name in names]


def _seen(last_event_id: str) -> tuple[int, int]:
    match = _SEEN.fullmatch(last_event_id)
    if match is None:
        raise HttpProblem("bad_request", "Last-Event-ID is none of our events; leave it out to begin with what is new.")
    return int(match[1]), int(match[2])


def _newest(store: Store, key_id: int) -> tuple[int, int]:
    with store.reading() as db:
        return alerts_table.newest(db, owner_of_key(key_id)), ledger_table.CHAIN.head(db).rows


async def _events(
    store: Store, clock: Clock, key_id: int, symbols: list[str] | None, seen: tuple[int, int]
) -> AsyncIterator[str]:
    """Events as they come, until the reader leaves or the key works no more."""
    yield ": here is what is new\n\n"
    quiet = 0
    while True:
        try:
            news = await asyncio.to_thread(_look, store, clock(), key_id, symbols, seen)
        except StoreError:  # a moment of trouble; what is new then comes afterwards
            news = [], seen
        if news is None:
            return
        events, seen = news
        for event in events:
            yield event
        quiet = 0 if events else quiet + 1
        if quiet >= BEAT_EVERY:
            quiet = 0
            yield ": alive\n\n"
        if len(events) < _AT_ONCE:
            await asyncio.sleep(LOOK_EVERY)


def _look(
    store: Store, now: datetime, key_id: int, symbols: list[str] | None, seen: tuple[int, int]
) -> tuple[list[str], tuple[int, int]] | None:
    """What is new, and up to where; None when the key works no more."""
    owner, (alert, row) = owner_of_key(key_id), seen
    with store.reading() as db:
        if not keys_table.works(db, key_id, now):
            return None
        fired = alerts_table.since(db, owner, alert, _AT_ONCE)
        head = ledger_table.CHAIN.head(db).rows
    if symbols is None:
        symbols = sorted({rule.symbol for rule in ask.rules_of(store, owner)})[:MOST_SYMBOLS]
    issued = []
    if symbols and head > row:
        with store.reading() as db:
            issued = outcomes_table.issued_since(db, row, symbols, _AT_ONCE)
    events = []
    for entry in fired:
        alert = entry.alert.id
        events.append(_event("alert", f"a{alert}-f{row}", alert_json(entry)))
    for forecast in issued:
        row = forecast.seq
        events.append(_event("forecast", f"a{alert}-f{row}", issued_json(forecast)))
    if len(issued) < _AT_ONCE:
        row = max(row, head)
    return events, (alert, row)


def _event(kind: str, number: str, data: dict[str, Any]) -> str:
    # JSON has no line breaks of its own, so one line of data is enough
    return f"event: {kind}\nid: {number}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
