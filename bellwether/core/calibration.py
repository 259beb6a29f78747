"""What a forecast is put right by after its model has spoken: an evening's width, and the usual share of rises."""

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
