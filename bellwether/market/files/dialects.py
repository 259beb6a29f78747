"""The forms in which price files come: a table of named dialects, told apart by their headers. Data, and a look-up.

The first dialect whose columns are all in the header is the file's. The last one, USUAL, takes any table whose columns
have usual names, in several languages.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum


class Role(Enum):
    """What a column holds."""

    SYMBOL = "symbol"  #: whose row it is
    DATE = "date"  #: the session, or an instant in it
    TIME = "time"  #: the time of day that belongs to the date
    OPEN = "open"  #: the first price of the session
    HIGH = "high"  #: the highest
    LOW = "low"  #: the lowest
    CLOSE = "close"  #: the last
    ADJUSTED = "adjusted close"  #: the close adjusted for dividends too
    QUOTED = "quoted close"  #: the close as quoted, where the others are adjusted
    VOLUME = "volume"  #: pieces traded
    TICKS = "ticks"  #: stands for the volume where that is all zeros
    SERIES = "series"  #: of one symbol that trades in several


PRICES = (Role.OPEN, Role.HIGH, Role.LOW, Role.CLOSE)
NUMBERS = (*PRICES, Role.ADJUSTED, Role.QUOTED, Role.VOLUME, Role.TICKS)
Columns = Mapping[Role, str]
#: What other programs write where they have no number: R, SQL, spreadsheets, Python, people.
_MISSING_WORDS = "na n/a nan null none nil nat - -- --- . .. ? \\n <na> #n/a #na #null! #value! #ref! #div/0! (null)"
MISSING = frozenset(["", "#n/a n/a", "\N{EN DASH}", "\N{EM DASH}", *_MISSING_WORDS.split()])


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way of writing prices into a file. Column names are canonical ones."""

    name: str
    columns: Columns  #: they must be there
    also: Columns = field(default_factory=dict)  #: they may be there
    marks: tuple[str, ...] = ()  #: other columns that tell it from its neighbours
    day_order: str = ""  #: "mdy" or "dmy" where it always writes days so; decides only what the column leaves open
    decimal: str = ""  #: "," or "." where it always writes so; decides only what the columns leave open
    series: str = ""  #: only rows of this series are read
    suffix: str = ""  #: put after its symbols: the ending of their exchange as Yahoo writes it
    endings: tuple[str, ...] = (".csv",)
    header: bool = True  #: False: the first line is a row already, and `columns` stand in their order
    strict: bool = False  #: the project's own form: plain numbers, other columns do not matter, prices are adjusted
    stooq: bool = False  #: its symbols end as Stooq writes them: aapl.us, 7203.jp

    @property
    def number_names(self) -> frozenset[str]:
        """The names of the columns that hold numbers."""
        return frozenset(name for role, name in {**self.also, **self.columns}.items() if role in NUMBERS)


def _daily(date: str, open_: str, high: str, low: str, close: str, **others: str) -> dict[Role, str]:
    """Columns by role; `others` by the names of their roles."""
    roles = (Role.DATE, *PRICES)
    named = dict(zip(roles, (date, open_, high, low, close), strict=True))
    return named | {Role[role.upper()]: name for role, name in others.items()}


def _investing(language: str, date: str, open_: str, high: str, low: str, close: str) -> Dialect:
    """Investing.com's table in a language that writes decimal commas."""
    columns = _daily(date, open_, high, low, close)
    return Dialect(f"Investing.com, {language}", columns, {Role.VOLUME: "vol"}, day_order="dmy", decimal=",")


def _nse(table: str, columns: Columns, also: Columns | None = None, marks: tuple[str, ...] = ()) -> Dialect:
    """A table of India's National Stock Exchange, of which only plain shares are read."""
    return Dialect(f"NSE {table}", columns, also or {}, marks, series="EQ", suffix=".NS")


_ENGLISH = ("open", "high", "low", "close")
_TICKER = _daily("date", *_ENGLISH, symbol="ticker", volume="vol")
_TIME = {Role.TIME: "time"}
_VOLUME, _ADJUSTED = {Role.VOLUME: "volume"}, {Role.ADJUSTED: "adj close"}
_TERMINAL = (".csv", ".txt")  #: programs that write either

OWN = Dialect(
    "Bellwether",
    _daily("date", *_ENGLISH, symbol="symbol", volume="volume"),
    {Role.QUOTED: "quoted_close"},
    strict=True,
)
DOWNLOAD = Dialect("yfinance download", _daily("date", *_ENGLISH, symbol="symbol"), _VOLUME | _ADJUSTED)
DOWNLOAD_CLOSES = Dialect("yfinance download", {Role.DATE: "date", Role.SYMBOL: "symbol", Role.CLOSE: "close"})
MT4 = Dialect(
    "MetaTrader 4",
    {Role.DATE: "date", Role.TIME: "time"} | {role: role.value for role in PRICES} | _VOLUME,
    header=False,
    endings=_TERMINAL,
)

#: What columns are called in tables of no dialect, the likeliest first.
_NAMES = {
    Role.SYMBOL: "symbol, ticker, tic, ticker symbol, stock symbol, code, name, stock, instrument, símbolo, тикер",
    Role.DATE: "date, trade date, trading date, tradedate, trade_date, session, day, datetime, date time, datum, tag, "
    "fecha, data, дата, timestamp, time, index, window_start, begin, unix, t, ",
    Role.TIME: "time, uhrzeit, zeit, hora, время",
    Role.OPEN: "open, open price, open_price, opening price, first, o, eröffnung, eroeffnung, eröffn, eröffnungskurs, "
    "erster, start, apertura, abertura, ouverture, ouv, otwarcie, откр, открытие",
    Role.HIGH: "high, high price, high_price, max, h, hoch, tageshoch, höchst, höchstkurs, máximo, máxima, massimo, "
    "plus haut, haut, najwyzszy, макс, максимум",
    Role.LOW: "low, low price, low_price, min, l, tief, tagestief, tiefst, tiefstkurs, mínimo, mínima, minimo, "
    "plus bas, bas, najnizszy, мин, минимум",
    Role.CLOSE: "close, close price, close_price, closing price, close/last, price, last, last price, c, schlusskurs, "
    "schluss, schluß, zuletzt, kurs, letzter, último, ultimo, cierre, fechamento, dernier, clôture, chiusura, "
    "zamkniecie, цена, закрытие, adj close, adjclose, adj_close, adjusted close, adjusted_close, adjusted, nav",
    Role.ADJUSTED: "adj close, adjclose, adj_close, adj. close, adjusted close, adjusted_close, adjusted, close adj, "
    "close_adj, adj close price, closeadj",
    Role.VOLUME: "volume, vol, total volume, shares, no of shares, number of shares, v, tick_volume, stuecke, stücke, "
    "stück, umsatz, volumen, wolumen, объём, объем",
    Role.TICKS: "tickvol",
}
_SYMBOLS = ("symbol", "ticker", "ticker symbol", "stock symbol", "tic")  #: they say more than a name beside them
SYNONYMS: Mapping[Role, tuple[str, ...]] = {role: tuple(names.split(", ")) for role, names in _NAMES.items()}

DIALECTS: tuple[Dialect, ...] = (
    OWN,
    _nse("bhavcopy", _daily("timestamp", *_ENGLISH, symbol="symbol", series="series", volume="tottrdqty")),
    _nse(
        "bhavcopy, full",
        _daily("date1", "open_price", "high_price", "low_price", "close_price", symbol="symbol", series="series"),
        {Role.VOLUME: "ttl_trd_qnty"},
    ),
    _nse(
        "bhavcopy, UDiFF",
        _daily("traddt", "opnpric", "hghpric", "lwpric", "clspric", symbol="tckrsymb", series="sctysrs"),
        {Role.VOLUME: "ttltradgvol"},
    ),
    _nse("history", _daily("date", *_ENGLISH, series="series"), _VOLUME, ("ltp", "vwap")),
    _nse("tables", _daily("date", *_ENGLISH, series="series", symbol="symbol"), _VOLUME, ("prev close", "vwap")),
    Dialect("Stooq bulk", _TICKER, _TIME, ("per", "openint"), stooq=True, endings=_TERMINAL),
    Dialect("Finam", _TICKER, _TIME, ("per",), endings=_TERMINAL),
    Dialect(
        "MetaTrader 5",
        _daily("date", *_ENGLISH, ticks="tickvol"),
        _TIME | {Role.VOLUME: "vol"},
        endings=_TERMINAL,
    ),
    MT4,
    Dialect("Nasdaq", _daily("date", "open", "high", "low", "close/last"), _VOLUME, day_order="mdy", decimal="."),
    Dialect("Investing.com", _daily("date", "open", "high", "low", "price"), {Role.VOLUME: "vol"}, ("change %",)),
    _investing("German", "datum", "eröffn", "hoch", "tief", "zuletzt"),
    _investing("Spanish", "fecha", "apertura", "máximo", "mínimo", "último"),
    _investing("Portuguese", "data", "abertura", "máxima", "mínima", "último"),
    _investing("French", "date", "ouv", "plus haut", "plus bas", "dernier"),
    _investing("Italian", "data", "apertura", "massimo", "minimo", "ultimo"),
    Dialect("ariva", _daily("datum", "erster", "hoch", "tief", "schlusskurs"), {Role.VOLUME: "stuecke"}, decimal=","),
    Dialect("Kaggle", _daily("date", *_ENGLISH, symbol="name"), _VOLUME | _ADJUSTED),
    Dialect("yfinance history", _daily("date", *_ENGLISH), _VOLUME | _ADJUSTED, ("dividends", "stock splits")),
    Dialect("Yahoo Finance", _daily("date", *_ENGLISH, adjusted="adj close"), _VOLUME),
    Dialect("Alpha Vantage", _daily("timestamp", *_ENGLISH), _VOLUME | {Role.ADJUSTED: "adjusted_close"}),
    Dialect("Tiingo", _daily("date", *_ENGLISH, adjusted="adjclose"), _VOLUME, ("adjopen", "divcash")),
    Dialect("EODHD", _daily("date", *_ENGLISH, adjusted="adjusted_close"), _VOLUME),
    Dialect("Polygon", _daily("window_start", *_ENGLISH, symbol="ticker"), _VOLUME),
)
USUAL = "a table with usual column names"


def canonical(name: object) -> str:
    """A column's name without case, brackets, quotes, stars, points and spaces around it: "<CLOSE>" as "close"."""
    return re.sub(r"\s+", " ", re.sub(r"[<>*\"'\ufeff]", " ", str(name))).strip().rstrip(".").strip().casefold()


def recognise(header: Sequence[object]) -> Dialect | None:
    """The dialect that has such a header; the roles of its columns are in `columns` and `also`, by canonical names.

    A first line without a header is that of MetaTrader 4 where it looks so. None where no close or no day is named.
    """
    names = {canonical(name) for name in header}
    if (
        len(header) >= 6
        and re.fullmatch(r"\d{4}\.\d\d\.\d\d", str(header[0]))
        and re.match(r"\d\d:\d\d", str(header[1]))
    ):
        return MT4
    if {str(name) for name in header}.issuperset(OWN.columns.values()):
        adjusted = next((name for name in SYNONYMS[Role.ADJUSTED] if name in names), None)
        if adjusted is None or OWN.also[Role.QUOTED] in names:
            return OWN
        return replace(OWN, also={Role.ADJUSTED: adjusted})  # the others are then as quoted
    symbol = next((name for name in _SYMBOLS if name in names), None)
    for dialect in DIALECTS:
        if dialect.header and not dialect.strict and names.issuperset((*dialect.columns.values(), *dialect.marks)):
            told = dialect.columns.get(Role.SYMBOL, dialect.also.get(Role.SYMBOL))
            if symbol is None or told not in {None, "name"}:
                return dialect
            if told is None:
                return replace(dialect, also={**dialect.also, Role.SYMBOL: symbol})
    return _by_usual_names(names)


def _by_usual_names(names: set[str]) -> Dialect | None:
    """A dialect made for a header whose names are usual ones: a day and a close, and perhaps the others."""
    columns: dict[Role, str] = {}
    for role in (Role.DATE, Role.CLOSE, *(role for role in SYNONYMS if role not in {Role.DATE, Role.CLOSE})):
        name = next((name for name in SYNONYMS[role] if name in names and name not in columns.values()), None)
        if name is not None:
            columns[role] = name
    if not {Role.DATE, Role.CLOSE} <= columns.keys():
        return None
    if columns[Role.DATE] == "" and len(columns) < 3:
        return None
    return Dialect(USUAL, columns)


def without_prefix(header: Sequence[str]) -> tuple[str, list[str]]:
    """R's quantmod heads its columns "GOOG.Open": the symbol, and the header without it; ("", header) for others."""
    split = [name.rpartition(".") for name in header[1:]]
    prefixes = {before for before, _, _ in split}
    if len(prefixes) == 1 and "" not in prefixes and {"open", "close"} <= {canonical(name) for _, _, name in split}:
        return prefixes.pop(), [header[0], *(name for _, _, name in split)]
    return "", list(header)
