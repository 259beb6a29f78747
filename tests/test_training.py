"""The offline module, end to end on a few symbols of the sample market, and its parts on made-up prices."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from bellwether.core.calibration import Rises
from bellwether.core.errors import MarketDataError, ModelError
from bellwether.core.types import AHEAD, CLOSE, HEADS, LEVELS, MARKET_SERIES, STATE_SERIES, VOLUME, Bars
from bellwether.forecasting.inputs import model_inputs
from bellwether.market.returns import ewma_volatility, log_returns
from bellwether.market.sample import SampleProvider
from bellwether.models.model_card import read_card, read_facts
from bellwether.models.onnx_model import OnnxModel
from tests.support.training import needs_dask, told, trained_once_by
from training.__main__ import cli
from training.checks import TOLERANCE, check_graph, hostile_windows, largest_difference
from training.evaluate import skill_interval
from training.forecasts import COLUMNS, QUANTILES
from training.panel import CONTEXT_LENGTH, MIN_HISTORY, NO_ERRORS, Panel, build_panel, read_series
from training.prepare import prepare, training_facts, usual_errors
from training.remember import as_text, read
from training.spans import Spans, Split, is_unseen
from training.windows import Blanks, take_away
from training.work import PRICES

ROOT = Path(__file__).parents[1]
SYMBOLS = ("AAPL", "JNJ", "META", "MSFT", "XOM", *MARKET_SERIES)  # JNJ is unseen by its hash
END = date(2021, 12, 31)
SPANS = Spans.up_to(END)
CUTOFF = pd.Timestamp("2020-03-02")


def long_form(symbols: tuple[str, ...] = SYMBOLS) -> pd.DataFrame:
    """Prices of the sample market as an operator's file would hold them."""
    market = SampleProvider()
    frames = []
    for symbol in symbols:
        bars = market.bars(symbol, END)
        frame = pd.DataFrame(bars.values, columns=["open", "high", "low", "close", "volume"])
        frame.insert(0, "symbol", symbol)
        frame.insert(1, "date", bars.sessions.astype("datetime64[s]"))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class Trained:
    """What one small run left behind."""

    prices: Path
    folder: Path
    refitted: Path
    work: Path
    output: str
    renewed: Path  #: the models of a renewal
    told_of_renewal: str


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long form, rows shuffled, with a column nobody asked for and a few holes."""
    frame = long_form().sample(frac=1, random_state=0)
    frame["source"] = "a test"
    frame.iloc[:3, [2, 3, 4]] = np.nan  # open, high, low
    file = tmp_path_factory.mktemp("prices") / "prices.parquet"
    frame.to_parquet(file, index=False)
    return file


@pytest.fixture(scope="module")
def trained(prices: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """`training all --quick`, then `training refit` and `training renew --quick` on what it exported."""
    if find_spec("tensorflow") is None or find_spec("tf2onnx") is None:
        pytest.skip("tensorflow is not installed: pip install -r training/requirements.txt")
    folder = tmp_path_factory.mktemp("training")
    work, models = ("--work", folder / "work"), ("--models", folder / "models")
    renewed = ("--work", folder / "renewal", "--models", folder / "renewed")
    output, _, told_of_renewal = trained_once_by(
        ("all", "--prices", prices, *work, *models, "--model-id", "tiny", "--source", "the sample market", "--quick"),
        ("refit", *work, *models, "--judged", folder / "models" / "tiny"),
        ("renew", "--prices", prices, *renewed, "--served", folder / "models" / "tiny", "--quick"),
    )
    judged, refitted = folder / "models" / "tiny", folder / "models" / "tiny-2021"
    return Trained(prices, judged, refitted, folder / "work", output, folder / "renewed", told_of_renewal)


@pytest.fixture(scope="module")
def panel(prices: Path) -> Panel:
    """The same prices, laid out."""
    return build_panel(read_series([prices])[0])


def universe_series(panel: Panel) -> tuple[Bars, Bars]:
    """U and D as the service keeps them: series of daily levels."""
    days = np.unique(panel.sessions[panel.history > 0])
    state = panel.universe_state(np.ones(len(panel.symbols), bool))[:-1].astype(np.float64)
    u, d = (
        Bars(name, days, np.repeat(state[:, [at]], 5, axis=1), state[:, at]) for at, name in enumerate(STATE_SERIES)
    )
    return u, d


def run(*arguments: str | Path) -> Result:
    """One command of `python -m training`, in this process."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def forecast(trained: Trained, prices: Path, out: Path, *when: str | Path) -> Result:
    """`forecasts` with the small model; fails the test when it fails."""
    result = run("forecasts", "--prices", prices, "--model", trained.folder, "--out", out, *when)
    assert result.exit_code == 0, result.output
    return result


def test_a_small_run_goes_from_raw_bars_to_quantiles_that_the_service_serves(trained: Trained) -> None:
    model = OnnxModel(trained.folder)
    market = SampleProvider()
    beside = tuple(market.bars(name, END) for name in MARKET_SERIES)
    quantiles = model.quantiles(*model_inputs(market.bars("AAPL", END), beside, model.card.context_length))
    assert quantiles.shape == (1, len(HEADS), len(LEVELS))
    assert (np.diff(quantiles, axis=2) > 0).all()
    assert 0.005 < quantiles[0, 0, 6] - quantiles[0, 0, 0] < 0.2  # a day's 90 % range of a large company


def test_the_card_tells_what_the_model_is_and_how_it_scored(trained: Trained) -> None:
    card = json.loads((trained.folder / "card.json").read_text(encoding="utf-8"))
    assert read_card(trained.folder).seen_to == date(2018, 12, 31)
    assert card["data"]["source"] == "the sample market"
    assert card["data"]["unseen_symbols"] == ["JNJ"]
    assert card["recipe"]["seed"] == 1
    assert card["keras_onnx_difference"] <= TOLERANCE
    assert card["evening_width"] is True
    assert read_card(trained.folder).rises == Rises(tuple(card["baseline"]["share_of_rises"]), (0.5, 0.5, 0, 0, 0))
    for part in (card["scores"], card["scores"]["seen"], card["scores"]["unseen"], card["scores"]["served"]):
        assert set(part["by_horizon"]) == {str(horizon) for horizon in HEADS}
        low, high = part["pooled"]["skill_against_baseline_interval"]
        assert low <= part["pooled"]["skill_against_baseline"] <= high
        assert 0.5 < part["pooled"]["coverage_80"] < part["pooled"]["coverage_90"] < 1
    assert "skill against EWMA" in trained.output


def test_a_refit_keeps_the_scores_of_its_recipe_apart_from_what_it_learned(trained: Trained) -> None:
    own, judged = (
        json.loads((folder / "card.json").read_text("utf-8")) for folder in (trained.refitted, trained.folder)
    )
    assert own["scores"] == judged["scores"]
    assert own["scores_of"] == {"model_id": "tiny", "sha256": judged["sha256"], "trained_to": "2015-12-31"}
    assert own["data"]["trained_to"] == str(END)
    assert own["data"]["unseen_symbols"] == []
    assert own["sha256"] != judged["sha256"]
    assert {key: own["recipe"][key] for key in ("seed", "batch", "chosen_epoch")} == {
        key: judged["recipe"][key] for key in ("seed", "batch", "chosen_epoch")
    }
    card = read_card(trained.refitted)
    assert card.seen_to == END
    assert [record.taught_to for record in card.records if record] == [date(2015, 12, 31)] * len(HEADS)
    assert any("prove nothing" in limit for limit in own["limits"])


def test_a_refit_is_neither_scored_nor_refitted(trained: Trained, tmp_path: Path) -> None:
    refitted = trained.refitted
    full = ("evaluate", "--full", "--prices", trained.prices, "--model", refitted, "--work", tmp_path)
    for command in (full, ("refit", "--work", trained.work, "--judged", refitted, "--models", tmp_path)):
        result = run(*command)
        assert result.exit_code != 0
        assert "would be no test" in result.output or "was never scored itself" in result.output
    out = tmp_path / "forecasts.csv"
    result = run(
        *("forecasts", "--prices", trained.prices, "--model", refitted, "--out", out),
        *("--from", "2021-11-01", "--to", "2021-11-30"),
    )
    assert "up to which tiny-2021 has seen prices" in result.output


@pytest.mark.filterwarnings("ignore")  # those of TensorFlow as it is loaded
def test_what_is_learned_comes_from_what_followed() -> None:
    """The skill vanishes where the outcomes of training are dealt out to other cutoffs at random."""
    if find_spec("tensorflow") is None:
        pytest.skip("tensorflow is not installed: pip install -r training/requirements.txt")
    from tests.support.shuffled_targets import skills

    found = skills()
    assert found["honest"]["interval"][0] > 0.005
    assert found["shuffled"]["interval"][0] <= 0
    assert found["shuffled"]["skill"] < found["honest"]["interval"][0] / 3


def test_an_era_left_out_is_learned_from_on_neither_side(panel: Panel) -> None:
    era = ("2013-01-01", "2013-12-31")
    rows = Split(SPANS.training, left_out=era).rows(panel)
    sessions = panel.sessions[rows]
    assert not ((sessions > np.datetime64("2012-09-23")) & (sessions < np.datetime64("2014-04-10"))).any()
    targets = panel.targets(rows, SPANS.training[1])
    before = sessions < np.datetime64(era[0])
    assert before.any() and (sessions > np.datetime64(era[1])).any()
    for head, horizon in enumerate(HEADS):
        reached = panel.sessions[rows[before] + horizon][np.isfinite(targets[before, head])]
        assert (reached < np.datetime64(era[0])).all()


def test_evaluate_finds_the_scores_of_the_card_again(trained: Trained, tmp_path: Path) -> None:
    found = tmp_path / "scores.json"
    given = ("--prices", trained.prices, "--model", trained.folder, "--every", "10", "--span", "test", "--json", found)
    result = run("evaluate", *given)
    assert result.exit_code == 0, result.output
    card = json.loads((trained.folder / "card.json").read_text(encoding="utf-8"))
    assert json.loads(found.read_text(encoding="utf-8")) == card["scores"]


@needs_dask
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")  # those of the libraries that keep weights
def test_two_seeds_on_a_worker_are_fitted_to_the_bit_as_one_is_here(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import train as step
    from training.fit import Fitted
    from training.model import build_model
    from training.range_recipe import RangeRecipe  # TensorFlow comes with it: not for those who only collect the tests

    for name in (PRICES.arrays, PRICES.facts):
        shutil.copy(trained.work / name, tmp_path)
    output, _ = told("seeds", tmp_path, patience=500)
    assert output.count("training on") == 2
    files = {json.loads(as_text(read(file)["record"]))["recipe"]["seed"]: file for file in tmp_path.glob("seeds/*.npz")}
    fits = {seed: read(file) for seed, file in files.items()}
    records = {seed: json.loads(as_text(fit["record"])) for seed, fit in fits.items()}
    model = build_model(np.array(PRICES.read_prepared(tmp_path)[1]["standardised_quantiles"]))
    model.load_weights(trained.work / PRICES.weights)
    alone = [weights.tobytes() for weights in model.get_weights()]
    assert alone == [fits[1][f"weights{at}"].tobytes() for at in range(len(alone))]
    assert records[1]["history"] == PRICES.read_record(trained.work)["history"] != records[2]["history"]

    record, asked = PRICES.read_record(tmp_path), []

    def fit(panel: Panel, standardised: object, recipe: RangeRecipe, split: Split) -> Fitted:
        asked.append(recipe.seed)
        model.set_weights([fits[2][f"weights{at}"] for at in range(len(alone))])
        return Fitted(model, records[2])

    files[2].unlink()
    monkeypatch.setattr(step, "fit", fit)
    again = run("train", "--work", tmp_path, "--quick", "--seeds", "2")
    assert (again.exit_code, asked) == (0, [2]), "what is there is not fitted again"
    assert PRICES.read_record(tmp_path)["seeds"] == record["seeds"]
    assert record["recipe"]["seed"] == min(record["seeds"], key=lambda told: told["validation"])["seed"]


@pytest.mark.filterwarnings("ignore")  # those of the libraries that convert a graph
def test_eras_go_on_after_the_last_one_that_was_fitted(
    prices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tf2onnx", reason="it comes with the training packages")
    from training import eras
    from training import train as step
    from training.range_recipe import RangeRecipe  # TensorFlow comes with it: not for those who only collect the tests

    prepare([prices], tmp_path, "a test")
    era, recipe = ("2014-07-01", "2015-12-31"), RangeRecipe().varied(1, None, True)
    monkeypatch.setattr(eras, "JUDGES_GONE", era)
    bars = pd.read_parquet(prices)
    gone = bars[(bars["symbol"] == "AAPL") & (bars["date"] <= "2015-03-31")]
    gone.assign(symbol="GONE-D15").to_parquet(tmp_path / "gone.parquet")
    document = eras.compare(tmp_path, recipe, 1, tmp_path / "gone.parquet", (era,))
    monkeypatch.setattr(step, "fit", None)
    again = eras.compare(tmp_path, recipe, 1, tmp_path / "gone.parquet", (era,))
    assert again == document
    assert list(document["eras"]) == ["2014-2015"]
    assert next(iter(document["quarters"])) == "2014Q3" and len(document["quarters"]) == 6
    assert document["served"]["together"]["scores"]["model"] != document["together"]["scores"]["model"]
    assert document["dead"]["groups"]["gone"]["companies"] == 1
    with pytest.raises(MarketDataError, match="no era to leave out"):
        eras.compare(tmp_path, recipe, 1, None, (("1990-01-01", "1997-12-31"),))


def test_quantiles_stay_finite_and_never_cross_on_hostile_windows(trained: Trained, panel: Panel) -> None:
    model = OnnxModel(trained.folder)
    rows = np.random.default_rng(1).choice(panel.rows_between(*SPANS.validation), 64)
    for name, window in hostile_windows(*panel.windows(rows)).items():
        quantiles = model.quantiles(*window)
        assert np.isfinite(quantiles).all(), name
        assert (np.diff(quantiles, axis=2) >= 0).all(), name


def test_no_bar_after_the_cutoff_changes_a_forecast(trained: Trained, tmp_path: Path) -> None:
    honest = pd.read_parquet(trained.prices)
    tampered = honest.copy()
    late = tampered["date"] > CUTOFF
    tampered.loc[late, ["open", "high", "low", "close"]] *= np.random.default_rng(0).uniform(0.5, 2, (late.sum(), 4))
    tampered.loc[late, "volume"] = 7.0
    tampered.to_parquet(tmp_path / "tampered.parquet", index=False)
    when = ("--from", "2020-01-02", "--to", str(CUTOFF.date()), "--every", "3")
    forecast(trained, trained.prices, tmp_path / "honest.csv", *when)
    forecast(trained, tmp_path / "tampered.parquet", tmp_path / "other.csv", *when)
    assert (tmp_path / "honest.csv").read_bytes() == (tmp_path / "other.csv").read_bytes()


def test_forecasts_have_the_promised_columns_and_agree_with_the_service(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "forecasts.parquet"
    forecast(trained, trained.prices, out, "--from", "2021-11-01", "--to", "2021-11-30", "--every", "5", "--raw")
    frame = pd.read_parquet(out)
    assert tuple(frame.columns) == COLUMNS
    assert set(frame["symbol"]) == set(SYMBOLS)
    assert not frame.isna().any().any()
    assert frame["p_growth"].between(0, 1).all()
    market, model = SampleProvider(), OnnxModel(trained.folder)
    one = frame[(frame["symbol"] == "XOM") & (frame["cutoff"] == "2021-11-08")]
    assert one["horizon"].tolist() == list(HEADS)
    day = date(2021, 11, 8)
    bars, beside = market.bars("XOM", day), tuple(market.bars(name, day) for name in MARKET_SERIES)
    assert one["last_close"].iloc[0] == pytest.approx(bars.closes[-1])
    panel = build_panel(read_series([trained.prices])[0])
    beside = (*beside, *universe_series(panel))
    said = model.quantiles(*model_inputs(bars, beside, model.card.context_length))[0]
    np.testing.assert_allclose(one[list(QUANTILES)].to_numpy(), said, atol=1e-6)


def test_a_forecast_is_the_same_to_the_bit_however_many_are_asked_for(trained: Trained, tmp_path: Path) -> None:
    forecast(trained, trained.prices, tmp_path / "many.parquet", "--from", "2019-01-02", "--to", "2020-12-31")
    many = pd.read_parquet(tmp_path / "many.parquet").set_index(["symbol", "cutoff", "horizon"])
    grid = many.reset_index()[["symbol", "cutoff"]].drop_duplicates().sample(7, random_state=0)
    grid.to_csv(tmp_path / "grid.csv", index=False)
    forecast(trained, trained.prices, tmp_path / "few.parquet", "--cutoffs", tmp_path / "grid.csv")
    few = pd.read_parquet(tmp_path / "few.parquet").set_index(["symbol", "cutoff", "horizon"])
    assert len(few) == 7 * len(HEADS)
    pd.testing.assert_frame_equal(few, many.loc[few.index], check_exact=True)


def test_cutoffs_are_counted_over_each_symbols_sessions(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "forecasts.parquet"
    forecast(trained, trained.prices, out, "--from", "2020-06-01", "--to", "2020-06-30", "--every", "10")
    days = pd.read_parquet(out).query("symbol == 'MSFT' and horizon == 1")["cutoff"]
    assert [str(day.date()) for day in days] == ["2020-06-01", "2020-06-15", "2020-06-29"]


def test_a_grid_is_answered_where_it_can_be_and_the_rest_is_counted(trained: Trained, tmp_path: Path) -> None:
    asked = [("msft", "2019-05-06"), ("AAPL", "2019-05-06"), ("MSFT", "2019-05-05"), ("NOPE", "2019-05-06")]
    asked += [("META", "2012-06-01"), ("AAPL", "2019-05-06")]  # a fortnight after its first day; a repeat
    grid = tmp_path / "grid.parquet"
    pd.DataFrame(asked, columns=["symbol", "cutoff"]).to_parquet(grid)
    out = tmp_path / "forecasts.parquet"
    result = forecast(trained, trained.prices, out, "--cutoffs", grid)
    frame = pd.read_parquet(out)
    assert frame["symbol"].unique().tolist() == ["MSFT", "AAPL"]
    assert len(frame) == 2 * len(HEADS)
    assert "2 cutoffs skipped: no bar of that symbol on that day" in result.output
    assert "1 cutoffs skipped: fewer than 64 sessions" in result.output


def test_forecasts_do_without_market_series_and_say_so(trained: Trained, tmp_path: Path) -> None:
    alone = tmp_path / "alone.csv"
    frame = long_form(("XOM",))
    frame.loc[100, "close"] = np.nan
    frame.to_csv(alone, index=False)
    result = forecast(trained, alone, tmp_path / "out.csv", "--from", "2019-01-01", "--to", "2019-12-31")
    assert "the prices lack ^VIX" in result.output
    assert "1 rows without a date or a positive close were dropped" in result.output
    assert np.isfinite(pd.read_csv(tmp_path / "out.csv")[list(QUANTILES)].to_numpy()).all()


def test_mistakes_are_answered_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    long_form(("XOM",)).to_csv(file, index=False)
    dates = ("--from", "2019-01-01", "--to", "2019-12-31")
    mistakes = {
        ("prepare", "--prices", "nowhere.parquet"): "does not exist",
        ("prepare", "--prices", file, "--work", tmp_path): "Training needs the market series ^GSPC and ^VIX",
        (
            "forecasts",
            "--prices",
            file,
            "--out",
            tmp_path / "o.csv",
            *dates,
            "--model",
            tmp_path,
        ): "card.json is missing",
        ("forecasts", "--prices", file, "--out", tmp_path / "o.csv"): "Give either --from and --to, or --cutoffs",
    }
    for arguments, answer in mistakes.items():
        result = run(*arguments)
        assert result.exit_code != 0
        assert answer in result.output
        assert "Traceback" not in result.output


def test_help_and_forecasts_load_neither_tensorflow_nor_the_converter() -> None:
    code = "import sys, training.__main__, training.forecasts, training.evaluate, training.prepare; "
    code += "sys.exit(str([m for m in ('tensorflow', 'keras', 'onnx', 'tf2onnx') if m in sys.modules] or ''))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
    for command in ("prepare", "train", "export", "all", "evaluate", "forecasts"):
        assert run(command, "--help").exit_code == 0


def test_a_graph_without_lstms_is_refused() -> None:
    helper = onnx.helper
    value = helper.make_tensor_value_info
    inputs = [
        value("bars", onnx.TensorProto.FLOAT, ["b", 504, 5]),
        value("market", onnx.TensorProto.FLOAT, ["b", 504, 2]),
    ]
    outputs = [value("quantiles", onnx.TensorProto.FLOAT, ["b", 504, 5])]
    graph = helper.make_graph([helper.make_node("Neg", ["bars"], ["quantiles"])], "no memory", inputs, outputs)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    with pytest.raises(ModelError, match="0 LSTM nodes"):
        check_graph(proto.SerializeToString())


def test_a_conversion_that_disagrees_or_crosses_is_refused() -> None:
    bars, market = np.ones((4, CONTEXT_LENGTH, 5), np.float32), np.ones((4, CONTEXT_LENGTH, 4), np.float32)
    windows = hostile_windows(bars, market, np.zeros((4, CONTEXT_LENGTH + AHEAD), np.float32))
    rising = np.tile(np.linspace(-0.1, 0.1, len(LEVELS)), (4, len(HEADS), 1))
    assert largest_difference(lambda *_: rising, lambda *_: rising, windows) == 0
    with pytest.raises(ModelError, match=r"differ by 1\.0e-04 on real windows"):
        largest_difference(lambda *_: rising, lambda *_: rising + 1e-4, windows)
    with pytest.raises(ModelError, match="cross"):
        largest_difference(lambda *_: rising, lambda *_: rising[:, :, ::-1], windows)
    with pytest.raises(ModelError, match="finite"):
        largest_difference(lambda *_: rising, lambda *_: rising * np.nan, windows)


def test_the_panel_reads_what_the_service_reads(panel: Panel) -> None:
    market = SampleProvider()
    day = date(2013, 2, 4)  # META has 180 bars by then: the front is padded
    row = np.flatnonzero((panel.symbol == panel.symbols.index("META")) & (panel.sessions == np.datetime64(day)))
    bars, beside = market.bars("META", day), tuple(market.bars(name, day) for name in MARKET_SERIES)
    served = model_inputs(bars, (*beside, *universe_series(panel)), CONTEXT_LENGTH)
    for ours, of_service in zip(panel.prices(row), served, strict=True):
        np.testing.assert_array_equal(ours, of_service)
    assert panel.volatility[row[0]] == pytest.approx(ewma_volatility(log_returns(bars.closes)))


def test_no_outcome_reaches_into_the_next_span(panel: Panel) -> None:
    for first, last in (SPANS.training, SPANS.validation, SPANS.test):
        rows = panel.rows_between(first, last)
        targets = panel.targets(rows, last)
        for head, horizon in enumerate(HEADS):
            known = np.isfinite(targets[:, head])
            assert (panel.sessions[rows[known] + horizon] <= np.datetime64(last)).all()
            assert (panel.symbol[rows[known] + horizon] == panel.symbol[rows[known]]).all()


def test_nothing_after_2015_and_no_unseen_symbol_shapes_what_is_fitted(panel: Panel) -> None:
    rows = SPANS.judged.rows(panel)
    assert "JNJ" not in {panel.symbols[number] for number in panel.symbol[rows]}
    before = training_facts(panel, SPANS.judged)
    closes = panel.closes.copy()
    later = panel.sessions > np.datetime64(SPANS.training[1])
    panel.closes[later] *= 3
    after = training_facts(panel, SPANS.judged)
    panel.closes[:] = closes
    assert before == after


def test_too_few_prices_are_refused(panel: Panel) -> None:
    short = Bars("XOM", panel.sessions[-300:-200], np.ones((100, 5)), np.ones(100))
    with pytest.raises(MarketDataError, match="too little"):
        training_facts(build_panel({"XOM": short}), SPANS.judged)


def test_unseen_symbols_are_decided_by_name_alone() -> None:
    assert is_unseen("JNJ") and is_unseen("BA")
    assert not is_unseen("AAPL") and not is_unseen("^GSPC") and not is_unseen("^VIX")


def test_some_windows_lose_what_a_source_may_lack() -> None:
    rng = np.random.default_rng(0)
    bars = rng.uniform(1, 2, (400, CONTEXT_LENGTH, 5)).astype(np.float32)
    market = np.ones((400, CONTEXT_LENGTH, 2), np.float32)
    take_away(bars, market, rng, Blanks())
    shorter = bars[:, 0, CLOSE] == 0
    assert 10 < shorter.sum() < 60
    assert (bars[:, -MIN_HISTORY:, CLOSE] > 0).all()
    assert 5 < (bars[:, -1, VOLUME] == 0).sum() < 40
    assert 5 < (market[:, -1] == 0).all(axis=1).sum() < 40
    assert 5 < ((market[:, -1, 0] == 0) != (market[:, -1, 1] == 0)).sum() < 40


def test_skill_intervals_come_from_blocks_of_weeks() -> None:
    week = np.repeat(np.arange(156), 10)
    loss = np.ones(len(week))
    assert skill_interval(0.98 * loss, loss, week) == pytest.approx([0.02, 0.02])
    noise = np.random.default_rng(0).normal(0, 0.1, 156)[week]  # one shock per week, shared by its rows
    assert skill_interval(loss[:300], loss[:300], week[:300]) is None  # 30 weeks
    low, high = skill_interval(loss + noise, loss, week) or (0, 0)
    assert low < 0 < high
    assert high - low > 0.02  # ten copies of a week are one observation: by rows it would be three times narrower


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--from", "2021-01-01", "--to", "2021-12-31", "--out", "prices.csv"], "is also an input"),
        (["--from", "2021-01-01", "--to", "2021-12-31", "--out", "forecasts.txt"], "must end in .parquet or .csv"),
        (["--from", "2021-01-01", "--out", "forecasts.csv"], "Give either"),
        (["--cutoffs", "grid.csv", "--from", "2021-01-01", "--out", "forecasts.csv"], "Give either"),
    ],
)
def test_forecasts_never_overwrites_its_input_or_ignores_what_was_asked(given: list[str], said: str) -> None:
    result = run("forecasts", "--prices", "prices.csv", *given)
    assert result.exit_code == 2
    assert said in result.output


def test_a_model_is_renewed_beside_the_served_one_and_left_as_a_candidate(trained: Trained) -> None:
    models = trained.renewed
    assert "On the newest year the loss of daily-range-2021-12-judged is" in trained.told_of_renewal
    judged, candidate = (read_facts(models / name) for name in ("daily-range-2021-12-judged", "daily-range-2021-12"))
    assert judged["splits"]["test"] == ["2019-01-01", "2021-12-31"]
    assert candidate["scores_of"]["model_id"] == "daily-range-2021-12-judged"
    assert candidate["data"]["trained_to"] == "2021-12-31"


def test_prices_without_anything_new_renew_nothing(trained: Trained, tmp_path: Path) -> None:
    done = run(
        "renew", "--prices", trained.prices, "--work", tmp_path / "work", "--served", trained.refitted, "--quick"
    )
    assert done.exit_code == 1
    assert "there is nothing new to learn" in done.output
    assert "Traceback" not in done.output


def test_reports_that_begin_after_the_training_years_are_taken_to_come_as_predicted() -> None:
    bars = SampleProvider().bars("AAPL", date(2021, 12, 31))
    days = np.array(["2019-01-29", "2019-04-30", "2019-07-30"], "datetime64[D]")
    shares = usual_errors({"AAPL": bars}, {"AAPL": (days, np.full(3, "NaT", "datetime64[D]"))}, "2015-12-31")
    assert shares.sum() == 1 and (shares == NO_ERRORS).all()


def test_days_of_reports_that_tell_nothing_of_the_prices_are_not_taken_in_silence(prices: Path, tmp_path: Path) -> None:
    file = tmp_path / "reports.csv"
    file.write_text("symbol,date\nZZZZ,2012-01-24\nAAPL,1999-01-20\n")
    with pytest.raises(MarketDataError, match=r"reports\.csv tells no day of a report within these prices"):
        prepare([prices], tmp_path / "work", "a test", file)
    assert not (tmp_path / "work" / "prepared.json").exists()
