"""When a digest is due by the clock on a wall, and when quiet hours hold it: tables of instants."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwether.alerts.rule_requests import changed_settings
from bellwether.alerts.rules.digest_due import DigestSlot
from bellwether.alerts.rules.local_time import Rhythm, newest_slot, oldest_pending, open_slots, slot_of
from bellwether.core.alert_types import AlertSettings, QuietHours
from bellwether.core.config import Alerts
from bellwether.core.local_clock import after_quiet, at_local, first_at, is_quiet
from bellwether.delivery.lateness import is_late
from bellwether.market.calendar import closes_at, is_session, last_closed_session

DELAY, FRESHNESS = timedelta(minutes=45), timedelta(hours=12)
TIMES = Alerts(digest_delay=45, freshness=720)  #: the same
PLAIN = Rhythm(DELAY, FRESHNESS)
NEW_YORK = frozenset({"XNYS"})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def clock(text: str) -> time:
    return time.fromisoformat(text)


def quiet(since: str, until: str) -> QuietHours:
    return QuietHours(clock(since), clock(until))


@pytest.mark.parametrize(
    ("timezone", "day", "local", "instant"),
    [
        ("Europe/Berlin", "2021-12-30", "18:30", "2021-12-30T17:30"),
        ("Europe/Berlin", "2021-07-01", "18:30", "2021-07-01T16:30"),
        # on 2021-03-28 Berlin's clocks go from 02:00 to 03:00: 02:30 is taken as 03:30 summer time
        ("Europe/Berlin", "2021-03-28", "02:30", "2021-03-28T01:30"),
        ("Europe/Berlin", "2021-03-28", "03:30", "2021-03-28T01:30"),
        # on 2021-10-31 they show 02:30 twice: the first time counts
        ("Europe/Berlin", "2021-10-31", "02:30", "2021-10-31T00:30"),
        # half an hour only, on Lord Howe Island
        ("Australia/Lord_Howe", "2021-10-03", "02:15", "2021-10-02T15:45"),
        # clocks that change at midnight
        ("America/Santiago", "2021-09-05", "00:30", "2021-09-05T04:30"),
        # Samoa had no 30 December 2011
        ("Pacific/Apia", "2011-12-30", "08:00", "2011-12-30T18:00"),
        ("Pacific/Apia", "2011-12-31", "08:00", "2011-12-30T18:00"),
        ("Asia/Kathmandu", "2021-12-30", "00:00", "2021-12-29T18:15"),
    ],
)
def test_a_local_time_is_an_instant(timezone: str, day: str, local: str, instant: str) -> None:
    assert at_local(timezone, date.fromisoformat(day), clock(local)) == at(instant)


@pytest.mark.parametrize(
    ("timezone", "local", "since", "instant"),
    [
        ("UTC", "08:00", "2021-12-30T08:00", "2021-12-30T08:00"),
        ("UTC", "08:00", "2021-12-30T08:00:01", "2021-12-31T08:00"),
        # the local day is not the UTC day
        ("Asia/Tokyo", "08:00", "2021-12-30T22:00", "2021-12-30T23:00"),
        ("Pacific/Kiritimati", "08:00", "2021-12-30T17:00", "2021-12-30T18:00"),
        ("America/Los_Angeles", "20:00", "2021-12-31T04:30", "2022-01-01T04:00"),
        # between the two 02:30 of one night, the next night's is meant
        ("Europe/Berlin", "02:30", "2021-10-31T01:00", "2021-11-01T01:30"),
    ],
)
def test_the_first_such_time(timezone: str, local: str, since: str, instant: str) -> None:
    assert first_at(timezone, clock(local), at(since)) == at(instant)


@pytest.mark.parametrize(
    ("now", "timezone", "hours", "sent"),
    [
        ("2021-12-30T21:45", "Europe/Berlin", quiet("22:00", "07:00"), "2021-12-31T06:00"),
        ("2021-12-30T20:59", "Europe/Berlin", quiet("22:00", "07:00"), "2021-12-30T20:59"),
        ("2021-12-31T06:00", "Europe/Berlin", quiet("22:00", "07:00"), "2021-12-31T06:00"),
        ("2021-12-31T05:59", "Europe/Berlin", quiet("22:00", "07:00"), "2021-12-31T06:00"),
        ("2021-12-30T12:00", "UTC", quiet("09:00", "17:00"), "2021-12-30T17:00"),
        ("2021-12-30T17:00", "UTC", quiet("09:00", "17:00"), "2021-12-30T17:00"),
        # the night in which the clocks go back is an hour longer
        ("2021-10-30T21:00", "Europe/Berlin", quiet("22:00", "07:00"), "2021-10-31T06:00"),
        # quiet hours that end at a time the clocks skip end with the skip, half an hour later by the wall
        ("2021-03-28T00:00", "Europe/Berlin", quiet("22:00", "02:30"), "2021-03-28T01:30"),
        # an hour that comes twice is quiet twice, and both times it ends: nothing is held for a day
        ("2026-10-25T00:10", "Europe/London", quiet("00:00", "01:30"), "2026-10-25T00:30"),
        ("2026-10-25T00:40", "Europe/London", quiet("00:00", "01:30"), "2026-10-25T00:40"),
        ("2026-10-25T01:10", "Europe/London", quiet("00:00", "01:30"), "2026-10-25T01:30"),
        ("2026-04-04T15:05", "Australia/Lord_Howe", quiet("22:00", "01:45"), "2026-04-04T15:15"),
        ("2026-11-01T06:10", "America/New_York", quiet("22:00", "07:00"), "2026-11-01T12:00"),
    ],
)
def test_quiet_hours_hold_a_message_until_they_end(now: str, timezone: str, hours: QuietHours, sent: str) -> None:
    assert after_quiet(at(now), hours, timezone) == at(sent)
    assert after_quiet(at(now), None, timezone) == at(now)


@pytest.mark.parametrize(
    ("session", "rhythm", "due_at"),
    [
        ("2021-12-30", PLAIN, "2021-12-30T21:45"),
        ("2021-11-26", PLAIN, "2021-11-26T18:45"),  # closes early, the day after Thanksgiving
        ("2021-12-30", Rhythm(DELAY, FRESHNESS, "Europe/Berlin", clock("22:30")), "2021-12-30T21:30"),
        ("2021-12-30", Rhythm(DELAY, FRESHNESS, "Europe/Berlin", clock("07:30")), "2021-12-31T06:30"),
        # Friday's comes on Saturday morning
        ("2021-12-17", Rhythm(DELAY, FRESHNESS, "Europe/Berlin", clock("07:30")), "2021-12-18T06:30"),
        # at the close itself, but the prices settle for twenty minutes
        ("2021-12-30", Rhythm(DELAY, FRESHNESS, "America/New_York", clock("16:00")), "2021-12-30T21:20"),
        ("2021-12-30", Rhythm(DELAY, FRESHNESS, "America/New_York", clock("15:59")), "2021-12-31T20:59"),
        # between the two changes of the clocks New York's close is an hour earlier in Berlin
        ("2021-03-22", Rhythm(DELAY, FRESHNESS, "Europe/Berlin", clock("21:30")), "2021-03-22T20:30"),
        ("2021-03-29", Rhythm(DELAY, FRESHNESS, "Europe/Berlin", clock("21:30")), "2021-03-30T19:30"),
        # and it may fall into the quiet hours
        (
            "2021-12-30",
            Rhythm(DELAY, FRESHNESS, "Europe/Berlin", None, quiet("22:00", "06:15")),
            "2021-12-31T05:15",
        ),
    ],
)
def test_when_the_digest_of_a_session_is_due(session: str, rhythm: Rhythm, due_at: str) -> None:
    slot = slot_of(NEW_YORK, date.fromisoformat(session), rhythm)
    assert slot is not None
    assert slot.due_at == at(due_at)
    assert slot.fresh_until == at(due_at) + FRESHNESS


def test_a_closed_day_has_no_slot() -> None:
    assert slot_of(NEW_YORK, date(2021, 12, 24), PLAIN) is None
    assert slot_of(NEW_YORK, date(2021, 12, 25), PLAIN) is None


def plain_slot(calendars: set[str], now: datetime) -> DigestSlot:
    """The slot that a watchlist without any wishes is in, worked out in the plainest way.

    A session is a date: Tokyo's 5 March is over long before New York's, and the digest for 5 March waits for both.
    An exchange that is closed on that date is not waited for.
    """
    closed = {calendar: last_closed_session(calendar, now) for calendar in calendars}
    session = max(closed.values())
    while True:
        traded = frozenset(calendar for calendar in calendars if is_session(calendar, session))
        if traded and all(closed[calendar] >= session for calendar in traded):
            break
        session -= timedelta(days=1)
    due_at = max(closes_at(calendar, session) for calendar in traded) + DELAY
    return DigestSlot(session, due_at, due_at + FRESHNESS, traded)


@pytest.mark.parametrize("calendars", [{"XNYS"}, {"XNYS", "XTKS"}, {"XNYS", "24/7"}, {"XTKS", "XLON", "24/7"}])
@settings(max_examples=60, deadline=None)
@given(minutes=st.integers(0, 60 * 24 * 365))
def test_without_wishes_the_slot_is_the_one_of_the_plain_rule(calendars: set[str], minutes: int) -> None:
    now = at("2021-01-05T00:00") + timedelta(minutes=minutes)
    slot = plain_slot(calendars, now)
    assert newest_slot(calendars, now, PLAIN) == slot
    is_open = slot.due_at <= now < slot.fresh_until
    assert [
        open_slot.session for open_slot in open_slots(calendars, now, PLAIN) if open_slot.session == slot.session
    ] == ([slot.session] if is_open else [])


def test_an_empty_watchlist_has_no_slot() -> None:
    now = at("2021-12-30T22:00")
    assert open_slots([], now, PLAIN) == []
    assert newest_slot([], now, PLAIN) is None
    assert oldest_pending([], now, PLAIN) is None


def test_two_sessions_may_be_due_at_one_instant_after_an_early_close_and_both_are_open_oldest_first() -> None:
    evening = Rhythm(DELAY, FRESHNESS, "America/New_York", clock("14:00"))
    # Wednesday's close is at 16:00, so its digest comes on Thursday, a holiday, at 14:00; Friday closes at 13:00
    slots = open_slots(NEW_YORK, at("2021-11-26T19:00"), evening)
    assert [slot.session for slot in slots] == [date(2021, 11, 26)]
    slots = open_slots(NEW_YORK, at("2021-11-25T19:00"), evening)
    assert [slot.session for slot in slots] == [date(2021, 11, 24)]
    # in 2019 Tuesday 24 December closed early too, right after Monday's full session
    slots = open_slots(NEW_YORK, at("2019-12-24T19:00"), evening)
    assert [slot.session for slot in slots] == [date(2019, 12, 23), date(2019, 12, 24)]


# ---- a change of times


def changed(old: AlertSettings, now: str, **new: object) -> Rhythm:
    settings_now = changed_settings(old, replace(old, **new), NEW_YORK, TIMES, at(now))  # type: ignore[arg-type]
    return Rhythm.of(settings_now, TIMES)


def sessions_open(rhythm: Rhythm, now: str) -> list[date]:
    return [slot.session for slot in open_slots(NEW_YORK, at(now), rhythm)]


EVENING = AlertSettings("America/Los_Angeles", digest_at=clock("20:00"))  # 04:00 UTC of the next day
WEDNESDAY = date(2021, 12, 29)


def test_a_digest_still_to_come_that_would_be_past_by_the_new_clock_comes_at_once() -> None:
    before = Rhythm.of(EVENING, TIMES)
    assert sessions_open(before, "2021-12-30T03:00") == []
    late = AlertSettings("Asia/Tokyo", digest_at=clock("05:00"))  # 20:00 UTC, before the close: 23 hours later
    moved = changed(late, "2021-12-30T19:00", digest_at=clock("06:00"))  # 21:00 UTC of Wednesday: 22 hours ago
    assert sessions_open(moved, "2021-12-30T19:00") == [WEDNESDAY]
    assert sessions_open(moved, "2021-12-31T06:59")[0] == WEDNESDAY
    assert WEDNESDAY not in sessions_open(moved, "2021-12-31T07:00")


def test_a_digest_that_the_new_clock_puts_later_is_not_lost() -> None:
    moved = changed(EVENING, "2021-12-30T03:00", timezone="Europe/Berlin")  # 20:00 in Berlin is 19:00 UTC
    assert WEDNESDAY not in sessions_open(moved, "2021-12-30T18:59")
    assert sessions_open(moved, "2021-12-30T19:00") == [WEDNESDAY]


def test_what_was_dropped_long_before_a_change_does_not_come_back() -> None:
    moved = changed(AlertSettings(), "2021-12-30T15:00", timezone="Asia/Tokyo")
    assert sessions_open(moved, "2021-12-30T15:00") == []


def test_a_change_of_something_else_moves_nothing() -> None:
    old = replace(EVENING, changed_at=at("2021-12-01T00:00"), pending=date(2021, 11, 30))
    moved = changed(old, "2021-12-30T03:00", weekly_budget=3)
    assert (moved.changed_at, moved.pending) == (old.changed_at, old.pending)


def test_late_is_said_an_hour_after_the_patience_for_prices() -> None:
    assert not is_late(at("2021-12-30T21:45"), at("2021-12-31T01:44"))
    assert is_late(at("2021-12-30T21:45"), at("2021-12-31T01:45"))


@given(st.times(), st.times(), st.times())
def test_quiet_hours_and_their_complement_make_a_day(since: time, until: time, local: time) -> None:
    if since != until:
        assert is_quiet(local, QuietHours(since, until)) != is_quiet(local, QuietHours(until, since))
