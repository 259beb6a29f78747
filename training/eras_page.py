"""The part of docs/evaluation.md on eras left out of training, written from eras.json alone."""

from typing import Any

from training.words import between, percent, table

RULE = "ewma"


def section(document: dict[str, Any]) -> str:
    """Skill and coverage in markets that the test span does not hold."""
    rows = [[name, *_cells(part)] for name, part in document["eras"].items()]
    rows.append(["all eras", *_cells(document["together"])])
    heads = ["left out", "forecasts", "skill over the plain rule", "over the random walk", "80 % held", "90 % held"]
    model, rule = (document["calibration"][name] for name in ("model", RULE))
    years = [
        [name, f"{one['forecasts']:,}"]
        + [percent(part[key][name][f"coverage_{width}"], 1, sign=False) for part in (model, rule) for width in (80, 90)]
        for key in ("by_year", "crises")
        for name, one in model[key].items()
    ]
    return "\n\n".join(
        [
            "## In markets of another kind",
            "The same recipe trained six times, each time without one era of the training years and without the 100 "
            "days on either side of it, and scored on that era. The years after it were learned from, so this is no "
            "forecast of the future; it tells how the ranges hold where the market was of another kind. It flatters a "
            "little: eras were looked at while the recipe was chosen ([what was tried](what-was-tried.md)).",
            table(heads, rows),
            "Year by year, and in the financial crisis:",
            "![Coverage by year, each era left out](images/evaluation-eras.png)",
            table(
                ["cutoffs in", "forecasts", "model, 80 %", "model, 90 %", "plain rule, 80 %", "plain rule, 90 %"], years
            ),
            worst(model["by_year"]),
        ]
    )


def worst(years: dict[str, Any]) -> str:
    """The year in which the ranges held least, and how far the others stray."""
    at = {width: min(years.items(), key=lambda pair: pair[1][f"coverage_{width}"]) for width in (80, 90)}
    told = " and ".join(
        f"the {width} % range held {percent(one[f'coverage_{width}'], 1, sign=False)} in {year}"
        for width, (year, one) in at.items()
    )
    within = sum(abs(one["coverage_80"] - 0.8) <= 0.05 for one in years.values())
    return f"At worst {told}. In {within} of {len(years)} years the 80 % range held within 5 points of its promise."


def _cells(part: dict[str, Any]) -> list[str]:
    own = part["scores"]["model"]
    skills = [
        f"{percent(part['skill'][name]['skill'])} {between(part['skill'][name]['skill_interval'])}"
        for name in (RULE, "random_walk")
    ]
    held = [percent(own[f"coverage_{width}"], 1, sign=False) for width in (80, 90)]
    return [f"{own['forecasts']:,}", *skills, *held]
