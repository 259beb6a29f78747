"""What the comparison tells beside its rivals: of what is served, of told chances, days of reports, storms.

    raw answers -> stretched, and without the calendar -> served, rises, reports, quarters, storms

Quarters and storms begin with the validation span where the model did not learn from it: all the years that follow what
it learned.
"""

from typing import Any

from bellwether.core.calibration import Rises
from bellwether.core.types import Floats
from training import results_days
from training.judging import calibration, group, groups_of
from training.panel import Panel, Rows
from training.samples import make_sample, parts_of, pooled
from training.scores import Sample
from training.served import SERVED, WHO, Pair, Quantiles, chances
from training.spans import Dates, trading
from training.steadiness import by_quarter, joined, storms


def served(panel: Panel, rows: Rows, sample: Sample, four: Quantiles, rises: Rises | None) -> dict[str, Any]:
    """Scores of `four`, unscaled quantiles of WHO and SERVED: what is served by group, and the told chances."""
    scale = panel.deviations(rows)[:, :, None]
    shown = {who: four[SERVED[who]] / scale for who in WHO}
    main = pooled(sample)
    groups = {name: sample.take(chosen) for name, chosen in groups_of(panel, rows, sample).items()}
    return {
        "served": {
            "groups": {name: group(part, shown) for name, part in groups.items()},
            "calibration": {who: calibration(main, main.of(quantiles)) for who, quantiles in shown.items()},
        },
        "rises": {
            name: {part: chances(at, rises, panel, rows, four[SERVED["model"]]) for part, at in parts_of(of_group)}
            for name, of_group in groups.items()
        },
    }


def reports(
    panel: Panel, rows: Rows, span: Dates, sample: Sample, answers: Quantiles, pair: Pair
) -> dict[str, Any] | None:
    """Scores at cutoffs that know of reports, with the calendar and without, and some companies' days."""
    blind = results_days.without_calendar(panel)
    silent = pair.all(blind, rows)
    named = {"without": silent["model"], "without_served": silent[SERVED["model"]]}
    scale = panel.deviations(rows)[:, :, None]
    scaled = {name: quantiles / scale for name, quantiles in (dict(answers) | named).items()}
    told = results_days.tables(panel, rows, sample, scaled)
    if told is None:
        return None

    def forecast(of: Panel) -> Any:
        return lambda cutoffs: pair.raw(of, cutoffs)["model"]

    return told | {"examples": results_days.examples(panel, span, forecast(panel), forecast(blind))}


def steadiness(sample: Sample, four: Quantiles, scale: Floats) -> dict[str, Any]:
    """Quarters and storms of horizons pooled; `scale` is (b, heads, 1)."""
    main = pooled(sample)
    own = {name: main.of(quantiles / scale) for name, quantiles in four.items()}
    return {"quarters": by_quarter(main, own), "storms": storms(main, own)}


def since(panel: Panel, span: Dates, stride: int, pair: Pair) -> dict[str, Any]:
    """`steadiness` over another span."""
    rows = trading(panel, panel.every(panel.rows_between(*span), stride))
    sample = make_sample(panel, rows, span[1], [0.0] * len(pair.standardised))
    return steadiness(sample, pair.all(panel, rows), panel.deviations(rows)[:, :, None])


def together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The `steadiness` of several spans as one."""
    stormy: dict[str, Any] = {}
    for part in parts:
        stormy |= part["storms"]
    return {"quarters": joined(part["quarters"] for part in parts), "storms": stormy}
