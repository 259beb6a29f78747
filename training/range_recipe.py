"""The settings of training on prices: what every step of it reads."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from training.fit import Recipe
from training.model import DROPOUT, MARKET_PENALTY, MEDIAN_PENALTY, SKIP_PENALTY, SPREAD_PENALTY
from training.prepare import STRIDE
from training.windows import Blanks


@dataclass(frozen=True, slots=True)
class RangeRecipe(Recipe):
    """The settings for prices, each with its reason."""

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
    reports_rows: int = 400_000  # cutoffs with known reports that the third step draws from
    reports_batches: int = 600  # x 2048, first on the spread, then on the quantiles
    reports_batch: int = 2048

    QUICK: ClassVar[dict[str, Any]] = {
        "epochs": 1,
        "batches_per_epoch": 8,
        "batch": 32,
        "validation_stride": 40,
        "spread_batches": 8,
        "spread_batch": 32,
        "reports_rows": 2_000,
        "reports_batches": 8,
        "reports_batch": 128,
    }
    FIXED: ClassVar[dict[str, Any]] = {
        "blanks": asdict(Blanks()),
        "dropout": DROPOUT,
        "skip_penalty": SKIP_PENALTY,
        "median_penalty": MEDIAN_PENALTY,
        "market_penalty": MARKET_PENALTY,
        "spread_penalty": SPREAD_PENALTY,
    }
