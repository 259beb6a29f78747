"""What the evaluation tells beside its rivals: of what is served, days of results, quarters, storms, the gone."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("scipy", reason="it comes with the training packages")

from bellwether.core.calibration import Rises
from bellwether.core.types import HEADS, LEVELS, Q10, Q90, Floats
from bellwether.market.earnings.file import read_report_days
from bellwether.models.onnx_model import OnnxModel
from tests.conftest import MODELS
from tests.support.calendar_model import calendar_model
from tests.support.made_market import made_prices, name_of
from training import gone, results_days, served_scores, steadiness
from training.evenings import as_served
from training.panel import Panel, build_panel, read_series
from training.results_days import without_calendar
from training.samples import make_sample, pooled
from training.scores import Sample
from training.served import Pair

SPAN = ("2021-01-04", "2021-12-31")
GONE = "GON-D21"
USUAL = (0.5,) * len(HEADS)


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    """Eight made-up stocks that report each quarter, one of them never trained on by its hash, and the index."""
    folder = tmp_path_factory.mktemp("made")
    made_prices(8).to_parquet(folder / "prices.parquet")
    quarters = [(year, month) for year in (2019, 2020, 2021) for month in (1, 4, 7, 10)]
    days = [(name_of(at), date(year, month, 12 + at)) for year, month in quarters for at in range(8)]
    pd.DataFrame(days, columns=["symbol", "date"]).to_csv(folder / "reports.csv", index=False)
    series, _ = read_series([folder / "prices.parquet"])
    return build_panel(series, read_report_days(folder / "reports.csv"))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A real graph that widens its ranges for each report it is told of, and the plain rule."""
    model = OnnxModel(calendar_model(tmp_path_factory.mktemp("models"), MODELS))
    return Pair(model.quantiles, model.card.standardised_quantiles)


def a_sample(days: list[str], outcomes: list[float]) -> Sample:
    """Forecasts of one session ahead."""
    count = len(days)
    dates = np.array(days, "datetime64[D]")
    weeks = dates.astype("datetime64[W]").astype(np.int64)
    nothing = np.zeros(count, np.intp)
    return Sample(np.array(outcomes), np.ones(count), weeks, dates, nothing, np.full(count, 0.5), nothing)


def fans(count: int, half: float) -> Floats:
    """Quantiles whose 80 % range is one of `half` on each side."""
    return np.tile(half * np.array([-1.3, -1.0, -0.5, 0.0, 0.5, 1.0, 1.3]), (count, 1))


def test_a_quarter_counts_by_how_far_it_lies_from_the_promise() -> None:
    calm, wild = ["2008-08-01"] * 10, ["2008-10-01"] * 10
    sample = a_sample(calm + wild, [0.0] * 8 + [1.1] * 2 + [0.0] * 6 + [1.5] * 4)
    quarters = steadiness.by_quarter(sample, {"model": fans(20, 1.0)})
    assert quarters == {
        "2008Q3": {"forecasts": 10, "model": [0.8, 1.0]},
        "2008Q4": {"forecasts": 10, "model": [0.6, 0.6]},
    }
    told = steadiness.spread_of(quarters, "model")
    assert told["rms_80"] == pytest.approx(np.sqrt(0.2**2 / 2))
    assert (told["quarters"], told["beyond_80"], told["beyond_90"]) == (2, 1, 2)


def test_a_quarter_that_two_spans_share_is_weighed_by_their_forecasts() -> None:
    early, late = {"forecasts": 3, "model": [1.0, 1.0]}, {"forecasts": 1, "model": [0.0, 0.6]}
    together = steadiness.joined([{"2022Q1": late}, {"2021Q4": early, "2022Q1": early}])
    assert list(together) == ["2021Q4", "2022Q1"]
    assert together["2022Q1"] == {"forecasts": 4, "model": [0.75, pytest.approx(0.9)]}


def test_a_storm_is_told_by_the_week_that_begins_on_monday() -> None:
    sample = a_sample(["2020-03-13", "2020-03-16", "2020-03-20", "2020-06-01"], [5.0, 0.0, 5.0, 0.0])
    (storm,) = steadiness.storms(sample, {"model": fans(4, 1.0)}).values()
    assert storm["forecasts"] == 3
    assert {week: shares["model"][0] for week, shares in storm["weeks"].items()} == {
        "2020-03-09": 0.0,
        "2020-03-16": 0.5,
    }


def test_a_report_lies_inside_when_it_comes_after_the_cutoff_and_within_the_horizon(panel: Panel) -> None:
    report = int(np.flatnonzero(panel.reported)[5])
    rows = np.array([report - 6, report - 5, report - 1, report])
    inside = results_days.inside(panel, rows)
    assert inside[:, HEADS.index(1)].tolist() == [False, False, True, False]
    assert inside[:, HEADS.index(5)].tolist() == [False, True, True, False]


def test_what_the_calendar_adds_is_held_against_the_same_graph_that_knows_of_no_report(
    panel: Panel, pair: Pair
) -> None:
    rows = panel.every(panel.rows_between(*SPAN), 1)
    sample = make_sample(panel, rows, SPAN[1], list(USUAL))
    four = pair.all(panel, rows)
    told = served_scores.reports(panel, rows, SPAN, sample, four, pair)
    assert told is not None
    near = told["all"]["inside"]["5"]["held"]
    assert near["model"]["coverage_80"] > near["without"]["coverage_80"], "a report widens the range that knows of it"
    assert near["model"]["width_80"] > near["without"]["width_80"] * 1.4
    known = panel.next_report[rows] > 0
    counts = {key: told["all"][key]["1"]["forecasts"] for key in ("inside", "none")}
    assert sum(counts.values()) == np.isin(sample.row[sample.head == 0], np.flatnonzero(known)).sum()
    assert told["all"]["inside"]["1"]["gain"].keys() == {"without", "ewma"}
    (example,) = told["examples"]
    day = example["days"][results_days.BEFORE]
    assert day["session"] == example["report"]
    widths = [day[name][1] - day[name][0] for name in ("range", "range_without")]
    assert widths[0] == pytest.approx(1.5 * widths[1])


def test_without_days_of_reports_nothing_is_said_of_them(panel: Panel, pair: Pair) -> None:
    blind = without_calendar(panel)
    rows = panel.every(panel.rows_between(*SPAN), 20)
    sample = make_sample(blind, rows, SPAN[1], list(USUAL))
    assert served_scores.reports(blind, rows, SPAN, sample, pair.all(blind, rows), pair) is None


def test_what_is_served_is_stretched_by_the_evenings_of_its_own_ranges(panel: Panel, pair: Pair) -> None:
    rows = panel.every(panel.rows_between(*SPAN), 20)
    four = pair.all(panel, rows)
    raw = pair.raw(panel, rows)
    for who in ("model", "ewma"):
        own = as_served(lambda rows, who=who: pair.raw(panel, rows)[who], panel, rows, raw[who])
        assert four[f"{who}_served"] == pytest.approx(own)
    assert not np.allclose(four["model"], four["model_served"])
    told = served_scores.served(panel, rows, pooled(make_sample(panel, rows, SPAN[1], list(USUAL))), four, None)
    widths = [told["served"]["groups"]["all"]["scores"][who]["1"]["width_80"] for who in ("model", "ewma")]
    assert widths[0] != widths[1]


def test_a_chance_of_which_nothing_is_told_is_climatology(panel: Panel, pair: Pair) -> None:
    rows = panel.every(panel.rows_between(*SPAN), 20)
    sample = make_sample(panel, rows, SPAN[1], list(USUAL))
    told = served_scores.served(panel, rows, sample, pair.all(panel, rows), Rises(USUAL, (0.0,) * len(HEADS)))
    for part in ("5", "63"):
        assert told["rises"]["all"][part]["brier_gain"] == 0
        assert told["rises"]["all"][part]["brier"] == pytest.approx(0.25)


def test_a_company_that_is_gone_is_scored_as_if_it_were_followed_beside_the_living(
    panel: Panel, pair: Pair, tmp_path: Path
) -> None:
    living = without_calendar(panel)  # nobody tells of the reports of those that are gone
    prices = made_prices(8)
    copy = prices[(prices["symbol"] == "MAC") & (prices["date"] <= "2021-09-30")]
    file = tmp_path / "dead.parquet"
    copy.assign(symbol=GONE).to_parquet(file)
    dead = gone.Gone.of_file(file)
    theirs = gone.gone_panel(dead, living)
    days = np.array(["2021-03-01", "2021-06-01"], "datetime64[D]")

    def rows_of(panel: Panel, symbol: str) -> np.ndarray:
        return np.flatnonzero((panel.symbol == panel.symbols.index(symbol)) & np.isin(panel.sessions, days))

    beside, there = rows_of(living, "MAC"), rows_of(theirs, GONE)
    for ours, others in zip(living.windows(beside), theirs.windows(there), strict=True):
        np.testing.assert_array_equal(ours, others)
    told = gone.judge(living, pair, dead, SPAN, 5)
    assert told is not None
    assert told["last"] <= "2021-09-30"
    assert {name: group["companies"] for name, group in told["groups"].items()} == {"living": 8, "gone": 1}
    rows = panel.rows_between(SPAN[0], "2021-09-30")
    rows = panel.every(rows[panel.symbol[rows] == panel.symbols.index("MAC")], 5)
    served = pair.all(living, rows)["model_served"]
    outcome = panel.targets(rows, "2021-09-30")[:, HEADS.index(21)]
    inside = (outcome >= served[:, HEADS.index(21), Q10]) & (outcome <= served[:, HEADS.index(21), Q90])
    held = told["groups"]["gone"]["21"]["held"]["model_served"]["coverage_80"]
    assert held == pytest.approx(inside[np.isfinite(outcome)].mean())


def test_a_company_has_failed_whose_price_ends_at_a_fifth_of_its_last_two_years_best(panel: Panel) -> None:
    closes = panel.closes.copy()
    rows = np.flatnonzero(panel.symbol == 2)
    closes[rows[-1]] = 0.2 * closes[rows[-504:-1]].max()
    assert gone.failed(replace(panel, closes=closes)).tolist() == [name == "MAC" for name in panel.symbols]


def test_dates_without_anybody_gone_are_not_judged(panel: Panel, pair: Pair, tmp_path: Path) -> None:
    prices = made_prices(1, index=False)
    prices[prices["date"] <= "2020-06-30"].assign(symbol=GONE).to_parquet(tmp_path / "dead.parquet")
    assert gone.judge(panel, pair, gone.Gone.of_file(tmp_path / "dead.parquet"), SPAN, 5) is None
    assert len(LEVELS) == pair.standardised.shape[1]
