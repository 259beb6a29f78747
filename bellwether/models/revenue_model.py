"""The exported growth model, its card, and the plain rule that it must beat: quarters in, quantiles of growth out.

The plain rule is an autoregression by quantiles: each quantile is linear in the last LAGS growths, pooled over all
companies. It answers where the model must not.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bellwether.core.calibration import WidthRule
from bellwether.core.errors import ModelError
from bellwether.core.types import LEVELS, Floats
from bellwether.models.model_card import GROWTH, read_facts
from bellwether.models.onnx_model import open_runtime
from bellwether.models.quarters import A_YEAR, CONTEXT_LENGTH, HORIZONS, REVENUE, Window

SHORT = "five quarters"  #: the group of a card's scores where histories were cut to what some sources keep
LAGS = 8  #: growths that the plain rule reads, the newest first
LIMIT = 1.5  #: of log growth; a merger beyond it must not run away


@dataclass(frozen=True, slots=True)
class GrowthRecord:
    """How the model did at one horizon where it was tested."""

    span: str  #: "2016-2021"
    coverage_80: float  #: share of outcomes inside the 80 % range
    skill: float  #: 1 - its pinball loss / the plain rule's
    skill_low: float  #: lower end of the 95 % interval of `skill`
    skill_high: float
    taught_to: date | None  #: the last day behind these scores, where the model has learned more since
    short: bool = False  #: whether it was shown five quarters only, as some sources keep


@dataclass(frozen=True, slots=True, eq=False)
class GrowthCard:
    """What the service must know of a growth model."""

    model_id: str
    seen_to: date  #: last day whose reports it learned from or was chosen on
    coefficients: Floats  #: (horizons, 1 + LAGS, levels): the plain rule, fitted where the model was
    records: tuple[GrowthRecord | None, ...]  #: one for each of HORIZONS
    short_records: tuple[GrowthRecord | None, ...]  #: the same where it was shown five quarters only
    report_width: WidthRule | None = None  #: how its ranges learn from others' reports; None where they do not


class GrowthModel:
    """One loaded model and its card. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Load and check a model folder. Raises ModelError when it cannot be used."""
        self.card = _read(folder)
        self._runtime = open_runtime(folder)
        try:
            shape = self.quantiles(np.zeros((1, CONTEXT_LENGTH, 2), np.float32)).shape
        except Exception as problem:  # onnxruntime's errors share no public base class
            raise ModelError(f"Model {folder.name} does not accept the inputs that its card describes.") from problem
        if shape != (1, len(HORIZONS), len(LEVELS)):
            raise ModelError(f"Model {folder.name} answers with shape {shape}, which is not a growth model's.")

    def quantiles(self, windows: Window) -> Floats:
        """Log growth over a year: float32 (batch, CONTEXT_LENGTH, 2) -> (batch, len(HORIZONS), len(LEVELS))."""
        (answer,) = self._runtime.run(["quantiles"], {"quarters": windows})
        quantiles: Floats = answer
        return quantiles


def lagged_growth(windows: npt.NDArray[np.float32]) -> Floats:
    """The last LAGS log growths over a year, newest first, 0 where not known: (n, T, 2) -> (n, LAGS)."""
    revenue = windows[:, -LAGS - A_YEAR :, REVENUE].astype(np.float64)
    known = revenue > 0
    level = np.log(np.where(known, revenue, 1.0))
    growth = np.clip(level[:, A_YEAR:] - level[:, :-A_YEAR], -LIMIT, LIMIT)
    newest_first: Floats = np.where(known[:, A_YEAR:] & known[:, :-A_YEAR], growth, 0.0)[:, ::-1]
    return newest_first


def plain_quantiles(windows: npt.NDArray[np.float32], coefficients: Floats) -> Floats:
    """Quantiles of log growth, (n, horizons, levels), of windows (n, T, 2).

    `coefficients` are (horizons, 1 + LAGS, levels), the constant first.
    """
    lags = lagged_growth(windows)
    inputs = np.concatenate([np.ones((len(lags), 1)), lags], axis=1)
    ordered: Floats = np.sort(np.einsum("nk,hkl->nhl", inputs, coefficients), axis=2)
    return ordered


def _read(folder: Path) -> GrowthCard:
    facts = read_facts(folder)
    try:
        if facts.get("kind") != GROWTH:
            raise ModelError(f"Model {folder.name} does not forecast growth.")
        for key, ours in (("horizons", HORIZONS), ("levels", LEVELS), ("context_length", CONTEXT_LENGTH)):
            theirs = tuple(facts[key]) if isinstance(facts[key], list) else facts[key]
            if theirs != ours:
                raise ModelError(f"Model {folder.name} has {key} {facts[key]}; this version serves {ours}.")
        coefficients = np.array(facts["baseline"]["coefficients"], dtype=np.float64)
        if coefficients.shape != (len(HORIZONS), 1 + LAGS, len(LEVELS)):
            raise ModelError(f"The card of model {folder.name} has a plain rule of shape {coefficients.shape}.")
        return GrowthCard(
            model_id=str(facts["model_id"]),
            seen_to=date.fromisoformat(facts["data"]["chosen_to"]),
            coefficients=coefficients,
            records=tuple(_record(facts, "all", str(horizon)) for horizon in HORIZONS),
            short_records=tuple(_record(facts, SHORT, str(horizon)) for horizon in HORIZONS),
            report_width=_width_rule(facts),
        )
    except (ValueError, LookupError, TypeError, AttributeError) as problem:
        raise ModelError(f"The card of model {folder.name} cannot be read: {problem!r}.") from problem


def _width_rule(facts: dict[str, Any]) -> WidthRule | None:
    told = facts.get("report_width")
    if told is None:
        return None
    strength = tuple(float(share) for share in told["strength"])
    rule = WidthRule(int(told["days"]), float(told["drawn_in"]), strength, float(told["most"]))
    if len(strength) != len(HORIZONS) or rule.days <= 0 or rule.drawn_in < 0 or not 0 <= rule.most <= 1:
        raise ValueError("report_width makes no sense")
    return rule


def _record(facts: dict[str, Any], group: str, horizon: str) -> GrowthRecord | None:
    """How it did at one horizon; None where the test was too short for an interval."""
    scores = facts["scores"]
    part = scores["groups"][group]
    skill = part["skill"].get("autoregression", {}).get(horizon)
    if skill is None or skill["skill_interval"] is None:
        return None
    judged = facts.get("scores_of")
    return GrowthRecord(
        span=f"{scores['first'][:4]}-{scores['last'][:4]}",
        coverage_80=float(part["scores"]["model"][horizon]["coverage_80"]),
        skill=float(skill["skill"]),
        skill_low=float(skill["skill_interval"][0]),
        skill_high=float(skill["skill_interval"][1]),
        taught_to=date.fromisoformat(judged["trained_to"]) if judged else None,
        short=group == SHORT,
    )
