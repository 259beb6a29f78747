"""One tick: decide what is due, and write it down as rows. Nothing is sent here.

awake chats and their watchlists
| digest_slot        the session each is in
| decide_digest      due? not yet? too late?
| forecasts          each symbol once, shared by all chats
| outbox.owe         one row per chat and session, whatever happens twice
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bellwether import queries
from bellwether.alerting.digest import Entry, digest
from bellwether.alerting.rules import DigestSlot, Prices, Reason, decide_digest, digest_slot
from bellwether.errors import BellwetherError, MarketDataError
from bellwether.forecasting.forecaster import forecast_at
from bellwether.market.universe import listed
from bellwether.services import Services
from bellwether.store import outbox, subscriptions
from bellwether.types import Instrument, Problem, Subscription

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick did: how many chats for each reason, and how many messages it wrote."""

    reasons: dict[Reason, int]
    already_owed: int
    written: int


def tick(services: Services, now: datetime, stopping: Callable[[], bool] = lambda: False) -> Tick:
    """Decide what is due at `now` and write the messages. Safe to run late, twice or not at all.

    `stopping` is asked between chats: what is left then is for the next tick. Raises StoreError when the rows cannot be
    read or written.
    """
    settings = services.settings.alerts
    delay, freshness = timedelta(minutes=settings.digest_delay), timedelta(minutes=settings.freshness)
    with services.store.reading() as db:
        watchlists = subscriptions.of_awake_chats(db)
    desk = _Desk(services, settings.horizon)
    reasons: Counter[Reason] = Counter()
    already = written = 0
    for chat_id, watched in watchlists.items():
        if stopping():
            break
        slot = digest_slot({one.calendar for one in watched}, now, delay, freshness)
        # the cheap answers first: no prices are asked for before a digest can be due
        reason = decide_digest(slot, Prices.IN, now)
        if slot is None or reason is not Reason.DUE:
            reasons[reason] += 1
            continue
        key = f"digest:{chat_id}:{slot.session}"
        with services.store.reading() as db:
            if outbox.is_owed(db, key):
                already += 1
                continue
        today = [one for one in watched if one.calendar in slot.calendars]
        entries = [desk.entry(one, slot) for one in today]
        reason = decide_digest(slot, _prices(services, entries, slot), now)
        reasons[reason] += 1
        if reason not in {Reason.DUE, Reason.DUE_WITHOUT_PRICES}:
            continue
        written += _owe(services, chat_id, key, entries, slot, now)
    return Tick(dict(reasons), already, written)


def _owe(services: Services, chat_id: int, key: str, entries: list[Entry], slot: DigestSlot, now: datetime) -> bool:
    """Write one digest. `now` may be a rehearsed instant, so the row's own times count from the real one."""
    present = services.clock()
    draft = outbox.Draft(
        dedup_key=key,
        chat_id=chat_id,
        kind="digest",
        text=digest(entries, slot.session, services.settings.alerts.horizon),
        not_before=present,
        expires_at=present + (slot.fresh_until - now),
    )
    with services.store.transaction() as db:
        return outbox.owe(db, draft, present)


def _prices(services: Services, entries: list[Entry], slot: DigestSlot) -> Prices:
    """How far the prices reach; a market that is not live is never waited for."""
    if not services.provider.live:
        return Prices.IN
    forecasts = [entry.forecast for entry in entries]
    if all(made is not None and made.problem is Problem.STALE for made in forecasts):
        return Prices.OUT_OF_DATE
    return Prices.LATE if any(_is_late(entry, slot) for entry in entries) else Prices.IN


def _is_late(entry: Entry, slot: DigestSlot) -> bool:
    """Whether waiting may bring the bar. A symbol that is gone or long out of date must not hold up the others."""
    if entry.forecast is None:
        return entry.late
    return entry.forecast.cutoff < slot.session and entry.forecast.problem is not Problem.STALE


class _Desk:
    """The forecasts of one tick: each symbol and session is computed once, whoever watches it."""

    def __init__(self, services: Services, horizon: int) -> None:
        self._services, self._horizon = services, horizon
        self._entries: dict[tuple[str, str], Entry] = {}

    def entry(self, one: Subscription, slot: DigestSlot) -> Entry:
        """What to say about one symbol, as of the slot's session."""
        key = (one.symbol, slot.session.isoformat())
        if key not in self._entries:
            self._entries[key] = self._make(one, slot)
        return self._entries[key]

    def _make(self, one: Subscription, slot: DigestSlot) -> Entry:
        known = listed().get(one.symbol) or Instrument(one.symbol, one.symbol, "", one.calendar, "")
        try:
            instrument = self._services.provider.instrument(one.symbol)
            outlook = queries.outlook(self._services, instrument, slot.session)
            made = forecast_at(outlook, self._horizon, self._services.clock())
            return Entry(instrument, made, queries.previous(self._services, queries.Answer(made, outlook)))
        except BellwetherError as problem:
            log.warning("No forecast of %s for the digest: %s", one.symbol, problem)
            return Entry(known, None, None, str(problem), late=isinstance(problem, MarketDataError))
