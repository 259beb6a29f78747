"""Why the range is as wide as it is, as numbers. `bellwether.forecasting.sentences` makes sentences of them."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from bellwether.core.types import HEADS, Explanation, Floats, Record
from bellwether.market.returns import TRADING_DAYS, ewma_volatility, moves

RECENT = 21  #: sessions in "the last month"


@dataclass(frozen=True, slots=True)
class Moved:
    """How a price moved of late."""

    volatility: float  #: a year, now
    usual: float | None  #: a year, over the last one; None below a year
    recent: float | None  #: log return over the last month; None below a month


def moved(closes: Floats, doubtful: Collection[int] = ()) -> Moved:
    """From adjusted closes (n,), n >= 2; moves into the `doubtful` rows are no part of a volatility."""
    returns = moves(closes, TRADING_DAYS + 1, doubtful)
    year = np.sqrt(TRADING_DAYS)
    return Moved(
        volatility=ewma_volatility(returns) * float(year),
        usual=float(np.std(returns) * year) if len(closes) > TRADING_DAYS else None,
        recent=float(np.log(closes[-1] / closes[-1 - RECENT])) if len(closes) > RECENT else None,
    )


def explain(price: Moved, vix: float | None, width: float, baseline_width: float, record: Record | None) -> Explanation:
    """Describe the state of one symbol. `vix` in percent as quoted; widths are of 80 % ranges, in log returns."""
    return Explanation(
        volatility=price.volatility,
        usual_volatility=price.usual,
        market_volatility=vix / 100 if vix else None,
        recent_return=price.recent,
        width_against_baseline=width / baseline_width if baseline_width > 0 else 1.0,
        record=record,
    )


def usual_probability_of_growth(closes: Floats, horizon: int) -> float | None:
    """The share of past stretches of `horizon` sessions that ended higher; None below a year of stretches."""
    if len(closes) < TRADING_DAYS + horizon:
        return None
    return float(np.mean(closes[horizon:] > closes[:-horizon]))


def record_at(records: tuple[Record | None, ...], horizon: int) -> Record | None:
    """The record of this horizon's head; between two heads the worse of theirs, lest it look better than it is."""
    if not records:
        return None
    right = next(at for at, head in enumerate(HEADS) if head >= horizon)
    near = records[right : right + 1] if HEADS[right] == horizon else records[right - 1 : right + 1]
    known = [record for record in near if record is not None]
    return min(known, key=lambda record: record.skill_low) if len(known) == len(near) else None
