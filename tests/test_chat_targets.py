"""Alerts in other apps too, set up in the chat by an address and a code, then stopped, resumed or deleted."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bellwether.delivery.channels.abilities import Markup, rendered
from bellwether.delivery.messages import TERMINAL
from bellwether.services import Services
from tests.support.bot_api_server.server import TelegramServer
from tests.support.running_bot import bot_services, running_bot
from tests.support.talk import Talk
from tests.test_targets import KEY, later, listening, made, owe, run

CHAT = 1001
NTFY = "ntfy://127.0.0.1:9/alerts-8f2k"


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return made(tmp_path)


def test_in_four_taps_an_alert_goes_to_a_second_app(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk(services)
    with listening(monkeypatch) as (there, urls):
        talk.say("/alerts")
        talk.press("Also send to…")
        assert {"+ Discord", "+ Slack", "+ ntfy", "+ Matrix"} <= set(talk.labels)
        assert "Copy Webhook URL" in talk.press("+ Discord")
        assert "A code is on its way to Discord …dddd" in talk.say(urls["discord"])
        assert talk.shown.forget_question, "it has a secret"
        run(services)
        code = rendered(there.seen["discord"][0], Markup.PLAIN).replace("\\", "")
        (code,) = re.findall(r"BW-\d{6}", code)
        said = f"here it is: {code.lower().replace('-', ' ')}, thanks"
        assert "Alerts and digests go to Discord …dddd too" in talk.say(said)
        owe(services, CHAT)
        run(services)
        assert len(there.seen["discord"]) == 2


def test_a_target_is_stopped_resumed_and_deleted(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk(services)
    with listening(monkeypatch) as (there, urls):
        talk.say(urls["ntfy"])
        assert "ntfy …8f2k waits for its code." in talk.press("« All targets")
        run(services)
        (code,) = re.findall(r"BW-\d{6}", there.seen["ntfy"][0])
        talk.say(code)
        talk.press("« All targets")
        assert "alerts and digests go there" in talk.press("ntfy …8f2k")
        assert "you stopped it" in talk.press("Stop")
        owe(services, CHAT)
        run(services)
        assert len(there.seen["ntfy"]) == 1
        later(services, seconds=1)
        assert "alerts and digests go there" in talk.press("Resume")
        owe(services, CHAT, "2")
        run(services)
        assert len(there.seen["ntfy"]) == 2, "nothing of the time between"
        talk.press("Delete")
        assert "ntfy …8f2k" not in talk.labels


def test_what_was_never_proved_cannot_be_resumed(services: Services) -> None:
    talk = Talk(services)
    talk.say(NTFY)
    talk.press("« All targets")
    talk.press("ntfy …8f2k")
    talk.press("Stop")
    assert "Resume" not in talk.labels
    assert "can't be resumed" in talk.send("resumetarget:1")


def test_anothers_target_is_as_good_as_none(services: Services) -> None:
    Talk(services).say(NTFY)
    for action in ("target:1", "stoptarget:1", "resumetarget:1", "droptarget:1", "target:99"):
        assert "That target is gone" in Talk(services, chat_id=7).send(action)


def test_in_a_group_only_admins_set_targets_up(services: Services) -> None:
    member = Talk(services, chat_id=-100500).member()
    for text in (NTFY, "BW-123456"):
        assert "only its admins" in member.say(text)
    for action in ("targets", "newtarget:ntfy", "target:1", "droptarget:1"):
        assert "only its admins" in member.send(action)


@pytest.mark.parametrize("action", ["newtarget:fax", "newtarget:mail", "newtarget:", "target:x"])
def test_a_forged_button_is_an_old_one(services: Services, action: str) -> None:
    assert "older version" in Talk(services).send(action)


def test_a_code_that_is_wrong_and_an_address_that_is_none_are_answered_kindly(services: Services) -> None:
    talk = Talk(services)
    assert "No target waits for a code" in talk.say("BW-123456")
    talk.say(NTFY)
    assert "not the code" in talk.say("BW 000000") or "Done" in talk.shown.text
    assert "don't know what that address leads to" in talk.say("https://example.org/x?y=z")
    assert talk.shown.forget_question, "it may have one"
    assert "does not let messages go" in talk.say("gotifys://gotify.example/Axyz-token")
    assert talk.shown.forget_question
    assert "several places" in talk.say("ntfy://127.0.0.1:9/alerts-8f2k/alerts-9f2k")
    assert talk.shown.forget_question
    assert "within the last 24 hours" in talk.say(NTFY)
    assert talk.shown.forget_question, "it has a secret all the same"
    long_one = f"https://prod-1.region.logic.azure.com/workflows/{'a' * 300}/triggers/manual/paths/invoke"
    assert "long message" not in talk.say(long_one)


@pytest.mark.parametrize("url", ["http://localhost/x", "https://example.org/", "http://127.0.0.1:8000/hook?a=b"])
def test_an_address_of_no_kind_points_to_the_kinds(services: Services, url: str) -> None:
    talk = Talk(services)
    assert "Press where messages shall go first" in talk.say(url)
    assert talk.shown.forget_question, "it may have a secret"
    assert "Copy Webhook URL" in talk.press("+ Discord")


def test_where_the_operator_wants_no_targets_nothing_of_it_is_offered(tmp_path: Path) -> None:
    talk = Talk(made(tmp_path, limit=0))
    talk.say("/alerts")
    assert "Also send to…" not in talk.labels
    assert "other apps" not in talk.say("https://ntfy.sh/topic")
    assert "other apps" not in talk.say("/privacy")
    assert talk.say("/settings channels") == "Whoever runs me lets no alerts go to other apps or mailboxes."


def with_operator(services: Services, chat_id: int) -> Services:
    telegram = services.settings.telegram.model_copy(update={"admin_chat": chat_id})
    return replace(services, settings=services.settings.model_copy(update={"telegram": telegram}))


@pytest.mark.parametrize(
    ("channels", "told", "lacks"),
    [
        ({"key": ""}, "I can't write to other apps here", ["CHANNELS__KEY"]),
        ({}, "Mail is not among them", ["CHANNELS__SMTP", "CHANNELS__MAIL_FROM"]),
        ({"mail_from": "alerts@bell.example"}, "Mail is not among them", ["CHANNELS__SMTP"]),
        ({"schemes": ["mailto"]}, "I can't send mail here", ["CHANNELS__SMTP", "CHANNELS__MAIL_FROM"]),
    ],
)
def test_what_is_missing_is_said_to_everybody_and_by_name_to_the_operator(
    tmp_path: Path, channels: dict[str, object], told: str, lacks: list[str]
) -> None:
    services = made(tmp_path, **channels)
    for reader, names in ((CHAT, lacks), (7, [])):
        talk = Talk(with_operator(services, CHAT), chat_id=reader)
        talk.say("/alerts")
        said = talk.press("Also send to…")
        assert told in said
        assert re.findall(r"BELLWETHER_(\w+)", said) == names
        assert "terminal" not in said


def test_without_a_key_an_address_is_refused_and_its_message_deleted(tmp_path: Path) -> None:
    talk = Talk(made(tmp_path, key=""))
    assert "I can't write to other apps here" in talk.say("https://ntfy.sh/topic")
    assert talk.shown.forget_question


def test_in_the_terminal_all_is_set_up_and_it_says_when_messages_leave(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = Talk(services, chat_id=TERMINAL)
    talk.say("/alerts")
    assert "only while serve runs" in talk.press("Also send to…")
    assert "CHANNELS__SMTP" in talk.shown.text
    with listening(monkeypatch) as (there, urls):
        assert "only while serve runs" in talk.say(urls["ntfy"])
        run(services)
        (code,) = re.findall(r"BW-\d{6}", there.seen["ntfy"][0])
        assert "Alerts and digests go to ntfy" in talk.say(code)
        owe(services, TERMINAL)
        run(services)
        assert len(there.seen["ntfy"]) == 2


def test_in_the_terminal_nothing_of_that_is_said_where_a_key_is_missing(tmp_path: Path) -> None:
    talk = Talk(made(tmp_path, key=""), chat_id=TERMINAL)
    talk.say("/alerts")
    assert "terminal" not in talk.press("Also send to…")
    assert "BELLWETHER_CHANNELS__KEY" in talk.shown.text


def test_the_message_with_the_address_is_deleted_from_the_chat(server: TelegramServer, tmp_path: Path) -> None:
    server.open_chat(CHAT)
    plain = bot_services(server, tmp_path)
    channels = plain.settings.channels.model_copy(
        update={"key": made(tmp_path).settings.channels.key, "schemes": ["ntfy"], "private": True}
    )
    services = replace(plain, settings=plain.settings.model_copy(update={"channels": channels}))
    assert channels.key.get_secret_value() == KEY
    with running_bot(services):
        answer = server.ask(CHAT, NTFY)
        assert "A code is on its way to" in answer.text
        server.wait_for(lambda s: s.calls("deleteMessage"))
    (deleted,) = server.calls("deleteMessage")
    assert deleted["message_id"] < answer.message_id
