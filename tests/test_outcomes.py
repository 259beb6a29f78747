"""Outcomes: each forecast gets exactly one, from adjusted closes as they are known when its horizon has closed."""

import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from bellwether.ask import forecasts
from bellwether.core.errors import Delisted, SourceError, Trouble
from bellwether.core.types import Bars
from bellwether.jobs.record_universe import forecast_universe
from bellwether.jobs.replay import replay
from bellwether.market.calendar import session_after
from bellwether.services import Services, build_services
from bellwether.track_record.ledger import ledger_table, outcomes_table
from bellwether.track_record.ledger.ledger_table import to_days
from bellwether.track_record.ledger.outcomes_table import Outcome, PastForecast
from bellwether.track_record.ledger.settle import PATIENCE, outcome_of
from bellwether.track_record.ledger.verify import verify
from tests.conftest import MakeBars
from tests.support.account import live_services, set_clock, settle

SESSION = date(2021, 6, 30)


def after(steps: int, session: date = SESSION) -> date:
    return session_after("XNYS", session, steps)


def entered(tmp_path: Path) -> Services:
    """AAPL's forecasts of the session, at all heads."""
    services = live_services(tmp_path, SESSION, ("AAPL",))
    forecast_universe(services)
    return services


def found(services: Services) -> list[tuple[int, float | None, int | None]]:
    """(horizon, log return, session) of every outcome, in the order they were added."""
    with services.store.reading() as db:
        rows = db.execute(
            "SELECT horizon, log_return, session FROM outcomes JOIN ledger USING (seq) ORDER BY id"
        ).fetchall()
    return [tuple(row) for row in rows]


class Market:
    """The services' market with one symbol's bars changed, or with a failure instead of them."""

    def __init__(self, services: Services, change: Callable[[Bars], Bars] | Exception, symbol: str = "AAPL") -> None:
        self._market = services.provider._market  # type: ignore[attr-defined]
        self._change, self._symbol = change, symbol
        services.provider._market = self  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self._market, name)

    def bars(self, symbol: str, end: date) -> Bars:
        if self._symbol not in {symbol, "*"}:
            return self._market.bars(symbol, end)  # type: ignore[no-any-return]
        if isinstance(self._change, Exception):
            raise self._change
        bars = self._change(self._market.bars(symbol, date.max)).until(end)
        assert bars is not None
        return bars


def waiting(symbol: str, calendar: str, cutoff: date, horizon: int, target: date) -> PastForecast:
    """A forecast that waits for its outcome."""
    return PastForecast(1, "f1", symbol, to_days(cutoff), horizon, to_days(target), "m", 1, b"", calendar=calendar)


def without(*sessions: date) -> Callable[[Bars], Bars]:
    """The bars but for some sessions."""

    def change(bars: Bars) -> Bars:
        kept = ~np.isin(bars.sessions, np.array(sessions, "datetime64[D]"))
        return replace(
            bars, sessions=bars.sessions[kept], values=bars.values[kept], quoted_closes=bars.quoted_closes[kept]
        )

    return change


# ---- when


def test_an_outcome_is_added_once_when_its_horizon_has_closed(tmp_path: Path) -> None:
    services = entered(tmp_path)
    assert settle(services).settled == 0
    set_clock(services, after(1))
    assert (settle(services).settled, settle(services).settled) == (1, 0)
    set_clock(services, after(10))
    assert settle(services).settled == 2
    assert [horizon for horizon, _, _ in found(services)] == [1, 5, 10]
    closes = services.provider.bars("AAPL", after(10))
    at = int(np.searchsorted(closes.sessions, np.datetime64(SESSION)))
    for horizon, log_return, session in found(services):
        assert log_return == pytest.approx(math.log(closes.closes[at + horizon] / closes.closes[at]), abs=1e-15)
        assert session == to_days(after(horizon))


@pytest.mark.sqlite
def test_outcomes_are_never_changed_either(tmp_path: Path) -> None:
    services = entered(tmp_path)
    set_clock(services, after(5))
    settle(services)
    services.store.close()
    with closing(sqlite3.connect(services.store.path)) as db, db:
        with pytest.raises(sqlite3.IntegrityError, match="rows of outcomes are never"):
            db.execute("UPDATE outcomes SET log_return = 0")
        db.execute("DROP TRIGGER outcomes_no_update")
        db.execute("UPDATE outcomes SET log_return = 0 WHERE id = 2")
    db.close()
    assert "Outcome 2 is not what was written" in verify(services.store).problems[0]


def test_two_that_settle_at_once_add_each_outcome_once(tmp_path: Path) -> None:
    """Both have read what is due before either has written."""
    services = entered(tmp_path)
    with services.store.reading() as db:
        due = outcomes_table.due(db, after(10))
    came = [Outcome(one, 0.01, after(10)) for one in due]
    with services.store.transaction() as db:
        assert len(outcomes_table.append(db, came[:2], services.clock())) == 2
    with services.store.transaction() as db:
        assert [one.of.seq for one in outcomes_table.append(db, came, services.clock())] == [due[2].seq]
    assert [horizon for horizon, _, _ in found(services)] == [1, 5, 10]


@pytest.mark.sqlite
def test_a_market_that_never_closes_has_an_outcome_on_a_sunday(make_bars: MakeBars) -> None:
    bars = make_bars(end=after(30))
    days = np.arange(np.datetime64("2021-07-31") - len(bars) + 1, np.datetime64("2021-08-01"))
    coin = replace(bars, sessions=days)
    friday, sunday = date(2021, 7, 2), date(2021, 7, 4)
    one = waiting("COIN", "24/7", friday, 2, sunday)
    decided = outcome_of(one, coin, date(2021, 7, 4))
    assert decided is not None and decided.session == sunday
    at = int(np.searchsorted(days, np.datetime64(friday)))
    assert decided.log_return == pytest.approx(math.log(coin.closes[at + 2] / coin.closes[at]))
    halted = without(*(sunday + timedelta(days=day) for day in range(40)))(coin)
    assert outcome_of(one, halted, sunday + timedelta(days=PATIENCE - 1)) is None
    lost = outcome_of(one, halted, sunday + timedelta(days=PATIENCE))
    assert lost is not None and lost.log_return is None


# ---- from which prices


@pytest.mark.parametrize("factor", [0.25, 0.987], ids=["split four for one", "dividend"])
def test_a_split_or_dividend_between_issue_and_outcome_does_not_matter(tmp_path: Path, factor: float) -> None:
    plain, adjusted = tmp_path / "plain", tmp_path / "adjusted"
    returns = []
    for folder in (plain, adjusted):
        folder.mkdir()
        services = entered(folder)
        if folder == adjusted:  # the source rewrites every adjusted close, as after a split or dividend

            def rewritten(bars: Bars) -> Bars:
                values = bars.values.copy()
                values[:, :4] *= factor
                return replace(bars, values=values)

            Market(services, rewritten)
        set_clock(services, after(5))
        settle(services)
        returns.append([log_return for _, log_return, _ in found(services)])
    np.testing.assert_allclose(returns[0], returns[1], atol=1e-12)


def test_late_prices_are_waited_for(tmp_path: Path) -> None:
    services = entered(tmp_path)
    market = Market(services, without(after(1)))
    set_clock(services, after(1))
    did = settle(services)
    assert (did.settled, did.waiting) == (0, 1)
    services.provider._market = market._market  # type: ignore[attr-defined]
    assert settle(services).settled == 1


@pytest.mark.parametrize("gone", [1, 4, PATIENCE], ids=["a day", "four days", "ten days"])
def test_a_later_close_is_never_taken_for_the_targets(tmp_path: Path, gone: int) -> None:
    services = entered(tmp_path)
    Market(services, without(*(after(step) for step in range(1, 1 + gone))))
    set_clock(services, after(PATIENCE))
    settle(services)
    assert [one for one in found(services) if one[0] == 1] == [], "a price of the day itself may still come"
    set_clock(services, after(1 + PATIENCE))
    settle(services)
    assert [one for one in found(services) if one[0] == 1] == [(1, None, None)]
    assert forecasts.track_record(services).without_outcome >= 1


@pytest.mark.sqlite
def test_a_cutoff_whose_close_has_gone_leaves_no_outcome(make_bars: MakeBars) -> None:
    whole = make_bars(end=after(30))
    bars = without(SESSION)(whole)
    one = waiting("MADE", "XNYS", SESSION, 5, after(5))
    assert outcome_of(one, bars, after(14)) is None
    lost = outcome_of(one, bars, after(30))
    assert lost is not None and (lost.log_return, lost.session) == (None, None)


@pytest.mark.sqlite
def test_a_target_that_may_have_been_a_holiday_is_read_at_the_first_close_after_it(make_bars: MakeBars) -> None:
    bars = without(after(1))(make_bars(end=after(30)))
    one = waiting("MADE", "24/5", SESSION, 1, after(1))
    decided = outcome_of(one, bars, after(30))
    assert decided is not None and decided.session == after(2)
    # a holiday that the calendar did not know when the forecast was made, and knows now
    monday = date(2021, 7, 5)
    holiday = waiting("MADE", "XNYS", SESSION, 3, monday)
    decided = outcome_of(holiday, without(monday)(bars), after(30))
    assert decided is not None and decided.session == monday + timedelta(days=1)


def test_a_delisted_share_has_no_outcome_after_ten_sessions_and_is_counted(tmp_path: Path) -> None:
    services = entered(tmp_path)
    Market(services, Delisted("AAPL", "Yahoo Finance"))
    set_clock(services, after(PATIENCE))
    assert (settle(services).lost, settle(services).waiting) == (0, 3)
    set_clock(services, after(1 + PATIENCE))
    assert settle(services).lost == 1
    assert found(services) == [(1, None, None)]
    record = forecasts.track_record(services)
    assert (record.issued, record.settled, record.waiting, record.without_outcome) == (5, 0, 4, 1)
    assert verify(services.store).problems == ()


def test_while_the_source_is_silent_nothing_is_lost(tmp_path: Path) -> None:
    services = entered(tmp_path)
    Market(services, SourceError("Yahoo Finance", Trouble.SILENT), "*")
    set_clock(services, after(40))
    did = settle(services)
    assert (did.lost, did.settled, did.waiting) == (0, 0, 4)


@pytest.mark.sqlite
def test_kept_prices_that_end_early_prove_nothing_while_the_source_is_silent(make_bars: MakeBars) -> None:
    bars = make_bars(end=SESSION)
    one = waiting("MADE", "XNYS", SESSION, 1, after(1))
    assert outcome_of(one, bars, SESSION) is None
    assert outcome_of(one, bars, after(10)) is None
    decided = outcome_of(one, bars, after(11))
    assert decided is not None and decided.log_return is None


@pytest.mark.parametrize("broken", [math.nan, 0.0, -1.0, math.inf])
@pytest.mark.sqlite
def test_a_broken_close_at_the_target_is_as_good_as_none(make_bars: MakeBars, broken: float) -> None:
    bars = make_bars(end=after(30))
    bars.values[np.flatnonzero(bars.sessions == np.datetime64(after(1)))[0], 3] = broken
    one = waiting("MADE", "XNYS", SESSION, 1, after(1))
    assert outcome_of(one, bars, after(10)) is None
    decided = outcome_of(one, bars, after(30))
    assert decided is not None and (decided.log_return, decided.session) == (None, None)


def test_a_change_of_unit_between_them_leaves_no_outcome(tmp_path: Path) -> None:
    services = entered(tmp_path)

    def in_pounds(bars: Bars) -> Bars:
        values = bars.values.copy()
        values[bars.sessions < np.datetime64(after(1)), :4] *= 100
        return replace(bars, values=values)

    Market(services, in_pounds)
    set_clock(services, after(30))
    settle(services)
    assert {log_return for _, log_return, _ in found(services)} == {None}


# ---- all of them


def test_years_of_the_sample_market_give_every_forecast_exactly_one_outcome(tmp_path: Path, services: Services) -> None:
    first, last = date(2012, 1, 3), date(2021, 8, 31)
    few = live_services(tmp_path, SESSION, ("AAPL", "JPM"))
    whole = replace(services, universe=few.universe)
    past = replay(whole, first, last, tmp_path / "replay.sqlite3", every=21)
    with past.store.reading() as db:
        issued = ledger_table.CHAIN.head(db).rows
    assert issued == 116 * 2 * 5
    past.clock.now += timedelta(days=125)  # type: ignore[attr-defined]
    settle(past)
    with past.store.reading() as db:
        once = db.execute("SELECT count(*), count(DISTINCT seq), count(log_return) FROM outcomes").fetchone()
        assert tuple(once) == (issued, issued, issued)
        assert outcomes_table.due(db, date.max) == []
    assert verify(past.store).problems == ()
    record = forecasts.track_record(past)
    assert (record.settled, record.waiting, record.without_outcome) == (issued - record.by_plain_rule, 0, 0)


def test_a_replay_knows_nothing_of_what_comes(tmp_path: Path) -> None:
    services = live_services(tmp_path, SESSION)
    assert services.provider.bars("AAPL", date(2021, 12, 31)).cutoff == SESSION
    assert build_services(services.settings).provider.bars("AAPL", date(2021, 12, 31)).cutoff > SESSION
