"""Ranges of lists held in equal parts, scored: lists drawn by hash, walked forward over forecasts of `forecasts`.

forecasts of each symbol | lists of LISTS_OF symbols drawn by their names' hash
| joint range, the same without dependence, historical simulation of the same list | pinball and coverage, by size

Losses are in standard deviations of the list's own daily moves over the year before, times sqrt(horizon), so that calm
and wild lists count alike. Intervals draw blocks of 13 weeks (`block_bootstrap`).
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from bellwether.core.errors import MarketDataError
from bellwether.core.types import HEADS, Q10, Q90, Floats
from bellwether.forecasting.joint import TWO_YEARS, YEAR, correlations_of, historical_growths, joint_range
from bellwether.forecasting.metrics import pinball_loss
from bellwether.market.file import read_prices
from bellwether.market.universe_state import is_stock
from bellwether.track_record.scores.block_bootstrap import mean_interval, skill_interval
from training.forecasts import QUANTILES

SIZES = (5, 10, 20)
LISTS = 8  #: of each size
HORIZONS = tuple(head for head in HEADS if head in (5, 10, 21))
OURS, APART, PLAIN = "joint", "independent", "historical"
WHO = (OURS, APART, PLAIN)


def drawn(symbols: Sequence[str], size: int, number: int) -> list[str]:
    """A list by nothing but names: those whose hash with the size and number comes first."""

    def place(symbol: str) -> str:
        return hashlib.sha256(f"{size} {number} {symbol}".encode()).hexdigest()

    return sorted(sorted(symbols, key=place)[:size])


def score_lists(prices: Sequence[Path], forecasts: Path, first: date) -> pd.DataFrame:
    """One row per list, cutoff from `first` on, horizon and WHO: size, cutoff, horizon, who, loss, held.

    Raises MarketDataError.
    """
    closes = _closes(prices)
    made = pd.read_parquet(forecasts)
    made = made[made["cutoff"] >= np.datetime64(first)]
    known = pd.DatetimeIndex(closes.index[TWO_YEARS:])
    days = pd.DatetimeIndex(sorted(made["cutoff"].unique())).intersection(known)
    begin = int(closes.index.get_indexer(days[:1])[0])
    whole = closes.iloc[begin - TWO_YEARS :].notna().all()
    symbols = [symbol for symbol in closes.columns[whole] if is_stock(symbol)]
    if len(symbols) < max(SIZES):
        raise MarketDataError("Too few stocks have prices on every session from two years before the first cutoff.")
    rows: list[tuple[object, ...]] = []
    by_horizon = {horizon: _quantiles(made, horizon, symbols) for horizon in HORIZONS}
    for size in SIZES:
        for number in range(LISTS):
            chosen = drawn(symbols, size, number)
            rows += _scored(closes[chosen], chosen, {h: q.loc[:, chosen] for h, q in by_horizon.items()}, days)
    frame = pd.DataFrame(rows, columns=["size", "cutoff", "horizon", "who", "loss", "held"])
    return frame


def _closes(prices: Sequence[Path]) -> pd.DataFrame:
    """Closes on sessions of the market, a column for each symbol."""
    read = read_prices(prices)
    closes = read.pivot_table(index="date", columns="symbol", values="close")
    closes.index = pd.DatetimeIndex(closes.index)
    return closes[closes["^GSPC"].notna()]


def _quantiles(made: pd.DataFrame, horizon: int, symbols: Sequence[str]) -> pd.DataFrame:
    """Log-return quantiles by cutoff, a tuple for each symbol."""
    of_horizon = made[(made["horizon"] == horizon) & made["symbol"].isin(symbols)]
    packed = pd.Series(list(of_horizon[list(QUANTILES)].to_numpy()), index=of_horizon.index)
    return of_horizon.assign(quantiles=packed).pivot(index="cutoff", columns="symbol", values="quantiles")


def _scored(
    closes: pd.DataFrame, chosen: list[str], quantiles: dict[int, pd.DataFrame], days: pd.DatetimeIndex
) -> Iterator[tuple[object, ...]]:
    values = closes.to_numpy()
    returns = np.diff(np.log(values), axis=0)
    for day, at in zip(days, closes.index.get_indexer(days), strict=True):
        year = returns[at - YEAR : at]
        together = correlations_of(year)
        deviation = float((np.expm1(year).mean(axis=1)).std())
        for horizon, table in quantiles.items():
            if at + horizon >= len(values) or day not in table.index:
                continue
            at_levels = table.iloc[int(table.index.get_indexer(pd.DatetimeIndex([day]))[0])]
            if at_levels.isna().any():
                continue
            margins = np.stack(at_levels.tolist())
            outcome = float((values[at + horizon] / values[at]).mean() - 1)
            answers = {
                OURS: joint_range(chosen, margins, together).growths,
                APART: joint_range(chosen, margins, np.eye(len(chosen))).growths,
                PLAIN: historical_growths(values[at - TWO_YEARS : at + 1], horizon),
            }
            scale = deviation * horizon**0.5
            for who, growths in answers.items():
                levels: Floats = np.array(growths)
                loss = float(pinball_loss(np.array([outcome]), levels[None])[0]) / scale
                held = bool(levels[Q10] <= outcome <= levels[Q90])
                yield len(chosen), day, horizon, who, loss, held


def table(frame: pd.DataFrame) -> str:
    """The scores as a table in Markdown: by size, and all together; by horizon, too."""
    lines = [
        "| | pinball, joint | historical | independent | skill over historical | over independent "
        "| 8-in-10 held, joint | historical | independent |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    parts = [(f"lists of {size}", frame[frame["size"] == size]) for size in SIZES]
    parts += [(f"{horizon} sessions", frame[frame["horizon"] == horizon]) for horizon in HORIZONS]
    parts += [
        (f"{first}-{last}", frame[frame["cutoff"].dt.year.between(first, last)])
        for first, last in ((2016, 2018), (2019, 2021))
    ]
    lines += [_line(name, part) for name, part in [*parts, ("all", frame)] if len(part)]
    return "\n".join(lines)


def _line(name: str, part: pd.DataFrame) -> str:
    by = {who: part[part["who"] == who] for who in WHO}
    week = by[OURS]["cutoff"].to_numpy().astype("datetime64[W]").astype(np.int64)
    loss = {who: by[who]["loss"].to_numpy() for who in WHO}
    held = {who: by[who]["held"].to_numpy(float) for who in WHO}
    skills = []
    for who in (PLAIN, APART):
        low, high = skill_interval(loss[OURS], loss[who], week) or (np.nan, np.nan)
        skills.append(f"{1 - loss[OURS].mean() / loss[who].mean():+.1%} [{low:+.1%}, {high:+.1%}]")
    low, high = mean_interval(held[OURS], week) or (np.nan, np.nan)
    ours = f"{held[OURS].mean():.1%} [{low:.1%}, {high:.1%}]"
    losses = " | ".join(f"{loss[who].mean():.4f}" for who in (OURS, PLAIN, APART))
    return (
        f"| {name} | {losses} | {' | '.join(skills)} | {ours} | {held[PLAIN].mean():.1%} | {held[APART].mean():.1%} |"
    )
