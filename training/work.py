"""What the steps of training hand to each other in the work folder. Needs no tensorflow."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bellwether.core.errors import MarketDataError


@dataclass(frozen=True, slots=True)
class WorkFiles:
    """The files of one model's steps, by name."""

    command: str  #: whose steps make them
    arrays: str  #: of `prepare`
    facts: str  #: of `prepare`
    weights: str  #: of `train`
    record: str  #: of `train`

    def write_prepared(self, work: Path, arrays: dict[str, Any], facts: dict[str, Any]) -> None:
        """Leave what `prepare` made."""
        work.mkdir(parents=True, exist_ok=True)
        np.savez(work / self.arrays, **arrays)
        (work / self.facts).write_text(json.dumps(facts, indent=1), encoding="utf-8")

    def read_prepared(self, work: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """Arrays by name, and the facts. Raises MarketDataError when `prepare` has not been run."""
        if not (work / self.arrays).is_file():
            raise MarketDataError(f"There is nothing prepared in {work}: run `{self.command} prepare` first.")
        with np.load(work / self.arrays) as arrays:
            return dict(arrays), json.loads((work / self.facts).read_text(encoding="utf-8"))

    def write_trained(self, work: Path, model: Any, record: dict[str, Any]) -> None:
        """Leave the weights of a Keras model and how it came to be."""
        model.save_weights(work / self.weights)
        (work / self.record).write_text(json.dumps(record, indent=1), encoding="utf-8")

    def read_record(self, work: Path) -> dict[str, Any]:
        """How the model came to be. Raises MarketDataError when `train` has not been run."""
        if not (work / self.record).is_file():
            raise MarketDataError(f"There is nothing trained in {work}: run `{self.command} train` first.")
        record: dict[str, Any] = json.loads((work / self.record).read_text(encoding="utf-8"))
        return record


PRICES = WorkFiles("python -m training", "prepared.npz", "prepared.json", "trained.weights.h5", "training.json")
REVENUE = WorkFiles("python -m training growth", "growth.npz", "growth-data.json", "growth.weights.h5", "growth.json")
