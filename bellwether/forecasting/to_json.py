"""A forecast as the JSON that the command line and the API give; the keys are a contract."""

import math
from collections.abc import Sequence
from typing import Any

from bellwether.core.announcement import ReportInside
from bellwether.core.calibration import Calibration
from bellwether.core.incident import OpenIncident
from bellwether.core.types import LEVELS, Explanation, Forecast
from bellwether.forecasting import sentences


def forecast_json(forecast: Forecast) -> dict[str, Any]:
    """Plain values, ready for `json.dumps`; prices in `currency`, returns as fractions, times in UTC."""
    return {
        "symbol": forecast.symbol,
        "name": forecast.name,
        "currency": forecast.currency,
        "exchange": forecast.exchange,
        "cutoff": forecast.cutoff.isoformat(),
        "last_close": forecast.last_close,
        "horizon": forecast.horizon,
        "target_session": forecast.target_session.isoformat(),
        "made_at": forecast.made_at.isoformat(),
        "quantiles": by_level(forecast.quantiles),
        "returns": by_level(forecast.growths),
        "probability_of_growth": forecast.probability_of_growth,
        "usual_probability_of_growth": forecast.usual_probability_of_growth,
        "baseline": {
            "quantiles": by_level(tuple(forecast.last_close * math.exp(r) for r in forecast.baseline.log_returns)),
            "probability_of_growth": forecast.baseline.probability_of_growth,
        },
        "model_id": forecast.model_id,
        "explanation": _explanation(forecast, forecast.explanation),
        "source": forecast.source,
        "caveats": list(forecast.caveats),
        "forecast_id": forecast.forecast_id,
        "earnings": _earnings(forecast.earnings),
        "calibration": calibration_json(forecast.calibration),
        "incident": incident_json(forecast.incident),
    }


def calibration_json(calibration: Calibration | None) -> dict[str, Any] | None:
    """By how much the range was widened, or narrowed, for how ranges have held of late."""
    if calibration is None:
        return None
    return {
        "session": calibration.session.isoformat(),
        "factor": calibration.factor,
        "stocks": calibration.stocks,
    }


def incident_json(incident: OpenIncident | None) -> dict[str, Any] | None:
    """That ranges of all stocks hold too rarely or too often just now; None in calm times."""
    if incident is None:
        return None
    return {
        "id": incident.id,
        "kind": incident.kind.value,
        "first_session": incident.first.isoformat(),
        "lately": incident.lately,
        "sessions": incident.sessions,
    }


def _earnings(its: ReportInside | None) -> dict[str, Any] | None:
    """The report inside the horizon; None where there is none."""
    if its is None:
        return None
    last = its.last_day.isoformat() if its.last_day is not None else None
    return {"day": its.day.isoformat(), "last_day": last, "known": its.known, "wider": its.wider}


def by_level(values: Sequence[float]) -> dict[str, float]:
    """{"0.05": value, ...}."""
    return {str(level): value for level, value in zip(LEVELS, values, strict=True)}


def _explanation(forecast: Forecast, facts: Explanation) -> dict[str, Any]:
    """The reasons as numbers, and as sentences."""
    record = facts.record
    return {
        "summary": sentences.headline(forecast),
        "why": sentences.why(forecast),
        "trust": sentences.trust(forecast),
        "volatility": facts.volatility,
        "usual_volatility": facts.usual_volatility,
        "market_volatility": facts.market_volatility,
        "recent_return": facts.recent_return,
        "width_against_baseline": facts.width_against_baseline,
        "record": None
        if record is None
        else {
            "span": record.span,
            "coverage_80": record.coverage_80,
            "skill": record.skill,
            "skill_interval": [record.skill_low, record.skill_high],
            "growth_known": record.growth_known,
            "taught_to": record.taught_to.isoformat() if record.taught_to else None,
        },
    }
