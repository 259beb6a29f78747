"""Scores of one forecaster, and of the model against another, on rows that share outcomes.

All in EWMA standard deviations: quantiles and outcomes are divided by volatility times sqrt(horizon), so that calm
and wild stocks count alike. CRPS is approximated by twice the mean pinball loss over the levels
(Gneiting and Raftery, 2007). Intervals are those that live forecasts are judged by, and dates are the sample in the
Diebold-Mariano test too (1995), with the long-run variance of Newey and West (1987) and the small-sample correction of
Harvey, Leybourne and Newbold (1997).
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from bellwether.core.types import HEADS, LEVELS, Q05, Q10, Q50, Q90, Q95, Floats
from bellwether.forecasting.metrics import brier_score, coverage, pinball_loss, probability_above_zero, skill
from bellwether.track_record.scores.block_bootstrap import (
    BLOCK,
    FEWEST_BLOCKS,
    Weeks,
    by_week,
    interval,
    mean_interval,
)

FEWEST_SYMBOLS = 10  # on a date, to rank them
AUC_BINS = 200
SESSIONS_A_WEEK = 5


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows of one or more horizons, one after the other, whose outcome is known."""

    outcome: Floats  #: (n,) standardised
    scale: Floats  #: (n,) volatility times sqrt(horizon): log return = scale x standardised
    week: Weeks  #: (n,)
    date: npt.NDArray[np.datetime64]  #: (n,) the cutoff
    head: npt.NDArray[np.intp]  #: (n,) index into HEADS
    climatology: Floats  #: (n,) the training share of rises
    row: npt.NDArray[np.intp]  #: (n,) index into the forecasts

    def take(self, chosen: npt.NDArray[np.bool_]) -> "Sample":
        """Some of the rows."""
        return Sample(**{name: getattr(self, name)[chosen] for name in Sample.__slots__})

    def mean_interval(self, values: Floats) -> list[float] | None:
        """95 % interval of the mean of values (n,)."""
        return mean_interval(values, self.week)

    def of(self, forecasts: Floats) -> Floats:
        """Standardised quantiles (n, levels) of forecasts (b, heads, levels) in the same units."""
        chosen: Floats = forecasts[self.row, self.head]
        return chosen


def score(sample: Sample, quantiles: Floats) -> dict[str, Any]:
    """Every score of standardised quantiles (n, levels)."""
    loss = pinball_loss(sample.outcome, quantiles)
    rose, chance = (sample.outcome > 0).astype(np.float64), probability_above_zero(quantiles)
    gain = np.square(sample.climatology - rose) - np.square(chance - rose)
    scores: dict[str, Any] = {
        "forecasts": len(loss),
        "pinball": float(loss.mean()),
        "crps": float(2 * loss.mean()),
    }
    scores |= held(sample, quantiles) | {
        "share_of_rises": float(rose.mean()),
        "brier": brier_score(chance, rose),
        "brier_climatology": brier_score(sample.climatology, rose),
        "brier_gain": float(gain.mean()),
        "brier_gain_interval": mean_interval(gain, sample.week),
        "auc": auc(chance, rose, sample.head),
        "auc_interval": auc_interval(chance, rose, sample.head, sample.week),
    }
    return scores | rank_ic(sample, quantiles[:, Q50])


def held(sample: Sample, quantiles: Floats) -> dict[str, Any]:
    """The mean width of the 80 and the 90 % range of quantiles (n, levels), and the share of outcomes inside."""
    shares: dict[str, Any] = {
        "width_80": float(np.mean(quantiles[:, Q90] - quantiles[:, Q10])),
        "width_90": float(np.mean(quantiles[:, Q95] - quantiles[:, Q05])),
    }
    for name, low, high in (("80", Q10, Q90), ("90", Q05, Q95)):
        inside = (sample.outcome >= quantiles[:, low]) & (sample.outcome <= quantiles[:, high])
        shares[f"coverage_{name}"] = float(inside.mean())
        shares[f"coverage_{name}_interval"] = mean_interval(inside.astype(np.float64), sample.week)
    return shares


def against(sample: Sample, quantiles: Floats, rival: Floats) -> dict[str, Any]:
    """The skill of `quantiles` over `rival`, both (n, levels), with its interval and the Diebold-Mariano test."""
    loss, other = pinball_loss(sample.outcome, quantiles), pinball_loss(sample.outcome, rival)
    sums = by_week(sample.week, loss, other, np.ones(len(loss)))
    overlap = -(-HEADS[int(sample.head.max())] // SESSIONS_A_WEEK)
    # a week counts by its rows, as it does in the skill: some hold a holiday's few
    test = diebold_mariano((sums[:, 1] - sums[:, 0]) / sums[:, 2].mean(), overlap)
    return {
        "pinball": float(other.mean()),
        "skill": skill(float(loss.mean()), float(other.mean())),
        "skill_interval": interval(sums, lambda totals: 1 - totals[:, 0] / totals[:, 1]),
        "diebold_mariano": test[0] if test else None,
        "p_value": test[1] if test else None,
    }


def short(skill: dict[str, Any]) -> dict[str, Any]:
    """Of what `against` says the skill and its interval alone."""
    return {key: skill[key] for key in ("skill", "skill_interval")}


def diebold_mariano(gain: Floats, overlap: int) -> tuple[float, float] | None:
    """The statistic and its two-sided p-value for loss differences summed by week (weeks,), in order of time.

    `gain` is baseline minus model: a positive statistic speaks for the model. `overlap` is for how many weeks outcomes
    reach into each other. None where there are too few weeks or no difference at all.
    """
    weeks = len(gain)
    if weeks < FEWEST_BLOCKS * BLOCK:
        return None
    lags = max(overlap, int(0.75 * weeks ** (1 / 3)))
    centred = gain - gain.mean()
    variance = np.mean(centred**2)
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * np.sum(centred[lag:] * centred[:-lag]) / weeks
    if variance <= 0:
        return None
    correction = np.sqrt((weeks + 1 - 2 * overlap + overlap * (overlap - 1) / weeks) / weeks)
    statistic = float(correction * gain.mean() / np.sqrt(variance / weeks))
    return statistic, 2 * NormalDist().cdf(-abs(statistic))


def auc(chance: Floats, happened: Floats, group: npt.NDArray[np.intp]) -> float | None:
    """Share of pairs (rise, fall) of one group in which the rise had the higher chance; ties count half. All (n,).

    Groups are horizons: to know that more stocks rise in a month than in a day is no skill.
    """
    won = pairs = 0.0
    for number in np.unique(group):
        inside = group == number
        rises = float(happened[inside].sum())
        won += float(rankdata(chance[inside])[happened[inside] > 0].sum()) - rises * (rises + 1) / 2
        pairs += rises * (float(inside.sum()) - rises)
    return won / pairs if pairs else None


def auc_interval(chance: Floats, happened: Floats, group: npt.NDArray[np.intp], week: Weeks) -> list[float] | None:
    """95 % interval of `auc`, from chances in AUC_BINS bins of about equal counts."""
    edges = np.unique(np.quantile(chance, np.linspace(0, 1, AUC_BINS + 1)[1:-1]))
    groups, stratum = np.unique(group, return_inverse=True)
    _, place = np.unique(week, return_inverse=True)
    shape = (place.max() + 1, len(groups), len(edges) + 1, 2)  # weeks, horizons, bins, fell or rose
    cell = np.ravel_multi_index(
        (place, stratum, np.searchsorted(edges, chance, side="right"), (happened > 0).astype(np.intp)), shape
    )
    counts = np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape[0], -1).astype(np.float64)

    def statistic(totals: Floats) -> Floats:
        falls, rises = np.moveaxis(totals.reshape(len(totals), *shape[1:]), 3, 0)
        below = np.cumsum(falls, axis=2) - falls / 2  # falls with a lower chance, half of those in the same bin
        pairs = (rises.sum(axis=2) * falls.sum(axis=2)).sum(axis=1)
        area: Floats = (rises * below).sum(axis=(1, 2)) / pairs
        return area

    return interval(counts, statistic)


def rank_ic(sample: Sample, median: Floats) -> dict[str, Any]:
    """Mean over dates and horizons of Spearman's correlation of forecast and realised growth across symbols."""
    forecast, outcome = median * sample.scale, sample.outcome * sample.scale
    group = sample.date.astype(np.int64) * len(HEADS) + sample.head
    order = np.argsort(group, kind="stable")
    correlations, weeks = [], []
    for part in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        if len(part) >= FEWEST_SYMBOLS and np.ptp(forecast[part]) > 0 and np.ptp(outcome[part]) > 0:
            ranks = rankdata(forecast[part]), rankdata(outcome[part])
            correlations.append(float(np.corrcoef(*ranks)[0, 1]))
            weeks.append(int(sample.week[part[0]]))
    if not correlations:
        return {"rank_ic": None, "rank_ic_interval": None}
    values = np.array(correlations)
    return {"rank_ic": float(values.mean()), "rank_ic_interval": mean_interval(values, np.array(weeks))}


def coverages(sample: Sample, quantiles: Floats) -> dict[str, Any]:
    """Coverage of both intervals and how many forecasts that rests on."""
    return {
        "forecasts": len(sample.outcome),
        "coverage_80": coverage(sample.outcome, quantiles[:, Q10], quantiles[:, Q90]),
        "coverage_90": coverage(sample.outcome, quantiles[:, Q05], quantiles[:, Q95]),
    }


def reliability(
    outcomes: Floats, quantiles: Floats, mean_interval: Callable[[Floats], list[float] | None]
) -> list[dict[str, Any]]:
    """Per level: how often an outcome (n,) fell at or below the quantile (n, levels), with the interval of that."""
    levels = []
    for column, level in enumerate(LEVELS):
        below = (outcomes <= quantiles[:, column]).astype(np.float64)
        levels.append({"level": level, "observed": float(below.mean()), "interval": mean_interval(below)})
    return levels


def pit(sample: Sample, quantiles: Floats) -> list[dict[str, float]]:
    """Share of outcomes between neighbouring quantiles, against what was promised: (levels + 1) bins."""
    edges = (0.0, *LEVELS, 1.0)
    place = (sample.outcome[:, None] > quantiles).sum(axis=1)
    shares = np.bincount(place, minlength=len(edges) - 1) / len(place)
    return [
        {"low": low, "high": high, "observed": float(share)}
        for low, high, share in zip(edges[:-1], edges[1:], shares, strict=True)
    ]
