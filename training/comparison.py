"""The whole comparison: the model and every rival at the same cutoffs, as one document that the report is drawn from.

    model folder, prices, span -> quantiles of all -> scores by group and horizon -> evaluation.json

Groups: all symbols, those trained on, those never seen. Slow rivals answer a subset, on which all are scored again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bellwether.core.errors import MarketDataError
from bellwether.core.types import LEVELS, Floats
from bellwether.models.onnx_model import OnnxModel
from bellwether.track_record.scores.block_bootstrap import BLOCK, RESAMPLES
from training import automatic, gone
from training.evaluate import POOLED, SPANS, SpanChoice, predict
from training.judging import by_year, calibration, group, groups_of
from training.panel import Panel, Rows, load_panel
from training.prepare import training_facts
from training.rivals import TITLES, Rival, all_rivals, subset_rivals
from training.samples import make_sample, pooled
from training.scores import Sample
from training.served import Pair
from training.served_scores import reports, served, since, steadiness, together
from training.spans import Dates, seen_rows, spans_of, trading

DIGITS = 6  # after the point, of every figure
BESIDE = "ewma"  # whose coverage is shown beside the model's


@dataclass(frozen=True, slots=True)
class Contest:
    """What is compared, and on what."""

    files: Sequence[Path]
    choice: SpanChoice
    stride: int
    kept: Path  #: folder in which fits are kept
    earnings: Path | None = None  #: days of reports
    before: Path | None = None  #: folder of an earlier model, one more rival
    dead: Path | None = None  #: prices of companies that are gone


def compare(folder: Path, asked: Contest) -> dict[str, Any]:
    """The document for an exported model.

    Raises MarketDataError where the span holds no cutoff, or a model learned from it.
    """
    model = OnnxModel(folder)
    panel = load_panel(asked.files, asked.earnings, model.card.error_shares)
    span = asked.choice.dates(panel)
    learned_to = _learned_to(folder, span)
    rows = trading(panel, panel.every(panel.rows_between(*span), asked.stride))
    if len(rows) == 0:
        raise MarketDataError(f"The prices hold no cutoff from {span[0]} to {span[1]}.")
    spans = spans_of(panel)
    facts = training_facts(panel, spans.judged)
    answers = {"model": Rival(predict(model.quantiles, panel, rows, "scoring"), "The exported model.")}
    if asked.before is not None:
        answers["before"] = _earlier(asked.before, panel, rows, span)
    answers |= all_rivals(panel, rows, asked.kept)
    places = automatic.subset(panel, rows)
    few = {name: rival.at(places) for name, rival in answers.items()}
    few |= subset_rivals(panel, rows[places], asked.kept)
    document = describe(panel, rows, span, asked.stride) | {"model_id": model.card.model_id}
    sample = make_sample(panel, rows, span[1], facts["climatology"])
    document |= judge(panel, rows, sample, answers)
    pair = Pair(model.quantiles, np.array(facts["standardised_quantiles"]), model.card.evening_width)
    quantiles = {name: rival.quantiles for name, rival in answers.items()}
    four = pair.all(panel, rows, quantiles)
    document |= served(panel, rows, sample, four, model.card.rises)
    beside = four | {name: quantiles[name] for name in ("before",) if name in quantiles}
    document["reports"] = reports(panel, rows, span, sample, beside, pair)
    steady = [steadiness(sample, four, panel.deviations(rows)[:, :, None])]
    if learned_to < spans.validation[0] and span[0] > spans.validation[1]:
        steady.insert(0, since(panel, spans.validation, asked.stride, pair))
    document |= together(steady)
    dead = gone.Gone.of_file(asked.dead) if asked.dead else None
    document["dead"] = gone.judge(panel, pair, dead, span, asked.stride) if dead else None
    rows = rows[places]
    document["subset"] = {
        "symbols": sorted({panel.symbols[number] for number in panel.symbol[rows]}),
        "cutoffs": len(rows),
        "rivals": {name: {"title": TITLES[name], "how": rival.how} for name, rival in few.items()},
    } | group(make_sample(panel, rows, span[1], facts["climatology"]), standardised(panel, rows, few))
    finished: dict[str, Any] = rounded(document)
    return finished


def _learned_to(folder: Path, span: Dates) -> str:
    """Up to when the model in the folder learned. Raises MarketDataError where that lies within the span."""
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    learned_to: str = card["data"]["trained_to"]
    if np.datetime64(learned_to) >= np.datetime64(span[0]):
        raise MarketDataError(
            f"The model {card['model_id']} learned from prices up to {learned_to}; "
            f"its scores from {span[0]} on would be no test."
        )
    return learned_to


def _earlier(folder: Path, panel: Panel, rows: Rows, span: Dates) -> Rival:
    learned_to, model = _learned_to(folder, span), OnnxModel(folder)
    how = f"The exported model `{model.card.model_id}`, which learned from prices up to {learned_to}."
    return Rival(predict(model.quantiles, panel, rows, "the recipe before"), how)


def write(document: dict[str, Any], file: Path) -> None:
    """Keep the document for the report."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def rounded(value: Any) -> Any:
    """The document with DIGITS after the point: enough to draw from, and the same on every machine."""
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return round(value, DIGITS) if isinstance(value, float) else value


def describe(panel: Panel, rows: Rows, span: tuple[str, str], stride: int) -> dict[str, Any]:
    """What was scored and how."""
    spans = spans_of(panel)
    named = [name for name in SPANS if getattr(spans, name) == span]
    return {
        "span": named[0] if named else "other",
        "first": span[0],
        "last": span[1],
        "fitted_to": spans.training[1],
        "chosen_on": list(spans.validation),
        "stride": stride,
        "cutoffs": len(rows),
        "dates": len(np.unique(panel.sessions[rows])),
        "symbols": len(np.unique(panel.symbol[rows])),
        "unseen_symbols": len(np.unique(panel.symbol[seen_rows(panel, rows, False)])),
        "levels": list(LEVELS),
        "pooled_horizons": list(POOLED),
        "bootstrap": {"block_weeks": BLOCK, "resamples": RESAMPLES},
    }


def judge(panel: Panel, rows: Rows, sample: Sample, answers: dict[str, Rival]) -> dict[str, Any]:
    """Scores of everyone in every group, and where the model's promises hold."""
    scaled = standardised(panel, rows, answers)
    groups = {name: sample.take(chosen) for name, chosen in groups_of(panel, rows, sample).items()}
    main = pooled(sample)
    return {
        "rivals": {name: {"title": TITLES[name], "how": rival.how} for name, rival in answers.items()},
        "groups": {name: group(part, scaled) for name, part in groups.items()},
        "years": {name: by_year(pooled(part), scaled) for name, part in groups.items()},
        "calibration": {name: calibration(main, main.of(scaled[name])) for name in ("model", BESIDE)},
    }


def standardised(panel: Panel, rows: Rows, answers: dict[str, Rival]) -> dict[str, Floats]:
    """Everyone's quantiles in EWMA standard deviations; raises ValueError where one is not finite."""
    scale = panel.deviations(rows)[:, :, None]
    scaled: dict[str, Floats] = {name: rival.quantiles / scale for name, rival in answers.items()}
    broken = [name for name, quantiles in scaled.items() if not np.isfinite(quantiles).all()]
    if broken:
        raise ValueError(f"no finite forecast of {', '.join(broken)} at some cutoffs")
    return scaled


def print_document(document: dict[str, Any]) -> None:
    """The pooled comparison for a person at a terminal."""
    print(f"{document['span']} span, cutoffs from {document['first']} to {document['last']}: {document['cutoffs']:,}")
    print("symbols  rival                        skill   95 % interval          DM      p   its pinball")
    groups = document["groups"] | {"subset": document["subset"]}
    for which, part in groups.items():
        for name, skills in part["skill"].items():
            at = skills["pooled"]
            tested = at["skill_interval"] and at["diebold_mariano"] is not None
            low, high = at["skill_interval"] or (0, 0)
            between = f"[{low:+7.2%}, {high:+7.2%}]" if at["skill_interval"] else "[too few weeks]   "
            test = f"{at['diebold_mariano']:+6.2f} {at['p_value']:6.3f}" if tested else "     -      -"
            print(f"{which:8} {TITLES[name]:26} {at['skill']:+7.2%} {between} {test} {at['pinball']:9.4f}")
        model = part["scores"]["model"]["pooled"]
        print(
            f"{which:8} the model: pinball {model['pinball']:.4f}, 80 % held {model['coverage_80']:.1%}, 90 % "
            f"{model['coverage_90']:.1%}, Brier {model['brier']:.4f} (climatology {model['brier_climatology']:.4f}), "
            f"AUC {model['auc'] or 0.5:.3f}, rank IC {model['rank_ic'] or 0:+.3f}"
        )
    print("skill above 0: the model's loss is smaller than the rival's, 1 to 21 sessions pooled")
