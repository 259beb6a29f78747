"""The growth model beside every rival at the same reports, as one document that card, page and pictures are drawn from.

    reports of a span -> quantiles of all -> scores by group and horizon -> growth.json

Groups: all companies, those trained on, those never seen, and all as a source with five quarters would show them.
Losses are pinball in log growth over a year. Slow rivals answer a subset, on which all are scored again.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bellwether.core.calibration import WidthRule
from bellwether.core.errors import MarketDataError
from bellwether.core.types import LEVELS, Q05, Q10, Q90, Q95, Floats
from bellwether.forecasting.metrics import coverage, pinball_loss, skill
from bellwether.models.quarters import HORIZONS, MIN_QUARTERS
from bellwether.revenue.report_width import widened
from bellwether.track_record.scores.block_bootstrap import RESAMPLES
from training.comparison import rounded
from training.revenue import TITLES, rivals, spans
from training.revenue.bootstrap import FEWEST_COMPANIES, Draws, draws, mean_interval, skill_interval
from training.revenue.data import Cutoffs
from training.revenue.served import Answer, rule_facts, widths_before
from training.revenue.train import RevenueRecipe
from training.rivals import Rival
from training.scores import reliability
from training.spans import Dates


def evaluate(
    answer: Answer,
    reports: Cutoffs,
    span: Dates,
    rule: WidthRule | None,
    recipe: RevenueRecipe | None = None,
    kept: Path | None = None,
    *,
    trees: bool = False,
) -> dict[str, Any]:
    """The document for a model beside the simple rivals; with `trees` LightGBM too, with its `recipe` all.

    Fits that take long are kept in `kept`.

    With a `rule` the scores are those of what is served, and `graph` has those of what the graph says.
    Raises MarketDataError where the span holds no report with an outcome.
    """
    train, valid = spans.lessons(reports, spans.TRAIN), spans.lessons(reports, spans.VALIDATION)
    scored = spans.with_outcome(spans.within(reports, span))
    if len(scored) == 0:
        raise MarketDataError(f"The fundamentals hold no report from {span[0]} to {span[1]} whose outcome is known.")
    answers = {"model": Rival(answer(scored.windows), "The exported model.")} | rivals.simple_rivals(train, scored)
    subset: dict[str, Any] = {}
    if recipe is not None:
        answers["linear"] = rivals.straight(train, scored, kept)
    if trees or recipe is not None:
        answers["lightgbm"] = rivals.trees(train, valid, scored, kept)
    if recipe is not None:
        answers["recurrent"] = rivals.with_memory(train, valid, scored, recipe)
    five = five_quarters(scored)
    short = {"model": Rival(answer(five.windows), "")} | rivals.simple_rivals(train, five)
    graph: dict[str, Any] = {}
    if rule is not None:  # people see wider ranges where others' reports say so; what the graph says is told beside
        graph = {"groups": groups_of(scored, answers), "years": by_year(scored, answers)}
        x = widths_before(answer, reports, scored, rule)
        answers["model"], short["model"] = (
            Rival(widened(own["model"].quantiles, x), own["model"].how) for own in (answers, short)
        )
    if recipe is not None:
        places = rivals.ets_places(scored)
        few = scored.take(places)
        subset = group(few, answers_at(answers, places) | {"ets": rivals.ets(few)})
    document = describe(scored, span) | {
        "rivals": {name: {"title": TITLES[name], "how": rival.how} for name, rival in answers.items()},
        "groups": groups_of(scored, answers) | {"five quarters": group(five, short)},
        "graph": graph,
        "width_rule": rule_facts(rule) if rule is not None else {},
        "subset": subset,
        "years": by_year(scored, answers),
        "calibration": {
            name: [calibration(scored, answers[name].quantiles, at) for at in range(len(HORIZONS))]
            for name in ("model", "autoregression")
        },
    }
    finished: dict[str, Any] = rounded(document)
    return finished


def groups_of(scored: Cutoffs, answers: dict[str, Rival]) -> dict[str, Any]:
    """Scores on all companies, on those trained on and on those that were not."""
    unseen = spans.unseen(scored)
    masks = {"all": np.ones(len(scored), bool), "seen": ~unseen, "unseen": unseen}
    return {name: group(scored.take(mask), answers_at(answers, mask)) for name, mask in masks.items() if mask.any()}


def describe(scored: Cutoffs, span: Dates) -> dict[str, Any]:
    """What was scored and how."""
    named = [name for name, dates in spans.SPANS.items() if dates == span]
    return {
        "span": named[0] if named else "other",
        "first": span[0],
        "last": span[1],
        "fitted_to": spans.TRAIN[1],
        "chosen_on": list(spans.VALIDATION),
        "reports": len(scored),
        "companies": len(set(scored.symbol)),
        "unseen_companies": len(set(scored.symbol[spans.unseen(scored)])),
        "levels": list(LEVELS),
        "horizons": list(HORIZONS),
        "bootstrap": {"resamples": RESAMPLES, "companies": FEWEST_COMPANIES},
    }


def five_quarters(scored: Cutoffs) -> Cutoffs:
    """The same reports as a source shows them that keeps five quarters."""
    short = scored.take(np.arange(len(scored)))
    short.windows[:, :-MIN_QUARTERS] = 0
    return short


def answers_at(answers: dict[str, Rival], places: npt.NDArray[np.generic]) -> dict[str, Rival]:
    """Everyone's answers at some of the reports."""
    return {name: rival.at(places) for name, rival in answers.items()}


def group(scored: Cutoffs, answers: dict[str, Rival]) -> dict[str, Any]:
    """Scores of everyone and the model's skill over each rival, by horizon."""
    scores: dict[str, dict[str, Any]] = {name: {} for name in answers}
    skills: dict[str, dict[str, Any]] = {name: {} for name in answers if name != "model"}
    for at, horizon in enumerate(HORIZONS):
        known = np.isfinite(scored.outcomes[:, at])
        if not known.any():
            continue
        outcomes = scored.outcomes[known, at]
        drawn = draws(scored.symbol[known], scored.day[known])
        quantiles = {name: rival.quantiles[known, at] for name, rival in answers.items()}
        losses = {name: pinball_loss(outcomes, own) for name, own in quantiles.items()}
        fractions = {name: pinball_loss(np.expm1(outcomes), np.expm1(own)) for name, own in quantiles.items()}
        for name, own in quantiles.items():
            scores[name][str(horizon)] = score(outcomes, own, drawn)
            if name != "model":
                loss, base = losses["model"], losses[name]
                skills[name][str(horizon)] = {
                    "skill": skill(float(loss.mean()), float(base.mean())),
                    "skill_interval": skill_interval(drawn, loss, base),
                    "skill_in_fractions": skill(float(fractions["model"].mean()), float(fractions[name].mean())),
                }
    return {"reports": len(scored), "companies": len(set(scored.symbol)), "scores": scores, "skill": skills}


def score(outcomes: Floats, quantiles: Floats, drawn: Draws | None) -> dict[str, Any]:
    """One forecaster at one horizon: (n,), (n, levels)."""
    inside = ((outcomes >= quantiles[:, Q10]) & (outcomes <= quantiles[:, Q90])).astype(np.float64)
    return {
        "forecasts": len(outcomes),
        "pinball": float(pinball_loss(outcomes, quantiles).mean()),
        "coverage_80": float(inside.mean()),
        "coverage_80_interval": mean_interval(drawn, inside),
        "coverage_90": coverage(outcomes, quantiles[:, Q05], quantiles[:, Q95]),
        "width_80": float(np.median(np.exp(quantiles[:, Q90]) - np.exp(quantiles[:, Q10]))),
        "rises": float((outcomes > 0).mean()),
    }


def by_year(scored: Cutoffs, answers: dict[str, Rival]) -> dict[str, Any]:
    """Skill over each rival and coverage in each year of the report, by horizon."""
    years = scored.day.astype("datetime64[Y]")
    scores: dict[str, Any] = {}
    for year in np.unique(years):
        of_year = years == year
        part = group(scored.take(of_year), answers_at(answers, of_year))
        scores[str(year)] = {
            "reports": part["reports"],
            "companies": part["companies"],
            "skill": {
                name: {horizon: at["skill"] for horizon, at in skills.items()} for name, skills in part["skill"].items()
            },
            "coverage_80": {horizon: at["coverage_80"] for horizon, at in part["scores"]["model"].items()},
        }
    return scores


def calibration(scored: Cutoffs, quantiles: Floats, at: int) -> list[dict[str, Any]]:
    """Per level: how often the outcome fell at or below the quantile, with its interval; horizon by place."""
    known = np.isfinite(scored.outcomes[:, at])
    if not known.any():
        return []
    drawn = draws(scored.symbol[known], scored.day[known])
    return reliability(scored.outcomes[known, at], quantiles[known, at], partial(mean_interval, drawn))


def print_document(document: dict[str, Any]) -> None:
    """The comparison for a person at a terminal."""
    print(f"{document['span']} span {document['first']} to {document['last']}: {document['reports']:,} reports")
    groups = document["groups"] | ({"subset": document["subset"]} if document["subset"] else {})
    groups |= {f"{name}, graph": part for name, part in document["graph"].get("groups", {}).items()}
    for name, part in groups.items():
        for rival, by_horizon in part["skill"].items():
            for horizon, at in by_horizon.items():
                low, high = at["skill_interval"] or (float("nan"), float("nan"))
                print(
                    f"{name:16} {TITLES[rival]:28} h{horizon} {at['skill']:+7.2%} [{low:+7.2%}, {high:+7.2%}] "
                    f"its pinball {part['scores'][rival][horizon]['pinball']:.5f} in fractions "
                    f"{at['skill_in_fractions']:+.2%}"
                )
        for horizon, at in part["scores"]["model"].items():
            print(
                f"{name:16} model h{horizon}: {at['pinball']:.5f}, 80 % held {at['coverage_80']:.1%}, 90 % "
                f"{at['coverage_90']:.1%}, {at['forecasts']:,} forecasts"
            )
