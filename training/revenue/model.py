"""The network: small mixed layers and linear models of the company's own growth; the range scales with usual changes.

    static - scaled -+-> mixed (96) -> per horizon: median shift, log scale ------+
                     +-> linear skip -> per horizon: the same, and 6 increments --+-> quantiles of a member
    four members, each with weights of its own -> their mean at each level

Two LSTMs may read recent quarters (b, 12, 7) and years (b, 9, 6) for them all. They are left out of what is shipped: on
the validation span they made it no better (docs/what-was-tried.md), and what the static inputs tell is all there is.
The quantiles are those of the training outcomes in usual changes, shifted, scaled and stretched: they cannot cross.
With all output weights at zero the network says what companies with such changes have done on average; the skip alone
is a linear quantile regression; the mixed layer begins with no say.
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
MEMBERS = 4  # networks whose answers are averaged
DROPOUT = 0.5  # on the mix, and on what LSTMs remember, while they learn
SKIP_PENALTY = 1e-4  # L2 on the skip; ten times more and ten times less are no better on validation
CORRECTIONS = 2  # numbers per horizon that the mixed layer has a say in: shift, log scale
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


def build_model(standardised: Floats, recurrent: bool = False) -> keras.Model:
    """The graph from raw quarters to quantiles; `recurrent` adds LSTMs to see what they are worth."""
    quarters = keras.Input((CONTEXT_LENGTH, 2), name="quarters")
    recent, years, static, usual = RevenueFeatures(name="features")(quarters)
    assert recent.shape[1:] == (RECENT_STEPS, RECENT_INPUTS) and years.shape[1:] == (YEARS, YEAR_INPUTS)
    scaled = Standardise(name="scaling")(static)
    memory = [keras.layers.LSTM(RECENT_UNITS)(recent), keras.layers.LSTM(YEAR_UNITS)(years)] if recurrent else []
    answers = [_member(number, scaled, memory, usual, standardised) for number in range(MEMBERS)]
    told = keras.layers.Concatenate(axis=1, name="members")(answers)  # (b, MEMBERS * horizons, levels)
    return keras.Model(quarters, Mean(name="quantiles")(told))


def _member(number: int, scaled: Tensor, memory: list[Tensor], usual: Tensor, standardised: Floats) -> Tensor:
    """One of the small networks: a mixed layer over what it reads, beside a linear skip."""
    read = scaled
    if memory:
        remembered = keras.layers.Concatenate(name=f"memory_{number}")(memory)
        dropped = keras.layers.Dropout(DROPOUT, name=f"dropout_of_memory_{number}")(remembered)
        read = keras.layers.Concatenate(name=f"read_{number}")([dropped, scaled])
    mixed = keras.layers.Dense(MIXED_UNITS, activation=gelu, name=f"mixed_{number}")(read)
    mixed = keras.layers.Dropout(DROPOUT, name=f"dropout_{number}")(mixed)
    count = len(HORIZONS)
    zeros = {"kernel_initializer": "zeros"}
    corrections = keras.layers.Dense(count * CORRECTIONS, name=f"corrections_{number}", **zeros)(mixed)
    penalty = keras.regularizers.L2(SKIP_PENALTY)
    skip = keras.layers.Dense(count * PARTS, kernel_regularizer=penalty, name=f"skip_{number}", **zeros)(scaled)
    numbers = keras.layers.Reshape((count, PARTS))(skip)
    shifts = keras.layers.Reshape((count, CORRECTIONS))(corrections)
    return GrowthHead(standardised, name=f"quantiles_{number}")(numbers, shifts, usual)


class Mean(keras.layers.Layer):
    """The mean of what all members say at each level, which cannot cross where none of theirs do."""

    def call(self, told: Tensor) -> Tensor:
        """(b, MEMBERS * horizons, levels) -> (b, horizons, levels)."""
        return ops.mean(ops.reshape(told, (-1, MEMBERS, len(HORIZONS), told.shape[2])), axis=1)


def members_of(model: keras.Model) -> keras.Model:
    """The same network, each member's own quantiles one after the other: what is trained, each on its own loss."""
    return keras.Model(model.input, model.get_layer("members").output)
