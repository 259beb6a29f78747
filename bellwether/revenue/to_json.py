"""A growth forecast as the JSON that the command line and the API give; the keys are a contract."""

from typing import Any

from bellwether.forecasting.to_json import by_level
from bellwether.revenue import sentences
from bellwether.revenue.types import GrowthForecast, QuarterAhead


def growth_json(made: GrowthForecast) -> dict[str, Any]:
    """Plain values, ready for `json.dumps`: growth over a year as fractions, revenue in `currency`."""
    return {
        "symbol": made.symbol,
        "name": made.name,
        "currency": made.currency,
        "as_of": made.as_of.isoformat(),
        "model_id": made.model_id,
        "horizons": [_ahead(one) for one in made.ahead],
        "explanation": _explanation(made),
        "source": made.source,
        "caveats": [f"{caveat}" for caveat in made.caveats],
    }


def _ahead(one: QuarterAhead) -> dict[str, Any]:
    return {
        "quarters_ahead": one.quarters_ahead,
        "period_end": one.period_end.isoformat(),
        "quantiles": by_level(one.growths),
        "revenue": by_level(one.revenue),
        "baseline": {"quantiles": by_level(one.baseline)},
    }


def _explanation(made: GrowthForecast) -> dict[str, Any]:
    records = {one.quarters_ahead: one.record for one in made.ahead}
    return {
        "summary": sentences.headline(made),
        "why": sentences.why(made),
        "trust": sentences.trust(made),
        "newest_quarter": made.period_end.isoformat(),
        "quarters_known": len(made.quarters),
        "last_growth": made.last_growth,
        "usual_change": made.usual_change,
        "records": {
            str(ahead): {
                "span": record.span,
                "coverage_80": record.coverage_80,
                "skill": record.skill,
                "skill_interval": [record.skill_low, record.skill_high],
                "taught_to": record.taught_to.isoformat() if record.taught_to else None,
            }
            for ahead, record in records.items()
            if record is not None
        },
    }
