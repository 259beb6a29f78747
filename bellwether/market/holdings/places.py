"""Where a security trades, as brokers write it, and how Yahoo writes its symbol there. Pure.

"IBIS", "XET", "Xetra", "XETR" | .DE
"GBX"                          | .L, for London alone quotes in pence
"EUR", DE0007164600            | of the many places that quote in euro the home of the ISIN
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from bellwether.core.types import Instrument
from bellwether.market.holdings.read import Holding
from bellwether.market.symbols.spellings import as_symbol, on_exchange, others, suffix_of, suffixes

#: codes of Interactive Brokers, Degiro and other brokers, beside those that people type
_BROKERS = {
    "": "ISLAND PINK NDQ NSY IEX NYSENAT OTCBB",
    ".L": "LSEETF",
    ".DE": "IBIS IBIS2 XET GER",
    ".F": "FWB2",
    ".SG": "SWB2",
    ".AS": "AEB EAM ENEXT.NL",
    ".PA": "SBF",
    ".BR": "ENEXT.BE",
    ".LS": "BVL.PT ENEXT.PT",
    ".MI": "BVME BVME.ETF",
    ".MC": "BM BME MAD",
    ".SW": "EBS VIRTX",
    ".ST": "SFB OMX OMXSTO",
    ".CO": "OMK",
    ".HE": "OMXHEX HSE",
    ".OL": "OSE OSL",
    ".TO": "TOR",
    ".V": "VENTURE",
    ".T": "TSEJ",
    ".MX": "MEXI",
}
#: words in names of exchanges; those that are told first decide, for "Nasdaq Stockholm" is Stockholm
_WORDS = {
    "LONDON": ".L",
    "AMSTERDAM": ".AS",
    "PARIS": ".PA",
    "BRUSSELS": ".BR",
    "BRÜSSEL": ".BR",
    "LISBON": ".LS",
    "LISBOA": ".LS",
    "MILAN": ".MI",
    "BORSA ITALIANA": ".MI",
    "MADRID": ".MC",
    "XETRA": ".DE",
    "FRANKFURT": ".F",
    "STUTTGART": ".SG",
    "SWISS": ".SW",
    "ZURICH": ".SW",
    "VIENNA": ".VI",
    "WIEN": ".VI",
    "STOCKHOLM": ".ST",
    "COPENHAGEN": ".CO",
    "HELSINKI": ".HE",
    "OSLO": ".OL",
    "TORONTO": ".TO",
    "TOKYO": ".T",
    "HONG KONG": ".HK",
    "AUSTRALIA": ".AX",
    "SÃO PAULO": ".SA",
    "B3": ".SA",
    "NASDAQ": "",
    "NEW YORK": "",
    "NYSE": "",
}
_EURONEXT = (".AS", ".PA", ".BR", ".LS", ".MI", ".IR", ".OL")
#: the main exchange of the country in which an ISIN was given out
_HOMES = {
    **{"US": "", "GB": ".L", "DE": ".DE", "FR": ".PA", "NL": ".AS", "BE": ".BR", "PT": ".LS", "IT": ".MI", "ES": ".MC"},
    **{"CH": ".SW", "AT": ".VI", "SE": ".ST", "DK": ".CO", "FI": ".HE", "NO": ".OL", "PL": ".WA", "JP": ".T"},
    **{"AU": ".AX", "CA": ".TO", "BR": ".SA", "MX": ".MX", "ZA": ".JO", "NZ": ".NZ", "KR": ".KS", "TW": ".TW"},
}
_CURRENCIES = {"GBX": "GBp", "GBP": "GBp", "ILS": "ILA", "ZAR": "ZAc", "KWD": "KWF"}
_TRADING_212 = "_US_EQ"


@dataclass(frozen=True, slots=True)
class Spelt:
    """How a holding's symbol may be written; where it is sure, the first needs no question where."""

    symbols: tuple[str, ...] = ()
    sure: bool = False


def spelt(holding: Holding) -> Spelt:
    """The symbols that a holding's code may be at Yahoo; none where it has no code, or one that cannot be a symbol."""
    written = holding.symbol.upper()
    code = written.removesuffix(_TRADING_212).strip("$ ")
    if not code:
        return Spelt()
    if written.endswith(_TRADING_212):
        return _at((as_symbol(code),))
    place, colon, rest = code.rpartition(":")
    if colon:
        if not _is_place(place) and _is_place(rest):  # Saxo writes NVDA:xnas
            place, rest = rest, place
        exact = as_symbol(f"{place}:{rest}")
        return _at((exact,)) if exact is not None else _on(holding, rest, suffixes_of(place))
    if holding.yahoo:
        return _at((as_symbol(code),))
    end = suffix_of(code)
    if code.startswith("^") or (end is not None and end["suffix"]):
        return _at((as_symbol(code),))
    if holding.exchange and (told := suffixes_of(holding.exchange)):
        return _on(holding, code, told)
    return _by_currency(holding, code)


def home_of(isin: str) -> str | None:
    """The suffix of the main exchange in an ISIN's country; None where we don't know it."""
    return _HOMES.get(isin[:2])


def quotes_in(instrument: Instrument, currency: str) -> bool:
    """Whether an instrument is quoted in a currency as brokers write it: GBP and GBX are both pence at Yahoo."""
    return instrument.currency == _CURRENCIES.get(currency.upper(), currency.upper())


def suffixes_of(exchange: str) -> tuple[str, ...]:
    """The suffixes that an exchange's name or code may mean; several for Euronext, none for one we don't know."""
    name = exchange.strip().upper()
    if name in _broker_codes():
        return (_broker_codes()[name],)
    if name in others("prefixes"):
        return others("prefixes")[name]
    if name in others("yahoo"):
        return others("yahoo")[name]
    for word, suffix in _WORDS.items():
        if word in name:
            return (suffix,)
    return _EURONEXT if "EURONEXT" in name else ()


@cache
def _broker_codes() -> dict[str, str]:
    return {code: suffix for suffix, codes in _BROKERS.items() for code in codes.split()}


def _is_place(text: str) -> bool:
    return text in others("prefixes") or text in _broker_codes()


def _by_currency(holding: Holding, code: str) -> Spelt:
    """Of a code alone the currency tells the place, where only one quotes in it or the ISIN's home does.

    An ISIN of another country than the place's makes it doubtful: T is AT&T in New York, and Telus in Toronto.
    """
    currency, home = holding.currency.upper(), home_of(holding.isin)
    if not currency or currency == "USD":
        plain = as_symbol(code)
        if not holding.isin or home == "":
            return _at((plain,))
        at_home = on_exchange(code, home) if home is not None else None
        spellings = _at((at_home, plain))
        return replace(spellings, sure=at_home is not None and not currency)
    wanted = _CURRENCIES.get(currency, currency)
    told = tuple(
        suffix
        for suffix, row in suffixes().items()
        if suffix.startswith(".") and (row["currency"] == wanted or (suffix == ".L" and wanted == "GBp"))
    )
    spellings = _on(holding, code, told)
    return replace(spellings, sure=spellings.sure and (home is None or home in told))


def _on(holding: Holding, code: str, places: tuple[str, ...]) -> Spelt:
    """A code at one of several places: where the ISIN's home is among them, there."""
    home = home_of(holding.isin)
    return _at(tuple(on_exchange(code, suffix) for suffix in ((home,) if home in places else places)))


def _at(symbols: Iterable[str | None]) -> Spelt:
    spellings = tuple(dict.fromkeys(symbol for symbol in symbols if symbol is not None))
    return Spelt(spellings, sure=len(spellings) == 1)
