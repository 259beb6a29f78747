"""From raw bars to what the network reads, inside the graph: training and serving cannot disagree.

    bars (b, T, 5), market (b, T, 2) -> tracks (b, T) each
        -> daily (b, 42, 8), weekly (b, 52, 4), static (b, len(STATIC)), volatility (b, 1)

What keeps it finite for any input: every price is made positive before a logarithm or a division, and only then
masked, by multiplication. (tf2onnx turns `where(ok, x, 0)` into `x * ok`, so an infinity under a mask would
come through.) T is CONTEXT_LENGTH sessions, oldest first, 0 at the front where history is shorter. Work is done on
stacks of tracks rather than one by one: a served forecast costs as much as the graph has nodes.
"""

import keras
import numpy as np
from keras import ops

from bellwether.forecasting.baseline import DECAY, TRADING_DAYS
from bellwether.types import CLOSE, HIGH, LOW, OPEN, VOLUME
from training.graph import (
    Matrix,
    Tensor,
    above_zero,
    decayed_sum,
    last_sessions,
    log_ratio,
    positive,
    root,
    yesterday,
)
from training.panel import CONTEXT_LENGTH

DAILY_STEPS, DAILY_INPUTS = 42, 8  # two months in days
WEEKLY_STEPS, WEEKLY_INPUTS = 52, 4  # one year in weeks
EPS = 1e-4  # added to daily volatilities before dividing: .01 %, far below any traded share
VOLUME_DECAY = 0.97  # usual volume: a mean over about two months
WINDOWS = (5, 10, 21, 63, 126, 252, 504)  # sessions
ECHO_LAGS = (63, 126, 188, 251, 314, 377, 439, 502)  # quarters back, in sessions
ECHO_AHEAD = (1, 5, 10, 21, 60)

# The inputs of the linear skip, in the order of its weights
RATIOS = tuple(f"volatility_{n}" for n in WINDOWS)
DOWNSIDE = tuple(f"downside_{n}" for n in WINDOWS[:4])
MOMENTUM = tuple(f"momentum_{n}" for n in WINDOWS[:6])
ACTIVITY = tuple(f"{what}_{n}" for what in ("range", "volume") for n in WINDOWS[:3])
TODAY = ("return", "abs_return", "abs_gap", "range_1", "volume_1", "level", "drawdown")
KNOWN = ("has_range", "has_volume", "history")
MARKET_RATIOS = tuple(f"market_volatility_{n}" for n in WINDOWS[:6])
MARKET_MOMENTUM = tuple(f"market_momentum_{n}" for n in WINDOWS[:4])
MARKET_NOW = ("market_level", "vix_ratio", "has_market", "has_vix")
BESIDE_MARKET = ("beta", "implied_share", "implied_level", "relative_level")
ECHO = tuple(f"echo_{kind}_{ahead}" for kind in ("event", "gap") for ahead in ECHO_AHEAD[:-1])
MARKET_LEVEL = MARKET_RATIOS + MARKET_MOMENTUM + MARKET_NOW  # equal for all symbols on a date
OWN = RATIOS + DOWNSIDE + MOMENTUM + ACTIVITY + TODAY + KNOWN
STATIC = OWN + MARKET_LEVEL + BESIDE_MARKET + ECHO


# Tracks that are summed over windows and weeks, and those of which the last days are read
OWN_SUMMED = ("ok", "returns", "squares", "falls", "range", "ok_range", "volume", "ok_volume")
SUMMED = (*OWN_SUMMED, "market", "market_squares", "ok_market")
DAILY = ("z", "returns", "volatility", "ok", "market", "market_volatility", "ok_market", "range", "gap", "volume")
DAILY_SCALE = np.array([2, 2, 1, 2, 1, 2, 2, 1], np.float32)


class Features(keras.layers.Layer):
    """The feature code as one layer without weights."""

    def call(self, bars: Tensor, market: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Daily (b, 42, 8), weekly (b, 52, 4), static (b, len(STATIC)), volatility (b, 1)."""
        tracks = make_tracks(bars, market)
        sums = ops.stack([tracks[name] for name in SUMMED], axis=1)  # (b, 11, T)
        static = [*own(tracks, sums), *beside_market(tracks, sums), *echo(tracks)]
        return (
            daily_steps(tracks),
            weekly_steps(tracks, sums),
            ops.concatenate(static, axis=1),
            tracks["volatility"][:, -1:],
        )


def make_tracks(bars: Tensor, market: Tensor) -> dict[str, Tensor]:
    """Daily quantities over the whole window, each (b, T), 0 where not known."""
    price, known = ops.unstack(positive(bars), axis=2), ops.unstack(above_zero(bars), axis=2)
    index, vix = ops.unstack(market, axis=2)
    close, before, ok_close = price[CLOSE], yesterday(price[CLOSE]), known[CLOSE]
    ok = ok_close * yesterday(ok_close) * np.r_[0, np.ones(CONTEXT_LENGTH - 1)].astype(np.float32)
    returns = log_ratio(close, before, 2.0) * ok
    ok_index, index = above_zero(index), positive(index)
    ok_market = ok_index * yesterday(ok_index)
    market_returns = log_ratio(index, yesterday(index), 1.0) * ok_market
    squares, market_squares = returns * returns, market_returns * market_returns

    decayed = ops.stack([squares, ok, market_squares, ok_market, returns * market_returns], axis=1)
    own_square, own_weight, index_square, index_weight, product = ops.unstack(decayed_sum(decayed, DECAY), axis=1)
    volatility = root(own_square / (own_weight + 1e-9))  # equals baseline.ewma_volatility
    last = yesterday(volatility) + EPS
    settled = ops.clip(yesterday(own_weight) - 5.0, 0.0, 1.0)  # the first volatilities are guesses

    ok_volume = known[VOLUME] * ok_close
    log_volume = ops.maximum(ops.log(price[VOLUME]), 0.0) * ok_volume
    usual, volume_weight = ops.unstack(decayed_sum(ops.stack([log_volume, ok_volume], axis=1), VOLUME_DECAY), axis=1)
    ok_range = ok_close * known[LOW] * above_zero(price[HIGH] - price[LOW])
    return {
        "ok": ok,
        "close": close * ok_close,
        "returns": returns,
        "squares": squares,
        "falls": squares * above_zero(-returns),
        "volatility": volatility,
        "z": ops.clip(returns / last, -8.0, 8.0) * settled,
        "gap": ops.clip(log_ratio(price[OPEN], before, 2.0) / last, -8.0, 8.0) * (ok * known[OPEN] * settled),
        "range": ops.clip(ops.log(price[HIGH] / price[LOW]), 0.0, 2.0) * ok_range,
        "ok_range": ok_range,
        "volume": ops.clip(log_volume - usual / (volume_weight + 1e-3), -3.0, 3.0) * ok_volume,
        "ok_volume": ok_volume,
        "market": market_returns,
        "market_squares": market_squares,
        "ok_market": ok_market,
        "market_volatility": root(index_square / (index_weight + 1e-9)),
        "beta": ops.clip(product / (index_square + 1e-7), -1.0, 4.0),
        "vix": ops.clip(vix, 0.0, 500.0) / (100 * TRADING_DAYS**0.5),  # implied daily volatility
        "ok_vix": above_zero(vix),
    }


def daily_steps(t: dict[str, Tensor]) -> Tensor:
    """(b, 42, 8), each about -3 to 3."""
    recent = {name: t[name][:, -DAILY_STEPS:] for name in DAILY}
    now, market_now = t["volatility"][:, -1:] + EPS, t["market_volatility"][:, -1:] + EPS
    steps = [
        recent["z"],
        recent["returns"] / now,
        ops.log((recent["volatility"] + EPS) / now) * recent["ok"],
        recent["market"] / market_now,
        ops.log((recent["market_volatility"] + EPS) / market_now) * recent["ok_market"],
        recent["range"] / now,
        recent["gap"],
        recent["volume"],
    ]
    return ops.clip(ops.stack(steps, axis=2), -8.0, 8.0) / DAILY_SCALE


def weekly_steps(t: dict[str, Tensor], sums: Tensor) -> Tensor:
    """(b, 52, 4): weeks of five sessions that end at the cutoff; 0 in weeks without history."""
    days = ops.reshape(sums[:, :, -5 * WEEKLY_STEPS :], (-1, len(SUMMED), WEEKLY_STEPS, 5))
    week = dict(zip(SUMMED, ops.unstack(ops.sum(days, axis=3), axis=1), strict=True))  # (b, 52) each
    now, market_now = t["volatility"][:, -1:] + EPS, t["market_volatility"][:, -1:] + EPS
    steps = [
        week["returns"] / (now * 2 * 5**0.5),
        ops.log((root(week["squares"] / 5) + EPS) / now) * week["ok"] / 5,
        week["market"] / (market_now * 2 * 5**0.5),
        week["volume"] / 5,
    ]
    return ops.clip(ops.stack(steps, axis=2), -3.0, 3.0)


def own(t: dict[str, Tensor], sums: Tensor) -> list[Tensor]:
    """What the symbol itself did: parts of (b, len(OWN)) in that order."""
    total = dict(zip(SUMMED, ops.unstack(ops.matmul(sums, last_sessions(WINDOWS)), axis=1), strict=True))
    now = t["volatility"][:, -1:] + EPS  # (b, 1); each total is (b, len(WINDOWS))
    n = np.array(WINDOWS, np.float32)
    realised = root(total["squares"] / ops.maximum(total["ok"], 1.0)) + EPS
    downside = (total["falls"][:, :4] + 1e-8) / (total["squares"][:, :4] + 2e-8) - 0.5
    fall = log_ratio(positive(t["close"][:, -1:]), positive(ops.max(t["close"][:, -252:], axis=1, keepdims=True)), 5.0)
    today = {name: t[name][:, -1:] for name in ("z", "gap", "range", "volume")}
    return [
        log_ratio(realised, now, 3.0),
        downside,
        ops.clip(total["returns"][:, :6] / (now * n[:6] ** 0.5), -6.0, 6.0),
        ops.clip(total["range"][:, :3] / (now * n[:3]), 0.0, 8.0),
        total["volume"][:, :3] / n[:3],
        today["z"],
        ops.abs(today["z"]),
        ops.abs(today["gap"]),
        ops.clip(today["range"] / now, 0.0, 8.0),
        today["volume"],
        log_ratio(now, 0.02, 4.0),
        ops.clip(fall / (now * TRADING_DAYS**0.5), -8.0, 0.0),
        total["ok_range"][:, 2:3] / 21,
        total["ok_volume"][:, 2:3] / 21,
        total["ok"][:, -1:] / CONTEXT_LENGTH,
    ]


def beside_market(t: dict[str, Tensor], sums: Tensor) -> list[Tensor]:
    """What the market did and what ^VIX says: (b, len(MARKET_LEVEL + BESIDE_MARKET)); 0 where not known."""
    first = len(OWN_SUMMED)
    total = ops.unstack(ops.matmul(sums[:, first:], last_sessions(WINDOWS[:6])), axis=1)
    n = np.array(WINDOWS, np.float32)
    now, market_now = t["volatility"][:, -1:] + EPS, t["market_volatility"][:, -1:] + EPS
    has_market, has_vix = t["ok_market"][:, -1:], t["ok_vix"][:, -1:]
    both = has_market * has_vix
    vix, beta = t["vix"][:, -1:], t["beta"][:, -1:]
    realised = root(total[1] / ops.maximum(total[2], 1.0)) + EPS
    share = ops.clip(ops.abs(beta) * market_now / now, 0.0, 2.0)
    # the symbol's variance if its market part were what ^VIX implies
    implied = now * now + beta * beta * (vix * vix - market_now * market_now)
    return [
        log_ratio(realised, market_now, 3.0) * has_market,
        ops.clip(total[0][:, :4] / (market_now * n[:4] ** 0.5), -6.0, 6.0),
        log_ratio(market_now, 0.01, 4.0) * has_market,
        log_ratio(vix + EPS, market_now, 3.0) * both,
        has_market,
        has_vix,
        (beta - 1) * has_market,
        share * share * has_market,
        log_ratio(ops.maximum(implied, 0.1 * now * now), now * now, 4.0) / 2 * both,
        log_ratio(now, market_now, 4.0) * has_market,
    ]


def echo(t: dict[str, Tensor]) -> list[Tensor]:
    """Whether the days ahead fall a whole number of quarters after days of news, (b, len(ECHO)).

    Companies report each quarter on nearly the same day. The score of a day is high for a large move on large volume,
    or for a large gap; the echo for h sessions is the mean score at those lags of the next h days over that of the
    next 60.
    """
    event = ops.minimum(ops.abs(t["z"]), 6.0) * ops.clip(t["volume"], 0.0, 2.5)
    gap = ops.minimum(t["gap"] * t["gap"], 16.0)
    scores = ops.stack([event * t["ok"], gap * t["ok"], t["ok"]], axis=1)  # (b, 3, T)
    heard = ops.matmul(scores, echo_weights())  # (b, 3, len(ECHO_AHEAD))
    level = ops.log(0.3 + heard[:, :2] / (heard[:, 2:] + 0.05))
    return [ops.reshape(level[:, :, :-1] - level[:, :, -1:], (-1, len(ECHO)))]


def echo_weights() -> Matrix:
    """(T, len(ECHO_AHEAD)): the share of each past day in the echo of the next 1, 5, 10, 21 and 60 days."""
    weights = np.zeros((CONTEXT_LENGTH, len(ECHO_AHEAD)), np.float32)
    for column, ahead in enumerate(ECHO_AHEAD):
        for lag in ECHO_LAGS:
            for day in range(1, ahead + 1):
                for offset, part in zip((-2, -1, 0, 1, 2), (1, 2, 3, 2, 1), strict=True):  # not always the same day
                    age = lag - day + offset
                    if 0 <= age < CONTEXT_LENGTH:
                        weights[CONTEXT_LENGTH - 1 - age, column] += part
        weights[:, column] /= weights[:, column].sum()
    return weights
