"""What the cards of models of revenue say."""

from typing import Any

from bellwether.core.types import LEVELS, Floats
from bellwether.models.model_card import GROWTH
from bellwether.models.quarters import CONTEXT_LENGTH, HORIZONS, MIN_QUARTERS
from bellwether.models.revenue_model import GrowthModel
from training.card import CardText
from training.revenue import spans
from training.revenue.served import RULE, rule_facts
from training.spans import UNSEEN_SHARE

FEATURES = ("growth of 8 quarters, means over 1 to 9 years, usual changes, the season's usual step, margins, losses",)
LIMITS = (
    "It knows revenue and net income only: no announcements, no orders, no acquisitions, no prices.",
    "The companies are large US ones that were still listed when the data were collected: failures are missing.",
    "With five quarters of history, all that some sources keep, its ranges are wider and it is less often right.",
    "A merger or a change of what counts as revenue reads as growth.",
    "Next quarter's growth over a year shares three quarters with the last one's: part of its skill is arithmetic.",
    "On the project's data boosted trees with the same inputs did a little better on the next quarter, within luck.",
    "It has no LSTM: on the validation span two of them made it no better, so the smaller network is shipped.",
    "The direction of growth four quarters ahead was never shown to beat the guess that revenue rises.",
)
_NEAR = 0.015  #: of a promised share: within it a range is as wide as it should be


def limits(scores: dict[str, Any], refitted: list[str]) -> list[str]:
    """What it cannot do, the year in which business changed fastest among it."""
    share, year, ahead = min(
        (share, year, ahead) for year, part in scores["years"].items() for ahead, share in part["coverage_80"].items()
    )
    when = "of the next quarter" if ahead == "1" else "of four quarters ahead"
    worst = (
        "No history of revenue tells of a crisis beforehand: of its 80 % ranges "
        f"{when} made in {year}, {100 * share:.0f} % held{_without(scores, year, ahead)}."
    )
    return [*LIMITS, worst, *_wide(scores), *refitted]


def _wide(scores: dict[str, Any]) -> list[str]:
    """How many ranges held in all, where that is more than was promised."""
    held = scores["groups"]["all"]["scores"]["model"]["1"]["coverage_80"]
    if held < 0.8 + _NEAR:
        return []
    return [f"In calm years its 80 % ranges of the next quarter are a little too wide: in all {100 * held:.0f} % held."]


def _without(scores: dict[str, Any], year: str, ahead: str) -> str:
    """The same of what the graph says, where what is served is another thing."""
    if not scores.get("graph"):
        return ""
    share = scores["graph"]["years"][year]["coverage_80"][ahead]
    return f"; not widened by others' reports, {100 * share:.0f} %"


def described(coefficients: Floats) -> dict[str, Any]:
    """The model's shape and the plain rule's coefficients (horizons, 1 + LAGS, levels).

    bellwether/models/revenue_model.py reads those that the service needs.
    """
    return {
        "context_length": CONTEXT_LENGTH,
        "min_quarters": MIN_QUARTERS,
        "horizons": list(HORIZONS),
        "levels": list(LEVELS),
        "input": "quarters float32 (batch, context_length, 2): revenue, net income; oldest first, 0 where not known",
        "output": "quantiles float32 (batch, horizons, levels): log growth of a quarter's revenue over a year",
        "features": list(FEATURES),
        "report_width": rule_facts(RULE),
        "baseline": {
            "name": "pooled autoregression by quantiles on the last 8 growths over a year",
            "coefficients": [[[round(value, 8) for value in row] for row in part] for part in coefficients.tolist()],
        },
        "splits": {
            "training": list(spans.TRAIN),
            "validation": list(spans.VALIDATION),
            "test": list(spans.TEST),
            "embargo": "an outcome that became known after a span is not used in it",
            "unseen_companies": f"sha256(symbol) % {UNSEEN_SHARE} == 0",
        },
    }


TEXT = CardText(
    kind={"kind": GROWTH},
    taught_with="reports",
    limits=limits,
    load=GrowthModel,
)
