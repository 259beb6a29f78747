"""A forecast of a list held in equal parts: what is in it, its range, and the plain rule beside it."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bellwether.core.incident import OpenIncident
from bellwether.core.types import Q10, Q90, Forecast
from bellwether.forecasting.to_json import by_level, incident_json

MODEL_ID = "joint-t4"  #: of the dependence; the ranges that it joins have ids of their own


@dataclass(frozen=True, slots=True)
class ListRecord:
    """How ranges of lists of one length turned out that were issued here."""

    closed: int  #: with an outcome
    held: int


@dataclass(frozen=True, slots=True)
class WalkForward:
    """How such ranges held in a test on years that the model had not learned from."""

    model_id: str  #: whose ranges were joined
    coverage_80: float
    first_year: int
    last_year: int
    sizes: tuple[int, int]  #: symbols of the smallest and largest lists


#: measured once, by `python -m training lists`: docs/track-record.md#lists has it with its intervals
WALKED_FORWARD = WalkForward("daily-range-2", 0.8, 2016, 2021, (5, 20))


@dataclass(frozen=True, slots=True)
class ListMember:
    """A symbol of a list."""

    forecast: Forecast  #: its own range, up to the list's target day
    calendar: str  #: of its exchange
    share: float | None  #: of the expected loss in the list's worst tenth; None where that is no loss


@dataclass(frozen=True, slots=True)
class NotInList:
    """What was asked for and is not in the list."""

    asked: str
    why: str  #: a sentence, or the end of one


@dataclass(frozen=True, slots=True)
class ListForecast:
    """What a list may do, held in equal parts from the cutoff to the target day."""

    members: tuple[ListMember, ...]  #: by symbol
    left_out: tuple[NotInList, ...]
    horizon: int  #: sessions of `calendar`
    calendar: str  #: of most of its symbols
    cutoff: date
    target: date
    made_at: datetime
    growths: tuple[float, ...]  #: simple returns at LEVELS
    plain: tuple[float, ...]  #: the same by historical simulation; empty where the list's past is too short
    expected_loss: float  #: mean loss in the worst tenth; negative where that is a gain
    sessions: int  #: returns from which it is known how they move together
    source: str
    caveats: tuple[str, ...]
    incident: OpenIncident | None = None  #: while ranges of all stocks hold too rarely or too often
    record: ListRecord | None = None  #: of this length; None where nothing is issued, or it cannot be read

    @property
    def symbols(self) -> tuple[str, ...]:
        """What is in it."""
        return tuple(member.forecast.symbol for member in self.members)

    @property
    def heaviest(self) -> ListMember | None:
        """Who carries most of the risk; None in a list of one, and where nothing is lost."""
        told = [member for member in self.members if member.share is not None]
        return max(told, key=lambda member: member.share or 0.0) if len(told) > 1 else None

    @property
    def range_80(self) -> tuple[float, float]:
        """The ends of the 8-in-10 range."""
        return self.growths[Q10], self.growths[Q90]

    @property
    def forecast_id(self) -> str:
        """The same answer to the same question always has the same id."""
        of_each = [(m.forecast.symbol, m.forecast.cutoff.isoformat(), m.forecast.model_id) for m in self.members]
        question = f"{MODEL_ID} {of_each} {self.horizon} {self.target} {self.source} {self.growths} {self.plain}"
        return f"l{hashlib.sha256(question.encode()).hexdigest()[:20]}"


def list_json(made: ListForecast) -> dict[str, Any]:
    """Plain values, ready for `json.dumps`; returns as fractions."""
    heaviest, record, test = made.heaviest, made.record, WALKED_FORWARD
    return {
        "horizon": made.horizon,
        "cutoff": made.cutoff.isoformat(),
        "target_session": made.target.isoformat(),
        "made_at": made.made_at.isoformat(),
        "returns": by_level(made.growths),
        "baseline": {"returns": by_level(made.plain)} if made.plain else None,
        "expected_loss": made.expected_loss,
        "heaviest": heaviest.forecast.symbol if heaviest is not None else None,
        "members": [
            {
                "symbol": member.forecast.symbol,
                "name": member.forecast.name,
                "currency": member.forecast.currency,
                "cutoff": member.forecast.cutoff.isoformat(),
                "horizon": member.forecast.horizon,
                "model_id": member.forecast.model_id,
                "share_of_loss": member.share,
            }
            for member in made.members
        ],
        "left_out": [{"asked": left.asked, "why": f"{left.why}"} for left in made.left_out],
        "correlated_sessions": made.sessions,
        "model_id": MODEL_ID,
        "source": made.source,
        "caveats": [f"{caveat}" for caveat in made.caveats],
        "incident": incident_json(made.incident),
        "record": {"closed": record.closed, "held": record.held} if record is not None else None,
        "walk_forward": {
            "model_id": test.model_id,
            "coverage_80": test.coverage_80,
            "first_year": test.first_year,
            "last_year": test.last_year,
        },
        "forecast_id": made.forecast_id,
    }
