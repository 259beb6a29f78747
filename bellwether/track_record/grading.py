"""How what was said turned out. Pure: the range that was stored against the prices that came."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from bellwether.core.types import Bars
from bellwether.market.scale import ScaleDoubt, closes_to_grade, doubt_between


@dataclass(frozen=True, slots=True)
class Range:
    """The ends of an 80 % range that was stated, as cumulative log returns from the cutoff."""

    symbol: str
    cutoff: date
    horizon: int  #: sessions
    target_session: date
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GradedRange:
    """How a range turned out."""

    growth: float  #: from the cutoff to the target session, a fraction
    held: bool  #: it ended inside


@dataclass(frozen=True, slots=True)
class Grade:
    """All ranges of one horizon that closed with a session."""

    horizon: int  #: sessions
    held: int
    of: int


def outcome(stated: Range, bars: Bars) -> GradedRange | None:
    """How one range turned out; None when a price of either end is not known (yet)."""
    start, end = bars.close_on(stated.cutoff), bars.close_on(stated.target_session)
    if start is None or end is None:
        return None
    grown = float(np.log(end / start))
    return GradedRange(float(np.expm1(grown)), stated.low <= grown <= stated.high)


def outcome_when_sure(stated: Range, bars: Bars, *, waited: bool) -> GradedRange | None:
    """How one range turned out by the bars as a source has them; None also while their scale is in doubt.

    Once `waited`, an untold jump is taken for the move that it then most likely was.
    """
    put_right = closes_to_grade(bars, stated.cutoff, stated.target_session)
    if put_right is None:
        return None
    doubt = doubt_between(put_right, stated.cutoff, stated.target_session)
    if doubt is ScaleDoubt.TOLD or (doubt is ScaleDoubt.UNTOLD and not waited):
        return None
    return outcome(stated, put_right)


def grades(turned_out: Iterable[tuple[Range, GradedRange]]) -> list[Grade]:
    """How many held, for each horizon, the shortest first: what a digest opens with."""
    held, of = Counter[int](), Counter[int]()
    for stated, graded in turned_out:
        held[stated.horizon] += graded.held
        of[stated.horizon] += 1
    return [Grade(horizon, held[horizon], of[horizon]) for horizon in sorted(of)]
