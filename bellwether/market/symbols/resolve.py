"""From what a person typed to the instrument that is meant, or a question back.

    text | clean_question | read: known here? | the source: such a symbol? | search, remembered | Instrument

What is known here needs no network. A source that can be searched is asked for the rest, once for each question.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from bellwether.core.errors import AmbiguousSymbol, MarketDataError, StoreError, UnknownSymbol
from bellwether.core.types import Instrument
from bellwether.db.database import Store
from bellwether.market.provider import Provider, search_of
from bellwether.market.symbols import searches_table
from bellwether.market.symbols.match import Reading, chosen, may_be_taken, read
from bellwether.market.symbols.normalize import clean_question
from bellwether.market.symbols.universe import Universe, is_near, near_symbols

MOST_SUGGESTED = 4  #: near matches that are told; more hide the right one


class Resolver:
    """Finds instruments in one market."""

    def __init__(self, universe: Universe, provider: Provider, store: Store, clock: Callable[[], datetime]) -> None:
        """`store` is opened only to remember a search; resolving goes on without it."""
        self._universe, self._provider = universe, provider
        self._find = search_of(provider)
        self._store, self._clock = store, clock

    def resolve(self, text: str) -> Instrument:
        """The instrument that is meant. Raises BadSymbol, UnknownSymbol, AmbiguousSymbol or MarketDataError."""
        asked = clean_question(text)
        reading = read(asked, self._universe)
        if reading.candidates and reading.symbol is None:
            return self._one_of(asked, reading)
        results = self._recall(asked)
        if results is None and reading.symbol is not None:
            with suppress(UnknownSymbol):
                return self._at_source(asked, reading.symbol, reading.candidates)
        if reading.candidates:
            if results is None:
                self._keep(asked, ())  # the source has no such symbol
            return self._one_of(asked, reading)
        return self._choose(asked, self._search(asked) if results is None else results)

    def listings(self, isin: str, before_search: Callable[[], None] = lambda: None) -> tuple[Instrument, ...]:
        """What the source finds by an ISIN, remembered like any search; none where it can't be searched.

        `before_search` is called where the source has to be asked. Raises MarketDataError, and what that raises.
        """
        if self._find is None:
            return ()
        results = self._recall(isin)
        if results is None:
            before_search()
            results = self._find(isin)
            self._keep(isin, results)
        return results

    def _at_source(self, asked: str, symbol: str, named: tuple[Instrument, ...]) -> Instrument:
        """The instrument of a symbol that may also be a part of a company's name. Raises UnknownSymbol."""
        try:
            instrument = self._provider.instrument(symbol)
        except MarketDataError:
            if named:
                raise AmbiguousSymbol(asked, named) from None  # nobody can tell now whether the symbol exists
            raise
        if named and not asked.isupper():
            raise AmbiguousSymbol(asked, (instrument, *named))
        return instrument

    def _one_of(self, asked: str, reading: Reading) -> Instrument:
        """The only candidate, as the source describes it, or as we know it while the source is silent."""
        if len(reading.candidates) > 1 or not reading.sure:
            raise AmbiguousSymbol(asked, reading.candidates)
        (known,) = reading.candidates
        try:
            instrument = self._provider.instrument(known.symbol)
        except MarketDataError:
            return known
        # a price file tells no names; the operator's list may
        return replace(instrument, name=known.name) if instrument.name == instrument.symbol else instrument

    def _choose(self, asked: str, results: tuple[Instrument, ...]) -> Instrument:
        """The one that a search found, where it is beyond doubt."""
        results = tuple(instrument for instrument in results if self._means_itself(instrument.symbol))
        candidates = chosen(asked, results)
        if may_be_taken(candidates):
            return self._provider.instrument(candidates[0].symbol)
        if candidates:
            raise AmbiguousSymbol(asked, candidates)
        near = (symbol for symbol in near_symbols(asked, self._universe.known) if self._is_near(asked, symbol))
        suggested = tuple(dict.fromkeys((*near, *(instrument.symbol for instrument in results))))[:MOST_SUGGESTED]
        # what can be searched has more than is known here
        served = tuple(instrument.name for instrument in self._universe) if self._find is None else ()
        known = {instrument.symbol: instrument.name for instrument in (*results, *self._universe.known)}
        names = tuple(known[symbol] for symbol in suggested)
        raise UnknownSymbol(asked, suggested, self._provider.describe(), served, names)

    def _is_near(self, asked: str, symbol: str) -> bool:
        known = self._universe.get(symbol)
        return known is not None and is_near(asked, known)

    def _means_itself(self, symbol: str) -> bool:
        """Whether asking for the symbol leads to it: BTC leads to the coin, so the fund BTC can't be offered."""
        reading = read(symbol, self._universe)
        return reading.symbol == symbol or [candidate.symbol for candidate in reading.candidates] == [symbol]

    def _search(self, asked: str) -> tuple[Instrument, ...]:
        """Ask the source for these words and remember its answer. While it is silent, near matches must do.

        Raises MarketDataError when there are none either.
        """
        if self._find is None or not any(letter.isalnum() for letter in asked):
            return ()
        try:
            results = self._find(asked)
        except MarketDataError:
            if near_symbols(asked, self._universe.known):
                return ()
            raise
        self._keep(asked, results)
        return results

    def _recall(self, asked: str) -> tuple[Instrument, ...] | None:
        if self._find is None:
            return None
        with suppress(StoreError), self._store.glance() as db:
            return searches_table.recall(db, asked, self._clock())
        return None

    def _keep(self, asked: str, results: tuple[Instrument, ...]) -> None:
        if self._find is None:
            return
        with suppress(StoreError), self._store.transaction() as db:
            searches_table.keep(db, asked, results, self._clock())
