"""Days on which companies tell their results: the facts, and what is said of the next one."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a source says, or once said, about one report. A date that moves is another fact; none is ever rewritten."""

    symbol: str
    day: date  #: at the exchange; the first of several where the source tells a range
    last_day: date | None = None  #: the last of them; None where the source tells a single day
    time_of_day: str = ""  #: "bmo" before the market opens, "amc" after its close, empty where not told
    known_from: date | None = None  #: the day on which it became known; None where nobody says
    withdrawn_from: date | None = None  #: the day from which the source told otherwise; None while it stands
    source: str = ""  #: "yahoo", "file" or "sample"

    @property
    def end(self) -> date:
        """The last day on which it may come."""
        return self.last_day or self.day


@dataclass(frozen=True, slots=True)
class ReportAhead:
    """The next report of a company, as far as anything is known of it at a cutoff."""

    day: date  #: as told, or predicted from the days of earlier reports
    last_day: date | None  #: the last day where a range is told
    session: date  #: the first session on which it counts
    known: bool  #: told by somebody; False: predicted


@dataclass(frozen=True, slots=True)
class ReportInside:
    """A report that lies inside the horizon of a forecast."""

    day: date
    last_day: date | None
    known: bool
    wider: float | None  #: how much wider the 80 % range is than without it, a fraction; None where nobody measured
    came: bool = False  #: it came on the day of the cutoff, perhaps after its close: the price may still answer it
