"""Splits that are, or may be, missing from the prices before them. Pure.

| told and doubtful    the source tells of it, and there is no telling whether it is in the prices
| untold               a jump of a whole ratio, close and open, that nobody told of
| half or double       the same, where as many were real moves: prices stay, and whoever tells of them says so
"""

from datetime import date

import numpy as np

from bellwether.core.errors import DoubtfulBars
from bellwether.core.i18n.translate import Said, said
from bellwether.core.types import OPEN, Bars, to_date
from bellwether.market.returns import FEWEST_CLOSES, RECENT
from bellwether.market.units import LONGEST_SPIKE

UNTOLD = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 1000.0)  #: usual split ratios
#: log: how near a jump must be to one, and its opening to the jump: of four million days three were
AT_RATIO, AT_OPEN = 0.03, 0.1


def since_doubtful_split(bars: Bars) -> tuple[Bars, tuple[Said, ...]]:
    """The bars from the last split on that may be missing from those before it, however long ago that was."""
    doubtful = bars.origin.doubtful if bars.origin is not None else None
    if doubtful is None or doubtful > bars.cutoff:
        return bars, ()
    since = int(np.searchsorted(bars.sessions, np.datetime64(doubtful)))
    if since == 0:
        return bars, ()
    if len(bars) - since < FEWEST_CLOSES:
        raise DoubtfulBars(
            said(
                "There was a split of {symbol} about {day}, and it is not clear whether the prices before it are "
                "adjusted for it; I can't forecast until there are {count} prices after it.",
                symbol=bars.symbol,
                day=doubtful,
                count=FEWEST_CLOSES,
            ),
            waiting_helps=len(bars) - since <= LONGEST_SPIKE,
        )
    return bars.part(slice(since, None)), (_left_out(doubtful),)


def since_untold_split(bars: Bars) -> tuple[Bars, tuple[Said, ...]]:
    """The bars since a recent jump that looks like a split which is missing from the prices before it."""
    jumps = untold_splits(bars)
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
            ),
            waiting_helps=len(bars) - since <= LONGEST_SPIKE,
        )
    return bars.part(slice(since, None)), (_left_out(day),)


def untold_splits(bars: Bars) -> list[int]:
    """The recent rows at which the price jumps by a usual ratio of splits."""
    return [at for at, times in recent_jumps(bars) if any(abs(times - np.log(ratio)) < AT_RATIO for ratio in UNTOLD)]


def may_be_halved(bars: Bars) -> list[int]:
    """The recent rows at which the price jumps to half or double as a whole: a split that nobody told of, or a move."""
    return [at for at, times in recent_jumps(bars) if abs(times - np.log(2)) < AT_RATIO]


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
