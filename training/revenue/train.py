"""Train the growth model on every report up to the training span's end, and keep the epoch that validation likes best.

Reads top to bottom: settings, the anchor of the quantiles, scaling, epochs, the best weights. The test span stays shut.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np

from bellwether.core.types import LEVELS, Floats
from bellwether.forecasting.metrics import pinball_loss
from bellwether.models.quarters import CONTEXT_LENGTH, HORIZONS, MIN_QUARTERS, Window
from training.fit import Batch, Fitted, Recipe, Validation, run_epochs
from training.layers import MEDIAN, pinball, set_scaling
from training.revenue.data import Cutoffs
from training.revenue.features import STATIC, static_inputs
from training.revenue.model import (
    DROPOUT,
    MEMBERS,
    MIXED_UNITS,
    PARTS,
    SKIP_PENALTY,
    build_model,
    members_of,
)

USUAL = STATIC.index("log of the usual change of 8 quarters")


@dataclass(frozen=True, slots=True)
class RevenueRecipe(Recipe):
    """The settings for revenue, each with its reason."""

    seed: int = 1
    epochs: int = 20  # 10 are a little worse on validation, 40 no better
    batch: int = 256
    learning_rate: float = 4e-3  # falls to 0 along a cosine
    weight_decay: float = 1e-3
    clip: float = 1.0  # norm of the gradient: one merger must not throw the weights
    averaging: float = 0.99  # weights are averaged over about the last 100 batches: less noise, no cost
    shortened: float = 0.6  # share of windows cut to a random length: sources with five quarters must be met here, and
    # companies never seen are forecast better so; .3 is worse at four quarters

    QUICK: ClassVar[dict[str, Any]] = {"epochs": 1}
    FIXED: ClassVar[dict[str, Any]] = {
        "members": MEMBERS,
        "units": [MIXED_UNITS],
        "dropout": DROPOUT,
        "skip_penalty": SKIP_PENALTY,
    }


def fit(
    train: Cutoffs,
    valid: Cutoffs | None,
    recipe: RevenueRecipe,
    stop_after: int | None = None,
    *,
    recurrent: bool = False,
) -> Fitted:
    """Learn from `train`; the best epoch on `valid` is kept, without it that of `stop_after` or the last.

    `recurrent` adds LSTMs. The record tells the `standardised_quantiles` that the network starts from.
    """
    started = time.perf_counter()
    keras.utils.set_random_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    static = static_inputs(train.windows)
    standardised, medians = anchor(train.outcomes, np.exp(static[:, USUAL]))
    model = build_model(standardised, recurrent)
    set_scaling(model, static)
    for member in range(MEMBERS):
        skip = model.get_layer(f"skip_{member}")
        weights, bias = skip.get_weights()
        bias.reshape(len(HORIZONS), PARTS)[:, 0] = medians  # begin at the middle, not at no growth
        skip.set_weights([weights, bias])

    batches = max(1, len(train) // recipe.batch)
    truth = np.stack([np.nan_to_num(train.outcomes), np.isfinite(train.outcomes)], axis=2).astype(np.float32)
    truth = np.tile(truth, (1, MEMBERS, 1))  # each member learns on its own

    def epoch() -> Iterator[Batch]:
        for drawn in np.array_split(rng.permutation(len(train)), batches):
            yield shortened(train.windows[drawn], recipe.shortened, rng), truth[drawn]

    print(f"training on {len(train):,} reports")
    validation = _validation(valid) if valid is not None else None
    members = members_of(model)
    record = run_epochs(members, pinball, recipe, epoch, batches, validation, stop_after, started).record
    return Fitted(model, record | {"standardised_quantiles": standardised.tolist()})


def _validation(valid: Cutoffs) -> Validation:
    def losses(members: keras.Model) -> list[float]:
        told = members.predict_on_batch(valid.windows)
        mean = told.reshape(len(told), MEMBERS, len(HORIZONS), len(LEVELS)).mean(axis=1)
        return losses_of(mean, valid.outcomes)

    return Validation(losses, lambda losses: ", ".join(f"{loss:.5f}" for loss in losses))


def anchor(outcomes: Floats, usual: Floats) -> tuple[Floats, Floats]:
    """Quantiles around the median in usual changes (horizons, levels), and the medians of growth (horizons,)."""
    medians = np.nanmedian(outcomes, axis=0)
    standardised = np.nanquantile((outcomes - medians) / usual[:, None], LEVELS, axis=0).T
    standardised[:, MEDIAN] = 0.0
    if (np.diff(standardised, axis=1) <= 0).any():
        raise ValueError("too few different outcomes to learn a range from")
    return standardised, medians


def shortened(windows: Window, share: float, rng: np.random.Generator) -> Window:
    """The windows (b, T, 2), some of them as a source with a shorter memory would give them."""
    kept = windows.copy()
    lengths = rng.integers(MIN_QUARTERS, CONTEXT_LENGTH, size=len(kept))
    cut = rng.random(len(kept)) < share
    place = np.arange(CONTEXT_LENGTH)[None, :]
    kept[(place < (CONTEXT_LENGTH - lengths)[:, None]) & cut[:, None]] = 0
    return kept


def losses_of(quantiles: Floats, outcomes: Floats) -> list[float]:
    """Mean pinball loss at each horizon where the outcome is known; quantiles (n, horizons, levels)."""
    known = np.isfinite(outcomes)
    return [
        float(pinball_loss(outcomes[known[:, at], at], quantiles[known[:, at], at]).mean())
        for at in range(len(HORIZONS))
    ]
