"""The training of the growth model: point in time, split by day and company, from a table to a served folder."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from bellwether.core.errors import MarketDataError
from bellwether.core.types import Instrument, Quarter, Statements
from bellwether.models.quarters import CONTEXT_LENGTH, Figure
from bellwether.models.revenue_model import GrowthModel
from bellwether.revenue.forecaster import forecast_growth
from tests.conftest import MODELS
from tests.support.training import trained_once_by
from training.__main__ import cli
from training.revenue import report, spans
from training.revenue.bootstrap import draws, skill_interval
from training.revenue.data import Companies, Cutoffs, cutoffs, read_companies
from training.spans import is_unseen

ROOT = Path(__file__).resolve().parents[1]
FIRST = date(2006, 3, 31)


def company(number: int, quarters: int = 52) -> list[Figure]:
    """A company with a season and a growth of its own, reporting after 40 days."""
    random = np.random.default_rng(number)
    levels = np.cumsum(random.normal(0.02, 0.05, quarters)) + 0.2 * (np.arange(quarters) % 4 == 0)
    ends = [FIRST + timedelta(days=round(at * 365.25 / 4)) for at in range(quarters)]
    return [
        Figure(end, end + timedelta(days=40), float(1e8 * np.exp(level)), float(1e7 * np.exp(level)))
        for end, level in zip(ends, levels, strict=True)
    ]


def table(file: Path, companies: Companies) -> Path:
    rows = [
        [symbol, figure.period_end, figure.known_on, figure.revenue, figure.net_income]
        for symbol, figures in companies.items()
        for figure in figures
    ]
    pd.DataFrame(rows, columns=["symbol", "period_end", "filed", "revenue", "net_income"]).to_csv(file, index=False)
    return file


def part(reports: Cutoffs, day: date) -> Cutoffs:
    return reports.take(np.asarray(reports.day <= np.datetime64(day)))


def test_nothing_filed_later_is_in_a_window() -> None:
    """Later reports are multiplied, early ones restated later: whatever was known before stays what it was."""
    known, day = company(1), date(2012, 1, 1)
    later = [
        instrument if instrument.known_on <= day else replace(instrument, revenue=7 * (instrument.revenue or 0))
        for instrument in known
    ]
    restated = [
        replace(one, known_on=day + timedelta(days=30 + at), revenue=3.0, net_income=-1.0)
        for at, one in enumerate(known[:20])
    ]
    before, after = (part(cutoffs({"A": figures}), day) for figures in (known, [*later, *restated]))
    assert len(before) > 10
    assert np.array_equal(before.windows, after.windows) and np.array_equal(before.day, after.day)
    seen = np.asarray(before.known <= np.datetime64(day))
    assert np.array_equal(before.outcomes[seen], after.outcomes[seen])


def test_an_outcome_is_the_growth_that_its_report_shows() -> None:
    figures = company(2)
    reports = cutoffs({"A": figures})
    at = list(reports.period_end).index(np.datetime64(figures[20].period_end))
    for column, ahead in enumerate((1, 4)):
        now, before = figures[20 + ahead].revenue or 0, figures[16 + ahead].revenue or 1
        assert reports.outcomes[at, column] == pytest.approx(np.log(now / before))
        assert reports.known[at, column] == np.datetime64(figures[20 + ahead].known_on)
    assert np.isnan(reports.outcomes[-1]).all() and np.isnat(reports.known[-1]).all()


def test_spans_do_not_touch_and_unseen_companies_are_not_learned_from() -> None:
    reports = cutoffs({f"S{number}": company(number) for number in range(12)})
    learned, valid = (spans.lessons(reports, span) for span in (spans.TRAIN, spans.VALIDATION))
    assert len(learned) and len(valid)
    assert not any(is_unseen(symbol) for symbol in {*learned.symbol, *valid.symbol})
    assert any(is_unseen(symbol) for symbol in reports.symbol), "some are kept apart"
    known = learned.known[np.isfinite(learned.outcomes)]
    assert known.max() <= np.datetime64(spans.TRAIN[1]) < valid.day.min()


def test_rows_of_a_quarter_are_read_as_they_became_known(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text(
        "symbol,period_end,filed,revenue,net_income,revenue_suspect\n"
        "A,2010-03-31,,100,10,False\n"  # no date: 60 days
        "A,2010-06-30,2010-07-20,110,11,False\n"
        "A,2010-07-01,,111,11,False\n"  # the same quarter, told promptly by another row
        "A,2010-09-30,2011-11-01,120,12,False\n"
        "A,2010-09-30,,121,12,False\n"  # told late by the row above: this one came first
        "A,2010-12-31,2011-01-20,9000,12,True\n"
    )
    found = {
        (read_company.period_end, read_company.known_on): read_company.revenue
        for read_company in read_companies(file)["A"]
    }
    assert found == {
        (date(2010, 3, 31), date(2010, 5, 30)): 100.0,
        (date(2010, 6, 30), date(2010, 7, 20)): 110.0,
        (date(2010, 9, 30), date(2010, 11, 29)): 121.0,
        (date(2010, 9, 30), date(2011, 11, 1)): 120.0,
    }


def test_a_skill_is_sure_where_everybody_agrees_and_not_where_one_company_makes_it() -> None:
    random = np.random.default_rng(0)
    symbol = np.repeat([f"S{number}" for number in range(20)], 16)
    day = np.tile(np.datetime64("2016-01-15") + 91 * np.arange(16), 20)
    base = random.uniform(0.9, 1.1, len(symbol))
    everybody = skill_interval(draws(symbol, day), 0.9 * base, base)
    loss = base.copy()
    loss[symbol == "S0"] = -1.0  # all the gain in one
    one = skill_interval(draws(symbol, day), loss, base)
    assert everybody == pytest.approx([0.1, 0.1])
    assert one is not None and one[0] <= 0.0 < one[1]
    assert draws(symbol[:32], day[:32]) is None, "two companies say nothing"


@pytest.mark.parametrize(
    ("content", "said"),
    [("symbol,period_end\nA,2010-03-31\n", "lacks the columns"), (None, "does not exist")],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "reports.csv"
    if content is not None:
        file.write_text(content)
    with pytest.raises(MarketDataError, match=f"reports.csv {said}"):
        read_companies(file)


@pytest.mark.skipif(find_spec("tensorflow") is None, reason="training needs tensorflow")
def test_a_model_is_trained_exported_and_scored(tmp_path: Path) -> None:
    """The whole way on made-up companies; the network learns next to nothing in one epoch."""
    companies = {f"S{number}": company(number) for number in range(30)}
    file, work, models = table(tmp_path / "reports.csv", companies), str(tmp_path / "work"), tmp_path / "models"
    given = ["--fundamentals", str(file), "--work", work, "--models", str(models), "--model-id", "tiny", "--quick"]
    _, output = trained_once_by(
        ("growth", "all", *given), ("growth", "evaluate", "--work", work, "--model", models / "tiny")
    )
    assert "pooled AR" in output and "validation span" in output
    model = GrowthModel(models / "tiny")
    assert model.card.seen_to == date(2015, 12, 31)
    windows = cutoffs({"S1": companies["S1"]}).windows
    answer = model.quantiles(windows)
    assert windows.shape[1:] == (CONTEXT_LENGTH, 2) and answer.shape == (len(windows), 2, 7)
    assert np.isfinite(answer).all() and (np.diff(answer, axis=2) >= 0).all()


@pytest.mark.skipif(find_spec("keras") is None, reason="training needs keras")
@pytest.mark.filterwarnings("ignore")  # those of TensorFlow as it is loaded
def test_the_rival_with_lstms_can_be_built_and_starts_where_the_model_does() -> None:
    from training.revenue.model import build_model

    standardised = np.tile(np.linspace(-1, 1, 7), (2, 1))
    windows = cutoffs({"S1": company(1)}).windows
    without, with_memory = (build_model(standardised, recurrent) for recurrent in (False, True))
    assert [type(layer).__name__ for layer in with_memory.layers].count("LSTM") == 2
    assert with_memory.predict_on_batch(windows) == pytest.approx(without.predict_on_batch(windows), abs=1e-6)


def test_the_served_model_shows_the_scores_of_the_one_that_was_tested() -> None:
    served, judged = (json.loads((MODELS / name / "card.json").read_text()) for name in ("revenue-2-2021", "revenue-2"))
    assert served["scores_of"]["sha256"] == judged["sha256"] and served["scores"] == judged["scores"]
    assert "scores_of" not in judged and judged["data"]["trained_to"] == spans.TRAIN[1]
    assert served["recipe"]["chosen_epoch"] == judged["recipe"]["chosen_epoch"]


def test_the_figures_on_the_page_are_the_shipped_models() -> None:
    page = json.loads((ROOT / "docs" / "growth.json").read_text())
    card = json.loads((MODELS / page["model_id"] / "card.json").read_text())
    parts = [(part["groups"][group]) for group in ("all", "unseen") for part in (card["scores"], page)]
    parts += [(part["graph"]["groups"][group]) for group in ("all", "unseen") for part in (card["scores"], page)]
    for ours, told in zip(parts[::2], parts[1::2], strict=True):
        assert ours["scores"]["model"] == told["scores"]["model"]
        assert ours["skill"]["autoregression"] == told["skill"]["autoregression"]
    assert card["scores"]["rivals"].items() <= page["rivals"].items()
    assert (ROOT / "docs" / "growth.md").read_text(encoding="utf-8") == report.page(page)


def test_forecasts_in_bulk_are_those_that_are_served(tmp_path: Path) -> None:
    figures = company(1)
    file, out = table(tmp_path / "reports.csv", {"A": figures}), tmp_path / "out.csv"
    given = ["--fundamentals", str(file), "--from", "2015-01-01", "--to", "2016-12-31", "--out", str(out)]
    done = CliRunner().invoke(cli, ["growth", "forecasts", *given, "--model", str(MODELS / "revenue-1")])
    assert done.exit_code == 0, done.output
    found = pd.read_csv(out)
    assert len(found) == 2 * 8 and list(found["horizon"][:2]) == [1, 4]
    quarters = tuple(
        Quarter(figure.period_end, figure.revenue, figure.net_income, figure.known_on) for figure in figures
    )
    statements = Statements("A", "USD", quarters, "file")
    day = date.fromisoformat(found["cutoff"][10])
    made = forecast_growth(
        Instrument("A", "A", "", "XNYS", "USD"), statements, GrowthModel(MODELS / "revenue-1"), day, datetime.now(UTC)
    )
    for row, one in zip((10, 11), made.ahead, strict=True):
        assert np.expm1(found.loc[row, "q05":"q95"].to_numpy(float)) == pytest.approx(one.growths, abs=1e-5)
