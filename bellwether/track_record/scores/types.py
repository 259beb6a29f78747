"""What a track record consists of: frozen values that faces show as they are.

Shares and skills are fractions; losses are in the plain rule's standard deviations. None means that there is nothing
to say it from. `wording` turns a record into sentences.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from bellwether.core.i18n.translate import N_
from bellwether.core.types import SkillVerdict
from bellwether.track_record.misses.reasons import WhyMissed


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval, from blocks of weeks drawn again and again."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Score:
    """How some settled forecasts turned out. All but the counts are None where there are none."""

    forecasts: int  #: with an outcome
    weeks: int  #: in which they were made: the true size of the sample
    pinball: float | None = None  #: mean pinball loss, in the plain rule's standard deviations
    baseline_pinball: float | None = None
    skill: float | None = None  #: 1 - pinball / baseline_pinball: above 0 is better than the plain rule
    skill_interval: Interval | None = None  #: None with less than a year of weeks
    coverage_80: float | None = None  #: share of outcomes within the 80 % range
    coverage_80_interval: Interval | None = None
    coverage_90: float | None = None
    coverage_90_interval: Interval | None = None
    baseline_coverage_80: float | None = None
    baseline_coverage_90: float | None = None
    brier: float | None = None  #: of the chance of a rise
    usual_brier: float | None = None  #: of the usual share of rises, said each time instead
    share_of_rises: float | None = None
    stretched: int = 0  #: of the forecasts, those whose ranges their evening had stretched
    unstretched_coverage_80: float | None = None  #: what coverage_80 would have been had it not

    @property
    def verdict(self) -> SkillVerdict:
        """What may be said of it."""
        if self.skill_interval is None:
            return SkillVerdict.TOO_EARLY
        if self.skill_interval.low > 0:
            return SkillVerdict.BETTER
        return SkillVerdict.WORSE if self.skill_interval.high < 0 else SkillVerdict.UNDECIDED


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often outcomes fell at or below one quantile."""

    level: float  #: how often they should
    observed: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class MonthScore:
    """How the ranges of the forecasts made in one month held."""

    month: date  #: its first day
    forecasts: int
    coverage_80: float
    coverage_90: float
    skill: float


@dataclass(frozen=True, slots=True)
class HorizonScore:
    """The score at one horizon."""

    horizon: int  #: sessions
    score: Score


@dataclass(frozen=True, slots=True)
class ModelScore:
    """The score of one model; of those that are only tried beside it too."""

    model_id: str
    shown: bool  #: False for forecasts that were scored but shown to nobody
    score: Score


@dataclass(frozen=True, slots=True)
class Miss:
    """An outcome outside the 90 % range. Growths are simple returns from the cutoff's close."""

    forecast_id: str  #: empty in a simulated record
    symbol: str
    cutoff: date
    target_session: date
    horizon: int
    model_id: str
    low: float  #: growth at the lower end of the 90 % range
    high: float
    growth: float  #: what came
    distance: float  #: from the nearer end of the range, in widths of the 80 % range (log returns)


class GateState(Enum):
    """Whether a model may speak, by the record; the value is the sentence for people."""

    SPEAKS = N_("its record does not speak against it")
    SILENCED = N_("its earlier forecasts turned out significantly worse than those of the plain rule")


@dataclass(frozen=True, slots=True)
class GateStatus:
    """Where a model stands in the sequential test: silenced when `evidence` reaches `needed`."""

    model_id: str
    symbol: str  #: empty: over all symbols
    standing: GateState
    since: date | None  #: the session from which on it stands so; None from the start
    sessions: int  #: that were looked at
    evidence: float  #: against its present standing: over all symbols a share of what is needed, of one an e-value
    needed: float


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How the issued forecasts turned out.

    `score` pools horizons up to 21 sessions, as 63 overlap too much to add anything, unless one horizon was asked for.
    Answers that were the plain rule's own are counted, and not scored.
    """

    simulated: bool  #: replayed on past prices: says what would have been, and must be marked wherever shown
    symbol: str | None  #: what was asked for; None is all
    horizon: int | None
    model_id: str | None
    since: date | None
    first: date | None  #: first and last cutoff of the settled forecasts
    last: date | None
    issued: int
    settled: int
    waiting: int  #: for their horizon to close, or for late prices
    without_outcome: int  #: delisted, halted, or missing in the source: no price of that day came within 10 sessions
    by_plain_rule: int  #: of the issued, those for which the model was silent
    score: Score
    by_horizon: tuple[HorizonScore, ...]
    by_model: tuple[ModelScore, ...]
    by_month: tuple[MonthScore, ...]  #: in order of time
    reliability: tuple[Reliability, ...]  #: one for each of LEVELS
    misses: tuple[Miss, ...]  #: by their distance, in widths of the range, the farthest first
    standings: tuple[GateStatus, ...] = ()  #: of the models, in the test that may silence them
    why_missed: WhyMissed | None = None  #: None while nothing is filed

    def biggest_misses(self, most: int) -> list[Miss]:
        """Return the misses that were most widths of their range outside it, the farthest first: what people are shown.

        Growth would not do: three months move farther than a day, and would fill the list.
        """
        return list(self.misses[:most])


@dataclass(frozen=True, slots=True)
class Duel:
    """Two models on the forecasts that both made."""

    challenger: str
    champion: str
    forecasts: int  #: with an outcome
    weeks: int
    skill: float | None  #: 1 - the challenger's loss / the champion's
    interval: Interval | None  #: None with less than a year of weeks
