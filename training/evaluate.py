"""Score an exported model on a span it did not learn from, beside the baselines, at the same cutoffs.

    cutoffs every 5 sessions -> quantiles of model, EWMA, random walk -> losses -> skill with its interval

Losses are pinball, divided by EWMA volatility times sqrt(horizon) so that calm and wild stocks count alike.
Neighbouring cutoffs and symbols move together, so intervals come from resampling blocks of weeks, never rows.
This is the card's short table; `comparison` sets the model beside every rival.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from bellwether.core.calibration import Rises
from bellwether.core.errors import MarketDataError
from bellwether.core.types import HEADS, LEVELS, Q05, Q10, Q90, Q95, Floats
from bellwether.forecasting.metrics import (
    brier_score,
    coverage,
    pinball_loss,
    skill,
)
from bellwether.models.onnx_model import OnnxModel
from bellwether.track_record.scores.block_bootstrap import mean_interval, skill_interval
from training import baselines
from training.chances import told_chances
from training.evenings import as_served
from training.panel import Answer, Panel, Rows, load_panel
from training.prepare import STRIDE
from training.spans import Dates, seen_rows, spans_of, trading

SPANS = ("validation", "test")
POOLED = (1, 5, 10, 21)  # horizons behind the headline scores; 63 sessions overlap too much to add anything
BATCH = 256  # windows that fit the processor's cache: 75 us each, against 94 in batches of 1024
LANES = 64


def evaluate(
    answer: Answer,
    panel: Panel,
    standardised: Floats,
    climatology: list[float],
    span: tuple[str, str],
    stride: int = STRIDE,
    rises: Rises | None = None,
) -> dict[str, Any]:
    """The card's `scores`: `pooled` and `by_horizon` over all symbols, then the same for seen and unseen ones.

    They are of what the graph says. With `rises`, as the service tells chances, `served` has those of what people see:
    ranges stretched by their evenings, the plain rule's beside them too. `standardised` (heads, levels) and
    `climatology` (heads,) come from the training span.
    """
    rows = trading(panel, panel.every(panel.rows_between(*span), stride))
    model = predict(answer, panel, rows, "scoring")
    seen = np.isin(rows, seen_rows(panel, rows))
    deviations = panel.deviations(rows)
    sample = {
        "outcome": panel.targets(rows, span[1]) / deviations,
        "model": model / deviations[:, :, None],
        "baseline": baselines.ewma(panel, rows, standardised) / deviations[:, :, None],
        "random_walk": baselines.random_walk(panel, rows) / deviations[:, :, None],
        "chance": told_chances(None, panel, rows, model),
        "week": panel.sessions[rows].astype("datetime64[W]").astype(np.int64),
        "quarter": panel.sessions[rows].astype("datetime64[M]").astype(np.int64) // 3,  # 0 is 1970Q1
    }
    scores: dict[str, Any] = {"span": _years(span), "first": span[0], "last": span[1], "stride": stride}
    scores |= _group(sample, np.ones(len(rows), bool), climatology)
    scores |= {"seen": _group(sample, seen, climatology), "unseen": _group(sample, ~seen, climatology)}
    if rises is not None:

        def graph(rows: Rows) -> Floats:
            return predict(answer, panel, rows, "evenings")

        def rule(rows: Rows) -> Floats:
            return baselines.ewma(panel, rows, standardised)

        shown = as_served(graph, panel, rows, model)
        served = sample | {
            "model": shown / deviations[:, :, None],
            "baseline": as_served(rule, panel, rows, rule(rows)) / deviations[:, :, None],
            "chance": told_chances(rises, panel, rows, shown),
        }
        scores["served"] = _group(served, np.ones(len(rows), bool), climatology)
    return scores


@dataclass(frozen=True, slots=True)
class SpanChoice:
    """Which cutoffs are asked for: a span by name, or days in place of its own."""

    span: str
    first: str | None = None
    last: str | None = None

    def dates(self, panel: Panel) -> Dates:
        """First and last day, both included."""
        named: Dates = getattr(spans_of(panel), self.span)
        return self.first or named[0], self.last or named[1]


def evaluate_folder(
    folder: Path, files: Sequence[Path], earnings: Path | None, choice: SpanChoice, stride: int
) -> dict[str, Any]:
    """`evaluate` for an exported model on any prices; the baselines' facts come from its card."""
    model = OnnxModel(folder)
    panel = load_panel(files, earnings, model.card.error_shares)
    span = choice.dates(panel)
    if len(panel.rows_between(*span)) == 0:
        raise MarketDataError(f"The prices hold no cutoff from {span[0]} to {span[1]}.")
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    quantiles = model.card.standardised_quantiles
    rises = model.card.rises if model.card.evening_width else None
    return evaluate(model.quantiles, panel, quantiles, card["baseline"]["share_of_rises"], span, stride, rises)


def predict(answer: Answer, panel: Panel, rows: Rows, label: str) -> Floats:
    """The model's quantiles at these cutoffs, (b, heads, levels), in batches with a progress bar.

    The last batch is filled up to a multiple of LANES: matrix kernels treat a remainder apart and round it differently,
    and the answer for a window should not depend, to the last bit, on how many others were asked for.
    """
    filled = np.pad(rows, (0, -len(rows) % LANES), mode="edge")
    model = np.empty((len(filled), len(HEADS), len(LEVELS)))
    with tqdm(total=len(filled), desc=label, unit="cutoff", mininterval=0.5) as progress:
        for start in range(0, len(filled), BATCH):
            batch = slice(start, start + BATCH)
            model[batch] = answer(*panel.windows(filled[batch]))
            progress.update(len(filled[batch]))
    return model[: len(rows)]


def _group(sample: dict[str, Any], chosen: npt.NDArray[np.bool_], climatology: list[float]) -> dict[str, Any]:
    """Scores of some of the rows: `pooled` over POOLED, and `by_horizon`."""
    parts = {name: values[chosen] for name, values in sample.items()}
    if not chosen.any():
        return {"cutoffs": 0, "pooled": None, "by_horizon": None, "coverage_80_by_quarter": None}
    heads = [_at_head(parts, head, climatology[head]) for head in range(len(HEADS))]
    pooled = [part for part, horizon in zip(heads, HEADS, strict=True) if horizon in POOLED]
    together = {name: np.concatenate([part[name] for part in pooled]) for name in pooled[0]}
    by_horizon = {str(horizon): _scores(part) for horizon, part in zip(HEADS, heads, strict=True)}
    return {
        "cutoffs": int(chosen.sum()),
        "pooled": _scores(together),
        "by_horizon": by_horizon,
        "coverage_80_by_quarter": _coverage_by_quarter(together),
    }


def _at_head(parts: dict[str, Any], head: int, climatology: float) -> dict[str, Any]:
    """The rows of one horizon whose outcome is known: outcome (n,), quantiles (n, levels), week (n,)."""
    known = np.isfinite(parts["outcome"][:, head])
    at = {name: parts[name][known, head] for name in ("outcome", "model", "baseline", "random_walk", "chance")}
    at |= {name: parts[name][known] for name in ("week", "quarter")}
    return at | {"climatology": np.full(known.sum(), climatology)}


def _coverage_by_quarter(at: dict[str, Any]) -> dict[str, float]:
    """Coverage of the 80 % range by calendar quarter of the cutoff: the mean hides the quarter that mattered."""
    shares = {}
    for quarter in np.unique(at["quarter"]):
        inside = at["quarter"] == quarter
        low, high = at["model"][inside, Q10], at["model"][inside, Q90]
        shares[f"{1970 + quarter // 4}Q{quarter % 4 + 1}"] = coverage(at["outcome"][inside], low, high)
    return shares


def _scores(at: dict[str, Any]) -> dict[str, Any] | None:
    if len(at["outcome"]) == 0:
        return None
    losses = {name: pinball_loss(at["outcome"], at[name]) for name in ("model", "baseline", "random_walk")}
    scores: dict[str, Any] = {"forecasts": len(at["outcome"])}
    for name, loss in losses.items():
        scores["pinball" if name == "model" else f"pinball_{name}"] = float(loss.mean())
    for name in ("baseline", "random_walk"):
        scores[f"skill_against_{name}"] = skill(float(losses["model"].mean()), float(losses[name].mean()))
        scores[f"skill_against_{name}_interval"] = skill_interval(losses["model"], losses[name], at["week"])
    for name, prefix in (("model", ""), ("baseline", "baseline_")):
        scores[f"{prefix}coverage_80"] = coverage(at["outcome"], at[name][:, Q10], at[name][:, Q90])
        scores[f"{prefix}coverage_90"] = coverage(at["outcome"], at[name][:, Q05], at[name][:, Q95])
    rose = (at["outcome"] > 0).astype(np.float64)
    scores["brier"] = brier_score(at["chance"], rose)
    scores["brier_climatology"] = brier_score(at["climatology"], rose)
    gain = np.square(at["climatology"] - rose) - np.square(at["chance"] - rose)
    scores["brier_gain_interval"] = mean_interval(gain, at["week"])
    scores["share_of_rises"] = float(rose.mean())
    return scores


def print_table(scores: dict[str, Any]) -> None:
    """The scores for a person at a terminal."""
    print(f"cutoffs from {scores['first']} to {scores['last']}, every {scores['stride']} sessions")
    print("symbols horizon  forecasts  pinball  skill against EWMA       against walk   80 %   90 %  Brier (climate)")
    groups = {"all": scores} | {name: scores[name] for name in ("seen", "unseen", "served") if name in scores}
    for group, part in groups.items():
        lines = {**part["by_horizon"], "1-21": part["pooled"]} if part["cutoffs"] else {}
        for name, at in lines.items():
            print(f"{group:7} {name:>7} " + (_line(at) if at else "no outcome is known"))
    quarters = scores["coverage_80_by_quarter"] or {}
    print("coverage of the 80 % range, 1-21 sessions: " + ", ".join(f"{q} {c:.0%}" for q, c in quarters.items()))
    print("pinball is in EWMA standard deviations; skill above 0 beats the baseline; [95 % interval over quarters]")


def _line(at: dict[str, Any]) -> str:
    interval = at["skill_against_baseline_interval"]
    between = f"[{interval[0]:+.2%}, {interval[1]:+.2%}]" if interval else "[too few weeks]"
    return (
        f"{at['forecasts']:10,} {at['pinball']:8.4f}  {at['skill_against_baseline']:+7.2%} {between:17}"
        f" {at['skill_against_random_walk']:+9.2%}  {at['coverage_80']:6.1%} {at['coverage_90']:6.1%}"
        f"  {at['brier']:.4f} ({at['brier_climatology']:.4f})"
    )


def _years(span: tuple[str, str]) -> str:
    """`("2019-01-01", "2021-12-31")` as "2019-2021"."""
    return f"{span[0][:4]}-{span[1][:4]}"
