"""Yahoo's search: words in, instruments out.

One request by the session, not yfinance's `Search`, which asks for a cookie and a crumb before, and remembers failures.
"""

from typing import Any, Protocol

from bellwether.core.types import Instrument
from bellwether.market.symbols.spellings import is_symbol
from bellwether.market.symbols.universe import calendar_of, instrument_of
from bellwether.market.yahoo.clean import text

ADDRESS = "https://query2.finance.yahoo.com/v1/finance/search"
ASKED = 12  #: results; the first few are options of one share
# Options and private companies have no bars to forecast from
KINDS = frozenset({"EQUITY", "ETF", "INDEX", "MUTUALFUND", "CRYPTOCURRENCY", "CURRENCY", "FUTURE"})
_PLAIN = frozenset({"EQUITY", "CRYPTOCURRENCY", "CURRENCY"})  #: an exchange may list funds in several currencies


class Session(Protocol):
    """What can send a GET."""

    def get(self, url: str, *, params: dict[str, Any]) -> Any:
        """The answer. Raises where there is none."""


def search(session: Session, words: str) -> tuple[Instrument, ...]:
    """What Yahoo finds for these words, its best first. Raises ValueError where the answer is no search's answer."""
    answer = session.get(
        ADDRESS,
        params={"q": words, "quotesCount": ASKED, "newsCount": 0, "listsCount": 0, "enableFuzzyQuery": "false"},
    ).json()
    quotes = answer.get("quotes") if isinstance(answer, dict) else None
    if not isinstance(quotes, list):
        raise ValueError("an answer without quotes")
    return tuple(_instrument(quote) for quote in quotes if _is_ours(quote))


def _is_ours(quote: Any) -> bool:
    return (
        isinstance(quote, dict)
        and text(quote.get("quoteType")) in KINDS
        and isinstance(quote.get("symbol"), str)
        and is_symbol(quote["symbol"])
    )


def _instrument(quote: dict[str, Any]) -> Instrument:
    """A result as an instrument. Yahoo tells no currency here: it is the exchange's, where that has only one."""
    symbol, code = quote["symbol"], text(quote.get("exchange"))
    known = instrument_of(symbol)
    name = text(quote.get("longname")) or text(quote.get("shortname")) or symbol
    calendar = calendar_of(code, symbol)
    one_currency = quote["quoteType"] in _PLAIN or calendar == "XNYS"
    return Instrument(
        symbol=symbol,
        name=name[:80],
        exchange=text(quote.get("exchDisp")) or known.exchange or code,
        calendar=calendar,
        currency=known.currency if one_currency else "",
        sector=text(quote.get("sector")),
    )
