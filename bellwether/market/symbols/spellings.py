"""How symbols are written: by Yahoo, whose way is ours, and by others.

NASDAQ:AAPL, UK:VOD       | the exchange or country first: Google, TradingView, MarketWatch
VOD LN, 700 HK Equity     | the country last: Bloomberg
AAPL.O, NESN.S, 600519.SH | another suffix: Reuters, Wind
AAPL.US, VOD.LN, 7203.JP  | the country as a suffix: Stooq, EODHD and others
BRK.B, BRK/B, BRK B       | a share class, which Yahoo writes with a hyphen
700.HK, 00700.HK          | Hong Kong's codes have four digits at Yahoo, or five that begin with no 0
"""

import csv
import re
from functools import cache
from importlib.resources import files

LONGEST = 20  #: characters after a ^
# An underscore stands within a name, as in NIFTY_FIN_SERVICE.NS; before a single letter it would be a share class
_SYMBOL = re.compile(rf"\^?[A-Z0-9](?:[A-Z0-9.=&-]|_(?=[A-Z0-9]{{2}})){{0,{LONGEST - 1}}}")
_CLASS = re.compile(r"([A-Z]{1,5})[ ./_]([A-Z]|WS|WT|RT)")  # also warrants and rights
_COUNTRY_LAST = re.compile(r"(?P<code>[A-Z0-9&/.-]{1,12}) (?P<country>[A-Z]{2})(?: EQUITY)?")
_OTHER_SUFFIX = re.compile(r"([A-Z0-9&-]{1,10}(?:[./_][ABC])?)\.([A-Z]{1,10})")
_STOOQ = re.compile(r"([A-Z0-9-]+)(?:\.([A-Z]{2}))?")
_HONG_KONG = re.compile(r"0*([0-9]{1,5})[.-]HK")
_END = re.compile(r"(?:\.[A-Z]{1,3}|-[A-Z]{3}|=[A-Z])$")
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
_NO_TICKERS = {"LN", "HK", "JP", "JT", "US", "GR", "GY", "FP", "KS", "CH"}  #: countries that are no US symbols


def table(name: str) -> list[dict[str, str]]:
    """The rows of one embedded csv file."""
    text = (files("bellwether.market") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def suffixes() -> dict[str, dict[str, str]]:
    """The rows of suffixes.csv by Yahoo's suffix; that of New York is empty."""
    return {row["suffix"]: row for row in table("suffixes.csv")}


@cache
def others(column: str) -> dict[str, tuple[str, ...]]:
    """What others write for an exchange, by the column of suffixes.csv that has it: the suffixes that it may mean."""
    meant: dict[str, tuple[str, ...]] = {}
    for suffix, row in suffixes().items():
        for code in row[column].split():
            meant[code] = (*meant.get(code, ()), suffix)
    return meant


def suffix_of(symbol: str) -> dict[str, str] | None:
    """The row of a symbol's end, ".L" of SHEL.L; None for an end that no exchange has."""
    end = _END.search(symbol)
    return suffixes().get(end[0] if end else "")


def is_symbol(text: str) -> bool:
    """Whether this can be a symbol as we know them: at most 20 of A to Z, digits and . = & - _ with a ^ before them."""
    return _SYMBOL.fullmatch(text) is not None


def is_isin(text: str) -> bool:
    """Whether it is written as an ISIN, the number of a security."""
    return _ISIN.fullmatch(text) is not None


def as_symbol(asked: str) -> str | None:
    """A question written the way Yahoo writes symbols: "brk b" as "BRK-B", "LON:SHEL" as "SHEL.L".

    None when it cannot be one.
    """
    if not asked.isascii():  # "ß" in capitals is "SS"
        return None
    before, colon, symbol = asked.upper().rpartition(":")
    if colon:
        symbol = _of_exchange(symbol.strip(), before.strip())
    elif last := _COUNTRY_LAST.fullmatch(symbol):
        # capitals, or a code of digits: "ford in" is a question in words
        written = asked[: last.end("country")].isupper() or last["code"][0].isdigit()
        symbol = _of_country(last["code"], last["country"]) if written else symbol
    symbol = _with_hyphen(_with_our_suffix(symbol))
    if of_hong_kong := _HONG_KONG.fullmatch(symbol):
        symbol = f"{int(of_hong_kong[1]):04}.HK"
    return symbol if _SYMBOL.fullmatch(symbol) else None


def on_exchange(code: str, suffix: str) -> str | None:
    """A code as Yahoo writes it at the exchange of a suffix: "VOD" and ".L" as VOD.L, "NOVO B" and ".CO" as NOVO-B.CO.

    None when it cannot be a symbol.
    """
    code = code.upper().rstrip("./")
    symbol = code if suffix and code.endswith(suffix) else _with_hyphen(code) + suffix
    if of_hong_kong := _HONG_KONG.fullmatch(symbol):
        symbol = f"{int(of_hong_kong[1]):04}.HK"
    return symbol if _SYMBOL.fullmatch(symbol) else None


def from_stooq(name: str) -> str:
    """Stooq's name of a symbol as Yahoo's: aapl.us as AAPL, 7203.jp as 7203.T; Warsaw's have no ending there."""
    symbol = name.strip().upper()
    written = _STOOQ.fullmatch(symbol)
    return (as_symbol(f"{written[2] or 'PL'}:{written[1]}") if written else None) or symbol


def in_a_file(name: str) -> str:
    """The symbol under which a file's prices are found: as Yahoo writes it, but for a class that has a dot.

    A name that can be no symbol stays as it is.
    """
    symbol = name.strip().upper()
    return symbol if is_symbol(symbol) and share_class(symbol) else as_symbol(symbol) or symbol


def is_code_and_country(words: str) -> bool:
    """Whether two words are one symbol beyond doubt: "700 HK", "VOD LN", but not "MELI SE", which are two."""
    last = _COUNTRY_LAST.fullmatch(words.upper())
    if last is None or last["country"] not in others("bloomberg") or as_symbol(words) is None:
        return False
    return last["code"][0].isdigit() or last["country"] in _NO_TICKERS


def share_class(symbol: str) -> str | None:
    """A share class as Yahoo writes it, BRK-B of BRK.B, BRK/B, BRK B or BRK_B; None for what is written otherwise.

    Whether the letter is an exchange's, as in SHEL.L, is not looked at.
    """
    written = _CLASS.fullmatch(symbol)
    return f"{written[1]}-{written[2]}" if written else None


def _with_hyphen(symbol: str) -> str:
    """With a hyphen before a class A to C; other letters are left, for one may be an exchange that we lack."""
    return re.sub(r"[ ./_]([ABC])$", r"-\1", symbol)


def _of_exchange(symbol: str, exchange: str) -> str:
    """A symbol after an exchange or a country: with its suffix; what is no symbol where we don't know the place."""
    meant = others("prefixes").get(exchange, ())
    if len(meant) > 1:  # TSE is Toronto or Tokyo, CN Shanghai or Shenzhen: the code tells
        meant = tuple(suffix for suffix in meant if _is_code_of(symbol, suffix))
    if len(meant) != 1:
        return ":"
    return symbol if meant[0] and symbol.endswith(meant[0]) else _with_hyphen(symbol) + meant[0]


def _is_code_of(symbol: str, suffix: str) -> bool:
    digits = symbol[:1].isdigit()
    if suffix == ".SS":
        return digits and symbol[0] in "569"
    return digits and symbol[0] in "0123" if suffix == ".SZ" else digits == (suffix == ".T")


def _of_country(code: str, country: str) -> str:
    """A code before Bloomberg's country; what is no symbol where we don't know it."""
    meant = others("bloomberg").get(country, ())
    if len(meant) > 1:
        meant = tuple(suffix for suffix in meant if _is_code_of(code, suffix))
    if len(meant) != 1:
        return f"{code} {country}"
    told = suffix_of(code)
    if told is not None and told["suffix"]:  # AIR.PA FP says it twice, AIR.DE FP contradicts itself
        return code if told["suffix"] == meant[0] else f"{code} {country}"
    return _with_hyphen(code.rstrip("./")) + meant[0]


def _with_our_suffix(symbol: str) -> str:
    """With Yahoo's suffix in place of another's, where it cannot be Yahoo's."""
    written = _OTHER_SUFFIX.fullmatch(symbol)
    if written is None or f".{written[2]}" in suffixes():
        return symbol
    code, ending = written.groups()
    meant = others("endings").get(ending, ()) or _of_place(ending)
    if len(meant) > 1:
        meant = tuple(suffix for suffix in meant if _is_code_of(code, suffix))
    return _with_hyphen(code) + meant[0] if len(meant) == 1 else symbol


def _of_place(ending: str) -> tuple[str, ...]:
    """The suffixes that a place at a symbol's end may mean; of one letter none, for that is a share class."""
    if len(ending) == 1:
        return ()
    # Bloomberg's codes of New York are left: ABC.UN is a unit
    by_country = [suffix for suffix in others("bloomberg").get(ending, ()) if suffix]
    return tuple(dict.fromkeys([*others("prefixes").get(ending, ()), *by_country]))
