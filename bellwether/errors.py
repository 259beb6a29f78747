"""What can go wrong, in words a user can act on. Every face shows `str(error)` and nothing else."""

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # only then: errors are imported first of all, and the types bring numpy
    from bellwether.types import Instrument


class BellwetherError(Exception):
    """A failure whose text is meant for the person who asked: what is wrong and what to do about it."""

    code = "error"  #: stable name for programs; the API answers with it

    @property
    def for_operator(self) -> str:
        """What whoever runs the service needs to know; it may name files, so it is for logs and the command line."""
        return str(self)


class ConfigError(BellwetherError):
    """A setting is wrong: the text names the key, what was found and what is allowed."""

    code = "bad_configuration"


class BadSymbol(BellwetherError):
    """The text is not a symbol at all: empty, too long, or with characters no exchange uses."""

    code = "bad_symbol"


class UnknownSymbol(BellwetherError):
    """No instrument has this symbol in the market we serve."""

    code = "unknown_symbol"

    def __init__(self, symbol: str, suggestions: tuple[str, ...] = (), market: str = "") -> None:
        """`market` is where we looked, for instance "the sample market"; `suggestions` are near symbols."""
        self.symbol = symbol
        self.suggestions = suggestions
        where = f" in {market}" if market else ""
        hint = f" Did you mean {_or(suggestions)}?" if suggestions else " Please check the spelling."
        super().__init__(f"I don't know the symbol {symbol}{where}.{hint}")


class AmbiguousSymbol(BellwetherError):
    """Several instruments may be meant, or one that we must not guess: we ask back."""

    code = "ambiguous_symbol"
    most = 6  #: candidates that are offered; more would be a list to read, not a choice

    def __init__(self, asked: str, candidates: "tuple[Instrument, ...]") -> None:
        """`candidates` are what may be meant, the likeliest first; at least one."""
        self.asked = asked
        self.candidates = candidates[: self.most]
        self.question = f"“{asked}” could mean several things. Which one do you mean?"
        if len(candidates) == 1:
            self.question = f"I am not sure about “{asked}”. Do you mean this one?"
        elif len(candidates) > self.most:
            self.question = f"“{asked}” could mean {len(candidates)} things. Is it one of these? If not, say more."
        super().__init__(f"{self.question} {_or(tuple(f'{one.symbol} ({_about(one)})' for one in self.candidates))}.")

    @property
    def for_operator(self) -> str:
        """The candidates as a list."""
        width = max(len(one.symbol) for one in self.candidates)
        return "\n".join([self.question, *(f"  {one.symbol:<{width}}  {_about(one)}" for one in self.candidates)])


class BadHorizon(BellwetherError):
    """The horizon is not a whole number of sessions from 1 to 63."""

    code = "bad_horizon"


class BadDate(BellwetherError):
    """The date cannot be read, or no forecast can be made as of it."""

    code = "bad_date"


class BadTimeZone(BellwetherError):
    """No time zone is meant by this, or one of several."""

    code = "bad_time_zone"

    def __init__(self, text: str, offered: tuple[str, ...] = ()) -> None:
        """`offered` are IANA names that may be meant."""
        self.offered = offered
        hint = f" Is it {_or(offered)}?" if offered else ""
        super().__init__(f"{text}{hint}")


class BadRule(BellwetherError):
    """An alert rule, or a wish about alerts, that cannot be kept: the text says what can be."""

    code = "bad_rule"


class MarketDataError(BellwetherError):
    """The source of prices did not give usable bars."""

    code = "market_data_unavailable"


class Trouble(Enum):
    """How a source of prices failed to answer; the value completes "Yahoo Finance ..."."""

    LIMITED = "is limiting our requests"
    REFUSED = "refuses our requests"
    FAILING = "has a failure on its side"
    SILENT = "does not answer in time"
    CUT_OFF = "cannot be reached"
    PAGE = "sends a web page instead of prices"
    GARBLED = "sends something that cannot be read"
    RESTING = "is not answering"  #: it failed several times in a row and is not asked for a while


class SourceError(MarketDataError):
    """The source of prices did not answer; `trouble` says how. It says nothing about the symbol asked for."""

    def __init__(self, source: str, trouble: Trouble, retry_after: float | None = None) -> None:
        """`source` as people call it; `retry_after` is how long it wants to be left alone, in seconds."""
        self.source, self.trouble, self.retry_after = source, trouble, retry_after
        minutes = "a few minutes" if retry_after is None or retry_after <= 300 else f"{round(retry_after / 60)} minutes"
        super().__init__(f"{source} {trouble.value}; please try again in {minutes}.")


class NoPrices(MarketDataError):
    """The source answers and knows the symbol, but has no prices for the days asked."""


class Delisted(UnknownSymbol):
    """The source has no prices any more of a symbol that was traded."""

    def __init__(self, symbol: str, source: str) -> None:
        """`source` as people call it."""
        super().__init__(symbol)
        self.args = (f"{source} has no prices of {symbol} any more; perhaps it was delisted or renamed.",)


class UnusableBars(BellwetherError):
    """The bars are too few or too broken for any answer, even the plain baseline."""

    code = "unusable_bars"


class ModelError(BellwetherError):
    """The exported model cannot be used: missing, damaged, or not the one its card describes."""

    code = "model_unavailable"


class StoreError(BellwetherError):
    """The database cannot be opened or written. People are told that it fails, operators where and why."""

    code = "database_unavailable"

    def __init__(self, detail: str) -> None:
        """`detail` may name the file."""
        self._detail = detail
        super().__init__("I can't reach my notes just now, so I can't keep or look up what you watch. Forecasts work.")

    @property
    def for_operator(self) -> str:
        """Where and why."""
        return self._detail


class LedgerError(BellwetherError):
    """The record of issued forecasts does not have what was asked for, or does not prove itself."""

    code = "not_in_ledger"


class PromotionRefused(BellwetherError):
    """A model is not made the served one, because the record does not support it; the text says what is missing."""

    code = "promotion_refused"


class LimitReached(BellwetherError):
    """A stated limit was reached, such as the number of symbols on a watchlist."""

    code = "limit_reached"


def _or(names: tuple[str, ...]) -> str:
    """`("A", "B", "C")` as "A, B or C"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _about(one: "Instrument") -> str:
    """ "Shell, London, GBp"."""
    return ", ".join(part for part in (one.name, one.listing) if part)
