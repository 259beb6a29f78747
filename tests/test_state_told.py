"""What is said fits the chat's state: paused or not, in the terminal, in the sample market, by whose clock."""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import pytest

from bellwether.alerts import watchlist
from bellwether.delivery import chats
from bellwether.services import Services
from bot import terminal
from tests.support.sample import SAMPLE_NOTE
from tests.support.talk import Talk, as_read

pytestmark = pytest.mark.usefixtures("unhurried")
RESUME = "Resume the nightly digest"


class _Live:
    """The sample market's provider, as one whose prices go on."""

    live = True

    def __init__(self, provider: object) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> object:
        return getattr(self._provider, name)


def live(talk: Talk) -> Talk:
    return replace(talk, services=replace(talk.services, provider=_Live(talk.services.provider)))  # type: ignore[arg-type]


def test_a_goodbye_tells_what_goes_on(talk: Talk) -> None:
    talk.say("/watch AAPL")
    assert "every evening" not in talk.say("bye"), "the sample market has ended"
    here = live(talk)
    assert "What you watch still comes every evening" in here.say("bye")
    here.say("/settings digest weekly")
    assert "as you chose in /settings" in here.say("bye")
    here.say("/stop")
    assert "Nothing comes by itself until you send /start." in here.say("bye")


def test_while_paused_a_forecast_offers_to_go_on(talk: Talk) -> None:
    talk.say("/watch AAPL")
    talk.say("AAPL")
    assert "Stop the nightly digest" in talk.labels
    talk.say("/stop")
    talk.say("AAPL")
    assert "Stop the nightly digest" not in talk.labels
    talk.press("Details")
    talk.press(RESUME)
    assert "Stop the nightly digest" in talk.labels
    assert chats.pause_of(talk.services.store, talk.services.clock, talk.chat_id) is None


def test_the_list_of_alerts_says_that_the_chat_is_paused(talk: Talk) -> None:
    talk.say("/alerts AAPL risk 10%")
    assert "Paused" not in talk.say("/alerts")
    talk.say("/stop")
    assert talk.say("/alerts").startswith("Paused since")


def test_settings_tell_when_the_digest_comes_by_the_chats_clock(talk: Talk) -> None:
    assert "about 45 minutes after the close (about 21:45 your time)" in talk.say("/settings")
    assert "(about 22:45 your time)" in talk.say("/settings timezone Berlin")
    assert "your time" not in talk.say("/settings time 18:30")


def test_today_says_what_market_it_is_and_in_which_money(talk: Talk) -> None:
    told = talk.say("/today")
    assert told.splitlines()[-1].startswith(SAMPLE_NOTE)
    apple = next(line for line in told.splitlines() if line.startswith("Apple (AAPL)"))
    assert apple.count("$") == 3


def test_the_terminal_neither_names_telegram_nor_says_twice_what_is_gone(
    services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("/alerts NVDA risk 10%\ndelete the alert\n1\n/settings\n"))
    terminal.hold(services)
    said = as_read(capsys.readouterr().out)
    assert "Removed: NVDA" in said
    assert "English, as on this computer" in said
    assert "as in Telegram" not in said
    monkeypatch.setattr(sys, "stdin", io.StringIO("/alerts NVDA risk 12%\n/alerts 2\n6\n"))
    terminal.hold(services)
    said = as_read(capsys.readouterr().out)
    assert "Removed: NVDA" in said
    assert "Removed.\n" not in said


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("ok", "Good."),
        ("ok ok", "Good."),
        ("ok thanks", "You're welcome"),
        ("sory", "No harm done"),
        ("sorry", "No harm done"),
        ("you are useless", "I'm sorry that I was of no help"),
        ("so ein mist", "I'm sorry that I was of no help"),
        ("merda", "I'm sorry that I was of no help"),
        ("дурак", "I'm sorry that I was of no help"),
        ("forget tesla", "You don't watch Tesla."),
        ("appel next week", "Did you mean Apple?"),
    ],
)
def test_small_talk_is_answered_in_kind(talk: Talk, said: str, answer: str) -> None:
    assert answer in talk.say(said)


def test_a_slip_in_a_name_offers_the_name(talk: Talk) -> None:
    talk.say("appel next week")
    assert talk.labels == ["Apple"]
    assert "Over the next week Apple" in talk.press("Apple")


def test_what_if_asks_for_no_record(talk: Talk) -> None:
    assert "held" not in talk.say("what if it falls further?")


def test_who_is_scolded_offers_what_can_be_asked(talk: Talk) -> None:
    talk.say("you are useless")
    assert talk.labels == ["What can I ask?"]
    assert watchlist.watchlist(talk.services.store, talk.chat_id) == []
