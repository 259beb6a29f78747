"""What a source of prices must offer.

Adding a source is one file in this folder, named as the setting names it, with a function `open_source`, and its name
in `config.Source`. A source that answers by itself is a `Provider`; one that must be asked over a network is a
`RemoteSource`, and `CachedProvider` makes a Provider of it: kept, shared, asked with patience.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable

from bellwether.core.announcement import Announcement
from bellwether.core.types import Bars, Instrument
from bellwether.market.universe_state import StateBars


class Provider(Protocol):
    """A market: its instruments and their daily bars."""

    name: str  #: "sample", "file" or "yahoo"; every answer names it, or the source its bars name in `origin`
    live: bool  #: whether its bars are expected to reach the last closed session
    note: str  #: what every answer must say about this market; may be empty

    def describe(self) -> str:
        """The market in words for people, such as "the sample market"."""

    def instrument(self, symbol: str) -> Instrument:
        """Look a symbol up. Raises UnknownSymbol with suggestions, or MarketDataError."""

    def bars(self, symbol: str, end: date) -> Bars:
        """Daily bars up to and including the session `end`, never later.

        Raises UnknownSymbol, BadDate when its prices begin later, or MarketDataError when it does not answer.
        """

    def universe(self) -> tuple[Instrument, ...]:
        """The instruments known without asking anyone: for search and suggestions."""


Search = Callable[[str], tuple[Instrument, ...]]


def search_of(provider: Provider) -> Search | None:
    """How this market is searched by words: its method `search`, which it need not have; None when it has none.

    Then nothing but its `universe` can be asked for. The method raises MarketDataError when the market does not answer.
    """
    search: Search | None = getattr(provider, "search", None)
    return search


Announced = Callable[[str], tuple[Announcement, ...]]


def announced_by(provider: Provider) -> Announced | None:
    """How this market is asked on which days a company reports: its method `announcements`, which it need not have.

    The answer has past days and those ahead, without `known_from` where the market does not tell it. The method raises
    MarketDataError when the market does not answer, or has none, and UnknownSymbol. That of a RemoteSource is handed
    the seconds within which to answer besides.
    """
    announced: Announced | None = getattr(provider, "announcements", None)
    return announced


StateUntil = Callable[[date], StateBars]


def state_of_universe(provider: object) -> StateUntil | None:
    """How a market tells the state of its universe up to a session: its `universe_state`, which it need not have.

    A market without one is forecast without it, and answers say so.
    """
    state: StateUntil | None = getattr(provider, "universe_state", None)
    return state


@dataclass(frozen=True, slots=True, eq=False)
class Fetched:
    """One answer of a remote source."""

    instrument: Instrument  #: in the units of the bars
    bars: Bars
    actions: tuple[date, ...] = ()  #: sessions of splits and dividends within the bars
    doubtful: date | None = None  #: prices before this session may lack a split that the source tells of
    repair: Callable[[], "Fetched"] | None = (
        None  #: what is left to do with it, which costs our time and not the source's
    )

    def repaired(self) -> "Fetched":
        """The same, put right as far as its source can. Raises SourceError where it cannot be read."""
        return self if self.repair is None else self.repair()


@runtime_checkable
class RemoteSource(Protocol):
    """A source that is asked over a network. It keeps nothing and asks once; others see to the rest."""

    name: str
    note: str

    def describe(self) -> str:
        """The source in words for people, such as "Yahoo Finance"."""

    def universe(self) -> tuple[Instrument, ...]:
        """The instruments known without asking."""

    def prepare(self) -> None:
        """Load what questions need; called once, before the first."""

    def fetch(self, symbol: str, start: date, end: date, timeout: float) -> Fetched:
        """Bars from `start` to `end`, the running session perhaps among them, within `timeout` seconds.

        What may take the processor long is left to `Fetched.repair`: here it would look as if the source were slow.

        Raises UnknownSymbol, Delisted, NoPrices, or SourceError when it does not answer as it should.
        """
