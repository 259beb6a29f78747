"""`training forecasts` writes what would have been served, made of nothing later; `--raw` what the graph says."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from bellwether.ask import forecasts
from bellwether.core.types import HEADS, LEVELS, Floats
from bellwether.jobs.evening import keep_evening
from bellwether.market.earnings.file import read_announcements
from bellwether.market.earnings.provider import ToldReports
from tests.conftest import MODELS
from tests.support.calendar_model import MODEL_ID, past_model
from tests.support.made_market import changed, made_prices, market_of, name_of, sessions
from tests.support.models import SERVED
from tests.support.stretched import stretched_models
from training.__main__ import cli
from training.evenings import as_served, is_in_doubt
from training.forecasts import QUANTILES
from training.panel import build_panel, read_series

DAY = date(2021, 6, 30)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stretched_models(tmp_path_factory.mktemp("stretched"), rise_weights=None)  # chances are the ranges' own


def forecast(folder: Path, prices: pd.DataFrame, model: Path, *words: str) -> pd.DataFrame:
    """The table that `forecasts` writes for every tenth session of the first half of 2021."""
    folder.mkdir(exist_ok=True)
    file, out = folder / "prices.parquet", folder / "out.parquet"
    prices.to_parquet(file)
    span = ("--from", "2021-03-01", "--to", str(DAY), "--every", "10")
    asked = ("forecasts", "--prices", file, "--model", model, "--out", out, *span, *words)
    result = CliRunner().invoke(cli, [str(word) for word in asked])
    assert result.exit_code == 0, result.output
    return pd.read_parquet(out)


def at(table: pd.DataFrame, symbol: str, cutoff: str) -> Floats:
    rows = table[(table["symbol"] == symbol) & (table["cutoff"] == cutoff)].sort_values("horizon")
    numbers: Floats = rows[list(QUANTILES)].to_numpy()
    return numbers


def assert_served(folder: Path, prices: pd.DataFrame, models: Path) -> None:
    """The table's newest ranges of one stock are those that the service shows."""
    table = forecast(folder / "t", prices, models / SERVED)
    day = str(table["cutoff"].max().date())
    services = market_of(folder, prices, date(2021, 12, 31), models, serve=SERVED)
    keep_evening(services)  # the model reads how all stocks moved together
    made = forecasts.outlook(services, services.provider.instrument("MAC"), date.fromisoformat(day))
    assert made.evening is not None
    if made.model_id != SERVED:  # a day on which the served one had seen later prices is another model's
        table = forecast(folder / "u", prices, models / made.model_id)
    assert at(table, "MAC", day) == pytest.approx(made.log_returns[np.array(HEADS) - 1], abs=2e-6)


def test_the_table_is_what_the_service_says_of_that_day(tmp_path: Path, models: Path) -> None:
    assert_served(tmp_path, made_prices(8), models)


def test_the_evenings_of_a_model_that_reads_reports_are_of_what_it_read_of_them(tmp_path: Path) -> None:
    prices, models = made_prices(8), past_model(tmp_path, MODELS)
    quarters = [(year, month) for year in (2019, 2020, 2021) for month in (1, 4, 7, 10)]
    rows = [f"{name_of(at)},{date(year, month, 3 + at)}\n" for year, month in quarters for at in range(8)]
    file = tmp_path / "reports.csv"
    file.write_text("".join(["symbol,date\n", *rows]))
    table = forecast(tmp_path / "t", prices, models / MODEL_ID, "--earnings", str(file))
    without = forecast(tmp_path / "w", prices, models / MODEL_ID)
    day = str(table["cutoff"].max().date())
    services = market_of(tmp_path, prices, date(2021, 12, 31), models, serve=MODEL_ID)
    told = read_announcements(file)
    services = replace(services, reports=ToldReports(lambda symbol: told.get(symbol, ())))
    made = forecasts.outlook(services, services.provider.instrument("MAC"), date.fromisoformat(day))
    assert made.evening is not None and made.model_id == MODEL_ID
    assert at(table, "MAC", day) == pytest.approx(made.log_returns[np.array(HEADS) - 1], abs=2e-6)
    assert at(without, "^GSPC", day) != pytest.approx(at(table, "^GSPC", day)), "wider ranges hold more"


def test_raw_is_what_the_graph_says_and_a_model_that_is_not_stretched_knows_no_other(
    tmp_path: Path, models: Path
) -> None:
    prices = made_prices(8)
    stretched = forecast(tmp_path / "a", prices, models / SERVED)
    raw = forecast(tmp_path / "b", prices, models / SERVED, "--raw")
    unstretched = stretched_models(tmp_path / "own", evening_width=False, rise_weights=None)
    never = forecast(tmp_path / "c", prices, unstretched / SERVED)
    pd.testing.assert_frame_equal(raw, never)
    assert not stretched[list(QUANTILES)].equals(raw[list(QUANTILES)])
    assert stretched["q50"].equals(raw["q50"])
    width = (stretched["q90"] - stretched["q10"]) / (raw["q90"] - raw["q10"])
    assert width.between(np.exp(-0.151), np.exp(0.701)).all()
    assert width.groupby([stretched["cutoff"], stretched["horizon"]]).std().max() < 1e-6  # one number for all


def test_the_table_is_the_same_to_the_byte_whatever_every_later_bar_says(tmp_path: Path, models: Path) -> None:
    prices = made_prices(8)
    later = prices["date"] > pd.Timestamp(DAY)
    for name, table in (("true", prices), ("false", changed(prices, later, lambda rows: rows * 0.3))):
        forecast(tmp_path / name, table, models / SERVED)
    forecast(tmp_path / "none", prices[~later], models / SERVED)
    written = {(tmp_path / name / "out.parquet").read_bytes() for name in ("true", "false", "none")}
    assert len(written) == 1


@pytest.mark.parametrize("stocks", [0, 3])
def test_with_hardly_a_stock_the_index_stands_for_them(tmp_path: Path, models: Path, stocks: int) -> None:
    prices = made_prices(stocks)
    stretched = forecast(tmp_path / "a", prices, models / SERVED)
    raw = forecast(tmp_path / "b", prices, models / SERVED, "--raw")
    assert not stretched["q90"].equals(raw["q90"])


def test_with_neither_stocks_nor_the_index_ranges_are_as_the_graph_has_them(tmp_path: Path, models: Path) -> None:
    prices = made_prices(2, index=False)
    pd.testing.assert_frame_equal(
        forecast(tmp_path / "a", prices, models / SERVED), forecast(tmp_path / "b", prices, models / SERVED, "--raw")
    )


def test_a_cutoff_before_which_nothing_is_known_keeps_its_range(tmp_path: Path) -> None:
    file = tmp_path / "prices.parquet"
    made_prices(6).to_parquet(file)
    panel = build_panel(read_series([file])[0])
    rows = np.array([np.flatnonzero(panel.history == 1)[0]])
    quantiles = np.sort(np.random.default_rng(1).normal(0, 0.02, (1, len(HEADS), len(LEVELS))))
    same = as_served(lambda rows: np.zeros((len(rows), len(HEADS), len(LEVELS))), panel, rows, quantiles)
    assert same == pytest.approx(quantiles)


def test_a_move_in_doubt_is_left_out_as_the_service_leaves_it_out(tmp_path: Path, models: Path) -> None:
    days = sessions()
    day = days[(days >= "2021-03-01") & (days <= pd.Timestamp(DAY))][::10][-1]  # the table's newest cutoff
    prices = made_prices(8)
    doubled = (prices["symbol"] == "MAB") & (prices["date"] >= day)
    assert_served(tmp_path, changed(prices, doubled, lambda rows: rows * 2), models)
    panel = build_panel(read_series([tmp_path / "t" / "prices.parquet"])[0])
    rows = np.flatnonzero(panel.sessions == day.to_datetime64())
    assert [panel.symbols[panel.symbol[row]] for row in rows if is_in_doubt(panel, row)] == ["MAB"]
