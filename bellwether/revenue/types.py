"""What a growth forecast consists of: frozen values that faces show as they are.

Growths are simple fractions over the same quarter of the year before, `0.05`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from math import exp

from bellwether.core.calibration import ReportWidth
from bellwether.models.quarters import HORIZONS, Figure
from bellwether.models.revenue_model import GrowthRecord

OVERDUE = timedelta(days=210)  #: from the end of a quarter; by then the one after it was reported


class GrowthProblem(Enum):
    """Why only the plain rule answers; the value is the sentence for people."""

    NO_ANSWER = "what the model computed makes no sense"


@dataclass(frozen=True, slots=True)
class QuarterAhead:
    """The forecast of one quarter's revenue."""

    quarters_ahead: int
    period_end: date  #: as it is expected from the quarters before
    base: float  #: revenue of the same quarter of the year before
    growths: tuple[float, ...]  #: one for each of LEVELS
    baseline: tuple[float, ...]  #: the plain rule's
    record: GrowthRecord | None  #: how the model did at this horizon

    @property
    def revenue(self) -> tuple[float, ...]:
        """Revenue at LEVELS, in the currency of the statements."""
        return tuple(self.base * (1 + growth) for growth in self.growths)


@dataclass(frozen=True, slots=True)
class GrowthForecast:
    """Everything known about a company's revenue ahead, with what is needed to judge it."""

    symbol: str
    name: str
    currency: str  #: of the statements
    as_of: date  #: the day on which the newest quarter had become known, at the latest
    period_end: date  #: of that quarter
    day: date  #: from which it looks: what was public by then is known
    made_at: datetime
    model_id: str
    ahead: tuple[QuarterAhead, ...]
    last_growth: float | None  #: of the newest quarter
    usual_change: float  #: how much growth usually moves from one quarter to the next, in log growth
    quarters: tuple[Figure, ...]  #: that were read, oldest first, one a quarter
    source: str  #: of the statements: "sample", "file" or "yahoo"
    caveats: tuple[str, ...]
    problem: GrowthProblem | None = None  #: set when the model was silent and the ranges are the plain rule's
    digest: bytes = b""  #: sha256 of what was read
    width: ReportWidth | None = None  #: by how much others' reports widened the ranges; None where nothing could

    def widened_by(self, quarters_ahead: int) -> float:
        """How many times as wide, in log growth, a range is as the model's own."""
        return 1.0 if self.width is None else exp(self.width.x[HORIZONS.index(quarters_ahead)])

    @property
    def overdue(self) -> bool:
        """Whether a later report must be out that is not known here."""
        return self.day - self.period_end > OVERDUE

    def forecast_id(self, quarters_ahead: int) -> str:
        """The same answer to the same question has the same id."""
        return f"g{self.digest.hex()[:16]}{quarters_ahead}"
