"""The Telegram test server, driven by python-telegram-bot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    MenuButtonCommands,
    ReplyKeyboardMarkup,
    ReplyParameters,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)

from tests.support.bot_api_server.client import drive, png, post
from tests.support.bot_api_server.errors import ApiError
from tests.support.bot_api_server.limits import FloodLimits
from tests.support.bot_api_server.server import TelegramServer

ANN = 7
GROUP = -40


def keyboard(*rows: dict[str, str]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(text, callback_data=data) for text, data in row.items()] for row in rows]
    )


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        server.open_chat(ANN)
        yield server


@pytest.fixture(autouse=True)
def retry_after_is_a_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    # without it python-telegram-bot 22 warns of a deprecation whenever it raises RetryAfter
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


def seconds_to_wait(error: RetryAfter) -> float:
    assert isinstance(error.retry_after, timedelta)
    return error.retry_after.total_seconds()


def test_a_conversation(server: TelegramServer) -> None:
    async def use(bot: Bot) -> None:
        server.say(ANN, "/forecast AAPL 10")
        (update,) = await bot.get_updates(timeout=5)
        assert update.message is not None
        assert update.message.parse_entities(["bot_command"]).popitem()[1] == "/forecast"
        await bot.send_chat_action(ANN, "typing")
        sent = await update.message.reply_html(
            "<b>AAPL</b> &amp; <i>friends</i> 📈 <code>x&lt;y</code> $AAPL",
            reply_markup=keyboard({"Chart": "chart:AAPL"}, {"Again": "again", "Stop": "stop"}),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_parameters=ReplyParameters(update.message.message_id),
        )
        assert sent.text == "AAPL & friends 📈 x<y $AAPL"
        assert [(e.type, sent.parse_entity(e)) for e in sent.entities] == [
            ("bold", "AAPL"),
            ("italic", "friends"),
            ("code", "x<y"),
            ("cashtag", "$AAPL"),
        ]
        assert sent.reply_to_message is not None
        server.press(ANN, sent.message_id, "Chart")
        (update,) = await bot.get_updates(offset=update.update_id + 1, timeout=5)
        assert update.callback_query is not None
        assert update.callback_query.data == "chart:AAPL"
        await update.callback_query.answer("drawing")
        with pytest.raises(BadRequest, match=r"(?i)query is too old"):
            await update.callback_query.answer()

    drive(server, use)
    last = server.last(ANN)
    assert last is not None
    assert (last.kind, last.buttons[1][0]["callback_data"], last.edits) == ("text", "again", 0)
    assert last.html.startswith("<b>AAPL</b>")
    assert server.answered_callbacks[0].text == "drawing"
    assert server.violations == []


def test_edits(server: TelegramServer) -> None:
    async def use(bot: Bot) -> None:
        sent = await bot.send_message(ANN, "one", reply_markup=keyboard({"A": "a"}))
        with pytest.raises(BadRequest, match=r"(?i)message is not modified"):
            await sent.edit_text("one", reply_markup=keyboard({"A": "a"}))
        edited = await sent.edit_text("two")
        assert not isinstance(edited, bool)
        assert edited.edit_date is not None
        assert edited.reply_markup is None
        await sent.edit_reply_markup(keyboard({"B": "b"}))
        with pytest.raises(BadRequest, match=r"(?i)message to edit not found"):
            await bot.edit_message_text("x", ANN, 999)
        with pytest.raises(BadRequest, match=r"(?i)there is no caption"):
            await sent.edit_caption("x")
        await sent.delete()
        with pytest.raises(BadRequest, match=r"(?i)message to delete not found"):
            await sent.delete()
        with_keyboard = await bot.send_message(ANN, "pick", reply_markup=ReplyKeyboardMarkup([["AAPL"]]))
        with pytest.raises(BadRequest, match=r"(?i)can't be edited"):
            await with_keyboard.edit_text("picked")
        server.press(ANN, with_keyboard.message_id, "AAPL")

    drive(server, use)
    gone, shown = server.messages(ANN, include_deleted=True)
    assert gone.deleted
    assert [version.text for version in gone.versions] == ["one", "two", "two"]
    assert server.messages(ANN) == [shown]
    with pytest.raises(AssertionError, match="shows no message"):
        server.press(ANN, gone.message_id, "b")
    with pytest.raises(AssertionError, match="has no button"):
        server.press(ANN, shown.message_id, "MSFT")
    assert server.pending_updates[-1]["message"]["text"] == "AAPL"
    assert server.violations == []


def test_photos(server: TelegramServer) -> None:
    picture = png()

    async def use(bot: Bot) -> None:
        sent = await bot.send_photo(ANN, picture, caption="<b>chart</b>", parse_mode="HTML")
        assert (sent.photo[-1].width, sent.photo[-1].height) == (40, 30)
        again = await bot.send_photo(ANN, sent.photo[-1].file_id)
        assert again.photo[-1].file_unique_id == sent.photo[-1].file_unique_id
        with pytest.raises(BadRequest, match=r"(?i)wrong file identifier"):
            await bot.send_photo(ANN, "AgACnonsense")
        with pytest.raises(BadRequest, match=r"(?i)there is no text in the message to edit"):
            await sent.edit_text("x")
        await sent.edit_caption("new caption")
        other = png(50, 50)
        await sent.edit_media(InputMediaPhoto(other, caption="other"), reply_markup=keyboard({"A": "a"}))
        text = await bot.send_message(ANN, "soon a picture")
        await text.edit_media(InputMediaPhoto(sent.photo[-1].file_id))
        file = await bot.get_file(sent.photo[-1].file_id)
        assert bytes(await file.download_as_bytearray()) == picture
        document = await bot.send_document(ANN, b"a,b\n1,2\n", filename="table.csv", caption="data")
        assert document.document is not None
        assert (document.document.file_name, document.document.mime_type) == ("table.csv", "text/csv")

    drive(server, use)
    first, second, third, document = server.messages(ANN)
    assert [version.text for version in first.versions] == ["chart", "new caption", "other"]
    assert first.photo_bytes == png(50, 50)
    assert second.photo_bytes == picture
    assert (third.kind, third.photo_bytes, third.text) == ("photo", picture, "")
    assert document.document_bytes == b"a,b\n1,2\n"
    assert server.violations == []


def test_long_poll_waits_and_redelivers_until_confirmed(server: TelegramServer) -> None:
    async def use(bot: Bot) -> None:
        assert await bot.get_updates(timeout=0) == ()
        waiting = asyncio.ensure_future(bot.get_updates(timeout=5))
        await asyncio.sleep(0.1)
        started = time.monotonic()
        first = server.say(ANN, "one")
        assert [update.update_id for update in await waiting] == [first]
        assert time.monotonic() - started < 1
        second = server.say(ANN, "two")
        assert len(await bot.get_updates()) == 2
        assert len(await bot.get_updates(limit=1)) == 1
        assert [update.update_id for update in await bot.get_updates(offset=second)] == [second]
        assert [update.update_id for update in await bot.get_updates()] == [second]
        started = time.monotonic()
        assert await bot.get_updates(offset=second + 1, timeout=1) == ()
        assert 0.9 < time.monotonic() - started < 2
        server.say(ANN, "three")
        newest = server.say(ANN, "four")
        assert [update.update_id for update in await bot.get_updates(offset=-1)] == [newest]

    drive(server, use)
    assert len(server.pending_updates) == 1


def test_allowed_updates_hold_until_changed(server: TelegramServer) -> None:
    async def use(bot: Bot) -> None:
        await bot.get_updates(allowed_updates=["callback_query"])
        server.say(ANN, "unheard")
        assert await bot.get_updates() == ()
        await bot.get_updates(allowed_updates=["message"])
        server.say(ANN, "heard")
        assert len(await bot.get_updates()) == 1

    drive(server, use)


def test_two_listeners_conflict(server: TelegramServer) -> None:
    async def use(bot: Bot) -> None:
        first = asyncio.ensure_future(bot.get_updates(timeout=10))
        await asyncio.sleep(0.1)
        # a bot keeps one connection for getUpdates, so the second listener is another bot
        async with Bot(server.token, base_url=server.base_url) as other:
            second = asyncio.ensure_future(other.get_updates(timeout=10))
            with pytest.raises(Conflict, match=r"(?i)terminated by other getUpdates"):
                await first
            server.say(ANN, "hello")
            assert len(await second) == 1

    drive(server, use)


def test_a_listener_that_left_conflicts_with_nobody(server: TelegramServer) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.base_url}{server.token}/getUpdates", data={"timeout": 30}, timeout=0.2)
    server.say(ANN, "hello")
    assert len(post(server, "getUpdates")["result"]) == 1


def test_wrong_token(server: TelegramServer) -> None:
    async def use(bot: Bot) -> None:
        raise AssertionError("initialize must fail")

    with pytest.raises(InvalidToken):
        drive(server, use, token="1:WRONG")
    assert server.violations == []


def test_people_decide_who_may_write(server: TelegramServer) -> None:
    async def use(bot: Bot) -> None:
        with pytest.raises(BadRequest, match=r"(?i)chat not found"):
            await bot.send_message(8, "hello")
        server.block(ANN)
        with pytest.raises(Forbidden, match=r"(?i)bot was blocked by the user"):
            await bot.send_message(ANN, "hello")
        server.unblock(ANN)
        await bot.send_message(ANN, "hello")
        updates = await bot.get_updates()
        assert [u.my_chat_member.new_chat_member.status for u in updates if u.my_chat_member] == [
            "kicked",
            "member",
        ]
        server.open_chat(GROUP, type="group")
        server.migrate(GROUP, -1000040)
        with pytest.raises(ChatMigrated) as migrated:
            await bot.send_message(GROUP, "hello")
        await bot.send_message(migrated.value.new_chat_id, "hello")

    drive(server, use)
    assert server.violations == []


def test_flood_limits_over_the_wire() -> None:
    async def use(bot: Bot) -> None:
        for _ in range(3):  # at once
            await bot.send_message(ANN, "one")
        with pytest.raises(RetryAfter) as refused:
            await bot.send_message(ANN, "two")
        assert seconds_to_wait(refused.value) == 1
        await asyncio.sleep(1)
        await bot.send_message(ANN, "two")

    with TelegramServer(flood_limits=True) as server:
        server.open_chat(ANN)
        drive(server, use)
        assert server.flood_hits == 1
        assert len(server.messages(ANN)) == 4


def test_flood_limits_of_groups_and_in_all() -> None:
    now = [0.0]
    limits = FloodLimits(enabled=True, clock=lambda: now[0])

    def wait(chat_id: int) -> int:
        try:
            limits.count(chat_id, private=chat_id > 0)
        except ApiError as error:
            assert error.parameters is not None
            return int(error.parameters["retry_after"])
        return 0

    assert [wait(GROUP) for _ in range(21)] == [0] * 20 + [60]
    assert [wait(person) for person in range(1, 12)] == [0] * 10 + [1]  # 30 in this second
    now[0] = 1.0
    assert ([wait(1) for _ in range(4)], wait(GROUP)) == ([0, 0, 0, 1], 59)
    now[0] = 60.0
    assert wait(GROUP) == 0
    assert limits.hits == 4


def test_the_bot_itself(server: TelegramServer) -> None:
    async def use(bot: Bot) -> None:
        assert bot.username == "bellwether_bot"
        await bot.set_my_commands([BotCommand("help", "what I can do")])
        await bot.set_my_commands([BotCommand("stop", "stop")], scope=BotCommandScopeChat(ANN))
        assert [command.command for command in await bot.get_my_commands()] == ["help"]
        await bot.delete_my_commands()
        assert await bot.get_my_commands() == ()
        await bot.set_my_description("forecasts")
        await bot.set_my_short_description("forecasts")
        await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
        server.say(ANN, "hello")
        await bot.set_message_reaction(ANN, 1, "👍")
        assert (await bot.get_webhook_info()).pending_update_count == 1
        await bot.delete_webhook(drop_pending_updates=True)
        assert await bot.get_updates() == ()
        with pytest.raises(BadRequest, match=r"(?i)not supported by this test server"):
            await bot.send_dice(ANN)

    drive(server, use)
    assert server.violations == []


def test_ordered_failures(server: TelegramServer) -> None:
    async def use(bot: Bot) -> None:
        server.fail_next("sendMessage", status=429, retry_after=3)
        with pytest.raises(RetryAfter):
            await bot.send_message(ANN, "x")
        server.fail_next("sendMessage", status=403, times=2)
        for _ in range(2):
            with pytest.raises(Forbidden):
                await bot.send_message(ANN, "x")
        server.fail_next("sendMessage", status=400, description="Bad Request: nonsense")
        with pytest.raises(BadRequest, match=r"(?i)nonsense"):
            await bot.send_message(ANN, "x")
        server.fail_next("sendMessage", status=502, after_processing=True)
        with pytest.raises(NetworkError):
            await bot.send_message(ANN, "delivered though refused")
        server.drop_next("sendMessage", after_processing=False)
        with pytest.raises(NetworkError):
            await bot.send_message(ANN, "lost")
        server.drop_next("sendMessage", after_processing=True)
        with pytest.raises(NetworkError):
            await bot.send_message(ANN, "delivered though dropped")
        server.hang_next("sendMessage", 5)
        with pytest.raises(TimedOut):
            await bot.send_message(ANN, "never", read_timeout=0.2)
        server.hang_next("sendMessage", 5, after_processing=True)
        with pytest.raises(TimedOut):
            await bot.send_message(ANN, "delivered though late", read_timeout=0.2)

    drive(server, use)
    assert [message.text for message in server.messages(ANN)] == [
        "delivered though refused",
        "delivered though dropped",
        "delivered though late",
    ]
    assert server.violations == []


def test_waiting_tells_what_was_seen(server: TelegramServer) -> None:
    post(server, "sendMessage", chat_id=ANN, text="the only message")
    last = server.wait_for(lambda seen: seen.last(ANN))
    assert last is not None
    assert last.text == "the only message"
    with pytest.raises(AssertionError, match="the only message"):
        server.wait_for(lambda seen: len(seen.messages(ANN)) > 1, timeout=0.1)
    assert server.calls("sendMessage") == [{"chat_id": ANN, "text": "the only message"}]
