"""What was known of a company's reports at a cutoff, as the model reads it and in the forecast that follows."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from bellwether.ask import batch, forecasts
from bellwether.ask.beside import beside
from bellwether.core.announcement import Announcement, ReportInside
from bellwether.core.config import load_settings
from bellwether.core.types import AHEAD, REPORT_ERRORS, Instrument, Problem, Sessions
from bellwether.forecasting.forecaster import BASELINE_ID
from bellwether.forecasting.reports_ahead import FOLLOWING, KnownReports, known_reports
from bellwether.market.calendar import sessions_after
from bellwether.market.earnings.known import Facts, known_on
from bellwether.market.earnings.report_days import chances
from bellwether.services import Services, build_services
from bellwether.track_record.demotion.gate import demoted
from tests.conftest import MODELS, NOW
from tests.support.calendar_model import MODEL_ID, WIDER, calendar_model
from tests.support.database import new_database
from training.panel import build_panel

CUTOFF = date(2021, 10, 20)
REPORT = date(2021, 10, 26)  #: Alphabet's, four sessions later
EXACT = np.eye(1, len(REPORT_ERRORS), -REPORT_ERRORS[0])[0]
CHANCES = chances(EXACT)
SPREAD = np.full(len(REPORT_ERRORS), 1 / len(REPORT_ERRORS))
PAST = tuple(date.fromisoformat(day) for day in ("2020-10-29", "2021-02-02", "2021-04-27", "2021-07-27"))


def facts(*days: date, known_from: date | None = None, last_day: date | None = None) -> Facts:
    return tuple(Announcement("GOOGL", day, last_day, known_from=known_from, source="file") for day in days)


def sessions_to(cutoff: date) -> Sessions:
    days = np.unique(np.concatenate([sessions_after("XNYS", date(year, 1, 1), 260) for year in (2019, 2020, 2021)]))
    return days[days <= np.datetime64(cutoff)]


def known(told: Facts, cutoff: date = CUTOFF) -> KnownReports:
    made = known_reports(sessions_to(cutoff), sessions_after("XNYS", cutoff, FOLLOWING), told)
    assert made is not None
    return made


def ahead(told: Facts, cutoff: date = CUTOFF) -> dict[int, float]:
    """The chance of a report by sessions ahead, where there is one."""
    window = known(told, cutoff).calendar(CHANCES, 504)
    assert window is not None and window.shape == (1, 504 + AHEAD)
    chance = window[0, 504:]
    return {int(at) + 1: pytest.approx(float(chance[at])) for at in np.flatnonzero(chance)}


def test_past_reports_are_marked_and_the_next_one_lies_ahead() -> None:
    window = known(facts(*PAST, REPORT)).calendar(CHANCES, 504)
    assert window is not None
    sessions = sessions_to(CUTOFF)[-504:]
    assert [str(day) for day in sessions[window[0, :504] > 0]] == [str(day) for day in PAST]
    assert ahead(facts(*PAST, REPORT)) == {4: 1}


def test_a_date_that_nobody_dates_counts_from_fifteen_sessions_ahead_and_is_predicted_before() -> None:
    early, just = date(2021, 10, 4), date(2021, 10, 5)
    assert not known(facts(*PAST, REPORT), early).next().known
    predicted, told = known(facts(*PAST, REPORT), early).next(), known(facts(*PAST, REPORT), just).next()
    assert predicted is not None and predicted.day == date(2021, 10, 28), "a year after 29 October 2020"
    assert told is not None and (told.day, told.known) == (REPORT, True)
    assert ahead(facts(*PAST, REPORT), just) == {15: 1}


def test_a_day_on_a_holiday_counts_for_the_next_session() -> None:
    thanksgiving = date(2021, 11, 25)
    report = known(facts(*PAST, thanksgiving), date(2021, 11, 23)).next()
    assert report is not None and (report.day, report.session) == (thanksgiving, date(2021, 11, 26))
    assert ahead(facts(*PAST, thanksgiving), date(2021, 11, 23)) == {2: 1}
    saturday = known(facts(*PAST, date(2021, 10, 23))).next()
    assert saturday is not None and saturday.session == date(2021, 10, 25)


def test_the_chance_of_a_range_is_spread_evenly_over_its_sessions() -> None:
    told = (*facts(*PAST), *facts(date(2021, 10, 22), last_day=date(2021, 10, 26)))
    assert ahead(told) == {2: 1 / 3, 3: 1 / 3, 4: 1 / 3}, "Friday, Monday and Tuesday"


def test_of_a_range_that_is_under_way_the_days_to_come_are_left() -> None:
    told = (*facts(*PAST), *facts(date(2021, 10, 19), last_day=date(2021, 10, 22)))
    assert ahead(told) == {1: 0.5, 2: 0.5}
    over = (*facts(*PAST), *facts(date(2021, 10, 14), last_day=date(2021, 10, 18)))
    window = known(over).calendar(CHANCES, 504)
    assert window is not None and window[0, 503 - 2] == 1, "its last day is taken for the report's"


def test_a_report_that_is_late_is_not_told_as_one_to_come() -> None:
    late = date(2021, 11, 3)
    assert known(facts(*PAST), late).next() is None
    assert sum(value.expected for value in ahead(facts(*PAST), late).values()) == 0


@pytest.mark.parametrize(
    "told",
    [(), facts(date(1999, 1, 5)), facts(date(2098, 1, 5)), facts(REPORT)],
)
def test_without_a_past_report_the_model_is_told_nothing(told: Facts) -> None:
    made = known_reports(sessions_to(CUTOFF), sessions_after("XNYS", CUTOFF, FOLLOWING), told)
    assert made is None or made.calendar(CHANCES, 504) is None


def test_a_company_that_has_long_told_nothing_is_not_predicted() -> None:
    assert known(facts(*PAST[:2])).next() is None


# ---- in the forecast


@pytest.fixture
def reading(tmp_path: Path) -> Services:
    """The sample market with a model that reads days of reports, and was taught nothing of these years."""
    split = {"train": ["2000-01-01", "2008-12-31"], "validation": ["2009-01-01", "2009-12-31"]}
    folder = calendar_model(tmp_path / "models", MODELS)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    card["data"]["trained_to"] = "2009-12-31"
    card["splits"] |= split
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    chosen = load_settings(
        database={"path": new_database(tmp_path / "t.sqlite3")},
        models={"folder": tmp_path / "models", "serve": MODEL_ID},
    )
    return build_services(chosen, clock=lambda: NOW)


class Told:
    """Reports of one's own, for any company."""

    def __init__(self, *told: Announcement) -> None:
        self._facts = told

    def known(self, instrument: Instrument, on: date) -> Facts:
        return known_on(self._facts, on)

    def refresh(self, instrument: Instrument) -> bool:
        return False


def test_the_sample_market_knows_its_reports_and_how_much_wider_they_make_a_range(reading: Services) -> None:
    made = forecasts.answer(reading, "GOOGL", 5, CUTOFF).forecast
    assert made.earnings == ReportInside(REPORT, None, known=True, wider=pytest.approx(WIDER))
    assert forecasts.answer(reading, "GOOGL", 3, CUTOFF).forecast.earnings is None, "it lies beyond"
    bare = replace(reading, reports=Told())
    without = forecasts.answer(bare, "GOOGL", 5, CUTOFF).forecast
    assert made.width == pytest.approx((1 + WIDER) * without.width)
    assert without.earnings is None
    sooner, plain = (forecasts.answer(services, "GOOGL", 3, CUTOFF) for services in (reading, bare))
    day = forecasts.answer(reading, "GOOGL", 1, CUTOFF).forecast
    # between two heads of which the later one is widened, and ended before the report: as far as the earlier one has it
    assert sooner.forecast.width == pytest.approx(3**0.5 * day.width)
    assert sooner.outlook.report_ahead == 4 and plain.outlook.report_ahead == 0


def test_a_symbol_without_dates_answers_byte_for_byte_as_if_there_were_none(reading: Services) -> None:
    bare = replace(reading, reports=Told())
    for symbol in ("AAPL", "^GSPC", "COST"):
        ours, theirs = (forecasts.answer(services, symbol, 10, CUTOFF) for services in (reading, bare))
        assert ours.outlook.log_returns.tobytes() == theirs.outlook.log_returns.tobytes()
        assert ours.forecast.forecast_id == theirs.forecast.forecast_id
        assert ours.forecast.earnings is None


def test_a_look_back_does_not_use_a_date_that_was_learned_later(reading: Services) -> None:
    past = facts(*PAST[:-1])
    told = Told(*past, *facts(date(2021, 10, 25), known_from=date(2021, 10, 21)))
    at_once = Told(*past, *facts(date(2021, 10, 25), known_from=CUTOFF))
    later, then = (
        forecasts.answer(replace(reading, reports=reports), "GOOGL", 5, CUTOFF).forecast for reports in (told, at_once)
    )
    assert later.earnings is None and later.width < then.width
    assert then.earnings is not None and then.earnings.known


def test_a_look_back_uses_the_date_that_was_told_then_though_it_moved_since(reading: Services) -> None:
    first = replace(facts(date(2021, 10, 25), known_from=date(2021, 10, 1))[0], withdrawn_from=date(2021, 10, 22))
    moved = facts(date(2021, 11, 1), known_from=date(2021, 10, 22))
    services = replace(reading, reports=Told(*facts(*PAST), first, *moved))
    then = forecasts.answer(services, "GOOGL", 10, CUTOFF).forecast.earnings
    later = forecasts.answer(services, "GOOGL", 10, date(2021, 10, 22)).forecast.earnings
    assert then is not None and then.day == date(2021, 10, 25)
    assert later is not None and later.day == date(2021, 11, 1)


def test_one_and_many_symbols_have_the_same_answer(reading: Services) -> None:
    together = batch.forecasts(reading, ["GOOGL", "AAPL", "DIS"], 5, CUTOFF)
    alone = [forecasts.answer(reading, symbol, 5, CUTOFF).forecast for symbol in ("GOOGL", "AAPL", "DIS")]
    assert [replace(made, made_at=NOW) for made in alone] == together  # type: ignore[arg-type]


def test_the_forecast_of_the_session_before_knows_what_was_known_then(reading: Services) -> None:
    told = Told(*facts(*PAST), *facts(REPORT, known_from=CUTOFF))
    services = replace(reading, reports=told)
    asked = forecasts.answer(services, "GOOGL", 5, CUTOFF)
    before = forecasts.previous(services, asked)
    assert before is not None and asked.forecast.earnings is not None
    assert before.cutoff < CUTOFF and before.width < asked.forecast.width


def test_where_the_plain_rule_answers_the_day_is_told_and_no_width(reading: Services) -> None:
    shown = demoted(forecasts.answer(reading, "GOOGL", 5, CUTOFF).outlook)
    made = reading.outlooks.forecast_at(shown, 5, NOW)
    assert (made.model_id, made.problem) == (BASELINE_ID, Problem.SILENCED)
    assert made.earnings == ReportInside(REPORT, None, known=True, wider=None)


def test_earlier_ranges_beside_a_chart_knew_their_reports(reading: Services) -> None:
    cutoff = date(2021, 12, 31)
    asked = forecasts.answer(reading, "GOOGL", 5, cutoff)
    bare = replace(reading, reports=Told())
    ours, theirs = (
        {bracket.session: bracket.high - bracket.low for bracket in beside(services, asked).brackets}
        for services in (reading, bare)
    )
    assert ours.keys() == theirs.keys()
    assert all(ours[day] == pytest.approx(theirs[day]) for day in ours), "none of them had a report inside"
    asked = forecasts.answer(reading, "GOOGL", 5, date(2021, 11, 8))
    ours, theirs = (
        sorted(bracket.high - bracket.low for bracket in beside(services, asked).brackets)
        for services in (reading, bare)
    )
    assert ours[-1] == pytest.approx((1 + WIDER) * theirs[-1])


def test_training_and_service_read_the_same_calendar(reading: Services) -> None:
    bars = reading.provider.bars("GOOGL", date(2021, 12, 31))
    told = reading.reports.known(reading.provider.instrument("GOOGL"), date(2021, 12, 31))
    days = np.array([fact.day for fact in told], "datetime64[D]")
    panel = build_panel({"GOOGL": bars}, {"GOOGL": (days, np.full(len(days), "NaT", "datetime64[D]"))}, SPREAD)
    table, last = chances(SPREAD), int(np.searchsorted(bars.sessions, np.datetime64("2021-06-01")))
    for row in range(1500, last, 7):  # later ones look beyond the last bar, where training counts holidays too
        mine = known_reports(bars.sessions[: row + 1], bars.sessions[row + 1 : row + 1 + FOLLOWING], told)
        at = np.flatnonzero(panel.sessions == bars.sessions[row])
        window = mine.calendar(table, 504) if mine is not None else None
        assert window is not None and np.array_equal(window, panel.calendar(at)), bars.sessions[row]


@pytest.mark.parametrize("later", [16, 17, 40, 60, 200])
def test_a_date_that_counts_as_known_later_changes_no_digit_before(reading: Services, later: int) -> None:
    day = sessions_after("XNYS", CUTOFF, later)[-1].astype(object)
    without, with_later = Told(*facts(*PAST)), Told(*facts(*PAST), *facts(day))
    ours, theirs = (
        forecasts.answer(replace(reading, reports=told), "GOOGL", 63, CUTOFF) for told in (without, with_later)
    )
    assert ours.outlook.log_returns.tobytes() == theirs.outlook.log_returns.tobytes()
    assert ours.forecast.earnings == theirs.forecast.earnings
