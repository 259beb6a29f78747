"""Digests as each chat wants them: its clock, its quiet hours, only unusual ones; and what they say of the past."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from html import escape
from pathlib import Path

import pytest

from bellwether.alerts import alerts_table, ask, watchlist
from bellwether.alerts.rules.digest_due import DigestReason
from bellwether.alerts.rules.rarity import Remark, remark
from bellwether.alerts.text.digest_notes import how_they_turned_out, what_else_fired
from bellwether.alerts.tick import tick
from bellwether.ask import forecasts
from bellwether.core.alert_types import AlertSettings, DigestMode, QuietHours, RuleKind, RuleRequest
from bellwether.services import Services
from bellwether.track_record.grading import Grade
from tests.test_evaluate_rules import ANY_MOVE, DAY, EVENING, SESSION, add, live, owed, services_at


def wants(services: Services, settings: AlertSettings, chat_id: int = 7) -> None:
    ask.change_alert_settings(services, chat_id, settings, "en")


def keys(services: Services) -> list[str]:
    return [str(row["dedup_key"]) for row in owed(services)]


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """AAPL on the watchlist of chat 7; the ticks are rehearsed."""
    made = services_at(tmp_path)
    watchlist.watch(made, 7, "AAPL", "en")
    return made


def test_a_digest_comes_at_the_first_such_time_after_the_close_by_the_chats_clock(services: Services) -> None:
    wants(services, AlertSettings("Europe/Berlin", digest_at=time(7, 30)))
    assert tick(services, EVENING).written == 0
    assert tick(services, EVENING).reasons == {DigestReason.NOT_YET: 1}
    assert tick(services, datetime(2021, 12, 31, 6, 29, tzinfo=UTC)).written == 0
    assert tick(services, datetime(2021, 12, 31, 6, 30, tzinfo=UTC)).written == 1
    assert tick(services, datetime(2021, 12, 31, 6, 31, tzinfo=UTC)).already_owed == 1
    assert keys(services) == ["digest:7:2021-12-30"]


def test_quiet_hours_hold_a_digest_until_they_end(services: Services) -> None:
    wants(services, AlertSettings("Europe/Berlin", quiet=QuietHours(time(22), time(7))))
    assert tick(services, EVENING).reasons == {DigestReason.NOT_YET: 1}
    assert tick(services, datetime(2021, 12, 31, 6, 0, tzinfo=UTC)).written == 1


def test_a_digest_that_waited_for_prices_into_the_quiet_hours_is_held_in_its_row(tmp_path: Path) -> None:
    services = live(tmp_path, SESSION - DAY, EVENING + timedelta(hours=3))
    watchlist.watch(services, 7, "AAPL", "en")
    # due at 22:45 in Berlin, and quiet from midnight on
    wants(
        replace(services, clock=lambda: EVENING - DAY),
        AlertSettings("Europe/Berlin", quiet=QuietHours(time(0), time(7))),
    )
    assert tick(services, EVENING).reasons == {DigestReason.WAITING_FOR_PRICES: 1}
    assert tick(services, EVENING + timedelta(hours=3)).reasons == {DigestReason.DUE_WITHOUT_PRICES: 1}
    assert owed(services)[0]["not_before"] == "2021-12-31T06:00:00.000000+00:00"


def test_a_late_digest_says_when_it_was_due(tmp_path: Path) -> None:
    services = services_at(tmp_path, EVENING - DAY)
    watchlist.watch(services, 7, "AAPL", "en")
    wants(services, AlertSettings("America/New_York"))
    tick(services, EVENING + timedelta(hours=5))
    assert "Late: this was due at 16:45 on 30 December 2021" in str(owed(services)[0]["text"])
    tick(services, EVENING + DAY)
    assert "Late" not in str(owed(services)[1]["text"])


def test_a_digest_of_before_anything_was_watched_is_not_late(tmp_path: Path) -> None:
    services = services_at(tmp_path, EVENING + timedelta(hours=5))
    watchlist.watch(services, 7, "AAPL", "en")
    assert tick(services, EVENING + timedelta(hours=5)).written == 1
    assert "Late" not in str(owed(services)[0]["text"])


def test_two_sessions_due_together_make_two_digests_the_older_first(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    watchlist.watch(services, 7, "AAPL", "en")
    wants(services, AlertSettings("America/New_York", digest_at=time(14)))
    assert tick(services, datetime(2019, 12, 24, 19, 0, tzinfo=UTC)).written == 2
    assert keys(services) == ["digest:7:2019-12-23", "digest:7:2019-12-24"]


def test_chats_with_other_clocks_do_not_disturb_each_other(services: Services) -> None:
    watchlist.watch(services, 8, "AAPL", "en")
    wants(services, AlertSettings("Asia/Tokyo", digest_at=time(20)), chat_id=8)
    # twenty o'clock in Tokyo is eleven hours ago: the session before last is due there, and fresh
    assert tick(services, EVENING).written == 2
    assert keys(services) == ["digest:7:2021-12-30", "digest:8:2021-12-29"]
    assert tick(services, datetime(2021, 12, 31, 11, 0, tzinfo=UTC)).written == 1
    assert keys(services)[2:] == ["digest:8:2021-12-30"]


# ---- only unusual ones


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("share", "surprise", "found"),
    [
        (0.05, 0.0, Remark.RARE_OUTLOOK),
        (0.06, 2.0, Remark.BIG_MOVE),
        (0.06, 1.9, Remark.NOTHING),
        (None, 1.9, Remark.NOTHING),
        (None, 3.0, Remark.BIG_MOVE),
    ],
)
def test_what_is_worth_a_digest(share: float | None, surprise: float, found: Remark) -> None:
    assert remark(share, surprise) is found


def test_a_chat_that_wants_only_unusual_digests_is_left_alone_on_plain_days_and_asked_about_once(
    services: Services,
) -> None:
    wants(services, AlertSettings(digest_mode=DigestMode.UNUSUAL))
    watchlist.watch(services, 8, "AAPL", "en")
    days = {EVENING - step * DAY: None for step in range(30, 0, -1)}
    written = passed = 0
    for now in days:
        did = tick(services, now)
        written += did.written
        passed += did.reasons.get(DigestReason.NOTHING_UNUSUAL, 0)
        assert (
            tick(services, now).reasons.get(DigestReason.NOTHING_UNUSUAL, 0) == 0
        )  # it is kept that there was nothing
    digests = [row for row in owed(services) if row["recipient_id"] == 8]
    mine = [row for row in owed(services) if row["recipient_id"] == 7]
    assert len(digests) == len(mine) == passed + sum(row["state"] == "pending" for row in mine)
    assert 0 < passed < len(mine)  # in December 2021 some days of Apple were unusual, and most were not
    assert {str(row["state"]) for row in mine} == {"pending", "passed over"}


def test_an_alert_that_waits_for_the_digest_makes_it_come_and_is_told_once(services: Services) -> None:
    wants(services, AlertSettings(digest_mode=DigestMode.UNUSUAL, weekly_budget=0))
    add(services, ANY_MOVE)
    did = tick(services, EVENING)
    assert (did.rules.told, did.rules.folded, did.written) == (0, 1, 1)
    text = str(owed(services)[0]["text"])
    assert "Alerts for which I sent no message of their own:\n• <b>Apple</b> (AAPL) moved −0.7\u00a0%" in text
    with services.store.reading() as db:
        assert alerts_table.folded(db, [7]) == {}


# ---- what they say of the past


def test_the_next_digest_opens_with_how_the_last_ranges_turned_out(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    symbols = ("AAPL", "MSFT", "KO")
    for symbol in symbols:
        watchlist.watch(services, 7, symbol, "en")
    tick(services, EVENING - DAY)
    assert "stayed inside" not in str(owed(services)[0]["text"])
    tick(services, EVENING)
    held = 0
    for symbol in symbols:
        made = forecasts.answer(services, symbol, 1, date(2021, 12, 29)).forecast
        close = services.provider.bars(symbol, SESSION).closes
        grown = float(close[-1] / close[-2])
        held += made.growths[1] + 1 <= grown <= made.growths[5] + 1
    text = str(owed(services)[1]["text"])
    assert f" {held} of 3 stayed inside." in text
    assert "Inside: within the range I gave last time. In the long run 8 of 10 should be." in text
    assert "Ranges that ended" not in text, "the headline has told of them"
    made = forecasts.answer(services, "AAPL", 1, SESSION).forecast
    assert f": {made.price_at(0.1):.2f} to {made.price_at(0.9):.2f} · " in text


def test_ranges_are_graded_as_they_were_told_not_as_they_would_be_told_now(services: Services) -> None:
    tick(services, EVENING - DAY)
    with services.store.transaction() as db:  # as if a range had been told that could not be missed, and one that must
        db.execute("UPDATE told_ranges SET low = -9, high = 9 WHERE horizon = 1")
    tick(services, EVENING)
    assert "Apple stayed inside its range." in str(owed(services)[1]["text"])
    with services.store.transaction() as db:
        db.execute("UPDATE told_ranges SET low = 8, high = 9 WHERE horizon = 1")
    tick(services, EVENING + DAY)
    assert "Apple left its range." in str(owed(services)[2]["text"])


@pytest.mark.sqlite
def test_grades_and_leftovers_in_words() -> None:
    assert how_they_turned_out([]) == ""
    assert how_they_turned_out([Grade(1, 4, 5), Grade(10, 5, 5)]).startswith(
        "Ranges that ended today: 4 of 5 for the next day, 5 of 5 for 2 weeks held."
    )
    assert how_they_turned_out([Grade(10, 5, 5)], 2, headed=True) == (
        "Inside: within the range I gave last time. In the long run 8 of 10 should be. Other ranges that ended today: "
        "5 of 5 for 2 weeks held. 2 ranges that ended today cannot be judged: closes are missing."
    )
    assert what_else_fired([]) == ""


def test_many_leftovers_are_all_told_each_with_its_rule_and_how_to_change_it(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    for one in services.provider.universe():
        watchlist.watch(services, 7, one.symbol, "en")
        if not one.symbol.startswith("^"):
            add(services, ANY_MOVE, one.symbol)
    wants(services, AlertSettings(weekly_budget=0))
    tick(services, EVENING)
    text = str(owed(services)[0]["text"])
    watched = [instrument for instrument in services.provider.universe() if not instrument.symbol.startswith("^")]
    assert text.count("\n• ") == len(watched)
    for one in watched:
        assert f"({escape(one.symbol)}) moved" in text
    assert text.count("<i>You asked for “") == len(watched)


def test_a_fault_in_the_rules_does_not_hold_up_the_digests(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    add(services, RuleRequest(RuleKind.UNUSUAL, 0.5))

    def fails(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("bellwether.alerts.rule_decisions.measure", fails)
    did = tick(services, EVENING)
    assert (did.written, did.rules.told) == (1, 0)
    monkeypatch.undo()
    assert tick(services, EVENING).rules.told == 1


def test_the_default_settings_are_no_settings(services: Services) -> None:
    wants(services, replace(AlertSettings(), weekly_budget=5))
    assert tick(services, EVENING).written == 1
