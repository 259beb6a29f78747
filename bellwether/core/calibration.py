"""What a forecast is put right by after its model has spoken: widths learned since, and the usual share of rises."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Rises:
    """How a model's chance of a rise is told, one number for each head."""

    usual: tuple[float, ...]  #: share of rises where it learned
    weight: tuple[float, ...]  #: how much of the model's distance from it is told, 0 to 1


@dataclass(frozen=True, slots=True)
class EveningWidth:
    """By how much ranges are stretched after a session: logs of factors, one for each head."""

    session: date
    stocks: int  #: whose returns of that session were held against the ranges before it; 1 may be the index itself
    model: tuple[float, ...]  #: of a model's ranges
    plain: tuple[float, ...]  #: of the plain rule's


@dataclass(frozen=True, slots=True)
class Calibration:
    """How one range was stretched, as its forecast tells it."""

    session: date  #: the last one that the factor has learned from
    factor: float  #: width of the 80 % range / that of the range as it was forecast
    stocks: int  #: as in EveningWidth


@dataclass(frozen=True, slots=True)
class WidthRule:
    """How ranges of growth learn from reports that have just come; chosen where the model was."""

    days: int  #: before a cutoff, in which a report counts
    drawn_in: float  #: reports that count as if they had held as usual
    strength: tuple[float, ...]  #: share of what is learned that is served, one for each horizon
    most: float  #: log of the most that a range is widened by


@dataclass(frozen=True, slots=True)
class ReportWidth:
    """By how much ranges of growth are widened at a cutoff: logs of factors, one for each horizon."""

    day: date  #: the cutoff; reports filed before it count
    reports: tuple[int, ...]  #: of other companies, held against the ranges that they had been given, by horizon
    x: tuple[float, ...]
