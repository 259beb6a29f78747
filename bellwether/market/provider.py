"""What a source of prices must offer. Adding one is a file with this shape and a line in `services.py`."""

from datetime import date
from typing import Protocol

from bellwether.types import Bars, Instrument


class Provider(Protocol):
    """A market: its instruments and their daily bars."""

    name: str  #: "sample", "file" or "yahoo"; every answer names it
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
