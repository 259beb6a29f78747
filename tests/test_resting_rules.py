"""Rules that rest: because their owner said so, or because what they look at has vanished, which is told once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bellwether.alerts import ask, rules_table
from bellwether.alerts.rule_decisions import is_gone
from bellwether.alerts.tick import tick
from bellwether.core.alert_types import AlertRule, QuietHours, RuleKind, RuleRequest
from bellwether.core.errors import BadRule, UnknownSymbol
from bellwether.core.types import Bars, Instrument
from bellwether.delivery import chat_wishes
from bellwether.delivery.message_kinds import VANISHED
from bellwether.market.bars import STALE_AFTER
from bellwether.services import Services
from tests.support.talk import Talk
from tests.test_evaluate_rules import ANY_MOVE, DAY, EVENING, SESSION, add, live, owed, services_at, told


def rules(services: Services) -> list[AlertRule]:
    return ask.rules_of(services.store, 7)


class Forgetful:
    """A live market that has lost a symbol."""

    live = True

    def __init__(self, market: object) -> None:
        self._market = market

    def __getattr__(self, name: str) -> object:
        return getattr(self._market, name)

    def instrument(self, symbol: str) -> Instrument:
        raise UnknownSymbol(symbol)

    def bars(self, symbol: str, end: date) -> Bars:
        raise UnknownSymbol(symbol)


# ---- what has vanished


@pytest.mark.parametrize(
    ("until", "missing_since", "gone"),
    [
        (SESSION - timedelta(days=STALE_AFTER + 1), None, True),
        (SESSION - timedelta(days=2), None, False),
        (None, None, False),
        (None, SESSION - timedelta(days=STALE_AFTER - 1), False),
        (None, SESSION - timedelta(days=STALE_AFTER), True),
    ],
    ids=["ended long ago", "ended lately", "unknown for the first time", "unknown for days", "unknown for a week"],
)
def test_a_symbol_is_gone_after_a_week_without_prices(
    until: date | None, missing_since: date | None, gone: bool, tmp_path: Path
) -> None:
    rule = replace(add(services_at(tmp_path), ANY_MOVE), missing_since=missing_since)
    assert is_gone(rule, SESSION, until) == gone


def test_rules_on_a_symbol_whose_prices_have_ended_rest_and_their_owner_is_told_once(tmp_path: Path) -> None:
    services = live(tmp_path, date(2021, 12, 17))
    for wish in (ANY_MOVE, RuleRequest(RuleKind.MOVE, 0.9)):
        add(services, wish)
    assert tick(services, EVENING).rules.rested == 2
    (row,) = owed(services)
    assert row["kind"] == VANISHED
    text = str(row["text"])
    for said in ("(AAPL) has vanished", "since 17 December 2021", "<b>1</b> AAPL:", "<b>2</b> AAPL:", "/alerts 1"):
        assert said in text
    assert "/alerts 1 removes this one" in text
    assert all(rule.paused for rule in rules(services))
    for days in (0, 1, 5):
        assert tick(services, EVENING + days * DAY).rules.rested == 0
    assert len(owed(services)) == 1


def test_a_symbol_that_the_source_does_not_know_for_a_moment_costs_no_rule(tmp_path: Path) -> None:
    services = live(tmp_path, SESSION)
    add(services, ANY_MOVE)
    lost = replace(services, provider=Forgetful(services.provider))
    tick(lost, EVENING)
    (rule,) = rules(services)
    assert (rule.paused, rule.missing_since, owed(services)) == (False, SESSION, [])


def test_a_symbol_that_the_source_does_not_know_for_a_week_has_vanished(tmp_path: Path) -> None:
    services = live(tmp_path, SESSION)
    add(services, ANY_MOVE)
    lost = replace(services, provider=Forgetful(services.provider))
    rested = [tick(lost, EVENING + days * DAY).rules.rested for days in range(12)]
    assert sum(rested) == 1
    assert rested.index(1) >= STALE_AFTER
    (row,) = owed(services)
    assert "has vanished: I have had no usable prices of it since 30 December 2021" in str(row["text"])


def test_a_symbol_that_is_back_is_not_held_against_its_absence(tmp_path: Path) -> None:
    services = live(tmp_path, SESSION)
    add(services, RuleRequest(RuleKind.MOVE, 0.9))
    kept = rules(services)
    with services.store.transaction() as db:
        rules_table.miss(db, kept, SESSION - 6 * DAY)
    tick(services, EVENING)
    assert rules(services)[0].missing_since is None


def test_quiet_hours_hold_the_word_about_what_has_vanished(tmp_path: Path) -> None:
    services = live(tmp_path, date(2021, 12, 17))
    add(services, ANY_MOVE)
    settings = chat_wishes.alert_settings(services.store, 7)
    quiet = QuietHours((EVENING - timedelta(hours=1)).time(), (EVENING + timedelta(hours=2)).time())
    ask.change_alert_settings(services, 7, replace(settings, quiet=quiet), "en")
    tick(services, EVENING)
    assert owed(services)[0]["not_before"] == (services.clock() + timedelta(hours=2)).isoformat(timespec="microseconds")


# ---- what its owner lets rest


def test_a_paused_rule_is_not_looked_at_and_tells_nothing_of_the_meantime_when_it_goes_on(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    rule = add(services, ANY_MOVE)
    ask.pause_rule(services.store, 7, rule.id, True)
    assert tick(services, EVENING).rules.told == 0
    assert told(services) == []
    ask.pause_rule(services.store, 7, rule.id, False)
    assert tick(services, EVENING + DAY).rules.told == 1
    assert [row["session"] for row in told(services)] == ["2021-12-31"]


def test_a_rule_that_is_paused_during_a_tick_stays_silent(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    rule = add(services, ANY_MOVE)

    def pause_meanwhile() -> bool:
        ask.pause_rule(services.store, 7, rule.id, True)
        return False

    assert tick(services, EVENING, pause_meanwhile).rules.told == 0
    assert owed(services) == []


def test_nobody_pauses_the_rule_of_another_chat(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    rule = add(services, ANY_MOVE)
    with pytest.raises(BadRule, match="no alert number"):
        ask.pause_rule(services.store, 8, rule.id, True)
    assert not rules(services)[0].paused


@pytest.mark.parametrize(
    ("pause", "resume"),
    [
        (lambda talk: talk.press("Pause"), lambda talk: talk.press("Resume")),
        (lambda talk: talk.say("/alerts 1 pause"), lambda talk: talk.say("/alerts 1 resume")),
    ],
    ids=["by its button", "by a line"],
)
def test_one_alert_is_paused_and_resumed(
    tmp_path: Path, pause: Callable[[Talk], str], resume: Callable[[Talk], str]
) -> None:
    talk = Talk(services_at(tmp_path))
    talk.say("/alerts AAPL move 3%")
    assert "It is paused: nothing comes before you resume it." in pause(talk)
    assert "Resume" in talk.labels and "Pause" not in talk.labels
    assert "(paused)" in talk.say("/alerts")
    talk.press("1: AAPL")
    assert "paused" not in resume(talk)
    assert "Pause" in talk.labels and "Resume" not in talk.labels


def test_changing_a_paused_alert_does_not_wake_it(tmp_path: Path) -> None:
    talk = Talk(services_at(tmp_path))
    talk.say("/alerts AAPL move 3%")
    talk.press("Pause")
    assert "It is paused" in talk.say("/alerts 1 4%")
    (rule,) = ask.rules_of(talk.services.store, talk.chat_id)
    assert (rule.paused, rule.threshold) == (True, 0.04)
