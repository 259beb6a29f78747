"""A file of a broker or a tool, understood: instruments that are beyond doubt, and questions about the rest.

HoldingsFile | a code and its place: known here, or at the source?       | Instrument, if the name agrees
             | else an ISIN: a name known here at its home, or a search  | Instrument
             | else a name                                               | Instrument, as in a chat, if the form agrees
             | else                                                      | AskedBack, with what it may be

Nothing is guessed: what a person would have to decide is a question.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from bellwether.core.errors import AmbiguousSymbol, BadSymbol, MarketDataError, UnknownSymbol
from bellwether.core.i18n.translate import N_
from bellwether.core.types import Instrument
from bellwether.market.holdings.names import agrees, contradicts, is_same
from bellwether.market.holdings.places import Spelt, home_of, quotes_in, spelt
from bellwether.market.holdings.read import Holding, read_holdings
from bellwether.market.holdings.rows import LeftOut
from bellwether.market.provider import search_of
from bellwether.market.symbols.match import read
from bellwether.market.symbols.normalize import clean_question, company, fold
from bellwether.market.symbols.resolve import Resolver
from bellwether.market.symbols.spellings import suffix_of
from bellwether.services import Services

MOST_HOLDINGS = 1_000  #: of a file that are looked at; no watchlist may be longer
MOST_LOOKED_UP = 40  #: of a file that the source is asked about, one after the other
MOST_CANDIDATES = 4  #: that are offered for one question


class Why(Enum):
    """Why something in a file is asked back."""

    UNKNOWN = N_("I know no such stock here")
    SEVERAL = N_("I can't tell which listing is meant")
    ANOTHER = N_("that ticker belongs to another company here")


@dataclass(frozen=True, slots=True)
class AskedBack:
    """Something that a file names and a person has to decide."""

    called: str  #: as the file names it
    why: Why
    candidates: tuple[Instrument, ...] = ()


@dataclass(frozen=True, slots=True)
class Understood:
    """What a file means."""

    instruments: tuple[Instrument, ...]  #: each once, in the order of the file
    questions: tuple[AskedBack, ...] = ()
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)
    sold: tuple[str, ...] = ()  #: what the file calls those of which nothing is left
    not_looked_up: tuple[str, ...] = ()  #: too many to ask the source about, or it does not answer


class _NotNow(Exception):
    """The source of prices does not answer, or was asked enough for one file."""


def understand(services: Services, content: bytes, name: str = "", most_looked_up: int = MOST_LOOKED_UP) -> Understood:
    """What a file means in this market. The file is not kept; what is looked up is remembered like any search.

    Raises BadFile.
    """
    file = read_holdings(content, name)
    finder = _Finder(services, most_looked_up)
    instruments: dict[str, Instrument] = {}
    questions: dict[str, AskedBack] = {}
    not_looked_up: list[str] = []
    for holding in file.holdings[:MOST_HOLDINGS]:
        try:
            meant = finder.meant(holding)
        except _NotNow:
            not_looked_up.append(holding.called)
            continue
        if isinstance(meant, AskedBack):
            questions.setdefault(meant.called, meant)
        else:
            instruments.setdefault(meant.symbol, meant)
    not_looked_up += [holding.called for holding in file.holdings[MOST_HOLDINGS:]]
    return Understood(
        tuple(instruments.values()), tuple(questions.values()), file.left_out, file.sold, tuple(not_looked_up)
    )


class _Finder:
    """Finds the instruments of one file, and counts what it asks the source."""

    def __init__(self, services: Services, most_looked_up: int) -> None:
        self._universe = services.universe
        self._resolver = Resolver(services.universe, services.provider, services.store, services.clock)
        self._is_remote = search_of(services.provider) is not None
        self._left = most_looked_up

    def meant(self, holding: Holding) -> Instrument | AskedBack:
        """The instrument of a holding, or what is to be asked about it. Raises _NotNow."""
        spelling = spelt(holding)
        candidates: list[Instrument] = []
        if spelling.sure:
            symbol, *others = spelling.symbols
            there = self._at(symbol)
            if there is not None and there.symbol == self._own(symbol):
                if agrees(holding.name, there):
                    return there
                return AskedBack(holding.called, Why.ANOTHER, (there, *self._by_name(holding)))
            candidates += [there] if there is not None else []
            candidates += self._known(others)
        else:
            candidates += self._known(spelling.symbols)
        if holding.isin:
            exact = self._by_isin(holding, spelling)
            if isinstance(exact, Instrument):
                return exact
            candidates += exact
        elif not spelling.symbols and holding.name and not holding.symbol:
            try:
                there = self._resolved(holding.name)
                if not contradicts(holding.name, there):
                    return there
                candidates.append(there)
            except AmbiguousSymbol as problem:
                candidates += problem.candidates
            except (UnknownSymbol, BadSymbol):
                pass
        return _question(holding, candidates or self._by_name(holding))

    def _known(self, symbols: Iterable[str]) -> list[Instrument]:
        return [known for symbol in symbols if (known := self._universe.spelt(symbol)) is not None]

    def _own(self, symbol: str) -> str:
        """A symbol as this market spells it."""
        known = self._universe.spelt(symbol)
        return known.symbol if known is not None else symbol

    def _at(self, symbol: str) -> Instrument | None:
        """What a symbol leads to, which may be another one: BTC is the coin here. None where nothing has it."""
        reading = read(symbol, self._universe)
        if reading.symbol is None and len(reading.candidates) == 1 and reading.sure:
            return reading.candidates[0]  # known here: the source need not be asked
        try:
            return self._resolved(symbol)
        except AmbiguousSymbol as problem:
            return problem.candidates[0]
        except (UnknownSymbol, BadSymbol):
            return None

    def _by_isin(self, holding: Holding, spelling: Spelt) -> Instrument | list[Instrument]:
        """The only listing of an ISIN at its home, or the one under the code; else what it may be."""
        home = home_of(holding.isin)
        named = self._by_name(holding)
        told = fold(holding.name)  # with its share class: of "Alphabet Inc" alone there are two
        whole = [instrument for instrument in named if _suffix(instrument) == home and fold(instrument.name) == told]
        if len(whole) == 1 and not _is_quoted_elsewhere(holding, whole[0], named):
            return whole[0]
        same = [
            known
            for known in self._known(spelling.symbols)
            if is_same(holding.name, known) and _is_quoted(holding, known)
        ]
        if len(same) == 1:
            return same[0]
        listed = [instrument for instrument in self._listings(holding.isin) if agrees(holding.name, instrument)]
        exact = [instrument for instrument in listed if _suffix(instrument) == home]
        if len(exact) == 1 and not _is_quoted_elsewhere(holding, exact[0], listed):
            return exact[0]
        of_code = [
            instrument
            for instrument in listed
            if instrument.symbol in spelling.symbols and _is_quoted(holding, instrument)
        ]
        return of_code[0] if len(of_code) == 1 else [*listed, *named]

    def _by_name(self, holding: Holding) -> list[Instrument]:
        """What is known under a holding's name, in every class and at every exchange; nothing is looked up."""
        if not holding.name:
            return []
        told = company(fold(holding.name))
        named = [instrument for folded, instrument in self._universe.names if told and company(folded) == told]
        if named:
            return named
        try:
            return list(read(clean_question(holding.name), self._universe).candidates)
        except BadSymbol:
            return []

    def _listings(self, isin: str) -> tuple[Instrument, ...]:
        if not self._is_remote:
            return ()
        try:
            return self._resolver.listings(isin, self._count)
        except MarketDataError:
            self._left = 0
            raise _NotNow from None

    def _resolved(self, text: str) -> Instrument:
        """As a chat would understand it. Raises UnknownSymbol, AmbiguousSymbol, BadSymbol and _NotNow."""
        self._count()
        try:
            return self._resolver.resolve(text)
        except MarketDataError:
            self._left = 0  # it is not asked again for this file
            raise _NotNow from None

    def _count(self) -> None:
        """Count a question to the source. Raises _NotNow after so many."""
        if self._is_remote:
            if not self._left:
                raise _NotNow
            self._left -= 1


def _is_quoted_elsewhere(holding: Holding, at_home: Instrument, listings: Iterable[Instrument]) -> bool:
    """Whether the currency in the file is that of another listing than the one at home: Shell in euro is Amsterdam's.

    Where no other quotes in it, it is the account's: German brokers tell euros for shares of New York.
    """
    if not holding.currency or quotes_in(at_home, holding.currency):
        return False
    return any(quotes_in(listing, holding.currency) for listing in listings)


def _is_quoted(holding: Holding, instrument: Instrument) -> bool:
    """Whether an instrument is quoted in the currency that a file tells, if it tells any."""
    return not holding.currency or quotes_in(instrument, holding.currency)


def _suffix(instrument: Instrument) -> str:
    told = suffix_of(instrument.symbol)
    return told["suffix"] if told is not None else ""


def _question(holding: Holding, candidates: Iterable[Instrument]) -> AskedBack:
    offered = tuple(dict.fromkeys(candidates))[:MOST_CANDIDATES]
    return AskedBack(holding.called, Why.SEVERAL if offered else Why.UNKNOWN, offered)
