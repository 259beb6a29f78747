"""Years of a market replayed in parts: the same account as of the whole, alone and on workers."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner

from bellwether.jobs.replay import replay, rows_in, simulated_from
from bellwether.models.model_card import RANGE, folders_of
from bellwether.track_record.scores.simulated_record import save
from tests.conftest import MODELS
from tests.support.made_market import made_prices
from tests.support.models import SERVED
from tests.support.training import needs_dask, trained_by
from training import replay as step
from training.__main__ import cli
from training.shipped_model import ShippedModel

FIRST, LAST = date(2021, 2, 10), date(2021, 10, 20)


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two stocks, too few for a pool: the index stands for them."""
    file = tmp_path_factory.mktemp("prices") / "prices.parquet"
    made_prices(2).to_parquet(file)
    return file


def asked(prices: Path, out: Path) -> tuple[str | Path, ...]:
    """The command."""
    when = ("--from", str(FIRST), "--to", str(LAST), "--every", "4")
    return ("replay", "--prices", prices, "--served", MODELS / SERVED, *when, "--out", out)


@pytest.fixture(scope="module")
def alone(prices: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that the command writes without workers."""
    out = tmp_path_factory.mktemp("replay") / "alone.npz"
    result = CliRunner().invoke(cli, [str(word) for word in asked(prices, out)])
    assert result.exit_code == 0, result.output
    assert "Simulated: " in result.output
    return out


def test_quarters_together_keep_to_the_byte_what_the_whole_keeps(prices: Path, alone: Path, tmp_path: Path) -> None:
    models = tuple(ShippedModel.of(folder) for folder in folders_of(MODELS, RANGE))
    past = step.Past(step.PastMarket([prices]), {}, models, SERVED, FIRST, LAST, 4)
    with TemporaryDirectory() as folder:
        whole = replay(past.services(Path(folder)), FIRST, LAST, tmp_path / "replay.sqlite3", every=4)
    assert rows_in(whole.store) == 44 * 2 * 5, "each fourth of 175 sessions"
    kept = simulated_from(whole.store, ("MAA", "MAB"))
    whole.store.close()
    assert len(kept.misses) > 0
    save(tmp_path / "whole.npz", kept)
    assert (tmp_path / "whole.npz").read_bytes() == alone.read_bytes()


@needs_dask
def test_a_replay_is_the_same_to_the_byte_on_two_workers(prices: Path, alone: Path, tmp_path: Path) -> None:
    out = tmp_path / "shared.npz"
    trained_by((*asked(prices, out), "--workers", "2"))
    assert out.read_bytes() == alone.read_bytes()


def test_parts_end_with_quarters_and_leave_no_day_out() -> None:
    assert step.parts_of(date(2020, 11, 5), date(2021, 4, 2)) == [
        (date(2020, 11, 5), date(2020, 12, 31)),
        (date(2021, 1, 1), date(2021, 3, 31)),
        (date(2021, 4, 1), date(2021, 4, 2)),
    ]


def test_days_without_a_session_are_refused(prices: Path, tmp_path: Path) -> None:
    words = [str(word) for word in asked(prices, tmp_path / "out.npz")]
    words[words.index(str(LAST))] = "2021-02-09"
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 1
    assert "before it begins" in result.output
