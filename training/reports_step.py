"""The third step of training: what announcements of results add, while all else of the network stands still.

What stands still is computed once for many cutoffs; the few weights that are left then learn from arrays.
"""

from typing import Any

import keras
import numpy as np

from bellwether.core.types import HEADS
from bellwether.forecasting.inputs import Float32s
from training.fit import compiled
from training.layers import pinball
from training.model import PARTS, Network, squared_error
from training.panel import Panel, Rows
from training.range_recipe import RangeRecipe
from training.reports import REPORTS
from training.windows import spread_truth, truth, variance_path

SPREAD_RATE, SKIP_RATE = 5e-3, 2e-3  # both fall to 0 along a cosine
BATCH = 1024


def fit_reports(
    network: Network, panel: Panel, rows: Rows, last: str, recipe: RangeRecipe, rng: np.random.Generator
) -> dict[str, Any]:
    """Train the layers of reports on the cutoffs among `rows` at which some are known; says on how many."""
    dated = rows[panel.next_report[rows] > 0]
    record = {"cutoffs": len(dated)}
    if len(dated) < recipe.reports_batch:
        print("no days of reports are known: the network stays as it is without them")
        return record
    drawn = np.sort(rng.choice(dated, min(recipe.reports_rows, len(dated)), replace=False))
    network.quantiles.trainable = False
    parts = _frozen(network.parts, panel, drawn)
    reports = keras.Input((REPORTS,))
    skip, spread, volatility = (keras.Input((size,)) for size in (len(HEADS) * PARTS, len(HEADS), 1))
    on_spread, on_skip = (network.quantiles.get_layer(name) for name in ("spread_of_reports", "skip_of_reports"))
    more_spread = keras.layers.Add()([spread, on_spread(reports)])
    more_skip = keras.layers.Add()([skip, on_skip(reports)])
    head = network.quantiles.get_layer("quantiles")(more_skip, more_spread, volatility)

    usual = parts[2].mean(axis=0)
    ahead = spread_truth(panel, variance_path(panel), drawn, last)
    known = np.maximum(ahead[:, :, 1].sum(axis=0), 1)
    ahead[:, :, 0] -= ahead[:, :, 0].sum(axis=0) / known - usual  # the spread is trained without its mean
    on_spread.trainable = True
    _fit(
        keras.Model([reports, spread], more_spread),
        [parts[0], parts[2]],
        ahead,
        squared_error,
        SPREAD_RATE,
        recipe,
        rng,
    )
    on_spread.trainable = False
    on_skip.trainable = True
    whole = keras.Model([reports, skip, spread, volatility], head)
    _fit(whole, parts, truth(panel, drawn, last), pinball, SKIP_RATE, recipe, rng)
    return record


def _frozen(model: keras.Model, panel: Panel, rows: Rows) -> list[Float32s]:
    """What stands still at these cutoffs: reports, the skip's numbers, spread, volatility."""
    batches = np.array_split(rows, len(rows) // BATCH + 1)
    made = [model.predict_on_batch(list(panel.windows(batch))) for batch in batches]
    return [np.concatenate(part) for part in zip(*made, strict=True)]


def _fit(
    model: keras.Model,
    inputs: list[Float32s],
    answer: Float32s,
    loss: Any,
    rate: float,
    recipe: RangeRecipe,
    rng: np.random.Generator,
) -> None:
    optimizer = compiled(model, loss, recipe, rate, recipe.reports_batches)
    for _ in range(recipe.reports_batches):
        drawn = rng.integers(len(answer), size=recipe.reports_batch)
        model.train_on_batch([part[drawn] for part in inputs], answer[drawn])
    optimizer.finalize_variable_values(model.trainable_variables)  # the averaged weights
