"""Train the growth model on every report up to the training span's end, and keep the epoch that validation likes best.

Reads top to bottom: settings, the anchor of the quantiles, scaling, epochs, the best weights. The test span stays shut.
"""

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from bellwether.core.types import LEVELS, Floats
from bellwether.forecasting.metrics import pinball_loss
from bellwether.models.quarters import CONTEXT_LENGTH, HORIZONS, MIN_QUARTERS, Window
from training.model import MEDIAN
from training.revenue.data import Cutoffs
from training.revenue.features import STATIC, static_inputs
from training.revenue.model import (
    DROPOUT,
    MIXED_UNITS,
    PARTS,
    RECENT_UNITS,
    SKIP_PENALTY,
    YEAR_UNITS,
    build_model,
    pinball,
)
from training.train import make_optimizer

USUAL = STATIC.index("log of the usual change of 8 quarters")


@dataclass(frozen=True, slots=True)
class RevenueRecipe:
    """The settings of one training run, each with its reason."""

    seed: int = 1
    epochs: int = 20  # 10 are a little worse on validation, 40 no better
    batch: int = 256
    learning_rate: float = 4e-3  # falls to 0 along a cosine
    weight_decay: float = 1e-3
    clip: float = 1.0  # norm of the gradient: one merger must not throw the weights
    averaging: float = 0.99  # weights are averaged over about the last 100 batches: less noise, no cost
    shortened: float = 0.6  # share of windows cut to a random length: sources with five quarters must be met here, and
    # companies never seen are forecast better so; .3 is worse at four quarters


def make_recipe(seed: int, epochs: int | None, quick: bool) -> RevenueRecipe:
    """The recipe with another seed or number of epochs; `quick` walks the same path in seconds and learns nothing."""
    recipe = RevenueRecipe(seed=seed)
    return replace(recipe, epochs=epochs or (1 if quick else recipe.epochs))


@dataclass(frozen=True, slots=True, eq=False)
class FittedRevenueModel:
    """A trained model and how it came to be."""

    model: keras.Model
    standardised: Floats  #: (horizons, levels), what its quantiles are walked from
    record: dict[str, Any]  #: settings, losses by epoch, the epoch that was kept, seconds


def fit(
    train: Cutoffs,
    valid: Cutoffs | None,
    recipe: RevenueRecipe,
    stop_after: int | None = None,
    *,
    recurrent: bool = True,
) -> FittedRevenueModel:
    """Learn from `train`; the best epoch on `valid` is kept. Not `recurrent`: the LSTMs are left out.

    Without `valid` nothing can be chosen: training ends after the epoch `stop_after`, or the last, on the schedule of
    the whole recipe.
    """
    started = time.perf_counter()
    keras.utils.set_random_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    static = static_inputs(train.windows)
    assert np.isfinite(static).all()
    standardised, medians = anchor(train.outcomes, np.exp(static[:, USUAL]))
    model = build_model(standardised, recurrent)
    scaling = model.get_layer("scaling")
    scaling.set_weights([static.mean(axis=0), np.maximum(static.std(axis=0), 0.05)])
    skip = model.get_layer("skip")
    weights, bias = skip.get_weights()
    bias.reshape(len(HORIZONS), PARTS)[:, 0] = medians  # begin at the middle, not at no growth
    skip.set_weights([weights, bias])

    batches = max(1, len(train) // recipe.batch)
    optimizer = make_optimizer(recipe, recipe.learning_rate, recipe.epochs * batches)
    model.compile(optimizer, loss=pinball, jit_compile=False)
    truth = np.stack([np.nan_to_num(train.outcomes), np.isfinite(train.outcomes)], axis=2).astype(np.float32)
    epochs = stop_after or recipe.epochs
    print(f"{model.count_params():,} weights; {len(train):,} reports, {epochs} epochs")
    history: list[dict[str, Any]] = []
    best, chosen = model.get_weights(), 0
    for epoch in tqdm(range(1, epochs + 1), desc="growth", unit="epoch"):
        losses = []
        for some in np.array_split(rng.permutation(len(train)), batches):
            windows = shortened(train.windows[some], recipe.shortened, rng)
            losses.append(float(model.train_on_batch(windows, truth[some])))
        raw = model.get_weights()
        optimizer.finalize_variable_values(model.trainable_variables)  # the averaged weights
        history.append({"epoch": epoch, "training": float(np.mean(losses))})
        if valid is not None:
            history[-1]["validation"] = losses_of(model.predict_on_batch(valid.windows), valid.outcomes)
            tqdm.write(f"epoch {epoch}: validation " + ", ".join(f"{one:.5f}" for one in history[-1]["validation"]))
        if valid is None or _is_best(history):
            best, chosen = model.get_weights(), epoch
        model.set_weights(raw)
    model.set_weights(best)
    record = {
        "recipe": settings_of(recipe),
        "history": history,
        "chosen_epoch": chosen,
        "weights": model.count_params(),
        "seconds": round(time.perf_counter() - started),
    }
    print(f"kept epoch {chosen} of {epochs}; {record['seconds']} s in all")
    return FittedRevenueModel(model, standardised, record)


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


def settings_of(recipe: RevenueRecipe) -> dict[str, Any]:
    """Everything that made the weights what they are, for the card."""
    return asdict(recipe) | {
        "units": [RECENT_UNITS, YEAR_UNITS, MIXED_UNITS],
        "dropout": DROPOUT,
        "skip_penalty": SKIP_PENALTY,
        "optimizer": "AdamW, cosine",
    }


def recipe_of(settings: dict[str, Any]) -> RevenueRecipe:
    """The recipe that a card tells of."""
    return RevenueRecipe(**{name: settings[name] for name in RevenueRecipe.__slots__})


def _is_best(history: list[dict[str, Any]]) -> bool:
    losses = [float(np.mean(past["validation"])) for past in history]
    return losses[-1] == min(losses)


def save(fitted: FittedRevenueModel, work: Path) -> None:
    """Leave weights and record for the export."""
    work.mkdir(parents=True, exist_ok=True)
    fitted.model.save_weights(work / "growth.weights.h5")
    record = fitted.record | {"standardised_quantiles": fitted.standardised.tolist()}
    (work / "growth.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
