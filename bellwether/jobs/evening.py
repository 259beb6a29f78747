"""What is worked out once an evening from bars at hand: how all stocks together moved, and how ranges held.

served stocks | their bars, without asking anybody | is the session in for nearly all? | the sessions not entered yet
| the state of those sessions | by how much the ranges of each model are stretched after them
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from bellwether.ask.bars_at_hand import bars_at_hand
from bellwether.ask.evenings import MOST_AGE, learned_at
from bellwether.ask.point_in_time import HISTORY
from bellwether.core.errors import BadDate, MarketDataError, UnknownSymbol, UnusableBars
from bellwether.core.types import MARKET_CALENDAR, MARKET_SERIES, Bars, Instrument, to_date
from bellwether.forecasting import evening_width_table
from bellwether.market import universe_state_table
from bellwether.market.bars import check_order, mended
from bellwether.market.calendar import SETTLING, closes_at, last_closed_session
from bellwether.market.kept_state import KeptState
from bellwether.market.scale import recent_comparable
from bellwether.market.sources import kept_state
from bellwether.market.symbols.universe import instrument_of
from bellwether.market.universe_state import FEWEST, counts_for_state, is_clearly_more, state_of
from bellwether.services import Services

NEARLY_ALL = 0.9  #: share of the stocks whose bar of a session makes it complete
HALF = 0.5  #: the share that is enough once nobody waits any more; below it nothing is said of the session
PATIENCE = timedelta(hours=6)  #: after a close, for bars that come late
GONE = np.timedelta64(30, "D")  #: a stock without a bar for so long is not waited for
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Evening:
    """What one run did."""

    sessions: int = 0  #: whose state was entered, replaced ones among them
    replaced: bool = False  #: some were there, made of clearly fewer stocks
    widths: int = 0  #: evenings of a model that were entered
    waiting: bool = False  #: bars of the newest session are still coming


def keep_evening(services: Services, stopping: Callable[[], bool] = lambda: False) -> Evening:
    """Enter what is missing up to the newest session. Safe to run late, twice or not at all. Raises StoreError.

    What was made while clearly fewer stocks were at hand is made anew, and the evenings since then with it. Answers as
    of those days follow from what is there now, all of it from bars up to the day; forecasts that were issued before
    keep their own numbers in the ledger.
    """
    state = kept_state(services.provider)
    if state is None:
        return Evening()
    did = _keep_state(services, state, stopping)
    if did.replaced or not did.waiting:
        did.widths = _keep_widths(services, stopping)
    return did


def reads_evening(services: Services) -> bool:
    """Whether any model that is asked every session is made of what an evening tells."""
    models = [services.model, *services.models.named(services.settings.models.shadow)]
    cards = [model.card for model in models if model is not None]
    return any(card.evening_width or len(card.market) > len(MARKET_SERIES) for card in cards)


def _keep_state(services: Services, state: KeptState, stopping: Callable[[], bool]) -> Evening:
    source, now = services.provider.name, services.clock()
    newest = last_closed_session(MARKET_CALENDAR, now - SETTLING)
    with services.store.reading() as db:
        entered, made_of = universe_state_table.newest(db, source)
    # where none of New York's is served the index stands for them: its evening is over when its own bar is in
    expected = list(filter(counts_for_state, services.universe)) or [instrument_of(MARKET_SERIES[0])]
    if entered >= newest and not is_clearly_more(len(expected), made_of):
        return Evening()
    patient = now - closes_at(MARKET_CALENDAR, newest) < PATIENCE
    stocks = _stocks(services, expected, newest, stopping)
    # a first refresh may still be under way; those of which no bars come at all are not waited for for ever
    if stopping() or (patient and len(stocks) < HALF * len(expected)):
        return Evening(waiting=patient and entered < newest)
    made = state_of(stocks)
    fewest = FEWEST if len(expected) >= FEWEST else 1  # of fewer nothing is ever said, and nothing is waited for
    complete = _complete(stocks, made.days, NEARLY_ALL if patient else HALF, newest, fewest)
    with services.store.transaction() as db:
        added, replaced = universe_state_table.add(db, source, made.part(complete))
        if replaced is not None:
            evening_width_table.forget(db, source, replaced)
    if added:
        state.look_again()
        services.widths.look_again()
    is_in = entered >= newest or (made.days[complete] == np.datetime64(newest)).any()
    return Evening(added, replaced is not None, waiting=patient and not is_in)


def _keep_widths(services: Services, stopping: Callable[[], bool]) -> int:
    """Enter the evenings that are missing of the newest sessions whose state is there; how many."""
    source, added = services.provider.name, 0
    models = [services.model, *services.models.named(services.settings.models.shadow)]
    with services.store.reading() as db:
        sessions = [to_date(session) for session in universe_state_table.sessions_of(db, source)[-MOST_AGE:]]
    for model in models:
        if model is None or not model.card.evening_width or not sessions:
            continue
        model_id = model.card.model_id
        with services.store.reading() as db:
            kept = evening_width_table.newest(db, source, model_id, sessions[-1])
        # of a model that is new here the newest evening is enough: nobody has seen any of its forecasts
        for session in [day for day in sessions if day > kept.session] if kept is not None else sessions[-1:]:
            if stopping():
                return added
            with services.widths.making:
                learned = learned_at(services, model, session)
            if learned is not None:
                with services.store.transaction() as db:
                    evening_width_table.add(db, source, model_id, session, *learned)
                added += 1
    if added:
        services.widths.look_again()
    return added


def _stocks(services: Services, expected: Sequence[Instrument], end: date, stopping: Callable[[], bool]) -> list[Bars]:
    """The bars of these that are at hand and can be used, each as far as a forecast would read it."""
    prices, stocks = bars_at_hand(services), []
    for instrument in expected:
        if stopping():
            break
        try:
            bars = recent_comparable(prices.bars(instrument.symbol, end), HISTORY).bars
            check_order(bars)
            mended(bars)
        except (MarketDataError, UnknownSymbol, BadDate, UnusableBars) as problem:
            log.debug("%s does not count for this evening: %s", instrument.symbol, problem)
            continue
        stocks.append(bars)
    return stocks


def _complete(
    stocks: Sequence[Bars], days: npt.NDArray[np.datetime64], share: float, newest: date, fewest: int
) -> npt.NDArray[np.bool_]:
    """Which days are in for enough of the stocks that can be expected to have them, (n,).

    The newest day needs the given share; for days before it a half is enough, for they are in as far as they ever are.
    None is in for less than the `fewest` stocks.
    """
    there, expected = np.zeros(len(days)), np.zeros(len(days))
    for bars in stocks:
        there[np.isin(days, bars.sessions)] += 1
        expected[(days >= bars.sessions[0]) & (days <= bars.sessions[-1] + GONE)] += 1
    needed = np.where(days == np.datetime64(newest), share, HALF)
    return there >= np.maximum(needed * expected, fewest)
