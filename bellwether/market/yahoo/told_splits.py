"""Splits that a source tells of, but that are not, or not everywhere, in the prices before them. Pure.

Prices that are adjusted for a split of r shares for one show nothing on its day; those that are not show a step of
1 / r; those that are adjusted twice, a step of r. Such a step is no move: where it is plain the prices before it are
scaled, and where it may as well be a move of the day it is left alone and reported.

A source begins to adjust at the told session or one or two beside it, or else damages a stretch of days, which has two
steps. A single step farther off is a move of its own, however much it looks like the ratio: it is left alone, or, not
far off, reported. Unless something proves that it is none: it is not in both of the quoted and the adjusted prices,
nobody traded between it and the told session, or the shares traded changed with it and the ratio is one that prices
never move by.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bellwether.core.types import CLOSE, HIGH, LOW, OPEN, Floats, Ints

AT = 2  #: sessions around the told one within which sources begin to adjust
NEAR = 5  #: sessions around it within which one may have begun, if more than the price says so
ABOUT = 10  #: sessions around it within which a step like the ratio is reported
FAR = 252  #: sessions before it in which a damaged stretch is looked for
SHORT = 3  #: sessions; a stretch so short, there and back by the ratio, is damage wherever it lies
LARGE = 3.0  #: times; of four million closes three moved by such a ratio, from the opening on
PLAIN, FAR_PLAIN = 10.0, 20.0  #: usual daily moves that a ratio must be worth to be told from a move; far from its day
SLACK, FAR_SLACK = 5.0, 2.5  #: usual daily moves by which a step may miss the ratio: the day had a move of its own
QUIETEST, WILDEST = 0.003, 0.1  #: bounds of a usual daily move
WORTH = 2.0  #: usual daily moves below which a ratio does no harm, wherever it is missing
USUAL = 63  #: sessions from which it is taken
TURNS = 4  #: steps of one split that are put right at most: a stretch has two, and few sources damage more of them
UNMOVED = 1e-4  #: relative; rounding of a price that a source repeats
TRADED = 21  #: sessions on either side of a step whose volumes are compared


@dataclass(frozen=True, slots=True)
class ToldSplit:
    """A split as the source tells it."""

    at: int  #: the row of its session
    ratio: float  #: new shares for each old one: 4.0, or 0.1 for one new for ten old

    @property
    def size(self) -> float:
        """How large a step it makes, as log."""
        return float(abs(np.log(self.ratio)))


@dataclass(frozen=True, slots=True, eq=False)
class PriceTable:
    """A source's rows, oldest first: prices as quoted (n, 4), adjusted closes (n,) and volumes (n,)."""

    quoted: Floats
    adjusted: Floats
    volume: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """One of a table's two series of prices, with what tells its damage from moves. All (n,), oldest first."""

    closes: Floats
    opens: Floats
    other: Floats  #: closes of the other series: a move is in both
    volume: Floats  #: as it came


def with_splits(table: PriceTable, told: list[ToldSplit]) -> tuple[PriceTable, int | None]:
    """The table with these splits in all of its prices, and the newest row at which that is in doubt; None for nowhere.

    Rows need finite, positive closes and adjusted closes.
    """
    quoted, adjusted, volume = table.quoted.copy(), table.adjusted.copy(), table.volume.copy()
    doubts: list[int] = []
    for split in sorted(told, key=lambda one: -one.at):
        if not (np.isfinite(split.ratio) and split.ratio > 0 and split.ratio != 1):
            continue
        given = volume.copy()
        for rows, factor in _wrong(_Series(quoted[:, CLOSE], quoted[:, OPEN], adjusted, given), split, doubts):
            quoted[rows] *= factor
            volume[rows] /= factor
        opens = quoted[:, OPEN] * adjusted / quoted[:, CLOSE]
        for rows, factor in _wrong(_Series(adjusted, opens, quoted[:, CLOSE], given), split, doubts):
            adjusted[rows] *= factor
            opens[rows] *= factor
        _align(quoted, split)
    return PriceTable(quoted, adjusted, volume), max(doubts, default=None)


def is_explained(before: PriceTable, after: PriceTable, split: ToldSplit) -> bool:
    """Whether a told split explains which rows a repair has scaled: all steps that it took out are the split's.

    A repair that took out the end of a damaged stretch alone has scaled the sound rows before it as well: yfinance
    passes over a fall on a day of much trade.
    """
    closes = before.quoted[:, CLOSE]
    with np.errstate(all="ignore"):
        changes = np.diff(np.log(after.quoted[:, CLOSE] / closes))
    edges = np.flatnonzero(~(np.abs(changes) < split.size / 2)) + 1
    series = _Series(closes, before.quoted[:, OPEN], before.adjusted, before.volume)
    if any(at in edges and begin not in edges for at, begin in _Steps.of(series, split).stretches()):
        return False
    return all(
        _is_the_splits(closes, before.volume, int(at), -float(changes[at - 1]), split)
        or any(
            _is_stretch(before.volume, int(min(at, end)), int(max(at, end)), changes, split)
            for end in edges
            if end != at
        )
        for at in edges
    )


def _wrong(series: _Series, split: ToldSplit, doubts: list[int]) -> Iterator[tuple[slice, float]]:
    """The rows of a series that lack the split or have it twice, and what to multiply them by.

    The caller does so before it asks on. Steps that may as well be moves are added to `doubts`.
    """
    single = False  # a split has one step at most that nothing pairs with
    doubtful: set[int] = set()
    for _ in range(TURNS):
        steps = _Steps.of(series, split)
        step = next(steps.stretches(), None)
        if step is None and not single:
            step, single = steps.single(), True
        doubtful = set(steps.doubtful)
        if step is None:
            break
        at, begin = step
        if begin and not steps.is_sure(begin, at):
            doubts.append(begin)
        yield slice(begin, at), float(np.exp(steps.jump(at)))
    doubts += doubtful


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """The steps of a series that are like a split's ratio."""

    series: _Series
    split: ToldSplit
    steps: Floats  #: of the closes, as log; step k is that into row k + 1
    plain: list[int]  #: rows, newest first, at which the step is too close to the ratio for a usual day
    doubtful: list[int]  #: rows near the told session at which it may be either
    alike: npt.NDArray[np.bool_]  #: whether step k is as close to the ratio as a plain one must be, wherever it lies

    @classmethod
    def of(cls, series: _Series, split: ToldSplit) -> "_Steps":
        """Look for them."""
        closes, size = series.closes, split.size
        first, last = max(1, split.at - FAR), min(len(closes) - 1, split.at + NEAR)
        steps = np.diff(np.log(closes))
        with np.errstate(all="ignore"):
            gaps = np.log(series.opens[1:] / closes[:-1])
        gaps = np.where(np.isfinite(gaps), gaps, steps)
        jumps = np.copysign(size, steps)
        usual = _usual_move(closes, first, last)
        missed, gaps_missed = np.abs(steps - jumps), np.abs(gaps - jumps)
        # nearer to the ratio than to no step at all
        nearer = (missed < np.abs(steps)) & (gaps_missed < np.abs(gaps)) & (np.abs(steps) > size / 2)
        worst = np.maximum(missed, gaps_missed)
        alike = nearer & (size >= PLAIN * usual) & (worst <= min(SLACK * usual, size / 3))
        plain, doubtful = [], []
        for at in range(last, first - 1, -1):
            if not nearer[at - 1]:
                continue
            away = abs(at - split.at)
            least, slack = (PLAIN, SLACK) if away <= NEAR else (FAR_PLAIN, FAR_SLACK)
            if size >= least * usual and worst[at - 1] <= min(slack * usual, size / 3):
                plain.append(at)
                continue
            may_be = size >= WORTH * usual and missed[at - 1] <= max(size, 1.5 * WORTH * usual)
            if may_be and away <= (NEAR if size >= 2 * WORTH * usual else 1):
                doubtful.append(at)
        return cls(series, split, steps, plain, doubtful, alike)

    def jump(self, at: int) -> float:
        """The ratio, as log, as the step into this row shows it."""
        return float(np.copysign(self.split.size, self.steps[at - 1]))

    def stretches(self) -> Iterator[tuple[int, int]]:
        """The damaged stretches that have two steps, newest first: the row after each and its first."""
        for at in self.plain:
            begin = self._begin(at)
            if begin and (self._is_single(at) or self._is_pair(begin, at)):
                yield at, begin

    def single(self) -> tuple[int, int] | None:
        """The step that ends damage which goes back to the first row, nearest to the told session; None for none.

        What looks like it and may be a move is doubtful then.
        """
        sure = [at for at in self.plain if self._is_single(at)]
        if sure:
            return min(sure, key=lambda at: (abs(at - self.split.at), -at)), 0
        self.doubtful.extend(at for at in self.plain if abs(at - self.split.at) <= ABOUT)
        return None

    def is_sure(self, begin: int, at: int) -> bool:
        """Whether rows from `begin` are surely in another scale than those before, and it is no move."""
        return not (self._is_move(begin) and _is_denied(self.series.volume, begin, at, self.steps[begin - 1]))

    def _begin(self, at: int) -> int:
        """Where a stretch begins that ends before a step: at the nearest step back by the same ratio; 0 for nowhere."""
        back = np.flatnonzero(self.alike[: at - 1] & (np.sign(self.steps[: at - 1]) == -np.sign(self.steps[at - 1])))
        return int(back[-1]) + 1 if len(back) else 0

    def _is_single(self, at: int) -> bool:
        closes, volume = self.series.closes, self.series.volume
        return not self._is_move(at) or _is_the_splits(closes, volume, at, float(self.steps[at - 1]), self.split)

    def _is_pair(self, begin: int, at: int) -> bool:
        return not self._is_move(begin) or _is_stretch(self.series.volume, begin, at, -self.steps, self.split)

    def _is_move(self, at: int) -> bool:
        """Whether the step may be a move: those are in quoted and adjusted prices alike."""
        other = float(np.log(self.series.other[at] / self.series.other[at - 1]))
        return bool(np.sign(other) == np.sign(self.steps[at - 1]) and abs(other) > self.split.size / 2)


def _is_the_splits(closes: Floats, volume: Floats, at: int, step: float, split: ToldSplit) -> bool:
    """Whether a single step into row `at`, as log, can be nothing but the told split's."""
    away = abs(at - split.at)
    if away <= AT:
        return True
    between = slice(min(at, split.at), max(at, split.at))
    # a price that nobody traded at has not moved
    if (volume[between] == 0).all() and np.ptp(closes[between]) <= UNMOVED * closes[at]:
        return True
    shift = _volume_shift(volume, 0, at, len(volume), 4)
    return away <= NEAR and split.size >= np.log(LARGE) - 1e-9 and bool(-np.sign(step) * shift >= split.size / 2)


def _is_stretch(volume: Floats, begin: int, at: int, changes: Floats, split: ToldSplit) -> bool:
    """Whether rows from `begin` to before `at` are damaged: there and back in no time, or up to the told session.

    `changes`, (n - 1,), tells how much a repair of them changes each step.
    """
    if np.sign(changes[begin - 1]) == np.sign(changes[at - 1]):
        return False
    if at - begin <= SHORT:
        return True
    ends = min(abs(at - split.at), abs(begin - split.at)) <= AT
    return ends and not _is_denied(volume, begin, at, -float(changes[begin - 1]))


def _is_denied(volume: Floats, begin: int, at: int, step: float) -> bool:
    """Whether the shares traded did not change as they do with a split where a stretch is said to begin.

    A table that lacks a split counts the old shares.
    """
    shift = _volume_shift(volume, 0, begin, at, 10)
    return bool(-np.sign(step) * shift < abs(step) / 4)


def _volume_shift(volume: Floats, first: int, at: int, last: int, fewest: int) -> float:
    """By how much more is traded from row `at` on than before it, as log, between two rows; NaN where few days tell."""
    sides = (volume[max(first, at - TRADED) : at], volume[at : min(last, at + TRADED)])
    before, after = (side[np.isfinite(side) & (side > 0)] for side in sides)
    if min(len(before), len(after)) < fewest:
        return float("nan")
    return float(np.log(np.median(after) / np.median(before)))


def _usual_move(closes: Floats, first: int, last: int) -> float:
    """How far the price usually moves in a day around these rows; large single steps do not count."""
    around = closes[max(0, first - USUAL, last - 2 * USUAL) : last + USUAL]
    steps = np.abs(np.diff(np.log(around)))
    return float(np.clip(1.4826 * np.median(steps), QUIETEST, WILDEST)) if len(steps) else WILDEST


def _align(quoted: Floats, split: ToldSplit) -> None:
    """Put right, in place, opens, highs and lows that lack a split which the close of their row has, or the reverse."""
    size = split.size
    if size < np.log(1.9):  # a day's range may be as wide
        return
    rows: Ints = np.arange(max(0, split.at - FAR), min(len(quoted), split.at + NEAR + 1))
    for column in (OPEN, HIGH, LOW):
        with np.errstate(all="ignore"):
            off = np.log(quoted[rows, column] / quoted[rows, CLOSE])
        wrong = np.isfinite(off) & (np.abs(np.abs(off) - size) < min(size / 3, 0.1))
        quoted[rows[wrong], column] *= np.exp(-np.copysign(size, off[wrong]))
