"""Why ranges missed: each class has a case made up for it and a real one of the sample market."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from bellwether.ask import forecasts
from bellwether.ask.miss_evidence import evidence_on
from bellwether.core.announcement import Announcement
from bellwether.core.types import CLOSE, Bars
from bellwether.track_record.misses.evidence import (
    Evidence,
    MissClass,
    SettledRange,
    causes_of,
    class_of,
    evidence_of,
    report_evidence,
)
from bellwether.track_record.misses.market_move import IndexMove, beta_of, index_move
from bellwether.track_record.misses.reasons import why_missed
from bellwether.track_record.misses.sentences import at_reports, by_class, of_one, share_of
from tests.support.data import DATA
from tests.support.web import Visitor, plain_text, sample_services
from tests.support.yahoo_damage import pairs

ALL_DAYS = np.arange("2020-01-01", "2021-03-01", dtype="datetime64[D]")
DAYS = ALL_DAYS[:300]
CUTOFF, SESSION = DAYS[290].item(), DAYS[295].item()
QUIET = IndexMove(0.0, -0.02, 0.02)
QUARTERLY = tuple(Announcement("X", CUTOFF + timedelta(days=days), time_of_day="bmo") for days in (-60, 31))


def made(steps: dict[int, float], openings: dict[int, float] | None = None) -> Bars:
    """300 quiet days of one symbol; log returns of some days, and of some nights before them."""
    returns = np.where(np.arange(300) % 2, 0.004, -0.004)
    returns[list(steps)] = list(steps.values())
    closes = 100 * np.exp(np.cumsum(returns))
    opened = np.concatenate([[100.0], closes[:-1]]) * 1.0001
    for row, night in (openings or {}).items():
        opened[row] = closes[row - 1] * np.exp(night)
    high, low = np.maximum(opened, closes) * 1.001, np.minimum(opened, closes) * 0.999
    values = np.column_stack([opened, high, low, closes, np.full(300, 1e6)])
    return Bars("X", DAYS, values, closes.copy())


def settled(bars: Bars, low: float = -0.05, high: float = 0.05) -> SettledRange:
    came = float(np.log(bars.closes[295] / bars.closes[290]))
    return SettledRange(CUTOFF, 5, SESSION, low, 0.0, high, came)


def seen(bars: Bars, index: IndexMove | None = QUIET, reports: tuple[Announcement, ...] | None = QUARTERLY) -> Evidence:
    return evidence_of(settled(bars), bars, index, 1.0, reports)


SLOWLY = made({row: 0.02 for row in range(291, 296)})


def test_a_miss_without_any_cause_is_none_of_these() -> None:
    assert not settled(SLOWLY).held
    assert seen(SLOWLY) == 0
    assert class_of(seen(SLOWLY)) is MissClass.NONE


def test_a_report_within_is_a_cause() -> None:
    told = (*QUARTERLY[:1], Announcement("X", CUTOFF + timedelta(days=2)), *QUARTERLY[1:])
    assert class_of(seen(SLOWLY, reports=told)) is MissClass.REPORT


def test_the_whole_market_is_a_cause_where_it_left_its_range_and_took_half_of_the_way() -> None:
    assert class_of(seen(SLOWLY, IndexMove(0.06, -0.02, 0.02))) is MissClass.MARKET
    assert class_of(seen(SLOWLY, IndexMove(0.06, -0.07, 0.07))) is MissClass.NONE, "it stayed in its own range"
    assert class_of(seen(SLOWLY, IndexMove(-0.06, -0.02, 0.02))) is MissClass.NONE, "it went the other way"
    assert class_of(seen(SLOWLY, IndexMove(0.03, -0.02, 0.02))) is MissClass.NONE, "less than half of the stock's move"
    through_beta = evidence_of(settled(SLOWLY), SLOWLY, IndexMove(-0.03, -0.02, 0.02), -2.0, QUARTERLY)
    assert class_of(through_beta) is MissClass.MARKET


def test_one_night_is_a_cause_where_it_alone_went_past_the_end_of_the_range() -> None:
    assert class_of(seen(made({293: -0.09}, {293: -0.08}))) is MissClass.GAP
    assert class_of(seen(made({293: -0.09}, {293: -0.02}))) is MissClass.NONE, "the day did the rest"
    back = made({292: -0.08, 293: 0.2}, {292: -0.08, 293: 0.001})
    assert class_of(seen(back)) is MissClass.NONE, "the night went the other way"


def test_a_split_that_nobody_told_of_and_prices_that_changed_since_are_faults_of_the_data() -> None:
    for parts in (2, 4):
        split = made({293: float(-np.log(parts))}, {293: float(-np.log(parts))})
        assert class_of(seen(split)) is MissClass.DATA_FAULT
    revised = replace(settled(SLOWLY), came=settled(SLOWLY).came + 0.02)
    assert class_of(evidence_of(revised, SLOWLY, QUIET, 1.0, QUARTERLY)) is MissClass.DATA_FAULT
    values = SLOWLY.values.copy()
    values[295, CLOSE] = np.nan
    gone = replace(SLOWLY, values=values)
    assert class_of(evidence_of(settled(SLOWLY), gone, QUIET, 1.0, QUARTERLY)) is MissClass.DATA_FAULT


def test_what_could_not_be_looked_for_is_never_none_of_these() -> None:
    assert class_of(seen(SLOWLY, reports=())) is MissClass.UNKNOWN
    assert class_of(seen(SLOWLY, index=None)) is MissClass.UNKNOWN
    assert class_of(evidence_of(settled(SLOWLY), None, QUIET, 1.0, QUARTERLY)) is MissClass.UNKNOWN
    flat = np.repeat(SLOWLY.closes[:, None], 4, axis=1)
    no_openings = replace(SLOWLY, values=np.column_stack([flat, SLOWLY.values[:, 4]]))
    assert seen(no_openings) == Evidence.GAP_UNKNOWN
    assert seen(SLOWLY, reports=None) == 0, "what never reports has no report within"


def test_all_evidence_stays_beside_the_class_and_the_first_in_order_counts() -> None:
    told = (*QUARTERLY[:1], Announcement("X", CUTOFF + timedelta(days=2)))
    evidence = seen(made({293: -0.09}, {293: -0.08}), IndexMove(-0.06, -0.02, 0.02), told)
    assert causes_of(evidence) == ("REPORT", "MARKET", "GAP")
    assert class_of(evidence) is MissClass.REPORT
    assert of_one(int(evidence)) == (
        "Found when looking for why: the company reported its results in between; also: the whole market moved beyond "
        "its own range, the price jumped past the range in a single night."
    )
    assert of_one(int(Evidence.GAP | Evidence.REPORTS_UNKNOWN)) == (
        "Found when looking for why: the price jumped past the range in a single night. Whether company results came "
        "in between is not known."
    )


@pytest.mark.parametrize(
    ("day", "time", "expected"),
    [
        (0, "amc", Evidence.REPORT),  # told after the close from which the range begins
        (0, "bmo", Evidence(0)),
        (0, "", Evidence.REPORT),
        (5, "bmo", Evidence.REPORT),
        (5, "amc", Evidence(0)),  # the next session answers it
        (6, "bmo", Evidence(0)),
    ],
)
def test_a_report_after_the_close_belongs_to_the_next_session(day: int, time: str, expected: Evidence) -> None:
    before = (Announcement("X", CUTOFF - timedelta(days=days), time_of_day="bmo") for days in (176, 85))
    report = Announcement("X", CUTOFF + timedelta(days=day), time_of_day=time)
    assert report_evidence((*before, report), CUTOFF, SESSION) == expected


def test_where_a_report_may_be_missing_it_is_not_known_whether_there_was_one() -> None:
    def after(days: int, last: int | None = None) -> Announcement:
        end = CUTOFF + timedelta(days=last) if last is not None else None
        return Announcement("X", CUTOFF + timedelta(days=days), last_day=end, time_of_day="bmo")

    unknown = Evidence.REPORTS_UNKNOWN
    assert report_evidence((after(-120), after(60)), CUTOFF, SESSION) == unknown, "too far apart: one is missing"
    assert report_evidence((after(-211), after(-120)), CUTOFF, SESSION) == unknown, "the next was due"
    assert report_evidence((after(-121), after(-30)), CUTOFF, SESSION) == 0
    assert report_evidence((after(-30),), CUTOFF, SESSION) == unknown, "a single day is no calendar"
    assert report_evidence((after(60),), CUTOFF, SESSION) == unknown
    assert report_evidence((after(-80), after(3, 9)), CUTOFF, SESSION) == unknown, "within or after it"
    assert report_evidence((after(-80), after(2, 4)), CUTOFF, SESSION) == Evidence.REPORT


def test_beta_is_the_slope_on_the_index_drawn_towards_one_and_reads_nothing_later() -> None:
    random = np.random.default_rng(3)
    moves = random.normal(0, 0.01, 300)
    index = made(dict(enumerate(moves)))
    stock = made(dict(enumerate(1.8 * moves + random.normal(0, 0.005, 300))))
    beta = beta_of(stock, index, CUTOFF)
    assert beta is not None
    assert 1.7 < beta < 1.85
    noise = random.normal(0, 0.05, 300)
    noisy = beta_of(made(dict(enumerate(noise))), index, CUTOFF)
    slope = np.polyfit(moves[39:291], noise[39:291], 1)[0]
    assert noisy is not None
    assert abs(noisy - 1) < 0.75 * abs(slope - 1), "what is uncertain counts less"
    later = made(dict(enumerate(np.where(np.arange(300) > 290, 0.5, moves))))
    assert beta_of(stock, later, CUTOFF) == beta
    assert beta_of(stock, index, DAYS[59].item()) is None, "59 returns are too few"
    assert beta_of(stock, index, DAYS[60].item()) is not None


def test_the_index_own_range_is_that_of_the_plain_rule_and_a_stale_index_tells_nothing() -> None:
    index = made({293: -0.05})
    move = index_move(index, CUTOFF, SESSION, 5)
    assert move is not None
    assert move.high == pytest.approx(1.2816 * 0.004 * 5**0.5, rel=1e-3)
    assert move.low == -move.high
    assert not move.held
    assert move.log_return == pytest.approx(np.log(index.closes[295] / index.closes[290]))
    assert index_move(index.part(slice(290)), CUTOFF, SESSION, 5) is None
    assert index_move(index, DAYS[10].item(), DAYS[11].item(), 1) is None


#: of the sample market: symbol, cutoff, the end of an 80 % range a day ahead as log return, and what speaks for it
REAL = [
    ("GOOGL", date(2023, 10, 24), 0.0172, MissClass.REPORT, ("REPORT", "GAP")),  # cloud sales disappointed that evening
    ("JPM", date(2020, 3, 6), 0.0370, MissClass.MARKET, ("MARKET", "GAP")),  # the index fell by 7.6 %
    ("KO", date(2019, 2, 13), 0.0110, MissClass.GAP, ("GAP",)),  # a report, whose day the sample lacks
    ("GOOGL", date(2017, 6, 8), 0.0111, MissClass.NONE, ()),  # large technology shares fell, the index did not
    ("KO", date(2023, 10, 4), 0.0095, MissClass.UNKNOWN, ()),
]


@pytest.mark.parametrize(("symbol", "cutoff", "end", "expected", "causes"), REAL)
def test_real_misses_are_filed_by_what_is_known_of_them(
    tmp_path: Path, symbol: str, cutoff: date, end: float, expected: MissClass, causes: tuple[str, ...]
) -> None:
    services = sample_services(tmp_path)
    bars = services.provider.bars(symbol, date(2024, 3, 8))
    at = int(np.searchsorted(bars.sessions, np.datetime64(cutoff)))
    came = float(np.log(bars.closes[at + 1] / bars.closes[at]))
    miss = SettledRange(cutoff, 1, bars.sessions[at + 1].item(), -end, 0.0, end, came)
    assert not miss.held
    evidence = evidence_on(services, symbol, miss)
    assert (class_of(evidence), causes_of(evidence)) == (expected, causes)


def test_a_real_close_that_came_a_hundredfold_is_a_fault_of_the_data() -> None:
    (pair,) = (pair for pair in pairs(DATA / "yahoo_faults") if pair.fault == "100x error")
    table = pair.bad.dropna()
    values = table[["Open", "High", "Low", "Close", "Volume"]].to_numpy(float)
    bars = Bars(pair.symbol, table.index.to_numpy("datetime64[D]"), values, values[:, CLOSE])
    far = np.flatnonzero(np.abs(np.diff(np.log(bars.closes))) > 4)
    at = int(far[0])
    came = float(np.log(bars.closes[at + 1] / bars.closes[at]))
    miss = SettledRange(bars.sessions[at].item(), 1, bars.sessions[at + 1].item(), -0.03, 0.0, 0.03, came)
    assert class_of(evidence_of(miss, bars, QUIET, 1.0, None)) is MissClass.DATA_FAULT


def test_a_lone_report_makes_the_class_but_no_share() -> None:
    lone = report_evidence((Announcement("X", CUTOFF + timedelta(days=2)),), CUTOFF, SESSION)
    assert lone == Evidence.REPORT | Evidence.REPORTS_UNKNOWN
    assert class_of(lone) is MissClass.REPORT
    assert of_one(int(lone)) == "Found when looking for why: the company reported its results in between."
    why = why_missed({(1, False, int(lone)): 7, (1, False, 0): 5, (1, True, 0): 9}, 21, 21)
    assert why is not None
    assert [row.misses for row in why.pooled.classes if row.name is MissClass.REPORT] == [7]
    (share,) = (cause for cause in why.pooled.causes if cause.cause is MissClass.REPORT)
    assert (share.in_misses, share.of_misses) == (0, 5), "where only reports are known they would be all there is"


COUNTS = {
    (1, False, int(Evidence.REPORT | Evidence.GAP)): 11,
    (1, False, 0): 5,
    (21, False, int(Evidence.MARKET)): 4,
    (63, False, int(Evidence.REPORT)): 9,
    (1, True, int(Evidence.REPORT)): 30,
    (1, True, 0): 70,
    (1, True, int(Evidence.REPORTS_UNKNOWN)): 10,
}


def test_the_share_of_misses_at_reports_stands_beside_that_of_ranges_that_held() -> None:
    why = why_missed(COUNTS, 140, 21)
    assert why is not None
    assert why.unfiled == 1
    assert why.pooled.misses == 20
    assert {row.name.name: row.misses for row in why.pooled.classes} == {
        "DATA_FAULT": 0,
        "REPORT": 11,
        "MARKET": 4,
        "GAP": 0,
        "NONE": 5,
        "UNKNOWN": 0,
    }
    assert at_reports(why.pooled).replace("\N{NO-BREAK SPACE}", " ") == (
        "Of 20 misses whose report days are all known, which alone can be compared, 11 had company results in between "
        "(55 %); of such ranges that held, 30 % had."
    )
    assert "reported its results in between: 11" in by_class(why.pooled)
    assert share_of(11, 20) == ("55\N{NO-BREAK SPACE}%", "11 of 20")
    assert [row.horizon for row in why.by_horizon] == [1, 21, 63]


def test_of_few_misses_only_the_number_is_told() -> None:
    why = why_missed({(1, False, int(Evidence.REPORT)): 3, (1, True, 0): 12}, 15, 21)
    assert why is not None
    assert at_reports(why.pooled) == (
        "Misses whose report days are known: 3, of them with company results in between: 3; ranges that held: 12, of "
        "them with results: 0."
    )
    assert (share_of(3, 3), share_of(0, 0)) == (("3 of 3", ""), ("not known", ""))
    unknown = why_missed({(1, False, int(Evidence.REPORTS_UNKNOWN)): 3}, 3, 21)
    assert unknown is not None
    assert at_reports(unknown.pooled) == "Which misses had company results in between is not known."


def test_the_demo_tells_why_its_ranges_missed_and_counts_as_many_as_its_record(tmp_path: Path) -> None:
    services = sample_services(tmp_path)
    for symbol, horizon in ((None, None), ("GOOGL", None), ("KO", 21)):
        record = forecasts.track_record(services, symbol=symbol, horizon=horizon)
        assert record.why_missed is not None
        reasons, score = record.why_missed.pooled, record.score
        assert score.coverage_80 is not None
        assert reasons.misses + reasons.held == score.forecasts
        assert reasons.held == pytest.approx(score.forecasts * score.coverage_80, abs=0.01)
        assert record.why_missed.unfiled == 0


def test_page_receipt_and_chat_say_why(visitor: Visitor) -> None:
    page = plain_text(visitor.get("/track-record?symbol=GOOGL").text)
    compared = r"misses whose report days are all known, which alone can be compared"
    assert re.search(rf"{compared}, \d+ had company results in between \(\d+\s%\)", page)
    assert "Not known" in page
    assert "company results in between" in plain_text(visitor.get("/stocks/GOOGL").text)
