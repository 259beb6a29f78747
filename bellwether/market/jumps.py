"""Splits that are, or may be, missing from the prices before them. Pure.

| told and doubtful    the source tells of it, and there is no telling whether it is in the prices
| untold               a jump of a whole ratio, close and open, that nobody told of
| half or double       the same, where as many were real moves: prices stay, and whoever tells of them says so
| doubtful moves       all moves that are as likely damage: a volatility is reckoned without them
"""

from datetime import date

import numpy as np

from bellwether.core.errors import DoubtfulBars
from bellwether.core.i18n.numbers import spoken_day
from bellwether.core.i18n.translate import N_, Said, said
from bellwether.core.types import HIGH, LOW, OPEN, Bars, Floats, to_date
from bellwether.market.kept_checks import kept_with_bars
from bellwether.market.returns import FEWEST_CLOSES, RECENT, TRADING_DAYS, are_prices, log_returns
from bellwether.market.units import BACK, LONGEST_SPIKE

UNTOLD = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 1000.0)  #: usual split ratios
#: log: how near a jump must be to one, and its opening to the jump: of four million days three were
AT_RATIO, AT_OPEN = 0.03, 0.1
#: usual daily moves by which half or double may be missed, for the day has a move of its own; and at most, as log
OWN_MOVE, MOST_OWN_MOVE = 2.5, 0.15
JUMP = 0.5  #: log; smaller moves are never doubted
_FAR = float(np.exp(JUMP))  # times; the same
UNHEARD_OF = float(np.log(UNTOLD[0]))  #: log; from about here on whole jumps are as likely damage as moves
FADED = TRADING_DAYS  #: sessions after which a jump of any size weighs nothing in a volatility


def since_doubtful_split(bars: Bars) -> tuple[Bars, tuple[Said, ...]]:
    """The bars from the last split on that may be missing from those before it, however long ago that was."""
    doubtful = bars.origin.doubtful if bars.origin is not None else None
    if doubtful is None or doubtful > bars.cutoff:
        return bars, ()
    since = int(np.searchsorted(bars.sessions, np.datetime64(doubtful)))
    if since == 0:
        return bars, ()
    too_few = N_(
        "There was a split of {symbol} about {day}, and it is not clear whether the prices before it are "
        "adjusted for it; I can't forecast until there are {count} prices after it."
    )
    return _since(bars, since, doubtful, too_few)


def since_untold_split(bars: Bars) -> tuple[Bars, tuple[Said, ...]]:
    """The bars since a recent jump that looks like a split which is missing from the prices before it."""
    jumps = untold_splits(bars)
    if jumps:
        back = taken_back(bars)
        jumps = [at for at in jumps if at not in back]
    if not jumps:
        return bars, ()
    too_few = N_(
        "The price of {symbol} jumps on {day} as it does when older prices are not adjusted for a split; I "
        "can't forecast until there are {count} prices after it."
    )
    return _since(bars, jumps[-1], to_date(bars.sessions[jumps[-1]]), too_few)


def _since(bars: Bars, row: int, day: date, too_few: str) -> tuple[Bars, tuple[Said, ...]]:
    """The bars from a row on, and the note on those before. Raises DoubtfulBars, with what is said of `too_few`."""
    if len(bars) - row < FEWEST_CLOSES:
        raise DoubtfulBars(
            said(too_few, symbol=bars.symbol, day=spoken_day(day), count=FEWEST_CLOSES),
            waiting_helps=len(bars) - row <= LONGEST_SPIKE,
        )
    left_out = said(
        "Prices before {day} are left out: it is not clear whether they are adjusted for a split.", day=spoken_day(day)
    )
    return bars.part(slice(row, None)), (left_out,)


def untold_splits(bars: Bars) -> list[int]:
    """The recent rows at which the price jumps by a usual ratio of splits."""
    return [at for at, times in recent_jumps(bars) if any(abs(times - np.log(ratio)) < AT_RATIO for ratio in UNTOLD)]


def may_be_halved(bars: Bars) -> list[int]:
    """The recent rows at which the price jumps to half or double as a whole: a split that nobody told of, or a move."""
    jumps = recent_jumps(bars)
    if not jumps:
        return []
    near = _own_move(bars)
    return [at for at, times in jumps if abs(times - np.log(2)) < near]


def unheard_of(bars: Bars) -> bool:
    """Whether the price recently jumped threefold or more as a whole: a split with a move of its own, or a move."""
    jumps = recent_jumps(bars)
    return bool(jumps) and max(times for _, times in jumps) > UNHEARD_OF - _own_move(bars)


@kept_with_bars
def doubtful_moves(bars: Bars, sessions: int = FADED) -> frozenset[int]:
    """The rows, of the last ones, into which the move is as likely damage: no volatility should be made of it.

    A jump to half or double, or to a third or threefold and beyond, as a whole; a jump that is taken back within days,
    opening and close alike; one to or from a close outside its day's range. A fall that stays and is none of these is
    a move. Needs usable closes.
    """
    first = max(1, len(bars) - sessions)
    if _is_calm(bars.closes[first - 1 :]):
        return frozenset()
    steps = log_returns(bars.closes)
    far = np.flatnonzero(np.abs(steps[first - 1 :]) > JUMP) + first
    with np.errstate(all="ignore"):
        gaps = np.log(bars.values[1:, OPEN] / bars.closes[:-1])
    outside = (np.log(bars.closes / bars.values[:, HIGH]) > AT_OPEN) | (
        np.log(bars.closes / bars.values[:, LOW]) < -AT_OPEN
    )
    near = _own_move(bars)
    doubtful = set()
    for at in far.tolist():
        size, whole = abs(steps[at - 1]), abs(gaps[at - 1] - steps[at - 1]) < AT_OPEN
        if (whole and (abs(size - np.log(2)) < near or size > UNHEARD_OF - near)) or outside[at - 1] or outside[at]:
            doubtful.add(at)
    return frozenset(doubtful | _taken_back(steps, gaps, first))


def taken_back(bars: Bars) -> set[int]:
    """The recent rows at which the price jumps as a whole and is back within days, and those at which it comes back."""
    recent = bars.last(RECENT + 1)
    if _is_calm(recent.closes):
        return set()
    with np.errstate(all="ignore"):
        steps = log_returns(recent.closes)
        gaps = np.log(recent.values[1:, OPEN] / recent.closes[:-1])
    return {len(bars) - len(recent) + at for at in _taken_back(steps, gaps, 1)}


def _taken_back(steps: Floats, gaps: Floats, first: int) -> set[int]:
    """The rows from `first` on of jumps and what took them back; steps and gaps (n - 1,), as log."""
    whole = (np.abs(gaps - steps) < AT_OPEN) & (np.abs(steps) > JUMP)
    rows: set[int] = set()
    for at in (np.flatnonzero(whole[first - 1 :]) + first).tolist():
        for end in range(at + 1, min(at + LONGEST_SPIKE, len(steps)) + 1):
            is_back = abs(steps[at - 1 : end].sum()) < BACK
            if whole[end - 1] and is_back and steps[at - 1] * steps[end - 1] < 0:
                rows |= {at, end}
    return rows


def _own_move(bars: Bars) -> float:
    """By how much a jump to half or double may miss that, as log: a wild share moves on the day of its split too."""
    with np.errstate(all="ignore"):
        steps = np.abs(log_returns(bars.closes[-FADED:]))
    steps = steps[np.isfinite(steps)]
    usual = 1.4826 * float(np.median(steps)) if len(steps) else 0.0
    return float(np.clip(OWN_MOVE * usual, AT_RATIO, MOST_OWN_MOVE))


def recent_jumps(bars: Bars) -> list[tuple[int, float]]:
    """Each recent row at which the price is far from the close before, and is so from its opening on: (row, |log|)."""
    recent = bars.last(RECENT + 1)
    if _is_calm(recent.closes):
        return []
    good = np.flatnonzero(are_prices(recent.closes))
    closes, opens = recent.closes[good], recent.values[good, OPEN]
    with np.errstate(all="ignore"):
        steps, gaps = np.log(closes[1:] / closes[:-1]), np.log(opens[1:] / closes[:-1])
    whole = np.abs(gaps - steps) < AT_OPEN  # never true where the open is missing
    far = np.flatnonzero((np.abs(steps) > JUMP) & whole)
    first = len(bars) - len(recent)
    return [(first + int(good[at + 1]), float(abs(steps[at]))) for at in far]


def _is_calm(closes: Floats) -> bool:
    """Whether no close is further than JUMP from the one before; never where one is broken. Every answer asks."""
    with np.errstate(all="ignore"):
        steps = closes[1:] / closes[:-1]
    return len(steps) == 0 or bool(steps.max() < _FAR and steps.min() > 1 / _FAR)
