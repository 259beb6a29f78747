"""Days of reports on an axis of sessions: what is known of the next one, and how likely it is on each session ahead."""

import numpy as np
import pytest

from bellwether.core.types import AHEAD, REPORT_ERRORS, Sessions
from bellwether.forecasting.inputs import calendar_input
from bellwether.market.earnings.report_days import (
    KNOWN_AHEAD,
    chances,
    error_shares,
    next_report,
    places,
    prediction_errors,
)

AXIS = np.arange("2019-01-01", "2021-12-31", dtype="datetime64[D]")
AXIS = AXIS[np.is_busday(AXIS)]
QUARTERLY = np.array(
    ["2019-01-29", "2019-04-30", "2019-07-30", "2019-10-30", "2020-01-28", "2020-04-30", "2020-07-30", "2020-10-29"],
    "datetime64[D]",
)
EXACT = np.eye(1, len(REPORT_ERRORS), -REPORT_ERRORS[0])[0]


def at(day: str) -> int:
    return int(np.searchsorted(AXIS, np.datetime64(day)))


def chances_at(cutoff: str, days: Sessions = QUARTERLY, shares: np.ndarray = EXACT) -> np.ndarray:
    (code,) = next_report(AXIS, places(AXIS, days), np.array([at(cutoff)]))
    return chances(shares)[code]


def test_a_day_is_known_fifteen_sessions_ahead_and_predicted_before() -> None:
    for sessions in (1, KNOWN_AHEAD):
        cutoff = str(AXIS[at("2020-10-29") - sessions])
        assert chances_at(cutoff).argmax() == sessions - 1 and chances_at(cutoff).sum() == 1
    before = AXIS[at("2020-10-29") - KNOWN_AHEAD - 1]
    ahead = chances_at(str(before)).argmax() + 1
    assert AXIS[at(str(before)) + ahead] == np.datetime64("2020-10-28"), "a year after 2019-10-30, on the same weekday"


def test_without_a_year_of_reports_the_next_is_a_quarter_after_the_last() -> None:
    ahead = chances_at("2019-02-20", QUARTERLY[:1]).argmax() + 1
    assert AXIS[at("2019-02-20") + ahead] == np.datetime64("2019-04-30"), "91 days after 2019-01-29"


def test_a_report_that_is_late_can_only_come_later() -> None:
    shares = np.ones(len(REPORT_ERRORS)) / len(REPORT_ERRORS)
    predicted = at("2020-10-28")
    late = chances_at(str(AXIS[predicted + 5]), QUARTERLY[:-1], shares)
    assert late.sum() == pytest.approx(1)
    assert (late[: REPORT_ERRORS[-1] - 5] > 0).all() and (late[REPORT_ERRORS[-1] - 5 :] == 0).all()
    assert chances_at(str(AXIS[predicted + REPORT_ERRORS[-1]]), QUARTERLY[:-1], shares).sum() == 0, "it is missing"


def test_a_day_without_trading_counts_for_the_next_session() -> None:
    saturday = np.array(["2020-08-01"], "datetime64[D]")
    assert places(AXIS, saturday).at == at("2020-08-03")


def test_a_day_that_was_told_late_is_not_known_before() -> None:
    days, told = QUARTERLY[-1:], np.array(["2020-10-26"], "datetime64[D]")
    reports = places(AXIS, days, told)
    codes = next_report(AXIS, reports, np.array([at("2020-10-23"), at("2020-10-26")]))
    assert codes.tolist() == [0, 3]


def test_nothing_is_known_of_a_company_without_reports() -> None:
    none = np.array([], "datetime64[D]")
    assert chances_at("2020-06-01", none).sum() == 0


def test_shares_of_errors_are_those_of_the_past() -> None:
    errors = prediction_errors(AXIS, places(AXIS, QUARTERLY))
    shares = error_shares(errors)
    assert shares.sum() == pytest.approx(1)
    assert shares[-REPORT_ERRORS[0]] == pytest.approx(np.mean(errors == 0))
    assert error_shares(np.array([400])).sum() == 0, "a quarter that is missing is no error of the rule"


def test_the_input_marks_reports_that_came_and_tells_of_the_next() -> None:
    cutoff, first = at("2020-10-20"), at("2019-06-03")
    sessions, following = AXIS[first : cutoff + 1], AXIS[cutoff + 1 :]
    reports = places(AXIS[first:], QUARTERLY[2:])
    window = calendar_input(sessions, following, reports, chances(EXACT), 504)
    assert window.shape == (1, 504 + AHEAD)
    marked = np.flatnonzero(window[0, :504]) - 504 + len(sessions)
    assert sessions[marked].tolist() == QUARTERLY[2:-1].tolist()
    ahead = np.flatnonzero(window[0, 504:]) + 1
    assert AXIS[cutoff + ahead] == QUARTERLY[-1] and window[0, 504:].sum() == 1
