"""Eras left out in turn, on two workers against one: the same trainings and the same numbers, in one run.

The time begins when the workers are there and holds their start of TensorFlow. Prices are those of the sample market.
"""

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bellwether.market.sample import ENDS, SampleProvider
from training.panel import build_panel
from training.prepare import save
from training.range_recipe import RangeRecipe
from training.workers import opened

ERAS = tuple((f"{year}-01-01", f"{year}-12-31") for year in range(2011, 2019))
RECIPE = replace(
    RangeRecipe(), spread_batches=60, epochs=1, batches_per_epoch=60, reports_batches=1, reports_rows=1000
)  # long enough that the start of TensorFlow, once in each worker, weighs little
LEAST = 1.6  #: times as fast


def measure() -> float:
    """How many times as fast two workers are as one; stops where their documents differ."""
    market = SampleProvider()
    panel = build_panel({instrument.symbol: market.bars(instrument.symbol, ENDS) for instrument in market.universe()})
    seconds, documents = [], []
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            save(work, panel, {})
            started, document = _eras(work, count)
            seconds.append(time.perf_counter() - started)
            documents.append(json.dumps(document))
    if documents[0] != documents[1]:
        raise SystemExit("two workers give other numbers than one")
    print(f"     {len(ERAS)} eras: {seconds[0]:.0f} s on one worker, {seconds[1]:.0f} s on two")
    return seconds[0] / seconds[1]


def _eras(work: Path, count: int) -> tuple[float, dict[str, Any]]:
    from training import eras  # tensorflow comes with it

    with opened(count) as workers:
        started = time.perf_counter()
        return started, eras.compare(work, RECIPE, 1, eras=ERAS, workers=workers)


def main() -> int:
    """Print what was measured beside what is promised; 1 where it does not hold."""
    times = measure()
    print(f"{'ok  ' if times >= LEAST else 'MISS'} eras on two workers: {times:.2f} times as fast as on one, {LEAST}")
    return int(times < LEAST)


if __name__ == "__main__":
    sys.exit(main())
