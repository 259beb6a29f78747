"""Train the LSTM on random cutoffs and keep the epoch that did best on the validation span.

Two steps. The LSTMs first learn the volatility of the days ahead, measured on all of them: that is a target with little
noise. Then they stand still and the linear skip learns the quantiles of where the price ends.

Reads top to bottom: settings, scaling, the spread, epochs, the best weights. The test span is not opened here.
"""

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
from tqdm import tqdm

from bellwether.core.types import HEADS, Floats
from bellwether.forecasting.inputs import Float32s
from bellwether.forecasting.metrics import pinball_loss
from training.baselines import ewma
from training.model import (
    DROPOUT,
    MARKET_PENALTY,
    MEDIAN_PENALTY,
    SKIP_PENALTY,
    SPREAD_PENALTY,
    Network,
    build_network,
    scaled_pinball,
    squared_error,
)
from training.panel import Panel, Rows
from training.prepare import STRIDE, load
from training.spans import RECIPE, Split, seen_rows, trading
from training.windows import Blanks, batches, spread_truth, truth, variance_path


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of one training run, each with its reason."""

    seed: int = 1
    spread_batches: int = 450  # x 1024: the first step, in which the LSTMs learn volatility
    spread_batch: int = 1024
    spread_rate: float = 2e-3  # falls to 0 along a cosine
    epochs: int = 3  # the second step, in which only the skip learns
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
        recipe = replace(recipe, spread_batches=8, spread_batch=128)
    return replace(recipe, epochs=epochs or recipe.epochs)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A trained model and how it came to be."""

    model: keras.Model
    record: dict[str, Any]  #: settings, losses by epoch, the epoch that was kept, seconds


def train(work: Path, recipe: Recipe) -> None:
    """Write `trained.weights.h5` and `training.json` (recipe, history, validation scores) into `work`."""
    panel, facts = load(work)
    fitted = fit(panel, np.array(facts["standardised_quantiles"]), recipe, RECIPE)
    fitted.model.save_weights(work / "trained.weights.h5")
    (work / "training.json").write_text(json.dumps(fitted.record, indent=1), encoding="utf-8")


def fit(panel: Panel, standardised: Floats, recipe: Recipe, split: Split, stop_after: int | None = None) -> Fitted:
    """Both steps on what `split` may see.

    With a validation span the best epoch on it is kept. Without one nothing can be chosen: training ends after the
    epoch `stop_after`, or after the last one, on the schedule of the whole recipe.
    """
    started = time.perf_counter()
    rows, last = split.rows(panel), split.training[1]
    judge = Judge(panel, split, recipe.validation_stride, standardised) if split.validation else None
    print(f"training on {len(rows):,} cutoffs to {last}" + (f", choosing on {len(judge.rows):,}" if judge else ""))

    keras.utils.set_random_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    network = build_network(standardised)
    model = network.quantiles
    fit_scaling(model, panel, rng.choice(rows, 20 * recipe.batch))
    fit_spread(network, panel, rows, last, recipe, rng)
    steps = recipe.epochs * recipe.batches_per_epoch
    optimizer = make_optimizer(recipe, recipe.learning_rate, steps)
    model.compile(optimizer, loss=scaled_pinball, jit_compile=False)  # XLA: a first epoch of 85 s, then no faster
    epochs = stop_after or recipe.epochs
    print(f"{model.count_params():,} weights; {epochs * recipe.batches_per_epoch} batches of {recipe.batch}")

    def outcome(drawn: Rows) -> Float32s:
        return truth(panel, drawn, last)

    history: list[dict[str, Any]] = []
    best, chosen = model.get_weights(), 0
    with tqdm(total=epochs * recipe.batches_per_epoch, unit="batch", mininterval=0.5) as progress:
        for epoch in range(1, epochs + 1):
            losses = []  # the skip's penalty included
            stream = batches(panel, rows, outcome, recipe.batch, recipe.batches_per_epoch, rng, Blanks())
            for bars, market, answer in stream:
                losses.append(float(model.train_on_batch([bars, market], answer)))
                progress.update()
            raw = model.get_weights()
            optimizer.finalize_variable_values(model.trainable_variables)  # the averaged weights
            history.append({"epoch": epoch, "training": float(np.mean(losses))})
            if judge is not None:
                history[-1]["validation"] = judge.losses(model).tolist()
            if judge is None or _is_best(history):
                best, chosen = model.get_weights(), epoch
            model.set_weights(raw)
            told = judge.words(history[-1]) if judge else ""
            tqdm.write(f"epoch {epoch}: training {history[-1]['training']:.4f}{told}")
    model.set_weights(best)
    seconds = time.perf_counter() - started
    record = {"recipe": settings_of(recipe), "history": history, "chosen_epoch": chosen, "seconds": round(seconds)}
    record |= {"weights": model.count_params()} | ({"validation_baseline": judge.base.tolist()} if judge else {})
    print(f"kept epoch {chosen} of {recipe.epochs}; {seconds:.0f} s in all")
    return Fitted(model, record)


class Judge:
    """Scores weights on the validation span, beside the plain rule."""

    def __init__(self, panel: Panel, split: Split, stride: int, standardised: Floats) -> None:
        """`split` must have a validation span."""
        assert split.validation is not None
        self.panel, self.last = panel, split.validation[1]
        valid = panel.every(seen_rows(panel, panel.rows_between(*split.validation)), stride)
        self.rows = trading(panel, valid)
        self.base = by_horizon(panel, self.rows, self.last, ewma(panel, self.rows, standardised))  #: (heads,)

    def losses(self, model: keras.Model) -> Floats:
        """Mean scaled pinball loss per horizon, (heads,)."""
        return by_horizon(self.panel, self.rows, self.last, predict(model, self.panel, self.rows))

    def words(self, epoch: dict[str, Any]) -> str:
        """An epoch's scores, for the terminal."""
        scores = np.array(epoch["validation"])
        skills = zip(HEADS, 1 - scores / self.base, strict=True)
        return f", validation {scores.mean():.4f}, skill against EWMA " + "  ".join(f"{h}: {s:+.2%}" for h, s in skills)


def _is_best(history: list[dict[str, Any]]) -> bool:
    """Whether the newest epoch has the smallest validation loss so far."""
    losses = [float(np.mean(past["validation"])) for past in history]
    return losses[-1] == min(losses)


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """Everything that made the weights what they are, for the card."""
    settings = asdict(recipe) | {"blanks": asdict(Blanks()), "dropout": DROPOUT, "skip_penalty": SKIP_PENALTY}
    return settings | {
        "median_penalty": MEDIAN_PENALTY,
        "market_penalty": MARKET_PENALTY,
        "spread_penalty": SPREAD_PENALTY,
        "optimizer": "AdamW, cosine",
    }


class Manners(Protocol):
    """What of a recipe the optimizer needs."""

    @property
    def weight_decay(self) -> float:
        """Of AdamW."""

    @property
    def clip(self) -> float:
        """The largest norm of a gradient."""

    @property
    def averaging(self) -> float:
        """Share of the averaged weights that each batch keeps."""


def make_optimizer(recipe: Manners, rate: float, steps: int) -> Any:
    """AdamW on a cosine, with averaged weights."""
    return keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(rate, steps),
        weight_decay=recipe.weight_decay,
        clipnorm=recipe.clip,
        use_ema=True,
        ema_momentum=recipe.averaging,
    )


def fit_spread(network: Network, panel: Panel, rows: Rows, last: str, recipe: Recipe, rng: np.random.Generator) -> None:
    """The first step: train LSTMs and the spread's linear part on outcomes up to `last`, then freeze both."""
    path = variance_path(panel)
    some = spread_truth(panel, path, rng.choice(rows, 20 * recipe.batch), last)
    usual = some[:, :, 0].sum(axis=0) / np.maximum(some[:, :, 1].sum(axis=0), 1)  # (heads,)

    def ahead(drawn: Rows) -> Float32s:
        answer = spread_truth(panel, path, drawn, last)
        answer[:, :, 0] -= usual
        return answer

    spread = network.spread
    optimizer = make_optimizer(recipe, recipe.spread_rate, recipe.spread_batches)
    spread.compile(optimizer, loss=squared_error, jit_compile=False)
    stream = batches(panel, rows, ahead, recipe.spread_batch, recipe.spread_batches, rng, Blanks())
    for bars, market, answer in tqdm(stream, desc="spread", total=recipe.spread_batches, unit="batch", mininterval=0.5):
        spread.train_on_batch([bars, market], answer)
    optimizer.finalize_variable_values(spread.trainable_variables)  # the averaged weights
    network.quantiles.get_layer("dropout").rate = 0.0  # the skip learns beside what will be served
    for name in ("daily", "weekly", "spread_of_memory", "spread_of_static"):
        network.quantiles.get_layer(name).trainable = False


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
