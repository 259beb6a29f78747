"""One symbol's bars to a forecast: honest about what it does not know, and blind to the future."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwether.ask import forecasts
from bellwether.ask.point_in_time import inputs_at
from bellwether.core.config import load_settings
from bellwether.core.errors import BadDate, BadHorizon, UnusableBars
from bellwether.core.i18n.numbers import day
from bellwether.core.types import (
    CLOSE,
    LEVELS,
    MARKET_SERIES,
    MAX_HORIZON,
    OPEN,
    VOLUME,
    Bars,
    Floats,
    ForecastInputs,
    Instrument,
    Outlook,
    Problem,
)
from bellwether.forecasting.forecaster import BASELINE_ID, forecast_at, make_outlook, make_outlooks
from bellwether.forecasting.to_json import forecast_json
from bellwether.models.onnx_model import OnnxModel
from bellwether.models.registry import open_model
from bellwether.services import Services, build_services
from tests.conftest import MODELS, NOW, MakeBars
from tests.support.sample import SAMPLE_BEFORE, SAMPLE_LAST

MADE = Instrument("MADE", "Made Up", "NYSE", "XNYS", "USD")
PRICES = slice(OPEN, VOLUME)
NO_MARKET = (None, None)


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return open_model(MODELS)


def look(
    bars: Bars,
    model: OnnxModel | None,
    market: tuple[Bars | None, ...] = NO_MARKET,
    expected: date | None = None,
    note: str = "",
) -> Outlook:
    return make_outlook(ForecastInputs(MADE, bars, market, "test", note, expected), model)


def changed(bars: Bars, change: Callable[[Floats], None]) -> Bars:
    values = bars.values.copy()
    change(values)
    return Bars(bars.symbol, bars.sessions, values, values[:, CLOSE].copy())


def put(row: int | slice, column: int | slice, value: float) -> Callable[[Floats], None]:
    def change(values: Floats) -> None:
        values[row, column] = value

    return change


def scale(rows: slice, factor: float) -> Callable[[Floats], None]:
    def change(values: Floats) -> None:
        values[rows, PRICES] *= factor

    return change


def market_of(make_bars: MakeBars) -> tuple[Bars, Bars]:
    index, fear = (make_bars(700, symbol=symbol, seed=seed) for seed, symbol in enumerate(MARKET_SERIES, 7))
    return index, changed(fear, scale(slice(None), 0.2))


def assert_sound(outlook: Outlook) -> None:
    """Every horizon has finite quantiles that do not cross and do have a width."""
    assert outlook.log_returns.shape == outlook.baseline.shape == (MAX_HORIZON, len(LEVELS))
    for quantiles in (outlook.log_returns, outlook.baseline):
        assert np.isfinite(quantiles).all()
        assert (np.diff(quantiles, axis=1) > 0).all()


def test_the_model_answers_from_sound_bars(make_bars: MakeBars, model: OnnxModel) -> None:
    outlook = look(make_bars(), model, market_of(make_bars))
    assert_sound(outlook)
    assert outlook.problem is None
    assert outlook.model_id == model.card.model_id
    assert outlook.records == model.card.records
    assert not np.array_equal(outlook.log_returns, outlook.baseline)
    made = forecast_at(outlook, 10, NOW)
    assert made.model_id == model.card.model_id
    assert made.cutoff == date(2021, 12, 31)
    assert made.target_session == date(2022, 1, 14)
    assert made.made_at == NOW


@pytest.mark.parametrize(
    ("spoil", "late", "problem"),
    [
        (lambda bars: bars.until(bars.cutoff - timedelta(days=800)), 0, Problem.TOO_SHORT),
        (lambda bars: bars, 30, Problem.STALE),
        (lambda bars: changed(bars, put(-3, CLOSE, np.nan)), 0, Problem.BROKEN),
        (lambda bars: changed(bars, put(-3, PRICES, -1.0)), 0, Problem.BROKEN),
        (lambda bars: changed(bars, scale(slice(-3, None), 8.0)), 0, Problem.EXTREME),
        (lambda bars: changed(bars, put(slice(-100, None), PRICES, 50.0)), 0, Problem.FLAT),
        (
            lambda bars: Bars(
                bars.symbol,
                np.r_[bars.sessions[:500], bars.sessions[530:]],
                np.r_[bars.values[:560], bars.values[590:]],
                np.r_[bars.quoted_closes[:560], bars.quoted_closes[590:]],
            ),
            0,
            None,
        ),
        (
            lambda bars: Bars(
                bars.symbol,
                np.r_[bars.sessions[:560], bars.sessions[590:]],
                np.r_[bars.values[:560], bars.values[590:]],
                np.r_[bars.quoted_closes[:560], bars.quoted_closes[590:]],
            ),
            0,
            Problem.GAP,
        ),
    ],
    ids=["short", "stale", "nan", "negative", "extreme", "flat", "old gap", "gap"],
)
def test_bad_bars_get_the_baseline_and_are_told_why(
    make_bars: MakeBars, model: OnnxModel, spoil: Callable[[Bars], Bars], late: int, problem: Problem | None
) -> None:
    bars = spoil(make_bars())
    outlook = look(bars, model, market_of(make_bars), expected=bars.cutoff + timedelta(days=late))
    assert outlook.problem is problem
    if problem is None:
        assert outlook.model_id == model.card.model_id
        return
    made = forecast_at(outlook, 10, NOW)
    assert made.model_id == BASELINE_ID
    assert made.problem is problem
    assert made.log_returns == made.baseline.log_returns
    assert made.probability_of_growth == made.baseline.probability_of_growth
    assert made.explanation.record is None
    assert made.explanation.width_against_baseline == 1.0
    assert [caveat for caveat in made.caveats if f"The model is silent because {problem.value}" in caveat]


@pytest.mark.parametrize(
    "change",
    [
        put(-100, CLOSE, np.nan),
        put(-100, OPEN, np.nan),
        put(-100, VOLUME, np.nan),
        put(-100, slice(None), np.nan),
        put(-100, PRICES, 0.0),
        put(-100, PRICES, -5.0),
        put(-100, CLOSE, np.inf),
        put(-500, CLOSE, np.nan),
        put(-300, VOLUME, -1.0),
        put(-300, VOLUME, np.inf),
    ],
    ids=[
        "nan-close",
        "nan-open",
        "nan-volume",
        "nan-bar",
        "zero",
        "negative",
        "infinite",
        "nan-long-ago",
        "negative-volume",
        "infinite-volume",
    ],
)
def test_an_old_broken_bar_never_reaches_the_answer(
    make_bars: MakeBars, model: OnnxModel, change: Callable[[Floats], None]
) -> None:
    outlook = look(changed(make_bars(), change), model, market_of(make_bars))
    assert_sound(outlook)
    made = forecast_at(outlook, 10, NOW)
    json.dumps(forecast_json(made), allow_nan=False)


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, -1.0])
@pytest.mark.parametrize("row", [-1, -100])
@pytest.mark.parametrize("series", range(len(MARKET_SERIES)))
def test_a_broken_market_series_never_reaches_the_answer(
    make_bars: MakeBars, model: OnnxModel, series: int, row: int, value: float
) -> None:
    market = list(market_of(make_bars))
    market[series] = changed(market[series], put(row, PRICES, value))
    outlook = look(make_bars(), model, tuple(market))
    assert_sound(outlook)
    made = forecast_at(outlook, 10, NOW)
    json.dumps(forecast_json(made), allow_nan=False)
    facts = made.explanation
    assert facts.market_volatility is None or facts.market_volatility > 0


def test_a_price_that_has_long_stood_still_gets_no_range_without_width(make_bars: MakeBars, model: OnnxModel) -> None:
    def halted(values: Floats) -> None:
        values[-550:, PRICES] = 50.0

    try:
        outlook = look(changed(make_bars(), halted), model)
    except UnusableBars:
        return  # saying nothing is honest too
    assert_sound(outlook)


def test_bars_that_nothing_can_be_said_about_are_refused(make_bars: MakeBars, model: OnnxModel) -> None:
    for bars in (make_bars(21), changed(make_bars(), put(-1, CLOSE, np.nan))):
        for one in (model, None):
            with pytest.raises(UnusableBars):
                look(bars, one)


def test_a_month_of_prices_is_enough_for_the_baseline(make_bars: MakeBars, model: OnnxModel) -> None:
    outlook = look(make_bars(22), model)
    assert outlook.problem is Problem.TOO_SHORT
    assert_sound(outlook)
    made = forecast_at(outlook, 63, NOW)
    assert made.usual_probability_of_growth is None
    assert made.explanation.usual_volatility is None


def test_it_says_so_when_the_wider_market_is_not_known(make_bars: MakeBars, model: OnnxModel) -> None:
    index, fear = market_of(make_bars)
    sentence = "Made without knowledge of the wider market, whose prices are not available."
    assert sentence not in look(make_bars(), model, (index, fear)).caveats
    part = "Made without {}, a part of the wider market, whose prices are not available."
    no_index, no_fear = part.format("^GSPC"), part.format("^VIX")
    for market, said in (((None, None), sentence), ((index, None), no_fear), ((None, fear), no_index)):
        outlook = look(make_bars(), model, market)
        assert_sound(outlook)
        assert [caveat for caveat in outlook.caveats if "wider market" in caveat] == [said]
    early = index.until(date(2021, 12, 20))
    assert no_index in look(make_bars(), model, (early, fear)).caveats


def test_it_says_how_many_trading_days_are_missing(make_bars: MakeBars, model: OnnxModel) -> None:
    bars = make_bars(end=date(2021, 12, 22))
    one = look(bars, model, expected=date(2021, 12, 23))
    assert "The prices end on 22 December 2021: 1 later trading day is missing." in one.caveats
    three = look(bars, model, expected=date(2021, 12, 28))  # the 24th was a holiday
    assert "The prices end on 22 December 2021: 3 later trading days are missing." in three.caveats
    assert not [caveat for caveat in look(bars, model, expected=bars.cutoff).caveats if "missing" in caveat]
    assert not [caveat for caveat in look(bars, model, expected=None).caveats if "missing" in caveat]


def test_it_says_so_when_the_model_may_have_seen_what_it_forecasts(make_bars: MakeBars, model: OnnxModel) -> None:
    known = model.card.seen_to
    seen = look(make_bars(end=known - timedelta(days=10)), model)
    assert [caveat for caveat in seen.caveats if f"made with prices up to {day(known)} in view" in caveat]
    unseen = look(make_bars(end=known + timedelta(days=10)), model)
    assert not [caveat for caveat in unseen.caveats if "learned from" in caveat]


def test_what_the_source_wants_said_comes_first(make_bars: MakeBars, model: OnnxModel) -> None:
    assert look(make_bars(), model, note="Sample data.").caveats[0] == "Sample data."


@pytest.mark.parametrize("horizon", [0, -1, 64, 10**9])
def test_it_refuses_a_horizon_out_of_reach(make_bars: MakeBars, horizon: int) -> None:
    outlook = look(make_bars(), None)
    with pytest.raises(BadHorizon, match=f"1 to 63 trading days, not {horizon}"):
        forecast_at(outlook, horizon, NOW)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 2000), st.floats(0.1, 4), st.integers(64, 700))
def test_no_history_makes_quantiles_cross(seed: int, temper: float, sessions: int) -> None:
    random = np.random.default_rng(seed)
    days = np.busday_offset(np.datetime64("2021-12-31"), np.arange(-sessions + 1, 1))
    closes = 50 * np.exp(np.cumsum(random.standard_t(4, sessions) * 0.01 * temper))
    values = np.column_stack([closes] * 4 + [np.full(sessions, 1e6)])
    outlook = look(Bars("MADE", days, values, closes), open_model(MODELS))
    assert_sound(outlook)
    for horizon in (1, 17, 63):
        made = forecast_at(outlook, horizon, NOW)
        assert 0 <= made.probability_of_growth <= 1
        as_read = forecast_at(replace(outlook, rises=None), horizon, NOW)  # not drawn towards the usual share
        assert (as_read.probability_of_growth > 0.5) == (made.log_returns[3] > 0)


def test_the_range_of_the_model_widens_with_the_horizon(services: Services) -> None:
    for symbol in ("AAPL", "KO", "TSLA", "^GSPC"):
        outlook = forecasts.answer(services, symbol, 10).outlook
        assert_sound(outlook)
        for low, high in ((0, 6), (1, 5), (2, 4)):
            assert (np.diff(outlook.log_returns[:, high] - outlook.log_returns[:, low]) > 0).all()


def test_the_same_question_always_has_the_same_id(services: Services) -> None:
    def ask(symbol: str = "AAPL", horizon: int = 10, as_of: date | None = None) -> str:
        return forecasts.answer(services, symbol, horizon, as_of).forecast.forecast_id

    assert ask() == ask() == ask("apple") == ask(as_of=SAMPLE_LAST)
    assert len({ask(), ask("MSFT"), ask(horizon=11), ask(as_of=SAMPLE_BEFORE)}) == 4


def test_a_forecast_asked_for_again_differs_in_the_time_alone(make_bars: MakeBars, model: OnnxModel) -> None:
    outlook = look(make_bars(), model)
    first, later = forecast_at(outlook, 10, NOW), forecast_at(outlook, 10, NOW + timedelta(hours=1))
    assert (first.made_at, later.made_at) == (NOW, NOW + timedelta(hours=1))
    assert replace(later, made_at=NOW) == first
    doubled = replace(outlook, log_returns=2 * outlook.log_returns)
    assert forecast_at(doubled, 10, NOW).log_returns == tuple(2 * log_return for log_return in first.log_returns)


def test_of_many_symbols_each_has_the_outlook_that_it_has_alone(services: Services, make_bars: MakeBars) -> None:
    end, sound = SAMPLE_LAST, [instrument for instrument in services.universe if instrument.symbol != "^VIX"]
    known = [inputs_at(services.provider, one, end) for one in sound]
    still = changed(make_bars(), put(slice(None), PRICES, 50.0))
    short = make_bars(30)
    mixed = [*known[:20], ForecastInputs(MADE, still, NO_MARKET, "test", "", None), *known[20:]]
    mixed.append(ForecastInputs(MADE, short, NO_MARKET, "test", "", None))
    for model in (services.model, None):
        together = make_outlooks(mixed, model)
        for one, found in zip(mixed, together, strict=True):
            if one.bars is still:
                assert isinstance(found, UnusableBars)
                continue
            assert isinstance(found, Outlook)
            alone = make_outlook(one, model)
            assert found.log_returns.tobytes() == alone.log_returns.tobytes()
            assert (found.problem, found.caveats, found.model_id) == (alone.problem, alone.caveats, alone.model_id)


def test_the_last_close_is_the_quoted_one_and_not_the_adjusted(make_bars: MakeBars, model: OnnxModel) -> None:
    bars = make_bars()
    quoted = Bars(bars.symbol, bars.sessions, bars.values, bars.closes * 1.25)
    made, plain = (forecast_at(look(one, model), 10, NOW) for one in (quoted, bars))
    assert made.last_close == pytest.approx(plain.last_close * 1.25)
    assert made.log_returns == plain.log_returns


# ---- what lies after the cutoff must not matter


def sample_frame(symbols: tuple[str, ...] = ("AAPL", *MARKET_SERIES)) -> pd.DataFrame:
    from bellwether.market.sample import SampleProvider

    provider = SampleProvider()
    frames = []
    for symbol in symbols:
        bars = provider.bars(symbol, SAMPLE_LAST)
        frame = pd.DataFrame(bars.values, columns=["open", "high", "low", "close", "volume"])
        frames.append(frame.assign(symbol=symbol, date=bars.sessions))
    return pd.concat(frames, ignore_index=True)


def services_over(frame: pd.DataFrame, folder: Path) -> Services:
    folder.mkdir()
    frame.to_parquet(folder / "prices.parquet")
    chosen = load_settings(
        market={"source": "file", "file": str(folder / "prices.parquet")},
        database={"path": folder / "x.sqlite3"},
        models={"folder": MODELS},
    )
    return build_services(chosen, clock=lambda: NOW)


@pytest.mark.parametrize("as_of", [date(2021, 6, 30), date(2020, 3, 16), date(2012, 1, 14)])
def test_the_future_never_matters(tmp_path: Path, as_of: date) -> None:
    frame = sample_frame()
    later = frame["date"] > pd.Timestamp(as_of)
    wild = frame.copy()
    columns = ["open", "high", "low", "close", "volume"]
    wild.loc[later, columns] *= np.random.default_rng(0).uniform(0.01, 100, (int(later.sum()), 1))
    answers = [
        json.dumps(forecast_json(forecasts.answer(services_over(prices, tmp_path / name), "AAPL", 21, as_of).forecast))
        for name, prices in {"whole": frame, "cut": frame[~later], "wild": wild}.items()
    ]
    assert answers[0] == answers[1] == answers[2]
    cutoff = date.fromisoformat(json.loads(answers[0])["cutoff"])
    assert as_of - timedelta(days=4) <= cutoff <= as_of


def test_the_past_does_matter(tmp_path: Path) -> None:
    frame = sample_frame()
    moved = frame.copy()
    yesterday = (moved["date"] == pd.Timestamp("2021-06-29")) & (moved["symbol"] == "AAPL")
    moved.loc[yesterday, ["open", "high", "low", "close"]] *= 0.97
    answers = [
        forecasts.answer(services_over(prices, tmp_path / name), "AAPL", 21, date(2021, 6, 30)).forecast.log_returns
        for name, prices in {"whole": frame, "moved": moved}.items()
    ]
    assert answers[0] != answers[1]


def test_the_present_moment_never_matters_for_an_old_cutoff(tmp_path: Path) -> None:
    def ask(now: datetime) -> dict[str, Any]:
        settings = load_settings(database={"path": tmp_path / "x.sqlite3"}, models={"folder": MODELS})
        asked = forecasts.answer(build_services(settings, clock=lambda: now), "MSFT", 10, date(2019, 5, 1))
        return forecast_json(asked.forecast) | {"made_at": None}

    assert ask(NOW) == ask(datetime(2022, 1, 1, tzinfo=UTC)) == ask(datetime(2019, 5, 1, 22, 0, tzinfo=UTC))


def test_a_session_that_runs_or_has_just_closed_is_not_looked_at(tmp_path: Path) -> None:
    def cutoff(now: datetime, as_of: date | None = None) -> date:
        settings = load_settings(database={"path": tmp_path / "x.sqlite3"}, models={"folder": MODELS})
        return forecasts.answer(build_services(settings, clock=lambda: now), "AAPL", 10, as_of).forecast.cutoff

    assert cutoff(datetime(2019, 5, 1, 20, 19, tzinfo=UTC)) == date(2019, 4, 30)
    assert cutoff(datetime(2019, 5, 1, 20, 19, tzinfo=UTC), date(2019, 5, 1)) == date(2019, 4, 30)
    assert cutoff(datetime(2019, 5, 1, 20, 20, tzinfo=UTC)) == date(2019, 5, 1)
    assert cutoff(datetime(2019, 11, 29, 18, 19, tzinfo=UTC)) == date(2019, 11, 27)  # a half day after a holiday
    assert cutoff(datetime(2019, 11, 29, 18, 20, tzinfo=UTC)) == date(2019, 11, 29)


def test_it_refuses_a_day_that_has_not_come(services: Services) -> None:
    with pytest.raises(BadDate, match="2026-11-24 has not come yet"):
        forecasts.answer(services, "AAPL", 10, date(2026, 11, 24))
    assert forecasts.answer(services, "AAPL", 10, date(2026, 11, 23)).forecast.cutoff == SAMPLE_LAST


def one_model(services: Services, folder: Path) -> Path:
    """A folder with the served model alone: it then answers for every day."""
    served = services.settings.models.serve
    shutil.copytree(services.settings.models.folder / served, folder / "models" / served)
    return folder / "models"


def test_the_forecast_of_the_session_before_is_one_session_older(services: Services, tmp_path: Path) -> None:
    asked = forecasts.answer(services, "AAPL", 10)
    before = forecasts.previous(services, asked)
    assert before is not None
    assert before.cutoff == SAMPLE_BEFORE
    assert before.model_id == asked.forecast.model_id  # though it has learned from the day that came after
    alone = build_services(
        load_settings(database={"path": tmp_path / "x.sqlite3"}, models={"folder": one_model(services, tmp_path)}),
        clock=services.clock,
    )
    same = forecasts.answer(alone, "AAPL", 10, SAMPLE_BEFORE).forecast
    assert before == replace(same, made_at=before.made_at)
