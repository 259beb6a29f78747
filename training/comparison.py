"""The whole comparison: the model and every rival at the same cutoffs, as one document that the report is drawn from.

    model folder, prices, span -> quantiles of all -> scores by group and horizon -> evaluation.json

Groups: all symbols, those trained on, those never seen. Slow rivals answer a subset, on which all are scored again.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bellwether.core.errors import MarketDataError
from bellwether.core.types import HEADS, LEVELS, Floats
from bellwether.models.onnx_model import OnnxModel
from bellwether.track_record.scores.block_bootstrap import BLOCK, RESAMPLES
from training import automatic
from training.evaluate import POOLED, SPANS, SpanChoice, predict
from training.panel import Panel, Rows, load_panel
from training.prepare import training_facts
from training.rivals import TITLES, Rival, all_rivals, subset_rivals
from training.scores import Sample, against, coverages, pit, reliability, score
from training.spans import seen_rows, spans_of, trading

CRISES = {
    "the financial crisis": ("2008-09-01", "2009-03-31"),
    "the spring of 2020": ("2020-02-20", "2020-05-29"),
}
DIGITS = 6  # after the point, of every figure
BESIDE = "ewma"  # whose coverage is shown beside the model's


def compare(
    folder: Path, files: Sequence[Path], earnings: Path | None, choice: SpanChoice, stride: int, kept: Path
) -> dict[str, Any]:
    """The document for an exported model; fits are kept in the folder `kept`.

    Raises MarketDataError where the span holds no cutoff, or the model learned from it.
    """
    model = OnnxModel(folder)
    panel = load_panel(files, earnings, model.card.error_shares)
    span = choice.dates(panel)
    learned_to = json.loads((folder / "card.json").read_text(encoding="utf-8"))["data"]["trained_to"]
    if np.datetime64(learned_to) >= np.datetime64(span[0]):
        raise MarketDataError(
            f"The model {model.card.model_id} learned from prices up to {learned_to}; "
            f"its scores from {span[0]} on would be no test."
        )
    rows = trading(panel, panel.every(panel.rows_between(*span), stride))
    if len(rows) == 0:
        raise MarketDataError(f"The prices hold no cutoff from {span[0]} to {span[1]}.")
    answers = {"model": Rival(predict(model.quantiles, panel, rows, "scoring"), "The exported model.")}
    answers |= all_rivals(panel, rows, kept)
    places = automatic.subset(panel, rows)
    few = {name: rival.at(places) for name, rival in answers.items()}
    few |= subset_rivals(panel, rows[places], kept)
    document = describe(panel, rows, span, stride) | {"model_id": model.card.model_id}
    climatology = training_facts(panel, spans_of(panel).judged)["climatology"]
    document |= judge(panel, rows, make_sample(panel, rows, span[1], climatology), answers)
    rows = rows[places]
    document["subset"] = {
        "symbols": sorted({panel.symbols[number] for number in panel.symbol[rows]}),
        "cutoffs": len(rows),
        "rivals": {name: {"title": TITLES[name], "how": rival.how} for name, rival in few.items()},
    } | _group(make_sample(panel, rows, span[1], climatology), standardised(panel, rows, few))
    finished: dict[str, Any] = rounded(document)
    return finished


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
    seen = np.isin(rows, seen_rows(panel, rows))[sample.row]
    groups = {"all": np.ones(len(seen), bool), "seen": seen, "unseen": ~seen}
    pooled = np.isin(sample.head, [HEADS.index(horizon) for horizon in POOLED])
    main = sample.take(pooled)
    return {
        "rivals": {name: {"title": TITLES[name], "how": rival.how} for name, rival in answers.items()},
        "groups": {name: _group(sample.take(chosen), scaled) for name, chosen in groups.items() if chosen.any()},
        "years": {
            name: _by_year(main.take(chosen[pooled]), scaled) for name, chosen in groups.items() if chosen[pooled].any()
        },
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


def make_sample(panel: Panel, rows: Rows, last: str, climatology: list[float]) -> Sample:
    """All cutoffs and horizons whose outcome is known up to `last`, one after the other.

    `climatology` (heads,) is the share of rises where the model learned.
    """
    outcomes = panel.targets(rows, last) / panel.deviations(rows)
    row, head = np.nonzero(np.isfinite(outcomes))
    sessions = panel.sessions[rows][row]
    return Sample(
        outcome=outcomes[row, head],
        scale=panel.deviations(rows)[row, head],
        week=sessions.astype("datetime64[W]").astype(np.int64),
        date=sessions,
        head=head,
        climatology=np.array(climatology)[head],
        row=row,
    )


def _group(sample: Sample, scaled: dict[str, Floats]) -> dict[str, Any]:
    """Scores of everyone and the model's skill over each rival, pooled and by horizon."""
    parts = {"pooled": [HEADS.index(horizon) for horizon in POOLED]}
    parts |= {str(horizon): [head] for head, horizon in enumerate(HEADS)}
    scores: dict[str, dict[str, Any]] = {name: {} for name in scaled}
    skills: dict[str, dict[str, Any]] = {name: {} for name in scaled if name != "model"}
    for part, heads in parts.items():
        at = sample.take(np.isin(sample.head, heads))
        if len(at.row) == 0:
            continue
        for name, quantiles in scaled.items():
            scores[name][part] = score(at, at.of(quantiles))
        for name, skill in _skills(at, scaled).items():
            skills[name][part] = skill
    return {"scores": scores, "skill": skills}


def _by_year(sample: Sample, scaled: dict[str, Floats]) -> dict[str, Any]:
    """The model's skill over each rival in each year of the cutoff, horizons pooled."""
    years = sample.date.astype("datetime64[Y]")
    by_year: dict[str, Any] = {}
    for year in np.unique(years):
        of_year = sample.take(years == year)
        skills = _skills(of_year, scaled)
        by_year[str(year)] = {
            name: {key: at[key] for key in ("skill", "skill_interval")} for name, at in skills.items()
        }
    return by_year


def _skills(sample: Sample, scaled: dict[str, Floats]) -> dict[str, dict[str, Any]]:
    model = sample.of(scaled["model"])
    rivals = {name: quantiles for name, quantiles in scaled.items() if name != "model"}
    return {name: against(sample, model, sample.of(quantiles)) for name, quantiles in rivals.items()}


def calibration(sample: Sample, own: Floats) -> dict[str, Any]:
    """Where the promises of standardised quantiles (n, levels) hold: by year, in crises, by level."""
    years = sample.date.astype("datetime64[Y]")
    by_year = {str(year): coverages(sample.take(years == year), own[years == year]) for year in np.unique(years)}
    crises = {}
    for name, (first, last) in CRISES.items():
        inside = (sample.date >= np.datetime64(first)) & (sample.date <= np.datetime64(last))
        if inside.any():
            crises[name] = {"first": first, "last": last} | coverages(sample.take(inside), own[inside])
    by_horizon = {}
    for head, horizon in enumerate(HEADS):
        at = sample.head == head
        if at.any():
            observed = own[at] >= sample.outcome[at, None]
            by_horizon[str(horizon)] = observed.mean(axis=0).tolist()
    return {
        "by_year": by_year,
        "crises": crises,
        "reliability": reliability(sample.outcome, own, sample.mean_interval),
        "reliability_by_horizon": by_horizon,
        "pit": pit(sample, own),
    }


def print_document(document: dict[str, Any]) -> None:
    """The pooled comparison for a person at a terminal."""
    print(f"{document['span']} span, cutoffs from {document['first']} to {document['last']}: {document['cutoffs']:,}")
    print("symbols  rival                        skill   95 % interval          DM      p   its pinball")
    groups = document["groups"] | {"subset": document["subset"]}
    for group, part in groups.items():
        for name, skills in part["skill"].items():
            at = skills["pooled"]
            tested = at["skill_interval"] and at["diebold_mariano"] is not None
            low, high = at["skill_interval"] or (0, 0)
            between = f"[{low:+7.2%}, {high:+7.2%}]" if at["skill_interval"] else "[too few weeks]   "
            test = f"{at['diebold_mariano']:+6.2f} {at['p_value']:6.3f}" if tested else "     -      -"
            print(f"{group:8} {TITLES[name]:26} {at['skill']:+7.2%} {between} {test} {at['pinball']:9.4f}")
        model = part["scores"]["model"]["pooled"]
        print(
            f"{group:8} the model: pinball {model['pinball']:.4f}, 80 % held {model['coverage_80']:.1%}, 90 % "
            f"{model['coverage_90']:.1%}, Brier {model['brier']:.4f} (climatology {model['brier_climatology']:.4f}), "
            f"AUC {model['auc'] or 0.5:.3f}, rank IC {model['rank_ic'] or 0:+.3f}"
        )
    print("skill above 0: the model's loss is smaller than the rival's, 1 to 21 sessions pooled")
