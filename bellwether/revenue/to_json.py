"""A growth forecast as the JSON that the command line and the API give; the keys are a contract."""

from typing import Any

from bellwether.forecasting.to_json import by_level
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
