"""In a group: what is said to the bot is answered, and nothing that people say to each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot, Message

from bellwether.alerts import watchlist
from bot.telegram.groups import said_to_us
from tests.support.bot_api_server.server import TelegramServer
from tests.support.made_updates import ANN, BOT, GROUP, PRIVATE, message
from tests.support.running_bot import bot_services, running_bot

US, NAME = BOT["id"], "@bellwether_bot"
OTHER_BOT: dict[str, Any] = {"id": 77, "is_bot": True, "first_name": "Weather", "username": "bellwether_bot2"}
OURS = message(GROUP, text="Apple will probably end between", message_id=3, **{"from": BOT})
BENS = message(GROUP, text="AAPL?", message_id=3)


def at(text: str, named: str, kind: str = "mention", **more: Any) -> dict[str, Any]:
    """An entity over the last place where `named` stands, counted as Telegram does, in UTF-16 units."""
    before = text[: text.rindex(named)]
    units = len(before.encode("utf-16-le")) // 2, len(named.encode("utf-16-le")) // 2
    return {"type": kind, "offset": units[0], "length": units[1], **more}


def heard(text: str, *entities: dict[str, Any], chat: dict[str, Any] = GROUP, **fields: Any) -> str | None:
    """What of a message is said to us."""
    raw = message(chat, text=text, entities=list(entities), **fields)
    read = Message.de_json(raw, Bot("123456789:TEST"))
    return said_to_us(read, US, "bellwether_bot")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (f"{NAME} AAPL", "AAPL"),
        ("@Bellwether_Bot apple 1m", "apple 1m"),
        (f"AAPL {NAME}", "AAPL"),
        (f"{NAME}, AAPL", "AAPL"),
        (f"{NAME}: AAPL ", "AAPL"),
        (f"😀😀 AAPL {NAME}", "😀😀 AAPL"),
        (f"{NAME}\nMSFT", "MSFT"),
        (f"AAPL {NAME}?", "AAPL"),
        (f"{NAME} /forecast AAPL", "/forecast AAPL"),
        (NAME, ""),
    ],
)
def test_a_mention_at_either_end_asks_what_is_left(text: str, asked: str) -> None:
    named = next(
        word for word in text.replace(",", " ").replace(":", " ").replace("?", " ").split() if word.lower() == NAME
    )
    assert heard(text, at(text, named)) == asked


def test_several_mentions_are_all_left_out() -> None:
    text = f"{NAME} {NAME} AAPL {NAME}"
    entities = [{"type": "mention", "offset": offset, "length": 15} for offset in (0, 16, 37)]
    assert heard(text, *entities) == "AAPL"


def test_a_mention_by_another_name_counts_where_it_is_of_this_bot() -> None:
    text = "Bellwether AAPL"
    assert heard(text, at(text, "Bellwether", "text_mention", user=BOT)) == "AAPL"
    assert heard(text, at(text, "Bellwether", "text_mention", user=ANN)) is None


@pytest.mark.parametrize("text", [f"{NAME} AAPL", f"mail me: ann{NAME}", f"AAPL{NAME}"])
def test_the_letters_alone_are_no_mention(text: str) -> None:
    assert heard(text) is None
    assert heard(text, at(text, NAME, "code")) is None
    assert heard(text, at(text, NAME, "email")) is None


@pytest.mark.parametrize(
    "text",
    ["@bellwether_bot2 AAPL", "@bellwether AAPL", "@ann AAPL", "AAPL is great", "/weather Berlin", "/forecast@x AAPL"],
)
def test_what_is_said_to_others_is_left_alone(text: str) -> None:
    name = text.split()[0]
    assert heard(text, at(text, name, "mention" if name.startswith("@") else "bold")) is None


def test_people_who_talk_about_the_bot_are_left_alone() -> None:
    text = f"Ask {NAME} about it, Ben"
    assert heard(text, at(text, NAME)) is None


def test_a_reply_to_the_bot_is_said_to_it_and_no_other_reply() -> None:
    assert heard("MSFT", reply_to_message=OURS) == "MSFT"
    assert heard("MSFT", reply_to_message=BENS) is None
    assert heard("MSFT", reply_to_message=BENS | {"from": OTHER_BOT}) is None
    assert heard("MSFT", reply_to_message=BENS | {"via_bot": BOT}) is None, "a card that somebody shared is theirs"
    assert heard("@ann look", at("@ann look", "@ann"), reply_to_message=OURS) is None, "that is said to Ann"
    assert heard("/weather", reply_to_message=OURS) is None
    begun = OURS | {"forum_topic_created": {"name": "Stocks", "icon_color": 0}}
    assert heard("MSFT", reply_to_message=begun) is None, "the first message of a topic is no reply"


def test_bots_do_not_begin_to_talk_with_each_other() -> None:
    text = f"{NAME} AAPL"
    assert heard(text, at(text, NAME), **{"from": OTHER_BOT}) is None
    assert heard("AAPL", reply_to_message=OURS, **{"from": OTHER_BOT}) is None
    hidden = {"from": {"id": 1087968824, "is_bot": True, "first_name": "Group"}, "sender_chat": GROUP}
    assert heard(text, at(text, NAME), **hidden) == "AAPL", "an admin who hides is no bot"


def test_in_private_everything_is_said_to_the_bot() -> None:
    assert heard("AAPL", chat=PRIVATE) == "AAPL"
    assert heard(f"{NAME} AAPL", at(f"{NAME} AAPL", NAME), chat=PRIVATE) == "AAPL"
    assert heard("/help@other_bot", chat=PRIVATE) == "/help@other_bot"
    assert heard("@ann AAPL", at("@ann AAPL", "@ann"), chat=PRIVATE) == "@ann AAPL"


@pytest.mark.parametrize(("offset", "length"), [(-5, 15), (0, 10**9), (10**9, 15), (0, 0), (0, -1), (1, 14)])
def test_a_mark_beyond_the_text_is_no_mention_of_this_bot(offset: int, length: int) -> None:
    mark = {"type": "mention", "offset": offset, "length": length}
    assert heard("AAPL is 😀 great", mark) is None


ANN_ID, ADMIN, GROUP_ID = 1001, 1002, -1002002


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        server.open_chat(GROUP_ID, "Traders", type="supergroup")
        server.appoint(GROUP_ID, ADMIN)
        yield server
        assert server.violations == []


def test_a_group_asks_by_mention_and_by_reply_in_its_topic_and_with_its_rights(
    server: TelegramServer, tmp_path: Path
) -> None:
    services = bot_services(server, tmp_path)

    def answer(**said: Any) -> Any:
        before = len(server.messages(GROUP_ID))
        server.say(GROUP_ID, said.pop("text"), user_id=said.pop("by", ANN_ID), **said)
        server.wait_for(lambda s: len(s.messages(GROUP_ID)) > before)
        return server.messages(GROUP_ID)[before]

    with running_bot(services):
        forecast = answer(text=f"{NAME} AAPL", thread=4)
        assert "Over the next two weeks Apple" in forecast.text
        assert forecast.thread == 4
        theirs = server._world.chats[GROUP_ID].next_message_id
        server.say(GROUP_ID, "Did you see that?", user_id=ADMIN)
        server.say(GROUP_ID, "MSFT", user_id=ANN_ID, reply_to=theirs)
        server.say(GROUP_ID, f"{NAME}2 AAPL", user_id=ANN_ID)
        server.say(GROUP_ID, f"{NAME} AAPL", user_id=ANN_ID, entities=[])
        server.say(GROUP_ID, "AAPL", user_id=77, is_bot=True, reply_to=forecast.message_id)
        reply = answer(text="MSFT", reply_to=forecast.message_id)
        assert "Over the next two weeks Microsoft" in reply.text
        assert "I see nothing in that message" in answer(text=NAME).text
        assert "only its admins" in answer(text=f"{NAME} /watch AAPL").text
        assert watchlist.watchlist(services, GROUP_ID) == []
        assert "You now watch Apple" in answer(text=f"{NAME} /watch AAPL", by=ADMIN).text
        assert len(server.messages(GROUP_ID)) == 5, "nothing else was answered"
