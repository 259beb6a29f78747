"""The values that pass between the parts: frozen, plain, without behaviour beyond reading themselves.

Returns are log returns inside and simple fractions (`growth`) where people see them. Times are aware and in UTC.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Literal

import numpy as np
import numpy.typing as npt

from bellwether.core.announcement import Announcement, ReportAhead, ReportInside
from bellwether.core.calibration import Calibration, EveningWidth, Rises
from bellwether.core.i18n.translate import N_
from bellwether.core.incident import OpenIncident

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]
Sessions = npt.NDArray[np.datetime64]
Theme = Literal["light", "dark"]
#: of a chart: for a desk, for a page on a phone, for a message in a chat, for previews of links
Shape = Literal["wide", "narrow", "chat", "card"]

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)  #: quantile levels of every forecast
Q05, Q10, Q25, Q50, Q75, Q90, Q95 = range(len(LEVELS))  #: which place each has
HEADS = (1, 5, 10, 21, 63)  #: horizons the model forecasts directly, in sessions
MAX_HORIZON = HEADS[-1]
AHEAD = MAX_HORIZON  #: sessions ahead for which the chance of a report is told
REPORT_ERRORS = range(-15, 26)  #: sessions by which a report may come after the day that is predicted
MARKET_SERIES = ("^GSPC", "^VIX")  #: what the whole market did, read beside each symbol
MARKET_CALENDAR = "XNYS"  #: of all series of the market
STATE_SERIES = ("U", "D")  #: how much, and how far apart, all stocks of the universe moved: market series, too
OPEN, HIGH, LOW, CLOSE, VOLUME = range(5)  #: columns of `Bars.values`


@dataclass(frozen=True, slots=True)
class Instrument:
    """Something that can be forecast, and where it trades."""

    symbol: str
    name: str
    exchange: str  #: as people write it: "NASDAQ"
    calendar: str  #: code of its trading calendar: "XNYS", "24/7"
    currency: str  #: ISO 4217, or a minor unit as Yahoo writes it: "USD", "GBp"
    sector: str = ""  #: as S&P names it: "Health Care"; empty where not known

    @property
    def listing(self) -> str:
        """Where and in what it trades, as far as that is known: "London, GBp"."""
        exchange = self.exchange or ("US" if self.calendar == "XNYS" else "")
        return ", ".join(part for part in (exchange, self.currency) if part)


SAMPLE = "sample"  #: the source that ended for good


def issues_forecasts(source: str) -> bool:
    """Whether what is forecast from this source's data is issued: with the sample everybody could know the outcome."""
    return source != SAMPLE


@dataclass(frozen=True, slots=True)
class Origin:
    """Who gave some bars: one history is always of one source."""

    source: str  #: "sample", "file" or "yahoo"
    live: bool  #: whether its bars are expected to reach the last closed session
    note: str  #: what every answer made of them must say; may be empty
    instrument: Instrument | None = None  #: as that source describes it, in the units of its prices
    doubtful: date | None = None  #: prices before this session may lack a split that the source tells of


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Bars:
    """Daily bars of one symbol, oldest first.

    `sessions` is (n,) datetime64[D]; `values` is (n, 5): open, high, low, close adjusted for splits and
    dividends, and volume. `quoted_closes` (n,) are the closes as quoted, adjusted for splits alone; they equal the
    adjusted ones where the source keeps no others.
    """

    symbol: str
    sessions: Sessions
    values: Floats
    quoted_closes: Floats
    origin: Origin | None = None  #: None: the provider that was asked, and nothing to say about it

    def __len__(self) -> int:
        return len(self.sessions)

    @property
    def closes(self) -> Floats:
        """Adjusted closes, (n,)."""
        return self.values[:, CLOSE]

    @property
    def quoted_close(self) -> float:
        """The last close as quoted, without the digits that float32 sources add."""
        return float(f"{self.quoted_closes[-1]:.7g}")

    def close_on(self, session: date) -> float | None:
        """The adjusted close of a session; None where there is no usable one."""
        at = int(np.searchsorted(self.sessions, np.datetime64(session)))
        if at == len(self) or to_date(self.sessions[at]) != session:
            return None
        close = float(self.closes[at])
        return close if np.isfinite(close) and close > 0 else None

    def until(self, end: date) -> "Bars | None":
        """The same bars without what came after `end`; None when nothing is left."""
        if self.cutoff <= end:
            return self
        known = int(np.searchsorted(self.sessions, np.datetime64(end), side="right"))
        return self.part(slice(known)) if known else None

    def last(self, count: int) -> "Bars":
        """The newest `count` bars."""
        return self if len(self) <= count else self.part(slice(-count, None))

    def part(self, which: slice) -> "Bars":
        """Some of the bars, of the same origin."""
        return Bars(self.symbol, self.sessions[which], self.values[which], self.quoted_closes[which], self.origin)

    def sealed(self) -> "Bars":
        """The same bars, whose numbers nobody can change any more: many share them."""
        self.sessions.flags.writeable = self.values.flags.writeable = self.quoted_closes.flags.writeable = False
        return self

    @property
    def is_sealed(self) -> bool:
        """Whether nobody can change its numbers."""
        return not (self.values.flags.writeable or self.sessions.flags.writeable or self.quoted_closes.flags.writeable)

    @property
    def cutoff(self) -> date:
        """The last session in the bars."""
        return to_date(self.sessions[-1])


@dataclass(frozen=True, slots=True)
class Quarter:
    """What a company said about one quarter."""

    period_end: date
    revenue: float | None  #: in the currency of its statements; None where not told
    net_income: float | None
    known_on: date | None  #: the day from which it was public, at the latest; None where the source does not tell


@dataclass(frozen=True, slots=True)
class Statements:
    """A company's quarters, oldest first, as far as a source has them."""

    symbol: str
    currency: str  #: of the statements, ISO 4217; not always that of the share
    quarters: tuple[Quarter, ...]
    source: str  #: "yahoo", "file" or "sample"


class SkillVerdict(Enum):
    """What a skill and its interval allow to say; the value completes "Its ranges ..."."""

    TOO_EARLY = N_("have too few outcomes to be judged")
    BETTER = N_("beat the plain rule by more than luck")
    WORSE = N_("are worse than the plain rule by more than luck")
    UNDECIDED = N_("cannot be told from the plain rule")


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """The few numbers of a record that stand beside a new forecast."""

    horizon: int  #: sessions ahead, one of HEADS: the record is of forecasts this far ahead alone
    forecasts: int  #: with an outcome; at least one
    coverage_80: float | None
    baseline_coverage_80: float | None  #: of the plain rule's 80 % ranges, for the same outcomes
    skill: float | None
    verdict: SkillVerdict
    own: bool  #: of this symbol; False: of all symbols together
    years: str = ""  #: when it is simulated, which: "2019-2021"; empty: really issued, within the last year


class Problem(Enum):
    """Why the model must not answer from these bars; the value is the sentence for people."""

    TOO_SHORT = N_("there is too little price history for the model")
    STALE = N_("the prices are too old")
    GAP = N_("days are missing from the recent prices")
    BROKEN = N_("a recent price is missing or impossible")
    EXTREME = N_("recent moves are far outside what the model learned from")
    JUMP = N_("a recent price halves or doubles at once, as when older prices are not adjusted for a split")
    FLAT = N_("the price has not moved")
    NO_ANSWER = N_("what it computed makes no sense")
    NO_MODEL = N_("it could not be loaded")
    SILENCED = N_("its earlier forecasts turned out significantly worse than those of the plain rule")


@dataclass(frozen=True, slots=True)
class Baseline:
    """The plain rule's answer to the same question: what the model must beat."""

    log_returns: tuple[float, ...]  #: quantiles of the cumulative log return, one per level
    probability_of_growth: float


@dataclass(frozen=True, slots=True)
class Record:
    """How the model did where it was tested: shown with every answer so that it can be judged."""

    span: str  #: "2019-2021"
    coverage_80: float  #: share of outcomes inside the 80 % range
    skill: float  #: 1 - its pinball loss / the baseline's
    skill_low: float  #: lower end of the 95 % interval of `skill`
    skill_high: float
    growth_known: bool = False  #: whether its chance of growth beat the usual share of rises by more than luck
    taught_to: date | None = None  #: the last session behind these scores, where the model has learned more since


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the range is what it is, as numbers; `wording` turns them into sentences."""

    volatility: float  #: recent (EWMA) volatility of the symbol, annualised
    usual_volatility: float | None  #: its own over the year before, annualised; None when history is too short
    market_volatility: float | None  #: ^VIX as a fraction (0.17), None when not known
    recent_return: float | None  #: log return over the last 21 sessions
    width_against_baseline: float  #: width of the 80 % range / the baseline's
    record: Record | None  #: at this horizon; None when the answer is the baseline, or where too little was tested
    beside: RecordSummary | None = None  #: how earlier forecasts turned out; None while there is no record


@dataclass(frozen=True, slots=True)
class Forecast:
    """The quantiles for one symbol, cutoff and horizon, with everything needed to judge them."""

    symbol: str
    name: str
    currency: str
    exchange: str
    cutoff: date
    last_close: float  #: as quoted at the cutoff
    horizon: int  #: sessions
    target_session: date
    made_at: datetime
    log_returns: tuple[float, ...]  #: quantiles of the cumulative log return, one per level in LEVELS
    probability_of_growth: float
    usual_probability_of_growth: float | None  #: share of past stretches of this length that rose
    baseline: Baseline
    model_id: str
    explanation: Explanation
    source: str  #: "sample", "file" or "yahoo"
    caveats: tuple[str, ...]
    forecast_id: str
    problem: Problem | None = None  #: set when the model was silent and the range is the baseline's
    earnings: ReportInside | None = None  #: a report of the company inside the horizon, where one is known or predicted
    calibration: Calibration | None = None  #: None where ranges are as they were forecast
    growth_is_usual: bool = False  #: the chance of a rise is the usual share and nothing else
    learned_to: date | None = None  #: last day that its model learned from or was chosen on; None for the plain rule's
    incident: OpenIncident | None = None  #: ranges of all stocks hold too rarely or too often just now

    @property
    def quantiles(self) -> tuple[float, ...]:
        """Prices at LEVELS, in `currency`."""
        return tuple((self.last_close * np.exp(self.log_returns)).tolist())

    @property
    def chart_id(self) -> str:
        """Names its chart, which shows its numbers and marks the report inside."""
        its = self.earnings
        return self.forecast_id if its is None else f"{self.forecast_id}-{its.day:%Y%m%d}{'' if its.known else 'p'}"

    @property
    def growths(self) -> tuple[float, ...]:
        """Simple returns at LEVELS, as fractions."""
        return tuple(np.expm1(self.log_returns).tolist())

    @property
    def width(self) -> float:
        """Of the 8-in-10 range, in log returns."""
        return self.log_returns[Q90] - self.log_returns[Q10]

    def price_at(self, level: float) -> float:
        """The price at one of LEVELS."""
        return self.last_close * float(np.exp(self.log_returns[LEVELS.index(level)]))


@dataclass(frozen=True, slots=True, eq=False)
class ForecastInputs:
    """What an outlook is made of, besides a model."""

    instrument: Instrument  #: in the units of these prices
    bars: Bars
    market: tuple[Bars | None, ...]  #: MARKET_SERIES and perhaps STATE_SERIES up to the same cutoff, None: not known
    source: str
    note: str  #: what the source wants said with every answer; may be empty
    expected: date | None  #: the last closed session; None for a market that is not live
    reports: tuple[Announcement, ...] = ()  #: what was known of the company's reports, by their days
    evening: EveningWidth | None = None  #: of the cutoff's session, for the model that is asked; None: no stretching


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Outlook:
    """Everything known about one symbol at one cutoff: all horizons at once.

    `log_returns` and `baseline` are (MAX_HORIZON, len(LEVELS)); row h - 1 is horizon h.
    """

    instrument: Instrument
    bars: Bars
    log_returns: Floats
    baseline: Floats
    model_id: str
    vix: float | None  #: ^VIX at the cutoff, in percent as quoted
    records: tuple[Record | None, ...]  #: one for each of HEADS; empty when the answer is the baseline
    source: str
    caveats: tuple[str, ...] = ()
    problem: Problem | None = None
    market: tuple[Bars | None, ...] = ()  #: the series that its model reads, as they were read; None where not known
    report: ReportAhead | None = None  #: the next one
    reported: bool = False  #: whether one came on the session of the cutoff, so that the price may still answer it
    #: by how much reports widen its 80 % ranges, fractions (MAX_HORIZON,); the model is asked when this is
    widened: Callable[[], Floats] | None = None
    report_ahead: int = 0  #: sessions to the next report at the earliest, where its day was told and read; else 0
    evening: EveningWidth | None = None  #: by which both were stretched; None where they were not
    rises: Rises | None = None  #: how the chance of a rise is told; None: as the quantiles have it
    learned_to: date | None = None  #: last day that its model learned from or was chosen on; None for the plain rule's
    calendar: npt.NDArray[np.float32] | None = None  #: what its model read of reports; None where it read nothing


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `doctor`: what was looked at, whether it is in order, and what to do if not."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


def to_date(session: np.datetime64) -> date:
    """A numpy day as a plain `date`."""
    day: date = session.astype("datetime64[D]").astype(object)
    return day
