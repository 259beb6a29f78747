"""From raw quarters to what the network reads, inside the graph; every value stays finite whatever comes in.

    quarters (b, T, 2) -> recent (b, 12, 7), years (b, 9, 6), static (b, len(STATIC)), usual change (b, 1)

Growth is log growth over a year; a change is growth less that of the quarter before; a step is the log of one quarter's
revenue over that of the quarter before, and its season's usual step is the median of the same steps of earlier years.
The usual step into the quarter ahead, taken from today's revenue, already says much about its growth.
What is not known is 0 and masked.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from bellwether.models.quarters import A_YEAR, CONTEXT_LENGTH, NET_INCOME, REVENUE
from training.graph import Tensor, above_zero, root

RECENT_STEPS, RECENT_INPUTS = 12, 7
YEARS, YEAR_INPUTS = CONTEXT_LENGTH // A_YEAR - 1, 6
GROWTH_LIMIT = 1.5  # log growth: more than fourfold in a year is a merger or a mistake
CHANGE_LIMIT = 1.0
LEAST_CHANGE = 0.01  # a point a quarter: nobody's growth is steadier than that for long
PRIOR_CHANGE, PRIOR_WEIGHT = 0.08, 3.0  # what is assumed of a company before it has shown it, in quarters
LAGS = 8
SPANS = (4, 8, 16, CONTEXT_LENGTH - A_YEAR)  # quarters over which means are taken
SEASONS = (2, 3, 5, YEARS)  # years over which the usual step of a season is taken
BEYOND = 1e3  # more than any step: sorts what is not known behind what is

STATIC = (
    *(f"growth, {lag} quarters before" for lag in range(LAGS)),
    *(f"growth known, {lag} quarters before" for lag in range(1, LAGS)),
    *(f"mean growth of {span} quarters" for span in SPANS),
    *(f"log of the usual change of {span} quarters" for span in SPANS),
    *(f"growth ahead by the season's usual step of {span} years" for span in SEASONS),
    "log of how much the step ahead differs from year to year",
    *(f"step against its season's, {lag} quarters before" for lag in range(A_YEAR)),
    "steps of half a year against their seasons'",
    "steps of a year against their seasons'",
    "size of the last change",
    "size of the change before",
    "size of the last growth",
    "growth above a quarter",
    "growth below nothing",
    "growth against its mean, in usual changes",
    "last change, in usual changes",
    "margin",
    "mean margin of a year",
    "change of margin over a year",
    "loss",
    "margin known",
    "log of the strength of seasons",
    "quarters known",
)


class RevenueFeatures(keras.layers.Layer):
    """Raw quarters in, what the network reads out."""

    def call(self, quarters: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(b, T, 2) -> recent, years, static, usual change; see the module's head."""
        revenue = quarters[:, :, REVENUE]
        known = above_zero(revenue)  # (b, T)
        positive = ops.clip(revenue, 1.0, 1e16)
        level = ops.log(positive) * known
        growth, told = difference(level, known, A_YEAR, GROWTH_LIMIT)  # (b, T - 4)
        change, changed = difference(growth, told, 1, CHANGE_LIMIT)
        income = ops.clip(quarters[:, :, NET_INCOME], -1e16, 1e16)
        sure = known * above_zero(ops.abs(income))
        margin = ops.clip(income / positive, -1.0, 1.0) * sure
        gain, _ = difference(margin, sure, A_YEAR, 1.0)

        step, stepped = difference(level, known, 1, GROWTH_LIMIT)
        steps, taken = (ops.reshape(part[:, -YEARS * A_YEAR :], (-1, YEARS, A_YEAR)) for part in (step, stepped))
        ahead = [median(steps[:, -span:, :1], taken[:, -span:, :1]) for span in SEASONS]  # (b, 1) each
        by_season = [
            ops.clip(level[:, -1:] + step_ahead - level[:, -A_YEAR:][:, :1], -1.5, 1.5) for step_ahead in ahead
        ]
        differs = usual_change(ops.square(steps[:, :, 0] - ahead[-1]), taken[:, :, 0], YEARS)
        before = median(steps[:, -6:-1], taken[:, -6:-1])  # (b, 4): the five years before the last
        own_season = ops.max(taken[:, -6:-1], axis=1) * taken[:, -1]
        against = ops.clip(steps[:, -1] - before, -CHANGE_LIMIT, CHANGE_LIMIT) * own_season  # (b, 4)

        square = change * change
        usual = [usual_change(square, changed, span) for span in SPANS]
        means = [mean(growth, told, span) for span in SPANS]
        smooth = ops.expand_dims(usual[1], 2)
        recent = ops.stack(
            [part[:, -RECENT_STEPS:] for part in (growth, told, change, step, margin[:, A_YEAR:], gain, sure)],
            axis=2,
        )
        recent = ops.concatenate([recent[:, :, :2], recent[:, :, 2:4] / smooth * 0.3, recent[:, :, 4:]], axis=2)
        years = ops.stack(
            [
                ops.clip((steps[:, :, 0] - ahead[-1]) / usual[1], -8.0, 8.0) * taken[:, :, 0],
                taken[:, :, 0],
                ops.clip((steps[:, :, 3] - median(steps[:, :, 3:], taken[:, :, 3:])) / usual[1], -8.0, 8.0)
                * taken[:, :, 3],
                by_year(growth, told),
                root(by_year(square, changed)),
                by_year(margin[:, A_YEAR:], sure[:, A_YEAR:]),
            ],
            axis=2,
        )
        seasons = usual_change(step * step, stepped, SPANS[-1])
        now, last = growth[:, -1:], change[:, -1:]
        static = ops.concatenate(
            [
                growth[:, : -LAGS - 1 : -1],
                told[:, -2 : -LAGS - 1 : -1],
                *means,
                *(ops.log(size) for size in usual),
                *by_season,
                ops.log(differs),
                against[:, ::-1],
                ops.sum(against[:, -2:], axis=1, keepdims=True),
                ops.sum(against, axis=1, keepdims=True),
                ops.abs(last),
                ops.abs(change[:, -2:-1]),
                ops.abs(now),
                ops.relu(now - 0.25),
                ops.relu(-now),
                ops.clip((now - means[-1]) / usual[-1], -5.0, 5.0),
                ops.clip(last / usual[-1], -5.0, 5.0),
                margin[:, -1:],
                mean(margin, sure, A_YEAR),
                gain[:, -1:],
                above_zero(-margin[:, -1:]),
                sure[:, -1:],
                ops.log(seasons / usual[-1]),
                ops.mean(known, axis=1, keepdims=True),
            ],
            axis=1,
        )
        return recent, years, static, usual[1]


def difference(x: Tensor, known: Tensor, lag: int, limit: float) -> tuple[Tensor, Tensor]:
    """x[t] - x[t - lag] within +-limit where both are known, and where that is: (b, T) -> (b, T - lag) twice."""
    both = known[:, lag:] * known[:, :-lag]
    return ops.clip(x[:, lag:] - x[:, :-lag], -limit, limit) * both, both


def mean(x: Tensor, known: Tensor, span: int) -> Tensor:
    """Mean of what is known of the last `span` steps, 0 where nothing is: (b, 1)."""
    total = ops.sum(x[:, -span:] * known[:, -span:], axis=1, keepdims=True)
    return total / ops.maximum(ops.sum(known[:, -span:], axis=1, keepdims=True), 1.0)


def median(x: Tensor, known: Tensor) -> Tensor:
    """Median over axis 1 of what is known, 0 where nothing is: (b, n, k) -> (b, k)."""
    ordered = ops.sort(x * known + BEYOND * (1 - known), axis=1)
    count = ops.sum(known, axis=1, keepdims=True)  # (b, 1, k)
    place = np.arange(int(x.shape[1]), dtype=np.float32)[None, :, None]
    # the one or two in the middle: those less than a place away from (count - 1) / 2
    middle = ops.cast(ops.abs(place - (count - 1) / 2) < 0.75, "float32") * ops.cast(place < count, "float32")
    return ops.sum(ordered * middle, axis=1) / ops.maximum(ops.sum(middle, axis=1), 1.0)


def usual_change(square: Tensor, known: Tensor, span: int) -> Tensor:
    """Root mean square of the last `span` steps, drawn towards the prior where few are known: (b, 1)."""
    total = ops.sum(square[:, -span:] * known[:, -span:], axis=1, keepdims=True) + PRIOR_WEIGHT * PRIOR_CHANGE**2
    count = ops.sum(known[:, -span:], axis=1, keepdims=True) + PRIOR_WEIGHT
    return ops.maximum(root(total / count), LEAST_CHANGE)


def by_year(x: Tensor, known: Tensor) -> Tensor:
    """Mean of each four steps back from the last, of those known: (b, 36 or 35) -> (b, YEARS)."""
    short = YEARS * A_YEAR - int(x.shape[1])
    x, known = (ops.pad(part, [[0, 0], [short, 0]]) for part in (x * known, known))
    total = ops.sum(ops.reshape(x, (-1, YEARS, A_YEAR)), axis=2)
    return total / ops.maximum(ops.sum(ops.reshape(known, (-1, YEARS, A_YEAR)), axis=2), 1.0)


def static_inputs(windows: Any) -> Any:
    """The static features of windows (n, T, 2) as float32 (n, len(STATIC)), for rivals with the same inputs."""
    layer = RevenueFeatures()
    parts = [layer(part)[2] for part in np.array_split(windows, len(windows) // 2048 + 1)]
    return np.concatenate([ops.convert_to_numpy(part) for part in parts])
