"""How alerts turned out: when the horizon of one has closed, its message is answered with what came.

alerts_table.closed     told by a message, their target session closed, not reported yet; the chats' wishes: one read
| _observe              the bars of each symbol, once
| decide_outcomes       the ranges that were told against the prices that came; which are left for later (pure)
| _write                an answer to each message, and its alert is marked: one transaction a symbol
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from bellwether.alerts import alerts_table
from bellwether.alerts.text import alerts
from bellwether.core.alert_types import Alert
from bellwether.core.clock import Clock
from bellwether.core.errors import BellwetherError
from bellwether.core.types import Bars, Instrument
from bellwether.db.database import Store
from bellwether.delivery import chats_table, outbox_table
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.message_kinds import OUTCOME
from bellwether.market.bars import STALE_AFTER
from bellwether.market.calendar import SETTLING, last_closed_session
from bellwether.market.provider import Provider
from bellwether.market.symbols.universe import instrument_of
from bellwether.services import Services
from bellwether.track_record.grading import GradedRange, Range, outcome_when_sure

NO_PRICE = "none: no price came"  #: in place of an outcome's message, when nobody could tell any more
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AlertOutcome:
    """One alert that can be reported on."""

    alert: Alert
    turned_out: GradedRange | None  #: None: the prices will not come any more


def report_outcomes(services: Services, now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Write the answers that are due at `now`; how many. Safe to run late, twice or not at all. Raises StoreError."""
    written, freshness = 0, timedelta(minutes=services.settings.alerts.freshness)
    with services.store.reading() as db:
        sessions = {
            calendar: last_closed_session(calendar, now - SETTLING)
            for calendar in alerts_table.calendars_with_open_outcomes(db)
        }
        closed = {calendar: alerts_table.closed(db, calendar, session) for calendar, session in sessions.items()}
        wishes = ChatWishes.read(db) if any(closed.values()) else ChatWishes()
    for calendar, session in sessions.items():
        for symbol, group in groupby(closed[calendar], lambda alert: alert.symbol):
            if stopping():
                return written
            instrument, bars = _observe(services.provider, symbol, session)
            outcomes = decide_outcomes(list(group), bars, session)
            written += _write(services.store, services.clock, outcomes, instrument, freshness, now, wishes)
    return written


def _observe(provider: Provider, symbol: str, session: date) -> tuple[Instrument, Bars | None]:
    """A symbol and its bars up to a session; None where there are none now."""
    instrument = instrument_of(symbol)
    try:
        instrument = provider.instrument(symbol)
        return instrument, provider.bars(symbol, session)
    except BellwetherError as problem:
        log.warning("No outcomes of %s for now: %s", symbol, problem)
        return instrument, None


def decide_outcomes(closed: Sequence[Alert], bars: Bars | None, session: date) -> list[AlertOutcome]:
    """What can be said about the alerts on one symbol; those whose prices may still come are left out. Pure."""
    outcomes = []
    for alert in closed:
        assert alert.target_session is not None and alert.low is not None and alert.high is not None  # as asked for
        told = Range(alert.symbol, alert.session, alert.horizon, alert.target_session, alert.low, alert.high)
        given_up = (session - alert.target_session).days > STALE_AFTER
        turned_out = outcome_when_sure(told, bars, waited=given_up) if bars is not None else None
        if turned_out is not None or given_up:
            outcomes.append(AlertOutcome(alert, turned_out))
    return outcomes


def _write(
    store: Store,
    clock: Clock,
    outcomes: Sequence[AlertOutcome],
    instrument: Instrument,
    freshness: timedelta,
    now: datetime,
    wishes: ChatWishes,
) -> int:
    """Owe the answers about one symbol; how many are new."""
    if not outcomes:
        return 0
    written = 0
    with store.transaction() as db:
        # a chat may have moved or left since its alerts were read
        awake, present = chats_table.awake_among(db, {outcome.alert.chat_id for outcome in outcomes}), clock()
        for outcome in (outcome for outcome in outcomes if outcome.alert.chat_id in awake):
            alert = outcome.alert
            if outcome.turned_out is None:
                alerts_table.reported(db, alert.id, NO_PRICE)
                continue
            with wishes.speaking(alert.chat_id):
                text = alerts.turned_out(alert, outcome.turned_out, instrument)
            about = f"{alert.target_session}:{alert.id}"
            draft = wishes.draft(OUTCOME, alert.chat_id, about, text, freshness, now, present, alert.message_key)
            written += outbox_table.enqueue(db, draft, present)
            alerts_table.reported(db, alert.id, draft.dedup_key)
    return written
