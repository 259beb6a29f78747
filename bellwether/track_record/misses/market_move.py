"""What the whole market did in the meantime, and how much of it a stock goes along with. Pure.

The index' own range is the plain rule's, as of the cutoff: RiskMetrics (1996), normal, sqrt(horizon). Beta is the slope
of a stock's daily log returns on the index' over the year up to the cutoff, drawn towards 1 by how uncertain it is:
Vasicek (1973), A note on using cross-sectional information in Bayesian estimation of security betas.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist

import numpy as np

from bellwether.core.types import Bars, Floats, Sessions, to_date
from bellwether.market.returns import FEWEST_CLOSES, TRADING_DAYS, are_prices, ewma_volatility, log_returns

FEWEST_RETURNS = 60  #: that stock and index have in common
USUAL_BETA, BETA_SPREAD = 1.0, 0.5  #: mean and standard deviation of betas before anything is seen
_END = NormalDist().inv_cdf(0.9)
_LATE = timedelta(days=4)  #: calendar days by which the index' last session may lie before a stock's: a long weekend


@dataclass(frozen=True, slots=True)
class IndexMove:
    """The index between two days, as log returns."""

    log_return: float
    low: float  #: ends of its own 80 % range, said at the first day's close
    high: float

    @property
    def held(self) -> bool:
        """Whether it ended inside."""
        return self.low <= self.log_return <= self.high


def index_move(index: Bars, cutoff: date, session: date, horizon: int) -> IndexMove | None:
    """What the index did from `cutoff` to `session`; None where it has no recent close of either, or too few before.

    Exchanges have holidays of their own: the last close up to a day is that day's.
    """
    days, closes = _priced(index)
    at, last = np.searchsorted(days, [np.datetime64(cutoff), np.datetime64(session)], side="right") - 1
    if at + 1 < FEWEST_CLOSES or cutoff - to_date(days[at]) > _LATE or session - to_date(days[last]) > _LATE:
        return None
    volatility = ewma_volatility(log_returns(closes[: at + 1][-TRADING_DAYS - 1 :]))
    end = _END * volatility * float(np.sqrt(horizon))
    return IndexMove(float(np.log(closes[last] / closes[at])), -end, end)


def beta_of(bars: Bars, index: Bars, cutoff: date) -> float | None:
    """A stock's beta by the sessions up to the cutoff; None where it has fewer than FEWEST_RETURNS in common.

    With the slope b, its standard error s, and a spread d of betas about 1: (b d² + s²) / (d² + s²).
    """
    days, of_stock, of_index = _in_common(bars, index, cutoff)
    if len(days) <= FEWEST_RETURNS:
        return None
    stock, market = log_returns(of_stock), log_returns(of_index)
    stock, market = stock - stock.mean(), market - market.mean()
    spread = float(market @ market)
    if spread <= 0:
        return None
    slope = float(market @ stock) / spread
    residual = stock - slope * market
    uncertain = float(residual @ residual) / (len(stock) - 2) / spread
    usual = BETA_SPREAD**2
    return (slope * usual + USUAL_BETA * uncertain) / (usual + uncertain)


def _in_common(bars: Bars, index: Bars, cutoff: date) -> tuple[Sessions, Floats, Floats]:
    """The last year's sessions of both with a close, and the closes of each."""
    (days, closes), (index_days, index_closes) = (_before(series, cutoff) for series in (bars, index))
    both, at, index_at = np.intersect1d(days, index_days, assume_unique=True, return_indices=True)
    return both, closes[at], index_closes[index_at]


def _before(series: Bars, cutoff: date) -> tuple[Sessions, Floats]:
    """The sessions of the year up to the cutoff that have a close."""
    known = int(np.searchsorted(series.sessions, np.datetime64(cutoff), side="right"))
    return _priced(series.part(slice(max(known - TRADING_DAYS - 1, 0), known)))


def _priced(series: Bars) -> tuple[Sessions, Floats]:
    usable = are_prices(series.closes)
    return series.sessions[usable], series.closes[usable]
