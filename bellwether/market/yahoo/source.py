"""Daily bars from Yahoo Finance. yfinance is imported only here, and only when a price is asked for."""

import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from bellwether.core.announcement import Announcement
from bellwether.core.config import Market
from bellwether.core.errors import (
    BellwetherError,
    DamagedAnswer,
    Delisted,
    NoPrices,
    SourceError,
    Trouble,
    UnknownSymbol,
)
from bellwether.core.i18n.translate import N_, said
from bellwether.core.types import Bars, Instrument, Statements, to_date
from bellwether.market.provider import Fetched
from bellwether.market.returns import are_prices
from bellwether.market.symbols.spellings import is_isin
from bellwether.market.symbols.universe import calendar_of, listed, near_symbols

_ABOUT = ("longName", "shortName", "exchangeName", "fullExchangeName", "currency")
_NO_PRICES = N_("{source} has no prices of {symbol} for these days.")
FIRST_DAY = date(1927, 1, 1)  #: its oldest series begins then
log = logging.getLogger(__name__)


def open_source(market: Market) -> "YahooSource":
    """The source as the settings describe it."""
    return YahooSource(base_url=market.yahoo_base_url)


class YahooSource:
    """Prices from Yahoo through yfinance: asks once, and tells every way of not getting an answer apart."""

    name = "yahoo"
    note = ""

    def __init__(self, *, base_url: str = "") -> None:
        """`base_url` is a mirror to ask instead of Yahoo's hosts."""
        self._base_url = base_url
        self._session: Any = None
        self._starting = threading.Lock()

    def describe(self) -> str:
        """Where the prices come from, for messages."""
        return "Yahoo Finance"

    def universe(self) -> tuple[Instrument, ...]:
        """The companies known by name without asking Yahoo."""
        return tuple(listed().values())

    def prepare(self) -> None:
        """Import yfinance, which takes a second."""
        self._start()

    def fetch(self, symbol: str, start: date, end: date, timeout: float) -> Fetched:
        """Bars from `start` to `end`, adjusted and as quoted, with the splits and dividends among them."""
        with self._asking(symbol, timeout) as ticker:
            # yfinance would spend a request on each symbol's time zone, only to know when a day begins there; with
            # UTC and a day more at both ends none is missing
            ticker._tz = "UTC"
            frame: pd.DataFrame = ticker.history(
                start=max(start, FIRST_DAY) - timedelta(days=1),
                end=end + timedelta(days=2),
                auto_adjust=False,
                keepna=True,  # a day whose prices are nought is a broken one, not none
                timeout=timeout,
            )
            history = ticker._lazy_load_price_history()
            # by name: asking it for everything makes one more request, for intraday hours
            about = {key: ticker.history_metadata.get(key) for key in _ABOUT}

        def read(repair: Callable[[Any, pd.DataFrame], tuple[pd.DataFrame, int | None]]) -> Fetched:
            with self._reading(symbol):
                table, doubtful = repair(history, frame)
                return _fetched(symbol, _instrument(symbol, about), table, doubtful, start, end)

        # here, not above: yfinance loads slowly, and `repaired` with it only what it needs
        from bellwether.market.yahoo.price_repair import repaired

        return replace(read(lambda _, given: (given, None)), repair=lambda: read(repaired))

    def search(self, text: str, timeout: float) -> tuple[Instrument, ...]:
        """What Yahoo finds for these words. Raises SourceError."""
        from bellwether.market.yahoo.search import search

        session = self._start()
        try:
            with session.within(timeout):
                return search(session, text)
        except Exception as problem:
            told = self._explain(text, problem, Trouble.DAMAGED_SEARCH)
            if isinstance(told, NoPrices):  # words that it refuses are no failure of its
                return ()
            raise told if isinstance(told, SourceError) else SourceError(self.describe(), Trouble.REFUSED) from problem

    def statements(self, symbol: str, timeout: float) -> Statements:
        """A company's last quarters, five at most, and when the next one is due."""
        from bellwether.market.yahoo.statements import read_statements

        with self._asking(symbol, timeout, Trouble.DAMAGED_STATEMENTS) as ticker:
            return read_statements(symbol, ticker._data.get_raw_json)

    def announcements(self, symbol: str, timeout: float) -> tuple[Announcement, ...]:
        """The days on which a company reports, past ones and those ahead; none of what is no company."""
        from bellwether.market.yahoo.reports import read_reports

        with self._asking(symbol, timeout, Trouble.DAMAGED_STATEMENTS) as ticker:
            return read_reports(symbol, ticker._data.get_raw_json, ticker.get_earnings_dates)

    @contextmanager
    def _asking(self, symbol: str, timeout: float, damage: Trouble = Trouble.DAMAGED) -> Iterator[Any]:
        """A yfinance Ticker whose requests end within `timeout` seconds and whose failures are ours.

        `damage` is what to call an answer that cannot be read.
        """
        import yfinance

        from bellwether.market.yahoo.session import NoSuchSymbol

        session = self._start()
        _forget_answers()
        try:
            if is_isin(symbol):  # yfinance would search, and take the first listing anywhere
                raise NoSuchSymbol("an ISIN")
            with session.within(timeout):
                yield yfinance.Ticker(symbol, session=session)
        except Exception as problem:  # yfinance lets anything through, from JSON errors to curl's
            _forget_crumb()
            raise self._explain(symbol, problem, damage) from problem

    @contextmanager
    def _reading(self, symbol: str) -> Iterator[None]:
        """Whatever a table makes fail within is damage of this symbol alone: the source has answered."""
        try:
            yield
        except BellwetherError:
            raise
        except Exception as problem:
            log.warning("The prices of %s cannot be read: %r", symbol, problem, exc_info=True)
            raise DamagedAnswer(self.describe(), symbol) from problem

    def _start(self) -> Any:
        """The HTTP session, made once; importing yfinance costs half a second that other sources save."""
        with self._starting:
            if self._session is None:
                import yfinance

                from bellwether.market.yahoo.session import YahooSession

                yfinance.config.debug.hide_exceptions = False  # else an outage looks like a delisting
                logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # its errors reach us as exceptions
                # of its ways with pandas and numpy; once for all, for threads share filters
                warnings.filterwarnings("ignore", module="yfinance")
                missing = self.faults()
                if missing:
                    log.error("%s", " ".join(missing))
                _keep_no_files()
                self._session = YahooSession(self._base_url)
        return self._session

    def faults(self) -> list[str]:
        """What the installed yfinance lacks of what we use, in sentences for whoever runs the service."""
        from yfinance import __version__
        from yfinance.scrapers.history import PriceHistory

        from bellwether.market.yahoo.price_repair import REPAIRS

        missing = [name for name in REPAIRS if not callable(getattr(PriceHistory, name, None))]
        if not missing:
            return []
        return [
            f"yfinance {__version__} has no {', '.join(missing)}: wrong splits and dividends are not all put right."
        ]

    def _explain(self, symbol: str, problem: Exception, damage: Trouble) -> BellwetherError:
        """What happened, in words. `damage` is what it is where data came that cannot be read."""
        from bellwether.market.yahoo.session import Empty, NoSuchSymbol, NotAnswering, OfOtherForm

        log.info("Yahoo failed for %s: %s %s", symbol, type(problem).__name__, problem)
        if isinstance(problem, NoSuchSymbol):
            if symbol in listed():  # Yahoo's answer is the same for what never was and what is no more
                return Delisted(symbol, self.describe())
            return UnknownSymbol(symbol, near_symbols(symbol, self.universe()), self.describe())
        if isinstance(problem, Empty):
            return NoPrices(said(_NO_PRICES, source=self.describe(), symbol=symbol))
        if isinstance(problem, NotAnswering):
            about = symbol if isinstance(problem, OfOtherForm) else ""
            return SourceError(self.describe(), problem.trouble, problem.retry_after, about)
        if isinstance(problem, OSError):  # curl's too, as where a cookie could not be had
            return SourceError(self.describe(), Trouble.CUT_OFF)
        return DamagedAnswer(self.describe(), symbol, damage)  # data came, and could not be read


def _forget_answers() -> None:
    """yfinance keeps what it was told of past days until a restart: a bar that comes late would never be seen."""
    from yfinance.data import YfData

    YfData().cache_get.cache_clear()


def _forget_crumb() -> None:
    """Yahoo's token for some questions, which it may take no longer: the next question fetches another."""
    from yfinance.data import YfData

    YfData()._crumb = None


def _keep_no_files() -> None:
    """Switch off yfinance's caches on disk, of cookies and time zones.

    A process needs one cookie; a file that is damaged, or a disk that is full, would make every question fail.
    """
    from yfinance import cache

    cache._CookieCacheManager._Cookie_cache = cache._CookieCacheDummy()
    cache._TzCacheManager._tz_cache = cache._TzCacheDummy()


def _instrument(symbol: str, about: dict[str, Any]) -> Instrument:
    """What the chart answer's `meta` says about a symbol."""
    name = about.get("longName") or about.get("shortName") or symbol
    exchange = str(about.get("exchangeName") or "")
    return Instrument(
        symbol=symbol,
        name=listed()[symbol].name if symbol in listed() else str(name),
        exchange=str(about.get("fullExchangeName") or exchange),
        calendar=calendar_of(exchange, symbol),
        currency=str(about.get("currency") or ""),
    )


def _fetched(
    symbol: str, instrument: Instrument, frame: pd.DataFrame, doubtful: int | None, start: date, end: date
) -> Fetched:
    """Yahoo's table as bars from `start` to `end`: all four prices scaled by adjusted / raw close.

    `doubtful` is the first row that is surely in one scale with the last; None where all are. A day on which Yahoo has
    any price or a volume is a session, be its prices broken: what reads the bars says so. Days without either are none.
    """
    if frame.empty:
        raise NoPrices(said(_NO_PRICES, source="Yahoo Finance", symbol=symbol))
    midnights = pd.DatetimeIndex(frame.index)  # of the exchange's own days
    sessions = midnights.tz_localize(None).to_numpy().astype("datetime64[D]")
    raw = frame[["Open", "High", "Low", "Close"]].to_numpy(np.float64)
    adjusted = frame["Adj Close"].to_numpy(np.float64)
    volume = np.nan_to_num(frame["Volume"].to_numpy(np.float64))
    acted = frame.reindex(columns=["Dividends", "Stock Splits"], fill_value=0.0).to_numpy(np.float64).any(axis=1)
    asked = (sessions >= np.datetime64(start)) & (sessions <= np.datetime64(end))
    keep = asked & (np.isfinite(raw).any(axis=1) | (volume > 0))
    closes = raw[:, 3]
    sound = are_prices(closes) & are_prices(adjusted)
    if not (keep & sound).any():
        raise NoPrices(said(_NO_PRICES, source="Yahoo Finance", symbol=symbol))
    # a close without an adjusted one that can be, or the reverse, is none
    closes = np.where(sound | ~(closes > 0), closes, np.nan)
    factors = np.where(sound, adjusted / np.where(sound, closes, 1.0), 1.0)
    raw = np.where(np.isfinite(raw), raw, closes[:, None])
    raw[:, 3] = closes
    values = np.asfortranarray(np.column_stack([raw * factors[:, None], volume])[keep])
    return Fetched(
        instrument,
        Bars(symbol, sessions[keep], values, closes[keep]),
        tuple(to_date(day) for day in sessions[acted & asked]),
        to_date(sessions[doubtful]) if doubtful is not None else None,
    )
