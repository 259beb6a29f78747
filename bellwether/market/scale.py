"""Are all prices of a history in one scale? Pure.

bars as a source has them
| doubtful split    what lies before it is left out                     `jumps`
| damaged days      units that slip, and days that are no prices        `units`
| untold split      a jump of a whole ratio, close and open             `jumps`

Whoever compares prices of two days reads them through here: a forecast or a rule, which rest on the whole history,
through `comparable`; a grade, which rests on two closes, through `closes_to_grade`; the index that the model reads
beside a symbol through `index_levels`.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum

import numpy as np

from bellwether.core.errors import DoubtfulBars
from bellwether.core.i18n.translate import Said
from bellwether.core.types import CLOSE, Bars, Floats, to_date
from bellwether.market.jumps import since_doubtful_split, since_untold_split, untold_splits
from bellwether.market.kept_checks import kept_with_bars
from bellwether.market.returns import FEWEST_CLOSES, are_prices
from bellwether.market.units import LONGEST_SPIKE, UNIT_JUMP, in_one_unit, is_trusted, unit_levels, without_spikes

_QUIET = 2.5  # times; a history whose steps are all smaller is not looked at


@dataclass(frozen=True, slots=True, eq=False)
class Comparable:
    """Bars whose prices can be compared with each other."""

    bars: Bars
    notes: tuple[Said, ...] = ()  #: what answers made of them must say
    is_cut: bool = False  #: there are older ones, which cannot be compared with these


def comparable(bars: Bars) -> Comparable:
    """The bars of one scale up to the newest: nearly always the same, untouched.

    A broken close stays where it is, and one that is no price becomes NaN: what reads the bars says so. Raises
    DoubtfulBars when too few are surely in the scale of the newest one.
    """
    given = len(bars)
    bars, doubted = since_doubtful_split(bars)
    if _is_quiet(bars):
        return Comparable(bars, doubted, len(bars) < given)
    bars, of_units = in_one_unit(bars)
    bars = without_spikes(bars)
    bars, untold = since_untold_split(bars)
    return Comparable(bars, (*doubted, *of_units, *untold), len(bars) < given)


@kept_with_bars
def recent_comparable(bars: Bars, count: int) -> Comparable:
    """`comparable` of the newest `count` bars. Raises what that does."""
    return comparable(bars.part(slice(-count, None)))


class ScaleDoubt(Enum):
    """Whether the closes of two days are known to be in one scale."""

    NONE = "they are, for all that anybody tells"
    UNTOLD = "between them the price jumps as at a split, and nobody has told of one: as likely it moved"
    TOLD = "between them is a split that was told, and may be missing from the prices before it"


def closes_to_grade(bars: Bars, first: date, last: date) -> Bars | None:
    """The bars with damaged days put right, for comparing the closes of two sessions; None where units leave a doubt.

    What came after `last` is looked at too: it may prove that a close was damaged. Where that leaves a doubt of its
    own, it does not count.
    """
    for seen in (bars, bars.until(last)):
        if seen is None or _is_quiet(seen):
            return seen
        try:
            put_right, _ = in_one_unit(seen)
        except DoubtfulBars:
            continue
        if to_date(put_right.sessions[0]) <= first:
            return without_spikes(put_right)
    return None


def doubt_between(bars: Bars, first: date, last: date) -> ScaleDoubt:
    """Whether the closes of two sessions of such bars are in one scale."""
    doubtful = bars.origin.doubtful if bars.origin is not None else None
    if doubtful is not None and first < doubtful <= last:
        return ScaleDoubt.TOLD
    if any(first < to_date(bars.sessions[at]) <= last for at in untold_splits(bars)):
        return ScaleDoubt.UNTOLD
    return ScaleDoubt.NONE


@kept_with_bars
def index_levels(bars: Bars, farthest: float) -> Bars:
    """An index whose close was never `farthest` times, or that part, of the one before: days farther off are damaged.

    Raises DoubtfulBars when the newest level cannot be believed; one that stays is taken for the index's after a month.
    """
    steps = _steps(bars.closes)
    if not len(steps) or (steps.max() < farthest and steps.min() > 1 / farthest):  # never true where one is broken
        return bars
    bars, _ = in_one_unit(bars)
    bars = without_spikes(bars, farthest)
    good = np.flatnonzero(are_prices(bars.closes))
    steps = _steps(bars.closes[good])
    far = np.flatnonzero((steps >= farthest) | (steps <= 1 / farthest))
    if not len(far):
        return bars
    since = int(good[far[-1] + 1])
    if len(bars) - since < FEWEST_CLOSES:
        raise DoubtfulBars(f"The level of {bars.symbol} on {to_date(bars.sessions[since])} cannot be believed.")
    return bars.part(slice(since, None))


def settled_until(bars: Bars, doubtful: date | None) -> date:
    """The last session whose close can be believed as it is: a source may put later ones right, and is asked again.

    `doubtful` is the first session that is surely in one scale with the newest, None where all are.
    """
    sound = are_prices(bars.closes)
    breaks = [len(bars) if doubtful is None else int(np.searchsorted(bars.sessions, np.datetime64(doubtful)))]
    if not _is_quiet(bars):
        level = unit_levels(bars.closes)
        if not is_trusted(bars, level):
            breaks.append(int(np.flatnonzero(level != 0)[-1]) + 1)
        breaks += untold_splits(bars)
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
        steps = _steps(series)
        if not (steps.max() < _QUIET and steps.min() > 1 / _QUIET):
            return False
    with np.errstate(over="ignore"):
        if highest < UNIT_JUMP[0] * lowest:
            return True
        within = prices[:, :CLOSE] / closes[:, None]
    return bool(within.max() < UNIT_JUMP[0] and within.min() > 1 / UNIT_JUMP[0])


def _steps(closes: Floats) -> Floats:
    """Each close in terms of the one before, (n - 1,); infinite beyond floats, NaN where one is broken."""
    with np.errstate(all="ignore"):
        steps: Floats = closes[1:] / closes[:-1]
    return steps
