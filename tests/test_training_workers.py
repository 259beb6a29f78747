"""Training spread over dask's workers: the same numbers, and what happens when workers or schedulers fail."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil
import pytest
from click.testing import CliRunner

from bellwether.core.types import MARKET_SERIES
from tests.conftest import MODELS
from tests.support.made_market import made_prices
from tests.support.models import SERVED
from tests.support.training import ROOT
from tests.test_training import long_form
from training.__main__ import cli
from training.remember import as_text, read
from training.same_code import PROCESSOR, fingerprint, other_code
from training.workers import HERE

needs_dask = pytest.mark.skipif(
    find_spec("distributed") is None, reason="dask is not installed: pip install -r training/requirements.txt"
)
needs_tensorflow = pytest.mark.skipif(find_spec("tensorflow") is None, reason="tensorflow is not installed")
PATIENCE = 100  #: seconds for what should come soon


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight stocks, the index and ^VIX over three years."""
    file = tmp_path_factory.mktemp("prices") / "prices.parquet"
    made_prices(8).to_parquet(file)
    return file


def spread(mode: str, folder: Path) -> subprocess.Popen[str]:
    """`tests.support.spread_work` as it begins, a group of processes of its own."""
    command = [sys.executable, "-m", "tests.support.spread_work", mode, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def told(mode: str, folder: Path, patience: float = PATIENCE) -> tuple[str, str]:
    """What it printed, and what was said beside it."""
    with spread(mode, folder) as process:
        output, errors = process.communicate(timeout=patience)
    assert process.returncode == 0, errors[-3000:]
    return output, errors


def weights(file: Path) -> list[bytes]:
    """Those of a fit that is kept, without its record, which tells of seconds."""
    with np.load(file) as arrays:
        return [arrays[name].tobytes() for name in sorted(arrays.files) if name != "record"]


def history(file: Path) -> list[dict[str, object]]:
    """The losses of a fit that is kept, by epoch."""
    epochs: list[dict[str, object]] = json.loads(as_text(read(file)["record"]))["history"]
    return epochs


def soon(happened: Callable[[], bool]) -> bool:
    """Whether it happens while anybody waits."""
    ends = time.monotonic() + PATIENCE
    while not happened() and time.monotonic() < ends:
        time.sleep(0.05)
    return happened()


@needs_dask
def test_forecasts_are_the_same_to_the_byte_on_two_workers(prices: Path) -> None:
    output, errors = told("forecasts", prices.parent)
    assert (prices.parent / "alone.parquet").read_bytes() == (prices.parent / "spread.parquet").read_bytes()
    assert "workers: 2 on this machine, " in output and " GiB of memory each at most" in output
    assert "4/4" in errors, "each worker answers some of the parts"


@needs_dask
@needs_tensorflow
@pytest.mark.timeout(600)
def test_a_training_of_two_seeds_is_the_same_to_the_bit_on_two_workers(tmp_path: Path) -> None:
    file, work = tmp_path / "prices.parquet", tmp_path / "work"
    long_form(("AAPL", "MSFT", "XOM", *MARKET_SERIES)).to_parquet(file)
    prepared = CliRunner().invoke(cli, ["prepare", "--prices", str(file), "--work", str(work)])
    assert prepared.exit_code == 0, prepared.output
    output, _ = told("seeds", work, patience=500)
    assert [part.count("training on") for part in output.split("\x1e")] == [2, 1], "what is kept is not fitted again"
    (on_a_worker,) = work.glob("train-*.npz")
    in_turn = work / "seeds" / on_a_worker.name
    assert weights(on_a_worker) == weights(in_turn)
    assert history(on_a_worker) == history(in_turn)
    on_two, record = (json.loads((work / name).read_text("utf-8")) for name in ("on-two.json", "training.json"))
    assert record["seeds"] == on_two["seeds"]
    assert [told["seed"] for told in record["seeds"]] == [1, 2]
    best = min(record["seeds"], key=lambda told: told["validation"])["seed"]
    assert record["recipe"]["seed"] == on_two["recipe"]["seed"] == best


@needs_dask
def test_what_a_killed_worker_had_begun_is_done_again_and_said(tmp_path: Path) -> None:
    output, _ = told("died", tmp_path)
    assert output.splitlines()[-1] == "[0, 1, 4, 9, 16]"
    assert "a worker was lost; what it worked on is done again" in output


@needs_dask
def test_workers_of_a_scheduler_elsewhere_give_results_in_order_one_bar_and_what_they_print(tmp_path: Path) -> None:
    output, errors = told("address", tmp_path)
    lines = output.splitlines()
    assert lines[-1] == str([499500.0 + item for item in range(6)])
    assert sorted(lines[1:-1]) == [f"item {item}" for item in range(6)]
    assert lines[0].startswith("workers: 2 at tcp://127.0.0.1:")
    assert "sums: 100%" in errors


@needs_dask
def test_workers_that_run_other_code_are_refused_in_a_sentence(tmp_path: Path) -> None:
    output, _ = told("other", tmp_path)
    (line,) = output.splitlines()
    assert line.startswith("refused: The worker tcp://127.0.0.1:")
    assert f"numpy 1.0, here {np.__version__}. Install there what is here, and start it again." in line


@needs_dask
def test_an_interrupted_run_leaves_what_was_done_and_no_process(tmp_path: Path) -> None:
    with spread("slow", tmp_path) as process:
        assert soon(lambda: len(list(tmp_path.iterdir())) == 4), "three begun, one of them done"
        family = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        try:
            process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode != 0
    assert [path.name for path in tmp_path.glob("done-*")] == ["done-0"]
    _, alive = psutil.wait_procs(family, PATIENCE)
    assert not alive


@needs_dask
def test_an_address_where_nobody_answers_is_told_in_one_line(prices: Path, tmp_path: Path) -> None:
    asked = ("forecasts", "--prices", prices, "--model", MODELS / SERVED, "--out", tmp_path / "out.csv")
    when = ("--from", "2021-01-04", "--to", "2021-01-31", "--workers", "tcp://127.0.0.1:9")
    command = [sys.executable, "-m", "training", *map(str, (*asked, *when))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: No dask scheduler answers at tcp://127.0.0.1:9. Start one with `dask scheduler`")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("word", ["0", "-2", "many", "10.0.0.5:8786", "tcp://nowhere"])
def test_what_is_neither_a_number_nor_an_address_is_refused(word: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["eras", "--work", str(tmp_path), "--workers", word])
    assert result.exit_code == 2
    assert "neither a number of processes such as 4 nor a scheduler such as tcp://10.0.0.5:8786" in result.output


def test_workers_without_seeds_to_share_are_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["train", "--work", str(tmp_path), "--workers", "2"])
    assert result.exit_code == 2
    assert "say how many with --seeds" in result.output


def test_without_workers_each_item_is_done_here_in_turn() -> None:
    seen: list[tuple[int, int]] = []
    assert HERE.map(pow, 2, range(4), "powers", lambda at, result: seen.append((at, result))) == [1, 2, 4, 8]
    assert seen == [(0, 1), (1, 2), (2, 4), (3, 8)]


def test_another_library_is_other_code_and_another_processor_is_not() -> None:
    ours = fingerprint()
    assert other_code(ours, ours | {PROCESSOR: "abacus"}) == ""
    assert other_code(ours, ours | {"numpy": "1.0"}) == f"numpy 1.0, here {np.__version__}"
    assert other_code(ours, {}).count("None, here") == len(ours) - 1
