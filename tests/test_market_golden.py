"""The right numbers, to the digit: a split, a dividend, pence, a half day, both changes of the clocks, a coin."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bellwether.ask import forecasts
from bellwether.core.errors import UnusableBars
from bellwether.core.types import Bars
from bellwether.forecasting import sentences
from bellwether.forecasting.to_json import forecast_json
from bellwether.market.calendar import EVERY_DAY, closes_at, last_closed_session, session_after
from bellwether.market.yahoo.source import YahooSource
from bellwether.services import Services
from tests.support.clock import Clock
from tests.support.yahoo_made import chart, stamp, walk
from tests.support.yahoo_server import YahooServer
from tests.support.yahoo_services import BEFORE_THE_FIRST_EVENING, yahoo_services

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)


@pytest.fixture
def server() -> Iterator[YahooServer]:
    with YahooServer() as server:
        for symbol in ("^GSPC", "^VIX"):
            server.add_chart(symbol, chart(symbol, walk(700), last=FRIDAY))
        yield server


@pytest.fixture
def start(server: YahooServer, clock: Clock, tmp_path: Path) -> Callable[[], Services]:
    return lambda: yahoo_services(tmp_path, server, clock)


def fetched(server: YahooServer, symbol: str, first: date, last: date) -> Bars:
    return YahooSource(base_url=server.base_url).fetch(symbol, first, last, timeout=5).bars


# ---- recorded answers


def test_a_recorded_split_leaves_no_jump(server: YahooServer) -> None:
    """NVIDIA, 4 for 1 on 20 July 2021, recorded after another of 10 for 1: 751.19 and 186.12 on the days themselves."""
    bars = fetched(server, "NVDA", date(2021, 2, 1), date(2022, 1, 28))
    at = int(np.searchsorted(bars.sessions, np.datetime64("2021-07-20")))
    assert bars.quoted_closes[at - 1 : at + 1] == pytest.approx([751.19 / 40, 186.12 / 10], abs=1e-4)
    assert np.abs(np.diff(np.log(bars.closes))).max() < 0.15
    answer = YahooSource(base_url=server.base_url).fetch("NVDA", date(2021, 2, 1), date(2022, 1, 28), timeout=5)
    assert date(2021, 7, 20) in answer.actions


def test_a_recorded_dividend_is_in_the_returns_and_not_in_the_price(server: YahooServer) -> None:
    """Microsoft's 0.56 of 19 May 2021: the adjusted return of that day is higher than the quoted one by its yield."""
    bars = fetched(server, "MSFT", date(2021, 2, 1), date(2022, 1, 28))
    at = int(np.searchsorted(bars.sessions, np.datetime64("2021-05-19")))
    quoted, adjusted = (np.log(closes[at] / closes[at - 1]) for closes in (bars.quoted_closes, bars.closes))
    assert adjusted - quoted == pytest.approx(-np.log(1 - 0.56 / bars.quoted_closes[at - 1]), abs=2e-5)
    assert (bars.closes[: at - 1] < bars.quoted_closes[: at - 1]).all()


def test_a_recorded_london_price_is_in_pence(server: YahooServer) -> None:
    answer = YahooSource(base_url=server.base_url).fetch("OCDO.L", date(2020, 1, 1), date(2020, 1, 3), timeout=5)
    assert answer.instrument.currency == "GBp"
    assert 1000 < answer.bars.quoted_close < 2000  # £12 to £13 at the time


# ---- splits and dividends that come while we watch


@pytest.mark.parametrize(
    ("factor", "split", "events"),
    [
        (0.99, 1.0, {"dividends": {"1": {"amount": 1.0, "date": stamp(MONDAY)}}}),
        (1.0, 4.0, {"splits": {"1": {"date": stamp(MONDAY), "numerator": 4, "denominator": 1, "splitRatio": "4:1"}}}),
    ],
    ids=["dividend", "split"],
)
def test_the_day_after_a_corporate_action_the_whole_history_is_the_new_one(
    server: YahooServer, start: Callable[[], Services], clock: Clock, factor: float, split: float, events: dict
) -> None:  # type: ignore[type-arg]
    closes = walk(700)
    server.add_chart("AAPL", chart("AAPL", closes, last=FRIDAY))
    services = start()
    before = forecasts.answer(services, "AAPL", 10)
    clock.now += timedelta(days=3)
    made = chart("AAPL", [*(close / split for close in closes), closes[-1] / split], last=MONDAY, events=events)
    adjusted = made["chart"]["result"][0]["indicators"]["adjclose"][0]["adjclose"]
    adjusted[:-1] = [close * factor for close in adjusted[:-1]]
    server.add_chart("AAPL", made)
    after = forecasts.answer(services, "AAPL", 10)
    assert after.forecast.cutoff == MONDAY
    assert after.forecast.last_close == pytest.approx(closes[-1] / split, rel=1e-6)  # as quoted
    returns = np.diff(np.log(after.outlook.bars.closes))
    assert returns[-1] == pytest.approx(-np.log(factor), abs=1e-6)  # the dividend, and nothing of the split
    assert returns[:-1] == pytest.approx(np.diff(np.log(before.outlook.bars.closes)), abs=1e-6)


# ---- units


@pytest.mark.parametrize(
    ("symbol", "currency", "exchange", "zone", "opens_at", "said"),
    [
        ("SHEL.L", "GBp", "LSE", "Europe/London", 8, "540.00p"),
        ("NPN.JO", "ZAc", "JNB", "Africa/Johannesburg", 7, "540.00 ZAc"),
        ("TEVA.TA", "ILA", "TLV", "Asia/Jerusalem", 7, "540.00 ILA"),
        ("BMW.DE", "EUR", "GER", "Europe/Berlin", 8, "€540.00"),
    ],
)
def test_minor_units_stay_what_they_are(
    server: YahooServer,
    start: Callable[[], Services],
    clock: Clock,
    symbol: str,
    currency: str,
    exchange: str,
    zone: str,
    opens_at: int,
    said: str,
) -> None:
    clock.now += timedelta(days=1)  # Saturday: closed also where no calendar is known, as Tel Aviv's after 2024
    closes = [*walk(700, level=500.0)[:-1], 540.0]
    body = chart(
        symbol, closes, last=FRIDAY, currency=currency, exchangeName=exchange, zone=zone, opens_at=opens_at, offset=0
    )
    server.add_chart(symbol, body)
    for services in (start(), start()):  # fetched, and from the cache
        made = forecasts.answer(services, symbol, 10).forecast
        told = forecast_json(made)
        assert (told["currency"], told["last_close"]) == (currency, 540.0)
        assert said in sentences.last_price(made)
        assert "£" not in sentences.summary(made) + json.dumps(told)


def test_a_source_that_changes_from_pence_to_pounds_is_caught(
    server: YahooServer, start: Callable[[], Services]
) -> None:
    def publish(pounds: int) -> None:
        closes = walk(700, level=500.0)
        closes[-pounds:] = [close / 100 for close in closes[-pounds:]]
        server.add_chart("SHEL.L", chart("SHEL.L", closes, last=FRIDAY, currency="GBp", exchangeName="LSE", opens_at=8))

    publish(5)
    with pytest.raises(
        UnusableBars, match="jump a hundredfold on 16 November 2026, as when a source changes from pence"
    ):
        forecasts.answer(start(), "SHEL.L", 10)


def test_prices_of_another_unit_long_ago_are_left_out_and_the_answer_says_so(
    server: YahooServer, start: Callable[[], Services]
) -> None:
    closes = walk(1400, level=500.0)
    server.add_chart("AAPL", chart("AAPL", [*closes[:600], *(close / 100 for close in closes[600:])], last=FRIDAY))
    made = forecasts.answer(start(), "AAPL", 10)
    assert len(made.outlook.bars) == 800
    assert any("there the source changed their unit a hundredfold" in caveat for caveat in made.forecast.caveats)
    assert made.forecast.problem is None


def test_a_history_whose_unit_changes_after_it_was_kept_is_never_joined(
    server: YahooServer, start: Callable[[], Services], clock: Clock
) -> None:
    closes = walk(700, level=500.0)
    server.add_chart("SHEL.L", chart("SHEL.L", closes, last=FRIDAY, currency="GBp", exchangeName="LSE", opens_at=8))
    forecasts.answer(start(), "SHEL.L", 10)
    clock.now += timedelta(days=3)
    pounds = [close / 100 for close in [*closes, closes[-1]]]
    server.add_chart("SHEL.L", chart("SHEL.L", pounds, last=MONDAY, currency="GBP", exchangeName="LSE", opens_at=8))
    made = forecasts.answer(start(), "SHEL.L", 10)
    assert (made.forecast.currency, made.forecast.last_close) == ("GBP", pytest.approx(pounds[-1], rel=1e-6))
    assert np.abs(np.diff(np.log(made.outlook.bars.closes))).max() < 0.2


# ---- days


@pytest.mark.parametrize(
    ("now", "cutoff"),
    [
        ("2026-11-27T17:59", "2026-11-25"),  # the half day after Thanksgiving is still on
        ("2026-11-27T18:19", "2026-11-25"),  # its close has not settled
        ("2026-11-27T18:21", "2026-11-27"),
    ],
)
def test_a_half_day_ends_early_and_its_bar_counts_from_then_on(
    server: YahooServer, start: Callable[[], Services], clock: Clock, now: str, cutoff: str
) -> None:
    days = [day for day in weekdays(date(2026, 11, 27), 700) if day != date(2026, 11, 26)]
    closes = walk(len(days))
    server.add_chart("AAPL", chart("AAPL", closes, last=days[-1], days=days))  # Yahoo shows the running session too
    clock.now = datetime.fromisoformat(now).replace(tzinfo=UTC)
    made = forecasts.answer(start(), "AAPL", 1).forecast
    assert made.cutoff == date.fromisoformat(cutoff)
    assert made.last_close == pytest.approx(dict(zip(days, closes, strict=True))[made.cutoff])


@pytest.mark.parametrize(
    ("last", "settled"),
    [
        (date(2026, 3, 6), "2026-03-06T21:21"),  # New York's Friday before the clocks go forward
        (date(2026, 3, 9), "2026-03-09T20:21"),  # and its Monday after
        (date(2026, 10, 30), "2026-10-30T20:21"),  # before they go back
        (date(2026, 11, 2), "2026-11-02T21:21"),
    ],
)
def test_the_close_moves_with_the_clocks_and_no_session_is_lost(
    server: YahooServer, start: Callable[[], Services], clock: Clock, last: date, settled: str
) -> None:
    days = weekdays(last, 700)
    server.add_chart("AAPL", chart("AAPL", walk(700), last=last, days=days))
    clock.now = datetime.fromisoformat(settled).replace(tzinfo=UTC)
    services = start()
    bars = forecasts.answer(services, "AAPL", 1).outlook.bars
    assert bars.sessions.tolist() == days
    early = dataclasses.replace(services, clock=lambda: clock() - timedelta(minutes=2))
    assert forecasts.answer(early, "AAPL", 1).forecast.cutoff == days[-2]


def test_a_coin_has_a_session_every_day_which_ends_at_midnight_utc(
    server: YahooServer, start: Callable[[], Services], clock: Clock
) -> None:
    days = [date(2026, 11, 22) - timedelta(days=back) for back in range(699, -1, -1)]
    server.add_chart(
        "BTC-USD",
        chart(
            "BTC-USD", walk(700, level=90000.0), last=days[-1], days=days, exchangeName="CCC", zone="UTC", opens_at=0
        ),
    )
    clock.now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # a Sunday, at noon
    made = forecasts.answer(start(), "BTC-USD", 5).forecast
    assert (made.cutoff, made.target_session) == (date(2026, 11, 21), date(2026, 11, 26))
    assert made.caveats == BEFORE_THE_FIRST_EVENING


@pytest.mark.parametrize("calendar", ["XNYS", "XLON", "XKRX", "XBOM", EVERY_DAY])
def test_past_a_calendars_horizon_weekdays_are_used(calendar: str) -> None:
    """Holidays are known for some years ahead; later ones are not, and neither are moved half days."""
    far = date(2060, 6, 1)
    after = session_after(calendar, far, 10)
    assert far + timedelta(days=10) <= after <= far + timedelta(days=18)
    assert far <= last_closed_session(calendar, datetime(2060, 6, 3, 23, 59, tzinfo=UTC)) <= date(2060, 6, 3)
    assert closes_at(calendar, after).date() - after <= timedelta(days=1)


def weekdays(last: date, count: int) -> list[date]:
    return [np.busday_offset(np.datetime64(last), step).astype(object) for step in range(-count + 1, 1)]
