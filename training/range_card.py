"""What the cards of models of prices say."""

from typing import Any

from bellwether.core.types import HEADS, LEVELS, MARKET_SERIES, STATE_SERIES
from bellwether.models.onnx_model import OnnxModel
from training.card import CardText
from training.panel import CONTEXT_LENGTH, MIN_HISTORY
from training.spans import UNSEEN_SHARE

FEATURES = (
    "42 daily steps: return, volatility path, market return and volatility path, range, opening gap, volume, how much "
    "all stocks moved, change of ^VIX",
    "52 weekly steps: return, realised volatility, market return, volume",
    "volatility over 5 to 504 sessions against now, downside share, momentum, drawdown, range, volume",
    "^GSPC volatility and momentum, EWMA beta, ^VIX against market volatility and through beta",
    "how much and how far apart all stocks moved over 1 to 21 sessions, changes of ^VIX",
    "earnings echo: large moves on large volume, and opening gaps, whole quarters before the days ahead",
    "days of reports, known or predicted: expected jumps within the horizon, as large as the company's past ones",
)
#: how much of the model's distance from the usual share of rises is told at each head: half of it up to a week ahead
#: has beaten that share in eras left out of training and on 2019 to 2021. The whole of it has not, and a quarter ahead
#: it is worse than the share alone, so beyond a week nothing of it is told
RISE_WEIGHTS = (0.5, 0.5, 0.0, 0.0, 0.0)
LIMITS = (
    "It forecasts the range of outcomes; about the direction it knows next to nothing.",
    "Price files hold mostly shares that are still listed: failures are missing, so its center may be too high, and of "
    "companies on their way down its lower bounds are passed more often than they say.",
    "It knows prices and volumes only: no news, no accounts; days of reports where they are told.",
    "Markets and kinds of assets other than those among its symbols were not tested.",
    "Prices must be adjusted for splits and dividends, else a split reads as a crash.",
)


def limits(scores: dict[str, Any], refitted: list[str]) -> list[str]:
    """What it cannot do, the quarter in which the market turned fastest among it."""
    shown = scores.get("served", scores)
    quarter, held = min(shown["coverage_80_by_quarter"].items(), key=lambda pair: pair[1])
    worst = (
        "Its ranges are too narrow when the market turns faster than past prices show: of forecasts made in "
        f"{quarter} the 80 % range held {100 * held:.0f} % of outcomes."
    )
    return [*LIMITS, *refitted, worst]


def described(facts: dict[str, Any]) -> dict[str, Any]:
    """The model's shape and baseline; bellwether/models/model_card.py tells which of them the service reads."""
    return {
        "context_length": CONTEXT_LENGTH,
        "min_history": MIN_HISTORY,
        "horizons": list(HEADS),
        "levels": list(LEVELS),
        "market": [*MARKET_SERIES, *STATE_SERIES],
        "reports": facts["reports"],
        "evening_width": True,
        "rise_weights": list(RISE_WEIGHTS),
        "features": list(FEATURES),
        "input_range": facts["input_range"],
        "baseline": {
            "name": "EWMA(.94) volatility x sqrt(horizon) x train-set quantiles",
            "standardised_quantiles": facts["standardised_quantiles"],
            "share_of_rises": facts["climatology"],
        },
        "splits": facts["spans"]
        | {
            "embargo": "no outcome of one span reaches into the next",
            "unseen_symbols": f"sha256(symbol) % {UNSEEN_SHARE} == 0",
        },
    }


TEXT = CardText(
    kind={},
    taught_with="prices",
    limits=limits,
    load=OnnxModel,
)
