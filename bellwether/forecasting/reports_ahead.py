"""What was known of a company's reports at a cutoff: as a model reads it, and as people are told. Pure.

facts, sessions | places of the reports | the input `calendar`
                                        | the next report: told, or predicted from the days of earlier ones
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bellwether.core.announcement import Announcement, ReportAhead
from bellwether.core.types import AHEAD, REPORT_ERRORS, Sessions, to_date
from bellwether.forecasting.inputs import Float32s, calendar_input
from bellwether.market.earnings.report_days import KNOWN_AHEAD, ReportPlaces, chances, next_report
from bellwether.models.model_card import ModelCard

FOLLOWING = AHEAD - REPORT_ERRORS[0]  #: sessions to come on which a predicted report may lie, or that a day is told for
_LOOKED_AT = 504  #: sessions of the past; two years of reports are more than a prediction needs
_RECENT = 96  #: sessions within which a company must have reported for its next report to be predicted, as in the graph
_ENOUGH = 2  #: reports among the sessions that are looked at


@dataclass(frozen=True, slots=True, eq=False)
class KnownReports:
    """A company's reports on its own sessions and those to come."""

    sessions: Sessions  #: up to the cutoff
    following: Sessions
    at: ReportPlaces  #: on both together
    came: int  #: how many of them lie at the cutoff or before it
    code: int  #: of what is known about the next one, by `next_report`
    told: Announcement | None  #: the next one, where somebody has told its day
    days: range  #: sessions ahead on which that may come

    def calendar(self, chances: Float32s, context_length: int) -> Float32s | None:
        """The input `calendar` of a model with these `chances`; None where no report came while it looks back.

        Without one the graph would make nothing of what lies ahead.
        """
        if not self.came or self.at.at[self.came - 1] < len(self.sessions) - context_length:
            return None
        window = calendar_input(self.sessions, self.following, self.at, chances, context_length, self.code)
        if len(self.days) > 1 and self.code == self.days[0]:  # on each of the days alike
            ahead = window[0, context_length:]
            ahead[:] = 0
            ahead[self.days[0] - 1 : self.days[-1]] = 1 / len(self.days)
        return window

    @property
    def told_ahead(self) -> int:
        """Sessions until the next report at the earliest, where somebody has told its day; else 0."""
        return self.days[0] if self.told is not None else 0

    @property
    def just_came(self) -> bool:
        """Whether the newest report lies on the session of the cutoff: many come after its close."""
        return self.came > 0 and int(self.at.at[self.came - 1]) == len(self.sessions) - 1

    def next(self) -> ReportAhead | None:
        """The next report; None where nothing is known of it, or it should have come already."""
        if self.told is not None:
            session = to_date(self.following[self.days[0] - 1])
            return ReportAhead(self.told.day, self.told.last_day, session, known=True)
        if self.came < _ENOUGH or len(self.sessions) - 1 - self.at.at[self.came - 1] >= _RECENT:
            return None
        distance = self.code - AHEAD - 1 - REPORT_ERRORS[-1]  # what `next_report` says of a predicted one
        if self.code <= AHEAD or not 1 <= distance <= AHEAD:
            return None
        day = to_date(self.following[distance - 1])
        return ReportAhead(day, None, day, known=False)


@lru_cache(maxsize=16)
def chances_of(card: ModelCard) -> Float32s:
    """The chances of a report on each session ahead, as this model was taught them (`report_days.chances`)."""
    assert card.error_shares is not None
    return chances(card.error_shares)


def known_reports(sessions: Sessions, following: Sessions, facts: tuple[Announcement, ...]) -> KnownReports | None:
    """`facts` are those that were known at the last of `sessions`, by their days; None where none is of any use.

    `following` are the FOLLOWING sessions after it.
    """
    sessions = sessions[-_LOOKED_AT:]
    if not facts or len(following) == 0:
        return None
    begin, end = to_date(sessions[0]), to_date(following[-1])
    facts = tuple(fact for fact in facts if begin <= fact.day <= end)
    if not facts:
        return None
    cutoff, axis = len(sessions) - 1, np.concatenate([sessions, following])
    days = np.array([fact.day for fact in facts], "datetime64[D]")
    place = np.searchsorted(axis, days)
    told = np.zeros(len(facts), np.int64)  # the facts were known, or they would not be here
    lasts = place
    if any(fact.last_day for fact in facts):
        lasts = np.searchsorted(axis, np.array([fact.end for fact in facts], "datetime64[D]"))
        # of a range that is under way the days to come are left; one that is over is taken to have used its last
        under_way = np.where(lasts > place, np.maximum(place, cutoff + 1), place)
        place = np.where(lasts <= cutoff, lasts, under_way)
    for at, fact in enumerate(facts):
        if fact.known_from is None:  # what nobody dates must not be believed too early
            told[at] = place[at] - KNOWN_AHEAD
    reports = ReportPlaces(place, told, days)
    (code,) = next_report(axis, reports, np.array([cutoff]))
    came = int(np.searchsorted(place, cutoff, side="right"))
    is_told = came < len(facts) and told[came] <= cutoff
    first, last = (int(places[came]) - cutoff for places in (place, lasts)) if is_told else (0, 0)
    ahead = range(first, min(max(first, last), len(following)) + 1)
    return KnownReports(sessions, following, reports, came, int(code), facts[came] if is_told else None, ahead)
