"""The network: two LSTMs that correct a strong volatility rule, with a linear skip beside them.

    daily (b, 42, 8)  -> LSTM(16) --+
    weekly (b, 52, 4) -> LSTM(12) --+-> Dense --+-> per horizon: median shift, log scale, 6 increments
    static (b, 59)    -> linear skip -----------+        applied to the train-set quantiles -> (b, heads, levels)

With all output weights at zero it is exactly the EWMA baseline; training can only move away from that where it pays.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from bellwether.types import HEADS, LEVELS, MARKET_SERIES, Floats
from training.features import (
    DAILY_INPUTS,
    DAILY_STEPS,
    MARKET_LEVEL,
    STATIC,
    WEEKLY_INPUTS,
    WEEKLY_STEPS,
    Features,
)
from training.graph import Tensor
from training.panel import CONTEXT_LENGTH

DAILY_UNITS, WEEKLY_UNITS = 16, 12  # larger ones fit the dates they saw and lose on the others
DROPOUT = 0.5  # .3 costs .02 points of skill on validation and overfits from the third epoch on
SKIP_PENALTY = 1e-3  # L2 on the skip; on validation 1e-2 costs .2 points of skill, 1e-4 costs .03
MEDIAN_PENALTY = 30  # times that on the median: direction is hardly there to be learned
MARKET_PENALTY = 10  # times that on inputs that are equal for all symbols on a date
MEDIAN = LEVELS.index(0.5)
PARTS = 2 + len(LEVELS) - 1  # numbers per horizon: shift, log scale, increments


class Standardise(keras.layers.Layer):
    """(x - mean) / deviation of the training windows, kept within +-5: what was never met must not run away."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Both are weights, so that they are saved with the rest; `train.fit_scaling` sets them."""
        self.mean = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False, name="mean")
        self.deviation = self.add_weight(shape=(shape[-1],), initializer="ones", trainable=False, name="deviation")

    def call(self, x: Tensor) -> Tensor:
        """(b, k) -> (b, k)."""
        return ops.clip((x - self.mean) / self.deviation, -5.0, 5.0)


class RangeHead(keras.layers.Layer):
    """Turns a few numbers per horizon into quantiles that cannot cross."""

    def __init__(self, standardised: Floats, **settings: Any) -> None:
        """`standardised` is (heads, levels): the train-set quantiles in EWMA standard deviations."""
        super().__init__(**settings)
        self.median = np.asarray(standardised, np.float32)[:, MEDIAN : MEDIAN + 1]  # (heads, 1)
        self.steps = np.diff(np.asarray(standardised, np.float32), axis=1)  # (heads, levels - 1), all above 0
        self.root_horizon = np.sqrt(np.array(HEADS, np.float32))[:, None]

    def call(self, numbers: Tensor, volatility: Tensor) -> Tensor:
        """(b, heads * PARTS), (b, 1) -> (b, heads, levels) cumulative log returns."""
        numbers = ops.reshape(numbers, (-1, len(HEADS), PARTS))
        shift = ops.tanh(numbers[:, :, 0:1])  # at most one standard deviation either way
        scale = ops.exp(2 * ops.tanh(numbers[:, :, 1:2] / 2))  # at most e^2 = 7.4 times
        stretch = ops.softplus(3 * ops.tanh(numbers[:, :, 2:] / 3) + SOFTPLUS_ONE)  # 1 at 0, never below 0
        steps = self.steps * stretch * scale  # (b, heads, levels - 1)
        # the outer levels are walked to from the median, so that each is a sum of steps of one sign
        below = [ops.sum(-steps[:, :, level:MEDIAN], axis=2) for level in range(MEDIAN)]
        above = [ops.sum(steps[:, :, MEDIAN:level], axis=2) for level in range(MEDIAN + 1, len(LEVELS))]
        offsets = ops.stack([*below, ops.zeros_like(above[0]), *above], axis=2)
        return (self.median + shift + offsets) * self.root_horizon * ops.expand_dims(volatility, 2)


SOFTPLUS_ONE = float(np.log(np.e - 1))  # softplus of this is 1


class SkipPenalty(keras.regularizers.Regularizer):
    """L2 on the skip's weights, heavier where there is less to learn from."""

    def __init__(self) -> None:
        """One factor per weight, (len(STATIC), heads * PARTS)."""
        inputs = np.array([MARKET_PENALTY if name in MARKET_LEVEL else 1 for name in STATIC])
        outputs = np.array(([MEDIAN_PENALTY] + [1] * (PARTS - 1)) * len(HEADS))
        self.factors = (SKIP_PENALTY * inputs[:, None] * outputs[None, :]).astype(np.float32)

    def __call__(self, weights: Tensor) -> Tensor:
        """The penalty, a scalar."""
        return ops.sum(self.factors * ops.square(weights))


def build_model(standardised: Floats) -> keras.Model:
    """The graph from raw bars to quantiles; weights are random, or at the baseline where it matters."""
    bars = keras.Input((CONTEXT_LENGTH, 5), name="bars")
    market = keras.Input((CONTEXT_LENGTH, len(MARKET_SERIES)), name="market")
    daily, weekly, static, volatility = Features(name="features")(bars, market)
    assert daily.shape[1:] == (DAILY_STEPS, DAILY_INPUTS) and weekly.shape[1:] == (
        WEEKLY_STEPS,
        WEEKLY_INPUTS,
    )
    memory = keras.layers.Concatenate()(
        [
            keras.layers.LSTM(DAILY_UNITS, name="daily")(daily),  # (b, 16)
            keras.layers.LSTM(WEEKLY_UNITS, name="weekly")(weekly),  # (b, 12)
        ]
    )
    memory = keras.layers.Dropout(DROPOUT)(memory)
    outputs = len(HEADS) * PARTS
    from_memory = keras.layers.Dense(outputs, kernel_initializer="zeros", name="from_memory")(memory)
    scaled = Standardise(name="scaling")(static)
    skip = keras.layers.Dense(
        outputs, use_bias=False, kernel_initializer="zeros", kernel_regularizer=SkipPenalty(), name="skip"
    )(scaled)
    numbers = keras.layers.Add()([from_memory, skip])
    quantiles = RangeHead(standardised, name="quantiles")(numbers, volatility)
    return keras.Model([bars, market], quantiles)


def scaled_pinball(truth: Tensor, quantiles: Tensor) -> Tensor:
    """Mean pinball loss in standard deviations: (b, heads, 2), (b, heads, levels) -> (b,).

    `truth` is (outcome, weight), with weight 0 where the outcome is not known; see windows.truth.
    """
    alpha = np.array(LEVELS, np.float32)
    error = truth[:, :, 0:1] - quantiles
    loss = ops.mean(ops.maximum(alpha * error, (alpha - 1) * error), axis=2) * truth[:, :, 1]
    return ops.mean(loss, axis=1)
