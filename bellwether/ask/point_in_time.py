"""What may be known of an instrument when a session has closed: its bars, and the market series beside them."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Protocol

from bellwether.core.announcement import Announcement
from bellwether.core.errors import BadDate, MarketDataError, UnknownSymbol, UnusableBars
from bellwether.core.i18n.translate import said, together
from bellwether.core.types import MARKET_CALENDAR, MARKET_SERIES, Bars, ForecastInputs, Instrument, Origin
from bellwether.market.calendar import SETTLING, closes_at, is_session, last_closed_session
from bellwether.market.earnings.provider import ReportDates
from bellwether.market.provider import state_of_universe
from bellwether.market.scale import index_levels, recent_comparable
from bellwether.market.universe_state import NO_STATE

EARLIEST = date(1900, 1, 1)  #: as-of dates before it are typing errors
#: times, or that part, of the close before: twice as far in logs as the market series ever moved in a day (20.5 % down
#: on 1987-10-19, 115.6 % up on 2018-02-05)
FARTHEST = {"^GSPC": 1.58, "^VIX": 4.6}
HISTORY = 2520  #: bars an answer may rest on, ten years: the same whatever a source keeps beyond them
MarketBars = tuple[Bars | None, ...]  #: of MARKET_SERIES and STATE_SERIES; None where unknown


class BarSource(Protocol):
    """What is asked of a `Provider` here."""

    name: str
    live: bool
    note: str

    def bars(self, symbol: str, end: date) -> Bars:
        """Daily bars up to the session `end`."""


def last_session(calendar: str, as_of: date | None, now: datetime) -> date:
    """The newest session that may be looked at. Raises BadDate."""
    closed = last_closed_session(calendar, now - SETTLING)
    if as_of is None:
        return closed
    if as_of < EARLIEST:
        raise BadDate(
            said("No prices reach back to {day}; please give a date from {first} on.", day=as_of, first=EARLIEST)
        )
    if as_of > now.date():
        raise BadDate(said("{day} has not come yet; please give a date up to {today}.", day=as_of, today=now.date()))
    return min(as_of, closed)


def inputs_at(
    provider: BarSource,
    instrument: Instrument,
    end: date,
    market: Callable[[date], MarketBars] | None = None,
    *,
    reports: tuple[Announcement, ...] = (),
) -> ForecastInputs:
    """What is known of an instrument after the session `end`. Raises MarketDataError and UnusableBars.

    `market` gives what `market_until` does: whoever asks for many instruments keeps it. `reports` are the days of
    reports that were known then (`reports_at`).
    """
    whole = recent_comparable(provider.bars(instrument.symbol, end), HISTORY)
    bars = whole.bars
    origin = bars.origin or Origin(provider.name, provider.live, provider.note)
    closed = market_end(instrument, bars.cutoff)
    beside = market(closed) if market is not None else market_until(provider, closed)
    note = together(origin.note, *whole.notes, _about_beside(beside, origin, provider.note))
    expected = end if origin.live else None
    return ForecastInputs(origin.instrument or instrument, bars, beside, origin.source, note, expected, reports)


def reports_at(
    reports: ReportDates, instrument: Instrument, as_of: date | None, now: datetime
) -> tuple[Announcement, ...]:
    """What was known of a company's reports on a past day, or is known now; nothing that was learned later."""
    return reports.known(instrument, as_of or now.date())


def is_cut(provider: BarSource, instrument: Instrument, end: date) -> bool:
    """Whether older prices of an instrument are left out, being of another scale. Raises what `inputs_at` does."""
    return recent_comparable(provider.bars(instrument.symbol, end), HISTORY).is_cut


def market_until(provider: BarSource, end: date) -> MarketBars:
    """The bars of MARKET_SERIES, and the state of the universe as STATE_SERIES, up to a New York session."""
    state = state_of_universe(provider)
    return (
        *(_series_or_none(provider, symbol, end) for symbol in MARKET_SERIES),
        *(state(end) if state is not None else NO_STATE),
    )


def market_end(instrument: Instrument, cutoff: date) -> date:
    """The newest New York session that was closed when the instrument's own cutoff session was.

    London's Friday ends while New York still trades: a forecast as of it must know Thursday's index and no more.
    """
    if instrument.calendar == MARKET_CALENDAR or not is_session(instrument.calendar, cutoff):
        return cutoff
    return last_closed_session(MARKET_CALENDAR, closes_at(instrument.calendar, cutoff))


def _series_or_none(provider: BarSource, symbol: str, end: date) -> Bars | None:
    """None when the source does not have it, or it cannot be believed: the model can do without, and says so."""
    try:
        return index_levels(provider.bars(symbol, end), FARTHEST[symbol])
    except (MarketDataError, UnknownSymbol, BadDate, UnusableBars):
        return None


def _about_beside(beside: Sequence[Bars | None], origin: Origin, quiet: str) -> str:
    """Says so when the market series are old, or of another source than the prices; a trouble of both is told once.

    `quiet` is what the market says when there is none.
    """
    for series in beside:
        its = series.origin if series is not None else None
        if its is None or its.note == quiet or (its.source == origin.source and origin.note != quiet):
            continue
        return said("Of the wider market: {note}", note=its.note)
    return ""
