"""What speaks for a cause when a price ends outside its 8-in-10 range, and the class that follows. Pure.

prices up to the target, the index, days of reports | tests, each of which says yes, no or not known | Evidence | class

The same tests are made of ranges that held: only by their share among those is a share among misses worth anything.
Nothing is read that was not known when the outcome was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, IntFlag
from itertools import pairwise

import numpy as np

from bellwether.core.announcement import Announcement
from bellwether.core.i18n.translate import N_
from bellwether.core.types import CLOSE, OPEN, Bars, to_date
from bellwether.market.jumps import doubtful_moves
from bellwether.market.returns import are_prices
from bellwether.market.scale import ScaleDoubt, closes_to_grade, doubt_between
from bellwether.track_record.misses.market_move import IndexMove

RULE = 1  #: of the tests; where it changes, what was filed by another is filed anew
REVISED = 0.01  #: log return by which prices may differ from those that settled the outcome
SAME_CLOSE = 0.001  #: relative; a close that was put right by more was damaged
HALF = 0.5  #: of a stock's move: what beta times the index must make up
_QUARTER = timedelta(days=100)  #: after the last known report the next one is due by then
_BETWEEN = timedelta(days=130)  #: two known reports farther apart have another between them that is not known


class Evidence(IntFlag):
    """What was seen between cutoff and target; several may hold."""

    DATA_FAULT = 1
    REPORT = 2
    MARKET = 4
    GAP = 8
    REPORTS_UNKNOWN = 16  #: of the company's reports there some days, or all, are not known
    MARKET_UNKNOWN = 32  #: no index, or too short a history for a beta
    GAP_UNKNOWN = 64  #: no opening prices
    PRICES_UNKNOWN = 128  #: the symbol's own prices are not at hand


class MissClass(Enum):
    """Why a range missed, by the first kind of evidence that holds, in this order; the value is for people."""

    DATA_FAULT = N_("the prices in between may be damaged, or lack a split")
    REPORT = N_("the company reported its results in between")
    MARKET = N_("the whole market moved beyond its own range")
    GAP = N_("the price jumped past the range in a single night")
    NONE = N_("none of these")
    UNKNOWN = N_("it can't be told")


CAUSES = (Evidence.DATA_FAULT, Evidence.REPORT, Evidence.MARKET, Evidence.GAP)  #: in the order in which they count
#: of each cause, what says that nobody could look for it
UNKNOWN_OF = {
    Evidence.DATA_FAULT: Evidence.PRICES_UNKNOWN,
    Evidence.REPORT: Evidence.REPORTS_UNKNOWN,
    Evidence.MARKET: Evidence.MARKET_UNKNOWN | Evidence.PRICES_UNKNOWN,
    Evidence.GAP: Evidence.GAP_UNKNOWN | Evidence.PRICES_UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class SettledRange:
    """An 80 % range with what came, as cumulative log returns from the cutoff."""

    cutoff: date
    horizon: int  #: sessions
    session: date  #: of the close that settled it
    low: float
    middle: float  #: the median
    high: float
    came: float

    @property
    def held(self) -> bool:
        """Whether it ended inside."""
        return self.low <= self.came <= self.high


def class_of(evidence: Evidence) -> MissClass:
    """The class of a miss: the first cause that holds; where none does and one could not be looked for, UNKNOWN."""
    for cause in CAUSES:
        if cause in evidence:
            return MissClass[str(cause.name)]
    return MissClass.UNKNOWN if evidence else MissClass.NONE


def causes_of(evidence: Evidence) -> tuple[str, ...]:
    """The names of all causes that hold, the one that counts first."""
    return tuple(str(cause.name) for cause in CAUSES if cause in evidence)


def evidence_of(
    settled: SettledRange,
    bars: Bars | None,
    index: IndexMove | None,
    beta: float | None,
    reports: Sequence[Announcement] | None,
) -> Evidence:
    """All evidence on one range.

    `bars` are the symbol's as known when it was settled, None where they are not at hand; `index` is what the market
    did in the meantime and `beta` the symbol's, None where not known; `reports` the standing days of reports that were
    known, None for what never reports.
    """
    evidence = Evidence(0) if reports is None else report_evidence(reports, settled.cutoff, settled.session)
    if bars is None:
        return evidence | Evidence.PRICES_UNKNOWN
    put_right = closes_to_grade(bars, settled.cutoff, settled.session)
    if put_right is None or is_damaged(settled, bars, put_right):
        evidence |= Evidence.DATA_FAULT
    evidence |= gap_evidence(settled, put_right if put_right is not None else bars)
    if index is None or beta is None:
        return evidence | Evidence.MARKET_UNKNOWN
    return evidence | (Evidence.MARKET if is_of_market(settled.came, index, beta) else Evidence(0))


def is_damaged(settled: SettledRange, bars: Bars, put_right: Bars) -> bool:
    """Whether a move in between is as likely damage, or an end's close is damaged or not the one that settled it."""
    if doubt_between(put_right, settled.cutoff, settled.session) is not ScaleDoubt.NONE:
        return True
    sound = _with_closes(put_right.until(settled.session) or put_right)
    days = (to_date(sound.sessions[row]) for row in doubtful_moves(sound))
    if any(settled.cutoff < day <= settled.session for day in days):
        return True
    ends = [(series.close_on(settled.cutoff), series.close_on(settled.session)) for series in (bars, put_right)]
    (raw_start, raw_end), (start, end) = ends
    if start is None or end is None or raw_start is None or raw_end is None:
        return True  # there was a close when it was settled
    if abs(raw_start / start - 1) > SAME_CLOSE or abs(raw_end / end - 1) > SAME_CLOSE:
        return True
    return bool(abs(np.log(end / start) - settled.came) > REVISED)


def _with_closes(bars: Bars) -> Bars:
    usable = are_prices(bars.closes)
    if usable.all():
        return bars
    return Bars(bars.symbol, bars.sessions[usable], bars.values[usable], bars.quoted_closes[usable], bars.origin)


def report_evidence(reports: Sequence[Announcement], cutoff: date, session: date) -> Evidence:
    """Whether the price could answer a report after the close of `cutoff` and up to that of `session`.

    What is told after the close is answered by the next session, what before the opening by the day's own; where
    nobody says which, both count. REPORTS_UNKNOWN, alone or beside it, where the known days in and around the range do
    not lie as close together as a company reports: shares are counted without those, lest only reports be known.
    """
    inside, uncertain = False, False
    for report in reports:
        first = cutoff if report.time_of_day != "bmo" else cutoff + timedelta(days=1)
        last = session if report.time_of_day != "amc" else session - timedelta(days=1)
        is_inside = first <= report.day and report.end <= last
        inside |= is_inside
        uncertain |= not is_inside and report.day <= last and report.end >= first
    evidence = Evidence.REPORT if inside else Evidence(0)
    is_known = not uncertain and are_all_known(sorted(report.day for report in reports), cutoff, session)
    return evidence if is_known else evidence | Evidence.REPORTS_UNKNOWN


def are_all_known(days: Sequence[date], cutoff: date, session: date) -> bool:
    """Whether no report is missing between two days, by the ascending days of those that are known.

    From the last one up to the cutoff to the first one after `session` none is over 130 days after the one before;
    where none is known to follow, two such must have come, and the newest at most 100 days before.
    """
    before = [day for day in days if day <= cutoff]
    through = [day for day in days if cutoff < day <= session]
    after = [day for day in days if day > session]
    if not before:
        return False
    chain = [*before[-1:], *through, *after[:1]] if after else [*before[-2:], *through]
    is_regular = all(later - earlier <= _BETWEEN for earlier, later in pairwise(chain))
    return is_regular and (bool(after) or (len(chain) > 1 and session - chain[-1] <= _QUARTER))


def is_of_market(came: float, index: IndexMove, beta: float) -> bool:
    """Whether the index left its own 80 % range, and beta times its move is at least half of the stock's."""
    share = beta * index.log_return
    return not index.held and share * came > 0 and abs(share) >= HALF * abs(came)


def gap_evidence(settled: SettledRange, bars: Bars) -> Evidence:
    """Whether from one close to the next opening alone the price moved as far as the range's end on its side.

    A bar whose four prices are the same has no opening of its own.
    """
    ends = [np.datetime64(settled.cutoff), np.datetime64(settled.session)]
    rows = np.arange(*np.searchsorted(bars.sessions, ends, side="right"))
    rows = rows[rows > 0]
    openings, before = bars.values[rows, OPEN], bars.closes[rows - 1]
    prices = bars.values[rows, : CLOSE + 1]
    known = are_prices(openings) & are_prices(before)
    known[known] &= np.ptp(prices[known], axis=1) > 0
    if not known.any():
        return Evidence.GAP_UNKNOWN
    gaps = np.log(openings[known] / before[known])
    rose = settled.came > settled.middle
    is_past = gaps.max() >= max(settled.high, 0.0) if rose else gaps.min() <= min(settled.low, 0.0)
    return Evidence.GAP if is_past else Evidence(0)
