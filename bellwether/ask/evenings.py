"""The evening's width: the numbers by which a model's ranges and the plain rule's are stretched after a session.

forty stocks | what was forecast of each after each of the last sessions, and what came the day after | replayed from 0

They are made of bars up to the session, and of what was known of reports by then, and of nothing else: the same bars
and days give the same numbers at any time and on any machine.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache, partial
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

from bellwether.ask.bars_at_hand import bars_at_hand
from bellwether.ask.point_in_time import BarSource, inputs_at, market_end, market_until
from bellwether.core.calibration import EveningWidth
from bellwether.core.errors import BadDate, BellwetherError, MarketDataError, UnknownSymbol, UnusableBars
from bellwether.core.types import (
    MARKET_CALENDAR,
    MARKET_SERIES,
    SAMPLE,
    Bars,
    Floats,
    ForecastInputs,
    Instrument,
    to_date,
)
from bellwether.forecasting.evening_width import REPLAYED, Learned, replayed, width_of
from bellwether.forecasting.forecaster import RawHeads, raw_heads
from bellwether.forecasting.kept_widths import Seen
from bellwether.market.calendar import session_after, sessions_between
from bellwether.market.earnings.known import Facts
from bellwether.market.jumps import doubtful_moves
from bellwether.market.provider import state_of_universe
from bellwether.market.returns import are_prices
from bellwether.market.symbols.universe import instrument_of
from bellwether.market.universe_state import FEWEST, NO_STATE, StateBars, counts_for_state
from bellwether.models.onnx_model import OnnxModel
from bellwether.services import Services

#: Stocks in the pool. A day's returns have so much in common that more stocks tell hardly more: where falling outside
#: correlates with .15, the share of 40 is 6 % less exact than that of 400, and takes a tenth of the time.
MOST_STOCKS = 40
MOST_AGE = 5  #: sessions for which an evening's numbers are used where no newer ones are known


def with_evening(
    services: Services,
    known: ForecastInputs,
    model: OnnxModel | None,
    *,
    looks_back: bool = False,
    only_kept: bool = False,
) -> ForecastInputs:
    """The same inputs with the numbers of their cutoff's session, where this model's ranges are stretched at all.

    Those of a day of the past are worked out where they are not kept, unless `only_kept` ones are wanted; of the newest
    session of a live market that is the evening job's work.
    """
    if model is None or not model.card.evening_width:
        return known
    end = market_end(known.instrument, known.bars.cutoff)
    may_work = not only_kept and (looks_back or not services.provider.live)
    return replace(known, evening=_evening_of(services, model, end, may_work))


def _evening_of(services: Services, model: OnnxModel, end: date, may_work: bool) -> EveningWidth | None:
    widths, source = services.widths, services.provider.name
    kept = widths.newest(source, model.card.model_id, end) if source != SAMPLE else widths.of_sample(model, end)
    if kept is not None and kept.session == end:
        return kept
    made = _worked_out(services, model, end) if may_work else None
    if made is not None:
        return made
    return kept if kept is not None and sessions_between(MARKET_CALENDAR, kept.session, end) <= MOST_AGE else None


def _worked_out(services: Services, model: OnnxModel, end: date) -> EveningWidth | None:
    widths, key = services.widths, (services.provider.name, model.card.model_id, end)
    with widths.making:
        made = widths.made.get(key)
        if made is None and (learned := learned_at(services, model, end)) is not None:
            made = widths.made[key] = width_of(end, *learned)
        return made


def learned_at(services: Services, model: OnnxModel, end: date) -> tuple[Learned, Learned] | None:
    """What is learned up to the New York session `end` of the model and of the plain rule; None where nothing is.

    To be called by whoever holds `services.widths.making`. Nobody is asked for bars.
    """
    sessions = [session_after(MARKET_CALENDAR, end, -back) for back in range(REPLAYED, -1, -1)]
    held = _Held(bars_at_hand(services), end)
    pool = _pool(services, held, sessions[0])
    evenings = [_seen_on(services, model, held, pool, session) for session in sessions]
    both = list(pairwise(evenings))
    of_model = replayed(_pairs(before, after, plain=False) for before, after in both)
    of_rule = replayed(_pairs(before, after, plain=True) for before, after in both)
    return (of_model, of_rule) if of_rule.stocks else None


class _Held:
    """A market whose bars are read once."""

    def __init__(self, prices: BarSource, end: date) -> None:
        self.name, self.live, self.note = prices.name, prices.live, prices.note
        self._whole = cache(partial(prices.bars, end=end))
        self._state = state_of_universe(prices)
        self.market = cache(partial(market_until, self))
        self._market_digest = cache(self._digest_of_market)

    def bars(self, symbol: str, end: date) -> Bars:
        """Bars up to `end`. Raises what the market does."""
        bars = self._whole(symbol).until(end)
        if bars is None:
            raise MarketDataError(f"No prices of {symbol} up to {end} are at hand.")
        return bars

    def universe_state(self, end: date) -> StateBars:
        """As the market has it."""
        return self._state(end) if self._state is not None else NO_STATE

    def digest(self, instrument: Instrument, session: date) -> bytes:
        """Of all bars that a forecast of a session reads: another one where any of them is. Raises what `bars` does."""
        bars = self.bars(instrument.symbol, session)
        of_market = self._market_digest(market_end(instrument, bars.cutoff))
        doubtful = bars.origin.doubtful if bars.origin is not None else None
        return _digest(of_market + str(doubtful).encode(), bars.sessions, bars.values.T, bars.quoted_closes)

    def _digest_of_market(self, end: date) -> bytes:
        together = b""
        for series in self.market(end):
            together = _digest(together, *(() if series is None else (series.sessions, series.values)))
        return together


def _digest(before: bytes, *arrays: npt.NDArray[np.generic]) -> bytes:
    digest = hashlib.sha1(before, usedforsecurity=False)  # quickest, and much is read for each forecast
    for array in arrays:
        digest.update(array.tobytes())
    return digest.digest()


def _pool(services: Services, held: _Held, first: date) -> list[Instrument]:
    """The stocks whose ranges are held against what came; the index alone where they are too few.

    Any choice would do that does not look at prices, and stays nearly the same when the universe changes.
    """
    pool: list[Instrument] = []
    chosen = filter(counts_for_state, services.universe)
    for instrument in sorted(chosen, key=lambda instrument: (crc32(instrument.symbol.encode()), instrument.symbol)):
        if len(pool) == MOST_STOCKS:
            break
        try:
            bars = held.bars(instrument.symbol, date.max)
        except BellwetherError:
            continue
        if bars.cutoff > first:
            pool.append(instrument)
    return pool if len(pool) >= FEWEST else [instrument_of(MARKET_SERIES[0])]


def _seen_on(
    services: Services, model: OnnxModel, held: _Held, pool: Sequence[Instrument], session: date
) -> dict[str, Seen]:
    """What is seen of the pool after a session; stocks without a bar of it are left out.

    Remembered by what was read: a forecast made while the state or some bars were missing is none of those made later.
    """
    remembered, key = services.widths.seen, (services.provider.name, model.card.model_id, session)
    there: dict[str, Seen] = {}
    new, known = [], []
    for instrument in pool:
        try:
            reports = services.reports.known(instrument, session)
            read = (instrument.symbol, held.digest(instrument, session), reports)
        except (MarketDataError, UnknownSymbol, BadDate, UnusableBars):
            continue
        if (key, read) in remembered:
            there[instrument.symbol] = remembered[key, read]
        elif (inputs := _inputs(held, instrument, session, reports)) is not None:
            new.append(read)
            known.append(inputs)
    before = session_after(MARKET_CALENDAR, session, -1)
    for read, inputs, raw in zip(new, known, raw_heads(known, model), strict=True):
        there[read[0]] = remembered[key, read] = Seen(raw, _log_return(inputs.bars, before))
    return there


def _inputs(held: _Held, instrument: Instrument, session: date, reports: Facts) -> ForecastInputs | None:
    """What a forecast of that evening would have read, reports known by then included; None without a bar of it."""
    try:
        known = inputs_at(held, instrument, session, held.market, reports=reports)
    except (MarketDataError, UnknownSymbol, BadDate, UnusableBars):
        return None
    return known if known.bars.cutoff == session else None


def _log_return(bars: Bars, before: date) -> float | None:
    """Into the last session from the one before; None where either close is missing, or the move is in doubt."""
    closes = bars.closes[-2:]
    if len(closes) < 2 or to_date(bars.sessions[-2]) != before or not are_prices(closes).all():
        return None
    if len(bars) - 1 in doubtful_moves(bars):
        return None
    return float(np.log(closes[1] / closes[0]))


def _pairs(before: dict[str, Seen], after: dict[str, Seen], *, plain: bool) -> tuple[Floats, Floats]:
    """What `evening_width.step` reads: the quantiles after one session and the returns into the next."""
    quantiles, returns = [], []
    for symbol, seen in after.items():
        raw = before[symbol].raw if symbol in before else None
        at_heads = _of(raw, plain)
        if at_heads is not None and seen.log_return is not None:
            quantiles.append(at_heads)
            returns.append(seen.log_return)
    return (np.stack(quantiles) if quantiles else np.empty((0, 0, 0))), np.array(returns)


def _of(raw: RawHeads | None, plain: bool) -> Floats | None:
    if raw is None:
        return None
    return raw.plain if plain else raw.model
