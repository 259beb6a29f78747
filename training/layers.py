"""What both networks are built of: scaled inputs, quantiles that cannot cross, and the loss of quantiles."""

import math

import keras
import numpy as np
from keras import ops

from bellwether.core.types import LEVELS, Q50, Floats
from training.graph import Matrix, Tensor

MEDIAN = Q50
STEPS = len(LEVELS) - 1  #: from level to level
SOFTPLUS_ONE = math.log(math.e - 1)  # softplus of this is 1


class Standardise(keras.layers.Layer):
    """(x - mean) / deviation of the training windows, kept within +-5: what was never met must not run away."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Both are weights, so that they are saved with the rest; `set_scaling` sets them."""
        self.mean = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False, name="mean")
        self.deviation = self.add_weight(shape=(shape[-1],), initializer="ones", trainable=False, name="deviation")

    def call(self, x: Tensor) -> Tensor:
        """(b, k) -> (b, k)."""
        return ops.clip((x - self.mean) / self.deviation, -5.0, 5.0)


def set_scaling(model: keras.Model, static: Matrix) -> None:
    """Set the layer `scaling` to the mean and deviation of static features (n, k) of training windows."""
    assert np.isfinite(static).all()
    deviation = np.maximum(static.std(axis=0), 0.05)  # a feature that hardly moves stays small
    model.get_layer("scaling").set_weights([static.mean(axis=0), deviation])


def walks(standardised: Floats) -> Matrix:
    """How each level is reached from the median by steps of one sign: (heads, levels) -> (heads, STEPS, levels)."""
    steps = np.diff(np.asarray(standardised, np.float32), axis=1)  # (heads, STEPS), all above 0
    level, step = np.arange(len(LEVELS))[None, :], np.arange(STEPS)[:, None]
    below, above = (step >= level) & (step < MEDIAN), (step < level) & (step >= MEDIAN)
    walk: Matrix = steps[:, :, None] * (above.astype(np.float32) - below.astype(np.float32))
    return walk


def offsets(numbers: Tensor, walks: Matrix) -> Tensor:
    """Each level's distance from the median: how far steps are stretched, (b, heads, STEPS) -> (b, heads, levels)."""
    # softplus of numbers up to 3.5, which needs no guard; 1 at 0, never below 0
    stretch = ops.log(1 + ops.exp(3 * ops.tanh(numbers / 3) + SOFTPLUS_ONE))
    # (heads, b, STEPS) @ (heads, STEPS, levels): one product per horizon
    return ops.transpose(ops.matmul(ops.transpose(stretch, (1, 0, 2)), walks), (1, 0, 2))


def pinball(truth: Tensor, quantiles: Tensor) -> Tensor:
    """Mean weighted pinball loss: (b, heads, 2) of (outcome, weight), (b, heads, levels) -> (b,).

    The weight is 0 where the outcome is not known.
    """
    alpha = np.array(LEVELS, np.float32)
    error = truth[:, :, 0:1] - quantiles
    loss = ops.mean(ops.maximum(alpha * error, (alpha - 1) * error), axis=2) * truth[:, :, 1]
    return ops.mean(loss, axis=1)
