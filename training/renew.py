"""A fresh model from prices that have grown: trained, judged beside the served one, fitted once more for service.

    prices -> prepare -> train, export (the newest years are the test) -> both models on the newest year -> refit

What is left is a candidate. It answers nobody: named in models.shadow it is scored on the same record as the served
model, and `bellwether models promote` serves it once that record supports it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bellwether.core.errors import MarketDataError
from bellwether.core.types import HEADS, to_date
from bellwether.models.onnx_model import OnnxModel
from training import steps
from training.evaluate import predict
from training.panel import Panel
from training.prepare import STRIDE, load, prepare
from training.range_recipe import RangeRecipe
from training.samples import make_sample, pooled
from training.scores import against
from training.spans import spans_of, trading

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Files:
    """What a fresh model is made of, and where it goes."""

    prices: Sequence[Path]
    earnings: Path | None
    work: Path
    models: Path


def renew(files: Files, served: Path, recipe: RangeRecipe, source: str, today: date) -> Path | None:
    """Leave a candidate beside the model in the folder `served`; its folder, or None where it was plainly worse.

    Raises ModelError and MarketDataError.
    """
    prepare(files.prices, files.work, source, files.earnings)
    panel, facts = load(files.work)
    last = to_date(panel.sessions[panel.history > 0].max())
    if date.fromisoformat(facts["data"]["last"]) <= OnnxModel(served).card.seen_to:
        raise MarketDataError(
            f"The prices end on {last}, and {served.name} has seen to {OnnxModel(served).card.seen_to}: "
            "there is nothing new to learn. Export newer ones: python -m bellwether market export --out FILE."
        )
    steps.train(files.work, recipe)
    judged = f"daily-range-{last:%Y-%m}-judged"
    steps.export(files.work, files.models, judged, today)
    verdict = newest_year(panel, files.models / judged, served)
    print(told(verdict, judged, served.name))
    if verdict["skill_interval"] is not None and verdict["skill_interval"][1] < 0:
        print(f"{judged} is worse by more than luck, so nothing is left for service.")
        return None
    candidate = f"daily-range-{last:%Y-%m}"
    steps.refit(files.work, files.models, files.models / judged, candidate, None, today)
    print(f"{candidate} is a candidate. Let it run beside the served model: models.shadow: [{candidate}]")
    print(f"When a year of its forecasts has come due: python -m bellwether models promote {candidate}")
    return files.models / candidate


def newest_year(panel: Panel, judged: Path, served: Path) -> dict[str, Any]:
    """The skill of the model `judged` over `served` on the last 365 days of the prices, with its interval.

    Where the served model has learned from those days, the comparison favours it.
    """
    last = to_date(panel.sessions[panel.history > 0].max())
    first = max(last - YEAR, date.fromisoformat(spans_of(panel).test[0]))
    rows = trading(panel, panel.every(panel.rows_between(first.isoformat(), last.isoformat()), STRIDE))
    sample = pooled(make_sample(panel, rows, last.isoformat(), [0.5] * len(HEADS)))
    scale = panel.deviations(rows)[:, :, None]
    ours, theirs = (
        sample.of(predict(OnnxModel(folder).quantiles, panel, rows, folder.name) / scale) for folder in (judged, served)
    )
    return against(sample, ours, theirs)


def told(verdict: dict[str, Any], judged: str, served: str) -> str:
    """The verdict in a sentence."""
    interval = verdict["skill_interval"]
    luck = (
        f" (95 % interval of the gain {interval[0]:+.2%} to {interval[1]:+.2%})"
        if interval
        else "; too few weeks for an interval"
    )
    than = "smaller" if verdict["skill"] >= 0 else "larger"
    return f"On the newest year the loss of {judged} is {abs(verdict['skill']):.2%} {than} than that of {served}{luck}."
