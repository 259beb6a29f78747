"""The pages of the evaluation: made by one command, and no figure on them that is not in the scores."""

import json
import re
import shutil
import warnings
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

pytest.importorskip("scipy", reason="it comes with the training packages")

from bellwether.core.types import HEADS, LEVELS, MARKET_SERIES
from bellwether.market.sample import SampleProvider
from bellwether.models.model_card import RANGE, folders_of
from tests.conftest import MODELS
from training import report
from training.__main__ import cli
from training.pages import unwrapped

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SYMBOLS = ("AAPL", "JNJ", *MARKET_SERIES)  # JNJ is unseen by its hash
NEEDED = ("tensorflow", "arch", "lightgbm", "statsforecast")


@dataclass(frozen=True)
class Evaluated:
    """What one small run of `evaluate --full` left."""

    docs: Path
    scores: dict[str, Any]
    output: str


def sample_prices(file: Path) -> Path:
    """A few symbols of the sample market in long form."""
    frames = []
    for symbol in SYMBOLS:
        bars = SampleProvider().bars(symbol, date(2017, 6, 30))
        frame = pd.DataFrame(bars.values, columns=["open", "high", "low", "close", "volume"])
        frames.append(frame.assign(symbol=symbol, date=bars.sessions.astype("datetime64[s]")))
    pd.concat(frames).to_parquet(file, index=False)
    return file


def gone_prices(prices: Path, file: Path) -> Path:
    """A company whose prices end within the span, a copy of a living one."""
    frame = pd.read_parquet(prices)
    copy = frame[(frame["symbol"] == "AAPL") & (frame["date"] <= "2016-12-30")]
    copy.assign(symbol="GONE-D16").to_parquet(file, index=False)
    return file


def days_of_reports(file: Path) -> Path:
    """Made-up days on which both companies report, in long form."""
    days = [
        f"{symbol},{day:%Y-%m-%d}" for symbol in SYMBOLS[:2] for day in pd.date_range("2014", "2017-06", freq="91D")
    ]
    file.write_text("\n".join(["symbol,date", *days]), encoding="utf-8")
    return file


def model_that_learned_to(day: str, folder: Path) -> Path:
    """A copy of an exported model whose card says how far it learned; its scores here mean nothing."""
    shutil.copytree(folders_of(MODELS, RANGE)[-1], folder)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    card["data"]["trained_to"] = day
    card |= {"evening_width": True, "rise_weights": [0.5, 0.5, 0.0, 0.0, 0.0]}
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """`evaluate --full`; ARIMA and ETS, which take a fifth of a second for each cutoff, answer a twelfth of theirs."""
    lacking = [name for name in NEEDED if find_spec(name) is None]
    if lacking:
        pytest.skip(f"{', '.join(lacking)} not installed: pip install -r training/requirements.txt")
    folder = tmp_path_factory.mktemp("evaluation")
    model, prices = model_that_learned_to("2015-12-31", folder / "model"), sample_prices(folder / "prices.parquet")
    command = ["evaluate", "--full", "--prices", prices, "--model", model]
    command += ["--from", "2016-01-01", "--to", "2017-02-28", "--every", "5", "--work", folder / "work"]
    command += ["--docs", folder / "docs", "--before", model_that_learned_to("2014-12-31", folder / "before")]
    command += ["--earnings", days_of_reports(folder / "reports.csv")]
    command += ["--dead", gone_prices(prices, folder / "gone.parquet")]
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")  # those of the rivals' libraries
        from training import automatic

        patch.setattr(automatic, "THIN", 12 * automatic.THIN)
        done = CliRunner().invoke(cli, [str(word) for word in command])
    assert done.exit_code == 0, done.output
    scores = json.loads((folder / "docs" / "evaluation.json").read_text(encoding="utf-8"))
    return Evaluated(folder / "docs", scores, done.output)


def test_everyone_answers_the_same_rows(evaluated: Evaluated) -> None:
    found = evaluated.scores
    for part in (*found["groups"].values(), found["subset"]):
        for horizon in ("pooled", *(str(head) for head in HEADS)):
            counts = {scores[horizon]["forecasts"] for scores in part["scores"].values()}
            assert len(counts) == 1
    assert set(found["subset"]["skill"]) == {*found["groups"]["all"]["skill"], "arima", "ets"}
    assert found["unseen_symbols"] == 1
    assert set(found["groups"]) == {"all", "seen", "unseen"}


def test_skill_is_the_ratio_of_the_losses_beside_it(evaluated: Evaluated) -> None:
    for part in (*evaluated.scores["groups"].values(), evaluated.scores["subset"]):
        for name, skills in part["skill"].items():
            for horizon, at in skills.items():
                ours, theirs = (part["scores"][who][horizon]["pinball"] for who in ("model", name))
                assert at["skill"] == pytest.approx(1 - ours / theirs, abs=1e-5)


def test_the_page_shows_the_scores_and_its_pictures(evaluated: Evaluated) -> None:
    page = (evaluated.docs / "evaluation.md").read_text(encoding="utf-8")
    skills = evaluated.scores["groups"]["all"]["skill"]
    for name, at in skills.items():
        (line,) = re.findall(rf"\| {re.escape(evaluated.scores['rivals'][name]['title'])} \| (.*) \|", page)[:1]
        low, high = at["pooled"]["skill_interval"]
        assert line.startswith(f"{100 * at['pooled']['skill']:+.2f} % | [{100 * low:+.2f}, {100 * high:+.2f}] |")
    for year, one in evaluated.scores["calibration"]["model"]["by_year"].items():
        assert f"| {year} | {one['forecasts']:,} | {100 * one['coverage_80']:.1f} %" in page
    pictures = re.findall(r"\]\((images/[^)]+)\)", page)
    assert len(pictures) == 6
    for picture in pictures:
        assert (evaluated.docs / picture).read_bytes().startswith(b"\x89PNG")


def test_the_page_tells_what_is_served_and_what_reports_and_companies_that_are_gone_made_of_it(
    evaluated: Evaluated,
) -> None:
    page, scores = (evaluated.docs / "evaluation.md").read_text(encoding="utf-8"), evaluated.scores
    raw, served = scores["groups"]["all"]["scores"]["model"], scores["served"]["groups"]["all"]["scores"]["model"]
    assert raw["21"]["pinball"] != served["21"]["pinball"]
    shares = [raw["21"]["coverage_80"], raw["21"]["coverage_90"]]
    shares += [served["21"]["coverage_80"], served["21"]["coverage_90"]]
    assert "| 21 | " + " | ".join(f"{100 * share:.1f} %" for share in shares) in page
    assert scores["groups"]["all"]["skill"]["before"]["pooled"]["skill"] == 0, "it is the same graph"
    inside = scores["reports"]["all"]["inside"]["5"]
    gain = inside["gain"]["without"]["skill"]
    assert f"| 5 | inside | {inside['forecasts']:,} | {100 * gain:+.2f} % | +0.00 %" in page
    gone = scores["dead"]["groups"]["gone"]
    assert (gone["companies"], set(scores["dead"]["groups"])) == (1, {"living", "gone"})
    assert f"| gone | 1 | {100 * gone['pooled']['skill']['raw']['skill']:+.2f} %" in page
    assert next(iter(scores["quarters"])) == "2016Q1"
    told = scores["rises"]["all"]["5"]
    assert f"| 5 | all | {told['brier']:.4f} | {told['brier_climatology']:.4f} |" in page


def test_the_terminal_says_the_same(evaluated: Evaluated) -> None:
    rule = evaluated.scores["groups"]["all"]["skill"]["ewma"]["pooled"]["skill"]
    assert re.search(rf"all +EWMA-FHS \(plain rule\) +{re.escape(f'{rule:+.2%}')}", evaluated.output)


def test_reliability_has_every_level(evaluated: Evaluated) -> None:
    levels = evaluated.scores["calibration"]["model"]["reliability"]
    assert [level["level"] for level in levels] == list(LEVELS)
    observed = [level["observed"] for level in levels]
    assert observed == sorted(observed)


def test_a_model_that_learned_from_the_span_is_not_scored_on_it(tmp_path: Path) -> None:
    if find_spec("tensorflow") is None:
        pytest.skip("tensorflow is not installed: pip install -r training/requirements.txt")
    model, prices = model_that_learned_to("2021-12-31", tmp_path / "model"), sample_prices(tmp_path / "prices.parquet")
    result = CliRunner().invoke(cli, ["evaluate", "--full", "--prices", str(prices), "--model", str(model)])
    assert result.exit_code != 0
    assert "would be no test" in result.output


def test_a_paragraph_that_a_template_breaks_is_one_line_on_the_page() -> None:
    template = "A gain of\n-5 points,\n**no more**.\n\n- An item\n  goes on.\n* Another.\n\n## Rows\n\n| a |\n| - |\n"
    page = "A gain of -5 points, **no more**.\n\n- An item goes on.\n* Another.\n\n## Rows\n\n| a |\n| - |\n"
    assert unwrapped(template) == page


def test_the_page_of_the_manual_is_the_one_its_scores_make() -> None:
    scores = report.read_scores(DOCS / "evaluation.json")
    eras = report.read_scores(DOCS / "eras.json")
    assert (DOCS / "evaluation.md").read_text(encoding="utf-8") == report.evaluation_page(scores, eras)


def test_the_model_card_of_the_manual_is_the_one_the_card_makes() -> None:
    page = (DOCS / "model-card.md").read_text(encoding="utf-8")
    model_id = page.splitlines()[0].rpartition(" ")[2]
    eras = report.read_scores(DOCS / "eras.json")
    assert page == report.model_card_page(MODELS / model_id, eras), "python -m training report"


def test_the_model_card_quotes_the_card() -> None:
    folder = folders_of(MODELS, RANGE)[-1]
    card, page = json.loads((folder / "card.json").read_text(encoding="utf-8")), report.model_card_page(folder)
    pooled = card["scores"]["pooled"]
    assert f"{100 * pooled['skill_against_baseline']:+.2f} %" in page
    assert f"{100 * pooled['coverage_80']:.1f} %" in page
    assert card["sha256"] in page
    for limit in card["limits"]:
        assert limit in page
