"""The right to remain silent: a sequential test that demotes a model whose forecasts are worse than the plain rule's.

days of settled forecasts, at each horizon | is the model worse? | the day it fell silent on | is it the better? | ...

Over all symbols the question is put to `pooled_test`, of one symbol to `e_process`. From the day on which a model fell
silent only later days count, the question is turned round, and it comes back the same way.
"""

from collections.abc import Callable
from datetime import date

import numpy as np

from bellwether.core.types import Floats, Ints
from bellwether.track_record.demotion import e_process, pooled_test
from bellwether.track_record.ledger.ledger_table import from_days
from bellwether.track_record.scores.columns import COLUMNS
from bellwether.track_record.scores.score_table import ScoreTable
from bellwether.track_record.scores.types import GateState, GateStatus

MARGIN = 0.01  #: of the rule's loss: whoever is worse by less does no harm
HORIZONS = (1, 5, 10, 21)  #: 63 sessions overlap too much to add anything
_USED = [COLUMNS.index(name) for name in ("forecasts", "loss", "baseline_loss", "span")]
Daily = dict[int, tuple[Ints, Floats]]  #: by horizon: (days,) since 1970, and (days, 3) count, difference of loss, span
Question = Callable[[Daily], tuple[float, int | None]]  #: the evidence now, and the first day on which it sufficed


def standing_of(table: ScoreTable, model_id: str, symbol: str = "", symbols: int = 1) -> GateStatus:
    """Where a model stands, by the forecasts in `table`; all of them are its own.

    With a `symbol` they are of this one alone, one of as many as are tested besides (`symbols`).
    """
    needed = symbols / e_process.CHANCE if symbol else 1.0

    def ask(daily: Daily) -> tuple[float, int | None]:
        return e_process.evidence(daily, needed) if symbol else pooled_test.evidence(daily)

    sums = {horizon: _by_day(table, horizon) for horizon in HORIZONS}
    standing, start = GateState.SPEAKS, -1
    since: date | None = None
    while True:
        speaks = standing is GateState.SPEAKS
        evidence, reached = ask({horizon: _later(*one, start, worse=speaks) for horizon, one in sums.items()})
        if reached is None:
            break
        standing = GateState.SILENCED if speaks else GateState.SPEAKS
        since, start = from_days(reached), reached
    sessions = len(np.unique(np.concatenate([days for days, _ in sums.values()])))
    return GateStatus(model_id, symbol, standing, since, sessions, evidence, needed)


def _by_day(table: ScoreTable, horizon: int) -> tuple[Ints, Floats]:
    """The days of settled forecasts at one horizon, in order, and what is used of their sums, (days, 4)."""
    some = table.take((table.horizon == horizon) & (table.sums[:, 0] > 0))
    days, place = np.unique(some.day, return_inverse=True)
    return days, np.stack([np.bincount(place, some.sums[:, column], len(days)) for column in _USED], axis=1)


def _later(days: Ints, sums: Floats, start: int, *, worse: bool) -> tuple[Ints, Floats]:
    """Days after `start`: by how much the model's loss was greater, beyond MARGIN, or by how much it was smaller."""
    count, loss, baseline, span = sums[days > start].T
    difference = loss - (1 + MARGIN) * baseline if worse else baseline - loss
    return days[days > start], np.stack([count, difference, span], axis=1)
