"""Which alerts of a chat get a message of their own, and which go into the digest. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from math import sqrt
from statistics import NormalDist
from typing import Protocol, TypeVar

from bellwether.core.types import Bars
from bellwether.market.returns import ewma_volatility, log_returns

WEEK = timedelta(days=7)
_USUAL = 64  #: sessions behind the daily move that is usual
_MOST = 10.0  #: standard deviations; beyond them the scale says nothing any more


class Surprising(Protocol):
    """Something with a surprise, in standard deviations."""

    @property
    def surprise(self) -> float:
        """How unusual it is."""


One = TypeVar("One", bound=Surprising)


def within_budget(fired: Sequence[One], budget: int | None, told: int) -> tuple[list[One], list[One]]:
    """(those told by themselves, those left for the digest), each with the most surprising first.

    `budget` is how many a chat wants in seven days, None without a limit; `told` how many it had in the last seven.
    """
    ordered = sorted(fired, key=lambda alert: -alert.surprise)  # stable: what is equal keeps its order
    room = len(ordered) if budget is None else max(0, budget - told)
    return ordered[:room], ordered[room:]


def surprise_of_move(bars: Bars, steps: int = 1, closes: int = 1) -> float:
    """The last move in units of the one that was usual before it; 0 where there is no telling.

    It is over so many `closes`. `steps` is how many sessions that are: more where closes are missing, and over more
    sessions a wider move is usual.
    """
    returns = log_returns(bars.closes[-_USUAL - closes :])
    if len(returns) < closes + 1 or closes < 1:
        return 0.0
    usual = ewma_volatility(returns[:-closes]) * sqrt(steps)
    return min(abs(float(returns[-closes:].sum())) / usual, _MOST) if usual > 0 else 0.0


def surprise_of_rarity(share: float) -> float:
    """A share of the days as the standard deviations that so small a share of a normal distribution lies beyond.

    0.05 is 1.96: both tails together.
    """
    return min(-NormalDist().inv_cdf(max(share, 1e-12) / 2), _MOST) if share < 1 else 0.0
