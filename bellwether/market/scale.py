"""Are all prices of a history in one scale? Units that slip, splits that are missing from the past, damaged days. Pure.

bars as a source has them
| doubtful split    what lies before it is left out
| one unit          prices at a hundred times or a hundredth of the others are put right; before a change, left out
| one day           a close threefold off, from which the price is back at once, is no price
| untold split      a jump of a whole ratio, close and open, that nobody told of: what lies before it is left out

Whoever compares prices of two days, be it a forecast, a rule or a grade, reads them through `comparable`.
"""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bellwether.core.errors import DoubtfulBars
from bellwether.core.i18n.translate import Said, said, said_many
from bellwether.core.types import CLOSE, OPEN, VOLUME, Bars, Floats, Ints, to_date

FEWEST_CLOSES = 22  #: a month of sessions: below this even a plain volatility is a guess
RECENT = 63  #: sessions in which damage makes the model silent
UNIT = 100.0  #: pence in a pound
UNIT_JUMP = (70.0, 143.0)  #: times from one close to the next: a hundred, and a day's move
SAME_PRICE = 0.25  #: log: a single day's price in the other unit that is farther from its neighbours is no price
SPIKE = 3.0  #: times: of four million closes none was so far off both neighbours and the next one back
LONGEST_SPIKE = 3  #: sessions
BACK = 0.3  #: log: how near to where it was the price is back after a spike
UNTOLD = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 1000.0)  #: usual split ratios
#: log: how near a jump must be to one, and its opening to the jump: of four million days three were
AT_RATIO, AT_OPEN = 0.03, 0.1
_UNIT_STEP = np.log(UNIT_JUMP)
_QUIET = 2.5  # times; a history whose steps are all smaller is not looked at


@dataclass(frozen=True, slots=True, eq=False)
class Comparable:
    """Bars whose prices can be compared with each other."""

    bars: Bars
    notes: tuple[Said, ...] = ()  #: what answers made of them must say


def comparable(bars: Bars) -> Comparable:
    """The bars of one scale up to the newest: nearly always the same, untouched.

    A broken close stays where it is, and one that is no price becomes NaN: what reads the bars says so. Raises
    DoubtfulBars when too few are surely in the scale of the newest one.
    """
    bars, doubted = _since_doubtful_split(bars)
    if _is_quiet(bars):
        return Comparable(bars, doubted)
    bars, of_units = _in_one_unit(bars)
    bars = _without_spikes(bars)
    bars, untold = _since_untold_split(bars)
    return Comparable(bars, (*doubted, *of_units, *untold))


def settled_until(bars: Bars, doubtful: date | None) -> date:
    """The last session whose close can be believed as it is: a source may put later ones right, and is asked again.

    `doubtful` is the first session that is surely in one scale with the newest, None where all are.
    """
    sound = np.isfinite(bars.closes) & (bars.closes > 0)
    breaks = [len(bars) if doubtful is None else int(np.searchsorted(bars.sessions, np.datetime64(doubtful)))]
    if not _is_quiet(bars):
        level = _levels(bars.closes)
        if not _trusted(bars, level):
            breaks.append(int(np.flatnonzero(level != 0)[-1]) + 1)
        breaks += _untold_splits(bars)
    new = [at for at in breaks if len(bars) - LONGEST_SPIKE <= at]
    rows = np.flatnonzero(sound[: min(new, default=len(bars))])
    return to_date(bars.sessions[rows[-1]]) if len(rows) else bars.cutoff


def _is_quiet(bars: Bars) -> bool:
    """Whether no price is far from its neighbours: then there is nothing to look for. Never where one is broken.

    Every answer comes through here: cheap tests first.
    """
    prices, closes, quoted = bars.values[:, : CLOSE + 1], bars.closes, bars.quoted_closes
    lowest, highest = prices.min(initial=np.inf), prices.max(initial=0)
    if len(bars) < 2:
        return True
    if not (lowest > 0 and quoted.min() > 0):  # never true where one is missing
        return False
    for series in (closes, quoted):
        steps = series[1:] / series[:-1]
        if not (steps.max() < _QUIET and steps.min() > 1 / _QUIET):
            return False
    if highest < UNIT_JUMP[0] * lowest:
        return True
    within = prices[:, :CLOSE] / closes[:, None]
    return bool(within.max() < UNIT_JUMP[0] and within.min() > 1 / UNIT_JUMP[0])


# ---- splits


def _since_doubtful_split(bars: Bars) -> tuple[Bars, tuple[Said, ...]]:
    """The bars from the last split on that may be missing from those before it; what is long past does no harm."""
    doubtful = bars.origin.doubtful if bars.origin is not None else None
    if doubtful is None or doubtful > bars.cutoff:
        return bars, ()
    since = int(np.searchsorted(bars.sessions, np.datetime64(doubtful)))
    if since == 0 or len(bars) - since > RECENT:
        return bars, ()
    if len(bars) - since < FEWEST_CLOSES:
        raise DoubtfulBars(
            said(
                "There was a split of {symbol} about {day}, and it is not clear whether the prices before it are "
                "adjusted for it; I can't forecast until there are {count} prices after it.",
                symbol=bars.symbol,
                day=doubtful,
                count=FEWEST_CLOSES,
            )
        )
    return bars.part(slice(since, None)), (_left_out(doubtful),)


def _since_untold_split(bars: Bars) -> tuple[Bars, tuple[Said, ...]]:
    """The bars since a recent jump that looks like a split which is missing from the prices before it."""
    jumps = _untold_splits(bars)
    if not jumps:
        return bars, ()
    since = jumps[-1]
    day = to_date(bars.sessions[since])
    if len(bars) - since < FEWEST_CLOSES:
        raise DoubtfulBars(
            said(
                "The price of {symbol} jumps on {day} as it does when older prices are not adjusted for a split; I "
                "can't forecast until there are {count} prices after it.",
                symbol=bars.symbol,
                day=day,
                count=FEWEST_CLOSES,
            )
        )
    return bars.part(slice(since, None)), (_left_out(day),)


def _untold_splits(bars: Bars) -> list[int]:
    """The recent rows at which the price jumps by a usual ratio of splits."""
    return [at for at, times in recent_jumps(bars) if any(abs(times - np.log(ratio)) < AT_RATIO for ratio in UNTOLD)]


def recent_jumps(bars: Bars) -> list[tuple[int, float]]:
    """Each recent row at which the price is far from the close before, and is so from its opening on: (row, |log|)."""
    recent = bars.last(RECENT + 1)
    good = np.flatnonzero(np.isfinite(recent.closes) & (recent.closes > 0))
    closes, opens = recent.closes[good], recent.values[good, OPEN]
    with np.errstate(all="ignore"):
        steps, gaps = np.log(closes[1:] / closes[:-1]), np.log(opens[1:] / closes[:-1])
    whole = np.abs(gaps - steps) < AT_OPEN  # never true where the open is missing
    far = np.flatnonzero((np.abs(steps) > 0.5) & whole)
    first = len(bars) - len(recent)
    return [(first + int(good[at + 1]), float(abs(steps[at]))) for at in far]


def _left_out(day: date) -> Said:
    return said("Prices before {day} are left out: it is not clear whether they are adjusted for a split.", day=day)


# ---- units


def _in_one_unit(bars: Bars) -> tuple[Bars, tuple[Said, ...]]:
    """The bars in the unit of the newest close, from the first on that was in it.

    Between closes of equal units only the days at a hundred times, or a hundredth, are damaged. A jump that has not
    come back may be either: it is a change of the unit once there are enough closes in the new one.
    """
    levels, quoted_levels = _levels(bars.closes), _levels(bars.quoted_closes)
    if not (levels.any() or quoted_levels.any()):
        return _columns_in_one_unit(bars), ()
    for level in (levels, quoted_levels):
        if not _trusted(bars, level):
            raise DoubtfulBars(
                said(
                    "The prices of {symbol} jump a hundredfold on {day}, as when a source changes from pence to "
                    "pounds; I can't forecast until there are {count} prices in one unit.",
                    symbol=bars.symbol,
                    day=to_date(bars.sessions[int(np.flatnonzero(level != 0)[-1]) + 1]),
                    count=FEWEST_CLOSES,
                )
            )
    since = max(int(np.argmax(levels == 0)), int(np.argmax(quoted_levels == 0)))
    notes: list[Said] = []
    if since > 0:
        notes.append(
            said(
                "Prices before {day} are left out: there the source changed their unit a hundredfold.",
                day=to_date(bars.sessions[since]),
            )
        )
    values, quoted = bars.values[since:].copy(order="F"), bars.quoted_closes[since:].copy()
    levels, quoted_levels = levels[since:], quoted_levels[since:]
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
    whole = Bars(bars.symbol, bars.sessions[since:], values, quoted, bars.origin)
    return _columns_in_one_unit(whole), tuple(notes)


def _levels(closes: Floats) -> Ints:
    """In which unit each close is, (n,): 0 in that of the newest usable one, 1 at a hundred times, -1 at a hundredth.

    A broken close is in the unit of the one before it.
    """
    level = np.zeros(len(closes), np.int64)
    good = np.flatnonzero(np.isfinite(closes) & (closes > 0))
    if len(good) < 2:
        return level
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


def _trusted(bars: Bars, level: Ints) -> bool:
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
    return Bars(bars.symbol, bars.sessions, values, bars.quoted_closes, bars.origin)


# ---- single days


def _without_spikes(bars: Bars) -> Bars:
    """The bars with no price where the close is threefold off for a few days, and then back where it was."""
    good = np.flatnonzero(np.isfinite(bars.closes) & (bars.closes > 0))
    logs = np.log(bars.closes[good])
    steps = np.diff(logs)
    wrong: list[int] = []
    for at in np.flatnonzero(np.abs(steps) > np.log(SPIKE)):
        for length in range(1, LONGEST_SPIKE + 1):
            back = at + length
            if back >= len(steps) or steps[at] * steps[back] > 0 or abs(steps[back]) <= np.log(SPIKE):
                continue
            if abs(logs[back + 1] - logs[at]) < BACK:
                wrong += good[at + 1 : back + 1].tolist()
                break
    if not wrong:
        return bars
    values, quoted = bars.values.copy(order="F"), bars.quoted_closes.copy()
    values[wrong, : CLOSE + 1] = np.nan
    quoted[wrong] = np.nan
    return Bars(bars.symbol, bars.sessions, values, quoted, bars.origin)
