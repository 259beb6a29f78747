"""Daily bars from Yahoo Finance. yfinance is imported only here, and only when a price is asked for."""

import logging
import threading
import warnings
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bellwether.errors import BadDate, BellwetherError, MarketDataError, UnknownSymbol
from bellwether.market.exchanges import calendar_of
from bellwether.market.universe import listed, near_symbols
from bellwether.types import Bars, Instrument

_ABOUT = ("longName", "shortName", "exchangeName", "fullExchangeName", "currency")
FIRST_DAY = date(1927, 1, 1)  #: its oldest series begins then
YEARS = 12  #: of history to ask for: enough for every feature and for how often the price rose
log = logging.getLogger(__name__)


class YahooProvider:
    """Prices from Yahoo through yfinance; asks the network at every call, so wrap it in `CachedProvider`."""

    name = "yahoo"
    live = True
    note = ""

    def __init__(self, *, base_url: str = "", timeout: float = 15, cache_folder: Path | None = None) -> None:
        """`base_url` is a mirror to ask instead of Yahoo's hosts; `cache_folder` is where yfinance keeps time zones."""
        self._base_url = base_url
        self._timeout = timeout
        self._cache_folder = cache_folder
        self._session: Any = None
        self._starting = threading.Lock()
        self._known: dict[str, Instrument] = {}

    def describe(self) -> str:
        """Where the prices come from, for messages."""
        return "Yahoo Finance"

    def universe(self) -> tuple[Instrument, ...]:
        """The companies known by name without asking Yahoo."""
        return tuple(listed().values())

    def instrument(self, symbol: str) -> Instrument:
        """Name, exchange and currency as Yahoo states them with the prices."""
        if symbol not in self._known:
            self._history(symbol, period="1mo")
        return self._known[symbol]

    def bars(self, symbol: str, end: date) -> Bars:
        """Bars of the last YEARS years up to and including `end`."""
        if end < FIRST_DAY:
            raise BadDate(f"Yahoo Finance has no prices as old as {end}.")
        start = max(end - timedelta(days=366 * YEARS), FIRST_DAY)
        frame = self._history(symbol, start=start, end=end + timedelta(days=1))
        return _to_bars(symbol, frame, end)

    def _history(self, symbol: str, **span: Any) -> pd.DataFrame:
        """Yahoo's table of raw and adjusted prices, (n, columns); `span` as yfinance takes it."""
        import yfinance

        ticker = yfinance.Ticker(symbol, session=self._start())
        try:
            with warnings.catch_warnings():
                # yfinance 1.7 calls pandas in a way that pandas 3 deprecates
                warnings.filterwarnings("ignore", message="The inplace keyword")
                frame: pd.DataFrame = ticker.history(auto_adjust=False, actions=False, timeout=self._timeout, **span)
                # by name: asking it for everything makes one more request, for intraday hours
                about = {key: ticker.history_metadata.get(key) for key in _ABOUT}
        except Exception as problem:  # yfinance lets anything through, from JSON errors to curl's
            self._forget_failures()
            raise self._explain(symbol, problem) from problem
        if frame.empty:
            self._forget_failures()
            raise MarketDataError(f"Yahoo Finance has no prices of {symbol} for these days.")
        self._known[symbol] = _instrument(symbol, about)
        return frame

    def _start(self) -> Any:
        """The HTTP session, made once; importing yfinance costs half a second that other sources save."""
        with self._starting:
            if self._session is None:
                import yfinance

                from bellwether.market.yahoo_session import YahooSession

                yfinance.config.debug.hide_exceptions = False  # else an outage looks like a delisting
                logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # its errors reach us as exceptions
                if self._cache_folder is not None:
                    self._cache_folder.mkdir(parents=True, exist_ok=True)
                    yfinance.set_tz_cache_location(str(self._cache_folder))
                self._session = YahooSession(self._base_url)
        return self._session

    def _forget_failures(self) -> None:
        """yfinance remembers answers, failed ones too: without this, a symbol stays broken after Yahoo is back."""
        from yfinance.data import YfData

        YfData().cache_get.cache_clear()

    def _explain(self, symbol: str, problem: Exception) -> BellwetherError:
        """What happened, in words."""
        from bellwether.market.yahoo_session import NoPrices, NoSuchSymbol, RateLimited

        log.info("Yahoo failed for %s: %s %s", symbol, type(problem).__name__, problem)
        if isinstance(problem, NoSuchSymbol):
            return UnknownSymbol(symbol, near_symbols(symbol, self.universe()), "Yahoo Finance")
        if isinstance(problem, NoPrices):
            return MarketDataError(f"Yahoo Finance has no prices of {symbol} for these days.")
        if isinstance(problem, RateLimited):
            return MarketDataError("Yahoo Finance is limiting our requests; please try again in a few minutes.")
        return MarketDataError("Yahoo Finance is not answering as it should; please try again in a few minutes.")


def _instrument(symbol: str, about: dict[str, Any]) -> Instrument:
    """What the chart answer's `meta` says about a symbol."""
    name = about.get("longName") or about.get("shortName") or symbol
    exchange = str(about.get("exchangeName") or "")
    return Instrument(
        symbol=symbol,
        name=listed()[symbol].name if symbol in listed() else str(name),
        exchange=str(about.get("fullExchangeName") or exchange),
        calendar=calendar_of(exchange),
        currency=str(about.get("currency") or ""),
    )


def _to_bars(symbol: str, frame: pd.DataFrame, end: date) -> Bars:
    """Yahoo's table as Bars: all four prices scaled by adjusted / raw close, days after `end` left out."""
    midnights = pd.DatetimeIndex(frame.index)  # of the exchange's own days
    sessions = midnights.tz_localize(None).to_numpy().astype("datetime64[D]")
    raw = frame[["Open", "High", "Low", "Close"]].to_numpy(np.float64)
    adjusted = frame["Adj Close"].to_numpy(np.float64)
    volume = frame["Volume"].to_numpy(np.float64)
    # a day without trading comes as an empty row; it is no session
    keep = np.isfinite(raw[:, 3]) & (raw[:, 3] > 0) & np.isfinite(adjusted) & (sessions <= np.datetime64(end))
    if not keep.any():
        raise MarketDataError(f"Yahoo Finance has no prices of {symbol} up to {end}.")
    raw, adjusted, volume = raw[keep], adjusted[keep], volume[keep]
    raw = np.where(np.isfinite(raw), raw, raw[:, 3:4])
    values = np.asfortranarray(np.column_stack([raw * (adjusted / raw[:, 3])[:, None], np.nan_to_num(volume)]))
    return Bars(symbol, sessions[keep], values, raw[:, 3])
