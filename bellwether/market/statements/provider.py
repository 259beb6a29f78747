"""What companies report: from a file, from the source of prices where it has it and kept in SQLite, or not at all."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from bellwether.core.config import Market
from bellwether.core.errors import MarketDataError, NoPrices, NoStatements, SourceError, StoreError, UnknownSymbol
from bellwether.core.i18n.translate import said
from bellwether.core.types import SAMPLE, Quarter, Statements
from bellwether.db.database import Store, is_recent
from bellwether.market.provider import Provider
from bellwether.market.remote.guarded_source import GuardedSource
from bellwether.market.sources import remote
from bellwether.market.statements import statements_table as kept_statements

if TYPE_CHECKING:
    from bellwether.market.statements.file import FileFundamentals

SAMPLE_ENDS = date(2021, 12, 31)  #: the last day on which the sample's companies reported; its prices go on
FRESH = timedelta(days=1)  #: what is kept is not asked for again sooner
log = logging.getLogger(__name__)


class Fundamentals(Protocol):
    """Whoever knows what companies report."""

    def __hash__(self) -> int:
        """By identity: what was made with it is remembered."""

    def statements(self, symbol: str) -> Statements:
        """A company's quarters. Raises UnknownSymbol, or MarketDataError when there are none or nobody answers."""

    def at_hand(self, symbol: str) -> Statements | None:
        """Those that need nobody to be asked; None where there are none."""

    def reported(self, first: date, before: date) -> Sequence[Statements]:
        """Companies at hand that may have told something from `first` on and before the day `before`."""


@runtime_checkable
class StatementsSource(Protocol):
    """What a RemoteSource that has statements offers besides; asked once, within `timeout` seconds."""

    name: str

    def describe(self) -> str:
        """The source in words for people."""

    def statements(self, symbol: str, timeout: float) -> Statements:
        """A company's quarters. Raises UnknownSymbol, NoPrices when it has none, or SourceError."""


def open_fundamentals(
    market: Market, provider: Provider, store: Store, clock: Callable[[], datetime]
) -> "Fundamentals":
    """What the settings name. Raises MarketDataError for a file that cannot be used."""
    if market.fundamentals_file:
        from bellwether.market.statements.file import FileFundamentals

        return FileFundamentals(Path(market.fundamentals_file))
    if provider.name == SAMPLE:
        return SampleFundamentals()
    kept = remote(provider)
    if kept is not None and isinstance(kept.source, StatementsSource):
        return KeptFundamentals(kept.source, kept.asker, store, clock)
    return NoFundamentals(provider.describe())


class SampleFundamentals:
    """Quarters of most of the sample's companies, to SAMPLE_ENDS; read when the first are asked for."""

    def statements(self, symbol: str) -> Statements:
        """A company's quarters. Raises UnknownSymbol where there are none."""
        return _sample_file().statements(symbol)

    def at_hand(self, symbol: str) -> Statements | None:
        """All are."""
        return _sample_file().at_hand(symbol)

    def reported(self, first: date, before: date) -> Sequence[Statements]:
        """Those filed in these days."""
        return _sample_file().reported(first, before)


@cache
def _sample_file() -> "FileFundamentals":
    from bellwether.market.statements.file import FileFundamentals  # most commands ask for no statements

    with as_file(files("bellwether.market") / "data" / "sample_fundamentals.csv") as file:
        return FileFundamentals(file, "sample")


class NoFundamentals:
    """A market that has prices only."""

    def __init__(self, market: str) -> None:
        """`market` in words."""
        self._market = market

    def statements(self, symbol: str) -> Statements:
        """None of anybody."""
        raise MarketDataError(
            said(
                "Company statements are not available in {market}; set market.fundamentals_file, or market.source to "
                "yahoo.",
                market=self._market,
            )
        )

    def at_hand(self, symbol: str) -> Statements | None:
        """None."""
        return None

    def reported(self, first: date, before: date) -> Sequence[Statements]:
        """None."""
        return ()


class KeptFundamentals:
    """The statements of a remote source, asked for once a day at most; while it does not answer, those kept."""

    def __init__(
        self, source: StatementsSource, asker: GuardedSource, store: Store, clock: Callable[[], datetime]
    ) -> None:
        """`asker` is the one that also asks for this source's prices."""
        self._source, self._asker, self._store, self._clock = source, asker, store, clock

    def statements(self, symbol: str) -> Statements:
        """A company's quarters, those included that the source has dropped since."""
        now, (kept, at) = self._clock(), self._kept(symbol)
        if kept is not None and at is not None and is_recent(at, now, FRESH):
            return kept
        try:
            new = self._asker.ask(lambda timeout: self._source.statements(symbol, timeout))
        except NoPrices:
            if kept is None:
                raise NoStatements(
                    said(
                        "{source} has no company statements of {symbol}.",
                        source=self._source.describe(),
                        symbol=symbol,
                    )
                ) from None
            return kept
        except (SourceError, UnknownSymbol):
            if kept is None:
                raise
            return kept
        together = merged(kept, new, now.date())
        try:
            with self._store.transaction() as db:
                kept_statements.save(db, together, now)
        except StoreError as problem:
            log.warning("Statements of %s cannot be kept: %s", symbol, problem.for_operator)
        return together

    def at_hand(self, symbol: str) -> Statements | None:
        """Those kept, however old."""
        return self._kept(symbol)[0]

    def reported(self, first: date, before: date) -> Sequence[Statements]:
        """Those asked for since: what was asked for earlier knows no later report."""
        try:
            with self._store.reading() as db:
                return kept_statements.asked_since(db, self._source.name, first)
        except StoreError as problem:
            log.warning("Kept statements cannot be read: %s", problem.for_operator)
            return ()

    def _kept(self, symbol: str) -> tuple[Statements | None, datetime | None]:
        try:
            with self._store.reading() as db:
                return kept_statements.get(db, self._source.name, symbol) or (None, None)
        except StoreError as problem:
            log.warning("Kept statements cannot be read: %s", problem.for_operator)
            return None, None


def merged(kept: Statements | None, new: Statements, today: date) -> Statements:
    """The newer words on each quarter, with those kept that the source has dropped.

    A quarter that appears while we watch, or other figures of one, were public today at the latest. Another currency
    makes all of it new. Pure.
    """
    if kept is None or kept.currency != new.currency:
        return new
    before = {quarter.period_end: quarter for quarter in kept.quarters}
    last = max(before)
    after = {
        quarter.period_end: _seen(quarter, before.get(quarter.period_end), last, today) for quarter in new.quarters
    }
    return replace(new, quarters=tuple(quarter for _, quarter in sorted((before | after).items())))


def _seen(quarter: Quarter, before: Quarter | None, last: date, today: date) -> Quarter:
    """A quarter with the day from which we know it, where the source gives none."""
    if quarter.known_on is not None:
        return quarter
    if before is not None:
        restated = (quarter.revenue, quarter.net_income) != (before.revenue, before.net_income)
        return replace(quarter, known_on=today if restated else before.known_on)
    return replace(quarter, known_on=today if quarter.period_end > last else None)
