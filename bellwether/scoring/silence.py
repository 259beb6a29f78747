"""The right to remain silent: a sequential test that demotes a model whose forecasts are worse than the plain rule's.

Each session a little money is bet on the model's loss being over 1 % greater than the rule's, at odds that are fair or
worse if it is not. What the money has grown to is the evidence (an e-value). By Ville's inequality it ever reaches 20
with a chance of at most 5 % where no session is expected to be such, however often one looks; then the model falls
silent. From there on the bet is on its loss being the smaller, and it comes back the same way.

Stocks move together, so a session is one observation: the sum of the differences of loss over the symbols, divided by
the most that it could have been (a quantile's pinball loss changes by at most max(a, 1 - a) for each unit by which the
quantile does, so this is known before the outcome). Horizons beyond one session overlap: of those each h-th session
counts. The chance of 5 % is shared out between the horizons and, for symbols, between them as well.

Sources: betting on bounded means, Waudby-Smith and Ramdas (2024, JRSS B 86); comparing forecasters over time, Henzi and
Ziegel (2022, Biometrika 109) and Choe and Ramdas (2024, Operations Research 72); Ville (1939).
"""

from collections.abc import Iterator
from datetime import date

import numpy as np
import numpy.typing as npt

from bellwether.scoring.sums import COLUMNS
from bellwether.scoring.table import Table
from bellwether.scoring.types import Standing, StandingOf
from bellwether.store.ledger import from_days
from bellwether.types import Floats

CHANCE = 0.05  #: that a model which is no worse is ever silenced
SHARES = {1: 0.7, 5: 0.1, 10: 0.1, 21: 0.1}  #: of that chance, by horizon; one session says most, and soonest
MARGIN = 0.01  #: of the rule's loss: whoever is worse by less does no harm
STAKES = np.array([0.2, 0.4, 0.6])  #: parts of the money that are bet each time; the mean of the three counts
#: of the most that a session could differ, what counts in full: over all symbols more happens only on a day that nobody
#: foresaw, and such a day must not decide alone. Of a single symbol a session may say all it can.
LARGEST_OF_ALL, LARGEST_OF_ONE = 0.2, 1.0
MOST_LOST = 1.6  #: units that a bet may go wrong by: at the highest stake nearly all of its money
_LOSS, _BASELINE, _SPAN = (COLUMNS.index(name) for name in ("loss", "baseline_loss", "span"))


def standing_of(table: Table, model_id: str, symbol: str = "", symbols: int = 1) -> StandingOf:
    """Where a model stands, by the forecasts in `table`; all of them are its own.

    With a `symbol` they are of this one alone, one of as many as are tested besides (`symbols`).
    """
    largest = LARGEST_OF_ONE if symbol else LARGEST_OF_ALL
    daily = {horizon: _by_day(table, horizon) for horizon in SHARES}
    days = np.unique(np.concatenate([day for day, _ in daily.values()]))
    needed = symbols / CHANCE
    standing, start = Standing.SPEAKS, -1
    since: date | None = None
    while True:
        speaks = standing is Standing.SPEAKS
        evidence, reached = 1.0, None
        series = {horizon: (day, differences(sums, largest, worse=speaks)) for horizon, (day, sums) in daily.items()}
        for day, value in _evidence(series, start):
            evidence = value
            if value >= needed:
                reached = day
                break
        if reached is None:
            break
        standing = Standing.SILENCED if speaks else Standing.SPEAKS
        since, start = from_days(reached), reached
    return StandingOf(model_id, symbol, standing, since, len(days), evidence, needed)


def differences(sums: Floats, largest: float, *, worse: bool) -> Floats:
    """What each session says for the bet, from -MOST_LOST to 1: (n, 3) sums of loss, the rule's loss and span -> (n,).

    The bet is on the model's loss being greater by more than MARGIN (`worse`), or smaller.
    """
    loss, baseline, span = sums.T
    more = loss - (1 + MARGIN) * baseline if worse else baseline - loss
    told = np.divide(more, span * largest, out=np.zeros(len(sums)), where=span > 0)
    said: Floats = np.clip(told, -MOST_LOST, 1)
    return said


def _by_day(table: Table, horizon: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """The days of settled forecasts at one horizon, in order, and their sums of loss, the rule's loss and span."""
    some = table.take((table.horizon == horizon) & (table.sums[:, 0] > 0))
    days, place = np.unique(some.day, return_inverse=True)
    sums = [np.bincount(place, some.sums[:, column], len(days)) for column in (_LOSS, _BASELINE, _SPAN)]
    return days, np.stack(sums, axis=1)


def wealth(differences: Floats) -> Floats:
    """What one unit has grown to after each bet on the difference being above 0: (n,) -> (n,)."""
    grown: Floats = np.exp(np.cumsum(np.log1p(STAKES * differences[:, None]), axis=0)).mean(axis=1)
    return grown


def _evidence(series: dict[int, tuple[npt.NDArray[np.int64], Floats]], start: int) -> Iterator[tuple[int, float]]:
    """After each day later than `start`, the evidence of all horizons together."""
    steps: list[tuple[int, int, float]] = []
    for horizon, (days, told) in series.items():
        later = np.flatnonzero(days > start)[::horizon]
        grown = SHARES[horizon] * wealth(told[later])
        steps += [(int(day), horizon, float(value)) for day, value in zip(days[later], grown, strict=True)]
    latest = dict.fromkeys(SHARES, 0.0)
    for day, horizon, value in sorted(steps):
        latest[horizon] = value
        yield day, max(latest.values())
