"""LightGBM with a quantile loss on the network's static inputs: one forest per horizon and level, sorted over levels.

Its tuning budget: random settings, TRIALS of them, each judged on the validation span at PROBES; the best one is then
fitted at every horizon and level, and stops growing where the validation loss does, as the network stops at its best
epoch. Ke et al. (2017), LightGBM; inputs and rows are those of the linear model.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from bellwether.core.types import LEVELS, Floats
from bellwether.forecasting.metrics import pinball_loss
from training.remember import as_bytes, as_text, remembered

TRIALS = 12  # settings tried, the first of them LightGBM's own but for the pace
PROBES = ((1, 0.05), (3, 0.9), (2, 0.5))  # place of the horizon, and level, at which settings are compared
MOST_TREES = 400
PATIENCE = 25  # trees without a better validation loss
BINS = 63


@dataclass(frozen=True, slots=True)
class Setting:
    """What is tuned; names as in LightGBM."""

    num_leaves: int = 31
    min_data_in_leaf: int = 20
    learning_rate: float = 0.1
    feature_fraction: float = 1.0
    lambda_l2: float = 0.0
    bagging_fraction: float = 1.0


def settings(trials: int = TRIALS) -> list[Setting]:
    """The settings that are tried, the same every time."""
    rng = np.random.default_rng(0)
    drawn = [
        Setting(
            num_leaves=int(rng.choice([4, 7, 15, 31])),
            min_data_in_leaf=int(rng.choice([100, 300, 1000, 3000])),
            learning_rate=float(rng.choice([0.05, 0.1])),
            feature_fraction=float(rng.choice([0.3, 0.6, 1.0])),
            lambda_l2=float(rng.choice([0.0, 10.0, 100.0])),
            bagging_fraction=float(rng.choice([0.3, 0.6, 1.0])),
        )
        for _ in range(trials - 1)
    ]
    return [Setting(), *drawn]


@dataclass(frozen=True, slots=True, eq=False)
class Forests:
    """Fitted forests as text, one per horizon and level."""

    texts: tuple[tuple[str, ...], ...]  #: (heads, levels)
    setting: dict[str, float]
    trees: int

    def __call__(self, x: Floats) -> Floats:
        """Standardised quantiles that do not cross: (b, k) -> (b, heads, levels)."""
        import lightgbm

        answers = [[lightgbm.Booster(model_str=text).predict(x, num_threads=1) for text in row] for row in self.texts]
        return np.sort(np.array(answers).transpose(2, 0, 1), axis=2)

    def how(self, trials: int = TRIALS) -> str:
        """How they were made, in a sentence."""
        chosen = ", ".join(f"{name} {value:g}" for name, value in self.setting.items())
        return (
            f"Quantile loss on the network's static inputs; {trials} settings tried on validation, early stopping "
            f"there; {self.trees:,} trees in {sum(map(len, self.texts))} forests; chosen: {chosen}."
        )


def remembered_fit(
    folder: Path | None,
    data: tuple[Floats, Floats, Floats, Floats],
    probes: Sequence[tuple[int, float]] = PROBES,
    trials: int = TRIALS,
) -> Forests:
    """`fit` on the four arrays of `data`, kept in `folder`."""

    def make() -> dict[str, Any]:
        return {"forests": as_bytes(pack(fit(*data, probes, trials)))}

    return unpack(as_text(remembered(folder, __file__, [probes, trials], data, make)["forests"]))


def fit(
    x: Floats,
    y: Floats,
    valid_x: Floats,
    valid_y: Floats,
    probes: Sequence[tuple[int, float]] = PROBES,
    trials: int = TRIALS,
) -> Forests:
    """Tune and fit on training rows x (b, k), y (b, heads), judged on validation rows; NaN in y is left out."""
    heads = y.shape[1]
    judged = []
    with tqdm(total=trials * len(probes) + heads * len(LEVELS), desc="LightGBM", unit="forest") as progress:
        data = [_datasets(x, y[:, head], valid_x, valid_y[:, head]) for head in range(heads)]
        for setting in settings(trials):
            losses = []
            for head, level in probes:
                forest = _grow(data[head], level, setting)
                losses.append(forest.best_score["valid"]["quantile"] / _plain(y[:, head], valid_y[:, head], level))
                progress.update()
            judged.append((float(np.mean(losses)), setting))
        best = min(judged, key=lambda pair: pair[0])[1]
        texts, trees = [], 0
        for head in range(heads):
            row = []
            for level in LEVELS:
                forest = _grow(data[head], level, best)
                row.append(forest.model_to_string(num_iteration=forest.best_iteration))
                trees += forest.best_iteration
                progress.update()
            texts.append(tuple(row))
    return Forests(tuple(texts), asdict(best), trees)


def pack(forests: Forests) -> str:
    """The forests as one text, for keeping."""
    return json.dumps([forests.texts, forests.setting, forests.trees])


def unpack(text: str) -> Forests:
    """The forests again."""
    texts, setting, trees = json.loads(text)
    return Forests(tuple(tuple(row) for row in texts), setting, trees)


def _datasets(x: Floats, y: Floats, valid_x: Floats, valid_y: Floats) -> tuple[Any, Any]:
    import lightgbm

    known, valid = np.isfinite(y), np.isfinite(valid_y)
    data = lightgbm.Dataset(x[known], y[known], params={"max_bin": BINS, "verbose": -1}, free_raw_data=False)
    return data, lightgbm.Dataset(valid_x[valid], valid_y[valid], reference=data, free_raw_data=False)


def _grow(data: tuple[Any, Any], level: float, setting: Setting) -> Any:
    """One forest, stopped at its best validation loss."""
    import lightgbm

    fixed = {"objective": "quantile", "metric": "quantile", "alpha": level, "max_bin": BINS, "bagging_freq": 1}
    quiet = {"verbose": -1, "num_threads": 1, "seed": 0, "deterministic": True, "force_row_wise": True}
    return lightgbm.train(
        fixed | quiet | asdict(setting) | {"feature_pre_filter": False},
        data[0],
        MOST_TREES,
        valid_sets=[data[1]],
        valid_names=["valid"],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )


def _plain(y: Floats, valid_y: Floats, level: float) -> float:
    """The validation loss of the training quantile, to put probes on one scale."""
    outcomes = valid_y[np.isfinite(valid_y)]
    return float(pinball_loss(outcomes, np.full((len(outcomes), 1), np.nanquantile(y, level)), [level]).mean())
