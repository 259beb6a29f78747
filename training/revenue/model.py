"""The network: two LSTMs and a linear model of the company's own growth, whose range scales with its usual changes.

    recent (b, 12, 7) -> LSTM(32) --+
    years (b, 9, 6)   -> LSTM(16) --+-> mixed (96) -> per horizon: median shift, log scale --+
    static ----------- scaled ------+                                                        |
                          +-> linear skip -> per horizon: the same, and 6 increments --------+-> quantiles

The quantiles are those of the training outcomes in usual changes, shifted, scaled and stretched: they cannot cross.
With all output weights at zero the network says what companies with such changes have done on average; the skip alone
is a linear quantile regression; the LSTMs begin with no say.
"""

from typing import Any

import keras
from keras import ops

from bellwether.core.types import Floats
from bellwether.models.quarters import CONTEXT_LENGTH, HORIZONS
from training.graph import Tensor
from training.layers import STEPS, Standardise, offsets, walks
from training.revenue.features import RECENT_INPUTS, RECENT_STEPS, YEAR_INPUTS, YEARS, RevenueFeatures

RECENT_UNITS, YEAR_UNITS, MIXED_UNITS = 32, 16, 96
DROPOUT = 0.5  # on what the LSTMs remember and on the mix, while they learn
SKIP_PENALTY = 1e-4  # L2 on the skip; ten times more and ten times less are no better on validation
CORRECTIONS = 2  # numbers per horizon that the LSTMs have a say in: shift, log scale
PARTS = CORRECTIONS + STEPS  # numbers per horizon: those, and the increments


class GrowthHead(keras.layers.Layer):
    """Turns a few numbers per horizon into quantiles that cannot cross."""

    def __init__(self, standardised: Floats, **settings: Any) -> None:
        """`standardised` is (horizons, levels): train-set quantiles around their median, in usual changes."""
        super().__init__(**settings)
        self.walks = walks(standardised)

    def call(self, numbers: Tensor, corrections: Tensor, usual: Tensor) -> Tensor:
        """(b, horizons, PARTS), (b, horizons, CORRECTIONS), (b, 1) -> (b, horizons, levels) log growth over a year."""
        shift = numbers[:, :, 0:1] + corrections[:, :, 0:1]
        log_scale = numbers[:, :, 1:2] + corrections[:, :, 1:2]
        scale = ops.exp(2 * ops.tanh(log_scale / 2)) * ops.expand_dims(usual, 2)  # at most e^2 = 7.4 times
        distance = offsets(numbers[:, :, CORRECTIONS:], self.walks)
        return 2 * ops.tanh(shift / 2) + distance * scale  # the middle within +-2: sevenfold


def gelu(x: Tensor) -> Tensor:
    """The Gaussian error linear unit by its tanh approximation: ONNX has no erfc for the exact one."""
    return keras.activations.gelu(x, approximate=True)


def build_model(standardised: Floats, recurrent: bool = True) -> keras.Model:
    """The graph from raw quarters to quantiles, the LSTMs without a say yet, or left out to see what they are worth."""
    quarters = keras.Input((CONTEXT_LENGTH, 2), name="quarters")
    recent, years, static, usual = RevenueFeatures(name="features")(quarters)
    assert recent.shape[1:] == (RECENT_STEPS, RECENT_INPUTS) and years.shape[1:] == (YEARS, YEAR_INPUTS)
    scaled = Standardise(name="scaling")(static)
    read = scaled
    if recurrent:
        memory = keras.layers.Concatenate()(
            [
                keras.layers.LSTM(RECENT_UNITS, name="recent")(recent),  # (b, 32)
                keras.layers.LSTM(YEAR_UNITS, name="years")(years),  # (b, 16)
            ]
        )
        read = keras.layers.Concatenate()([keras.layers.Dropout(DROPOUT, name="dropout")(memory), scaled])
    mixed = keras.layers.Dense(MIXED_UNITS, activation=gelu, name="mixed")(read)
    mixed = keras.layers.Dropout(DROPOUT, name="dropout_of_mixed")(mixed)
    count = len(HORIZONS)
    corrections = keras.layers.Dense(count * CORRECTIONS, kernel_initializer="zeros", name="corrections")(mixed)
    penalty = keras.regularizers.L2(SKIP_PENALTY)
    skip = keras.layers.Dense(count * PARTS, kernel_initializer="zeros", kernel_regularizer=penalty, name="skip")(
        scaled
    )
    quantiles = GrowthHead(standardised, name="quantiles")(
        keras.layers.Reshape((count, PARTS))(skip), keras.layers.Reshape((count, CORRECTIONS))(corrections), usual
    )
    return keras.Model(quarters, quantiles)
