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

BLOCK = 24  # sessions; 21 blocks make a window


def above_zero(x: Tensor) -> Tensor:
    """1 where x > 0, else 0."""
    return ops.cast(x > 0, "float32")


def positive(x: Tensor) -> Tensor:
    """A price or volume that a logarithm can take; what was not one is masked elsewhere."""
    return ops.clip(x, 1e-8, 1e15)


def log_ratio(a: Tensor, b: Tensor, limit: float) -> Tensor:
    """ln(a / b) for positive a and b, kept within +-limit."""
    return ops.clip(ops.log(a / b), -limit, limit)


def root(x: Tensor) -> Tensor:
    """Square root that rounding below zero cannot break."""
    return ops.sqrt(ops.maximum(x, 0.0))


def yesterday(x: Tensor) -> Tensor:
    """x[t - 1], the first value repeated: (..., T) -> the same shape."""
    return ops.concatenate([x[..., :1], x[..., :-1]], axis=-1)


def decayed_sum(x: Tensor, decay: float) -> Tensor:
    """Sum over k of decay^k x[t - k] at every t: (b, c, T) -> (b, c, T).

    Within blocks of 24 sessions by one small matrix, between blocks by another: a loop over 504 sessions would be slow,
    and one matrix for all of them would weigh 1 MB in the file.
    """
    channels, blocks = x.shape[1], CONTEXT_LENGTH // BLOCK
    within = _powers(decay, BLOCK, first=0)  # (24, 24): [i, j] = decay^(j - i) where i <= j
    between = _powers(decay**BLOCK, blocks, first=1)  # (21, 21): what earlier blocks hand on
    fading = decay ** np.arange(1, BLOCK + 1, dtype=np.float32)  # (24,)
    local = ops.matmul(ops.reshape(x, (-1, channels, blocks, BLOCK)), within)
    carried = ops.matmul(local[..., -1], between)  # (b, c, 21)
    return ops.reshape(local + ops.expand_dims(carried, -1) * fading, (-1, channels, CONTEXT_LENGTH))


def _powers(decay: float, size: int, first: int) -> Matrix:
    """[i, j] = decay^(j - i - first) where j - i >= first, else 0; float32 (size, size)."""
    steps = np.arange(size)[None, :] - np.arange(size)[:, None] - first
    return np.where(steps >= 0, decay ** np.maximum(steps, 0), 0).astype(np.float32)


def last_sessions(windows: Sequence[int]) -> Matrix:
    """(T, len(windows)): x @ this sums the last n sessions of x for each n."""
    age = np.arange(CONTEXT_LENGTH)[::-1, None]
    return (age < np.array(windows)).astype(np.float32)
