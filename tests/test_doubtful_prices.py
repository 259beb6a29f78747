"""Prices that cannot be believed, through the whole service: no alert, no grade and no range rests on them."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bellwether.alerts import ask, watchlist
from bellwether.alerts.rules.digest_due import PRICE_PATIENCE, DigestReason
from bellwether.alerts.rules.judge import RuleReason
from bellwether.alerts.tick import tick
from bellwether.alerts.tick_rules import judge_rules
from bellwether.ask import forecasts
from bellwether.core.alert_types import Direction, RuleKind, RuleRequest
from bellwether.core.config import load_settings
from bellwether.core.errors import DoubtfulBars
from bellwether.core.types import Q10, Q90
from bellwether.market.calendar import closes_at, sessions_between
from bellwether.market.remote.cached_provider import AGAIN_AFTER, CachedProvider
from bellwether.services import Services, build_services
from tests.conftest import MODELS
from tests.support.account import settle
from tests.support.clock import Clock
from tests.support.yahoo_damage import PRICES, chart_of, made_up_table, scaled, told
from tests.support.yahoo_server import YahooServer
from tests.support.yahoo_services import yahoo_services

MONDAY = date(2026, 11, 23)
SESSIONS = 700
A_BIG_MOVE = RuleRequest(RuleKind.MOVE, 0.04)
LATER = AGAIN_AFTER + timedelta(seconds=1)


@pytest.fixture
def server() -> Iterator[YahooServer]:
    with YahooServer() as server:
        for symbol in ("^GSPC", "^VIX"):
            server.add_chart(symbol, chart_of(symbol, table()))
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


def table() -> pd.DataFrame:
    """What is right on Monday: nothing but usual moves."""
    return made_up_table(SESSIONS, last=MONDAY, daily=0.01)


def serve(server: YahooServer, prices: pd.DataFrame) -> None:
    server.add_chart("AAPL", chart_of("AAPL", prices))


def on_monday(clock: Clock) -> None:
    clock.wait(timedelta(days=3))


def answered(services: Services) -> forecasts.Answer:
    return forecasts.answer(services, "AAPL", 1)


def outcomes_of(services: Services) -> list[float | None]:
    with services.store.reading() as db:
        return [came for (came,) in db.execute("SELECT log_return FROM outcomes")]


def width(answer: forecasts.Answer) -> float:
    row = answer.forecast.log_returns
    return row[Q90] - row[Q10]


def as_on_friday(server: YahooServer, clock: Clock, folder: Path, prices: pd.DataFrame) -> Services:
    """The service on Friday evening, with a forecast given and two alerts set; then it is Monday evening."""
    folder.mkdir()
    services = yahoo_services(folder, server, clock)
    serve(server, prices.iloc[:-1])
    level = answered(services).forecast.last_close * 0.8
    for wish in (A_BIG_MOVE, RuleRequest(RuleKind.PRICE, level, direction=Direction.BELOW)):
        ask.add_rule(services, 7, "AAPL", wish, "en")
    on_monday(clock)
    return services


@pytest.mark.parametrize("ratio", [4.0, 0.1, 1.5], ids=["4 for 1", "1 for 10", "3 for 2"])
def test_a_split_that_is_told_before_the_past_is_adjusted_is_no_move(
    server: YahooServer, tmp_path: Path, ratio: float
) -> None:
    came = {}
    for name in ("adjusted", "not adjusted"):
        clock = Clock()
        # on Friday nobody knows of the split: prices are those of the old shares
        services = as_on_friday(server, clock, tmp_path / name, scaled(table(), slice(0, SESSIONS), ratio))
        monday = told(table(), SESSIONS - 1, ratio)
        serve(server, monday if name == "adjusted" else scaled(monday, slice(0, SESSIONS - 1), ratio))
        did = judge_rules(services, clock())
        assert did.reasons == {RuleReason.NOT_REACHED: 2}
        made = answered(services)
        assert made.forecast.problem is None
        assert settle(services).settled == 1
        (log_return,) = outcomes_of(services)
        assert log_return is not None
        came[name] = (width(made), made.forecast.last_close, log_return)
    assert came["not adjusted"] == pytest.approx(came["adjusted"], rel=1e-3)
    right = table()["Adj Close"].iloc[-2:]
    assert came["adjusted"][-1] == pytest.approx(np.log(right.iloc[1] / right.iloc[0]), abs=1e-6)


def test_a_small_split_that_may_be_a_move_is_waited_for_and_told_once_it_is_clear(
    server: YahooServer, clock: Clock, tmp_path: Path
) -> None:
    services = as_on_friday(server, clock, tmp_path / "x", scaled(table(), slice(0, SESSIONS), 1.05))
    monday = told(table(), SESSIONS - 1, 1.05)
    serve(server, scaled(monday, slice(0, SESSIONS - 1), 1.05))
    assert judge_rules(services, clock()).reasons == {RuleReason.WAITING_FOR_PRICES: 2}
    with pytest.raises(DoubtfulBars, match="There was a split of AAPL about 23 November 2026"):
        answered(services)
    assert settle(services).waiting == 1
    again = yahoo_services(tmp_path / "x", server, clock)  # after a restart it is still known
    with pytest.raises(DoubtfulBars, match="There was a split of AAPL about 23 November 2026"):
        answered(again)
    clock.wait(LATER)
    serve(server, monday)
    assert judge_rules(services, clock()).reasons == {RuleReason.NOT_REACHED: 2}
    assert answered(services).forecast.problem is None
    assert settle(services).settled == 1


DAMAGES = {
    "nought": (["Close"], 0.0),
    "nought throughout": ([*PRICES, "Adj Close"], 0.0),
    "below nought": (["Close"], -5.0),
    "missing": (["Close", "Adj Close"], np.nan),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_newest_close_is_said_everywhere_alike_and_asked_for_again(
    server: YahooServer, clock: Clock, tmp_path: Path, damage: str
) -> None:
    services = as_on_friday(server, clock, tmp_path / "x", table())
    columns, value = DAMAGES[damage]
    monday = table()
    monday.loc[monday.index[-1], columns] = value
    serve(server, monday)
    with pytest.raises(DoubtfulBars) as by_yahoo:
        answered(services)
    assert judge_rules(services, clock()).reasons == {RuleReason.WAITING_FOR_PRICES: 2}
    asked = len(server.requests)
    with pytest.raises(DoubtfulBars):
        answered(services)
    assert len(server.requests) == asked  # not for every question

    file = tmp_path / "prices.csv"
    named = monday.rename(columns=str.lower).assign(symbol="AAPL", date=monday.index)
    named[["symbol", "date", "open", "high", "low", "close", "volume"]].to_csv(file, index=False)
    chosen = load_settings(
        market={"source": "file", "file": str(file)},
        database={"path": tmp_path / "f.sqlite3"},
        models={"folder": MODELS},
    )
    with pytest.raises(DoubtfulBars) as by_file:
        answered(build_services(chosen, clock=clock))
    assert str(by_yahoo.value) == str(by_file.value)
    assert str(by_file.value) == "The newest price of AAPL is missing or impossible; please try again later."

    clock.wait(LATER)
    serve(server, table())
    assert answered(services).forecast.cutoff == MONDAY
    assert isinstance(services.provider, CachedProvider)
    kept = next(one for one in services.provider.all_asked() if one.instrument.symbol == "AAPL")
    assert sessions_between("XNYS", kept.until, MONDAY) == 0


def test_a_digest_waits_for_a_newest_price_that_cannot_be_believed_as_long_as_for_a_late_one(
    server: YahooServer, clock: Clock, tmp_path: Path
) -> None:
    services = as_on_friday(server, clock, tmp_path / "x", table())
    watchlist.watch(services, 7, "AAPL", "en")
    monday = table()
    monday.loc[monday.index[-1], ["Close", "Adj Close"]] = np.nan
    serve(server, monday)
    due = closes_at("XNYS", MONDAY) + timedelta(minutes=services.settings.alerts.digest_delay)
    assert tick(services, due).reasons == {DigestReason.WAITING_FOR_PRICES: 1}
    assert tick(services, due + PRICE_PATIENCE).reasons == {DigestReason.DUE_WITHOUT_PRICES: 1}


def crashed(by: float) -> pd.DataFrame:
    """Monday's real fall, from its opening on."""
    return scaled(table(), [SESSIONS - 1], by, [*PRICES, "Adj Close"])


def later(clock: Clock, server: YahooServer, prices: pd.DataFrame, sessions: int) -> None:
    """More sessions pass, as quiet as the index."""
    clock.wait(timedelta(days=sessions * 7 / 5))
    more = pd.bdate_range(prices.index[-1], periods=sessions + 1)[1:]
    for symbol, so_far in (("AAPL", prices), ("^GSPC", table()), ("^VIX", table())):
        rows = pd.concat([so_far.iloc[[-1]]] * sessions).set_axis(more)
        server.add_chart(symbol, chart_of(symbol, pd.concat([so_far, rows])))


def test_a_fall_to_a_third_is_waited_over_and_then_graded_as_the_miss_that_it_is(
    server: YahooServer, clock: Clock, tmp_path: Path
) -> None:
    services = as_on_friday(server, clock, tmp_path / "x", table())
    serve(server, crashed(1 / 3))
    did = settle(services)
    assert (did.settled, did.lost, did.waiting) == (0, 0, 1)
    later(clock, server, crashed(1 / 3), 14)
    assert settle(services).settled == 1
    (log_return,) = outcomes_of(services)
    assert log_return is not None
    right = table()["Adj Close"].iloc[-2:]
    assert log_return == pytest.approx(np.log(right.iloc[1] / right.iloc[0]) - np.log(3), abs=1e-6)


def test_a_told_split_that_stays_in_doubt_is_waited_for_and_then_has_no_outcome(
    server: YahooServer, clock: Clock, tmp_path: Path
) -> None:
    services = as_on_friday(server, clock, tmp_path / "x", scaled(table(), slice(0, SESSIONS), 1.05))
    monday = scaled(told(table(), SESSIONS - 1, 1.05), slice(0, SESSIONS - 1), 1.05)
    serve(server, monday)
    assert settle(services).waiting == 1
    later(clock, server, monday, 14)
    did = settle(services)
    assert (did.settled, did.lost, did.waiting) == (0, 1, 0)


def test_a_move_to_half_says_that_it_may_be_a_split(server: YahooServer, clock: Clock, tmp_path: Path) -> None:
    services = as_on_friday(server, clock, tmp_path / "x", table())
    serve(server, crashed(0.5))
    did = judge_rules(services, clock())
    assert did.told + did.folded == 2
    with services.store.reading() as db:
        texts = [text for (text,) in db.execute("SELECT text FROM outbox")]
    assert texts
    assert all("It may be a split of its shares that nobody has told of." in text for text in texts)


def test_a_damaged_newest_level_of_the_index_bends_no_forecast_and_is_said(
    server: YahooServer, clock: Clock, tmp_path: Path
) -> None:
    services = as_on_friday(server, clock, tmp_path / "x", table())
    serve(server, table())
    server.add_chart("^GSPC", chart_of("^GSPC", scaled(table(), [SESSIONS - 1], 2.0)))
    made = answered(services).forecast
    assert made.problem is None
    assert "Made without ^GSPC, a part of the wider market" in " ".join(made.caveats)


def test_a_doubt_ends_when_the_source_has_put_its_past_right_however_long_it_took(
    server: YahooServer, clock: Clock, tmp_path: Path
) -> None:
    services = as_on_friday(server, clock, tmp_path / "x", scaled(table(), slice(0, SESSIONS), 1.05))
    monday = told(table(), SESSIONS - 1, 1.05)
    serve(server, scaled(monday, slice(0, SESSIONS - 1), 1.05))
    with pytest.raises(DoubtfulBars) as silent:
        answered(services)
    assert silent.value.waiting_helps
    later(clock, server, monday, 14)
    assert answered(services).forecast.cutoff > MONDAY


def test_a_recent_price_that_was_put_right_is_said_beside_the_forecast(
    server: YahooServer, clock: Clock, tmp_path: Path
) -> None:
    services = as_on_friday(server, clock, tmp_path / "x", table())
    serve(server, scaled(table(), [SESSIONS - 9], 100.0))
    made = answered(services).forecast
    assert made.problem is None
    assert "1 recent price came a hundredfold too high or too low, and was put right." in " ".join(made.caveats)
    assert judge_rules(services, clock()).reasons == {RuleReason.NOT_REACHED: 2}
