"""Training spread over dask's workers: the same numbers, and what happens when workers or schedulers fail."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from click.testing import CliRunner

from tests.conftest import MODELS
from tests.support.made_market import made_prices
from tests.support.models import SERVED
from tests.support.training import PATIENCE, ROOT, needs_dask, spread, told
from training.__main__ import cli
from training.same_code import PROCESSOR, fingerprint, other_code
from training.workers import HERE


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight stocks, the index and ^VIX over three years."""
    file = tmp_path_factory.mktemp("prices") / "prices.parquet"
    made_prices(8).to_parquet(file)
    return file


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
