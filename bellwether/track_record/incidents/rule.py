"""When ranges have held too rarely or too often for it to be chance: a sequential rule on the pooled daily record.

    share that held, by session | by how much fewer than usual, in standard deviations of a calm session | capped
    | cumulated (CUSUM, Page 1954) until it reaches the limit: announced | until WINDOW sessions hold as usual: over

All symbols of a session move together, so the session is the unit, whatever number of ranges it has. Of a calm session
the share that held has a standard deviation of SPREAD, from what symbols have in common, beside what chance adds where
they are few. z is cut off at `cap`, and FEWEST_BAD sessions are needed, so that one bad session cannot announce
anything, nor can by themselves the two that a wrong price for all symbols makes, out of it and back. Each
kind has a sum of its own,

    S = max(0, S + z - slack),     announced at S >= limit,

and when one is announced, or what was announced is over, both begin again at 0. It began with the session from which on
the sum of z - 1 is largest. SENSITIVITY is calibrated by simulation so that calm decades give at most one
announcement in two years, both directions together, and chosen on the years 1990 to 2010: see `benchmarks/storms.py`
and docs/track-record.md.

Source: Page (1954, Biometrika 41), Continuous inspection schemes; Siegmund (1985), Sequential Analysis, on capped
increments and average run lengths.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bellwether.core.incident import IncidentKind
from bellwether.core.types import Floats
from bellwether.track_record.incidents.types import DailyRecord, Incident

USUAL = 0.8  #: share that is to hold
SPREAD = 0.11  #: standard deviation of a calm session's share where symbols are many
BAD, FEWEST_BAD = 1.0, 3  #: standard deviations that make a session bad; how many an announcement needs
WINDOW = 10  #: sessions over which a share is told
#: the share over WINDOW sessions at which an incident is over: about a standard deviation of such a mean from usual
CALM = {IncidentKind.TOO_RARELY: 0.76, IncidentKind.TOO_OFTEN: 0.84}
FEWEST = 20  #: ranges on a session, below which it says too little
_SIGN = {IncidentKind.TOO_RARELY: 1.0, IncidentKind.TOO_OFTEN: -1.0}


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How readily an incident is announced, in standard deviations of a calm session."""

    slack: float  #: taken off each session
    limit: float  #: of the sum
    cap: float = 3.0  #: that one session counts at most


SENSITIVITY = {IncidentKind.TOO_RARELY: Sensitivity(0.25, 9.0), IncidentKind.TOO_OFTEN: Sensitivity(0.75, 7.0)}


def incidents(
    record: DailyRecord,
    open_incident: Incident | None = None,
    sensitivity: Mapping[IncidentKind, Sensitivity] = SENSITIVITY,
) -> list[Incident]:
    """The incidents in a record, the oldest first; only the last may be going on.

    With an `open_incident` the record begins with its first session, and it is the first of the answer.
    """
    told: list[Incident] = []
    at = 0
    if open_incident is not None:
        incident, at = _followed(record, open_incident)
        told.append(incident)
    while (start := _announced(record, at, sensitivity)) is not None:
        incident, at = _followed(record, start)
        told.append(incident)
    return told


def enough(record: DailyRecord) -> DailyRecord:
    """The sessions that have enough ranges to say anything."""
    usable = record.of >= FEWEST
    return DailyRecord(record.sessions[usable], record.held[usable], record.of[usable])


def scores(record: DailyRecord, kind: IncidentKind, cap: float) -> Floats:
    """z of each session, (n,): by how much its share is off in the way of this kind, capped."""
    spread = np.sqrt(SPREAD**2 + USUAL * (1 - USUAL) / record.of)
    capped: Floats = np.clip(_SIGN[kind] * (USUAL - record.shares) / spread, -cap, cap)
    return capped


@dataclass(slots=True)
class _Sum:
    """The sum of one kind, as it grows session by session."""

    z: list[float]
    slack: float
    limit: float
    total: float = 0.0
    begun: int = 0  #: where it left 0
    bad: int = 0  #: bad sessions since

    def reaches(self, at: int) -> bool:
        """Whether it reaches its limit with this session."""
        if self.total <= 0:
            self.total, self.begun, self.bad = 0.0, at, 0
        self.total += self.z[at] - self.slack
        self.bad += self.z[at] >= BAD
        return self.total >= self.limit and self.bad >= FEWEST_BAD


def _announced(record: DailyRecord, start: int, sensitivity: Mapping[IncidentKind, Sensitivity]) -> Incident | None:
    """The first incident that is announced by sessions from `start` on, as it is when announced."""
    sums = {
        kind: _Sum(scores(record, kind, how.cap).tolist(), how.slack, how.limit) for kind, how in sensitivity.items()
    }
    for at in range(start, len(record)):
        for kind, growing in sums.items():
            if growing.reaches(at):
                first = growing.begun + _begin(np.array(growing.z[growing.begun : at + 1]))
                lately = share_lately(record, start, at)
                return Incident(kind, record.session(first), record.session(at), lately, lately)
    return None


def _begin(z: Floats) -> int:
    """The place from which on the sum of z - 1 to the end is largest."""
    return len(z) - 1 - int(np.argmax(np.cumsum(z[::-1] - BAD)))


def share_lately(record: DailyRecord, start: int, at: int) -> float:
    """The mean share over the last WINDOW sessions up to `at`, from `start` on."""
    return float(record.shares[max(start, at - WINDOW + 1) : at + 1].mean())


def is_calm(share: float, kind: IncidentKind) -> bool:
    """Whether a share over WINDOW sessions is as usual again."""
    return share >= CALM[kind] if kind is IncidentKind.TOO_RARELY else share <= CALM[kind]


def _followed(record: DailyRecord, begun: Incident) -> tuple[Incident, int]:
    """An announced incident with its depth, and its end if there is one; and the place after it."""
    worse = min if begun.kind is IncidentKind.TOO_RARELY else max
    first, announced = (int(np.searchsorted(record.sessions, np.datetime64(d))) for d in (begun.first, begun.announced))
    depth = begun.lately
    for at in range(max(announced, first + WINDOW - 1), len(record)):
        share = share_lately(record, first, at)
        depth = worse(depth, share)
        if at > announced and is_calm(share, begun.kind):
            return replace(begun, depth=depth, ended=record.session(at)), at + 1
    return replace(begun, depth=depth), len(record)
