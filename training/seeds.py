"""One recipe from several seeds: all are fitted, and the one that the validation span likes best goes on.

How far they lie apart tells how much of a validation score is luck; the record keeps all of them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bellwether.core.types import Floats
from training import train
from training.fit import Fitted
from training.model import build_model
from training.panel import Panel
from training.range_recipe import RangeRecipe
from training.remember import Arrays, as_bytes, as_text, code_of_fits, keep, place, read
from training.spans import Split
from training.workers import Workers


@dataclass(frozen=True, slots=True, eq=False)
class Seeded:
    """What one fit is told beside the panel."""

    standardised: Floats  #: of the plain rule, (heads, levels)
    recipe: RangeRecipe
    split: Split


def best_of(
    panel: Panel, standardised: Floats, recipe: RangeRecipe, split: Split, seeds: int, kept: Path, workers: Workers
) -> Fitted:
    """The best on validation of `seeds` fits, from the recipe's own seed on; each is kept in the folder `kept`."""
    tasks = [Seeded(standardised, replace(recipe, seed=recipe.seed + at), split) for at in range(seeds)]
    code, seen = code_of_fits(), (*train.reads(panel), standardised)
    places = [place(kept, train.__file__, [code, repr(task.recipe), repr(split)], seen) for task in tasks]
    missing = [at for at, file in enumerate(places) if not file.is_file()]
    workers.map(fit_one, panel, [tasks[at] for at in missing], "seeds", lambda at, fit: keep(places[missing[at]], fit))
    fits = [read(file) for file in places]
    records = [json.loads(as_text(fit["record"])) for fit in fits]
    losses = [float(np.mean(record["validation"])) for record in records]
    for task, loss in zip(tasks, losses, strict=True):
        print(f"seed {task.recipe.seed}: validation {loss:.4f}")
    best = int(np.argmin(losses))
    print(f"seed {tasks[best].recipe.seed} goes on; the worst loses {max(losses) / losses[best] - 1:.2%} more")
    model = build_model(standardised)
    model.set_weights(_weights(fits[best]))
    told = [{"seed": task.recipe.seed, "validation": loss} for task, loss in zip(tasks, losses, strict=True)]
    return Fitted(model, records[best] | {"seeds": told})


def fit_one(panel: Panel, task: Seeded) -> Arrays:
    """One fit as arrays: its weights, and how it came to be."""
    fitted = train.fit(panel, task.standardised, task.recipe, task.split)
    weights = {f"weights{at}": array for at, array in enumerate(fitted.model.get_weights())}
    return {"record": as_bytes(json.dumps(fitted.record)), **weights}


def _weights(fit: Arrays) -> Sequence[Any]:
    return [fit[f"weights{at}"] for at in range(len(fit) - 1)]
