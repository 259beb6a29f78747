"""The rivals of the model: none of them reads the future, each does what its name says."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="it comes with the training packages")

from bellwether.core.types import HEADS, LEVELS, MARKET_SERIES, Floats
from bellwether.forecasting.metrics import pinball_loss
from bellwether.market.sample import SampleProvider
from training import automatic, baselines, boosting, garch, har, linear, rivals
from training.panel import Panel, Rows, build_panel
from training.remember import as_bytes, as_text, remembered
from training.spans import is_unseen, spans_of

SYMBOLS = ("AAPL", "AMZN", "BAC", "CVX", "DIS", "JNJ", "KO", "META", "MSFT", "WMT", "XOM", *MARKET_SERIES)
CUTOFF = np.datetime64("2017-06-30")


@pytest.fixture(scope="module")
def panel() -> Panel:
    """A few symbols of the sample market; JNJ is unseen by its hash."""
    market = SampleProvider()
    return build_panel({symbol: market.bars(symbol, date(2021, 12, 31)) for symbol in SYMBOLS})


@pytest.fixture(scope="module")
def tampered(panel: Panel) -> Panel:
    """The same with everything after the cutoff made up."""
    late = panel.sessions > CUTOFF
    noise = np.random.default_rng(0).uniform(0.5, 2, late.sum())
    parts = {name: getattr(panel, name).copy() for name in ("closes", "bars", "market", "volatility")}
    parts["closes"][late] *= noise
    parts["volatility"][late] *= 3
    parts["bars"][late] *= noise[:, None].astype(np.float32)
    parts["market"][late] = 17
    return replace(panel, **parts)


def garch_quantiles(panel: Panel, rows: Rows) -> Floats:
    pytest.importorskip("arch", reason="it comes with the training packages")
    return garch.quantiles(panel, rows)[0]


def arima_quantiles(panel: Panel, rows: Rows) -> Floats:
    pytest.importorskip("statsforecast", reason="it comes with the training packages")
    return np.stack(list(automatic.quantiles(panel, rows).values()))


RULES = {
    "random walk": baselines.random_walk,
    "overlapping walk": baselines.overlapping_walk,
    "normal": baselines.gaussian,
    "HAR inputs": har.inputs,
    "GARCH": garch_quantiles,
    "ARIMA and ETS": arima_quantiles,
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_no_bar_after_the_cutoff_changes_a_rival(
    rule: Callable[[Panel, Rows], Floats], panel: Panel, tampered: Panel
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what other libraries warn of when they are imported
        rows = np.flatnonzero(panel.sessions == CUTOFF)[:4]
        np.testing.assert_allclose(rule(tampered, rows), rule(panel, rows), rtol=0, atol=1e-9)


def test_what_is_learned_from_ends_with_its_span_and_leaves_unseen_symbols_out(panel: Panel) -> None:
    learned = rivals.lessons(panel)
    dates = spans_of(panel)
    spans = (
        (learned.train, learned.train_outcomes, dates.training),
        (learned.valid, learned.valid_outcomes, dates.validation),
    )
    for rows, outcomes, (first, last) in spans:
        assert not any(is_unseen(panel.symbols[number]) for number in panel.symbol[rows])
        for head, horizon in enumerate(HEADS):
            known = np.isfinite(outcomes[:, head])
            assert known.any()
            assert (panel.sessions[rows[known]] >= np.datetime64(first)).all()
            assert (panel.sessions[rows[known] + horizon] <= np.datetime64(last)).all()


def test_the_past_year_of_a_walk_is_what_loops_find(panel: Panel) -> None:
    row = int(np.flatnonzero((panel.sessions == CUTOFF) & (panel.symbol == SYMBOLS.index("KO")))[0])
    logs = np.log(panel.closes[row - 252 : row + 1])
    stretches = [logs[day] - logs[day - 21] for day in range(21, 253)]
    walk = baselines.overlapping_walk(panel, np.array([row]))[0]
    assert walk[HEADS.index(21)] == pytest.approx(np.quantile(stretches, LEVELS))
    days = baselines.random_walk(panel, np.array([row]))[0]
    assert days[HEADS.index(21)] == pytest.approx(np.sqrt(21) * np.quantile(np.diff(logs), LEVELS))
    assert walk[0] == pytest.approx(days[0])


def test_a_short_history_has_a_walk_too(panel: Panel) -> None:
    bars = np.flatnonzero(panel.symbol == SYMBOLS.index("META"))
    walk = baselines.overlapping_walk(panel, bars[[70, 100]])
    assert np.isfinite(walk).all()
    assert (np.diff(walk, axis=2) >= 0).all()


def judge(model: linear.LinearQuantiles, x: Floats, y: Floats) -> float:
    """Mean loss over the horizons, where the outcome is known."""
    answers = model(x)
    losses = []
    for head in range(len(HEADS)):
        known = np.isfinite(y[:, head])
        losses.append(pinball_loss(y[known, head], answers[known, head]).mean())
    return float(np.mean(losses))


def test_the_future_of_training_shuffled_leaves_no_skill(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "PENALTIES", (0.01, 0.001))
    learned = rivals.lessons(panel)
    x, valid = har.inputs(panel, learned.train), har.inputs(panel, learned.valid)
    market = [name in har.MARKET for name in har.NAMES]
    shuffled = np.random.default_rng(0).permutation(learned.train_outcomes)
    plain = np.nanquantile(learned.train_outcomes, LEVELS, axis=0).T
    rule = linear.LinearQuantiles(np.zeros(1), np.ones(1), np.stack([np.zeros_like(plain), plain], axis=1), 0, ())
    base = judge(rule, np.zeros((len(valid), 1)), learned.valid_outcomes)
    fits = [
        linear.fit(x, outcomes, valid, learned.valid_outcomes, market, HEADS)
        for outcomes in (learned.train_outcomes, shuffled)
    ]
    honest, blind = (1 - judge(model, valid, learned.valid_outcomes) / base for model in fits)
    assert honest > 0.005
    assert blind < 0.002


def test_a_linear_model_finds_a_line_and_never_crosses() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4000, 3))
    y = np.repeat((0.5 * x[:, 0] + np.exp(0.3 * x[:, 1]) * rng.normal(size=4000))[:, None], len(HEADS), axis=1)
    y[::50, 2] = np.nan
    model = linear.fit(x[:3000], y[:3000], x[3000:], y[3000:], [False] * 3, (1, 5))
    assert model.penalty < 0.1
    quantiles = model(np.array([[1.0, 0, 0], [-1.0, 0, 0], [0, 1.0, 0], [0, -1.0, 0]]))
    assert (np.diff(quantiles, axis=2) >= 0).all()
    assert quantiles[0, 0, 3] - quantiles[1, 0, 3] == pytest.approx(1, abs=0.15)
    widths = quantiles[:, 0, 5] - quantiles[:, 0, 1]
    assert widths[2] > 1.3 * widths[3]


def test_garch_forecasts_the_variance_of_its_own_simulation() -> None:
    calm = garch.Garch(mu=0.1, omega=1.0, alpha=1e-9, beta=1e-9, nu=200.0)  # a plain walk with normal steps
    quantiles = garch.ahead(calm, np.array([1.0]))[0]
    for head, horizon in enumerate(HEADS):
        assert quantiles[head, 3] == pytest.approx(0.1 * horizon)
        assert quantiles[head, 5] == pytest.approx(0.1 * horizon + 1.2816 * np.sqrt(horizon), rel=0.05)
    wild = garch.Garch(mu=0.0, omega=0.05, alpha=0.1, beta=0.85, nu=6.0)
    after_calm, after_storm = garch.ahead(wild, np.array([0.3, 10.0]))
    width = (after_storm - after_calm)[:, 5]
    assert (width > 0).all()
    growth = after_storm[-1, 5] / after_storm[0, 5], after_calm[-1, 5] / after_calm[0, 5]
    assert growth[0] < np.sqrt(63) < growth[1], "variance returns to its mean from both sides"
    path = wild.next_variances(np.array([0.0, 3.0]))
    assert path[1] == pytest.approx(0.05 + 0.1 * 9 + 0.85 * path[0])


def test_forests_survive_being_kept() -> None:
    pytest.importorskip("lightgbm", reason="it comes with the training packages")
    forests = boosting.Forests((("a", "b"),), {"num_leaves": 7}, 12)
    assert boosting.unpack(as_text(as_bytes(boosting.pack(forests)))).texts == forests.texts
    settings = boosting.settings()
    assert len(set(settings)) == boosting.TRIALS and settings == boosting.settings()


def test_the_subset_is_drawn_by_name_and_thinned(panel: Panel) -> None:
    rows = panel.every(panel.rows_between("2016-01-01", "2016-12-31"), 5)
    places = automatic.subset(panel, rows)
    assert len(np.unique(panel.symbol[rows[places]])) <= automatic.SYMBOLS
    assert len(places) == pytest.approx(len(rows) / automatic.THIN, rel=0.1)


def test_a_fit_is_kept_until_what_it_saw_changes(tmp_path: Path) -> None:
    calls = []

    def make() -> dict[str, Floats]:
        calls.append(1)
        return {"answer": np.array([float(len(calls))])}

    seen = np.arange(5.0)
    asked = [remembered(tmp_path, __file__, setting, [seen], make)["answer"][0] for setting in ("a", "a", "b")]
    assert asked == [1, 1, 2]
    assert remembered(tmp_path, __file__, "a", [seen + 1], make)["answer"][0] == 3
    assert remembered(None, __file__, "a", [seen], make)["answer"][0] == 4
