"""`models list` and `market export` as a person types them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from bellwether.cli.main import main
from bellwether.core.types import MARKET_SERIES
from bellwether.market.export import as_table, bars_at_hand
from bellwether.market.file import FileProvider
from bellwether.market.sample import SampleProvider
from tests.conftest import MODELS
from tests.support.models import EARLIER, JUDGED, SERVED
from tests.support.sample import SAMPLE_LAST
from tests.test_command_line import run_here


def lines(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, **settings: str) -> str:
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(folder / "models.sqlite3"))
    for name, value in settings.items():
        monkeypatch.setenv(f"BELLWETHER_{name}", value)
    done = CliRunner().invoke(main, ["models", "list", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_every_model_is_listed_with_what_it_does_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = lines(tmp_path, monkeypatch, MODELS__SHADOW=JUDGED)
    by_model = {line.split()[0]: line.split()[1:3] for line in told.splitlines()}
    assert by_model == {
        EARLIER: ["prices", "-"],
        JUDGED: ["prices", "tried"],
        SERVED: ["prices", "served"],
        "revenue-1": ["revenue", "-"],
        "revenue-1-2021": ["revenue", "-"],
        "revenue-2": ["revenue", "-"],
        "revenue-2-2021": ["revenue", "served"],
    }
    assert "made with data up to 2018-12-31 in view" in told


def test_a_damaged_model_is_listed_with_its_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(MODELS, tmp_path / "models")
    (tmp_path / "models" / JUDGED / "model.onnx").write_bytes(b"no graph")
    rows = json.loads(lines(tmp_path, monkeypatch, "--json", MODELS__FOLDER=str(tmp_path / "models")))
    damaged = next(row for row in rows if row["model_id"] == JUDGED)
    assert (damaged["standing"], damaged["seen_to"]) == ("unusable", None)
    assert "is not the one its card describes" in damaged["problem"]


def test_what_is_exported_is_read_again_to_the_same_prices(tmp_path: Path) -> None:
    out = tmp_path / "prices.parquet"
    done = run_here(tmp_path, "market", "export", "--out", str(out), "--symbols", "AAPL,KO")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Written to {out}: 7,138 rows of 2 symbols, 2010-01-04 to 2024-03-08.")
    assert f"Training needs {' and '.join(MARKET_SERIES)} too" in done.stdout
    for symbol in ("AAPL", "KO"):
        ours, again = (market.bars(symbol, SAMPLE_LAST) for market in (SampleProvider(), FileProvider([out])))
        np.testing.assert_array_equal(again.sessions, ours.sessions)
        np.testing.assert_array_equal(again.values, ours.values)
    second = run_here(tmp_path, "market", "export", "--out", str(out))
    assert second.returncode == 1 and "is there already" in second.stderr


def test_the_whole_sample_is_what_training_reads(tmp_path: Path) -> None:
    table = as_table(list(bars_at_hand(SampleProvider())))
    assert set(MARKET_SERIES) < set(table["symbol"])
    assert not table.duplicated(["symbol", "date"]).any()
    assert table["date"].max() == pd.Timestamp(SAMPLE_LAST)


def test_nothing_kept_is_one_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    done = run_here(tmp_path, "market", "export", "--out", str(tmp_path / "none.csv"), MARKET__SOURCE="yahoo")
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "Error: No prices are kept here yet. Fetch them: python -m bellwether market refresh."
    ), done.stderr
    assert not (tmp_path / "none.csv").exists()
