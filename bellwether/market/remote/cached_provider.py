"""Bars of a remote source, fetched once for each symbol and session and shared by everyone who asks.

memory              up to MOST_SYMBOLS, for the hot path
| BarHistory        SQLite: other processes' bars, and those from before a restart
| GuardedSource     the source itself, only for what is missing
| joined            new bars at the end of the kept ones, or all of them again
| repaired          what comes whole is put right once the source has answered, one symbol at a time
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from weakref import WeakValueDictionary

from cachetools import LRUCache

from bellwether.core.announcement import Announcement
from bellwether.core.errors import BadDate, BellwetherError, Delisted, NoPrices, SourceError, StoreError, UnknownSymbol
from bellwether.core.i18n import numbers
from bellwether.core.i18n.translate import Said, said, together
from bellwether.core.pools import pool
from bellwether.core.types import Bars, Instrument, to_date
from bellwether.db.database import Store, is_recent
from bellwether.market.calendar import SETTLING, last_closed_session, sessions_between
from bellwether.market.holes import Gap, last_gap
from bellwether.market.kept_state import KeptState
from bellwether.market.provider import Announced, Fetched, RemoteSource, Search
from bellwether.market.remote.bar_history import BarHistory, StoredBars
from bellwether.market.remote.guarded_source import GuardedSource
from bellwether.market.remote.instruments_table import SymbolRequest
from bellwether.market.remote.splice import OVERLAP, joined, may_be_joined
from bellwether.market.scale import settled_until
from bellwether.market.universe_state import StateBars

MOST_SYMBOLS = 128  #: kept in memory at once: 12 years of a symbol are 170 kB, and reading them takes 0.1 ms
FETCHED = timedelta(days=366 * 12)  #: of history before the day asked for, where a symbol is new
OLDEST = date(1900, 1, 1)  #: no source has prices as old
NEEDED = timedelta(days=366 * 10)  #: of history before the day asked for: what an answer may rest on
PROBED = timedelta(days=14)  #: of history in a question that only finds out whether the source answers
FAILURE_PAUSE = timedelta(seconds=10)  #: a symbol that failed is not asked for again sooner, whoever wants it
AGAIN_AFTER = timedelta(minutes=10)  #: when the newest session was not there yet, ask again after this
HOLE_AGAIN_AFTER = timedelta(hours=1)  #: the same where the session before the newest is missing: it may come late

log = logging.getLogger(__name__)


class CachedProvider:
    """A provider that remembers, and answers with what it has while its source does not answer.

    Two requests for one symbol make one fetch. A source in trouble is an error only for symbols that are not kept;
    bars that are kept come with a note which says how old they are and why.
    """

    live = True

    def __init__(self, source: RemoteSource, asker: GuardedSource, store: Store, clock: Callable[[], datetime]) -> None:
        """`clock` tells the present, aware."""
        self.name, self.note = source.name, source.note
        self.asker = asker
        self.source, self._clock = source, clock
        self.search: Search | None = self._searched if hasattr(source, "search") else None
        self.announcements: Announced | None = self._announced if hasattr(source, "announcements") else None
        self.state = KeptState(store, source.name)
        self._history = BarHistory(store, source.name, source.note)
        self._failed: dict[str, tuple[datetime, BellwetherError]] = {}
        self._kept: LRUCache[str, StoredBars] = LRUCache(MOST_SYMBOLS)
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()  # gone when nobody waits
        self._guard = threading.Lock()
        self._repairing = threading.Lock()  # of several at once each would take longer, and everybody else with them

    def describe(self) -> str:
        """The market in words."""
        return self.source.describe()

    def universe(self) -> tuple[Instrument, ...]:
        """The instruments known without asking."""
        return self.source.universe()

    def all_asked(self) -> list[SymbolRequest]:
        """Every symbol whose bars are kept, and when they were asked for."""
        return self._history.all_asked()

    def at_hand(self, symbol: str) -> Bars | None:
        """All bars of a symbol that are kept, whatever their age; None where there are none. Asks nobody."""
        kept = self._in_memory(symbol) or self._history.load(symbol)
        return kept.bars if kept is not None else None

    def probe(self, symbol: str) -> date:
        """Ask the source whatever is kept; the last closed session it has. Raises what a fetch raises."""
        now = self._clock()
        today = now.date()
        return self._closed(self.asker.ask(partial(self.source.fetch, symbol, today - PROBED, today)), now).cutoff

    def instrument(self, symbol: str) -> Instrument:
        """The instrument, from the answer that also brings the bars: one fetch for both."""
        kept = self._in_memory(symbol)
        if kept is None:
            with self._lock_of(symbol):
                kept = self._history.load(symbol) or self._fetched(symbol, self._clock().date(), None)
        return self._remember(kept).asked.instrument

    def bars(self, symbol: str, end: date) -> Bars:
        """Bars up to and including `end`, with a note where the source failed to bring newer ones."""
        if end < OLDEST:
            raise BadDate(said("{source} has no prices as old as {day}.", source=self.describe(), day=end))
        whole, problem = self._whole(symbol, end), None
        if whole is not None:  # before the lock: a refresh of this symbol may hold it for as long as the source takes
            kept = self._remember(whole)
        else:
            with self._lock_of(symbol):
                kept, problem = self._best(symbol, end)
        bars = kept.bars.until(end)
        if bars is None:
            first = to_date(kept.bars.sessions[0])
            raise problem or BadDate(
                said(
                    "The prices of {symbol} begin on {first}; there are none up to {day}.",
                    symbol=symbol,
                    first=first,
                    day=end,
                )
            )
        if problem is None or bars.origin is None:
            return bars
        return replace(bars, origin=replace(bars.origin, note=together(self._why_old(bars, problem), self.note)))

    def universe_state(self, end: date) -> StateBars:
        """How the universe as a whole moved up to a session, as far as it was worked out in the evenings."""
        return self.state.until(end)

    def refresh(self, symbol: str) -> bool:
        """Fetch what is missing up to the last closed session, and a close before it that may have come; False when
        nothing is.

        Raises what a fetch raises, and StoreError: what cannot be kept would be fetched again by every refresh.
        """
        today = self._clock().date()
        with self._lock_of(symbol):
            asked = self._history.asked(symbol)
            reaches = asked is not None and self._reaches(asked, today)
            if reaches and asked is not None and is_recent(asked.at, self._clock(), HOLE_AGAIN_AFTER):
                return False
            # what nobody asks for stays out of memory
            kept = self._history.load(symbol) or self._in_memory(symbol)
            if reaches and kept is not None and not self._may_be_filled(kept):
                return False
            new = self._fetched(symbol, today, kept, must_be_kept=True)
            if symbol in self._kept:
                self._remember(new)
        return True

    @cached_property
    def workers(self) -> ThreadPoolExecutor:
        """Threads for `refresh`, made once: each holds a connection to the database."""
        return pool(self.asker.connections, "refresh")

    def _searched(self, text: str) -> tuple[Instrument, ...]:
        found: tuple[Instrument, ...] = self.asker.ask(lambda timeout: self.source.search(text, timeout))  # type: ignore[attr-defined]
        return found

    def _announced(self, symbol: str) -> tuple[Announcement, ...]:
        return self.asker.ask(lambda timeout: self.source.announcements(symbol, timeout))  # type: ignore[attr-defined]

    def _lock_of(self, symbol: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(symbol, threading.Lock())

    def _whole(self, symbol: str, end: date) -> StoredBars | None:
        """What is kept, where it is all there is to know at `end`; a close that came late is for `refresh` to find."""
        kept = self._in_memory(symbol)
        if kept is None or not self._reaches(kept.asked, end):
            kept = self._history.load(symbol)
        return kept if kept is not None and self._reaches(kept.asked, end) else None

    def _best(self, symbol: str, end: date) -> tuple[StoredBars, BellwetherError | None]:
        """The history up to `end`; or the one we have, and why it is not better. Raises when there is none."""
        whole = self._whole(symbol, end)
        if whole is not None:  # somebody else fetched it meanwhile
            return self._remember(whole), None
        kept = self._history.load(symbol) or self._in_memory(symbol)
        try:
            return self._remember(self._fetched(symbol, end, kept)), None
        except (SourceError, NoPrices, UnknownSymbol) as problem:
            if kept is None:
                raise
            return self._remember(kept), problem

    def _remember(self, kept: StoredBars) -> StoredBars:
        with self._guard:
            self._kept[kept.bars.symbol] = kept
        return kept

    def _in_memory(self, symbol: str) -> StoredBars | None:
        with self._guard:
            return self._kept.get(symbol)

    def _reaches(self, asked: SymbolRequest, end: date) -> bool:
        """Whether what we keep is all there is to know at `end`, or was asked for a moment ago."""
        if asked.since > end - NEEDED:
            return False
        if asked.until >= end:
            return True
        calendar, now = asked.instrument.calendar, self._clock()
        end = min(end, last_closed_session(calendar, now - SETTLING))
        if sessions_between(calendar, asked.until, end) == 0:
            return True
        return is_recent(asked.at, now, AGAIN_AFTER) and last_closed_session(calendar, asked.at - SETTLING) >= end

    def _may_be_filled(self, kept: StoredBars) -> bool:
        """Whether the session before the newest one is missing, and may have come since it was asked for."""
        calendar = kept.asked.instrument.calendar
        newest = last_closed_session(calendar, self._clock() - SETTLING)
        return kept.bars.cutoff == newest and last_gap(calendar, kept.bars) is Gap.HOLE

    def _fetched(self, symbol: str, end: date, kept: StoredBars | None, *, must_be_kept: bool = False) -> StoredBars:
        """Ask the source for what is missing, and keep the answer. Raises what it raises, or raised a moment ago.

        An answer that cannot be kept is still one; only where it `must_be_kept` this raises StoreError.
        """
        now = self._clock()
        at, failure = self._failed.get(symbol, (now, None))
        if failure is not None and is_recent(at, now, FAILURE_PAUSE):
            raise failure.with_traceback(None)
        try:
            # in one question, so that a history that must be fetched whole takes no longer than any other
            new, since, first = self.asker.ask(lambda timeout: self._newest(symbol, end, kept, now.date(), timeout))
            # here, not in the question: the source has answered, and must not be taken for slow
            with self._repairing:
                new = new.repaired()
            bars = self._closed(new, now)
        except BellwetherError as problem:
            with self._guard:
                self._failed = {
                    failed: entry for failed, entry in self._failed.items() if is_recent(entry[0], now, FAILURE_PAUSE)
                }
                self._failed[symbol] = (now, problem)
            raise
        # a broken newest bar does not count as there: it is asked for again
        asked = SymbolRequest(new.instrument, since, settled_until(bars, new.doubtful), now, new.doubtful)
        made = self._history.kept(asked, bars)
        try:
            self._history.save(made, kept, first)
        except StoreError as problem:
            if must_be_kept:
                raise
            log.warning("Prices of %s cannot be kept: %s", symbol, problem.for_operator)
        return made

    def _newest(
        self, symbol: str, end: date, kept: StoredBars | None, today: date, timeout: float
    ) -> tuple[Fetched, date, date | None]:
        """The whole history, its first day asked for, and the first that differs from what was kept; None when any may.

        The session that is still running may be in it.
        """
        tomorrow = today + timedelta(days=1)  # east of UTC it may be over already
        # a doubt about the past ends only once all of it is seen anew
        if kept is not None and kept.asked.since <= end - NEEDED and kept.asked.doubtful is None:
            start = to_date(kept.bars.sessions[-OVERLAP:][0])
            new = self.source.fetch(symbol, start, tomorrow, timeout)
            if may_be_joined(kept.bars, kept.asked.instrument, new):
                new = new.repaired()  # few rows, at once
                together = joined(kept.bars, kept.asked.instrument, new)
                if together is not None:
                    return replace(new, bars=together), kept.asked.since, start
        start = min(end, today) - FETCHED
        return self.source.fetch(symbol, start, tomorrow, timeout), start, None

    def _closed(self, new: Fetched, now: datetime) -> Bars:
        bars = new.bars.until(last_closed_session(new.instrument.calendar, now - SETTLING))
        if bars is None:
            raise NoPrices(
                said("{source} has no closing price of {symbol} yet.", source=self.describe(), symbol=new.bars.symbol)
            )
        return bars

    def _why_old(self, bars: Bars, problem: BellwetherError) -> Said:
        as_of, source = numbers.closing(bars.cutoff, self._clock().date()), self.describe()
        if isinstance(problem, SourceError):
            how = said(problem.trouble.value)
            return said("Prices as of {close}; {source} {trouble}.", close=as_of, source=source, trouble=how)
        if isinstance(problem, UnknownSymbol):
            gone = Delisted(bars.symbol, source).args[0]
            return said("Prices as of {close}; {reason}", close=as_of, reason=gone)
        return said("Prices as of {close}; {source} has no newer ones.", close=as_of, source=source)
