"""Time zones as people name them."""

from contextlib import suppress
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bellwether.core.errors import BadTimeZone
from bellwether.core.i18n.time_zones import find_time_zone, is_time_zone, time_zone_at


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        (" BERLIN ", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("New_York", "America/New_York"),
        ("sao paulo", "America/Sao_Paulo"),
        ("São Paulo", "America/Sao_Paulo"),
        ("Zürich", "Europe/Zurich"),
        ("Buenos Aires", "America/Argentina/Buenos_Aires"),
        ("Ho Chi Minh", "Asia/Ho_Chi_Minh"),
        ("Kyiv", "Europe/Kyiv"),
        # cities that no zone is named after
        ("Frankfurt", "Europe/Berlin"),
        ("München", "Europe/Berlin"),
        ("Mumbai", "Asia/Kolkata"),
        ("San Francisco", "America/Los_Angeles"),
        ("washington dc", "America/New_York"),
        ("Beijing", "Asia/Shanghai"),
        # countries with one clock
        ("Japan", "Asia/Tokyo"),
        ("Denmark", "Europe/Copenhagen"),
        ("Germany", "Europe/Berlin"),
        ("UK", "Europe/London"),
        # as the other languages of the chat have them
        ("Москва", "Europe/Moscow"),
        ("Moskau", "Europe/Moscow"),
        ("Nueva York", "America/New_York"),
        ("Londres", "Europe/London"),
        ("Lisboa", "Europe/Lisbon"),
        ("Wien", "Europe/Vienna"),
        ("Hongkong", "Asia/Hong_Kong"),
        ("Deutschland", "Europe/Berlin"),
        ("Польша", "Europe/Warsaw"),
        ("UTC", "UTC"),
        ("gmt", "UTC"),
        ("US/Eastern", "US/Eastern"),
    ],
)
def test_it_finds_the_zone(text: str, zone: str) -> None:
    assert find_time_zone(text) == zone
    ZoneInfo(zone)


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("Berlni", "Europe/Berlin"),
        ("new yrok", "America/New_York"),
        ("Hongkng", "Asia/Hong_Kong"),
        ("Москв", "Europe/Moscow"),
        ("США", "America/New_York"),
        ("usa", "America/New_York"),
        ("usa", "America/Los_Angeles"),
        ("Australia", "Australia/Sydney"),
        ("EST", "America/New_York"),
        ("cet", "Europe/Berlin"),
        ("IST", "Asia/Kolkata"),
        ("IST", "Europe/Dublin"),
    ],
)
def test_it_offers_near_ones_and_does_not_guess(text: str, offered: str) -> None:
    with pytest.raises(BadTimeZone) as refused:
        find_time_zone(text)
    assert offered in refused.value.offered
    assert offered in str(refused.value)
    assert all(is_time_zone(one) for one in refused.value.offered)


@pytest.mark.parametrize("text", ["UTC+2", "+05:30", "GMT-5", "-3", "utc 2", "−4"])  # as typed
def test_a_fixed_offset_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(BadTimeZone, match="hour off for half the year"):
        find_time_zone(text)


@pytest.mark.parametrize("text", ["", "   ", "_", "Atlantis City Center", "\U0001f642", "\x00", "9" * 5000, "<b>x</b>"])
def test_it_refuses_what_is_no_place_kindly(text: str) -> None:
    with pytest.raises(BadTimeZone) as refused:
        find_time_zone(text)
    assert 20 < len(str(refused.value)) < 250


@settings(deadline=None)
@given(st.text() | st.sampled_from(sorted(available_timezones())))
@example("\ud800")
def test_any_text_is_a_usable_zone_or_a_bad_one(text: str) -> None:
    with suppress(BadTimeZone):
        assert is_time_zone(find_time_zone(text))


def test_every_usable_zone_is_found_by_its_own_name() -> None:
    usable = [name for name in available_timezones() if is_time_zone(name)]
    assert len(usable) > 400
    for name in usable:
        assert find_time_zone(name) == name


def test_clocks_without_a_place_are_not_usable() -> None:
    assert not any(is_time_zone(name) for name in ("EST", "CET", "Etc/GMT+5", "Factory", "localtime", "", "../etc"))


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"),
    [(52.52, 13.4, "Europe/Berlin"), (40.7, -74.0, "America/New_York"), (-33.9, 151.2, "Australia/Sydney")],
)
def test_a_shared_location_has_its_zone(latitude: float, longitude: float, zone: str) -> None:
    assert time_zone_at(latitude, longitude) == zone


@pytest.mark.parametrize("place", [(0.0, -30.0), (91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0)])
def test_a_place_without_a_clock_of_its_own_is_refused(place: tuple[float, float]) -> None:
    with pytest.raises(BadTimeZone, match="name a city"):
        time_zone_at(*place)
