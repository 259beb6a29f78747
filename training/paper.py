"""A small LSTM on the papers' direction benchmarks, several seeds, beside what the papers report.

instances -> scaling -> one LSTM per seed, stopped on validation -> accuracy and MCC on test -> docs/paper-table.md

Reads top to bottom. `fit` is never given the test part; it is scored after the last seed of a set has been trained.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from bellwether.track_record.scores.block_bootstrap import mean_interval
from training.paper_data import BENCHMARKS, Benchmark, Instances, Parts, load
from training.paper_page import page

ONE_DAY = 1  # intervals draw whole days again, not rows: what moves one share moves others


@dataclass(frozen=True, slots=True)
class PaperRecipe:
    """The settings, the same for both sets.

    Nine were tried (the ninth on ACL18 only); these have the best validation accuracy on average of both sets and of
    seeds 101 to 103, which are not reported: 51.4 %, the others 48.9 to 51.3 %. Differences so small are mostly luck.
    """

    seq: int = 10  # sessions in a window; 5 was no better on average
    units: int = 32
    dropout: float = 0.5
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    batch: int = 1024  # the papers'
    epochs: int = 60  # at most
    patience: int = 10  # epochs without a better validation accuracy
    clip: float = 4.0  # standard deviations: a split that was not adjusted for must not shout


def paper(folder: Path, benchmarks: Sequence[str], seeds: int, out: Path) -> None:
    """Train and score `seeds` models per benchmark and write the page `out`."""
    recipe = PaperRecipe()
    results = [
        score(load(folder, BENCHMARKS[name], recipe.seq), BENCHMARKS[name], recipe, seeds) for name in benchmarks
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page(results, asdict(recipe)), encoding="utf-8")
    print(f"wrote {out}")


def score(parts: Parts, benchmark: Benchmark, recipe: PaperRecipe, seeds: int) -> dict[str, Any]:
    """All that the page tells about one benchmark."""
    started = time.perf_counter()
    sizes = {name: len(part) for name, part in (("train", parts.train), ("validation", parts.validation))}
    print(f"{benchmark.name}: {sizes['train']:,} instances to train on, {sizes['validation']:,} to stop on")
    models, runs = [], []
    for seed in tqdm(range(1, seeds + 1), unit="seed"):
        model, epoch = fit(parts.train, parts.validation, recipe, seed)
        models.append(model)
        guess = rises(model, parts.validation)
        runs.append({"seed": seed, "epoch": epoch, "validation": accuracy(guess, parts.validation.up)})
        tqdm.write(f"seed {seed}: epoch {epoch}, validation accuracy {runs[-1]['validation']:.2%}")
    guesses = np.stack([rises(model, parts.test) for model in models])  # (seeds, n): the test part is opened here
    right = (guesses == parts.test.up).mean(axis=0)  # (n,), the share of seeds
    for run, guess in zip(runs, guesses, strict=True):
        run |= {"accuracy": accuracy(guess, parts.test.up), "mcc": mcc(guess, parts.test.up), "rises": guess.mean()}
    return {
        "benchmark": benchmark,
        "sizes": sizes | {"test": len(parts.test)},
        "share_up": {name: getattr(parts, name).up.mean() for name in ("train", "validation", "test")},
        "days": {name: len(np.unique(getattr(parts, name).day)) for name in ("train", "validation", "test")},
        "runs": runs,
        "interval": mean_interval(right, parts.test.day, ONE_DAY),
        "over_up_interval": mean_interval(right - parts.test.up, parts.test.day, ONE_DAY),
        "weights": models[0].count_params(),
        "seconds": time.perf_counter() - started,
    }


def fit(train: Instances, validation: Instances, recipe: PaperRecipe, seed: int) -> tuple[keras.Model, int]:
    """A model with the weights of the epoch that was best on validation, and that epoch's number."""
    keras.utils.set_random_seed(seed)
    model = build_model(train.windows, recipe)
    model.compile(
        keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)],
        jit_compile=False,
    )
    stop = keras.callbacks.EarlyStopping(
        "val_accuracy", mode="max", patience=recipe.patience, restore_best_weights=True
    )
    model.fit(
        train.windows,
        train.up.astype(np.float32)[:, None],
        batch_size=recipe.batch,
        epochs=recipe.epochs,
        validation_data=(validation.windows, validation.up.astype(np.float32)[:, None]),
        validation_batch_size=len(validation),
        callbacks=[stop],
        verbose=0,
    )
    return model, stop.best_epoch + 1


def build_model(windows: npt.NDArray[np.float32], recipe: PaperRecipe) -> keras.Model:
    """(b, seq, 11) -> (b, 1): above 0 says up. Scaled by mean and deviation of these training windows (n, seq, 11)."""
    mean, deviation = windows.mean(axis=(0, 1), dtype=np.float64), windows.std(axis=(0, 1), dtype=np.float64)
    inputs = keras.Input(windows.shape[1:])
    scaled = keras.layers.Normalization(mean=mean, variance=deviation**2)(inputs)
    steps = keras.ops.clip(scaled, -recipe.clip, recipe.clip)
    memory = keras.layers.LSTM(recipe.units)(steps)  # (b, units)
    memory = keras.layers.Dropout(recipe.dropout)(memory)
    return keras.Model(inputs, keras.layers.Dense(1)(memory))


def rises(model: keras.Model, part: Instances) -> npt.NDArray[np.bool_]:
    """Where the model says up, (n,)."""
    return keras.ops.convert_to_numpy(model(part.windows, training=False))[:, 0] > 0


def accuracy(guess: npt.NDArray[np.bool_], up: npt.NDArray[np.bool_]) -> float:
    """Share of right directions; both (n,)."""
    return float(np.mean(guess == up))


def mcc(guess: npt.NDArray[np.bool_], up: npt.NDArray[np.bool_]) -> float:
    """Matthews' correlation of two (n,): 1 always right, 0 chance, and 0 too when either never changes."""
    spread = float(guess.std() * up.std())
    return float(np.mean(guess * up) - guess.mean() * up.mean()) / spread if spread > 0 else 0.0
