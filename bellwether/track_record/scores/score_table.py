"""Sums of scores by day and horizon, and the score that any part of them amounts to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bellwether.core.types import LEVELS, Floats
from bellwether.track_record.scores.block_bootstrap import by_week, interval
from bellwether.track_record.scores.columns import COLUMNS, FIRST_BELOW
from bellwether.track_record.scores.types import Interval, Reliability, Score

_AT = {name: place for place, name in enumerate(COLUMNS)}
_RATIOS = ("inside_80", "inside_90")  #: whose intervals are shown
_THURSDAY = 3  #: day 0, 1970-01-01, was a Thursday; weeks begin on Monday


@dataclass(frozen=True, slots=True, eq=False)
class ScoreTable:
    """Rows of sums, in any order; several rows may be of one day and horizon."""

    day: npt.NDArray[np.int64]  #: (n,) cutoffs, days since 1970
    horizon: npt.NDArray[np.int64]  #: (n,)
    model: npt.NDArray[np.object_]  #: (n,) model ids
    shown: npt.NDArray[np.bool_]  #: (n,)
    issued: npt.NDArray[np.int64]  #: (n,) how many forecasts
    lost: npt.NDArray[np.int64]  #: (n,) how many of them will have no outcome
    sums: Floats  #: (n, len(COLUMNS))

    def take(self, chosen: npt.NDArray[np.bool_]) -> "ScoreTable":
        """Some of the rows."""
        return ScoreTable(**{name: getattr(self, name)[chosen] for name in ScoreTable.__slots__})

    @property
    def week(self) -> npt.NDArray[np.int64]:
        """(n,) weeks since 1970."""
        return week_of(self.day)

    @property
    def month(self) -> npt.NDArray[np.datetime64]:
        """(n,) datetime64[M]."""
        return self.day.astype("datetime64[D]").astype("datetime64[M]")


def week_of(day: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Weeks since 1970 of days since 1970, (n,) -> (n,)."""
    return (day + _THURSDAY) // 7


def table_of(keys: Sequence[tuple[str, int, int, int, int, int]], sums: Floats) -> ScoreTable:
    """From (model_id, shown, horizon, cutoff, issued, lost) of each row, and its sums."""
    model, shown, horizon, day, issued, lost = zip(*keys, strict=True) if keys else ((),) * 6
    return ScoreTable(
        day=np.array(day, np.int64),
        horizon=np.array(horizon, np.int64),
        model=np.array(model, object),
        shown=np.array(shown, bool),
        issued=np.array(issued, np.int64),
        lost=np.array(lost, np.int64),
        sums=sums,
    )


def together(table: ScoreTable, *keys: npt.NDArray[Any]) -> ScoreTable:
    """Rows that agree in model, shown, horizon and all of `keys` (n,) as one, dated by their first day."""
    models, model = np.unique(table.model.astype(str), return_inverse=True)
    columns = [model, table.shown, table.horizon, *keys]
    groups, first, place = np.unique(
        np.column_stack([column.astype(np.int64) for column in columns]), axis=0, return_index=True, return_inverse=True
    )
    day = np.full(len(groups), np.iinfo(np.int64).max)
    np.minimum.at(day, place, table.day)
    return ScoreTable(
        day=day,
        horizon=table.horizon[first],
        model=models.astype(object)[model[first]],
        shown=table.shown[first],
        issued=np.bincount(place, table.issued, len(groups)).astype(np.int64),
        lost=np.bincount(place, table.lost, len(groups)).astype(np.int64),
        sums=np.stack([np.bincount(place, column, len(groups)) for column in table.sums.T], axis=1),
    )


def score_of(table: ScoreTable) -> Score:
    """What these forecasts amount to."""
    table = table.take(table.sums[:, 0] > 0)
    totals = table.sums.sum(axis=0)
    count = totals[_AT["forecasts"]]
    if count == 0:
        return Score(0, 0)
    weekly = by_week(table.week, *table.sums.T)
    share = {name: float(totals[place] / count) for name, place in _AT.items()}
    loss, baseline = _AT["loss"], _AT["baseline_loss"]
    inside = [_interval(weekly, _AT[name], _AT["forecasts"]) for name in _RATIOS]
    return Score(
        forecasts=round(count),
        weeks=len(weekly),
        pinball=share["loss"],
        baseline_pinball=share["baseline_loss"],
        skill=float(1 - totals[loss] / totals[baseline]),
        skill_interval=_flipped(_interval(weekly, loss, baseline)),
        coverage_80=share["inside_80"],
        coverage_80_interval=inside[0],
        coverage_90=share["inside_90"],
        coverage_90_interval=inside[1],
        baseline_coverage_80=share["baseline_inside_80"],
        baseline_coverage_90=share["baseline_inside_90"],
        brier=share["brier"],
        usual_brier=share["usual_brier"],
        share_of_rises=share["rises"],
        stretched=round(totals[_AT["stretched"]]),
        unstretched_coverage_80=share["unstretched_inside_80"],
    )


def reliability_of(table: ScoreTable) -> tuple[Reliability, ...]:
    """How often outcomes fell at or below each quantile; empty without forecasts."""
    table = table.take(table.sums[:, 0] > 0)
    count = table.sums[:, 0].sum()
    if count == 0:
        return ()
    weekly = by_week(table.week, *table.sums.T)
    return tuple(
        Reliability(level, float(table.sums[:, place].sum() / count), _interval(weekly, place, _AT["forecasts"]))
        for place, level in enumerate(LEVELS, FIRST_BELOW)
    )


def _interval(weekly: Floats, above: int, below: int) -> Interval | None:
    """95 % interval of the ratio of two columns' totals."""
    ends = interval(weekly[:, [above, below]], lambda totals: totals[:, 0] / totals[:, 1])
    return Interval(*ends) if ends else None


def _flipped(ratio: Interval | None) -> Interval | None:
    """The interval of 1 - x."""
    return Interval(1 - ratio.high, 1 - ratio.low) if ratio else None
