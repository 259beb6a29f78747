"""The facts that travel with a model: what it reads, what it was trained on, how it scored.

`card.json` lies beside `model.onnx`, always. What the service needs is read into `ModelCard`; everything else
in the file is for people.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from bellwether.core.calibration import Rises
from bellwether.core.errors import ModelError
from bellwether.core.types import HEADS, LEVELS, MARKET_SERIES, REPORT_ERRORS, STATE_SERIES, Floats, Record

RANGE, GROWTH = "range", "growth"  #: what a model forecasts, by its card's `kind`: prices, or a company's revenue


@dataclass(frozen=True, slots=True, eq=False)
class ModelCard:
    """What the service must know of a model."""

    model_id: str
    sha256: str  #: of model.onnx
    context_length: int  #: sessions the graph reads
    min_history: int  #: fewest sessions with which it may answer
    seen_to: date  #: last session that it learned from or was chosen on
    standardised_quantiles: Floats  #: (len(HEADS), len(LEVELS)): the baseline's shape, from training data
    volatility_range: tuple[float, float]  #: daily EWMA volatility met in training
    max_abs_return: float  #: largest daily log return met in training
    records: tuple[Record | None, ...]  #: one for each of HEADS
    market: tuple[str, ...] = MARKET_SERIES  #: the market series that it reads, perhaps with STATE_SERIES after them
    error_shares: Floats | None = None  #: how far predicted days of reports are off; None where it reads none
    evening_width: bool = False  #: whether its ranges, and the plain rule's beside them, are stretched each evening
    rises: Rises | None = None  #: how its chance of a rise is told; None: as its quantiles have it
    symbols: frozenset[str] = frozenset()  #: whose prices it was taught with; empty where the card does not tell


def folders_of(models: Path, kind: str) -> list[Path]:
    """The model folders of one kind, by name. A card that tells none, or cannot be read, is one of prices."""
    return [card.parent for card in sorted(models.glob("*/card.json")) if _kind(card) == kind]


def _kind(card: Path) -> str:
    try:
        state = card.stat()
        return _kind_told(card, state.st_mtime_ns, state.st_size)
    except (OSError, ValueError, AttributeError):
        return RANGE


@lru_cache  # whoever asks for growth in the past looks through the folder once for each report
def _kind_told(card: Path, changed: int, size: int) -> str:
    """What the card tells in the state that it has; raises what reading it does."""
    return str(json.loads(card.read_text(encoding="utf-8")).get("kind", RANGE))


def read_facts(folder: Path) -> dict[str, Any]:
    """What `card.json` says. Raises ModelError, also where `model.onnx` beside it is not the one it describes."""
    card_file, model_file = folder / "card.json", folder / "model.onnx"
    for file in (card_file, model_file):
        if not file.is_file():
            raise ModelError(f"The model in {folder.name} is incomplete: {file.name} is missing.")
    try:
        facts: dict[str, Any] = json.loads(card_file.read_text(encoding="utf-8"))
        expected = str(facts["sha256"])
    except (ValueError, LookupError, TypeError, AttributeError) as problem:
        raise ModelError(f"The card of model {folder.name} cannot be read: {problem!r}.") from problem
    if hashlib.sha256(model_file.read_bytes()).hexdigest() != expected:
        raise ModelError(
            f"The file model.onnx in {folder.name} is not the one its card describes. "
            "Put both files back from the same export."
        )
    return facts


def read_card(folder: Path) -> ModelCard:
    """Read and check `card.json` and the digest of `model.onnx`.

    Raises ModelError, naming the folder and what is wrong, for a missing, damaged or mismatched file.
    """
    facts = read_facts(folder)
    try:
        card = _from_facts(facts)
        _check_contract(folder.name, facts)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as problem:
        raise ModelError(f"The card of model {folder.name} cannot be read: {problem!r}.") from problem
    return card


def _from_facts(facts: dict[str, Any]) -> ModelCard:
    low, high = facts["input_range"]["daily_volatility"]
    scores, reports = facts["scores"], facts.get("reports")
    shown = scores.get("served", scores)  # of what people see, where that is not what the graph says
    return ModelCard(
        model_id=str(facts["model_id"]),
        sha256=str(facts["sha256"]),
        context_length=int(facts["context_length"]),
        min_history=int(facts["min_history"]),
        seen_to=max(
            date.fromisoformat(facts["data"]["trained_to"]), date.fromisoformat(facts["splits"]["validation"][1])
        ),
        standardised_quantiles=np.array(facts["baseline"]["standardised_quantiles"], dtype=np.float64),
        volatility_range=(float(low), float(high)),
        max_abs_return=float(facts["input_range"]["abs_log_return"]),
        records=tuple(_record(facts, shown["by_horizon"][str(head)]) for head in HEADS),
        market=tuple(facts["market"]),
        error_shares=np.array(reports["error_shares"], np.float64) if reports else None,
        rises=_rises(facts),
        evening_width=facts.get("evening_width") is True,
        symbols=frozenset(facts["data"].get("symbols", ())) - frozenset(facts["data"].get("unseen_symbols", ())),
    )


def _rises(facts: dict[str, Any]) -> Rises | None:
    """How the chance of a rise is told: `rise_weights` by head, and the usual shares."""
    weights = facts.get("rise_weights")
    if weights is None:
        return None
    usual = tuple(float(share) for share in facts["baseline"]["share_of_rises"])
    told = tuple(float(weight) for weight in weights)
    if not len(usual) == len(told) == len(HEADS) or not all(0 <= number <= 1 for number in (*usual, *told)):
        raise ValueError(f"rise_weights {weights}, share_of_rises {usual}")
    return Rises(usual, told)


def _record(facts: dict[str, Any], scores: dict[str, Any] | None) -> Record | None:
    """How it did at one horizon; None where the test was too short for an interval.

    A model fitted once more for service has no scores of its own: they are those of the same recipe, taught less.
    """
    if scores is None or scores["skill_against_baseline_interval"] is None:
        return None
    low, high = scores["skill_against_baseline_interval"]
    growth = scores.get("brier_gain_interval")
    judged = facts.get("scores_of")
    return Record(
        span=str(facts["scores"]["span"]),
        growth_known=growth is not None and float(growth[0]) > 0,
        taught_to=date.fromisoformat(judged["trained_to"]) if judged else None,
        coverage_80=float(scores["coverage_80"]),
        skill=float(scores["skill_against_baseline"]),
        skill_low=float(low),
        skill_high=float(high),
    )


def _check_contract(name: str, facts: dict[str, Any]) -> None:
    """Refuse a card whose horizons, levels or market series are not the ones this version serves."""
    for key, ours in (("horizons", HEADS), ("levels", LEVELS)):
        if tuple(facts[key]) != ours:
            raise ModelError(f"Model {name} has {key} {facts[key]}; this version serves {list(ours)}.")
    if tuple(facts["market"]) not in (MARKET_SERIES, MARKET_SERIES + STATE_SERIES):
        whole = list(MARKET_SERIES + STATE_SERIES)
        raise ModelError(f"Model {name} has market {facts['market']}; this version serves {whole}, or the first two.")
    if facts.get("reports") and len(facts["reports"]["error_shares"]) != len(REPORT_ERRORS):
        raise ModelError(f"Model {name} has {len(facts['reports']['error_shares'])} shares of predicted reports.")
    if not 0 < int(facts["min_history"]) <= int(facts["context_length"]):
        raise ModelError(f"The card of model {name} has min_history or context_length that can't be.")
    shape = np.shape(facts["baseline"]["standardised_quantiles"])
    if shape != (len(HEADS), len(LEVELS)):
        raise ModelError(f"The card of model {name} has baseline quantiles of shape {shape}.")
