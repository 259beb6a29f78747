"""Whose prices a file holds, where no column tells: its name, as the places that offer such files call them."""

import re

from bellwether.market.symbols.spellings import as_symbol, from_stooq, is_isin, is_symbol
from bellwether.market.symbols.universe import listed

#: What is put around the symbol in the names of downloaded files.
_AROUND = (
    re.compile(r" \(\d+\)$"),  # a browser's second copy
    re.compile(r"(?i)[ _-](?:stock price history|historical data|historical prices|price history)$"),  # Investing.com
    re.compile(
        r"(?i)[ _](?:daily|weekly|monthly|d1|w1|1d|max|hist|history|historical|prices?|stock|data|yahoo|nasdaq)$"
    ),
    re.compile(r"(?i)[ _](?:daily|d1)?_?\d{6,}(?:[ _-]\d{6,})?$"),  # MetaTrader: AAPL_Daily_202606110000_202611250000
    re.compile(r"(?i)[ _]\d{4}(?:[ _-]\d{4})?$"),  # years
)
_NSE = re.compile(r"(?i)^quote-equity-([A-Z0-9&-]+?)-[A-Z]{2}-.*$")
_MT4 = re.compile(r"^([A-Z]{6})1440$")
#: Names that people give to files of prices, some of which are symbols too.
_NAMES = (
    "all bars chart copy csv daily data download eod export file historical history index input list market my new now "
    "ohlc ohlcv out output price prices query quote quotes raw result results sheet1 stock stocks table test values "
    "aktie aktien börse boerse cours datos dati donnees fonds fund funds kurs kurse mappe1 tabelle tabelle1"
)
_LONGEST = 5  #: letters of a symbol of New York
_WORDS = frozenset(_NAMES.split())


def symbol_of(stem: str, *, suffix: str = "") -> str | None:
    """The symbol in a file's name without its ending; None where there is none to be sure of.

    It counts when it is written in capitals, or is that of a company we know. `suffix` is put after it where it has
    no ending of an exchange yet.
    """
    stem = stem.strip()
    nse, mt4 = _NSE.match(stem), _MT4.match(stem)
    if nse:
        stem = nse[1].upper()
    elif mt4:
        stem = mt4[1]
    before = ""
    while before != stem:
        before = stem
        for around in _AROUND:
            stem = around.sub("", stem)
    if re.search(r"(?i)^\^?[a-z0-9-]+[._][a-z]{2}(?:_d)?$|_d$", stem) and stem == stem.lower():
        return from_stooq(re.sub(r"_d$", "", stem).replace("_", "."))
    symbol = as_symbol(stem.upper()) or ""
    in_capitals = stem == stem.upper() and re.search("[A-Z]", stem) is not None
    if symbol.lower() in _WORDS or not is_symbol(symbol) or is_isin(symbol):
        return None
    if not in_capitals and symbol not in listed():
        return None
    if "." in symbol or suffix:
        return symbol if "." in symbol else symbol + suffix
    # letters alone, more than any exchange of New York has, are a word or a pair of currencies
    return None if symbol.isalpha() and len(symbol) > _LONGEST and mt4 is None else symbol
