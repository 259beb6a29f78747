"""Scores of everyone on a sample, by group and horizon and year, and where the promises of one's quantiles hold.

`scaled` holds everyone's quantiles in EWMA standard deviations, (b, heads, levels) by name, the model's among them.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from bellwether.core.types import HEADS, Floats
from training.panel import Panel, Rows
from training.samples import parts_of
from training.scores import Sample, against, coverages, pit, reliability, score, short
from training.spans import seen_rows
from training.steadiness import STORMS


def groups_of(panel: Panel, rows: Rows, sample: Sample) -> dict[str, npt.NDArray[np.bool_]]:
    """Which rows of the sample are of all symbols, of those trained on and of those never seen; groups without any
    are left out."""
    seen = np.isin(rows, seen_rows(panel, rows))[sample.row]
    groups = {"all": np.ones(len(seen), bool), "seen": seen, "unseen": ~seen}
    return {name: chosen for name, chosen in groups.items() if chosen.any()}


def group(sample: Sample, scaled: Mapping[str, Floats]) -> dict[str, Any]:
    """Scores of everyone and the model's skill over each rival, pooled and by horizon."""
    scores: dict[str, dict[str, Any]] = {name: {} for name in scaled}
    skills: dict[str, dict[str, Any]] = {name: {} for name in scaled if name != "model"}
    for part, at in parts_of(sample):
        for name, quantiles in scaled.items():
            scores[name][part] = score(at, at.of(quantiles))
        for name, skill in _skills(at, scaled).items():
            skills[name][part] = skill
    return {"scores": scores, "skill": skills}


def by_year(sample: Sample, scaled: Mapping[str, Floats]) -> dict[str, Any]:
    """The model's skill over each rival in each year of the cutoff, horizons pooled."""
    years = sample.date.astype("datetime64[Y]")
    by_year: dict[str, Any] = {}
    for year in np.unique(years):
        of_year = sample.take(years == year)
        skills = _skills(of_year, scaled)
        by_year[str(year)] = {name: short(at) for name, at in skills.items()}
    return by_year


def _skills(sample: Sample, scaled: Mapping[str, Floats]) -> dict[str, dict[str, Any]]:
    model = sample.of(scaled["model"])
    rivals = {name: quantiles for name, quantiles in scaled.items() if name != "model"}
    return {name: against(sample, model, sample.of(quantiles)) for name, quantiles in rivals.items()}


def calibration(sample: Sample, own: Floats) -> dict[str, Any]:
    """Where the promises of standardised quantiles (n, levels) hold: by year, in crises, by level."""
    years = sample.date.astype("datetime64[Y]")
    by_year = {str(year): coverages(sample.take(years == year), own[years == year]) for year in np.unique(years)}
    crises = {}
    for name, (first, last) in STORMS.items():
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
