"""Train the LSTM on random cutoffs and keep the epoch that did best on the validation span.

Three steps. The LSTMs first learn the volatility of the days ahead, measured on all of them: that is a target with
little noise. Then they stand still and the linear skip learns the quantiles of where the price ends. At last, where the
days of reports are known, a few weights learn what these add (`reports_step.py`).

Reads top to bottom: settings, scaling, the spread, epochs, the best weights. The test span is not opened here.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from bellwether.core.types import HEADS, Floats
from bellwether.forecasting.inputs import Float32s
from bellwether.forecasting.metrics import pinball_loss
from training.baselines import ewma
from training.fit import Batch, Fitted, Validation, compiled, run_epochs, seeded
from training.layers import pinball, set_scaling
from training.model import Network, build_network, squared_error
from training.panel import Panel, Rows
from training.range_recipe import RangeRecipe
from training.reports_step import fit_reports
from training.spans import Dates, Split, seen_rows, trading
from training.windows import Blanks, batches, changing_universes, spread_truth, truth, variance_path

SCALING_BATCH = 512  #: windows whose static features are worked out at a time
ANSWERS_BATCH = 1024  #: cutoffs answered at a time


def fit(panel: Panel, standardised: Floats, recipe: RangeRecipe, split: Split, stop_after: int | None = None) -> Fitted:
    """Both steps on what `split` may see, from the plain rule's `standardised` quantiles (heads, levels).

    With a validation span the best epoch on it is kept, without one that of `stop_after` or the last.
    """
    started = time.perf_counter()
    rows, last = split.rows(panel), split.training[1]
    validation = _validation(panel, split.validation, recipe, standardised) if split.validation else None
    print(f"training on {len(rows):,} cutoffs to {last}")

    rng = np.random.default_rng(recipe.seed)
    with seeded(recipe.seed):
        network = build_network(standardised)
    universes = changing_universes(panel, rng)
    fit_scaling(network.quantiles, panel, rng.choice(rows, 20 * recipe.batch))
    fit_spread(network, panel, rows, last, recipe, rng, universes)

    def outcome(drawn: Rows) -> Float32s:
        return truth(panel, drawn, last)

    def epoch() -> Iterator[Batch]:
        return batches(panel, rows, outcome, recipe.batch, recipe.batches_per_epoch, rng, Blanks(), universes)

    fitted = run_epochs(
        network.without_reports, pinball, recipe, epoch, recipe.batches_per_epoch, validation, stop_after, started
    )
    reports = fit_reports(network, panel, rows, last, recipe, rng)
    judged = {}
    if validation is not None and reports["cutoffs"] < recipe.reports_batch:  # the answers are what they were
        judged = {"validation": fitted.record["history"][fitted.record["chosen_epoch"] - 1]["validation"]}
    elif validation is not None:
        judged = {"validation": validation.losses(network.quantiles)}
        print(f"with reports: validation {validation.words(judged['validation'])}")
    seconds = round(time.perf_counter() - started)
    return Fitted(network.quantiles, fitted.record | {"reports": reports, "seconds": seconds} | judged)


def reads(panel: Panel) -> tuple[npt.NDArray[Any], ...]:
    """Everything of a panel that a fit depends on, for the key under which it is kept."""
    return (
        panel.bars,
        panel.closes,
        panel.moves,
        panel.market,
        panel.reported,
        panel.next_report,
        panel.chances,
        panel.symbol,
    )


def _validation(panel: Panel, span: Dates, recipe: RangeRecipe, standardised: Floats) -> Validation:
    """Scores weights on the validation span, beside the plain rule."""
    last = span[1]
    rows = trading(panel, panel.every(seen_rows(panel, panel.rows_between(*span)), recipe.validation_stride))
    base = by_horizon(panel, rows, last, ewma(panel, rows, standardised))  # (heads,)
    print(f"choosing on {len(rows):,} cutoffs")

    def losses(model: keras.Model) -> list[float]:
        losses: list[float] = by_horizon(panel, rows, last, predict(model, panel, rows)).tolist()
        return losses

    def words(losses: list[float]) -> str:
        skills = zip(HEADS, 1 - np.array(losses) / base, strict=True)
        return f"{np.mean(losses):.4f}, skill against EWMA " + "  ".join(f"{h}: {skill:+.2%}" for h, skill in skills)

    return Validation(losses, words)


def fit_spread(
    network: Network,
    panel: Panel,
    rows: Rows,
    last: str,
    recipe: RangeRecipe,
    rng: np.random.Generator,
    universes: Sequence[Float32s],
) -> None:
    """The first step: train LSTMs and the spread's linear part on outcomes up to `last`, then freeze both."""
    path = variance_path(panel)
    drawn = spread_truth(panel, path, rng.choice(rows, 20 * recipe.batch), last)
    usual = drawn[:, :, 0].sum(axis=0) / np.maximum(drawn[:, :, 1].sum(axis=0), 1)  # (heads,)

    def ahead(drawn: Rows) -> Float32s:
        answer = spread_truth(panel, path, drawn, last)
        answer[:, :, 0] -= usual
        return answer

    spread = network.spread
    optimizer = compiled(spread, squared_error, recipe, recipe.spread_rate, recipe.spread_batches)
    stream = batches(panel, rows, ahead, recipe.spread_batch, recipe.spread_batches, rng, Blanks(), universes)
    for inputs, answer in tqdm(stream, desc="spread", total=recipe.spread_batches, unit="batch", mininterval=0.5):
        spread.train_on_batch(inputs, answer)
    optimizer.finalize_variable_values(spread.trainable_variables)  # the averaged weights
    network.without_reports.get_layer("dropout").rate = 0.0  # the skip learns beside what will be served
    for name in ("daily", "weekly", "spread_of_memory", "spread_of_static"):
        network.without_reports.get_layer(name).trainable = False


def fit_scaling(model: keras.Model, panel: Panel, rows: Rows) -> None:
    """Set the mean and deviation of the static features from training windows."""
    features = model.get_layer("features")
    parts = [features(*panel.prices(part))[2] for part in np.array_split(rows, -(-len(rows) // SCALING_BATCH))]
    set_scaling(model, np.concatenate([keras.ops.convert_to_numpy(part) for part in parts]))


def predict(model: keras.Model, panel: Panel, rows: Rows) -> Floats:
    """Quantiles at these cutoffs, (b, heads, levels).

    The last batch is filled with cutoffs that were asked for, since TensorFlow draws up a graph for each size.
    """
    size = max(1, min(len(rows), ANSWERS_BATCH))
    parts = np.resize(rows, max(size, -(-len(rows) // size) * size)).reshape(-1, size)
    inputs = len(model.inputs)
    answers = [model.predict_on_batch(list(panel.windows(part)[:inputs])) for part in parts]
    return np.concatenate(answers)[: len(rows)]


def by_horizon(panel: Panel, rows: Rows, last: str, quantiles: Floats) -> Floats:
    """Mean scaled pinball loss per horizon, (heads,), where the outcome is known."""
    answer = truth(panel, rows, last)
    scores = []
    for head in range(len(HEADS)):
        outcome, weight = answer[:, head, 0], answer[:, head, 1]
        loss = pinball_loss(outcome, quantiles[:, head]) * weight
        scores.append(loss.sum() / max((weight > 0).sum(), 1))
    return np.array(scores)
