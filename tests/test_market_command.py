"""`market refresh` and `doctor` as a person types them, against a local Yahoo."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bellwether.core.types import Check
from bellwether.jobs.doctor import examine
from bellwether.services import Services
from scheduler import Timetable
from tests.support.clock import Clock
from tests.support.yahoo_made import chart, walk
from tests.support.yahoo_server import HTML_PAGE, YahooServer
from tests.support.yahoo_services import yahoo_services
from tests.test_command_line import run, run_here

CHART = "/v8/finance/chart/"
FRIDAY = date(2026, 11, 20)
SYMBOLS = ("AAPL", "MSFT", "^GSPC", "^VIX")


@pytest.fixture
def server() -> Iterator[YahooServer]:
    with YahooServer() as server:
        publish(server, FRIDAY)
        yield server


@pytest.fixture
def start(server: YahooServer, clock: Clock, tmp_path: Path) -> Callable[[], Services]:
    return lambda: yahoo_services(tmp_path, server, clock)


def publish(server: YahooServer, last: date) -> None:
    for symbol in SYMBOLS:
        server.add_chart(symbol, chart(symbol, walk(700), last=last))


def yahoo(server: YahooServer) -> dict[str, str]:
    """Settings of a command, whose clock is the real one."""
    today = np.datetime64(datetime.now(UTC).date())
    publish(server, np.busday_offset(today, 0, roll="backward").astype(object))
    return {"MARKET__SOURCE": "yahoo", "MARKET__YAHOO_BASE_URL": server.base_url, "MARKET__TIMEOUT": "3"}


def test_what_was_refreshed_answers_after_a_restart_with_yahoo_down(server: YahooServer, tmp_path: Path) -> None:
    done = run(tmp_path, "market", "refresh", "--symbols", "AAPL,^GSPC ^VIX", **yahoo(server))
    assert (done.returncode, done.stdout, done.stderr) == (0, "3 fetched, 0 were there already.\n", "")
    assert [seen.path for seen in server.requests_to("/v10/finance/")] == ["/v10/finance/quoteSummary/AAPL"]
    again = run_here(tmp_path, "market", "refresh", "--symbols", "AAPL,^GSPC,^VIX", **yahoo(server))
    assert again.stdout == "0 fetched, 3 were there already.\n"
    down = {**yahoo(server), "MARKET__YAHOO_BASE_URL": "http://127.0.0.1:9"}
    answer = run(tmp_path, "forecast", "AAPL", "--json", **down)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["source"] == "yahoo"
    other = run_here(tmp_path, "forecast", "MSFT", **down)
    assert other.returncode == 1
    assert "Yahoo Finance cannot be reached; please try again in a few minutes." in other.stderr
    assert "Traceback" not in other.stderr


def test_kept_prices_are_exported_without_asking_anybody(server: YahooServer, tmp_path: Path) -> None:
    run_here(tmp_path, "market", "refresh", "--symbols", "AAPL,^GSPC,^VIX", **yahoo(server))
    down = {**yahoo(server), "MARKET__YAHOO_BASE_URL": "http://127.0.0.1:9"}
    out = tmp_path / "kept.csv"
    done = run_here(tmp_path, "market", "export", "--out", str(out), **down)
    assert done.returncode == 0, done.stderr
    assert (
        f"Written to {out}: " in done.stdout and "of 3 symbols" in done.stdout and "Training needs" not in done.stdout
    )
    lacking = run_here(tmp_path, "market", "export", "--out", str(tmp_path / "b.csv"), "--symbols", "MSFT", **down)
    assert lacking.returncode == 1
    assert "No prices of MSFT are kept here. Fetch them: market refresh --symbols MSFT." in lacking.stderr


def test_a_refresh_names_what_failed_and_says_so_by_its_status(server: YahooServer, tmp_path: Path) -> None:
    done = run_here(tmp_path, "market", "refresh", "--symbols", "AAPL,NONESUCH", **yahoo(server))
    assert done.returncode == 1
    assert "1 fetched, 0 were there already, 1 failed." in done.stdout
    assert "NONESUCH: I don't know the ticker NONESUCH in Yahoo Finance." in done.stderr


@pytest.mark.parametrize("symbols", ["", " , ", "AAPL,$$$", "A" * 40])
def test_a_refresh_of_no_symbol_is_told_in_a_line(server: YahooServer, tmp_path: Path, symbols: str) -> None:
    done = run_here(tmp_path, "market", "refresh", "--symbols", symbols, **yahoo(server))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Error: ")


def test_a_market_on_this_machine_needs_no_refresh(tmp_path: Path) -> None:
    done = run_here(tmp_path, "market", "refresh")
    assert (done.returncode, done.stderr) == (1, "Error: The sample market is on this machine already.\n")


def test_doctor_says_so_when_a_price_file_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("symbol,date,open,high,low,close,volume\n")
    done = run_here(tmp_path, "doctor", MARKET__SOURCE="file", MARKET__FILE=str(tmp_path / "empty.csv"))
    assert done.returncode == 1
    assert "FAIL Prices: There are no prices in the price file empty.csv. Check market.file." in done.stdout


def prices_of(services: Services) -> tuple[Check, Check]:
    checks = {check.name: check for check in examine(services)}
    return checks["Prices"], checks["Kept prices"]


@pytest.mark.parametrize(
    ("order", "words", "advice"),
    [
        (lambda server: server.fail_next(CHART, 429, times=None), "is limiting our requests", "asks too often"),
        (lambda server: server.fail_next(CHART, 403, times=None), "refuses our requests", "market.fallbacks"),
        (lambda server: server.drop_next(CHART, times=None), "cannot be reached", "Check the network"),
        (lambda server: server.fail_next(CHART, 200, HTML_PAGE, times=None), "sends a web page", "newer version"),
    ],
    ids=["limit", "block", "cut off", "page"],
)
def test_doctor_says_how_the_source_fails_and_what_to_do(
    server: YahooServer,
    start: Callable[[], Services],
    order: Callable[[YahooServer], None],
    words: str,
    advice: str,
) -> None:
    order(server)
    prices, _ = prices_of(start())
    assert not prices.ok
    assert words in prices.detail
    assert advice in prices.advice


def test_doctor_tells_an_answering_source_and_the_age_of_what_is_kept(
    start: Callable[[], Services], clock: Clock
) -> None:
    services = start()
    assert prices_of(services)[1].detail == "none"
    services.provider.bars("AAPL", FRIDAY)
    prices, kept = prices_of(services)
    assert (prices.ok, prices.detail) == (True, "Yahoo Finance answers; AAPL is there up to 2026-11-20.")
    assert (kept.ok, kept.detail[:65]) == (True, "1 symbols, last asked for within the hour; 0 lack their last sess")
    clock.now += timedelta(days=9)
    _, kept = prices_of(services)
    assert (kept.ok, kept.detail) == (False, "1 symbols, last asked for 9 days ago; 1 lack their last session")
    assert "market refresh" in kept.advice


def test_the_service_refreshes_by_itself(start: Callable[[], Services], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    services = start()
    services = replace(services, universe=type(services.universe)(services.universe.served[:1]))

    async def run_once() -> None:
        timetable = Timetable(services)
        await timetable._run(timetable._refresh)

    asyncio.run(run_once())
    assert "Prices: 2 fetched, 0 were there already, 1 failed" in caplog.text  # the made Yahoo has no such first symbol
