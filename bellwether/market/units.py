"""Days whose prices are in another unit than the others, or are no prices at all. Pure.

| one unit    prices at a hundred times or a hundredth of the others are put right; before a change, left out
| one day     a close far off its neighbours, from which the price is back at once, is no price
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bellwether.core.errors import DoubtfulBars
from bellwether.core.i18n.numbers import spoken_day
from bellwether.core.i18n.translate import Said, said, said_many
from bellwether.core.types import CLOSE, VOLUME, Bars, Floats, Ints, to_date
from bellwether.market.returns import FEWEST_CLOSES, RECENT, are_prices

UNIT = 100.0  #: pence in a pound
UNIT_JUMP = (70.0, 143.0)  #: times from one close to the next: a hundred, and a day's move
SAME_PRICE = 0.25  #: log: a single day's price in the other unit that is farther from its neighbours is no price
SPIKE = 3.0  #: times: of four million closes none was so far off both neighbours and the next one back
LONGEST_SPIKE = 3  #: sessions
BACK = 0.3  #: log: how near to where it was the price is back after a spike
_UNIT_STEP = np.log(UNIT_JUMP)


def in_one_unit(bars: Bars) -> tuple[Bars, tuple[Said, ...]]:
    """The bars in the unit of the newest close, from the first on that was in it.

    Between closes of equal units only the days at a hundred times, or a hundredth, are damaged. A jump that has not
    come back may be either: it is a change of the unit once there are enough closes in the new one.
    """
    levels, quoted_levels = unit_levels(bars.closes), unit_levels(bars.quoted_closes)
    if not (levels.any() or quoted_levels.any()):
        return _columns_in_one_unit(bars), ()
    for level in (levels, quoted_levels):
        if not is_trusted(bars, level):
            change = int(np.flatnonzero(level != 0)[-1]) + 1
            raise DoubtfulBars(
                said(
                    "The prices of {symbol} jump a hundredfold on {day}, as when a source changes from pence to "
                    "pounds; I can't forecast until there are {count} prices in one unit.",
                    symbol=bars.symbol,
                    day=spoken_day(to_date(bars.sessions[change])),
                    count=FEWEST_CLOSES,
                ),
                waiting_helps=len(bars) - change <= LONGEST_SPIKE,
            )
    since = max(int(np.argmax(levels == 0)), int(np.argmax(quoted_levels == 0)))
    notes: list[Said] = []
    if since > 0:
        notes.append(
            said(
                "Prices before {day} are left out: there the source changed their unit a hundredfold.",
                day=spoken_day(to_date(bars.sessions[since])),
            )
        )
    values, quoted = bars.values[since:].copy(order="F"), bars.quoted_closes[since:].copy()
    levels, quoted_levels = levels[since:], quoted_levels[since:]
    with np.errstate(all="ignore"):
        values[:, : CLOSE + 1] *= UNIT ** -levels[:, None].astype(np.float64)
        quoted *= UNIT ** -quoted_levels.astype(np.float64)
    off = _still_off(values[:, CLOSE], levels)
    values[off, : CLOSE + 1], quoted[off] = np.nan, np.nan
    put_right = int(((levels != 0) & ~off)[-RECENT:].sum())
    if put_right:
        notes.append(
            said_many(
                "{count} recent price came a hundredfold too high or too low, and was put right.",
                "{count} recent prices came a hundredfold too high or too low, and were put right.",
                put_right,
                count=put_right,
            )
        )
    recent = replace(bars, sessions=bars.sessions[since:], values=values, quoted_closes=quoted)
    return _columns_in_one_unit(recent), tuple(notes)


def unit_levels(closes: Floats) -> Ints:
    """In which unit each close is, (n,): 0 in that of the newest usable one, 1 at a hundred times, -1 at a hundredth.

    A broken close is in the unit of the one before it.
    """
    level = np.zeros(len(closes), np.int64)
    good = np.flatnonzero(are_prices(closes))
    if len(good) < 2:
        return level
    with np.errstate(all="ignore"):
        steps = np.diff(np.log(closes[good]))
    jumps = np.where((np.abs(steps) > _UNIT_STEP[0]) & (np.abs(steps) < _UNIT_STEP[1]), np.sign(steps), 0)
    if not jumps.any():
        return level
    level[good[1:]] = jumps.astype(np.int64)
    level = np.cumsum(level)
    level -= level[-1]
    return level


def _still_off(closes: Floats, levels: Ints) -> npt.NDArray[np.bool_]:
    """Which of the closes that were put into another unit are no price in that one either, (n,)."""
    off = np.zeros(len(closes), bool)
    edges = np.flatnonzero(np.diff(levels)) + 1
    for begin, end in pairwise(edges):
        if levels[begin] == 0 or end - begin > LONGEST_SPIKE:
            continue
        with np.errstate(all="ignore"):
            steps = np.abs(np.log([closes[begin] / closes[begin - 1], closes[end] / closes[end - 1]]))
        off[begin:end] = not steps.max() < SAME_PRICE
    return off


def is_trusted(bars: Bars, level: Ints) -> bool:
    """Whether the newest close is surely in the symbol's unit, be it a new one."""
    foreign = np.flatnonzero(level != 0)
    if len(foreign) == 0:
        return True
    if len(bars) - int(foreign[-1]) - 1 < FEWEST_CLOSES and not (level[-RECENT:] == 0).mean() > 0.5:
        return False
    traded = np.flatnonzero(bars.values[-RECENT:, VOLUME] > 0)
    # while nothing is traded, sources repeat the last price, often in the wrong unit
    return len(traded) == 0 or bool(level[-RECENT:][traded[-1]] == 0)


def _columns_in_one_unit(bars: Bars) -> Bars:
    """The bars with each open, high and low in the unit of its close."""
    closes = bars.closes[:, None]
    with np.errstate(all="ignore"):
        off = np.log(bars.values[:, :CLOSE] / closes)
    wrong = (np.abs(off) > _UNIT_STEP[0]) & (np.abs(off) < _UNIT_STEP[1])  # never true where one is broken
    if not wrong.any():
        return bars
    values = bars.values.copy(order="F")
    values[:, :CLOSE] *= np.where(wrong, UNIT ** -np.sign(off), 1.0)
    return replace(bars, values=values)


def without_spikes(bars: Bars, farthest: float = SPIKE) -> Bars:
    """The bars with no price where the close is `farthest` times off for a few days, and then back where it was."""
    good = np.flatnonzero(are_prices(bars.closes))
    logs = np.log(bars.closes[good])
    steps = np.diff(logs)
    wrong: list[int] = []
    for at in np.flatnonzero(np.abs(steps) > np.log(farthest)):
        for length in range(1, LONGEST_SPIKE + 1):
            back = at + length
            if back >= len(steps) or steps[at] * steps[back] > 0 or abs(steps[back]) <= np.log(farthest):
                continue
            if abs(logs[back + 1] - logs[at]) < BACK:
                wrong += good[at + 1 : back + 1].tolist()
                break
    if not wrong:
        return bars
    values, quoted = bars.values.copy(order="F"), bars.quoted_closes.copy()
    values[wrong, : CLOSE + 1] = np.nan
    quoted[wrong] = np.nan
    return replace(bars, values=values, quoted_closes=quoted)
