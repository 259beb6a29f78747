"""The whole market at a glance: one row for each symbol of the universe, worked out once for each session.

every served symbol
| outlook, as_shown    the same forecast as on its own page, so that the two cannot disagree
| row_of               its range, its day and how unusual it is
| work_out             the rows so far, now and then, and at last all of them
| Overviews            kept, and worked out by one thread while others go on

A live source is not asked for five hundred symbols because somebody opens a page: only bars that are kept are read.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property, partial

from cachetools import LRUCache

from bellwether.ask import forecasts
from bellwether.ask.bars_at_hand import bars_at_hand
from bellwether.ask.evenings import with_evening
from bellwether.ask.point_in_time import inputs_at, last_session, market_until, reports_at
from bellwether.core.errors import BellwetherError
from bellwether.core.pools import pool
from bellwether.core.types import MARKET_CALENDAR, Q10, Q90, Bars, Forecast, Instrument, Outlook
from bellwether.forecasting.forecaster import forecast_at, make_outlook
from bellwether.market.calendar import SETTLING, last_closed_session
from bellwether.market.sources import remote
from bellwether.services import Services

MOST_KEPT = 8  #: overviews, one for each horizon that was asked for
KEPT_FOR = timedelta(minutes=10)  #: of a live source, which may have brought more symbols by then
PATIENCE = 2.0  #: seconds that a visitor waits for an overview which is being worked out
AT_ONCE = 250  #: symbols after which those worked out so far can be seen
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """One symbol: its range, its day and how unusual they are. All but prices are fractions."""

    forecast: Forecast
    sector: str  #: as S&P names it; empty where not known
    change: float | None  #: of the last close from the one before; None where either is missing
    width: float  #: of the 80 % range, as a fraction of the last close
    against_rule: float | None  #: width / the plain rule's; None where the answer is the plain rule's
    against_usual: float | None  #: recent volatility / its own over the year before; None without such a year


@dataclass(frozen=True, slots=True)
class Overview:
    """Every symbol that could be answered, in the order of the universe."""

    horizon: int  #: sessions
    rows: tuple[OverviewRow, ...]
    looked_at: int  #: symbols so far, with those that could not be answered
    served: int  #: symbols in the universe
    made_at: datetime
    kept_only: bool  #: whether only symbols whose prices are kept were looked at

    @property
    def is_whole(self) -> bool:
        """Whether every symbol was looked at."""
        return self.looked_at == self.served

    @property
    def cutoff(self) -> date | None:
        """The newest session behind any of the rows; None when there are none."""
        return max((row.forecast.cutoff for row in self.rows), default=None)


def row_of(made: Forecast, outlook: Outlook) -> OverviewRow:
    """A forecast as a row, and the outlook that it was read from."""
    growths, facts = made.growths, made.explanation
    usual = facts.usual_volatility
    return OverviewRow(
        forecast=made,
        sector=outlook.instrument.sector,
        change=_change(outlook.bars),
        width=growths[Q90] - growths[Q10],
        against_rule=None if made.problem else facts.width_against_baseline,
        against_usual=facts.volatility / usual if usual else None,
    )


def _change(bars: Bars) -> float | None:
    """What the last session did to the price, dividends included."""
    before, last = (float(close) for close in bars.closes[-2:]) if len(bars) > 1 else (0.0, 0.0)
    return last / before - 1 if before > 0 and last > 0 else None


def forecasts_of(services: Services, instruments: Iterable[Instrument], horizon: int) -> list[Forecast]:
    """The forecasts of those that have usable prices, without asking a source for any. Raises BadHorizon.

    The model is silent wherever its record silences it. Nothing is entered into the ledger.
    """
    return [answer.forecast for answer in answers_of(services, instruments, horizon)]


def answers_of(services: Services, instruments: Iterable[Instrument], horizon: int) -> list[forecasts.Answer]:
    """The same with the outlooks that they were read from."""
    return [answer for answer in _answers(services, instruments, horizon) if answer is not None]


def _answers(services: Services, instruments: Iterable[Instrument], horizon: int) -> Iterator[forecasts.Answer | None]:
    """What `forecasts_of` does, symbol by symbol; None where one has no usable prices."""
    prices = bars_at_hand(services)
    market = cache(partial(market_until, prices))
    for instrument in instruments:
        try:
            end = last_session(instrument.calendar, None, services.clock())
            # each is looked at once: they are not kept, for those of a whole universe would fill the memory
            reports = reports_at(services.reports, instrument, None, services.clock())
            known = inputs_at(prices, instrument, end, market, reports=reports)
            outlook = make_outlook(with_evening(services, known, services.model), services.model)
        except BellwetherError:
            yield None
            continue
        outlook = forecasts.as_shown(services, outlook)
        yield forecasts.Answer(forecast_at(outlook, horizon, services.clock()), outlook)


def work_out(services: Services, horizon: int) -> Iterator[Overview]:
    """One horizon for every served symbol: what there is after every AT_ONCE of them, and at last the whole.

    Those without usable prices are left out. Raises BadHorizon.
    """
    kept_only, served = remote(services.provider) is not None, services.universe.served
    rows: list[OverviewRow] = []
    for looked_at, answer in enumerate(_answers(services, served, horizon), 1):
        if answer is not None:
            rows.append(row_of(answer.forecast, answer.outlook))
        if looked_at % AT_ONCE == 0 and looked_at < len(served):
            yield Overview(horizon, tuple(rows), looked_at, len(served), services.clock(), kept_only)
    yield Overview(horizon, tuple(rows), len(served), len(served), services.clock(), kept_only)


class Overviews:
    """The overviews of one service. Safe to share between threads."""

    def __init__(self, services: Services, work: Callable[[Services, int], Iterable[Overview]] = work_out) -> None:
        """Nothing is worked out before it is asked for. `work` is as `work_out`: its last overview is the whole one."""
        self._services, self._work = services, work
        self._ready: LRUCache[int, tuple[date, Overview]] = LRUCache(MOST_KEPT)
        self._under_way: dict[int, Future[Overview]] = {}
        self._begun: dict[int, Overview] = {}  # what there is so far of those under way
        self._lock = threading.Lock()

    def get(self, horizon: int, patience: float = PATIENCE) -> Overview | None:
        """The overview of this session; the last one while a new one is made, else what there is of it so far.

        None when there is nothing yet. Waits at most `patience` seconds, and only where there is no whole one to show.
        Raises what working it out raises.
        """
        session = last_closed_session(MARKET_CALENDAR, self._services.clock() - SETTLING)
        with self._lock:
            kept = self._ready.get(horizon)
            if kept is not None and kept[0] == session and not self._is_old(kept[1]):
                return kept[1]
            future = self._under_way.get(horizon)
            if future is None:
                future = self._under_way[horizon] = self._worker.submit(self._make, horizon, session)
        if kept is not None:
            return kept[1]
        try:
            return future.result(patience)
        except TimeoutError:
            with self._lock:
                return self._begun.get(horizon)

    def _is_old(self, overview: Overview) -> bool:
        return overview.kept_only and self._services.clock() - overview.made_at > KEPT_FOR

    @cached_property
    def _worker(self) -> ThreadPoolExecutor:
        """One thread, made once: it holds a connection to the database."""
        return pool(1, "overview")

    def _make(self, horizon: int, session: date) -> Overview:
        try:
            for made in self._work(self._services, horizon):
                with self._lock:
                    self._begun[horizon] = made
            with self._lock:
                self._ready[horizon] = (session, made)
            return made
        except BellwetherError:
            raise
        except Exception:
            log.exception("The overview could not be worked out.")
            raise
        finally:
            with self._lock:
                del self._under_way[horizon]
                self._begun.pop(horizon, None)
