"""Yahoo through the real yfinance and a server that replays its answers: exact prices, and troubles told apart."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yfinance

from bellwether.core.errors import BellwetherError, Delisted, NoPrices, SourceError, Trouble, UnknownSymbol
from bellwether.core.types import Bars
from bellwether.market.remote.circuit_breaker import LONGEST_WISH
from bellwether.market.yahoo.source import YahooSource
from tests.support import yahoo_made as made
from tests.support.yahoo_server import DOWN_PAGE, EMPTY_CHART, HTML_PAGE, MALFORMED_JSON, NO_CHART, YahooServer

CHART = "/v8/finance/chart/"
NO_DATA = '{"chart":{"result":null,"error":{"code":"Bad Request","description":"Data doesn\'t exist for startDate"}}}'
END = date(2026, 11, 20)


@pytest.fixture
def server() -> Iterator[YahooServer]:
    with YahooServer() as server:
        yield server


@pytest.fixture
def provider(server: YahooServer) -> YahooSource:
    return YahooSource(base_url=server.base_url)


def bars_of(provider: YahooSource, symbol: str, end: date) -> Bars:
    return provider.fetch(symbol, end - timedelta(days=366 * 12), end, timeout=1).bars


def chart(symbol: str, closes: list[float | None], **more: Any) -> dict[str, Any]:
    """A made-up chart up to END."""
    return made.chart(symbol, closes, **{"last": END} | more)


def test_adjusted_and_quoted_closes_are_both_kept(server: YahooServer, provider: YahooSource) -> None:
    server.add_chart("DIVI", chart("DIVI", [100.0, 102.0, 104.0], factor=0.9))
    bars = bars_of(provider, "DIVI", END)
    assert bars.quoted_closes == pytest.approx([100, 102, 104])
    assert bars.closes == pytest.approx([90, 91.8, 93.6])
    assert bars.quoted_close == 104.0
    assert bars.values[:, 1] == pytest.approx(bars.closes * 1.01)  # all four prices are adjusted
    assert bars.values[:, 4].tolist() == [1000] * 3
    assert bars.cutoff == END
    assert bars.symbol == "DIVI"


def test_a_recorded_history_is_read_whole(provider: YahooSource) -> None:
    bars = bars_of(provider, "TSLA", date(2023, 1, 3))
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
    provider: YahooSource,
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
    one = provider.fetch(symbol, date(2026, 11, 1), END, timeout=1).instrument
    assert (one.symbol, one.currency, one.calendar) == (symbol, currency, calendar)
    bars = bars_of(provider, symbol, END)
    assert bars.quoted_close == 250.25  # pence stay pence
    assert bars.cutoff == END
    assert len(bars) == 5


def test_sessions_keep_their_day_across_a_change_of_the_clocks(server: YahooServer, provider: YahooSource) -> None:
    last = date(2026, 11, 6)
    server.add_chart("AAPL", chart("AAPL", [100.0 + step for step in range(10)], last=last))
    sessions = [str(session) for session in bars_of(provider, "AAPL", last).sessions]
    assert sessions[0] == "2026-10-26"
    assert sessions[4:6] == ["2026-10-30", "2026-11-02"]
    assert sessions[-1] == "2026-11-06"


def test_nothing_after_the_day_asked_for_is_shown(server: YahooServer, provider: YahooSource) -> None:
    server.add_chart("AAPL", chart("AAPL", [1.0, 2.0, 3.0, 4.0, 5.0]))
    bars = bars_of(provider, "AAPL", date(2026, 11, 18))
    assert bars.cutoff == date(2026, 11, 18)
    assert bars.quoted_closes.tolist() == [1, 2, 3]


def test_a_day_without_a_price_is_no_session(server: YahooServer, provider: YahooSource) -> None:
    server.add_chart("AAPL", chart("AAPL", [1.0, None, 3.0]))
    bars = bars_of(provider, "AAPL", END)
    assert bars.quoted_closes.tolist() == [1, 3]
    assert np.isfinite(bars.values).all()


def test_an_index_without_volume_is_read(server: YahooServer, provider: YahooSource) -> None:
    server.add_chart("^VIX", chart("^VIX", [17.0, 18.0], volume=0))
    assert bars_of(provider, "^VIX", END).values[:, 4].tolist() == [0, 0]


# ---- troubles


@pytest.mark.parametrize(
    ("status", "body", "error", "trouble", "words"),
    [
        (404, None, Delisted, None, "Yahoo Finance has no prices of AAPL any more; perhaps it was delisted"),
        (200, NO_CHART, Delisted, None, "Yahoo Finance has no prices of AAPL any more"),
        (429, None, SourceError, Trouble.LIMITED, "is limiting our requests"),
        (401, None, SourceError, Trouble.REFUSED, "refuses our requests"),
        (403, None, SourceError, Trouble.REFUSED, "refuses our requests"),
        (422, "{}", SourceError, Trouble.REFUSED, "refuses our requests"),
        (500, None, SourceError, Trouble.FAILING, "has a failure on its side"),
        (502, DOWN_PAGE, SourceError, Trouble.FAILING, "has a failure on its side"),
        (503, HTML_PAGE, SourceError, Trouble.FAILING, "has a failure on its side"),
        (200, HTML_PAGE, SourceError, Trouble.PAGE, "sends a web page instead of prices"),
        (200, MALFORMED_JSON, SourceError, Trouble.GARBLED, "sends something that cannot be read"),
        (200, "[]", SourceError, Trouble.GARBLED, "sends something that cannot be read"),
        (200, "null", SourceError, Trouble.GARBLED, "sends something that cannot be read"),
        (200, '{"chart": null}', SourceError, Trouble.GARBLED, "sends something that cannot be read"),
        (200, EMPTY_CHART, NoPrices, None, "has no prices of AAPL for these days"),
        (400, NO_DATA, NoPrices, None, "has no prices of AAPL for these days"),
        (400, HTML_PAGE, SourceError, Trouble.REFUSED, "refuses our requests"),
    ],
)
def test_every_trouble_is_told_for_what_it_is_and_passes(
    server: YahooServer,
    provider: YahooSource,
    status: int,
    body: str | None,
    error: type[BellwetherError],
    trouble: Trouble | None,
    words: str,
) -> None:
    server.add_chart("AAPL", chart("AAPL", [1.0, 2.0]))
    server.fail_next(CHART, status, body, times=None)
    with pytest.raises(error, match=words) as told:
        bars_of(provider, "AAPL", END)
    assert type(told.value) is error
    assert getattr(told.value, "trouble", None) is trouble
    server.clear_faults()
    assert bars_of(provider, "AAPL", END).cutoff == END  # without a restart


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), ("0", 0), (None, 60), ("soon", 60), ("nan", 60), ("inf", 60), ("-5", 60), ("9" * 400, LONGEST_WISH)],
)
def test_a_limit_says_how_long_yahoo_wants_to_be_left_alone(
    server: YahooServer, provider: YahooSource, header: str | None, seconds: float
) -> None:
    server.fail_next(CHART, 429, headers={"Retry-After": header} if header else {})
    with pytest.raises(SourceError) as told:
        bars_of(provider, "AAPL", END)
    assert told.value.retry_after == seconds
    assert len(server.requests_to(CHART)) == 1  # one was too many already


def test_a_limit_that_names_a_far_date_is_no_limit_for_years(server: YahooServer, provider: YahooSource) -> None:
    server.fail_next(CHART, 429, headers={"Retry-After": "Wed, 21 Oct 2065 07:28:00 GMT"})
    with pytest.raises(SourceError, match="try again in 60 minutes") as told:
        bars_of(provider, "AAPL", END)
    assert told.value.retry_after == LONGEST_WISH


def test_a_limit_may_name_a_date(server: YahooServer, provider: YahooSource) -> None:
    server.fail_next(CHART, 429, headers={"Retry-After": format_datetime(datetime.now(UTC) + timedelta(minutes=10))})
    with pytest.raises(SourceError) as told:
        bars_of(provider, "AAPL", END)
    assert told.value.retry_after == pytest.approx(600, abs=30)


@pytest.mark.parametrize(("fault", "trouble"), [("hang", Trouble.SILENT), ("drop", Trouble.CUT_OFF)])
def test_a_silent_yahoo_is_an_outage_and_passes(
    server: YahooServer, provider: YahooSource, fault: str, trouble: Trouble
) -> None:
    server.add_chart("AAPL", chart("AAPL", [1.0, 2.0]))
    if fault == "hang":
        server.hang_next(CHART, 3)
    else:
        server.drop_next(CHART, times=None)
    with pytest.raises(SourceError) as told:
        bars_of(provider, "AAPL", END)
    assert told.value.trouble is trouble
    server.clear_faults()
    assert bars_of(provider, "AAPL", END).cutoff == END


def test_a_bar_that_came_late_is_seen_by_who_asks_again(server: YahooServer, provider: YahooSource) -> None:
    early = END - timedelta(days=1)
    server.add_chart("AAPL", chart("AAPL", [1.0, 2.0], last=early))
    assert bars_of(provider, "AAPL", END).cutoff == early
    server.add_chart("AAPL", chart("AAPL", [1.0, 2.0, 3.0]))
    assert bars_of(provider, "AAPL", END).cutoff == END


def test_a_yahoo_that_cannot_be_reached_is_an_outage() -> None:
    provider = YahooSource(base_url="http://127.0.0.1:9")
    with pytest.raises(SourceError) as told:
        bars_of(provider, "AAPL", END)
    assert told.value.trouble is Trouble.CUT_OFF


def test_yfinance_keeps_no_files_that_could_break(server: YahooServer, provider: YahooSource, tmp_path: Path) -> None:
    """A full disk or a damaged cookies.db would fail every question, and look like a Yahoo that can't be read."""
    (tmp_path / "cookies.db").write_bytes(b"no database")
    yfinance.set_tz_cache_location(str(tmp_path))
    server.add_chart("AAPL", chart("AAPL", [1.0, 2.0]))
    assert bars_of(provider, "AAPL", END).cutoff == END
    assert [file.name for file in tmp_path.iterdir()] == ["cookies.db"]


def test_an_isin_is_no_symbol_and_asks_nothing(server: YahooServer, provider: YahooSource) -> None:
    """yfinance would search it and take the first listing; what it cannot find would count as a failure of Yahoo."""
    with pytest.raises(UnknownSymbol):
        provider.fetch("US0378331005", END - timedelta(days=9), END, timeout=1)
    assert server.requests == []


@pytest.mark.parametrize("path", ["/v1/test/getcrumb", "/consent"])
@pytest.mark.parametrize("fault", ["hang", "limit", "page", "drop"])
def test_prices_come_without_cookies_and_soon(
    server: YahooServer, provider: YahooSource, path: str, fault: str
) -> None:
    """Charts need neither cookie nor crumb; yfinance would wait 30 s for each, and keep an error as its crumb."""
    server.add_chart("AAPL", chart("AAPL", [1.0, 2.0]))
    orders = {
        "hang": lambda: server.hang_next(path, 3600, times=None),
        "limit": lambda: server.fail_next(path, 429, times=None),
        "page": lambda: server.fail_next(path, 200, HTML_PAGE, times=None),
        "drop": lambda: server.drop_next(path, times=None),
    }
    orders[fault]()
    assert bars_of(provider, "AAPL", END).cutoff == END
    assert all("<" not in seen.query.get("crumb", "") for seen in server.requests)
    assert all("Too Many" not in seen.query.get("crumb", "") for seen in server.requests)


def test_trouble_in_the_middle_does_not_poison_what_comes_after(server: YahooServer, provider: YahooSource) -> None:
    server.add_chart("AAPL", chart("AAPL", [1.0, 2.0]))
    assert bars_of(provider, "AAPL", END).cutoff == END
    server.fail_next(CHART, 500, times=None)
    with pytest.raises(SourceError):
        bars_of(provider, "AAPL", date(2026, 11, 19))
    server.clear_faults()
    assert bars_of(provider, "AAPL", date(2026, 11, 19)).cutoff == date(2026, 11, 19)


def test_a_failure_costs_few_requests(server: YahooServer, provider: YahooSource) -> None:
    server.fail_next(CHART, 500, times=None)
    with pytest.raises(SourceError):
        bars_of(provider, "AAPL", END)
    assert len(server.requests) <= 3


def test_an_unknown_symbol_is_told_with_what_was_perhaps_meant(provider: YahooSource) -> None:
    with pytest.raises(UnknownSymbol, match=r"I don't know the ticker AAPLL in Yahoo Finance\. Did you mean AAPL"):
        bars_of(provider, "AAPLL", END)


@pytest.mark.parametrize("end", [date(1990, 1, 2), date(1930, 1, 2)])
def test_days_before_all_prices_are_told_in_a_sentence(server: YahooServer, provider: YahooSource, end: date) -> None:
    server.add_chart("AAPL", chart("AAPL", [1.0, 2.0]))
    with pytest.raises(BellwetherError):
        bars_of(provider, "AAPL", end)


def test_a_close_of_nothing_does_not_spoil_the_other_days(server: YahooServer, provider: YahooSource) -> None:
    server.add_chart("AAPL", chart("AAPL", [1.0, 0.0, 3.0]))
    bars = bars_of(provider, "AAPL", END)
    assert bars.quoted_close == 3.0
    assert np.isfinite(bars.values[-1]).all()
