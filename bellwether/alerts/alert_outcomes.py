"""How alerts turned out: when the horizon of one has closed, its message is answered with what came.

alerts whose target session has closed, told by a message, not yet reported
| bars            each symbol once
| outcome         the range that was told against the prices that came
| outbox.owe      an answer to the message, and the alert is marked in the same transaction
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from bellwether.alerts import alerts_table
from bellwether.alerts.text import alerts
from bellwether.core.alert_types import Alert
from bellwether.core.errors import BellwetherError
from bellwether.core.types import Instrument
from bellwether.delivery import outbox_table
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.kinds import OUTCOME
from bellwether.market.bars import STALE_AFTER
from bellwether.market.calendar import SETTLING, last_closed_session
from bellwether.market.symbols.universe import instrument_of
from bellwether.services import Services
from bellwether.track_record.grading import GradedRange, Range, outcome_when_sure

NO_PRICE = "none: no price came"  #: in place of an outcome's message, when nobody could tell any more
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Report:
    """One alert that can be reported on."""

    alert: Alert
    instrument: Instrument
    turned_out: GradedRange | None  #: None: the prices will not come any more


def report_outcomes(services: Services, now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Write the answers that are due at `now`; how many. Safe to run late, twice or not at all. Raises StoreError."""
    written = 0
    with services.store.reading() as db:
        calendars = alerts_table.calendars_with_open_outcomes(db)
    for calendar in calendars:
        session = last_closed_session(calendar, now - SETTLING)
        with services.store.reading() as db:
            closed = alerts_table.closed(db, calendar, session)
        for symbol, of_symbol in groupby(closed, lambda one: one.symbol):
            if stopping():
                return written
            reports = _reports(services, symbol, session, list(of_symbol))
            written += _write(services, reports, now)
    return written


def _reports(services: Services, symbol: str, session: date, closed: list[Alert]) -> list[_Report]:
    """What can be said about the alerts on one symbol; those whose prices may still come are left for later."""
    instrument, bars = instrument_of(symbol), None
    try:
        instrument = services.provider.instrument(symbol)
        bars = services.provider.bars(symbol, session)
    except BellwetherError as problem:
        log.warning("No outcomes of %s for now: %s", symbol, problem)
    found = []
    for one in closed:
        assert one.target_session is not None and one.low is not None and one.high is not None  # as they were asked for
        told = Range(symbol, one.session, one.horizon, one.target_session, one.low, one.high)
        given_up = (session - one.target_session).days > STALE_AFTER
        turned_out = outcome_when_sure(told, bars, waited=given_up) if bars is not None else None
        if turned_out is not None or given_up:
            found.append(_Report(one, instrument, turned_out))
    return found


def _write(services: Services, reports: list[_Report], now: datetime) -> int:
    """Owe the answers about one symbol."""
    if not reports:
        return 0
    written = 0
    freshness = timedelta(minutes=services.settings.alerts.freshness)
    with services.store.transaction() as db:
        wishes = ChatWishes.read(db)
        present = services.clock()
        for report in reports:
            if report.turned_out is None:
                alerts_table.reported(db, report.alert.id, NO_PRICE)
                continue
            begin = wishes.begin(report.alert.chat_id, now, present)
            key = f"{OUTCOME}:{report.alert.chat_id}:{report.alert.target_session}:{report.alert.id}"
            with wishes.speaking(report.alert.chat_id):
                text = alerts.turned_out(report.alert, report.turned_out, report.instrument)
            draft = outbox_table.Draft(
                dedup_key=key,
                chat_id=report.alert.chat_id,
                kind=OUTCOME,
                text=text,
                not_before=begin,
                expires_at=begin + freshness,
                reply_key=report.alert.message_key,
            )
            written += outbox_table.enqueue(db, draft, present)
            alerts_table.reported(db, report.alert.id, key)
    return written
