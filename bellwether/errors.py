"""What can go wrong, in words a user can act on. Every face shows `str(error)` and nothing else."""


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


class BadHorizon(BellwetherError):
    """The horizon is not a whole number of sessions from 1 to 63."""

    code = "bad_horizon"


class BadDate(BellwetherError):
    """The date cannot be read, or no forecast can be made as of it."""

    code = "bad_date"


class MarketDataError(BellwetherError):
    """The source of prices did not give usable bars."""

    code = "market_data_unavailable"


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


class LimitReached(BellwetherError):
    """A stated limit was reached, such as the number of symbols on a watchlist."""

    code = "limit_reached"


def _or(names: tuple[str, ...]) -> str:
    """`("A", "B", "C")` as "A, B or C"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
