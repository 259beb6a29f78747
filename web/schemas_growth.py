"""The shape of the API's answer about a company's growth, for /openapi.json."""

from datetime import date

from pydantic import Field

from web.schemas import Fraction, _Answer, _by_level

Growths = _by_level("Growths", "Growth over the same quarter of the year before, as a fraction,")
Revenues = _by_level("Revenues", "Revenue, in `currency`,")


class GrowthBaselineAnswer(_Answer):
    """What a plain rule on past growth says to the same question."""

    quantiles: Growths  # type: ignore[valid-type]


class QuarterAheadAnswer(_Answer):
    """The range of one quarter's revenue."""

    quarters_ahead: int = Field(examples=[1, 4], description="After the newest quarter reported")
    period_end: date = Field(description="When the quarter ends, as the quarters before let expect")
    quantiles: Growths  # type: ignore[valid-type]
    revenue: Revenues  # type: ignore[valid-type]
    baseline: GrowthBaselineAnswer


class GrowthRecordAnswer(_Answer):
    """How the model did on years it had not seen."""

    span: str = Field(examples=["2016-2021"])
    coverage_80: Fraction = Field(description="Share of outcomes inside the 80 % range")
    skill: float = Field(description="1 minus the model's pinball loss over the plain rule's; above 0 is better")
    skill_interval: tuple[float, float] = Field(description="95 % interval of `skill`")
    taught_to: date | None = Field(description="The last day behind these scores, where it has learned more since")


class GrowthExplanationAnswer(_Answer):
    """What the range starts from and how far to trust it, as sentences and as numbers."""

    summary: str
    why: str
    trust: str
    newest_quarter: date = Field(description="End of the newest quarter reported")
    quarters_known: int
    last_growth: float | None = Field(description="Of the newest quarter; null when not known")
    usual_change: float = Field(description="Middle size of the change of log growth from one quarter to the next")
    records: dict[str, GrowthRecordAnswer] = Field(description="By quarters ahead")


class GrowthResponse(_Answer):
    """The range of a company's revenue, next quarter and four quarters ahead, with what is needed to judge it."""

    symbol: str = Field(examples=["AAPL"])
    name: str = Field(examples=["Apple"])
    currency: str = Field(examples=["USD"], description="Of the company's statements, not always its share's")
    as_of: date = Field(description="When the newest quarter had become known, at the latest")
    model_id: str = Field(description="`baseline-growth` when the model was silent")
    horizons: list[QuarterAheadAnswer] = Field(description="A quarter whose year before is not known is left out")
    explanation: GrowthExplanationAnswer
    source: str = Field(description="Where the statements come from: sample, file or yahoo")
    caveats: list[str] = Field(description="What must be said with this answer; show it to people")
