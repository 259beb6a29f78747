"""Alerts removed in words: of a number, of a stock, the one just made, all of them; what is not clear is asked back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bellwether.alerts import ask
from tests.support.talk import Talk

pytestmark = pytest.mark.usefixtures("unhurried")


def left(talk: Talk) -> list[str]:
    return [rule.symbol for rule in ask.rules_of(talk.services.store, talk.chat_id)]


def made(talk: Talk, *alerts: str) -> None:
    for alert in alerts:
        talk.say(f"/alerts {alert}")
    assert len(left(talk)) == len(alerts)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "delete it"),
        ("en", "cancel that"),
        ("de", "lösch ihn wieder"),
        ("es", "bórrala"),
        ("pt", "apaga esse alerta"),
        ("ru", "удали его"),  # noqa: RUF001
    ],
)
def test_it_is_the_alert_that_was_just_made(talk: Talk, language: str, said: str) -> None:
    made(talk, "AAPL risk 10%", "NVDA move 5%")
    replace(talk, language=language).say(said)
    assert left(talk) == ["AAPL"]


def test_a_while_later_it_is_asked_which(talk: Talk) -> None:
    made(talk, "AAPL risk 10%", "NVDA move 5%")
    now = talk.services.clock() + timedelta(hours=2)
    later = replace(talk, services=replace(talk.services, clock=lambda: now))
    assert "Which alert shall I remove?" in later.say("delete it")
    assert "Removed: AAPL" in later.press("1: AAPL")
    assert left(talk) == ["NVDA"]


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ("cancel alert 1", "AAPL"),
        ("remove the apple alert", "AAPL"),
        ("lösch den Alarm für Nvidia", "NVDA"),
        ("lösch den Nvidia-Alarm", "NVDA"),
        ("elimina la alerta 2", "NVDA"),
        ("remove o alerta da apple", "AAPL"),
        ("удали оповещение 2", "NVDA"),
    ],
)
def test_one_that_is_named_goes_at_once_and_can_be_put_back(talk: Talk, said: str, gone: str) -> None:
    made(talk, "AAPL risk 10%", "NVDA move 5%")
    assert f"Removed: {gone}" in talk.say(said)
    assert gone not in left(talk)
    talk.press("Put it back")
    assert sorted(left(talk)) == ["AAPL", "NVDA"]


@pytest.mark.parametrize("said", ["delete the alert", "lösch den Alarm", "borra la alerta", "удали оповещение"])
def test_the_only_one_goes_at_once_and_of_several_it_is_asked_which(talk: Talk, said: str) -> None:
    made(talk, "AAPL risk 10%", "NVDA move 5%")
    assert "Which alert shall I remove?" in talk.say(said)
    talk.press("2: NVDA")
    talk.say(said)
    assert left(talk) == []
    assert "You have no alerts yet" in talk.say(said)


def test_of_several_for_a_stock_it_is_asked_which(talk: Talk) -> None:
    made(talk, "AAPL risk 10%", "AAPL move 5%", "NVDA move 5%")
    talk.say("remove the apple alert")
    assert talk.labels == ["2: AAPL", "1: AAPL", "All of them", "« All"]
    assert "Remove all 2 alerts for AAPL?" in talk.press("All of them")
    assert "Removed: 2 alerts." in talk.press("Yes, remove them")
    assert left(talk) == ["NVDA"]


def test_all_of_them_go_only_after_a_yes(talk: Talk) -> None:
    made(talk, "AAPL risk 10%", "NVDA move 5%")
    assert "Remove all 2 alerts?" in talk.say("remove all my alerts")
    assert "Nothing was removed." in talk.press("No, keep them")
    assert len(left(talk)) == 2
    talk.say("delete all alerts")
    assert "Removed: 2 alerts." in talk.press("Yes, remove them")
    assert left(talk) == []


def test_a_stock_without_an_alert_is_named_and_nothing_goes(talk: Talk) -> None:
    made(talk, "AAPL risk 10%")
    assert talk.say("remove the tesla alert") == "You have no alert for Tesla."
    assert left(talk) == ["AAPL"]


def test_a_number_that_no_alert_has_removes_nothing(talk: Talk) -> None:
    made(talk, "AAPL risk 10%")
    assert "Which alert shall I remove?" in talk.say("cancel alert 7")
    assert left(talk) == ["AAPL"]


def test_in_a_group_a_member_removes_nothing(talk: Talk) -> None:
    made(talk, "AAPL risk 10%")
    member = talk.member()
    for said in ("delete it", "remove all my alerts"):
        assert "admin" in member.say(said)
    member.send("rmall")
    assert left(talk) == ["AAPL"]
