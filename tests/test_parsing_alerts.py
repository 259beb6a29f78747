"""What people type about alerts: shares, prices, times of day, quiet hours, horizons in words."""

from contextlib import suppress
from datetime import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bellwether.core.errors import BadHorizon, BadRule
from bellwether.core.parsing import parse_clock, parse_horizon, parse_price, parse_quiet_hours, parse_share


@pytest.mark.parametrize(
    ("text", "share"),
    [
        *(("10%", 0.1), ("10 %", 0.1), ("10", 0.1), ("+3", 0.03), ("2.5%", 0.025), ("0,5", 0.005)),
        *(("-5 %", -0.05), ("−5%", -0.05), ("- 5", -0.05), ("100", 1.0), ("0", 0.0)),
    ],
)
def test_shares_are_in_percent(text: str, share: float) -> None:
    assert parse_share(text) == pytest.approx(share)


@pytest.mark.parametrize(
    ("text", "price"),
    [
        *(("200", 200), ("$1,234.50", 1234.5), ("1.234,50 €", 1234.5), ("540p", 540), ("200 SEK", 200)),
        *(("1 200", 1200), ("1'200.5", 1200.5), ("1,200,000", 1_200_000), ("1.200.000", 1_200_000)),
        *(("1,234", 1234), ("0,500", 0.5), ("1.234", 1.234), ("200,5", 200.5), ("0.00001234", 0.00001234)),
    ],
)
def test_prices_are_read_as_most_places_write_them(text: str, price: float) -> None:
    assert parse_price(text) == pytest.approx(price)


@pytest.mark.parametrize(
    "text",
    [
        *("", "%", "abc", "nan", "inf", "1e5", "5..", "1,2,3", "12,34,56", "1.2.3,4", "--5", "\u0663", "5%%"),
        *("9" * 5000, "1_000", "0x10", "<b>5</b>", "\x00"),
    ],
)
def test_what_is_no_number_is_refused_with_an_example(text: str) -> None:
    for parse in (parse_share, parse_price):
        with pytest.raises(BadRule, match="please write it like") as refused:
            parse(text)
        assert len(str(refused.value)) < 150


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        *(("18:30", time(18, 30)), ("7.30", time(7, 30)), ("8", time(8)), ("08:05", time(8, 5)), ("6pm", time(18))),
        *(("12am", time(0)), ("12pm", time(12)), ("12:30 p.m.", time(12, 30)), ("Noon", time(12))),
        ("19h15", time(19, 15)),
    ],
)
def test_times_of_day(text: str, clock: time) -> None:
    assert parse_clock(text) == clock


@pytest.mark.parametrize("text", ["", "24:00", "18:60", "15pm", "0am", "7:5", "-1", "tomorrow", "1" * 99, "\u0661"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(BadRule, match="is no time of day; please write it like 18:30"):
        parse_clock(text)


@pytest.mark.parametrize("text", ["22-7", "22:00 - 07:00", "10pm to 7am", "22:00 until 7", "22–7"])  # noqa: RUF001
def test_quiet_hours(text: str) -> None:
    quiet = parse_quiet_hours(text)
    assert (quiet.since, quiet.until) == (time(22), time(7))


@pytest.mark.parametrize("text", ["", "22", "7-7", "a-b", "22-", "22-25"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(BadRule, match="please write"):
        parse_quiet_hours(text)


@pytest.mark.parametrize(
    ("text", "sessions"),
    [("two weeks", 10), ("a month", 21), ("One Day", 1), ("three  months", 63), ("10 weeks", 50), ("ten days", 10)],
)
def test_horizons_in_words(text: str, sessions: int) -> None:
    assert parse_horizon(text) == sessions


@pytest.mark.parametrize("text", ["a", "two", "a d", "four months", "two weeks ago", "seven weeks"])
def test_other_words_are_no_horizons(text: str) -> None:
    with pytest.raises(BadHorizon):
        parse_horizon(text)


@settings(deadline=None)
@given(st.text() | st.text("0123456789.,' +-%", max_size=12))
@example("\ud800")
def test_any_text_is_a_value_or_a_bad_one(text: str) -> None:
    for parse in (parse_share, parse_price, parse_clock, parse_quiet_hours):
        with suppress(BadRule):
            parse(text)
