"""In a group: what is said to the bot is answered, and nothing that people say to each other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot, Message

from bellwether.alerts import watchlist
from bot import conversation
from bot.telegram.addressed import Asked, said_to_us
from tests.support.bot_api_server.server import TelegramServer
from tests.support.made_updates import ANN, BOT, GROUP, PRIVATE, message
from tests.support.running_bot import bot_services, running_bot

US, NAME = BOT["id"], "@bellwether_bot"
OTHER_BOT: dict[str, Any] = {"id": 77, "is_bot": True, "first_name": "Weather", "username": "bellwether_bot2"}
OURS = message(GROUP, text="Apple will probably end between", message_id=3, **{"from": BOT})
CHANNEL: dict[str, Any] = {"id": -1009000000001, "type": "channel", "title": "News"}
BENS = message(GROUP, text="AAPL?", message_id=3)


def at(text: str, named: str, kind: str = "mention", **more: Any) -> dict[str, Any]:
    """An entity over the last place where `named` stands, counted as Telegram does, in UTF-16 units."""
    before = text[: text.rindex(named)]
    units = len(before.encode("utf-16-le")) // 2, len(named.encode("utf-16-le")) // 2
    return {"type": kind, "offset": units[0], "length": units[1], **more}


def listened(text: str, *entities: dict[str, Any], chat: dict[str, Any] = GROUP, **fields: Any) -> Asked | None:
    """What of a message is said to us, and whether surely."""
    raw = message(chat, text=text, entities=list(entities), **fields)
    read = Message.de_json(raw, Bot("123456789:TEST"))
    return said_to_us(read, US, "bellwether_bot")


def heard(text: str, *entities: dict[str, Any], **fields: Any) -> str | None:
    """What of a message is said to us."""
    asked = listened(text, *entities, **fields)
    return None if asked is None else asked.text


def calling(text: str, **fields: Any) -> Asked | None:
    """The same of a group's message, all of whose mentions Telegram has marked."""
    marks = [
        {"type": "mention", "offset": len(text[: one.start()].encode("utf-16-le")) // 2, "length": len(one[0])}
        for one in re.finditer(r"@[a-z_0-9]+", text)
    ]
    return listened(text, *marks, **fields)


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


@pytest.mark.parametrize(
    ("text", "asked", "surely"),
    [
        (f"hey {NAME} AAPL", "AAPL", True),
        (f"Привет, {NAME}! AAPL", "AAPL", True),
        (f"({NAME}) AAPL", "AAPL", True),
        (f"🙏 {NAME} AAPL", "AAPL", True),
        (f"{NAME}. AAPL", "AAPL", True),
        (f"{NAME} \N{EN DASH} AAPL", "AAPL", True),
        (f"{NAME}、AAPL", "AAPL", True),
        (f"{NAME} $AAPL", "$AAPL", True),
        (f"{NAME} ^GSPC", "^GSPC", True),
        (f"{NAME}: /help", "/help", True),
        (f"AAPL {NAME} 🙏", "AAPL", False),
        (f"AAPL ({NAME})", "AAPL", False),
        (f"you should all try {NAME}", "you should all try", False),
        (f"{NAME} AAPL for @ann", "AAPL for @ann", False),
    ],
)
def test_what_stands_before_the_name_or_beside_another_is_perhaps_said_to_us(
    text: str, asked: str, surely: bool
) -> None:
    assert calling(text) == Asked(asked, surely)


@pytest.mark.parametrize(
    "text",
    [
        *(f"@ann use {NAME}", f"hey @ann {NAME}", f"use {NAME}, Ben", f"AAPL {NAME} @ann"),
        *(f"thanks {NAME}", f"{NAME} thank you so much!", f"LOL {NAME}", f"hi {NAME}, nice one 👍", f"Danke, {NAME}!"),
    ],
)
def test_what_is_said_of_us_to_others_and_what_asks_nothing_is_left_alone(text: str) -> None:
    assert calling(text) is None


@pytest.mark.parametrize("text", ["thanks!", "lol", "OK", "спасибо", "muito obrigado", "Nice one"])
def test_small_talk_under_our_messages_is_left_alone(text: str) -> None:
    assert heard(text, reply_to_message=OURS) is None


def test_a_reply_is_only_perhaps_said_to_us() -> None:
    assert listened("so I sold all of it", reply_to_message=OURS) == Asked("so I sold all of it", surely=False)
    assert listened("NICE", reply_to_message=OURS) == Asked("NICE", surely=False), "in capitals it is a symbol"


@pytest.mark.parametrize("unseen", ["\u200b", "\ufeff", "\u200f\u2060"])
def test_marks_that_nobody_sees_may_stand_before_a_command(unseen: str) -> None:
    assert heard(f"{unseen}/help") == "/help"
    assert heard(f"{unseen}/weather") is None
    assert conversation.matters_who_asks(f"{unseen}/watch AAPL")


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


@pytest.mark.parametrize("chat", [GROUP, PRIVATE], ids=["group", "private"])
@pytest.mark.parametrize(
    "writer",
    [
        {"from": OTHER_BOT},
        {"from": {"id": 136817688, "is_bot": True, "first_name": "Channel"}, "sender_chat": CHANNEL},
        {"from": {"id": 777000, "is_bot": False, "first_name": "Telegram"}, "sender_chat": CHANNEL},
    ],
    ids=["bot", "channel", "linked channel"],
)
def test_what_no_person_wrote_is_never_answered(chat: dict[str, Any], writer: dict[str, Any]) -> None:
    assert calling(f"{NAME} AAPL", chat=chat, **writer) is None
    assert heard("/help", chat=chat, **writer) is None
    assert heard("AAPL", chat=chat, reply_to_message=OURS, **writer) is None


def test_an_admin_who_hides_is_no_bot_and_a_card_of_ours_no_question() -> None:
    hidden = {"from": {"id": 1087968824, "is_bot": True, "first_name": "Group"}, "sender_chat": GROUP}
    assert calling(f"{NAME} AAPL", **hidden) == Asked("AAPL")
    assert heard("AAPL", reply_to_message=OURS, via_bot=BOT) is None
    assert heard("AAPL", chat=PRIVATE, via_bot=BOT) is None
    assert heard("AAPL", chat=PRIVATE, via_bot=OTHER_BOT) == "AAPL"


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
def server(server: TelegramServer) -> TelegramServer:
    server.open_chat(GROUP_ID, "Traders", type="supergroup")
    server.appoint(GROUP_ID, ADMIN)
    return server


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
        for chatter in ("thanks!", "lol", "I sold mine yesterday, all of it", "what now"):
            server.say(GROUP_ID, chatter, user_id=ANN_ID, reply_to=forecast.message_id)
        server.say(GROUP_ID, f"you should all try {NAME}", user_id=ANN_ID)
        server.say(GROUP_ID, f"@ann use {NAME}", user_id=ANN_ID)
        server.say(GROUP_ID, "AAPL", user_id=77, is_bot=True, reply_to=forecast.message_id)
        reply = answer(text="MSFT", reply_to=forecast.message_id)
        assert "Over the next two weeks Microsoft" in reply.text
        assert "I see nothing in that message" in answer(text=NAME).text
        assert "only its admins" in answer(text=f"{NAME} /watch AAPL").text
        assert watchlist.watchlist(services.store, GROUP_ID) == []
        assert "You now watch Apple" in answer(text=f"{NAME} /watch AAPL", by=ADMIN).text
        assert "Over the next month Apple" in answer(text=f"apple 1m {NAME} 🙏").text
        assert "I don't know the ticker XQZJW" in answer(text=f"{NAME} XQZJW").text
        assert len(server.messages(GROUP_ID)) == 7, "nothing else was answered"
