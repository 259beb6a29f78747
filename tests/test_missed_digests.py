"""Digests that nobody wrote because nothing ran: counted once, where whoever runs the service sees it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from bellwether.alerts import ask, missed_digests_table, watchlist
from bellwether.alerts.missed_digests import LONGEST, note_missed
from bellwether.alerts.tick import tick
from bellwether.core import metrics
from bellwether.core.types import Check
from bellwether.delivery import chat_wishes, chats_table
from bellwether.jobs.doctor import examine
from bellwether.services import Services
from tests.test_evaluate_rules import DAY, EVENING, SESSION, live, owed

MINUTE = timedelta(minutes=1)
BEFORE = EVENING - 3 * DAY  # Monday


def watched(folder: Path, *chat_ids: int) -> Services:
    services = live(folder, SESSION, BEFORE - DAY)
    for chat_id in chat_ids:
        watchlist.watch(services, chat_id, "AAPL", "en")
    return replace(services, clock=lambda: EVENING)


def run_at(services: Services, *days: int) -> int:
    """Ticks at these evenings, counted from Monday's; what the last one found missed."""
    found = 0
    for day in days:
        now = BEFORE + day * DAY
        found = note_missed(services, now)
        tick(services, now)
    return found


def digests(services: Services) -> list[Check]:
    return [check for check in examine(services) if check.name == "Digests"]


def test_what_nobody_wrote_is_counted_once_for_each_session_and_seen_by_doctor(tmp_path: Path) -> None:
    services = watched(tmp_path, 7, 8)
    before = metrics.MISSED.values()[()]
    assert run_at(services, 0, 3) == 4  # two chats, Tuesday and Wednesday
    assert note_missed(services, EVENING + MINUTE) == 0
    with services.store.reading() as db:
        assert missed_digests_table.since(db, EVENING - DAY) == {date(2021, 12, 28): 2, date(2021, 12, 29): 2}
    (check,) = digests(services)
    assert not check.ok
    assert "2 after 2021-12-28, 2 after 2021-12-29" in check.detail
    assert "heartbeat_url" in check.advice
    assert metrics.MISSED.values()[()] - before == 4


def test_a_service_that_ran_every_evening_missed_nothing(tmp_path: Path) -> None:
    services = watched(tmp_path, 7)
    assert run_at(services, 0, 1, 2, 3) == 0
    assert digests(services) == []
    assert len(owed(services)) == 4


def test_a_pause_within_the_freshness_misses_nothing(tmp_path: Path) -> None:
    services = watched(tmp_path, 7)
    note_missed(services, EVENING - timedelta(hours=2))
    assert note_missed(services, EVENING + timedelta(hours=11)) == 0


def test_the_first_tick_ever_missed_nothing(tmp_path: Path) -> None:
    assert note_missed(watched(tmp_path, 7), EVENING) == 0


def test_who_was_not_there_or_wanted_nothing_has_missed_nothing(tmp_path: Path) -> None:
    services = watched(tmp_path, 7, 8)
    note_missed(services, BEFORE)
    with services.store.transaction() as db:
        chats_table.stop(db, 8, BEFORE)
    watchlist.watch(services, 9, "AAPL", "en")  # on Thursday
    tick(services, BEFORE)
    assert note_missed(services, EVENING) == 2  # those of chat 7


def test_a_chat_with_hours_of_its_own_is_counted_by_them(tmp_path: Path) -> None:
    services = watched(tmp_path, 7)
    settings = replace(chat_wishes.alert_settings(services.store, 7), digest_at=(EVENING - timedelta(hours=2)).time())
    ask.change_alert_settings(replace(services, clock=lambda: BEFORE - DAY), 7, settings, "en")
    note_missed(services, BEFORE)
    # 20:00 UTC is before New York's close, so a session's digest is due the day after, and fresh for half a day
    assert note_missed(services, BEFORE + 2 * DAY) == 1
    with services.store.reading() as db:
        assert list(missed_digests_table.since(db, EVENING - DAY)) == [date(2021, 12, 27)]


def test_after_a_month_away_the_last_week_is_counted(tmp_path: Path) -> None:
    services = watched(tmp_path, 7)
    note_missed(services, BEFORE)
    assert 4 <= note_missed(services, BEFORE + 30 * DAY) <= LONGEST.days


def test_a_clock_that_jumps_ahead_costs_a_false_count_but_no_digest(tmp_path: Path) -> None:
    services = watched(tmp_path, 7)
    run_at(services, 0)
    note_missed(services, EVENING + DAY)
    run_at(services, 1, 2, 3)
    assert len(owed(services)) == 4
