"""A spell in which ranges of all stocks hold too rarely or too often, as an answer tells of it."""

from dataclasses import dataclass
from datetime import date
from enum import Enum


class IncidentKind(Enum):
    """How ranges fail; the value is kept and served."""

    TOO_RARELY = "too_rarely"  #: ranges hold too rarely: they are too narrow
    TOO_OFTEN = "too_often"  #: ranges hold too often: they are wider than they need be


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """One that is going on."""

    id: str  #: the day of its announcement
    kind: IncidentKind
    first: date  #: the session with which it began
    sessions: int  #: over which `lately` is told
    lately: float  #: share of one-session 80 % ranges that held
