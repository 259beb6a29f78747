"""Forecasts of a company's revenue."""

from typing import Annotated

from pydantic import Field

from .wire import ApiAnswer, Day, Fraction, Pair, by_level

_GROWTH = "Growth over the same quarter of the year before, as a fraction,"
Growths = Annotated[dict[str, float], by_level("Growths", _GROWTH)]
Revenues = Annotated[dict[str, float], by_level("Revenues", "Revenue, in `currency`,")]


class GrowthBaselineAnswer(ApiAnswer):
    """What a plain rule on past growth says to the same question."""

    quantiles: Growths


class QuarterAheadAnswer(ApiAnswer):
    """The range of one quarter's revenue."""

    quarters_ahead: Annotated[int, Field(examples=[1, 4], description="After the newest quarter reported")]
    period_end: Annotated[Day, Field(description="When the quarter ends, as the quarters before let expect")]
    quantiles: Growths
    revenue: Revenues
    baseline: GrowthBaselineAnswer


class GrowthRecordAnswer(ApiAnswer):
    """How the model did on years it had not seen."""

    span: Annotated[str, Field(examples=["2016-2021"])]
    coverage_80: Annotated[Fraction, Field(description="Share of outcomes inside the 80 % range")]
    skill: Annotated[
        float, Field(description="1 minus the model's pinball loss over the plain rule's; above 0 is better")
    ]
    skill_interval: Annotated[Pair, Field(description="95 % interval of `skill`")]
    taught_to: Annotated[
        Day | None, Field(description="The last day behind these scores, where it has learned more since")
    ]


class GrowthCalibrationAnswer(ApiAnswer):
    """By how much ranges are widened for how those of companies that reported just before held."""

    before: Annotated[Day, Field(description="Only reports filed before this day count")]
    factors: Annotated[
        dict[str, float],
        Field(
            description="Width in log growth over that which the model told, by quarters ahead", examples=[{"1": 1.12}]
        ),
    ]
    reports: Annotated[dict[str, int], Field(description="How many were held against their ranges, by quarters ahead")]


class GrowthExplanationAnswer(ApiAnswer):
    """What the range starts from and how far to trust it, as sentences and as numbers."""

    summary: str
    why: str
    trust: str
    newest_quarter: Annotated[Day, Field(description="End of the newest quarter reported")]
    quarters_known: int
    last_growth: Annotated[float | None, Field(description="Of the newest quarter; null when not known")]
    usual_change: Annotated[
        float, Field(description="Middle size of the change of log growth from one quarter to the next")
    ]
    records: Annotated[dict[str, GrowthRecordAnswer], Field(description="By quarters ahead")]


class GrowthResponse(ApiAnswer):
    """The range of a company's revenue, next quarter and four quarters ahead, with what is needed to judge it."""

    symbol: Annotated[str, Field(examples=["AAPL"])]
    name: Annotated[str, Field(examples=["Apple"])]
    currency: Annotated[str, Field(examples=["USD"], description="Of the company's statements, not always its share's")]
    as_of: Annotated[Day, Field(description="When the newest quarter had become known, at the latest")]
    model_id: Annotated[str, Field(description="`baseline-growth` when the model was silent")]
    horizons: Annotated[
        list[QuarterAheadAnswer], Field(description="A quarter whose year before is not known is left out")
    ]
    calibration: Annotated[
        GrowthCalibrationAnswer | None, Field(description="Null where the model does not learn from others' reports")
    ]
    explanation: GrowthExplanationAnswer
    source: Annotated[str, Field(description="Where the statements come from: sample, file or yahoo")]
    caveats: Annotated[list[str], Field(description="What must be said with this answer; show it to people")]
