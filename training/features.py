"""From raw bars to what the network reads, inside the graph: training and serving cannot disagree.

    bars (b, T, 5), market (b, T, 4) -> tracks (b, T), or shorter where no more is read
        -> daily (b, 42, 10), weekly (b, 52, 4), static (b, len(STATIC)), volatility (b, 1)

What keeps it finite for any input: every price is made positive before a logarithm or a division, and only then
masked, by multiplication. (tf2onnx turns `where(ok, x, 0)` into `x * ok`, so an infinity under a mask would
come through.) T is CONTEXT_LENGTH sessions, oldest first, 0 at the front where history is shorter.

What keeps it fast: in batches a pass over the whole window costs about as much as any other, so there are few. A track
is cut to what is read of it before anything is done with it, sums are matrix products, and nothing is stacked for them.
"""

import keras
import numpy as np
from keras import ops

from bellwether.core.types import CLOSE, HIGH, LOW, OPEN, VOLUME
from bellwether.market.returns import DECAY, TRADING_DAYS
from training.graph import (
    Matrix,
    Tensor,
    above_zero,
    both_known,
    decayed_sum,
    known,
    last_sessions,
    log_ratio,
    positive,
    powers,
    yesterday,
)
from training.panel import CONTEXT_LENGTH

DAILY_STEPS, DAILY_INPUTS = 42, 10  # two months in days
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
STATE_WINDOWS = (1, 3, 5, 10, 21)  # sessions over which the universe's state is averaged
APART_WINDOWS = (1, 5, 21)
UNIVERSE = (
    *(f"universe_moves_{n}" for n in STATE_WINDOWS),
    *(f"universe_apart_{n}" for n in APART_WINDOWS),
    *(f"vix_change_{n}" for n in APART_WINDOWS),
    "has_universe",
)
BESIDE_MARKET = ("beta", "implied_share", "implied_level", "relative_level")
ECHO = tuple(f"echo_{kind}_{ahead}" for kind in ("event", "gap") for ahead in ECHO_AHEAD[:-1])
MARKET_LEVEL = MARKET_RATIOS + MARKET_MOMENTUM + MARKET_NOW + UNIVERSE  # equal for all symbols on a date
OWN = RATIOS + DOWNSIDE + MOMENTUM + ACTIVITY + TODAY + KNOWN
STATIC = OWN + MARKET_LEVEL + BESIDE_MARKET + ECHO

DAILY_SCALE = np.array([2, 2, 1, 2, 1, 2, 2, 1, 1, 1], np.float32)
YEAR = 5 * WEEKLY_STEPS  # sessions of the market that are read, and of the symbol but for its echo and volatility
YEAR_SUMS = last_sessions(WINDOWS[:6], YEAR)  # (260, 6)
YEAR_DECAY = powers(DECAY, np.arange(-DAILY_STEPS + 1, 1)[None, :] - np.arange(-YEAR + 1, 1)[:, None])  # (260, 42)


class Features(keras.layers.Layer):
    """The feature code as one layer without weights."""

    def call(self, bars: Tensor, market: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Daily (b, 42, 10), weekly (b, 52, 4), static (b, len(STATIC)), volatility (b, 1), z (b, T)."""
        t = own_tracks(bars) | market_tracks(market)
        static = [*own(t), *beside_market(t), *echo(t)]
        return daily_steps(t), weekly_steps(t), ops.concatenate(static, axis=1), t["now"], t["z"]


def own_tracks(bars: Tensor) -> dict[str, Tensor]:
    """Daily quantities of the symbol, 0 where not known: over the whole window (b, T), or its last part."""
    columns = ops.unstack(bars, axis=2)  # one split: cutting out one column costs half as much as all five
    close, opening, volume = positive(columns[CLOSE]), positive(columns[OPEN]), columns[VOLUME]
    high, low = (positive(columns[column][:, -DAILY_STEPS:]) for column in (HIGH, LOW))
    before = yesterday(close)
    ok = both_known(close, before)
    returns = log_ratio(close, before, 2.0) * ok
    squares = returns * returns

    square, weight = decayed_sum(squares, DECAY, first=1), decayed_sum(ok, DECAY, first=1, more=1e-9)  # up to yesterday
    settled = ops.clip(weight - 5.0, 0.0, 1.0) * ok  # the first volatilities are guesses
    per_volatility = settled / (ops.sqrt(square / weight) + EPS)
    recent = slice(-DAILY_STEPS, None)
    square, weight = DECAY * square[:, recent] + squares[:, recent], DECAY * weight[:, recent] + ok[:, recent]
    volatility = ops.sqrt(square / (weight + 1e-9))  # equals baseline.ewma_volatility

    ok_volume = above_zero(volume)
    log_volume = ops.log(ops.clip(volume, 1.0, 1e15))
    usual = decayed_sum(log_volume, VOLUME_DECAY) / decayed_sum(ok_volume, VOLUME_DECAY, more=1e-3)
    ok_range = both_known(high, low) * above_zero(high - low)
    return {
        "ok": ok,
        "close": close[:, -TRADING_DAYS:],
        "returns": returns,
        "squares": squares,
        "volatility": volatility,  # (b, 42)
        "now": volatility[:, -1:],
        "z": ops.clip(returns * per_volatility, -8.0, 8.0),
        "gap": ops.clip(log_ratio(opening, before, 2.0) * per_volatility, -8.0, 8.0) * known(opening),
        "range": ops.clip(ops.log(high / low), 0.0, 2.0) * ok_range,  # (b, 42)
        "ok_range": ok_range,
        "volume": ops.clip(log_volume - usual, -3.0, 3.0) * ok_volume,
        "ok_volume": ok_volume,
    }


def market_tracks(market: Tensor) -> dict[str, Tensor]:
    """Daily quantities of the index over a year, (b, 260), and what ^VIX says now, (b, 1)."""
    index, path, moves, apart = ops.unstack(market[:, -YEAR - 1 :], axis=2)
    index, vix = positive(index), path[:, -1:]
    path = positive(path[:, -DAILY_STEPS - 1 :])
    moves, apart = (ops.clip(state[:, -DAILY_STEPS:], 0.0, 8.0) for state in (moves, apart))
    ok = both_known(index[:, 1:], index[:, :-1])
    returns = log_ratio(index[:, 1:], index[:, :-1], 1.0) * ok
    squares = returns * returns
    weight = ops.matmul(ok, YEAR_DECAY)  # (b, 42)
    return {
        "market": returns,
        "market_squares": squares,
        "ok_market": ok,
        "market_volatility": ops.sqrt(ops.matmul(squares, YEAR_DECAY) / (weight + 1e-9)),  # (b, 42)
        "market_weight": weight[:, -1:],
        "vix": ops.clip(vix, 0.0, 500.0) / (100 * TRADING_DAYS**0.5),  # implied daily volatility
        "ok_vix": above_zero(vix),
        "vix_change": log_ratio(path[:, 1:], path[:, :-1], 1.0) * both_known(path[:, 1:], path[:, :-1]),  # (b, 42)
        "universe_moves": moves,  # (b, 42)
        "universe_apart": apart,
        "ok_universe": above_zero(moves),
    }


def daily_steps(t: dict[str, Tensor]) -> Tensor:
    """(b, 42, 10), each about -3 to 3."""
    recent = {
        name: t[name][:, -DAILY_STEPS:] for name in ("z", "returns", "ok", "market", "ok_market", "gap", "volume")
    }
    now, market_now = t["now"] + EPS, t["market_volatility"][:, -1:] + EPS
    steps = [
        recent["z"],
        recent["returns"] / now,
        ops.log((t["volatility"] + EPS) / now) * recent["ok"],
        recent["market"] / market_now,
        ops.log((t["market_volatility"] + EPS) / market_now) * recent["ok_market"],
        t["range"] / now,
        recent["gap"],
        recent["volume"],
        ops.log((t["universe_moves"] + 0.1) / 0.85) * t["ok_universe"],
        t["vix_change"] / 0.2,
    ]
    return side_by_side(steps, 8.0, DAILY_SCALE)


def weekly_steps(t: dict[str, Tensor]) -> Tensor:
    """(b, 52, 4): weeks of five sessions that end at the cutoff; 0 in weeks without history."""
    now, market_now = t["now"] + EPS, t["market_volatility"][:, -1:] + EPS
    returns, squares, ok, market, volume = (
        weekly_sums(t, name) for name in ("returns", "squares", "ok", "market", "volume")
    )
    steps = [
        returns / (now * 2 * 5**0.5),
        ops.log((ops.sqrt(squares / 5) + EPS) / now) * ok / 5,
        market / (market_now * 2 * 5**0.5),
        volume / 5,
    ]
    return side_by_side(steps, 3.0)


def side_by_side(steps: list[Tensor], limit: float, scale: Matrix | None = None) -> Tensor:
    """Tracks (b, n) kept within +-limit, as an LSTM reads them: (b, n, len(steps)), over `scale` (len(steps),).

    All arithmetic is done while each track is in one piece; turning them costs a third of weaving them together.
    """
    count = steps[0].shape[1]
    rows = ops.clip(ops.concatenate(steps, axis=1), -limit, limit)
    if scale is not None:
        rows = rows * np.repeat(1 / scale, count)
    return ops.transpose(ops.reshape(rows, (-1, len(steps), count)), (0, 2, 1))


def year(t: dict[str, Tensor], name: str) -> Tensor:
    """The last part of a track, (b, 260); cut out once."""
    key = f"{name} of a year"
    if key not in t:
        t[key] = t[name][:, -YEAR:]
    return t[key]


def sums(t: dict[str, Tensor], name: str) -> Tensor:
    """(b, 6): over the last 5 to 252 sessions."""
    return ops.matmul(year(t, name), YEAR_SUMS)


def weekly_sums(t: dict[str, Tensor], name: str) -> Tensor:
    """(b, 52): of each week."""
    days = ops.reshape(year(t, name), (-1, 5))
    return ops.reshape(ops.matmul(days, np.ones((5, 1), np.float32)), (-1, WEEKLY_STEPS))


def own(t: dict[str, Tensor]) -> list[Tensor]:
    """What the symbol itself did: parts of (b, len(OWN)) in that order."""
    now = t["now"] + EPS
    n = np.array(WINDOWS, np.float32)
    days, total = ops.sum(t["ok"], axis=1, keepdims=True), ops.sum(t["squares"], axis=1, keepdims=True)  # (b, 1)
    squares = ops.concatenate([sums(t, "squares"), total], axis=1)  # (b, len(WINDOWS))
    counts = ops.concatenate([sums(t, "ok"), days], axis=1)
    realised = ops.sqrt(squares / ops.maximum(counts, 1.0)) + EPS
    falls = ops.square(ops.minimum(t["returns"][:, -WINDOWS[3] :], 0.0))
    fallen = ops.matmul(falls, last_sessions(WINDOWS[:4], WINDOWS[3]))
    ranges = ops.matmul(t["range"], last_sessions(WINDOWS[:3], DAILY_STEPS))
    fall = log_ratio(t["close"][:, -1:], ops.max(t["close"], axis=1, keepdims=True), 5.0)
    z, gap, today, volume = (t[name][:, -1:] for name in ("z", "gap", "range", "volume"))
    return [
        log_ratio(realised, now, 3.0),
        (fallen + 1e-8) / (squares[:, :4] + 2e-8) - 0.5,
        ops.clip(sums(t, "returns") / (now * n[:6] ** 0.5), -6.0, 6.0),
        ops.clip(ranges / (now * n[:3]), 0.0, 8.0),
        sums(t, "volume")[:, :3] / n[:3],
        z,
        ops.abs(z),
        ops.abs(gap),
        ops.clip(today / now, 0.0, 8.0),
        volume,
        log_ratio(now, 0.02, 4.0),
        ops.clip(fall / (now * TRADING_DAYS**0.5), -8.0, 0.0),
        ops.mean(t["ok_range"][:, -21:], axis=1, keepdims=True),
        ops.mean(t["ok_volume"][:, -21:], axis=1, keepdims=True),
        days / CONTEXT_LENGTH,
    ]


def beside_market(t: dict[str, Tensor]) -> list[Tensor]:
    """What the market did and what ^VIX says: (b, len(MARKET_LEVEL + BESIDE_MARKET)); 0 where not known."""
    n = np.array(WINDOWS, np.float32)
    now, market_now = t["now"] + EPS, t["market_volatility"][:, -1:] + EPS
    has_market, has_vix, vix = t["ok_market"][:, -1:], t["ok_vix"], t["vix"]
    both = has_market * has_vix
    squares, counts = sums(t, "market_squares"), sums(t, "ok_market")
    realised = ops.sqrt(squares / ops.maximum(counts, 1.0)) + EPS
    together = ops.matmul(t["market"] * year(t, "returns"), YEAR_DECAY[:, -1:])  # (b, 1)
    alone = ops.matmul(t["market_squares"], YEAR_DECAY[:, -1:])
    beta = ops.clip(together / (alone + 1e-7), -1.0, 4.0)
    share = ops.clip(ops.abs(beta) * market_now / now, 0.0, 2.0)
    # the symbol's variance if its market part were what ^VIX implies
    implied = now * now + beta * beta * (vix * vix - market_now * market_now)
    return [
        log_ratio(realised, market_now, 3.0) * has_market,
        ops.clip(sums(t, "market")[:, :4] / (market_now * n[:4] ** 0.5), -6.0, 6.0),
        log_ratio(market_now, 0.01, 4.0) * has_market,
        log_ratio(vix + EPS, market_now, 3.0) * both,
        has_market,
        has_vix,
        *universe(t),
        (beta - 1) * has_market,
        share * share * has_market,
        log_ratio(ops.maximum(implied, 0.1 * now * now), now * now, 4.0) / 2 * both,
        log_ratio(now, market_now, 4.0) * has_market,
    ]


def universe(t: dict[str, Tensor]) -> list[Tensor]:
    """How much, and how far apart, all stocks moved of late, and what ^VIX did: (b, len(UNIVERSE)); 0 where unknown."""
    ok = t["ok_universe"]
    over, apart_over = last_sessions(STATE_WINDOWS, DAILY_STEPS), last_sessions(APART_WINDOWS, DAILY_STEPS)
    days, apart_days = ops.matmul(ok, over), ops.matmul(ok, apart_over)
    moves = ops.matmul(t["universe_moves"], over) / ops.maximum(days, 1.0)
    apart = ops.matmul(t["universe_apart"] * ok, apart_over) / ops.maximum(apart_days, 1.0)
    return [
        ops.log((moves + 0.1) / 0.85) * above_zero(days),
        ops.log(apart + 0.1) * above_zero(apart_days),
        ops.clip(ops.matmul(t["vix_change"], apart_over), -2.0, 2.0),
        ok[:, -1:],
    ]


def echo(t: dict[str, Tensor]) -> list[Tensor]:
    """Whether the days ahead fall a whole number of quarters after days of news, (b, len(ECHO)).

    Companies report each quarter on nearly the same day. The score of a day is high for a large move on large volume,
    or for a large gap; the echo for h sessions is the mean score at those lags of the next h days over that of the
    next 60.
    """
    event = ops.minimum(ops.abs(t["z"]), 6.0) * ops.clip(t["volume"], 0.0, 2.5)
    gap = ops.minimum(t["gap"] * t["gap"], 16.0)
    days = ops.matmul(t["ok"], echo_weights()) + 0.05  # (b, len(ECHO_AHEAD))
    levels = [ops.log(0.3 + ops.matmul(score, echo_weights()) / days) for score in (event, gap)]
    return [level[:, :-1] - level[:, -1:] for level in levels]


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
