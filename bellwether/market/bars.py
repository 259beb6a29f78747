"""Can these bars be forecast from? Pure functions over one symbol's bars."""

from datetime import date

import numpy as np

from bellwether.core.errors import DoubtfulBars, UnusableBars
from bellwether.core.i18n.translate import said
from bellwether.core.types import CLOSE, HIGH, LOW, OPEN, VOLUME, Bars, Floats, Problem
from bellwether.market.jumps import may_be_halved, taken_back, unheard_of
from bellwether.market.kept_checks import kept_with_bars
from bellwether.market.returns import FEWEST_CLOSES, RECENT, are_prices, ewma_volatility, log_returns

LONGEST_GAP = 14  #: calendar days between two bars; Golden Week closes Shanghai for about 11
STALE_AFTER = 7  #: calendar days the last bar may lag behind the last closed session
LOWEST_PRICE, HIGHEST_PRICE = 1e-6, 1e9  #: beyond them the model's single precision loses the moves
LARGEST_VOLUME = 1e15  #: shares a day; more is damage, and overflows the model's arithmetic
SMALLEST_VOLATILITY = 1e-6  #: daily; below it the price stands still for all that floats can tell


@kept_with_bars
def find_problem(
    bars: Bars,
    *,
    expected: date | None,
    min_history: int,
    context_length: int,
    volatility_range: tuple[float, float],
    max_abs_return: float,
) -> Problem | None:
    """The first reason why the model must not answer from these bars; None when it may.

    `expected` is the last closed session, None for a market that is not live; the others come from the model's
    card. Raises UnusableBars when no answer at all can be given.
    """
    check_order(bars)
    closes = usable_closes(bars)
    if len(bars) < min_history:
        return Problem.TOO_SHORT
    if expected is not None and (expected - bars.cutoff).days > STALE_AFTER:
        return Problem.STALE
    recent = bars.values[-RECENT:]
    if not _sound(recent) or len(closes) < min_history:
        return Problem.BROKEN
    if int(np.diff(bars.sessions[-RECENT:]).astype(np.int64).max()) > LONGEST_GAP:
        return Problem.GAP
    returns = log_returns(closes[-context_length:])
    volatility = ewma_volatility(returns[-RECENT:])
    if volatility < SMALLEST_VOLATILITY:
        return Problem.FLAT
    if closes.min() < LOWEST_PRICE or closes.max() > HIGHEST_PRICE:
        return Problem.EXTREME
    low, high = volatility_range
    # a jump stays in what the model reads for as long as its window
    if not low <= volatility <= high or max(returns.max(), -returns.min()) > max_abs_return:
        return Problem.EXTREME
    if unheard_of(bars):
        return Problem.EXTREME
    # of eight such days in four million some were splits that nobody told of, others real falls: there is no telling
    if may_be_halved(bars):
        return Problem.JUMP
    return Problem.BROKEN if taken_back(bars) else None


@kept_with_bars
def mended(bars: Bars) -> Bars:
    """The same bars without days whose close is unusable, and with what else is missing filled in.

    Open, high and low become the close, a volume becomes 0: what the model knows as "not known". Recent damage is a
    `Problem` of its own; this keeps an old broken bar from reaching the model as NaN. Raises what `usable_closes` does.
    """
    usable_closes(bars)
    values = bars.values
    if values[:, : CLOSE + 1].min() > 0 and values[:, VOLUME].min() >= 0 and values.max() <= LARGEST_VOLUME:
        return bars  # as nearly always; a comparison with NaN is never true
    good = are_prices(bars.closes)
    values = values[good]
    prices = values[:, : CLOSE + 1]
    volume = np.where(np.isfinite(values[:, VOLUME]), np.clip(values[:, VOLUME], 0, LARGEST_VOLUME), 0)
    whole = np.where(are_prices(prices), prices, prices[:, CLOSE:])
    mend = Bars(bars.symbol, bars.sessions[good], np.column_stack([whole, volume]), bars.quoted_closes[good])
    return mend.sealed()  # kept for as long as `bars` are, and given to all who ask


def after_breaks(bars: Bars) -> set[int]:
    """The rows of `mended` bars into which the move is over days whose close is unusable: it is of no one day."""
    good = are_prices(bars.closes)
    return set() if good.all() else set((np.flatnonzero(np.diff(np.flatnonzero(good)) > 1) + 1).tolist())


def check_order(bars: Bars) -> None:
    """Refuse bars that are empty, out of order or doubled: nothing can be read off them."""
    if len(bars) == 0:
        raise UnusableBars(f"There are no prices of {bars.symbol}.")
    if not (bars.sessions[1:] > bars.sessions[:-1]).all():
        raise UnusableBars(f"The prices of {bars.symbol} are out of order or doubled; I can't forecast from them.")


def usable_closes(bars: Bars) -> Floats:
    """The closes that are finite and positive, (m,).

    Raises UnusableBars when they are too few, end in a broken one, or never move: then not even the baseline has an
    answer.
    """
    good = are_prices(bars.closes)
    closes = bars.closes if good.all() else bars.closes[good]
    if len(closes) < FEWEST_CLOSES:
        raise UnusableBars(
            f"I need at least {FEWEST_CLOSES} usable daily prices to say anything; "
            f"of {bars.symbol} I have {len(closes)}."
        )
    if not good[-1]:
        raise DoubtfulBars(
            said("The newest price of {symbol} is missing or impossible; please try again later.", symbol=bars.symbol)
        )
    if closes[0] == closes[-1] and closes.max() == closes.min():
        raise UnusableBars(f"The price of {bars.symbol} has never moved, so there is nothing to learn a range from.")
    return closes


def _sound(values: Floats) -> bool:
    """Whether every bar is finite, positive and has its low below its high; values (n, 5).

    Sources round the four prices apart from each other, so a hair of disorder is allowed.
    """
    prices = values[:, : CLOSE + 1]
    volumes = values[:, VOLUME]
    # a comparison with NaN is never true
    if not (prices.min() > 0 and prices.max() < np.inf and volumes.min() >= 0 and volumes.max() <= LARGEST_VOLUME):
        return False
    slack = 1.001
    highest = np.maximum(values[:, OPEN], values[:, CLOSE])
    lowest = np.minimum(values[:, OPEN], values[:, CLOSE])
    return bool((values[:, HIGH] * slack >= highest).all() and (values[:, LOW] <= lowest * slack).all())
