"""A growth forecast as the JSON that the command line and the API give; the keys are a contract."""

from math import exp
from typing import Any

from bellwether.core.calibration import ReportWidth
from bellwether.forecasting.to_json import by_level
from bellwether.models.quarters import HORIZONS
from bellwether.revenue import sentences
from bellwether.revenue.types import GrowthForecast


def growth_json(made: GrowthForecast) -> dict[str, Any]:
    """Plain values, ready for `json.dumps`: growth over a year as fractions, revenue in `currency`."""
    return {
        "symbol": made.symbol,
        "name": made.name,
        "currency": made.currency,
        "as_of": made.as_of.isoformat(),
        "model_id": made.model_id,
        "horizons": [
            {
                "quarters_ahead": quarter.quarters_ahead,
                "period_end": quarter.period_end.isoformat(),
                "quantiles": by_level(quarter.growths),
                "revenue": by_level(quarter.revenue),
                "baseline": {"quantiles": by_level(quarter.baseline)},
            }
            for quarter in made.ahead
        ],
        "calibration": _calibration_json(made.width),
        "explanation": {
            "summary": sentences.opening(made),
            "why": sentences.why(made),
            "trust": sentences.trust(made),
            "newest_quarter": made.period_end.isoformat(),
            "quarters_known": len(made.quarters),
            "last_growth": made.last_growth,
            "usual_change": made.usual_change,
            "records": {
                str(quarter.quarters_ahead): {
                    "span": record.span,
                    "coverage_80": record.coverage_80,
                    "skill": record.skill,
                    "skill_interval": [record.skill_low, record.skill_high],
                    "taught_to": record.taught_to.isoformat() if record.taught_to else None,
                }
                for quarter in made.ahead
                if (record := quarter.record) is not None
            },
        },
        "source": made.source,
        "caveats": [f"{caveat}" for caveat in made.caveats],
    }


def _calibration_json(width: ReportWidth | None) -> dict[str, Any] | None:
    """By how much others' reports widened the ranges; null where the model has no such rule."""
    if width is None:
        return None
    return {
        "before": width.day.isoformat(),
        "factors": {str(horizon): round(exp(x), 4) for horizon, x in zip(HORIZONS, width.x, strict=True)},
        "reports": {str(horizon): count for horizon, count in zip(HORIZONS, width.reports, strict=True)},
    }
