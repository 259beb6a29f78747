"""When the next report comes, as chances for each session ahead: known, or predicted from a company's habits.

    past and announced days -> place of the next one -> chance of a report on each of the next sessions, (ahead,)

A day is known ahead only once it was told; where nobody tells, a company reports on nearly the same weekday a year
later, else a quarter after the last one. How far such a prediction is off is measured (`error_shares`), and the chance
is spread accordingly. A day without trading counts for the next session.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bellwether.core.types import AHEAD, Floats, Sessions
from bellwether.core.types import REPORT_ERRORS as ERRORS

KNOWN_AHEAD = 15  #: sessions before it at which a day counts as known where nobody says when it was told
_QUARTER, _YEAR = 91, 364  #: calendar days
_SAME_QUARTER = 30  #: calendar days by which both rules may differ where the first is believed
_NOTHING, _FIRST_PREDICTED = 0, AHEAD + 1

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ReportPlaces:
    """A company's reports on an axis of sessions."""

    at: Places  #: (k,) ascending place of each report's session
    told: Places  #: (k,) place of the first session at which its day was known
    days: Sessions  #: (k,) the day itself


def places(axis: Sessions, days: Sessions, told_on: Sessions | None = None) -> ReportPlaces:
    """Where reports lie on sessions `axis` (n,), which may go on beyond the last bar; NaT in `told_on` is not told."""
    order = np.argsort(days, kind="stable")
    days = days[order]
    at = np.searchsorted(axis, days)
    told = at - KNOWN_AHEAD
    if told_on is not None:
        said = told_on[order]
        told = np.where(np.isnat(said), told, np.searchsorted(axis, said))
    return ReportPlaces(at.astype(np.int64), told.astype(np.int64), days)


def next_report(axis: Sessions, reports: ReportPlaces, cutoffs: Places) -> Places:
    """What is known at each cutoff (n,) about the next report, as codes (n,): a row of `chances`.

    0: nothing; 1 to AHEAD: it comes that many sessions ahead; above: predicted, not yet come.
    """
    last = np.searchsorted(reports.at, cutoffs, side="right") - 1
    codes = np.full(len(cutoffs), _NOTHING, np.int64)
    if len(reports.at) == 0:
        return codes
    predicted = _predicted(axis, reports)
    has_past = last >= 0
    distance = predicted[np.maximum(last, 0)] - cutoffs
    possible = has_past & (distance > -ERRORS[-1]) & (distance <= AHEAD - ERRORS[0])
    codes[possible] = _FIRST_PREDICTED + distance[possible] + ERRORS[-1]
    following = np.minimum(last + 1, len(reports.at) - 1)
    ahead = reports.at[following] - cutoffs
    known = (last + 1 < len(reports.at)) & (reports.told[following] <= cutoffs) & (ahead <= KNOWN_AHEAD) & (ahead > 0)
    codes[known] = ahead[known]
    return codes


def chances(error_shares: Floats) -> npt.NDArray[np.float32]:
    """The chance of a report on each session ahead for every code, (codes, AHEAD).

    `error_shares` (len(ERRORS),) says how often a report comes so many sessions after its predicted day; what has not
    come yet can only come later, so the shares of the days that are over go to the others.
    """
    table = np.zeros((_FIRST_PREDICTED + ERRORS[-1] + AHEAD - ERRORS[0] + 1, AHEAD), np.float32)
    for ahead in range(1, AHEAD + 1):
        table[ahead, ahead - 1] = 1
    for distance in range(1 - ERRORS[-1], AHEAD - ERRORS[0] + 1):
        sessions = distance + np.array(ERRORS)
        left = error_shares * (sessions >= 1)
        if left.sum() > 0:
            inside = (sessions >= 1) & (sessions <= AHEAD)
            row = table[_FIRST_PREDICTED + distance + ERRORS[-1]]
            row[sessions[inside] - 1] = left[inside] / left.sum()
    return table


def prediction_errors(axis: Sessions, reports: ReportPlaces) -> Places:
    """By how many sessions each report but the first came after its predicted day, (k - 1,)."""
    return reports.at[1:] - _predicted(axis, reports)[:-1]


def error_shares(errors: Places) -> Floats:
    """How often each of ERRORS came about, (len(ERRORS),), sums to 1.

    Larger errors are left out: there a report is missing.
    """
    inside = errors[(errors >= ERRORS[0]) & (errors <= ERRORS[-1])]
    counts = np.bincount(inside - ERRORS[0], minlength=len(ERRORS)).astype(np.float64)
    shares: Floats = counts / max(counts.sum(), 1)
    return shares


def _predicted(axis: Sessions, reports: ReportPlaces) -> Places:
    """The place of the report after each one, (k,), by what was known when that one came."""
    days = reports.days
    quarter = days + np.timedelta64(_QUARTER, "D")
    guess = quarter.copy()
    if len(days) > 3:
        year = days[:-3] + np.timedelta64(_YEAR, "D")
        near = np.abs((year - quarter[3:]).astype(np.int64)) <= _SAME_QUARTER
        guess[3:] = np.where(near, year, quarter[3:])
    return np.searchsorted(axis, guess).astype(np.int64)
