"""A market of the past, day by day as if it were live: what the whole account is rehearsed and simulated with.

A clock that stands after each session's close | forecast_universe | settle | the sums of what came

The forecasts go through the same code as live ones, into a database of their own; what is kept of them is marked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from bellwether.ask import forecasts
from bellwether.core.errors import BadDate
from bellwether.core.types import MAX_HORIZON, Bars, Instrument, Outlook
from bellwether.db.database import Store
from bellwether.db.sqlite_store import SqliteStore
from bellwether.forecasting.kept_widths import KeptWidths
from bellwether.jobs.record_universe import forecast_universe
from bellwether.market.calendar import SETTLING, closes_at, session_after, sessions_between
from bellwether.market.provider import Provider, state_of_universe
from bellwether.market.universe_state import NO_STATE, StateBars
from bellwether.services import Services
from bellwether.track_record.ledger import ledger_table, outcomes_table
from bellwether.track_record.ledger.settle import PATIENCE, settle
from bellwether.track_record.scores.score_table import ScoreTable, together
from bellwether.track_record.scores.simulated_record import Simulated
from bellwether.track_record.scores.track_record import MOST_MISSES as MOST_OF_SYMBOL
from bellwether.track_record.scores.track_record import RecordFilter, symbol_misses, symbol_table
from bellwether.track_record.scores.types import Miss

MOST_MISSES = 200  #: kept of a replay, so that most symbols have some
Days = tuple[date, date]  #: first and last, both included
_SHOW_UP = timedelta(hours=1)  #: after the close: when the account is kept each day


class Replay:
    """A provider that knows nothing after the clock's last closed session, and otherwise passes for a live one."""

    name = "simulated"
    live = True
    note = ""

    def __init__(self, market: Provider, clock: Callable[[], datetime]) -> None:
        """`market` holds all the prices."""
        self._market, self._clock = market, clock

    def describe(self) -> str:
        """The market in words."""
        return f"a replay of {self._market.describe()}"

    def instrument(self, symbol: str) -> Instrument:
        """As the market has it."""
        return self._market.instrument(symbol)

    def bars(self, symbol: str, end: date) -> Bars:
        """Bars up to `end`, and never past what is over by the clock."""
        return self._market.bars(symbol, min(end, (self._clock() - SETTLING).date()))

    def universe_state(self, end: date) -> StateBars:
        """As the market has it, and never past what is over by the clock."""
        state = state_of_universe(self._market)
        return state(min(end, (self._clock() - SETTLING).date())) if state is not None else NO_STATE

    def universe(self) -> tuple[Instrument, ...]:
        """As the market has it."""
        return self._market.universe()


@dataclass(slots=True)
class Hands:
    """A clock that is set."""

    now: datetime

    def __call__(self) -> datetime:
        """The instant it shows."""
        return self.now


def replay(
    services: Services,
    first: date,
    last: date,
    scratch: Path,
    *,
    every: int = 1,
    only: Days | None = None,
    done: Callable[[date], object] = lambda session: None,
) -> Services:
    """Live through the sessions from `first` to `last`, entering forecasts on each `every`-th; the services it ran on.

    With `only`, a part of these days, no more than the forecasts of that part are entered, and their outcomes waited
    for: replays of all parts together enter what one of the whole does.
    Each day is answered by a model that had not seen it, where there is one. `scratch` is where the database is made.
    Raises BadDate when the span holds no session of the market.
    """
    calendar = next(iter(services.universe)).calendar
    span = sessions_between(calendar, first - timedelta(days=1), last)
    if span == 0:
        raise BadDate(f"There is no trading day from {first} to {last}.")
    hands = Hands(services.clock())
    store = SqliteStore(scratch)
    past = replace(
        services, provider=Replay(services.provider, hands), store=store, widths=KeptWidths(store), clock=hands
    )
    session, later = first - timedelta(days=1), 0
    for count in range(span):
        session = session_after(calendar, session, 1)
        if only is not None and session < only[0]:
            continue
        hands.now = closes_at(calendar, session) + _SHOW_UP
        if only is not None and session > only[1]:
            later += 1
            if later > MAX_HORIZON + PATIENCE and not _waits(store):
                break
        elif count % every == 0:
            forecast_universe(past, outlooks_of=partial(_as_of_then, past))
        settle(past.store, past.provider, past.clock)
        done(session)
    return past


def _waits(store: Store) -> bool:
    """Whether any forecast may still come to an outcome."""
    with store.reading() as db:
        return bool(outcomes_table.due(db, date.max))


def _as_of_then(past: Services, one: Instrument) -> list[tuple[Outlook, bool]]:
    """The outlook on the newest session, by a model that had not seen it."""
    return [(forecasts.outlook(past, one, (past.clock() - SETTLING).date()), True)]


def simulated_from(store: Store, symbols: tuple[str, ...]) -> Simulated:
    """What is kept of a replay: the sums of each symbol by horizon, and week within a month."""
    names: list[str] = []
    tables: list[ScoreTable] = []
    misses: list[Miss] = []
    for symbol in symbols:
        with store.reading() as db:
            rows = outcomes_table.of_symbol(db, symbol)
        daily = symbol_table(rows)
        grouped = together(daily, daily.week, daily.month)
        names += [symbol] * len(grouped.day)
        tables.append(grouped)
        misses += [
            replace(symbol_miss, forecast_id="") for symbol_miss in symbol_misses(rows, RecordFilter(symbol=symbol))
        ]
    return Simulated(np.array(names), _concatenated(tables), _biggest(misses))


def joined(parts: Sequence[Simulated]) -> Simulated:
    """What replays of parts of the days kept, in their order, as one of the whole keeps it; parts end with months."""
    names: list[str] = []
    tables: list[ScoreTable] = []
    misses: list[Miss] = []
    for symbol in dict.fromkeys(str(name) for part in parts for name in part.symbol):
        grouped = _concatenated([part.table.take(part.symbol == symbol) for part in parts])
        grouped = together(grouped, grouped.week, grouped.month)
        names += [symbol] * len(grouped.day)
        tables.append(grouped)
        own = [miss for part in parts for miss in part.misses if miss.symbol == symbol]
        misses += sorted(own, key=lambda miss: -miss.distance)[:MOST_OF_SYMBOL]
    return Simulated(np.array(names), _concatenated(tables), _biggest(misses))


def _concatenated(tables: Sequence[ScoreTable]) -> ScoreTable:
    return ScoreTable(
        **{name: np.concatenate([getattr(table, name) for table in tables]) for name in ScoreTable.__slots__}
    )


def _biggest(misses: Sequence[Miss]) -> tuple[Miss, ...]:
    return tuple(sorted(misses, key=lambda miss: -miss.distance)[:MOST_MISSES])


def rows_in(store: Store) -> int:
    """How many forecasts a replay entered."""
    with store.reading() as db:
        return ledger_table.CHAIN.head(db).rows
