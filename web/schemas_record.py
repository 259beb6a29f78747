"""The shapes of the record's answers, for /openapi.json: taken from the dataclasses that they are made of."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from bellwether.scoring import types as record
from web.schemas import LogReturns


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ScoreAnswer(_Answer):
    """How some settled forecasts turned out; shares and skills are fractions, null where nothing can be said."""

    forecasts: int
    weeks: int
    pinball: float | None
    baseline_pinball: float | None
    skill: float | None
    skill_interval: record.Interval | None
    coverage_80: float | None
    coverage_80_interval: record.Interval | None
    coverage_90: float | None
    coverage_90_interval: record.Interval | None
    baseline_coverage_80: float | None
    baseline_coverage_90: float | None
    brier: float | None
    usual_brier: float | None
    share_of_rises: float | None
    verdict: str = Field(description="TOO_EARLY, BETTER, WORSE or UNDECIDED against the plain rule")


class HorizonScoreAnswer(_Answer):
    """The score at one horizon."""

    horizon: int
    score: ScoreAnswer


class ModelScoreAnswer(_Answer):
    """The score of one model."""

    model_id: str
    shown: bool = Field(description="false for forecasts that were scored and shown to nobody")
    score: ScoreAnswer


class StandingAnswer(_Answer):
    """Where a model stands in the test that may silence it."""

    model_id: str
    symbol: str
    standing: str = Field(description="SPEAKS or SILENCED")
    since: date | None
    sessions: int
    evidence: float
    needed: float


class TrackRecordAnswer(_Answer):
    """How the issued forecasts turned out."""

    simulated: bool = Field(description="Replayed on past prices: must be said wherever it is shown")
    symbol: str | None
    horizon: int | None
    model_id: str | None
    since: date | None
    first: date | None
    last: date | None
    issued: int
    settled: int
    waiting: int
    without_outcome: int
    by_plain_rule: int
    score: ScoreAnswer
    by_horizon: list[HorizonScoreAnswer]
    by_model: list[ModelScoreAnswer]
    by_month: list[record.MonthScore]
    reliability: list[record.Reliability]
    misses: list[record.Miss]
    standings: list[StandingAnswer]


class LedgerOutcomeAnswer(_Answer):
    """What came."""

    log_return: float | None = Field(description="From cutoff to target; null where no price came")
    session: date | None = Field(description="Of the close it was read from")
    settled_at: datetime
    inside_80: bool | None
    inside_90: bool | None


class LedgerEntryAnswer(_Answer):
    """One issued forecast; log returns are cumulative from the cutoff, `last_close` is in the symbol's currency."""

    row: int
    forecast_id: str
    symbol: str
    cutoff: date
    horizon: int
    target_session: date
    made_at: datetime
    model_id: str
    source: str
    shown: bool
    adjusted_close: float
    last_close: float
    usual_probability_of_growth: float | None
    log_returns: LogReturns  # type: ignore[valid-type]
    baseline_log_returns: LogReturns  # type: ignore[valid-type]
    bars_sha256: str
    hash: str
    settled: bool
    outcome: LedgerOutcomeAnswer | None = Field(description="null while the horizon is open")


class LedgerAnswer(_Answer):
    """A page of the ledger."""

    items: list[LedgerEntryAnswer]
    next_cursor: str | None = Field(description="null on the last page")


class ReceiptAnswer(_Answer):
    """One row of the ledger, and what proves it."""

    row: int
    forecast_id: str
    symbol: str
    cutoff: date
    horizon: int
    target_session: date
    made_at: datetime
    model_id: str
    source: str
    shown: bool
    adjusted_close: float
    quoted_close: float
    log_returns: list[float] = Field(description="Cumulative, at the levels 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95")
    baseline: list[float]
    usual_probability_of_growth: float | None
    bars_sha256: str
    content: str
    hash_before: str
    hash: str
    outcome: record.Settled | None
    how_to_check: str
