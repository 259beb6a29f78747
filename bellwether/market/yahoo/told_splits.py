"""Splits that a source tells of, but that are not, or not everywhere, in the prices before them. Pure.

Prices that are adjusted for a split of r shares for one show nothing on its day; those that are not show a step of
1 / r; those that are adjusted twice, a step of r. Such a step is no move: where it is plain the prices before it are
scaled, and where it may as well be a move of the day it is left alone and reported.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bellwether.core.types import CLOSE, HIGH, LOW, OPEN, Floats, Ints

NEAR = 5  #: sessions around the told one within which a source may begin to adjust
FAR = 252  #: sessions before it in which a step is looked for that can be nothing else
PLAIN, FAR_PLAIN = 10.0, 20.0  #: usual daily moves that a ratio must be worth to be told from a move; far from its day
SLACK, FAR_SLACK = 5.0, 2.5  #: usual daily moves by which a step may miss the ratio: the day had a move of its own
QUIETEST, WILDEST = 0.003, 0.1  #: bounds of a usual daily move
WORTH = 2.0  #: usual daily moves below which a ratio does no harm, wherever it is missing
USUAL = 63  #: sessions from which it is taken
TURNS = 4  #: steps of one split that are put right at most: a stretch has two, and few sources damage more of them


@dataclass(frozen=True, slots=True)
class ToldSplit:
    """A split as the source tells it."""

    at: int  #: the row of its session
    ratio: float  #: new shares for each old one: 4.0, or 0.1 for one new for ten old


@dataclass(frozen=True, slots=True, eq=False)
class PriceTable:
    """A source's rows, oldest first: prices as quoted (n, 4), adjusted closes (n,) and volumes (n,)."""

    quoted: Floats
    adjusted: Floats
    volume: Floats


def with_splits(table: PriceTable, told: list[ToldSplit]) -> tuple[PriceTable, int | None]:
    """The table with these splits in all of its prices, and the newest row at which that is in doubt; None for nowhere.

    Rows need finite, positive closes and adjusted closes.
    """
    quoted, adjusted, volume = table.quoted.copy(), table.adjusted.copy(), table.volume.copy()
    doubts: list[int] = []
    for split in sorted(told, key=lambda one: -one.at):
        if not (np.isfinite(split.ratio) and split.ratio > 0 and split.ratio != 1):
            continue
        for rows, factor in _wrong(quoted[:, CLOSE], quoted[:, OPEN], split, doubts):
            quoted[rows] *= factor
            volume[rows] /= factor
        opens = quoted[:, OPEN] * adjusted / quoted[:, CLOSE]
        for rows, factor in _wrong(adjusted, opens, split, doubts):
            adjusted[rows] *= factor
        _align(quoted, split)
    return PriceTable(quoted, adjusted, volume), max(doubts, default=None)


def _wrong(closes: Floats, opens: Floats, split: ToldSplit, doubts: list[int]) -> Iterator[tuple[slice, float]]:
    """The rows of a series that lack the split or have it twice, and what to multiply them by.

    The caller does so before it asks on. Steps that may as well be moves are added to `doubts`.
    """
    for _ in range(TURNS):
        step = _plain_step(closes, opens, split, doubts)
        if step is None:
            return
        at, jump = step
        yield slice(_begin(closes, at, jump), at), float(np.exp(jump))


def _plain_step(closes: Floats, opens: Floats, split: ToldSplit, doubts: list[int]) -> tuple[int, float] | None:
    """The newest step that is plainly the split: its row, and the log of the ratio as it shows; None where none is."""
    first, last = max(1, split.at - FAR), min(len(closes) - 1, split.at + NEAR)
    if last < first:
        return None
    rows = np.arange(first, last + 1)
    steps = np.log(closes[rows] / closes[rows - 1])
    with np.errstate(all="ignore"):
        gaps = np.log(opens[rows] / closes[rows - 1])
    gaps = np.where(np.isfinite(gaps), gaps, steps)
    usual = _usual_move(closes, first, last)
    size = abs(np.log(split.ratio))
    near = np.abs(rows - split.at) <= NEAR
    for at in np.flatnonzero(np.abs(steps) > size / 2)[::-1]:  # nearer to the ratio than to no step at all
        jump = float(np.copysign(size, steps[at]))
        missed, gap_missed = abs(steps[at] - jump), abs(gaps[at] - jump)
        if missed >= abs(steps[at]) or gap_missed >= abs(gaps[at]):
            continue
        least, slack = (PLAIN, SLACK) if near[at] else (FAR_PLAIN, FAR_SLACK)
        if size >= least * usual and max(missed, gap_missed) <= min(slack * usual, size / 3):
            return int(rows[at]), jump
        may_be = size >= WORTH * usual and missed <= max(size, 1.5 * WORTH * usual)
        if may_be and abs(rows[at] - split.at) <= (NEAR if size >= 2 * WORTH * usual else 1):
            doubts.append(int(rows[at]))
    return None


def _usual_move(closes: Floats, first: int, last: int) -> float:
    """How far the price usually moves in a day around these rows; large single steps do not count."""
    around = closes[max(0, first - USUAL, last - 2 * USUAL) : last + USUAL]
    steps = np.abs(np.diff(np.log(around)))
    return float(np.clip(1.4826 * np.median(steps), QUIETEST, WILDEST)) if len(steps) else WILDEST


def _begin(closes: Floats, at: int, jump: float) -> int:
    """Where the wrong rows before a step begin: at the nearest step back by the same ratio, else at the first row."""
    steps = np.diff(np.log(closes[:at]))
    back = np.flatnonzero(np.abs(steps + jump) < abs(jump) / 3)
    return int(back[-1]) + 1 if len(back) else 0


def _align(quoted: Floats, split: ToldSplit) -> None:
    """Put right, in place, opens, highs and lows that lack a split which the close of their row has, or the reverse."""
    size = abs(np.log(split.ratio))
    if size < np.log(1.9):  # a day's range may be as wide
        return
    rows: Ints = np.arange(max(0, split.at - FAR), min(len(quoted), split.at + NEAR + 1))
    for column in (OPEN, HIGH, LOW):
        with np.errstate(all="ignore"):
            off = np.log(quoted[rows, column] / quoted[rows, CLOSE])
        wrong = np.isfinite(off) & (np.abs(np.abs(off) - size) < min(size / 3, 0.1))
        quoted[rows[wrong], column] *= np.exp(-np.copysign(size, off[wrong]))
