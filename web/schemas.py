"""The shapes of the API's answers, for /openapi.json. `tests/test_web_api.py` holds them to the real answers."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, create_model

from bellwether.types import LEVELS, MAX_HORIZON

Fraction = Annotated[float, Field(ge=0, le=1)]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _by_level(name: str, what: str) -> type[BaseModel]:
    """An object with one number for each quantile level: {"0.05": ..., "0.1": ...}."""
    fields = {
        f"level_{str(level).replace('.', '_')}": (
            float,
            Field(alias=str(level), description=f"{what} that the outcome stays below with probability {level}"),
        )
        for level in LEVELS
    }
    model: type[BaseModel] = create_model(name, __base__=_Answer, **fields)  # type: ignore[call-overload]
    return model


Prices = _by_level("Prices", "Price, in `currency`,")
Returns = _by_level("Returns", "Return from the last close, as a fraction,")

LogReturns = _by_level("LogReturns", "Cumulative log return from the cutoff")


class BaselineAnswer(_Answer):
    """The plain volatility rule's answer to the same question."""

    quantiles: Prices  # type: ignore[valid-type]
    probability_of_growth: Fraction


class RecordAnswer(_Answer):
    """How the model did on years it had not seen."""

    span: str = Field(examples=["2019-2021"])
    coverage_80: Fraction = Field(description="Share of outcomes inside the 80 % range")
    skill: float = Field(description="1 minus the model's pinball loss over the baseline's; above 0 is better")
    skill_interval: tuple[float, float] = Field(description="95 % interval of `skill`")
    growth_known: bool = Field(description="Whether its chance of growth beat the usual share by more than luck")
    taught_to: date | None = Field(
        description="The last day behind these scores, where the model has learned more since; null where it has not"
    )


class ExplanationAnswer(_Answer):
    """Why the range is what it is, as sentences and as numbers."""

    summary: str
    why: str
    trust: str
    volatility: float = Field(description="Recent volatility, a year, as a fraction")
    usual_volatility: float | None = Field(description="The same over the year before; null when not known")
    market_volatility: float | None = Field(description="The VIX as a fraction; null when not known")
    recent_return: float | None = Field(description="Log return over the last 21 sessions")
    width_against_baseline: float = Field(description="Width of the 80 % range over the baseline's")
    record: RecordAnswer | None = Field(description="null when the answer is the baseline's")


class ForecastAnswer(_Answer):
    """The range of prices for one symbol at one horizon, with what is needed to judge it."""

    symbol: str = Field(examples=["AAPL"])
    name: str = Field(examples=["Apple"])
    currency: str = Field(examples=["USD"])
    exchange: str = Field(examples=["NASDAQ"])
    cutoff: date = Field(description="The last trading day known to the forecast")
    last_close: float = Field(description="The close at the cutoff, as quoted")
    horizon: int = Field(ge=1, le=MAX_HORIZON, description="Trading days ahead")
    target_session: date = Field(description="The trading day the range is for")
    made_at: datetime = Field(description="When it was computed, UTC")
    quantiles: Prices  # type: ignore[valid-type]
    returns: Returns  # type: ignore[valid-type]
    probability_of_growth: Fraction = Field(description="Chance that the price ends above the last close")
    usual_probability_of_growth: Fraction | None = Field(
        description="Share of past stretches of this length that rose; null below a year of history"
    )
    baseline: BaselineAnswer
    model_id: str = Field(description="`baseline-ewma` when the model was silent")
    explanation: ExplanationAnswer
    source: str = Field(description="Where the prices come from: sample, file or yahoo")
    caveats: list[str] = Field(description="What must be said with this answer; show it to people")
    forecast_id: str = Field(description="The same answer to the same question has the same id")


class BaselineForecastAnswer(_Answer):
    """What the plain volatility rule says."""

    symbol: str
    name: str
    currency: str
    exchange: str
    cutoff: date
    last_close: float
    horizon: int = Field(ge=1, le=MAX_HORIZON)
    target_session: date
    made_at: datetime
    quantiles: Prices  # type: ignore[valid-type]
    probability_of_growth: Fraction
    source: str
    caveats: list[str] = Field(description="Those of the forecast it stands beside; show them to people")


class ProblemItem(_Answer):
    """What is wrong with one item of several, as RFC 9457 has it."""

    type: str = Field(examples=["/developers#unknown_symbol"])
    title: str = Field(examples=["Unknown symbol"])
    status: int = Field(examples=[404])
    detail: str = Field(description="What is wrong and what to do about it, for people")
    code: str = Field(description="Stable name of the problem, for programs", examples=["unknown_symbol"])
    suggestions: list[str] | None = Field(None, description="With unknown_symbol: symbols that were perhaps meant")
    candidates: list[dict[str, str]] | None = Field(
        None,
        description="With ambiguous_symbol: what may be meant, the likeliest first; ask again with one's symbol",
        examples=[[{"symbol": "SHEL.L", "name": "Shell", "exchange": "London", "currency": "GBp"}]],
    )


class ProblemAnswer(ProblemItem):
    """An error, as RFC 9457 has it (application/problem+json)."""

    request_id: str = Field(description="Also in the header X-Request-ID; mention it when you report a fault")
