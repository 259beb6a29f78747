"""How the recipe does in times that no test span holds: every era of the training years, each left out in turn.

    for each era: facts, fit without it -> quantiles at its cutoffs -> all eras together -> eras.json

What follows an era is learned from too, so this is no forecast of the future. It tells how the ranges hold in markets
of another kind, the crisis of 2008 among them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bellwether.core.types import HEADS, Floats
from bellwether.track_record.scores.block_bootstrap import BLOCK, RESAMPLES
from training import baselines
from training.comparison import calibration, make_sample, rounded
from training.evaluate import POOLED
from training.panel import Panel
from training.prepare import STRIDE, load, training_facts
from training.range_recipe import RangeRecipe
from training.rivals import TITLES
from training.scores import Sample, against, score
from training.spans import Dates, Split, spans_of, trading
from training.train import fit, predict

ERAS: tuple[Dates, ...] = (
    ("1990-01-01", "1997-12-31"),
    ("1998-01-01", "2002-12-31"),
    ("2003-01-01", "2006-12-31"),
    ("2007-01-01", "2009-12-31"),
    ("2010-01-01", "2012-12-31"),
    ("2013-01-01", "2015-12-31"),
)
PLAIN = ("ewma", "random_walk")  #: the rules without weights that it is set beside


@dataclass(frozen=True, slots=True, eq=False)
class Era:
    """Everyone's standardised quantiles at the cutoffs of an era that none of them learned from."""

    dates: Dates
    sample: Sample
    answers: dict[str, Floats]  #: by rival's name, (n, levels)


def compare(work: Path, recipe: RangeRecipe, stop_after: int) -> dict[str, Any]:
    """The document of all eras, from what `prepare` left in `work`: minutes for each era."""
    panel, _ = load(work)
    eras = [judge(panel, era, recipe, stop_after) for era in ERAS]
    sample = Sample(**{name: np.concatenate([getattr(era.sample, name) for era in eras]) for name in Sample.__slots__})
    answers = {name: np.concatenate([era.answers[name] for era in eras]) for name in ("model", *PLAIN)}
    document: dict[str, Any] = {
        "stride": STRIDE,
        "pooled_horizons": list(POOLED),
        "bootstrap": {"block_weeks": BLOCK, "resamples": RESAMPLES},
        "rivals": {name: {"title": TITLES[name]} for name in answers},
        "eras": {f"{era.dates[0][:4]}-{era.dates[1][:4]}": _scores(era.sample, era.answers) for era in eras},
        "together": _scores(sample, answers),
        "calibration": {name: calibration(sample, answers[name]) for name in ("model", "ewma")},
    }
    finished: dict[str, Any] = rounded(document)
    return finished


def judge(panel: Panel, era: Dates, recipe: RangeRecipe, stop_after: int) -> Era:
    """Fit without the era, then answer at its cutoffs, of seen and unseen symbols alike."""
    split = Split(spans_of(panel).training, left_out=era)
    facts = training_facts(panel, split)
    standardised = np.array(facts["standardised_quantiles"])
    rows = trading(panel, panel.every(panel.rows_between(*era), STRIDE))
    print(f"leaving out {era[0][:4]} to {era[1][:4]}")
    quantiles = {
        "model": predict(fit(panel, standardised, recipe, split, stop_after).model, panel, rows),
        "ewma": baselines.ewma(panel, rows, standardised),
        "random_walk": baselines.random_walk(panel, rows),
    }
    sample = make_sample(panel, rows, era[1], facts["climatology"])
    sample = sample.take(np.isin(sample.head, [HEADS.index(horizon) for horizon in POOLED]))
    deviations = panel.deviations(rows)[:, :, None]
    return Era(era, sample, {name: sample.of(answer / deviations) for name, answer in quantiles.items()})


def _scores(sample: Sample, answers: dict[str, Floats]) -> dict[str, Any]:
    """Scores of everyone and the model's skill over each plain rule, horizons pooled."""
    return {
        "scores": {name: score(sample, quantiles) for name, quantiles in answers.items()},
        "skill": {name: against(sample, answers["model"], answers[name]) for name in PLAIN},
    }
