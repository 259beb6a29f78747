"""Forecasts of prices, one and many, and problems."""

from typing import Annotated, NotRequired

from pydantic import Field

from .wire import LONGEST_HORIZON, ApiAnswer, Day, Fraction, Instant, Pair, by_level

Prices = Annotated[dict[str, float], by_level("Prices", "Price, in `currency`,")]
Returns = Annotated[dict[str, float], by_level("Returns", "Return from the last close, as a fraction,")]


class BaselineAnswer(ApiAnswer):
    """The plain rule's answer to the same question."""

    quantiles: Prices
    probability_of_growth: Fraction


class RecordAnswer(ApiAnswer):
    """How the model did on years it had not seen."""

    span: Annotated[str, Field(examples=["2019-2021"])]
    coverage_80: Annotated[Fraction, Field(description="Share of outcomes inside the 80 % range")]
    skill: Annotated[
        float, Field(description="1 minus the model's pinball loss over the baseline's; above 0 is better")
    ]
    skill_interval: Annotated[Pair, Field(description="95 % interval of `skill`")]
    growth_known: Annotated[
        bool, Field(description="Whether its chance of growth beat the usual share by more than luck")
    ]
    taught_to: Annotated[
        Day | None,
        Field(
            description="The last day behind these scores, where the model has learned more since; "
            "null where it has not"
        ),
    ]


class ExplanationAnswer(ApiAnswer):
    """Why the range is what it is, as sentences and as numbers."""

    summary: str
    why: str
    trust: str
    volatility: Annotated[float, Field(description="Recent volatility, a year, as a fraction")]
    usual_volatility: Annotated[float | None, Field(description="The same over the year before; null when not known")]
    market_volatility: Annotated[float | None, Field(description="The VIX as a fraction; null when not known")]
    recent_return: Annotated[float | None, Field(description="Log return over the last 21 sessions")]
    width_against_baseline: Annotated[float, Field(description="Width of the 80 % range over the baseline's")]
    record: Annotated[RecordAnswer | None, Field(description="null when the answer is the baseline's")]


class EarningsAnswer(ApiAnswer):
    """A report of the company's results that lies inside the horizon."""

    day: Annotated[Day, Field(description="When it comes, at the exchange; the first day where a range is told")]
    last_day: Annotated[Day | None, Field(description="The last day, where the source tells a range; else null")]
    known: Annotated[
        bool, Field(description="Whether the day was told; false where it is predicted from earlier reports")
    ]
    wider: Annotated[
        float | None,
        Field(
            description="By which fraction the 80 % range is wider than if nothing were known of reports; "
            "null where the model that answers reads none"
        ),
    ]


class OpenIncidentAnswer(ApiAnswer):
    """A spell in which ranges of all stocks hold too rarely or too often; `caveats` say it in words."""

    id: Annotated[str, Field(description="As /api/v1/incidents has it")]
    kind: Annotated[str, Field(description="too_rarely: expect wider; too_often: ranges are wider than need be")]
    first_session: Day
    lately: Annotated[Fraction, Field(description="Share of 80 % ranges one session ahead that held")]
    sessions: Annotated[int, Field(description="Over so many sessions, the last ones")]


class CalibrationAnswer(ApiAnswer):
    """How the range was stretched for how ranges have held in the last weeks; so is the plain rule."""

    session: Annotated[Day, Field(description="The last trading day it has learned from")]
    factor: Annotated[
        float, Field(gt=0, description="Width of the 80 % range over its width as the model had it", examples=[1.12])
    ]
    stocks: Annotated[
        int, Field(ge=0, description="Shares whose returns of that day were held against ranges; 1: the index alone")
    ]


class SubjectAnswer(ApiAnswer):
    """What a forecast is about."""

    symbol: Annotated[str, Field(examples=["AAPL"])]
    name: Annotated[str, Field(examples=["Apple"])]
    currency: Annotated[str, Field(examples=["USD"])]
    exchange: Annotated[str, Field(examples=["NASDAQ"])]
    cutoff: Annotated[Day, Field(description="The last trading day known to the forecast")]
    last_close: Annotated[float, Field(description="The close at the cutoff, as quoted")]
    horizon: Annotated[int, Field(ge=1, le=LONGEST_HORIZON, description="Trading days ahead")]
    target_session: Annotated[Day, Field(description="The trading day the range is for")]
    made_at: Annotated[Instant, Field(description="When it was computed, UTC")]


class ForecastAnswer(SubjectAnswer):
    """The range of prices for one symbol at one horizon, with what is needed to judge it."""

    quantiles: Prices
    returns: Returns
    probability_of_growth: Annotated[Fraction, Field(description="Chance that the price ends above the last close")]
    usual_probability_of_growth: Annotated[
        Fraction | None,
        Field(description="Share of past stretches of this length that rose; null below a year of history"),
    ]
    baseline: BaselineAnswer
    model_id: Annotated[str, Field(description="`baseline-ewma` when the model was silent")]
    explanation: ExplanationAnswer
    source: Annotated[str, Field(description="Where the prices come from: sample, file or yahoo")]
    caveats: Annotated[list[str], Field(description="What must be said with this answer; show it to people")]
    forecast_id: Annotated[str, Field(description="The same answer to the same question has the same id")]
    earnings: Annotated[
        EarningsAnswer | None,
        Field(description="The company's next report, where it is known or predicted inside the horizon; else null"),
    ]
    calibration: Annotated[CalibrationAnswer | None, Field(description="null where the range is as the model had it")]
    incident: Annotated[
        OpenIncidentAnswer | None,
        Field(description="Ranges of all stocks hold too rarely or too often just now; null in calm times"),
    ]


class BaselineForecastAnswer(SubjectAnswer):
    """What the plain rule says."""

    quantiles: Prices
    probability_of_growth: Fraction
    source: str
    caveats: Annotated[list[str], Field(description="Those of the forecast it stands beside; show them to people")]


class ProblemItem(ApiAnswer):
    """What is wrong with one item of several, as RFC 9457 has it."""

    type: Annotated[str, Field(examples=["/developers#unknown_symbol"])]
    title: Annotated[str, Field(examples=["Unknown symbol"])]
    status: Annotated[int, Field(examples=[404])]
    detail: Annotated[str, Field(description="What is wrong and what to do about it, for people")]
    code: Annotated[str, Field(description="Stable name of the problem, for programs", examples=["unknown_symbol"])]
    suggestions: NotRequired[
        Annotated[list[str] | None, Field(description="With unknown_symbol: symbols that were perhaps meant")]
    ]
    candidates: NotRequired[
        Annotated[
            list[dict[str, str]] | None,
            Field(
                description="With ambiguous_symbol: what may be meant, the likeliest first; "
                "ask again with one's symbol",
                examples=[[{"symbol": "SHEL.L", "name": "Shell", "exchange": "London", "currency": "GBp"}]],
            ),
        ]
    ]


class ProblemAnswer(ProblemItem):
    """An error, as RFC 9457 has it (application/problem+json)."""

    request_id: Annotated[str, Field(description="Also in the header X-Request-ID; mention it when you report a fault")]


class BatchItem(ApiAnswer):
    """What came of one symbol: `forecast` where status is 200, else `problem`."""

    asked: Annotated[str, Field(description="As it was asked for")]
    status: Annotated[int, Field(description="What a call for it alone would have answered with")]
    forecast: ForecastAnswer | None
    problem: ProblemItem | None


class BatchAnswer(ApiAnswer):
    """One item for each symbol, in the order of the question."""

    items: list[BatchItem]
    succeeded: Annotated[int, Field(description="Each counts as one request of the plan")]
    failed: Annotated[int, Field(description="Free")]


class ListMemberAnswer(ApiAnswer):
    """A symbol of a list, and its part of the risk."""

    symbol: str
    name: str
    currency: Annotated[str, Field(description="In which it is measured; exchange rates are not in the range")]
    cutoff: Day
    horizon: Annotated[int, Field(description="Sessions of its own exchange up to the list's target")]
    model_id: Annotated[str, Field(description="`baseline-ewma` where the plain rule stands in")]
    share_of_loss: Annotated[
        float | None,
        Field(
            description="Of `expected_loss`; all sum to 1, and one that gains when the list falls most has less "
            "than 0; null where nothing is lost"
        ),
    ]


class LeftOutAnswer(ApiAnswer):
    """What was asked for and is not in the list's range."""

    asked: str
    why: str


class ListBaselineAnswer(ApiAnswer):
    """What the same list did over such stretches in the last two years."""

    returns: Returns


class ListRecordAnswer(ApiAnswer):
    """How issued ranges of lists of one horizon turned out."""

    closed: Annotated[int, Field(description="With an outcome")]
    held: Annotated[int, Field(description="Of these, inside the 8-in-10 range")]


class ListWalkForwardAnswer(ApiAnswer):
    """How ranges of lists held in a test on years that the model had not learned from."""

    model_id: Annotated[str, Field(description="Whose ranges were joined")]
    coverage_80: Annotated[Fraction, Field(description="Share of 8-in-10 ranges that held")]
    first_year: int
    last_year: int


class ListAnswer(ApiAnswer):
    """The range of a list held in equal parts from the cutoff to the target day."""

    horizon: Annotated[int, Field(ge=1, le=LONGEST_HORIZON, description="Trading days of most of its exchanges")]
    cutoff: Day
    target_session: Annotated[Day, Field(description="The day the range is for, the same for all symbols")]
    made_at: Instant
    returns: Returns
    baseline: Annotated[ListBaselineAnswer | None, Field(description="null where they share less than a year")]
    expected_loss: Annotated[
        float, Field(description="Mean loss in the worst tenth of outcomes, a fraction; negative where that is a gain")
    ]
    heaviest: Annotated[str | None, Field(description="The symbol with the largest `share_of_loss`")]
    members: list[ListMemberAnswer]
    left_out: list[LeftOutAnswer]
    correlated_sessions: Annotated[int, Field(description="Returns from which it is known how they move together")]
    model_id: Annotated[str, Field(description="Of the dependence", examples=["joint-t4"])]
    source: str
    caveats: list[str]
    incident: Annotated[
        OpenIncidentAnswer | None,
        Field(description="Ranges of all stocks hold too rarely or too often just now; null in calm times"),
    ]
    record: Annotated[
        ListRecordAnswer | None, Field(description="Of lists of this horizon that were issued here; null for a sample")
    ]
    walk_forward: ListWalkForwardAnswer
    forecast_id: str
