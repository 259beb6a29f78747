"""The network: two LSTMs that correct a strong volatility rule, with a linear skip beside them.

    daily (b, 42, 10) -> LSTM(16) --+
    weekly (b, 52, 4) -> LSTM(12) --+-> spread: log realised volatility over EWMA, per horizon --+
    static (b, 71) -----------------+                                                            |
           +-> linear skip -> per horizon: median shift, log scale, 6 increments <--- log scale -+
                              applied to the train-set quantiles -> (b, heads, levels)
    calendar -> reports (b, 13), added to the spread and to the skip's numbers by layers without a constant

With all output weights at zero it is exactly the EWMA baseline; training can only move away from that where it pays.
The LSTMs learn from what the price did on every day of the horizon, which says far more about its volatility than where
it ended; the skip then learns from the quantiles alone. Last come the reports, while all else stands still: where none
are known they are 0, and the answer is what it was without them. See `train.py` for the three steps.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from bellwether.core.types import AHEAD, HEADS, MARKET_SERIES, STATE_SERIES, Floats
from training.features import (
    DAILY_INPUTS,
    DAILY_STEPS,
    ECHO,
    MARKET_LEVEL,
    STATIC,
    WEEKLY_INPUTS,
    WEEKLY_STEPS,
    Features,
)
from training.graph import Tensor
from training.layers import MEDIAN, STEPS, Standardise, offsets, walks
from training.panel import CONTEXT_LENGTH
from training.reports import Reports

DAILY_UNITS, WEEKLY_UNITS = 16, 12  # larger ones fit the dates they saw and lose on the others
DROPOUT = 0.3  # on what the LSTMs remember, while they learn
SPREAD_PENALTY = 1e-4  # L2 on the linear part of the spread; there is far less noise in what it learns from
SKIP_PENALTY = 1e-3  # L2 on the skip; on validation 1e-2 costs .2 points of skill, 1e-4 costs .03
MEDIAN_PENALTY = 30  # times that on the median: direction is hardly there to be learned
MARKET_PENALTY = 10  # times that on inputs that are equal for all symbols on a date
REPORTS_SPREAD_PENALTY = 1e-4  # L2 on what reports add to the spread
REPORTS_SKIP_PENALTY = 1e-3  # and to the skip's numbers; times MEDIAN_PENALTY on the median
PARTS = 2 + STEPS  # numbers per horizon: shift, log scale, increments


class RangeHead(keras.layers.Layer):
    """Turns a few numbers per horizon into quantiles that cannot cross."""

    def __init__(self, standardised: Floats, **settings: Any) -> None:
        """`standardised` is (heads, levels): the train-set quantiles in EWMA standard deviations."""
        super().__init__(**settings)
        self.median = np.asarray(standardised, np.float32)[:, MEDIAN : MEDIAN + 1]  # (heads, 1)
        self.walks = walks(standardised)
        self.root_horizon = np.sqrt(np.array(HEADS, np.float32))[:, None]

    def call(self, numbers: Tensor, spread: Tensor, volatility: Tensor) -> Tensor:
        """(b, heads * PARTS), (b, heads), (b, 1) -> (b, heads, levels) cumulative log returns."""
        numbers = ops.reshape(numbers, (-1, len(HEADS), PARTS))
        shift = ops.tanh(numbers[:, :, 0:1])  # at most one standard deviation either way
        log_scale = numbers[:, :, 1:2] + ops.expand_dims(spread, 2)
        scale = ops.exp(2 * ops.tanh(log_scale / 2))  # at most e^2 = 7.4 times
        distance = offsets(numbers[:, :, 2:], self.walks)
        return (self.median + shift + distance * scale) * self.root_horizon * ops.expand_dims(volatility, 2)


class SkipPenalty(keras.regularizers.Regularizer):
    """L2 on weights (len(STATIC), outputs), heavier where there is less to learn from."""

    def __init__(self, strength: float, outputs: Floats) -> None:
        """`outputs` holds a factor per output; inputs that are equal for all symbols have one of their own."""
        inputs = np.array([MARKET_PENALTY if name in MARKET_LEVEL else 1 for name in STATIC])
        self.factors = (strength * inputs[:, None] * outputs[None, :]).astype(np.float32)

    def __call__(self, weights: Tensor) -> Tensor:
        """The penalty, a scalar."""
        return ops.sum(self.factors * ops.square(weights))


class ReportsPenalty(keras.regularizers.Regularizer):
    """L2 on weights (REPORTS, outputs), heavier on the medians."""

    def __init__(self, strength: float) -> None:
        self.factors = (strength * np.array(([MEDIAN_PENALTY] + [1] * (PARTS - 1)) * len(HEADS))).astype(np.float32)

    def __call__(self, weights: Tensor) -> Tensor:
        """The penalty, a scalar."""
        return ops.sum(self.factors * ops.square(weights))


@dataclass(frozen=True)
class Network:
    """Views of one graph, with the same weights."""

    quantiles: keras.Model  #: bars, market, calendar -> (b, heads, levels), what is exported
    spread: keras.Model  #: bars, market -> (b, heads), log realised volatility over EWMA, less its mean
    without_reports: keras.Model  #: bars, market -> (b, heads, levels)
    parts: keras.Model  #: bars, market, calendar -> reports (b, REPORTS), the skip's numbers, spread, volatility


def build_network(standardised: Floats) -> Network:
    """The graph from raw bars to quantiles; weights are random, or at the baseline where it matters."""
    bars = keras.Input((CONTEXT_LENGTH, 5), name="bars")
    market = keras.Input((CONTEXT_LENGTH, len(MARKET_SERIES) + len(STATE_SERIES)), name="market")
    calendar = keras.Input((CONTEXT_LENGTH + AHEAD,), name="calendar")
    daily, weekly, static, volatility, z = Features(name="features")(bars, market)
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
    memory = keras.layers.Dropout(DROPOUT, name="dropout")(memory)
    scaled = Standardise(name="scaling")(static)
    even = SkipPenalty(SPREAD_PENALTY, np.ones(len(HEADS)))
    from_memory = keras.layers.Dense(len(HEADS), kernel_initializer="zeros", name="spread_of_memory")(memory)
    from_static = keras.layers.Dense(
        len(HEADS), use_bias=False, kernel_initializer="zeros", kernel_regularizer=even, name="spread_of_static"
    )(scaled)
    spread = keras.layers.Add()([from_memory, from_static])  # (b, heads)

    per_output = SkipPenalty(SKIP_PENALTY, np.array(([MEDIAN_PENALTY] + [1] * (PARTS - 1)) * len(HEADS)))
    outputs = len(HEADS) * PARTS
    skip = keras.layers.Dense(outputs, kernel_initializer="zeros", kernel_regularizer=per_output, name="skip")(scaled)
    head = RangeHead(standardised, name="quantiles")
    reports = Reports(name="reports")(calendar, z, scaled[:, -len(ECHO) :])
    even, per_output = keras.regularizers.L2(REPORTS_SPREAD_PENALTY), ReportsPenalty(REPORTS_SKIP_PENALTY)
    more_spread = keras.layers.Dense(
        len(HEADS), use_bias=False, kernel_initializer="zeros", kernel_regularizer=even, name="spread_of_reports"
    )(reports)
    more = keras.layers.Dense(
        outputs, use_bias=False, kernel_initializer="zeros", kernel_regularizer=per_output, name="skip_of_reports"
    )(reports)
    quantiles = head(keras.layers.Add()([skip, more]), keras.layers.Add()([spread, more_spread]), volatility)
    return Network(
        quantiles=keras.Model([bars, market, calendar], quantiles),
        spread=keras.Model([bars, market], spread),
        without_reports=keras.Model([bars, market], head(skip, spread, volatility)),
        parts=keras.Model([bars, market, calendar], [reports, skip, spread, volatility]),
    )


def build_model(standardised: Floats) -> keras.Model:
    """The graph that is exported."""
    return build_network(standardised).quantiles


def squared_error(truth: Tensor, spread: Tensor) -> Tensor:
    """Mean squared error where the outcome is known: (b, heads, 2) of (spread, 1 or 0), (b, heads) -> (b,)."""
    return ops.mean(ops.square(truth[:, :, 0] - spread) * truth[:, :, 1], axis=1)
