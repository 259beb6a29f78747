"""What a company's announcements of results say of the days ahead, inside the graph.

    calendar (b, T + AHEAD), z (b, T), echo (b, 8) -> (b, REPORTS)

A report brings a jump. Its usual size J, in variances of a usual day, and the share p of it that comes a session later
(after an evening's report) are those of the company's own past reports, drawn towards what is usual. The variance over
h sessions then is h + n_h J for n_h expected jumps. What enters is how far that lies above the average over a quarter,
because the plain volatility has every fourth jump in it already.
"""

import keras
import numpy as np
from keras import ops

from bellwether.core.types import AHEAD, HEADS
from training.features import ECHO
from training.graph import Matrix, Tensor, above_zero
from training.panel import CONTEXT_LENGTH

REPORTS = len(HEADS) + len(ECHO)
SCALE = np.array([0.12, 0.25, 0.25, 0.25, 0.2], np.float32)  # about one standard deviation of each
USUAL_JUMP, JUMP_WEIGHT = 6.0, 4.0  # variances, and for how many reports that stands
LARGEST_JUMP = 60.0
LATER_WEIGHT = 2.0  # for how much that the half of a jump comes a session later stands
LARGEST_SQUARE = 25.0
QUARTER = 96  # sessions within which a company must have reported


class Reports(keras.layers.Layer):
    """The above as a layer without weights; 0 throughout where the days of reports are not known."""

    def call(self, calendar: Tensor, z: Tensor, echo: Tensor) -> Tensor:
        """(b, T + AHEAD), (b, T) standardised returns, (b, len(ECHO)) scaled -> (b, REPORTS)."""
        calendar = ops.clip(calendar, 0.0, 1.0)
        marks, ahead = calendar[:, :CONTEXT_LENGTH], calendar[:, CONTEXT_LENGTH:]
        count = ops.sum(marks, axis=1, keepdims=True)  # (b, 1)
        recent = ops.sum(marks[:, -QUARTER:], axis=1, keepdims=True)
        has = above_zero(recent) * above_zero(count - 1.5) * above_zero(ops.sum(ahead, axis=1, keepdims=True))

        square = z * z
        later = ops.pad(square[:, 1:], [[0, 0], [0, 1]])
        reactions = _sum(marks * ops.clip(square + later, 1.0, 1.0 + LARGEST_JUMP)) - count
        jump = (USUAL_JUMP * JUMP_WEIGHT + reactions) / (JUMP_WEIGHT + count)
        first, second = (_sum(marks * ops.minimum(day, LARGEST_SQUARE)) for day in (square, later))
        share = (LATER_WEIGHT / 2 + second) / (LATER_WEIGHT + first + second)

        same = ops.matmul(ahead, up_to(0))  # (b, heads): reports within the horizon
        before = ops.matmul(ahead, up_to(1)) + marks[:, -1:]  # those whose next session lies within it, too
        expected = (1.0 - share) * same + share * before
        sessions = np.array(HEADS, np.float32)
        above = ops.log(1.0 + expected * jump / sessions) / 2
        usual = np.minimum(sessions / AHEAD, 1.0) * ops.log(1.0 + jump / sessions) / 2
        return ops.concatenate([has * (above - usual) / SCALE, has * echo], axis=1)


def up_to(less: int) -> Matrix:
    """(AHEAD, heads): x @ this sums the sessions ahead up to each horizon less so many."""
    ahead = np.arange(1, AHEAD + 1)[:, None]
    return (ahead <= np.array(HEADS) - less).astype(np.float32)


def _sum(x: Tensor) -> Tensor:
    return ops.sum(x, axis=1, keepdims=True)
