"""The Yahoo test server, driven by the real yfinance client."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path

import httpx
import pytest
import yfinance
from curl_cffi.requests.exceptions import HTTPError, RequestException
from yfinance.data import YfData
from yfinance.exceptions import YFDataException, YFPricesMissingError, YFRateLimitError

from tests.support import yahoo_recordings
from tests.support.yahoo_server import DOWN_PAGE, EMPTY_CHART, HTML_PAGE, MALFORMED_JSON, YahooServer
from tests.support.yahoo_session import ReplaySession

# yfinance 1.7.0 uses what pandas 3.1 deprecates; that is between those two
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:pandas.errors.Pandas4Warning")

CHART = "/v8/finance/chart/"


@pytest.fixture(scope="module", autouse=True)
def yfinance_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    cache: Path = tmp_path_factory.mktemp("yfinance")
    yfinance.set_tz_cache_location(str(cache))
    hidden = yfinance.config.debug.hide_exceptions
    yfinance.config.debug.hide_exceptions = False
    yield
    yfinance.config.debug.hide_exceptions = hidden


@pytest.fixture
def server() -> Iterator[YahooServer]:
    with YahooServer() as server:
        YfData().cache_get.cache_clear()
        yield server


@pytest.fixture
def session(server: YahooServer) -> Iterator[ReplaySession]:
    with ReplaySession(server.base_url) as session:
        yield session


def get(server: YahooServer, path: str, **query: str | int) -> httpx.Response:
    return httpx.get(server.base_url + path, params=query)


def test_yfinance_reads_the_long_history(session: ReplaySession) -> None:
    history = yfinance.Ticker("TSLA", session=session).history(period="max", auto_adjust=False)
    assert len(history) == 3303
    assert {"Open", "High", "Low", "Close", "Adj Close", "Volume"} <= set(history.columns)


def test_yfinance_reads_a_span(session: ReplaySession) -> None:
    history = yfinance.Ticker("TSLA", session=session).history(start="2020-01-01", end="2020-02-01", auto_adjust=False)
    assert len(history) == 21
    assert str(history.index[0].date()) == "2020-01-02"
    assert str(history.index[-1].date()) == "2020-01-31"


def test_yfinance_sees_dividends_and_splits(session: ReplaySession) -> None:
    history = yfinance.Ticker("AAPL", session=session).history(start="2020-08-31", end="2020-11-07", auto_adjust=False)
    assert len(history) == 49
    assert list(history["Stock Splits"][history["Stock Splits"] > 0]) == [4.0]
    assert list(history["Dividends"][history["Dividends"] > 0]) == [0.205]


def test_yfinance_searches(session: ReplaySession) -> None:
    found = yfinance.Search("aapl", session=session).quotes
    assert found[0]["symbol"] == "AAPL"
    assert yfinance.Search("no such company", session=session).quotes == []


def test_yfinance_reads_info_and_statements(session: ReplaySession) -> None:
    ticker = yfinance.Ticker("AAPL", session=session)
    assert ticker.info["longName"] == "Apple Inc."
    assert "Total Revenue" in ticker.quarterly_income_stmt.index


def test_unknown_symbol_looks_delisted(session: ReplaySession) -> None:
    # not yfinance's own error: without a chart it looks for the time zone in quoteSummary and fails there
    with pytest.raises(HTTPError, match="404"):
        yfinance.Ticker("NOSUCH", session=session).history(start="2020-01-01", end="2020-02-01")


def test_span_without_sessions_is_missing_prices(session: ReplaySession) -> None:
    with pytest.raises(YFPricesMissingError, match="Data doesn't exist"):
        yfinance.Ticker("AAPL", session=session).history(start="2022-01-01", end="2022-02-01")


def test_added_chart_is_served(server: YahooServer, session: ReplaySession) -> None:
    body = deepcopy(yahoo_recordings.chart("TSLA"))
    assert body is not None
    body["chart"]["result"][0]["meta"]["symbol"] = "NEWCO"
    server.add_chart("NEWCO", body)
    assert len(yfinance.Ticker("NEWCO", session=session).history(period="5d")) == 5


def test_span_cuts_all_parallel_arrays(server: YahooServer) -> None:
    body = get(server, CHART + "AAPL", period1=1598832000, period2=1601510400, interval="1d").json()
    result = body["chart"]["result"][0]
    sessions = len(result["timestamp"])
    assert sessions == 22
    assert {len(column) for column in result["indicators"]["quote"][0].values()} == {sessions}
    assert len(result["indicators"]["adjclose"][0]["adjclose"]) == sessions
    assert set(result["events"]) == {"splits"}  # the dividend of November is outside


def test_range_counts_from_the_end_of_the_recording(server: YahooServer) -> None:
    def last(name: str) -> list[int]:
        found = get(server, CHART + "TSLA", range=name).json()["chart"]["result"][0]["timestamp"]
        assert isinstance(found, list)
        return found

    assert (len(last("1d")), len(last("5d")), len(last("max"))) == (1, 5, 3303)
    assert 20 <= len(last("1mo")) <= 24
    assert 249 <= len(last("1y")) <= 254
    assert last("ytd")[-1] == last("max")[-1]


def test_refusals_have_the_form_of_yahoo(server: YahooServer) -> None:
    unknown = get(server, CHART + "NOSUCH")
    assert (unknown.status_code, unknown.json()["chart"]["error"]["code"]) == (404, "Not Found")
    before = get(server, CHART + "TSLA", period1=1, period2=1000)
    assert before.status_code == 400
    assert before.json()["chart"]["error"]["description"].startswith("Data doesn't exist")
    assert get(server, CHART + "TSLA", interval="1h").status_code == 422
    assert get(server, CHART + "TSLA", range="7x").status_code == 422
    assert get(server, "/nowhere").status_code == 404


def test_quotes_summaries_cookie_and_crumb(server: YahooServer) -> None:
    quotes = get(server, "/v7/finance/quote", symbols="AAPL,NOSUCH,BABA").json()["quoteResponse"]["result"]
    assert [quote["symbol"] for quote in quotes] == ["AAPL", "BABA"]
    summary = get(server, "/v10/finance/quoteSummary/AAPL", modules="assetProfile,noSuchModule").json()
    assert list(summary["quoteSummary"]["result"][0]) == ["assetProfile"]
    assert get(server, "/v10/finance/quoteSummary/NOSUCH", modules="price").status_code == 404
    assert get(server, "/v1/test/getcrumb").text == "crumb"
    assert "A3" in get(server, "/").cookies
    assert get(server, "/v1/finance/trending/US").json()["finance"]["result"]


def test_too_many_requests(server: YahooServer, session: ReplaySession) -> None:
    server.fail_next(CHART, status=429, times=None)
    with pytest.raises(YFRateLimitError):
        yfinance.Ticker("MSFT", session=session).history(period="5d")
    server.clear_faults()
    assert len(yfinance.Ticker("MSFT", session=session).history(period="5d")) == 5


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, None), (404, None), (200, HTML_PAGE), (200, DOWN_PAGE), (200, MALFORMED_JSON), (200, EMPTY_CHART)],
)
def test_broken_answers_are_errors(server: YahooServer, session: ReplaySession, status: int, body: str | None) -> None:
    server.fail_next(CHART, status=status, body=body, times=None)
    # which error differs with what was broken, and with what yfinance knew before: see its exceptions
    with pytest.raises((YFDataException, YFPricesMissingError, ValueError, LookupError, HTTPError)):
        yfinance.Ticker("NVDA", session=session).history(start="2021-02-01", end="2021-03-01")
    assert server.requests_to(CHART)


def test_a_slow_answer_times_out(server: YahooServer, session: ReplaySession) -> None:
    server.hang_next(CHART, 5, times=None)
    with pytest.raises(RequestException):
        session.get(f"https://query2.finance.yahoo.com{CHART}TSLA", timeout=0.2)


def test_a_dropped_connection_is_an_error(server: YahooServer, session: ReplaySession) -> None:
    server.drop_next(CHART)
    with pytest.raises(RequestException):
        session.get(f"https://query2.finance.yahoo.com{CHART}TSLA", timeout=2)
    assert session.get(f"https://query2.finance.yahoo.com{CHART}TSLA", timeout=2).status_code == 200


def test_other_hosts_are_out_of_reach(session: ReplaySession) -> None:
    with pytest.raises(ValueError, match="must not reach"):
        session.get("https://example.com/")


def test_concurrency_is_counted(server: YahooServer) -> None:
    server.hang_next(CHART, 0.3, times=4)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: get(server, CHART + "AAPL", range="1d"), range(4)))
    assert server.peak_connections == 4
    assert server.peak_requests == 4
    assert len(server.requests) == 4
