"""How all stocks together moved: of nothing later, of nothing doubtful, and by session in the database."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bellwether.ask import forecasts
from bellwether.ask.point_in_time import inputs_at, market_until
from bellwether.core.types import CLOSE, MARKET_SERIES, OPEN, STATE_SERIES, VOLUME, Bars, Floats
from bellwether.forecasting.forecaster import make_outlook
from bellwether.forecasting.inputs import market_input
from bellwether.jobs.evening import keep_evening
from bellwether.jobs.replay import Replay
from bellwether.market import sample_state, universe_state_table
from bellwether.market.sample import SampleProvider
from bellwether.market.universe_state import state_of
from bellwether.models.onnx_model import OnnxModel
from bellwether.models.registry import open_model
from bellwether.services import Services
from bellwether.track_record.ledger.issue import read_digest
from tests.conftest import MODELS, MakeBars
from tests.support.account import live_services
from tests.support.made_market import at_evening, changed, made_prices, market_of, name_of
from tests.support.models import EARLIER

DAY = date(2021, 6, 30)
NEXT = date(2021, 7, 1)


def spoilt(bars: Bars, row: int, factor: float) -> Bars:
    """As if every price from a row on were so many times what it is."""
    values = bars.values.copy()
    values[row:, OPEN:VOLUME] *= factor
    return Bars(bars.symbol, bars.sessions, values, values[:, CLOSE].copy())


def of_sessions(services: Services) -> dict[date, tuple[int, float, float]]:
    """What is kept: the stocks, U and D by session."""
    with services.store.reading() as db:
        state = universe_state_table.load(db, "file")
    return {
        day: (stocks, *values)
        for day, stocks, values in zip(
            state.days.astype(object), state.stocks.tolist(), state.values.tolist(), strict=True
        )
    }


# ---- what it is made of


def test_a_day_on_which_every_stock_moves_twice_as_far_as_usual_tells_so(make_bars: MakeBars) -> None:
    stocks = [make_bars(300, symbol=f"S{seed}", seed=seed) for seed in range(40)]
    calm = state_of(stocks)
    assert calm.values[100:].mean(axis=0) == pytest.approx([0.8, 1.0], abs=0.1)  # E|z| and sd of a normal z
    storm = state_of([spoilt(bars, 250, 0.95) for bars in stocks])
    assert storm.values[250, 0] > 2.5 * calm.values[250, 0]  # all fell by 5 %
    assert storm.values[250, 1] < 1.3 * calm.values[250, 1]  # but no further apart
    assert np.array_equal(storm.values[:250], calm.values[:250])


def test_of_fewer_than_five_stocks_nothing_is_said(make_bars: MakeBars) -> None:
    state = state_of([make_bars(300, symbol=f"S{seed}", seed=seed) for seed in range(4)])
    assert not state.values.any()
    assert state.stocks[-1] == 4
    assert state.as_series() == (None, None)
    assert state_of([]).as_series() == (None, None)


@pytest.mark.parametrize("ratio", [0.5, 0.25, 1 / 3, 10.0])
def test_a_day_on_which_half_the_universe_splits_is_no_storm(make_bars: MakeBars, ratio: float) -> None:
    stocks = [make_bars(300, symbol=f"S{seed}", seed=seed) for seed in range(20)]
    split = [spoilt(bars, 250, ratio) if seed % 2 else bars for seed, bars in enumerate(stocks)]
    usual, state = state_of(stocks), state_of(split)
    assert state.stocks[250] in {10, 11}  # of one the day's own move is too large to tell
    assert state.values[250, 0] < 2 < 0.5 * (8 + usual.values[250, 0])
    assert state.values[251:] == pytest.approx(usual.values[251:], rel=0.2)


def test_nothing_later_tells_of_a_day(make_bars: MakeBars) -> None:
    stocks = [make_bars(300, symbol=f"S{seed}", seed=seed) for seed in range(12)]
    later = [spoilt(spoilt(bars, 280, 7.9), 282, 1 / 7.9) for bars in stocks]  # and back: a jump that was none
    assert state_of(later).values[:280].tobytes() == state_of(stocks).values[:280].tobytes()


def test_a_stock_with_holes_and_one_that_is_new_count_where_they_can(make_bars: MakeBars) -> None:
    stocks = [make_bars(300, symbol=f"S{seed}", seed=seed) for seed in range(6)]
    values = stocks[0].values.copy()
    values[200, CLOSE] = np.nan
    holed = Bars("S0", stocks[0].sessions, values, values[:, CLOSE].copy())
    new = make_bars(25, symbol="NEW", seed=9)
    state = state_of([holed, *stocks[1:], new])
    assert np.isfinite(state.values).all()
    assert (state.stocks[199], state.stocks[200], state.stocks[201], state.stocks[202]) == (6, 5, 5, 6)
    assert state.stocks[-24] == 6  # what is new has no volatility yet
    assert state.stocks[-1] == 7


# ---- the sample market


def test_the_shipped_state_of_the_sample_is_what_its_prices_say() -> None:
    made = sample_state.make().as_series()
    for shipped, recomputed in zip(SampleProvider().universe_state(date(2030, 1, 1)), made, strict=True):
        assert shipped is not None
        assert recomputed is not None
        assert shipped.symbol == recomputed.symbol
        assert np.array_equal(shipped.sessions, recomputed.sessions)
        assert shipped.closes == pytest.approx(recomputed.closes, rel=1e-6)


def test_the_market_of_a_day_tells_no_later_state() -> None:
    provider = SampleProvider()
    series = market_until(provider, DAY)
    assert [bars.symbol for bars in series if bars] == [*MARKET_SERIES, *STATE_SERIES]
    assert all(bars is not None and bars.cutoff == DAY for bars in series)
    assert market_until(provider, DAY)[2] is series[2]  # the very same: whoever compares need not read it
    window = market_input(series[0].sessions[-504:], series, 504)  # type: ignore[union-attr]
    assert (window > 0).all()


def test_a_replay_knows_the_state_up_to_its_clock(tmp_path: Path) -> None:
    services = live_services(tmp_path, DAY)
    assert isinstance(services.provider, Replay)
    (state, _) = services.provider.universe_state(date(2021, 12, 31))
    assert state is not None
    assert state.cutoff == DAY


# ---- evening by evening


def test_an_evening_enters_what_is_missing_and_no_session_twice(tmp_path: Path) -> None:
    services = market_of(tmp_path, made_prices(8), DAY)
    assert keep_evening(services).sessions > 600
    before = of_sessions(services)
    assert max(before) == DAY
    assert before[DAY][0] == 8
    assert keep_evening(services).sessions == 0
    week_later = date(2021, 7, 8)  # four sessions, for the 5th is a holiday
    assert keep_evening(at_evening(services, week_later)).sessions == 5
    after = of_sessions(services)
    assert {day: after[day] for day in before} == before
    (state, _) = services.provider.universe_state(week_later)  # type: ignore[attr-defined]
    assert state.cutoff == week_later


def test_a_session_waits_for_nearly_all_stocks_and_at_last_is_content_with_half(tmp_path: Path) -> None:
    prices = made_prices(10)
    late = (prices["date"] >= pd.Timestamp(NEXT)) & prices["symbol"].isin([name_of(number) for number in range(4)])
    services = market_of(tmp_path, prices[~late], NEXT)
    assert keep_evening(services).waiting
    assert max(of_sessions(services)) == DAY
    did = keep_evening(at_evening(services, NEXT, hours=7))
    assert (did.sessions, did.waiting) == (1, False)
    assert of_sessions(services)[NEXT][0] == 6


def test_of_a_universe_that_is_half_stale_nothing_is_said_and_then_the_model_does_without(tmp_path: Path) -> None:
    prices = made_prices(10)
    stale = (prices["date"] > pd.Timestamp(DAY)) & prices["symbol"].isin([name_of(number) for number in range(6)])
    services = market_of(tmp_path, prices[~stale], NEXT)
    at_evening(services, NEXT, hours=7)
    keep_evening(services)
    assert max(of_sessions(services)) == DAY
    model = reads_state(open_model(MODELS))
    made = look(services, model, NEXT)
    assert any("known up to 30 June 2021 only" in caveat for caveat in made.caveats)
    long_after = date(2021, 7, 12)
    at_evening(services, long_after, hours=7)
    keep_evening(services)
    assert any("how much all shares together moved" in caveat for caveat in look(services, model, long_after).caveats)


def test_four_stocks_are_no_universe_and_the_answer_says_that_the_model_does_without(tmp_path: Path) -> None:
    services = market_of(tmp_path, made_prices(4), DAY)
    keep_evening(services)
    assert of_sessions(services)[DAY] == (4, 0, 0)
    model = reads_state(open_model(MODELS))
    made = look(services, model, DAY)
    assert made.market[2:] == (None, None)
    assert any("how much all shares together moved" in caveat for caveat in made.caveats)


# ---- who reads it


class ReadsState(OnnxModel):
    """The shipped model, which says that it reads the state too, and remembers the market that it was given."""

    def __init__(self, model: OnnxModel) -> None:
        self.card, self._inner = replace(model.card, market=MARKET_SERIES + STATE_SERIES), model
        self.markets: list[Floats] = []

    def quantiles(self, bars: Floats, market: Floats, calendar: Floats | None = None) -> Floats:
        self.markets.append(market)
        return self._inner.quantiles(bars, market, calendar)


def reads_state(model: OnnxModel) -> ReadsState:
    return ReadsState(model)


def look(services: Services, model: OnnxModel, end: date, symbol: str = "MAJ"):  # type: ignore[no-untyped-def]
    known = services.provider.universe()
    instrument = next((each for each in known if each.symbol == symbol), known[0])
    return make_outlook(inputs_at(services.provider, instrument, end), model)


def test_a_model_that_names_the_state_is_given_it_and_another_answers_as_before(services: Services) -> None:
    model = OnnxModel(MODELS / EARLIER)
    instrument = services.provider.instrument("AAPL")
    known = inputs_at(services.provider, instrument, DAY)
    without = replace(known, market=known.market[:2])
    plain, with_state = make_outlook(without, model), make_outlook(known, model)
    assert with_state.log_returns.tobytes() == plain.log_returns.tobytes()
    assert (with_state.caveats, read_digest(with_state)) == (plain.caveats, read_digest(plain))
    reader = reads_state(model)
    read = make_outlook(known, reader)
    (market,) = reader.markets
    assert market.shape == (1, model.card.context_length, 4)
    assert market[0, -1, 2] == pytest.approx(known.market[2].closes[-1])  # type: ignore[union-attr]
    assert read_digest(read) != read_digest(plain)
    assert make_outlook(without, reader).market[2:] == (None, None)
    assert not reader.markets[-1][0, :, 2:].any()


def test_forecasts_of_a_day_are_the_same_bytes_whatever_every_later_bar_says(tmp_path: Path) -> None:
    prices = made_prices(8)
    later = prices["date"] > pd.Timestamp(DAY)
    wild = changed(prices, later, lambda rows: rows * 1.7)
    answers = []
    for name, table in (("as it was", prices), ("as it was not", wild)):
        folder = tmp_path / name
        folder.mkdir()
        services = market_of(folder, table, DAY + timedelta(days=100))
        keep_evening(services)
        reader = reads_state(open_model(MODELS))
        made = look(services, reader, DAY)
        answers.append((made.log_returns.tobytes(), reader.markets[0].tobytes(), read_digest(made)))
    assert answers[0] == answers[1]
    assert (np.frombuffer(answers[0][1], np.float32).reshape(504, 4)[-1] > 0).all()


def test_an_asked_day_of_the_past_knows_the_state_of_that_day(services: Services) -> None:
    made = forecasts.answer(services, "AAPL", 5, DAY)
    assert made.outlook.bars.cutoff == DAY
