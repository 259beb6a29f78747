"""The exported growth model and the card that travels with it: raw quarters in, quantiles of growth over a year out."""

import logging
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from bellwether.core.errors import ModelError
from bellwether.core.types import LEVELS, Floats
from bellwether.models.model_card import GROWTH, folders_of, read_facts
from bellwether.models.onnx_model import open_runtime
from bellwether.models.quarters import CONTEXT_LENGTH, HORIZONS, Window
from bellwether.models.revenue_baseline import LAGS

SHORT = "five quarters"  #: the group of a card's scores where histories were cut to what some sources keep
log = logging.getLogger(__name__)


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


class RevenueModels:
    """The growth models of a folder, none opened before somebody asks for growth."""

    def __init__(self, folder: Path, served: str) -> None:
        """`served` names the one that answers for today."""
        self._folder, self._served = folder, served
        self._open: dict[str, GrowthModel] = {}

    def served(self) -> GrowthModel:
        """The model that answers for today. Raises ModelError when it cannot be used."""
        if not (self._folder / self._served).is_dir():
            raise ModelError(f"There is no model {self._served!r} in {self._folder.name}; check the key models.growth.")
        return self._opened(self._folder / self._served)

    def for_day(self, day: date) -> GrowthModel:
        """The served one if it had seen nothing after `day`, else one that had not, where there is one.

        Where all have seen more, the one that saw the least of it. Raises ModelError.
        """
        served = self.served()
        if served.card.seen_to < day:
            return served
        models = [served]
        for folder in folders_of(self._folder, GROWTH):
            try:
                models.append(self._opened(folder))
            except ModelError as problem:
                log.warning("A growth model that is not served cannot be used: %s", problem)
        fair = [model for model in models if model.card.seen_to < day]
        if fair:
            return max(fair, key=lambda model: model.card.seen_to)
        return min(models, key=lambda model: model.card.seen_to)

    def _opened(self, folder: Path) -> GrowthModel:
        if folder.name not in self._open:
            self._open[folder.name] = GrowthModel(folder)
        return self._open[folder.name]


def _read(folder: Path) -> GrowthCard:
    """Read and check the card. Raises ModelError."""
    facts = read_facts(folder)
    try:
        if facts.get("kind") != GROWTH:
            raise ModelError(f"Model {folder.name} does not forecast growth.")
        for key, ours in (("horizons", HORIZONS), ("levels", LEVELS), ("context_length", CONTEXT_LENGTH)):
            told = tuple(facts[key]) if isinstance(facts[key], list) else facts[key]
            if told != ours:
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
        )
    except (ValueError, LookupError, TypeError, AttributeError) as problem:
        raise ModelError(f"The card of model {folder.name} cannot be read: {problem!r}.") from problem


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
