"""Bars fetched once for each symbol and session, kept in memory and shared by everyone who asks."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from weakref import WeakValueDictionary

from bellwether.errors import BellwetherError
from bellwether.market.provider import Provider
from bellwether.types import Bars, Instrument

MOST_SYMBOLS = 600  #: kept at once: 12 years of a symbol are 150 kB
LOOK_BACK = timedelta(days=366)  #: a cutoff older than that needs history which what we keep may not have
FAILURE_PAUSE = timedelta(minutes=1)  #: a failed symbol is not asked for again sooner: a source in trouble needs rest
AGAIN_AFTER = timedelta(minutes=10)  #: when the newest session was not there yet, ask again after this


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    asked_end: date
    asked_at: datetime
    bars: Bars


class CachedProvider:
    """A provider that remembers. Two requests for one symbol make one fetch; failures are remembered for a minute."""

    def __init__(self, provider: Provider, clock: Callable[[], datetime]) -> None:
        """`clock` tells the present, aware."""
        self.name, self.live, self.note = provider.name, provider.live, provider.note
        self._provider, self._clock = provider, clock
        self._failed: dict[str, tuple[datetime, BellwetherError]] = {}
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()  # gone when nobody waits
        self._guard = threading.Lock()

    def describe(self) -> str:
        """The market in words."""
        return self._provider.describe()

    def universe(self) -> tuple[Instrument, ...]:
        """The instruments known without asking."""
        return self._provider.universe()

    def instrument(self, symbol: str) -> Instrument:
        """The instrument, from the answer that also brings the bars: one fetch for both.

        Yesterday's session, by UTC, is closed on every exchange, so no running session gets into what is kept.
        """
        if symbol not in self._kept:
            self.bars(symbol, self._clock().date() - timedelta(days=1))
        return self._provider.instrument(symbol)

    def bars(self, symbol: str, end: date) -> Bars:
        """Bars up to and including `end`, from memory where it reaches that far."""
        with self._guard:
            lock = self._locks.setdefault(symbol, threading.Lock())
        with lock:
            kept = self._kept.get(symbol)
            if kept is not None and end < kept.asked_end - LOOK_BACK:
                return self._provider.bars(symbol, end)  # a rare question: what is kept for the others stays
            if kept is None or not self._reaches(kept, end):
                kept = self._fetch(symbol, end)
            with self._guard:
                self._kept.move_to_end(symbol)
        return kept.bars.until(end) or self._provider.bars(symbol, end)

    def _fetch(self, symbol: str, end: date) -> _Kept:
        """Ask the provider and keep the answer. Raises what the provider raises, or raised a moment ago."""
        now = self._clock()
        until, failure = self._failed.get(symbol, (now, None))
        if failure is not None and now < until:
            raise failure.with_traceback(None)
        try:
            kept = _Kept(end, now, self._provider.bars(symbol, end))
        except BellwetherError as problem:
            with self._guard:
                self._failed = {one: entry for one, entry in self._failed.items() if entry[0] > now}
                self._failed[symbol] = (now + FAILURE_PAUSE, problem)
            raise
        with self._guard:
            self._kept[symbol] = kept
            while len(self._kept) > MOST_SYMBOLS:
                self._kept.popitem(last=False)
        return kept

    def _reaches(self, kept: _Kept, end: date) -> bool:
        """Whether what we keep is all there is to know at `end`, or was asked for a moment ago."""
        if end > kept.asked_end:
            return False
        return kept.bars.cutoff >= end or self._clock() - kept.asked_at < AGAIN_AFTER
