"""How fast the network learns: windows gathered as they are needed, against `model.fit` on an array of all of them, and
against torch LSTMs of equal size that are even given their features ready-made.

    python -m benchmarks.learning_speed      torch is optional: pip install torch==2.13.0

It says windows per second of each, turn by turn in one run, and the memory that the array of windows takes. Prices are
those of the sample market.
"""

import os
import statistics
import time
from collections.abc import Callable
from datetime import date
from importlib.util import find_spec
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from bellwether.core.types import HEADS
from bellwether.forecasting.inputs import Float32s
from bellwether.market.sample import SampleProvider
from training.features import Features
from training.fit import compiled
from training.model import DAILY_UNITS, WEEKLY_UNITS, build_network, squared_error
from training.panel import CONTEXT_LENGTH, Panel, Rows, build_panel
from training.prepare import training_facts
from training.range_recipe import RangeRecipe
from training.spans import spans_of
from training.train import fit_scaling
from training.windows import Blanks, batches, spread_truth, variance_path

BATCH = 1024
BATCHES = 12  #: of one turn
TURNS = 5
Turn = Callable[[], None]


def measure() -> dict[str, float]:
    """Median windows per second of each way, and `array_mb`, what the materialised windows weigh."""
    market = SampleProvider()
    last = date(2015, 12, 31)
    panel = build_panel({instrument.symbol: market.bars(instrument.symbol, last) for instrument in market.universe()})
    rows, last_learned = spans_of(panel).judged.rows(panel), spans_of(panel).training[1]
    path = variance_path(panel)

    def outcome(drawn: Rows) -> Float32s:
        return spread_truth(panel, path, drawn, last_learned)

    drawn = np.random.default_rng(0).choice(rows, BATCH * BATCHES)
    bars, beside = panel.prices(drawn)
    turns = {
        "gathered": gathered(panel, rows, outcome),
        "model.fit on an array": on_an_array(panel, rows, [bars, beside], outcome(drawn)),
    }
    if find_spec("torch") is not None:
        turns["torch, features ready-made"] = in_torch(panel, bars, beside, outcome(drawn))
    found: dict[str, list[float]] = {name: [] for name in turns}
    for turn in turns.values():
        turn()  # compiles
    for _ in range(TURNS):
        for name, turn in turns.items():
            started = time.perf_counter()
            turn()
            found[name].append(BATCH * BATCHES / (time.perf_counter() - started))
    weight = len(rows) * (bars.nbytes + beside.nbytes) / len(drawn) / 1e6
    return {name: statistics.median(speeds) for name, speeds in found.items()} | {"array_mb": weight}


def fresh_spread(panel: Panel, rows: Rows) -> keras.Model:
    """The network's first step, with random weights, ready to learn."""
    standardised = np.array(training_facts(panel, spans_of(panel).judged)["standardised_quantiles"])
    network = build_network(standardised)
    fit_scaling(network.quantiles, panel, rows[:: max(1, len(rows) // 2000)])
    compiled(network.spread, squared_error, RangeRecipe(), 1e-3, 1000)
    return network.spread


def gathered(panel: Panel, rows: Rows, outcome: Callable[[Rows], Float32s]) -> Turn:
    """What `python -m training train` does: nothing is kept but the panel."""
    model, rng = fresh_spread(panel, rows), np.random.default_rng(1)

    def turn() -> None:
        for inputs, answer in batches(panel, rows, outcome, BATCH, BATCHES, rng, Blanks(), ()):
            model.train_on_batch(inputs, answer)

    return turn


def on_an_array(panel: Panel, rows: Rows, inputs: list[Float32s], answer: Float32s) -> Turn:
    """The same network by plain `model.fit`, every window laid out in memory beforehand."""
    model = fresh_spread(panel, rows)
    return lambda: model.fit(inputs, answer, batch_size=BATCH, epochs=1, verbose=0)


def in_torch(panel: Panel, bars: Float32s, beside: Float32s, answer: Float32s) -> Turn:
    """LSTMs of equal size and a linear part in torch, by AdamW; their inputs are computed beforehand."""
    import torch

    inputs = keras.Input((CONTEXT_LENGTH, 5)), keras.Input((CONTEXT_LENGTH, beside.shape[2]))
    layer = keras.Model(inputs, list(Features(name="features")(*inputs)[:3]))
    parts = layer.predict([bars, beside], batch_size=BATCH, verbose=0)
    daily, weekly, static = (torch.from_numpy(np.ascontiguousarray(part)) for part in parts)
    truth = torch.from_numpy(answer)

    class Spread(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.daily = torch.nn.LSTM(daily.shape[2], DAILY_UNITS, batch_first=True)
            self.weekly = torch.nn.LSTM(weekly.shape[2], WEEKLY_UNITS, batch_first=True)
            self.of_memory = torch.nn.Linear(DAILY_UNITS + WEEKLY_UNITS, len(HEADS))
            self.of_static = torch.nn.Linear(static.shape[1], len(HEADS), bias=False)

        def forward(self, some: slice) -> Any:
            memory = torch.cat([self.daily(daily[some])[0][:, -1], self.weekly(weekly[some])[0][:, -1]], 1)
            return self.of_memory(torch.nn.functional.dropout(memory, 0.3)) + self.of_static(static[some])

    model = Spread()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-3)

    def turn() -> None:
        for start in range(0, len(static), BATCH):
            some = slice(start, start + BATCH)
            loss = ((truth[some, :, 0] - model(some)) ** 2 * truth[some, :, 1]).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

    return turn


if __name__ == "__main__":
    speeds = measure()
    weight = speeds.pop("array_mb")
    for name, speed in speeds.items():
        print(f"{name:28} {speed:10,.0f} windows a second, {speed / speeds['model.fit on an array']:5.2f} x model.fit")
    print(f"the array of all windows of these 42 symbols would take {weight:,.0f} MB; gathered ones take one batch")
