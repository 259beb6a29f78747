"""The card that travels with a model, and how both files reach their folder together."""

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from bellwether.core.types import HEADS, LEVELS, MARKET_SERIES
from bellwether.models.onnx_model import OnnxModel
from training.panel import CONTEXT_LENGTH, MIN_HISTORY
from training.spans import TEST, TRAIN, UNSEEN_SHARE, VALIDATION

FEATURES = (
    "42 daily steps: return, volatility path, market return and volatility path, range, opening gap, volume",
    "52 weekly steps: return, realised volatility, market return, volume",
    "volatility over 5 to 504 sessions against now, downside share, momentum, drawdown, range, volume",
    "^GSPC volatility and momentum, EWMA beta, ^VIX against market volatility and through beta",
    "earnings echo: large moves on large volume, and opening gaps, whole quarters before the days ahead",
)
LIMITS = (
    "It forecasts the range of outcomes; about the direction it knows next to nothing.",
    "Price files hold mostly shares that are still listed: failures are missing, so its center may be too high.",
    "It knows prices and volumes only: no news, no announcement dates, no accounts.",
    "Markets and kinds of assets other than those among its symbols were not tested.",
    "Prices must be adjusted for splits and dividends, else a split reads as a crash.",
)


def make_card(
    model_id: str,
    content: bytes,
    facts: dict[str, Any],
    record: dict[str, Any],
    scores: dict[str, Any],
    today: date,
) -> dict[str, Any]:
    """The facts that travel with the model; see bellwether/models/model_card.py for those the service reads."""
    return {
        "model_id": model_id,
        "created": today.isoformat(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "context_length": CONTEXT_LENGTH,
        "min_history": MIN_HISTORY,
        "horizons": list(HEADS),
        "levels": list(LEVELS),
        "market": list(MARKET_SERIES),
        "features": list(FEATURES),
        "input_range": facts["input_range"],
        "baseline": {
            "name": "EWMA(.94) volatility x sqrt(horizon) x train-set quantiles",
            "standardised_quantiles": facts["standardised_quantiles"],
            "share_of_rises": facts["climatology"],
        },
        "scores": scores,
        "limits": [*LIMITS, worst_quarter(scores)],
        "recipe": record["recipe"] | {key: record[key] for key in ("chosen_epoch", "weights", "seconds")},
        "splits": {
            "training": list(TRAIN),
            "validation": list(VALIDATION),
            "test": list(TEST),
            "embargo": "no outcome of one span reaches into the next",
            "unseen_symbols": f"sha256(symbol) % {UNSEEN_SHARE} == 0",
        },
        "data": facts["data"],
    }


def worst_quarter(scores: dict[str, Any]) -> str:
    """What happens when the market changes character faster than past volatility shows, in one sentence."""
    quarter, held = min(scores["coverage_80_by_quarter"].items(), key=lambda pair: pair[1])
    return (
        "Its ranges are too narrow when the market turns faster than past prices show: of forecasts made in "
        f"{quarter} the 80 % range held {100 * held:.0f} % of outcomes."
    )


def write_folder(
    folder: Path, content: bytes, card: dict[str, Any], load: Callable[[Path], object] = OnnxModel
) -> None:
    """Put both files in place together: a reader finds the old pair or the new one, never one of each.

    `load` is how the service loads such a model. Raises ModelError, and leaves the old folder, when it could not.
    """
    fresh, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    (fresh / "model.onnx").write_bytes(content)
    (fresh / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    load(fresh)  # refuses whatever the service would refuse
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
