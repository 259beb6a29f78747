"""What people type as horizons, dates and instants."""

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bellwether.core.errors import BadDate, BadHorizon
from bellwether.core.parsing import parse_date, parse_horizon, parse_instant
from bellwether.core.types import MAX_HORIZON


@pytest.mark.parametrize(
    ("text", "sessions"),
    [
        ("1", 1),
        ("10", 10),
        ("63", 63),
        (" 10 ", 10),
        ("10d", 10),
        ("10D", 10),
        ("2w", 10),
        ("2 w", 10),
        ("3m", 63),
        ("3M", 63),
        ("007", 7),
        ("12w", 60),
    ],
)
def test_it_reads_horizons_as_people_write_them(text: str, sessions: int) -> None:
    assert parse_horizon(text) == sessions


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "0", "0d", "64", "13w", "4m", "-5", "+5", "1.5", "1e1", "10x", "d", "1 0", "9" * 7),
        *("\u0661\u0660", "\uff11\uff10", "\u00b2"),  # digits of other scripts
        *("9" * 5000, "10\x00", "nan", "inf", "None", "<b>10</b>", "\u202e10"),
    ],
)
def test_it_refuses_other_horizons(text: str) -> None:
    with pytest.raises(BadHorizon, match="1 to 63 trading days") as refused:
        parse_horizon(text)
    assert len(str(refused.value)) < 200


@settings(deadline=None)
@given(st.text())
@example("\ud800")
def test_any_text_is_a_horizon_or_a_bad_one(text: str) -> None:
    with suppress(BadHorizon):
        assert 1 <= parse_horizon(text) <= MAX_HORIZON


@pytest.mark.parametrize("text", ["2021-06-30", " 2021-06-30 ", "20210630"])
def test_it_reads_dates(text: str) -> None:
    assert parse_date(text) == date(2021, 6, 30)


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "30.06.2021", "06/30/2021", "2021-13-01", "2021-02-29", "2021-6-30", "0000-01-01"),
        *("12021-01-01", "2021-06-30T10:00", "\x00", "9" * 5000, "\u0968\u0966\u0968\u0967-\u0966\u096c-\u0969\u0966"),
    ],
)
def test_it_refuses_what_is_no_date(text: str) -> None:
    with pytest.raises(BadDate, match="is not a date; please write it like 2021-06-30") as refused:
        parse_date(text)
    assert len(str(refused.value)) < 200


@settings(deadline=None)
@given(st.text() | st.dates().map(str))
@example("\ud800")
def test_any_text_is_a_date_or_a_bad_one(text: str) -> None:
    with suppress(BadDate):
        assert isinstance(parse_date(text), date)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2021-12-30T22:00:00Z", datetime(2021, 12, 30, 22, 0, tzinfo=UTC)),
        ("2021-12-30T22:00Z", datetime(2021, 12, 30, 22, 0, tzinfo=UTC)),
        ("2021-12-30T17:00:00-05:00", datetime(2021, 12, 30, 22, 0, tzinfo=UTC)),
        ("2021-12-31T00:30:00+05:30", datetime(2021, 12, 30, 19, 0, tzinfo=UTC)),
        ("2021-12-30 22:00:00.5+00:00", datetime(2021, 12, 30, 22, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_it_reads_instants_as_utc(text: str, instant: datetime) -> None:
    read = parse_instant(text)
    assert read == instant
    assert read.tzinfo is UTC


@pytest.mark.parametrize("text", ["2021-12-30T22:00:00", "2021-12-30", "2021-12-30 22:00"])
def test_it_refuses_an_instant_without_a_zone(text: str) -> None:
    with pytest.raises(BadDate, match="has no time zone"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["", "now", "1640901600", "2021-12-30T25:00Z", "2021-12-30T22:00:00Europe/Berlin"])
def test_it_refuses_what_is_no_instant(text: str) -> None:
    with pytest.raises(BadDate, match="is not an instant"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_it_refuses_an_instant_that_utc_has_no_room_for(text: str) -> None:
    with pytest.raises(BadDate):
        parse_instant(text)


@settings(deadline=None)
@given(st.text())
@example("\ud800")
def test_any_text_is_an_instant_or_a_bad_one(text: str) -> None:
    with suppress(BadDate):
        assert parse_instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("typed", "sessions"),
    [
        *(("1 Tag", 1), ("3 Tage", 3), ("2 Wochen", 10), ("1 Monat", 21), ("3 Monate", 63)),
        *(("1 día", 1), ("5 dias", 5), ("2 semanas", 10), ("1 mes", 21), ("1 mês", 21), ("3 meses", 63)),
        *(("1 день", 1), ("2 дня", 2), ("2 недели", 10), ("1 неделя", 5), ("3 месяца", 63)),
    ],
)
def test_a_period_may_be_typed_in_the_languages_of_the_chat(typed: str, sessions: int) -> None:
    assert parse_horizon(typed) == parse_horizon(typed.replace(" ", "")) == sessions
