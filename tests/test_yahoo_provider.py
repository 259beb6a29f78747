"""Yahoo through the real yfinance and a server that replays its answers: exact prices, and troubles told apart."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from yfinance.data import YfData

from bellwether.errors import BellwetherError, MarketDataError, UnknownSymbol
from bellwether.market.yahoo import YahooProvider
from tests.support.shared import needs_shared
from tests.support.yahoo_server import DOWN_PAGE, EMPTY_CHART, HTML_PAGE, MALFORMED_JSON, NO_CHART, YahooServer

pytestmark = needs_shared
CHART = "/v8/finance/chart/"
END = date(2026, 11, 20)


@pytest.fixture
def server() -> Iterator[YahooServer]:
    YfData().cache_get.cache_clear()
    with YahooServer() as server:
        yield server
    YfData().cache_get.cache_clear()


@pytest.fixture
def provider(server: YahooServer, tmp_path: Path) -> YahooProvider:
    return YahooProvider(base_url=server.base_url, timeout=1, cache_folder=tmp_path / "yfinance")


def chart(
    symbol: str,
    closes: list[float | None],
    *,
    factor: float = 1.0,
    last: date = END,
    zone: str = "America/New_York",
    offset: int = -18000,
    opens_at: int = 14,
    volume: int | None = 1000,
    **meta: Any,
) -> dict[str, Any]:
    """Yahoo's answer: one bar a weekday up to `last`; adjusted close = close x `factor`."""
    offsets = range(-len(closes) + 1, 1)
    days = [np.busday_offset(np.datetime64(last), step).astype(object) for step in offsets]
    stamps = [int(datetime(day.year, day.month, day.day, opens_at, 30, tzinfo=UTC).timestamp()) for day in days]
    about = {
        "currency": "USD",
        "symbol": symbol,
        "exchangeName": "NMS",
        "fullExchangeName": "NasdaqGS",
        "instrumentType": "EQUITY",
        "regularMarketTime": stamps[-1],
        "gmtoffset": offset,
        "timezone": "EST",
        "exchangeTimezoneName": zone,
        "longName": f"{symbol} Inc.",
        "dataGranularity": "1d",
        "range": "",
        "priceHint": 2,
        "validRanges": ["1mo", "max"],
        "currentTradingPeriod": {
            part: {"timezone": "EST", "start": stamps[-1], "end": stamps[-1] + 23400, "gmtoffset": offset}
            for part in ("pre", "regular", "post")
        },
    } | meta
    quote = {
        "open": closes,
        "high": [None if close is None else close * 1.01 for close in closes],
        "low": [None if close is None else close * 0.99 for close in closes],
        "close": closes,
        "volume": [volume if close is not None else None for close in closes],
    }
    adjusted = [None if close is None else close * factor for close in closes]
    indicators = {"quote": [quote], "adjclose": [{"adjclose": adjusted}]}
    return {"chart": {"result": [{"meta": about, "timestamp": stamps, "indicators": indicators}], "error": None}}


def test_adjusted_and_quoted_closes_are_both_kept(server: YahooServer, provider: YahooProvider) -> None:
    server.add_chart("DIVI", chart("DIVI", [100.0, 102.0, 104.0], factor=0.9))
    bars = provider.bars("DIVI", END)
    assert bars.quoted_closes == pytest.approx([100, 102, 104])
    assert bars.closes == pytest.approx([90, 91.8, 93.6])
    assert bars.quoted_close == 104.0
    assert bars.values[:, 1] == pytest.approx(bars.closes * 1.01)  # all four prices are adjusted
    assert bars.values[:, 4].tolist() == [1000] * 3
    assert bars.cutoff == END
    assert bars.symbol == "DIVI"


def test_a_recorded_history_is_read_whole(provider: YahooProvider) -> None:
    bars = provider.bars("TSLA", date(2023, 1, 3))
    assert len(bars) > 1000
    assert np.isfinite(bars.values).all()
    assert (np.diff(bars.sessions).astype(int) > 0).all()
    assert bars.cutoff <= date(2023, 1, 3)


@pytest.mark.parametrize(
    ("symbol", "currency", "exchange", "calendar", "zone", "offset", "opens_at"),
    [
        ("AAPL", "USD", "NMS", "XNYS", "America/New_York", -18000, 14),
        ("SHEL.L", "GBp", "LSE", "XLON", "Europe/London", 0, 8),
        ("7203.T", "JPY", "JPX", "XTKS", "Asia/Tokyo", 32400, 0),
        ("BHP.AX", "AUD", "ASX", "XASX", "Australia/Sydney", 39600, 0),
        ("BTC-USD", "USD", "CCC", "24/7", "UTC", 0, 0),
        ("XX.YY", "SEK", "???", "24/5", "Europe/Stockholm", 3600, 8),
    ],
)
def test_an_instrument_is_what_yahoo_says_it_is(
    server: YahooServer,
    provider: YahooProvider,
    symbol: str,
    currency: str,
    exchange: str,
    calendar: str,
    zone: str,
    offset: int,
    opens_at: int,
) -> None:
    body = chart(
        symbol, [250.25] * 5, zone=zone, offset=offset, opens_at=opens_at, currency=currency, exchangeName=exchange
    )
    server.add_chart(symbol, body)
    one = provider.instrument(symbol)
    assert (one.symbol, one.currency, one.calendar) == (symbol, currency, calendar)
    bars = provider.bars(symbol, END)
    assert bars.quoted_close == 250.25  # pence stay pence
    assert bars.cutoff == END
    assert len(bars) == 5


def test_sessions_keep_their_day_across_a_change_of_the_clocks(server: YahooServer, provider: YahooProvider) -> None:
    last = date(2026, 11, 6)
    server.add_chart("AAPL", chart("AAPL", [100.0 + step for step in range(10)], last=last))
    sessions = [str(session) for session in provider.bars("AAPL", last).sessions]
    assert sessions[0] == "2026-10-26"
    assert sessions[4:6] == ["2026-10-30", "2026-11-02"]
    assert sessions[-1] == "2026-11-06"


def test_nothing_after_the_day_asked_for_is_shown(server: YahooServer, provider: YahooProvider) -> None:
    server.add_chart("AAPL", chart("AAPL", [1.0, 2.0, 3.0, 4.0, 5.0]))
    bars = provider.bars("AAPL", date(2026, 11, 18))
    assert bars.cutoff == date(2026, 11, 18)
    assert bars.quoted_closes.tolist() == [1, 2, 3]


def test_a_day_without_a_price_is_no_session(server: YahooServer, provider: YahooProvider) -> None:
    server.add_chart("AAPL", chart("AAPL", [1.0, None, 3.0]))
    bars = provider.bars("AAPL", END)
    assert bars.quoted_closes.tolist() == [1, 3]
    assert np.isfinite(bars.values).all()


def test_an_index_without_volume_is_read(server: YahooServer, provider: YahooProvider) -> None:
    server.add_chart("^VIX", chart("^VIX", [17.0, 18.0], volume=0))
    assert provider.bars("^VIX", END).values[:, 4].tolist() == [0, 0]


# ---- troubles


OUTAGE = "is not answering as it should"


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (404, None, UnknownSymbol, "I don't know the symbol AAPL in Yahoo Finance"),
        (200, NO_CHART, UnknownSymbol, "I don't know the symbol AAPL"),
        (429, None, MarketDataError, "is limiting our requests"),
        (401, None, MarketDataError, OUTAGE),
        (403, None, MarketDataError, OUTAGE),
        (500, None, MarketDataError, OUTAGE),
        (502, DOWN_PAGE, MarketDataError, OUTAGE),
        (503, HTML_PAGE, MarketDataError, OUTAGE),
        (200, HTML_PAGE, MarketDataError, OUTAGE),
        (200, MALFORMED_JSON, MarketDataError, OUTAGE),
        (200, "[]", MarketDataError, OUTAGE),
        (200, "null", MarketDataError, OUTAGE),
        (200, '{"chart": null}', MarketDataError, OUTAGE),
        (200, EMPTY_CHART, MarketDataError, "has no prices of AAPL"),
        (400, None, MarketDataError, "Yahoo Finance"),
    ],
)
def test_every_trouble_is_told_for_what_it_is_and_passes(
    server: YahooServer,
    provider: YahooProvider,
    status: int,
    body: str | None,
    error: type[BellwetherError],
    words: str,
) -> None:
    server.add_chart("AAPL", chart("AAPL", [1.0, 2.0]))
    server.fail_next(CHART, status, body, times=None)
    with pytest.raises(error, match=words) as told:
        provider.bars("AAPL", END)
    assert type(told.value) is error
    assert "delisted" not in str(told.value)
    server.clear_faults()
    assert provider.bars("AAPL", END).cutoff == END  # without a restart


@pytest.mark.parametrize("trouble", ["hang", "drop"])
def test_a_silent_yahoo_is_an_outage_and_passes(server: YahooServer, provider: YahooProvider, trouble: str) -> None:
    server.add_chart("AAPL", chart("AAPL", [1.0, 2.0]))
    if trouble == "hang":
        server.hang_next(CHART, 3)
    else:
        server.drop_next(CHART, times=None)
    with pytest.raises(MarketDataError, match=OUTAGE):
        provider.bars("AAPL", END)
    server.clear_faults()
    assert provider.bars("AAPL", END).cutoff == END


def test_a_yahoo_that_cannot_be_reached_is_an_outage(tmp_path: Path) -> None:
    provider = YahooProvider(base_url="http://127.0.0.1:9", timeout=1, cache_folder=tmp_path)
    with pytest.raises(MarketDataError, match=OUTAGE):
        provider.bars("AAPL", END)


def test_trouble_in_the_middle_does_not_poison_what_comes_after(server: YahooServer, provider: YahooProvider) -> None:
    server.add_chart("AAPL", chart("AAPL", [1.0, 2.0]))
    assert provider.bars("AAPL", END).cutoff == END
    server.fail_next(CHART, 500, times=None)
    with pytest.raises(MarketDataError):
        provider.bars("AAPL", date(2026, 11, 19))
    server.clear_faults()
    assert provider.bars("AAPL", date(2026, 11, 19)).cutoff == date(2026, 11, 19)


def test_a_failure_costs_few_requests(server: YahooServer, provider: YahooProvider) -> None:
    server.fail_next(CHART, 500, times=None)
    with pytest.raises(MarketDataError):
        provider.bars("AAPL", END)
    assert len(server.requests) <= 3


def test_an_unknown_symbol_is_told_with_what_was_perhaps_meant(provider: YahooProvider) -> None:
    with pytest.raises(UnknownSymbol, match=r"I don't know the symbol AAPLL in Yahoo Finance\. Did you mean AAPL"):
        provider.bars("AAPLL", END)


@pytest.mark.parametrize("end", [date(1990, 1, 2), date(11, 1, 1), date(1, 1, 1)])
def test_days_before_all_prices_are_told_in_a_sentence(server: YahooServer, provider: YahooProvider, end: date) -> None:
    server.add_chart("AAPL", chart("AAPL", [1.0, 2.0]))
    with pytest.raises(BellwetherError):
        provider.bars("AAPL", end)


def test_a_close_of_nothing_does_not_spoil_the_other_days(server: YahooServer, provider: YahooProvider) -> None:
    server.add_chart("AAPL", chart("AAPL", [1.0, 0.0, 3.0]))
    bars = provider.bars("AAPL", END)
    assert bars.quoted_close == 3.0
    assert np.isfinite(bars.values[-1]).all()
