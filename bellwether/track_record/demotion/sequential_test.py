"""When a model is demoted, and when it comes back: a sequential test of its losses against the plain rule's.

days of settled forecasts, at each horizon | is the model worse? | the day of its demotion on | is it better? | ...

Over all symbols the question is put to `pooled_test`, of one symbol to `e_process`. From the day of a demotion on only
later days count and the question is turned round: the model comes back by the same evidence that it is the better one.
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


def gate_status(table: ScoreTable, model_id: str, symbol: str = "", symbols: int = 1) -> GateStatus:
    """Whether a model is demoted by the forecasts in `table`, all of which are its own.

    With a `symbol` they are of this one alone, one of `symbols` that are tested.
    """
    needed = symbols / e_process.CHANCE if symbol else 1.0

    def ask(daily: Daily) -> tuple[float, int | None]:
        return e_process.evidence(daily, needed) if symbol else pooled_test.evidence(daily)

    sums = {horizon: _by_day(table, horizon) for horizon in HORIZONS}
    standing, start = GateState.SPEAKS, -1
    since: date | None = None
    while True:
        speaks = standing is GateState.SPEAKS
        evidence, reached = ask({horizon: _later(*by_day, start, worse=speaks) for horizon, by_day in sums.items()})
        if reached is None:
            break
        standing = GateState.SILENCED if speaks else GateState.SPEAKS
        since, start = from_days(reached), reached
    sessions = len(np.unique(np.concatenate([days for days, _ in sums.values()])))
    return GateStatus(model_id, symbol, standing, since, sessions, evidence, needed)


def _by_day(table: ScoreTable, horizon: int) -> tuple[Ints, Floats]:
    """The days of settled forecasts at one horizon, in order, and the sums of the columns in _USED, (days, 4)."""
    settled = table.take((table.horizon == horizon) & (table.sums[:, 0] > 0))
    days, place = np.unique(settled.day, return_inverse=True)
    return days, np.stack([np.bincount(place, settled.sums[:, column], len(days)) for column in _USED], axis=1)


def _later(days: Ints, sums: Floats, start: int, *, worse: bool) -> tuple[Ints, Floats]:
    """Days after `start`: by how much the model's loss was greater, beyond MARGIN, or by how much it was smaller."""
    count, loss, baseline, span = sums[days > start].T
    difference = loss - (1 + MARGIN) * baseline if worse else baseline - loss
    return days[days > start], np.stack([count, difference, span], axis=1)
