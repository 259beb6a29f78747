"""Small steps of arithmetic that stay finite whatever comes in; the feature code is made of these.

Time is the last axis, T = CONTEXT_LENGTH sessions, oldest first. Keras symbolic or eager tensors alike.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from training.panel import CONTEXT_LENGTH

Tensor = Any
Matrix = npt.NDArray[np.float32]

FLOOR = np.float32(1e-8)  # stands for a price that is not known
BLOCK = 24  # sessions; 21 blocks make a window


def above_zero(x: Tensor) -> Tensor:
    """1 where x > 0, else 0."""
    return ops.cast(x > 0, "float32")


def positive(x: Tensor) -> Tensor:
    """A price that a logarithm can take; what was not one becomes FLOOR and is masked elsewhere."""
    return ops.clip(x, FLOOR, 1e15)


def known(price: Tensor) -> Tensor:
    """1 where a price out of `positive` was one, else 0."""
    return ops.cast(price > FLOOR, "float32")


def both_known(price: Tensor, other: Tensor) -> Tensor:
    """1 where both were prices, else 0."""
    return known(ops.minimum(price, other))


def log_ratio(a: Tensor, b: Tensor, limit: float) -> Tensor:
    """ln(a / b) for positive a and b, kept within +-limit."""
    return ops.clip(ops.log(a / b), -limit, limit)


def root(x: Tensor) -> Tensor:
    """Square root that rounding below zero cannot break."""
    return ops.sqrt(ops.maximum(x, 0.0))


def yesterday(price: Tensor) -> Tensor:
    """x[t - 1], not known at first: (b, T) -> (b, T)."""
    return ops.pad(price[:, :-1], [[0, 0], [1, 0]], constant_values=FLOOR)


def decayed_sum(x: Tensor, decay: float, first: int = 0, more: float = 0.0) -> Tensor:
    """Sum over k >= first of decay^(k - first) x[t - k] at every t: (b, T) -> (b, T). With first=1: up to yesterday.

    `more` is added to each: within a matrix product that costs nothing.

    Within blocks of 24 sessions by one small matrix, from earlier blocks by another: a loop over 504 sessions would be
    slow, and one matrix for all of them would weigh 1 MB in the file and as much time.
    """
    blocks = CONTEXT_LENGTH // BLOCK
    steps = np.arange(BLOCK)
    within = powers(decay, steps[None, :] - steps[:, None] - first)  # (24, 24): [i, j] = decay^(j - i - first)
    ends = BLOCK * (np.arange(blocks) + 1) - 1  # the last session of each block
    after = powers(decay, np.arange(CONTEXT_LENGTH)[None, :] - ends[:, None] - first)  # (21, 504)
    after *= np.arange(CONTEXT_LENGTH)[None, :] > ends[:, None]
    pieces = ops.reshape(x, (-1, blocks, BLOCK))
    whole = ops.reshape(ops.matmul(pieces, powers(decay, steps[::-1, None])), (-1, blocks))  # (b, 21)
    earlier = ops.matmul(whole, after)
    if more:
        earlier = earlier + np.full(CONTEXT_LENGTH, more, np.float32)
    return ops.reshape(ops.matmul(pieces, within), (-1, CONTEXT_LENGTH)) + earlier


def powers(decay: float, steps: Any) -> Matrix:
    """decay^steps, 0 where steps < 0; float32."""
    return np.where(steps >= 0, decay ** np.maximum(steps, 0), 0).astype(np.float32)


def last_sessions(windows: Sequence[int], length: int) -> Matrix:
    """(length, len(windows)): x @ this sums the last n sessions of x for each n."""
    age = np.arange(length)[::-1, None]
    return (age < np.array(windows)).astype(np.float32)
