"""On which days companies report: from a file, from the market where it tells them, or from nobody.

    source, asked once a day by the refresh | learned | announcements_table | known_on a day

Nobody who waits for a forecast waits for a source: `known` reads what is kept.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from cachetools import LRUCache

from bellwether.core.config import Market
from bellwether.core.errors import (
    BellwetherError,
    DamagedAnswer,
    MarketDataError,
    NoPrices,
    SourceError,
    StoreError,
    UnknownSymbol,
)
from bellwether.core.types import Instrument
from bellwether.db.database import Store, is_recent
from bellwether.market.earnings import announcements_table as kept_facts
from bellwether.market.earnings.companies import reports_results
from bellwether.market.earnings.known import Facts, believable, distinct, known_on, learned, next_day
from bellwether.market.provider import Announced, Provider, announced_by
from bellwether.market.sources import remote

FRESH = timedelta(days=1)  #: a source is not asked for a company again sooner
#: after a failure nobody is asked about: the same source is asked for prices, and is left alone where much fails
REST = timedelta(hours=1)
READ_AGAIN = timedelta(minutes=5)  #: what another process may have learned is looked up after this
_DAY = timedelta(days=1)
_NEVER = datetime.min.replace(tzinfo=UTC)
_MOST = 2048  #: companies in memory, each with a few facts
log = logging.getLogger(__name__)


class ReportDates(Protocol):
    """Whoever knows on which days companies report."""

    def known(self, instrument: Instrument, on: date) -> Facts:
        """The facts that were known on a day and stood, by their days; asks nobody."""

    def refresh(self, instrument: Instrument) -> bool:
        """Ask the source unless it was asked within FRESH; whether it was. Raises what it raises, and StoreError."""


def open_reports(market: Market, provider: Provider, store: Store, clock: Callable[[], datetime]) -> ReportDates:
    """What the settings name. Raises MarketDataError for a file that cannot be used."""
    if market.earnings_file:
        from bellwether.market.earnings.file import read_announcements

        told = read_announcements(Path(market.earnings_file))
        return ToldReports(lambda symbol: told.get(symbol, ()))
    announced = announced_by(provider)
    if announced is None:
        return ToldReports(lambda symbol: ())
    if remote(provider) is None:
        return ToldReports(announced)
    return KeptReports(announced, provider.name, store, clock)


class ToldReports:
    """Facts that are all on this machine, each with what is known of when it became known."""

    def __init__(self, told: Announced) -> None:
        """`told` gives every fact of a company."""
        self._told, self._known = told, _Known()

    def known(self, instrument: Instrument, on: date) -> Facts:
        """As the protocol says; none where the market does not tell: a forecast can do without."""
        try:
            return self._known.on(on, instrument, self._facts)
        except MarketDataError as problem:
            log.warning("The days of reports of %s are not told: %s", instrument.symbol, problem.for_operator)
            return ()

    def refresh(self, instrument: Instrument) -> bool:
        """There is nobody to ask."""
        return False

    def _facts(self, symbol: str) -> Facts:
        try:
            return self._told(symbol)
        except (NoPrices, UnknownSymbol) as problem:  # an answer, unlike other troubles, which may pass
            log.info("No days of reports of %s are told: %s", symbol, problem.for_operator)
            return ()


class KeptReports:
    """The facts of a remote source, kept in SQLite; while it does not answer, nothing of them changes."""

    def __init__(self, announced: Announced, source: str, store: Store, clock: Callable[[], datetime]) -> None:
        """`source` is the name under which they are kept."""
        self._announced, self._source, self._store, self._clock = announced, source, store, clock
        self._known, self._read_at = _Known(), clock()
        self._failed_at: datetime | None = None
        self._unanswered: dict[str, datetime] = {}  #: when the source last failed for a company, until it answers

    def known(self, instrument: Instrument, on: date) -> Facts:
        """As the protocol says; none where the database cannot be read."""
        now = self._clock()
        if not is_recent(self._read_at, now, READ_AGAIN):
            self._known, self._read_at = _Known(), now
        return self._known.on(on, instrument, self._kept)

    def refresh(self, instrument: Instrument) -> bool:
        """As the protocol says. That a source has none is an answer, which changes nothing.

        One that cannot be read changes nothing either, and is not asked for again within FRESH.
        """
        now, symbol = self._clock(), instrument.symbol
        if not reports_results(instrument):
            return False
        is_resting = self._failed_at is not None and is_recent(self._failed_at, now, REST)
        with self._store.reading() as db:
            asked = kept_facts.asked_at(db, self._source, symbol)
            before = kept_facts.answered_at(db, self._source, symbol)
        if is_resting or (asked is not None and is_recent(asked, now, FRESH)):
            return False
        try:
            told = self._announced(symbol)
        except (NoPrices, UnknownSymbol):
            told = ()
        except DamagedAnswer:  # of one company alone
            with self._store.transaction() as db:
                kept_facts.note_asked(db, self._source, symbol, now, readable=False)
            raise
        except SourceError:
            self._failed_at = self._unanswered[symbol] = now
            raise
        self._unanswered.pop(symbol, None)
        today = now.date()
        with self._store.transaction() as db:
            kept_facts.begin(db, symbol)
            facts = kept_facts.of_symbol(db, self._source, symbol)
            changes = learned(facts, told, before and before.date(), today)
            kept_facts.withdraw(db, changes.withdrawn, today)
            kept_facts.add(db, changes.added)
            kept_facts.note_asked(db, self._source, symbol, now)
        if changes.withdrawn or changes.added:
            self._known.forget(symbol)
        return True

    def in_turn(self, symbols: Iterable[str]) -> list[str]:
        """Those never asked for first, then those asked for longest ago. Raises StoreError.

        One for which the source failed goes behind the others, whom its failure keeps from being asked for.
        """
        with self._store.reading() as db:
            asked = kept_facts.all_asked_at(db, self._source) | self._unanswered
        return sorted(symbols, key=lambda symbol: asked.get(symbol, _NEVER))

    def asked(self) -> tuple[int, datetime | None]:
        """For how many companies the source has answered, and when it last did. Raises StoreError."""
        with self._store.reading() as db:
            return kept_facts.asked(db, self._source)

    def probe(self, symbol: str) -> None:
        """Ask the source whatever is kept, and keep nothing. Raises what it raises; that it has none is an answer."""
        with suppress(NoPrices, UnknownSymbol):
            self._announced(symbol)

    def _kept(self, symbol: str) -> Facts:
        try:
            with self._store.glance() as db:
                return kept_facts.of_symbol(db, self._source, symbol)
        except StoreError as problem:
            log.warning("Kept days of reports cannot be read: %s", problem.for_operator)
            return ()


class _Known:
    """What was known on the days that were asked about: for the hot path, which asks for the same again and again."""

    def __init__(self) -> None:
        self._facts: LRUCache[tuple[str, date], Facts] = LRUCache(_MOST)
        self._lock = threading.Lock()

    def on(self, day: date, instrument: Instrument, told: Announced) -> Facts:
        key = (instrument.symbol, day)
        with self._lock:
            facts = self._facts.get(key)
        if facts is None:
            facts = ()
            if reports_results(instrument):
                facts = distinct(believable(known_on(told(instrument.symbol), day), day))
            with self._lock:
                self._facts[key] = facts
        return facts

    def forget(self, symbol: str) -> None:
        with self._lock:
            for key in [key for key in self._facts if key[0] == symbol]:
                del self._facts[key]


def next_told(reports: ReportDates, instrument: Instrument, today: date, after: date) -> date | None:
    """The first day after `after` on which a company reports, as told by today; None where nobody has told one.

    The source is asked where that is due: for whoever wishes to know just this, and for jobs. In trouble it changes
    nothing.
    """
    try:
        reports.refresh(instrument)
    except BellwetherError as problem:
        log.info("The days of reports of %s are not known anew: %s", instrument.symbol, problem.for_operator)
    fact = next_day(reports.known(instrument, today), after)
    return max(fact.day, after + _DAY) if fact is not None else None


def may_be_told(reports: ReportDates, instrument: Instrument, today: date) -> bool:
    """Whether the next day of a company's reports is known, or there is a source to ask; asks nobody."""
    if not reports_results(instrument):
        return False
    return isinstance(reports, KeptReports) or next_day(reports.known(instrument, today), today - _DAY) is not None
