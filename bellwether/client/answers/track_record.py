"""How issued forecasts turned out, and the rows of the ledger."""

from typing import Annotated

from pydantic import Field

from .forecast import CalibrationAnswer
from .wire import ApiAnswer, Day, Instant, by_level

Told = Annotated[float | None, Field(description="As it was told; null in rows from before it was kept")]
MissClassName = Annotated[str, Field(description="DATA_FAULT, REPORT, MARKET, GAP, NONE or UNKNOWN, in this order")]
LogReturns = Annotated[dict[str, float], by_level("LogReturns", "Cumulative log return from the cutoff")]


class IntervalAnswer(ApiAnswer):
    """A 95 % interval, from blocks of weeks drawn again and again."""

    low: float
    high: float


class ScoreAnswer(ApiAnswer):
    """How some settled forecasts turned out; shares and skills are fractions, null where nothing can be said."""

    forecasts: int
    weeks: int
    pinball: float | None
    baseline_pinball: float | None
    skill: float | None
    skill_interval: IntervalAnswer | None
    coverage_80: float | None
    coverage_80_interval: IntervalAnswer | None
    coverage_90: float | None
    coverage_90_interval: IntervalAnswer | None
    baseline_coverage_80: float | None
    baseline_coverage_90: float | None
    brier: float | None
    usual_brier: float | None
    share_of_rises: float | None
    stretched: Annotated[int, Field(description="Of the forecasts, those whose ranges followed their evening")]
    unstretched_coverage_80: Annotated[
        float | None, Field(description="What coverage_80 would have been without following the evenings")
    ]
    verdict: Annotated[str, Field(description="TOO_EARLY, BETTER, WORSE or UNDECIDED against the plain rule")]


class HorizonScoreAnswer(ApiAnswer):
    """The score at one horizon."""

    horizon: int
    score: ScoreAnswer


class ModelScoreAnswer(ApiAnswer):
    """The score of one model."""

    model_id: str
    shown: Annotated[bool, Field(description="false for forecasts that were scored and shown to nobody")]
    score: ScoreAnswer


class MonthScoreAnswer(ApiAnswer):
    """How the ranges of the forecasts made in one month held."""

    month: Day
    forecasts: int
    coverage_80: float
    coverage_90: float
    skill: float


class ReliabilityAnswer(ApiAnswer):
    """How often outcomes fell at or below one quantile."""

    level: float
    observed: float
    interval: IntervalAnswer | None


class MissAnswer(ApiAnswer):
    """An outcome outside the 90 % range. Growths are simple returns from the cutoff's close."""

    forecast_id: Annotated[
        str, Field(description="Empty in a simulated record: its receipt is asked for as symbol-cutoff-horizon")
    ]
    symbol: str
    cutoff: Day
    target_session: Day
    horizon: int
    model_id: str
    low: float
    high: float
    growth: float
    distance: float


class StandingAnswer(ApiAnswer):
    """Where a model stands in the test that may silence it."""

    model_id: str
    symbol: str
    standing: Annotated[str, Field(description="SPEAKS or SILENCED")]
    since: Day | None
    sessions: int
    evidence: float
    needed: float


class MissClassAnswer(ApiAnswer):
    """How many misses are of one class; the classes add up to all misses."""

    name: MissClassName
    misses: int


class MissCauseAnswer(ApiAnswer):
    """How often there was evidence of a cause, among misses and among ranges that held, of which that is known."""

    cause: Annotated[str, Field(description="DATA_FAULT, REPORT, MARKET or GAP")]
    in_misses: int
    of_misses: int
    in_held: int
    of_held: int


class MissReasonsAnswer(ApiAnswer):
    """Why the 80 % ranges of one horizon missed, or of all that the score pools."""

    horizon: Annotated[int | None, Field(description="null: all that `score` pools")]
    misses: int
    held: int
    classes: list[MissClassAnswer]
    causes: list[MissCauseAnswer]


class WhyMissedAnswer(ApiAnswer):
    """Why 80 % ranges missed, by evidence."""

    pooled: MissReasonsAnswer
    by_horizon: list[MissReasonsAnswer]
    unfiled: Annotated[int, Field(description="Outcomes that nobody has looked at yet")]


class TrackRecordAnswer(ApiAnswer):
    """How the issued forecasts turned out."""

    simulated: Annotated[bool, Field(description="Replayed on past prices: must be said wherever it is shown")]
    symbol: str | None
    horizon: int | None
    model_id: str | None
    since: Day | None
    first: Day | None
    last: Day | None
    issued: int
    settled: int
    waiting: int
    without_outcome: int
    by_plain_rule: int
    score: ScoreAnswer
    by_horizon: list[HorizonScoreAnswer]
    by_model: list[ModelScoreAnswer]
    by_month: list[MonthScoreAnswer]
    reliability: list[ReliabilityAnswer]
    misses: list[MissAnswer]
    standings: list[StandingAnswer]
    why_missed: Annotated[WhyMissedAnswer | None, Field(description="null while nothing is filed")]


class OutcomeAnswer(ApiAnswer):
    """The outcome of one issued forecast."""

    log_return: Annotated[float | None, Field(description="From cutoff to target; null where no price came")]
    session: Annotated[Day | None, Field(description="Of the close it was read from")]
    settled_at: Instant
    why_missed: Annotated[
        MissClassName | None, Field(description="null for a range that held, and while a miss is not filed")
    ]
    causes: Annotated[
        list[str] | None, Field(description="All causes that there is evidence of, the one that counts first")
    ]


class LedgerOutcomeAnswer(OutcomeAnswer):
    """What came."""

    inside_80: bool | None
    inside_90: bool | None


class IssuedAnswer(ApiAnswer):
    """What the ledger has of every issued forecast."""

    row: int
    forecast_id: str
    symbol: str
    cutoff: Day
    horizon: int
    target_session: Day
    made_at: Instant
    model_id: str
    source: str
    shown: bool
    adjusted_close: float


class LedgerEntryAnswer(IssuedAnswer):
    """One issued forecast; log returns are cumulative from the cutoff, `last_close` is in the symbol's currency."""

    last_close: float
    usual_probability_of_growth: float | None
    probability_of_growth: Told
    log_returns: LogReturns
    baseline_log_returns: LogReturns
    bars_sha256: str
    hash: str
    calibration: Annotated[CalibrationAnswer | None, Field(description="null where the range is as the model had it")]
    settled: bool
    outcome: Annotated[LedgerOutcomeAnswer | None, Field(description="null while the horizon is open")]


class LedgerAnswer(ApiAnswer):
    """A page of the ledger."""

    items: list[LedgerEntryAnswer]
    next_cursor: Annotated[str | None, Field(description="null on the last page")]


class ReceiptAnswer(IssuedAnswer):
    """One row of the ledger, and what proves it."""

    quoted_close: float
    log_returns: Annotated[
        list[float], Field(description="Cumulative, at the levels 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95")
    ]
    baseline: list[float]
    usual_probability_of_growth: float | None
    probability_of_growth: Told
    stretched: Annotated[
        float | None,
        Field(description="Width of the 80 % range / that before its evening stretched it; null where none did"),
    ]
    bars_sha256: str
    content: str
    hash_before: str
    hash: str
    outcome: OutcomeAnswer | None
    how_to_check: str


class IncidentAnswer(ApiAnswer):
    """A spell in which ranges of all stocks held too rarely or too often."""

    id: Annotated[str, Field(description="The day of the announcement; its page is /incidents/{id}")]
    kind: Annotated[str, Field(description="too_rarely: ranges were too narrow; too_often: wider than need be")]
    first_session: Day
    announced: Annotated[Day, Field(description="The session after which it was said")]
    ended: Annotated[Day | None, Field(description="The session after which it was over; null while it goes on")]
    lately: Annotated[float, Field(description="Share of 80 % ranges one session ahead that held over ten, then")]
    depth: Annotated[float, Field(description="The share over ten sessions that was furthest from usual, so far")]


class IncidentsAnswer(ApiAnswer):
    """All that were announced, the newest first."""

    simulated: Annotated[bool, Field(description="Of the plain rule's ranges, replayed: must be said with it")]
    items: list[IncidentAnswer]


class HashedRowAnswer(ApiAnswer):
    """One row of a hash chain as it was hashed."""

    row: int
    content: Annotated[str, Field(description="What was hashed after the hash of the row before; hexadecimal digits")]
    hash: Annotated[str, Field(description="sha256(hash of the row before, content), both as bytes")]


class LedgerRowsAnswer(ApiAnswer):
    """A page of a hash chain."""

    items: list[HashedRowAnswer]
    next_cursor: Annotated[str | None, Field(description="null on the last page")]


class LedgerHeadAnswer(ApiAnswer):
    """Where the chains ended on one day, as it was published."""

    day: Day
    published_at: Instant
    statement: Annotated[str, Field(description="The text that was published, with ROWS:HASH of each chain")]
    sha256: Annotated[str, Field(description="Of the statement in UTF-8: what was stamped")]
    stamp: Annotated[str | None, Field(description="The RFC 3161 answer of the authority in base64; null without one")]
    stamped_at: Annotated[Instant | None, Field(description="As the authority has it")]
    authority: str | None
    channel: Annotated[str | None, Field(description="Where the message of that day can be read")]


class LedgerHeadsAnswer(ApiAnswer):
    """A page of published heads, newest first."""

    note: Annotated[
        str | None, Field(description="Why there is none, and what changes that; null where there are some")
    ]
    items: list[LedgerHeadAnswer]
    next_cursor: Annotated[str | None, Field(description="null on the last page")]
