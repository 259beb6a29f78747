"""Work for `training.workers` in a process of its own, where dask's threads and warnings meet no test.

python -m tests.support.spread_work died|address|other|slow|forecasts|seeds FOLDER
"""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from training import workers
from training.same_code import fingerprint

SLOW = 1000


def added(shared: np.ndarray, item: int) -> float:
    """Something that needs both."""
    print(f"item {item}")
    return float(shared.sum()) + item


def pretend() -> None:
    """In a worker: from now on it runs another numpy."""
    fingerprint()["numpy"] = "1.0"


def died(folder: Path, item: int) -> int:
    """The worker that comes to item 2 first is killed, as by a machine without memory."""
    mark = folder / "died"
    if item == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


def slow(folder: Path, item: int) -> int:
    """The first is done at once, all others take longer than anybody waits."""
    (folder / f"begun-{item}").touch()
    time.sleep(SLOW if item else 0)
    return item


def forecasts(folder: Path) -> None:
    """The served model's over four months of what the folder holds, here and on two workers, in parts of one batch."""
    from tests.conftest import MODELS
    from tests.support.models import SERVED
    from training import evaluate, forecasts
    from training.__main__ import cli

    forecasts.PART = evaluate.BATCH
    asked = ["forecasts", "--prices", str(folder / "prices.parquet"), "--model", str(MODELS / SERVED), "--every", "1"]
    asked += ["--from", "2021-01-04", "--to", "2021-04-30", "--out"]
    cli([*asked, str(folder / "alone.parquet")], standalone_mode=False)
    cli([*asked, str(folder / "spread.parquet"), "--workers", "2"], standalone_mode=False)


def seeds(work: Path) -> None:
    """Two seeds on what is prepared, on a worker: another would load TensorFlow once more for one of them."""
    from training.__main__ import cli  # the other cases, and workers, do without it

    cli(["train", "--work", str(work), "--quick", "--seeds", "2", "--workers", "1"], standalone_mode=False)


def main(mode: str, folder: Path) -> None:
    """One of the cases; what comes of it is printed."""
    if mode == "died":
        with workers.opened(2) as spread:
            print(spread.map(died, folder, range(5), "squares"))
    elif mode == "slow":
        with workers.opened(2) as spread:
            spread.map(slow, folder, range(3), "naps", lambda at, result: (folder / f"done-{at}").touch())
    elif mode in ("forecasts", "seeds"):
        {"forecasts": forecasts, "seeds": seeds}[mode](folder)
    else:
        from distributed import Client, LocalCluster

        options = {"n_workers": 2, "threads_per_worker": 2, "dashboard_address": None, "local_directory": str(folder)}
        with LocalCluster(**options) as cluster:  # as somebody else's
            if mode == "other":
                with Client(cluster) as client:
                    client.run(pretend)
            try:
                with workers.opened(cluster.scheduler_address) as spread:
                    print(spread.map(added, np.arange(1000.0), range(6), "sums"))
            except workers.WorkersError as problem:
                print(f"refused: {problem}")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what it runs in the background
    main(sys.argv[1], Path(sys.argv[2]))
