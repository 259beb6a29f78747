"""What was known of a company's reports at a cutoff: as a model reads it, and as people are told. Pure.

facts, sessions | places of the reports | the input `calendar`
                                        | the next report: told, or predicted from the days of earlier ones
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bellwether.core.announcement import Announcement, ReportAhead
from bellwether.core.types import AHEAD, REPORT_ERRORS, Ints, Sessions, to_date
from bellwether.forecasting.inputs import Float32s, calendar_input
from bellwether.market.earnings.report_days import KNOWN_AHEAD, ReportPlaces, chances, next_report
from bellwether.models.model_card import ModelCard

FOLLOWING = AHEAD - REPORT_ERRORS[0]  #: sessions to come on which a predicted report may lie, or that a day is told for
_RECENT = 96  #: sessions within which a company must have reported for its next report to be predicted, as in the graph
_ENOUGH = 2  #: reports among the sessions that a model reads


@dataclass(frozen=True, slots=True, eq=False)
class KnownReports:
    """A company's reports on its own sessions and those to come."""

    sessions: Sessions  #: up to the cutoff
    following: Sessions
    at: ReportPlaces  #: on both together
    ends: Ints  #: (k,) where the last day of each lies; its place where one day is told
    facts: tuple[Announcement, ...]

    def calendar(self, chances: Float32s, context_length: int) -> Float32s | None:
        """The input `calendar` of a model with these `chances`; None where no report came while it looks back.

        Without one the graph would make nothing of what lies ahead.
        """
        cutoff = len(self.sessions) - 1
        seen = (self.at.at <= cutoff) & (self.at.at > cutoff - context_length)
        if not seen.any():
            return None
        window = calendar_input(self.sessions, self.following, self.at, chances, context_length)
        following = int(np.searchsorted(self.at.at, cutoff, side="right"))
        if following < len(self.facts) and self.at.told[following] <= cutoff:
            first, last = self.at.at[following] - cutoff, min(self.ends[following] - cutoff, AHEAD)
            if last > first and first <= KNOWN_AHEAD:  # on each of the days alike
                window[0, context_length:] = 0
                window[0, context_length + first - 1 : context_length + last] = 1 / (last - first + 1)
        return window

    def next(self) -> ReportAhead | None:
        """The next report; None where nothing is known of it, or it should have come already."""
        cutoff, axis = len(self.sessions) - 1, np.concatenate([self.sessions, self.following])
        following = int(np.searchsorted(self.at.at, cutoff, side="right"))
        if following < len(self.facts) and self.at.told[following] <= cutoff and self.at.at[following] < len(axis):
            fact, session = self.facts[following], to_date(axis[self.at.at[following]])
            return ReportAhead(fact.day, fact.last_day, session, known=True)
        if following < _ENOUGH or cutoff - self.at.at[following - 1] >= _RECENT:
            return None
        (code,) = next_report(axis, self.at, np.array([cutoff]))
        distance = int(code) - AHEAD - 1 - REPORT_ERRORS[-1]  # what `next_report` says of a predicted one
        if code <= AHEAD or not 1 <= distance <= AHEAD:
            return None
        day = to_date(axis[cutoff + distance])
        return ReportAhead(day, None, day, known=False)


@lru_cache(maxsize=16)
def chances_of(card: ModelCard) -> Float32s:
    """The chances of a report on each session ahead, as this model was taught them (`report_days.chances`)."""
    assert card.error_shares is not None
    return chances(card.error_shares)


def known_reports(sessions: Sessions, following: Sessions, facts: tuple[Announcement, ...]) -> KnownReports | None:
    """`facts` are those that were known at the last of `sessions`, by their days; None where none is of any use."""
    if not facts:
        return None
    begin, end = to_date(sessions[0]), to_date(following[-1])
    facts = tuple(fact for fact in facts if fact.day >= begin and fact.day <= end)
    if not facts:
        return None
    cutoff, axis = len(sessions) - 1, np.concatenate([sessions, following])
    days = np.array([fact.day for fact in facts], "datetime64[D]")
    first = np.searchsorted(axis, days)
    last = np.searchsorted(axis, np.array([fact.end for fact in facts], "datetime64[D]"))
    # of a range that is under way only the days to come are left; one that is over is taken to have used its last
    place = np.where(last <= cutoff, last, np.maximum(first, np.where(last > first, cutoff + 1, first)))
    unsaid = np.array([fact.known_from is None for fact in facts])
    # what nobody dates must not be believed too early; the others were known, or they would not be here
    told = np.where(unsaid, place - KNOWN_AHEAD, 0)
    return KnownReports(sessions, following, ReportPlaces(place, told, days), np.maximum(last, place), facts)
