"""What the rule of incidents reads and says."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from bellwether.core.incident import IncidentKind
from bellwether.core.types import Floats, Ints, Sessions, to_date


@dataclass(frozen=True, slots=True, eq=False)
class DailyRecord:
    """How the 80 % ranges one session ahead held, by the session that they were for."""

    sessions: Sessions  #: (n,) ascending
    held: Ints  #: (n,)
    of: Ints  #: (n,) with an outcome, at least one

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[date, int, int]]) -> "DailyRecord":
        """Made of (session, held, of), in order of session."""
        rows = list(rows)
        sessions = np.array([row[0] for row in rows], "datetime64[D]")
        held, of = (np.array([row[at] for row in rows], np.int64) for at in (1, 2))
        return cls(sessions, held, of)

    def __len__(self) -> int:
        """How many sessions there are."""
        return len(self.sessions)

    @property
    def shares(self) -> Floats:
        """The share that held on each session, (n,)."""
        shares: Floats = self.held / self.of
        return shares

    def since(self, first: date, *, after: bool = False) -> "DailyRecord":
        """The sessions from one on, or only those after it."""
        start = np.searchsorted(self.sessions, np.datetime64(first), side="right" if after else "left")
        return self.part(slice(int(start), None))

    def until(self, last: date) -> "DailyRecord":
        """The sessions up to one, which is included."""
        return self.part(slice(0, int(np.searchsorted(self.sessions, np.datetime64(last), side="right"))))

    def part(self, which: slice) -> "DailyRecord":
        """Some of the sessions."""
        return DailyRecord(self.sessions[which], self.held[which], self.of[which])

    def session(self, at: int) -> date:
        """One of the sessions."""
        return to_date(self.sessions[at])


@dataclass(frozen=True, slots=True)
class Incident:
    """A spell in which ranges held too rarely or too often."""

    kind: IncidentKind
    first: date  #: the session with which it began, as was seen when it was announced
    announced: date  #: the session after which the rule said so; no two incidents have the same
    lately: float  #: share that held over the last WINDOW sessions when it was announced
    depth: float  #: the share furthest from usual over WINDOW sessions, from the announcement to the end or so far
    ended: date | None = None  #: the session after which it was over; None while it goes on

    @property
    def id(self) -> str:
        """By which it is known: the day of the announcement."""
        return self.announced.isoformat()
