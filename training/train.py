"""Train the LSTM on random cutoffs and keep the epoch that did best on the validation span.

Reads top to bottom: settings, scaling, epochs, the best weights. The test span is not opened here.
"""

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from bellwether.forecasting.metrics import pinball_loss
from bellwether.types import HEADS, Floats
from training.baselines import ewma
from training.model import DROPOUT, MARKET_PENALTY, MEDIAN_PENALTY, SKIP_PENALTY, build_model, scaled_pinball
from training.panel import Panel, Rows
from training.prepare import STRIDE, TRAIN, VALIDATION, load, seen_rows, trading, training_rows
from training.windows import Blanks, batches, truth


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of one training run, each with its reason."""

    seed: int = 1
    epochs: int = 4  # validation is best after the third, and no better with eight
    batches_per_epoch: int = 200  # x 512: about 100,000 cutoffs
    batch: int = 512
    learning_rate: float = 1e-3  # falls to 0 along a cosine
    weight_decay: float = 1e-3
    clip: float = 1.0  # norm of the gradient: one crash day must not throw the weights
    averaging: float = 0.99  # weights are averaged over about the last 100 batches: less noise, no cost
    validation_stride: int = STRIDE  # sessions between validation cutoffs


def make_recipe(seed: int, epochs: int | None, quick: bool) -> Recipe:
    """The recipe with another seed or number of epochs; `quick` walks the same path in seconds and learns nothing."""
    recipe = Recipe(seed=seed)
    if quick:
        recipe = replace(recipe, epochs=1, batches_per_epoch=8, batch=128, validation_stride=40)
    return replace(recipe, epochs=epochs or recipe.epochs)


def train(work: Path, recipe: Recipe) -> None:
    """Write `trained.weights.h5` and `training.json` (recipe, history, validation scores) into `work`."""
    started = time.perf_counter()
    panel, facts = load(work)
    standardised = np.array(facts["standardised_quantiles"])
    rows = training_rows(panel)
    valid = trading(panel, panel.every(seen_rows(panel, panel.rows_between(*VALIDATION)), recipe.validation_stride))
    print(f"training on {len(rows):,} cutoffs to {TRAIN[1]}, choosing on {len(valid):,} to {VALIDATION[1]}")

    keras.utils.set_random_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    model = build_model(standardised)
    fit_scaling(model, panel, rng.choice(rows, 20 * recipe.batch))
    steps = recipe.epochs * recipe.batches_per_epoch
    optimizer = keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps),
        weight_decay=recipe.weight_decay,
        clipnorm=recipe.clip,
        use_ema=True,
        ema_momentum=recipe.averaging,
    )
    model.compile(optimizer, loss=scaled_pinball, jit_compile=False)  # XLA: a first epoch of 85 s, then no faster
    print(f"{model.count_params():,} weights; {steps} batches of {recipe.batch}")

    base = by_horizon(panel, valid, VALIDATION[1], ewma(panel, valid, standardised))
    history: list[dict[str, Any]] = []
    best: list[Any] = []
    with tqdm(total=steps, unit="batch", mininterval=0.5) as progress:
        for epoch in range(recipe.epochs):
            losses = []  # the skip's penalty included
            stream = batches(panel, rows, TRAIN[1], recipe.batch, recipe.batches_per_epoch, rng, Blanks())
            for bars, market, answer in stream:
                losses.append(float(model.train_on_batch([bars, market], answer)))
                progress.update()
            raw = model.get_weights()
            optimizer.finalize_variable_values(model.trainable_variables)  # the averaged weights
            loss = float(np.mean(losses))
            scores = by_horizon(panel, valid, VALIDATION[1], predict(model, panel, valid))
            skills = 1 - scores / base
            history.append({"epoch": epoch + 1, "training": loss, "validation": scores.tolist()})
            if min(float(np.mean(past["validation"])) for past in history) == float(np.mean(scores)):
                best, chosen = model.get_weights(), epoch + 1
            model.set_weights(raw)
            tqdm.write(
                f"epoch {epoch + 1}: training {loss:.4f}, validation {np.mean(scores):.4f}, "
                "skill against EWMA " + "  ".join(f"{h}: {s:+.2%}" for h, s in zip(HEADS, skills, strict=True))
            )
    model.set_weights(best)
    model.save_weights(work / "trained.weights.h5")
    seconds = time.perf_counter() - started
    settings = asdict(recipe) | {"blanks": asdict(Blanks()), "dropout": DROPOUT, "skip_penalty": SKIP_PENALTY}
    settings |= {
        "median_penalty": MEDIAN_PENALTY,
        "market_penalty": MARKET_PENALTY,
        "optimizer": "AdamW, cosine",
    }
    record = {"recipe": settings, "history": history, "chosen_epoch": chosen, "seconds": round(seconds)}
    record |= {"validation_baseline": base.tolist(), "weights": model.count_params()}
    (work / "training.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    print(f"kept epoch {chosen} of {recipe.epochs}; {seconds:.0f} s in all")


def fit_scaling(model: keras.Model, panel: Panel, rows: Rows) -> None:
    """Set the mean and deviation of the static features from training windows."""
    features = model.get_layer("features")
    parts = [features(*panel.windows(some))[2] for some in np.array_split(rows, 20)]
    static = np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])
    assert np.isfinite(static).all()
    deviation = np.maximum(static.std(axis=0), 0.05)  # a feature that hardly moves stays small
    model.get_layer("scaling").set_weights([static.mean(axis=0), deviation])


def predict(model: keras.Model, panel: Panel, rows: Rows) -> Floats:
    """Quantiles at these cutoffs, (b, heads, levels)."""
    parts = [model.predict_on_batch(list(panel.windows(some))) for some in np.array_split(rows, len(rows) // 1024 + 1)]
    return np.concatenate(parts)


def by_horizon(panel: Panel, rows: Rows, last: str, quantiles: Floats) -> Floats:
    """Mean scaled pinball loss per horizon, (heads,), where the outcome is known."""
    answer = truth(panel, rows, last)
    scores = []
    for head in range(len(HEADS)):
        outcome, weight = answer[:, head, 0], answer[:, head, 1]
        loss = pinball_loss(outcome, quantiles[:, head]) * weight
        scores.append(loss.sum() / max((weight > 0).sum(), 1))
    return np.array(scores)
