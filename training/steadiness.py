"""Whether ranges hold what they promise at all times: quarter by quarter, and week by week while a storm is on.

samples and answers of some spans -> shares held by quarter -> how far quarters lie from the promise
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from bellwether.core.types import Q05, Q10, Q90, Q95, Floats
from training.scores import Sample

STORMS = {
    "Sep-Dec 2008": ("2008-09-01", "2008-12-31"),
    "20 Feb-30 Apr 2020": ("2020-02-20", "2020-04-30"),
}
PROMISED = (0.8, 0.9)
BEYOND = 0.05  # a quarter further from its promise than this is counted

Answers = Mapping[str, Floats]  #: standardised quantiles (n, levels), by name
Quarters = dict[str, dict[str, Any]]


def by_quarter(sample: Sample, answers: Answers) -> Quarters:
    """By quarter of the cutoff, `2008Q4`: the number of forecasts, and what the 80 and the 90 % range of each held."""
    months = sample.date.astype("datetime64[M]").astype(np.int64)  # 0 is January 1970
    quarters = months // 3
    return {
        f"{1970 + quarter // 4}Q{quarter % 4 + 1}": _held(sample, answers, quarters == quarter)
        for quarter in np.unique(quarters).tolist()
    }


def storms(sample: Sample, answers: Answers) -> dict[str, Any]:
    """Of each storm that the sample has cutoffs in: the shares held, in all and by the week of the cutoff."""
    told: dict[str, Any] = {}
    for name, (first, last) in STORMS.items():
        inside = (sample.date >= np.datetime64(first)) & (sample.date <= np.datetime64(last))
        if inside.any():
            days = sample.date.astype("datetime64[D]").astype(np.int64)
            monday = (days - (days + 3) % 7).astype("datetime64[D]")  # the first of all days was a Thursday
            told[name] = {"first": first, "last": last} | _held(sample, answers, inside)
            told[name]["weeks"] = {
                str(day): _held(sample, answers, inside & (monday == day)) for day in np.unique(monday[inside])
            }
    return told


def spread_of(quarters: Quarters, who: str) -> dict[str, Any]:
    """How far the quarters lie from what the ranges of `who` promise: rms of the 80 % range, and how many too far."""
    off = np.array([quarter[who] for quarter in quarters.values()]) - PROMISED  # (quarters, 2)
    beyond = (np.abs(off) > BEYOND).sum(axis=0)
    return {
        "quarters": len(off),
        "rms_80": float(np.sqrt(np.mean(off[:, 0] ** 2))),
        "beyond_80": int(beyond[0]),
        "beyond_90": int(beyond[1]),
    }


def joined(parts: Iterable[Quarters]) -> Quarters:
    """Quarters of several spans in order of time; of one that two spans share, both are weighed by their forecasts."""
    together: Quarters = {}
    for part in parts:
        for name, quarter in part.items():
            together[name] = _mean(together[name], quarter) if name in together else quarter
    return dict(sorted(together.items()))


def _mean(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    counts = [one["forecasts"], other["forecasts"]]
    shares = {
        who: np.average([one[who], other[who]], axis=0, weights=counts).tolist() for who in one if who != "forecasts"
    }
    return {"forecasts": sum(counts)} | shares


def _held(sample: Sample, answers: Answers, chosen: npt.NDArray[np.bool_]) -> dict[str, Any]:
    outcome = sample.outcome[chosen]
    shares = {
        who: [
            float(np.mean((outcome >= quantiles[chosen, low]) & (outcome <= quantiles[chosen, high])))
            for low, high in ((Q10, Q90), (Q05, Q95))
        ]
        for who, quantiles in answers.items()
    }
    return {"forecasts": int(chosen.sum())} | shares
