"""When ranges hold too rarely or too often the product says so: the rule by itself, on real years and made-up ones."""

import csv
from datetime import date, timedelta
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from bellwether.core.incident import IncidentKind
from bellwether.track_record.incidents.plain_record import MIN_RETURNS, plain_record
from bellwether.track_record.incidents.rule import FEWEST, WINDOW, enough, incidents
from bellwether.track_record.incidents.types import DailyRecord
from benchmarks import storms
from tests.support.data import DATA

USUAL_SHARES = (0.84, 0.71, 0.9, 0.78, 0.66, 0.88, 0.8, 0.93, 0.69, 0.81)  #: a calm fortnight
FIRST = date(2030, 1, 1)


def record_of(shares: list[float], of: int = 400) -> DailyRecord:
    return DailyRecord.of_rows((FIRST + timedelta(days=at), round(share * of), of) for at, share in enumerate(shares))


def calm(sessions: int) -> list[float]:
    return [USUAL_SHARES[at % len(USUAL_SHARES)] for at in range(sessions)]


@pytest.fixture(scope="module")
def years() -> DailyRecord:
    """How the plain rule's ranges held in 2008, 2011, 2018 and 2020; tests/data/README.md tells how it was made."""
    with (DATA / "incidents" / "years.csv").open(encoding="utf-8") as file:
        rows = [(date.fromisoformat(row["session"]), int(row["held"]), int(row["of"])) for row in csv.DictReader(file)]
    return DailyRecord.of_rows(rows)


def of_year(years: DailyRecord, year: int) -> list[tuple[str, str, str | None]]:
    told = incidents(years.since(date(year, 1, 1)).until(date(year, 12, 31)))
    return [
        (str(incident.first), str(incident.announced), str(incident.ended) if incident.ended else None)
        for incident in told
        if incident.kind is IncidentKind.TOO_RARELY
    ]


@pytest.mark.parametrize(
    ("year", "first", "announced", "ended"),
    [
        (2008, "2008-09-15", "2008-09-17", "2008-10-24"),
        (2011, "2011-08-02", "2011-08-09", "2011-08-22"),
        (2018, "2018-02-02", "2018-02-08", "2018-02-20"),
        (2020, "2020-02-24", "2020-03-02", "2020-03-27"),
    ],
)
def test_the_storms_of_the_past_begin_and_end_where_the_manual_says(
    years: DailyRecord, year: int, first: str, announced: str, ended: str
) -> None:
    assert (first, announced, ended) in of_year(years, year)
    table = (DATA.parents[1] / "docs" / "track-record.md").read_text(encoding="utf-8")
    assert f"| {first} | {announced} | {ended} |" in table


def test_every_incident_of_these_years_stands_in_the_manual_and_no_other(years: DailyRecord) -> None:
    table = (DATA.parents[1] / "docs" / "track-record.md").read_text(encoding="utf-8")
    told = {row for year in (2008, 2011, 2018, 2020) for row in of_year(years, year)}
    rows = [[cell.strip() for cell in line.split("|")] for line in table.splitlines() if line.startswith("| 20")]
    written = {
        (cells[1], cells[2], cells[3])
        for cells in rows
        if cells[1][:4] in {"2008", "2011", "2018", "2020"} and len(cells) > 4 and "too often" not in cells[2]
    }
    assert written == told


def test_the_depth_is_the_worst_of_ten_sessions(years: DailyRecord) -> None:
    of_2020 = incidents(years.since(date(2020, 1, 1)))
    storm = next(incident for incident in of_2020 if incident.announced == date(2020, 3, 2))
    whole = years.since(storm.first).until(storm.ended or date.max).shares
    assert storm.depth == pytest.approx(min(whole[at - WINDOW : at].mean() for at in range(WINDOW, len(whole) + 1)))
    assert storm.depth == pytest.approx(0.457, abs=0.001)


def test_what_was_announced_does_not_change_as_sessions_come(years: DailyRecord) -> None:
    """Whoever looked each evening was told the same begin and the same end as whoever looks back."""
    record = years.since(date(2020, 1, 1)).until(date(2020, 6, 30))
    by_evening = [incidents(record.part(slice(0, end))) for end in range(1, len(record) + 1)]
    for before, after in pairwise(by_evening):
        assert len(after) >= len(before)
        for was, later in zip(before, after, strict=False):
            assert (was.kind, was.first, was.announced, was.lately) == (
                *(later.kind, later.first, later.announced),
                later.lately,
            )
            assert was.ended in {None, later.ended}


def test_an_open_incident_goes_on_from_where_it_was_kept(years: DailyRecord) -> None:
    record = years.since(date(2020, 1, 1))
    at_the_time = incidents(record.until(date(2020, 3, 10)))[-1]
    assert at_the_time.ended is None
    later = incidents(record.since(at_the_time.first), at_the_time)
    assert later == incidents(record)[-len(later) :]


def test_calm_years_announce_nothing() -> None:
    assert incidents(record_of(calm(1000))) == []


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_wrong_price_for_all_symbols_announces_nothing(share: float) -> None:
    """It makes two bad sessions, out of it and back."""
    shares = calm(100)
    shares[50] = shares[51] = share
    assert incidents(record_of(shares)) == []


def test_a_week_in_which_hardly_any_range_holds_is_announced_within_it() -> None:
    shares = [*calm(60), *[0.3] * 5, *calm(60)]
    (storm,) = incidents(record_of(shares))
    assert storm.kind is IncidentKind.TOO_RARELY
    assert storm.first == FIRST + timedelta(days=60)
    assert storm.announced <= FIRST + timedelta(days=64)
    assert storm.ended is not None


def test_a_spell_in_which_nearly_all_hold_is_announced_too() -> None:
    (spell,) = incidents(record_of([*calm(60), *[0.97] * 30, *calm(60)]))
    assert spell.kind is IncidentKind.TOO_OFTEN
    assert spell.depth > 0.9
    assert spell.ended is not None


def test_few_symbols_are_not_held_against_what_many_would_show() -> None:
    bad_luck = [*calm(60), *[0.65] * 10, *calm(60)]
    assert incidents(record_of(bad_luck, of=400))
    assert incidents(record_of(bad_luck, of=FEWEST)) == []


def test_sessions_with_too_few_ranges_say_nothing() -> None:
    record = DailyRecord.of_rows((FIRST + timedelta(days=at), 0, 400 if at % 2 else FEWEST - 1) for at in range(10))
    assert len(enough(record)) == 5


def test_nothing_is_told_of_an_empty_record() -> None:
    assert incidents(record_of([])) == []


def test_made_up_calm_decades_are_disturbed_less_than_once_in_two_years() -> None:
    """A small part of `python -m benchmarks.storms`: the kind of which most is announced."""
    kind = storms.KINDS["GARCH .10 .88, t4, closer"]
    sessions = storms.YEARS * storms.YEAR + MIN_RETURNS + 1
    decades = storms.simulated(partial(kind.returns, sessions=sessions, stocks=60), 3, storms.standardised())
    assert sum(storms.announcements_a_year(decades).values()) <= 0.5


def test_a_jump_of_volatility_in_a_made_up_market_is_announced() -> None:
    kind = storms.KINDS["GARCH .08 .90, t5"]
    returns = kind.returns(np.random.default_rng(3), 400, 60)
    returns[300:] *= np.linspace(3, 9, 100)[:, None]  # it goes on rising, so that no range catches up
    days = np.datetime64("2030-01-01") + np.arange(400)
    told = incidents(plain_record(days, returns, storms.standardised()))
    assert any(np.datetime64(storm.announced) > days[300] for storm in told)


def test_the_record_of_the_plain_rule_is_made_of_what_came_before_alone() -> None:
    kind = storms.KINDS["GARCH .08 .90, t5"]
    returns = kind.returns(np.random.default_rng(1), 200, 30)
    days = np.datetime64("2030-01-01") + np.arange(200)
    whole = plain_record(days, returns, storms.standardised())
    changed = returns.copy()
    changed[150:] *= 5
    part = plain_record(days, changed, storms.standardised())
    before = whole.sessions < days[150]
    assert whole.held[before].tolist() == part.held[before].tolist()
    assert whole.sessions[0] == days[MIN_RETURNS]
