"""Replies out to Telegram: new messages, edits and notices, at Telegram's pace, with its errors understood."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from telegram import (
    Bot,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
)
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from bellwether.alerting.retry import DeliveryError
from bellwether.config import Telegram
from bellwether.types import OutboxMessage
from bot.pace import Pace
from bot.replies import Button, Pressed, Reply, as_text

CONNECTIONS = 8  #: more are slower
LONGEST_NOTICE = 200  #: characters in the answer to a button
os.environ.setdefault("PTB_TIMEDELTA", "1")  # waits come as timedelta; without it each flood limit warns of the change
_PAUSES = (1, 2, 5, 15, 30)  #: seconds between the tries of one answer
log = logging.getLogger(__name__)


class Blocked(Exception):
    """The person blocked the bot, or the group threw it out: write there no more."""


def make_bot(settings: Telegram) -> Bot:
    """The Bot API client for these settings, not connected yet."""
    # httpx writes every address at INFO, and the address holds the token
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return Bot(
        settings.token.get_secret_value(),
        base_url=settings.base_url,
        base_file_url=settings.base_file_url,
        request=HTTPXRequest(connection_pool_size=CONNECTIONS, pool_timeout=30),
        get_updates_request=HTTPXRequest(connection_pool_size=1),
    )


class Sender:
    """Writes to chats. An answer to a person and an owed message take the same turns."""

    def __init__(self, bot: Bot) -> None:
        """`bot` is initialised by whoever owns it."""
        self._bot = bot
        self._pace = Pace()

    async def send(self, message: OutboxMessage) -> None:
        """Carry one owed message, as `alerting.deliver.Transport` asks. Raises DeliveryError."""
        try:
            await self._say(message.chat_id, Reply(message.text))
        except TelegramError as error:
            raise as_delivery_error(error) from None  # an error's chain may hold the address with the token

    async def answer(self, chat_id: int, reply: Reply) -> None:
        """Send an answer, as plain text where the markup is refused.

        Raises Blocked, or TelegramError when it could not be sent.
        """
        try:
            await _insist(lambda: self._say(chat_id, reply))
        except Forbidden as error:
            raise Blocked from error
        except BadRequest as error:
            if "can't parse entities" not in str(error).lower():
                raise
            log.error("Telegram refused our markup; sent as plain text.")
            await self._pace.turn(chat_id)
            await self._bot.send_message(chat_id, as_text(reply.text), reply_markup=_markup(reply.buttons))

    async def show(self, message: Message, pressed: Pressed) -> None:
        """Answer a button: make the message under it new, or send one more."""
        if pressed.edit is None or pressed.edit.chart is None or not message.photo:
            new = pressed.reply or pressed.edit
            if new is not None:
                await self.answer(message.chat_id, new)
            return
        media = InputMediaPhoto(pressed.edit.chart, caption=pressed.edit.text, parse_mode=ParseMode.HTML)
        markup = _markup(pressed.edit.buttons)
        try:
            await _insist(lambda: message.edit_media(media, reply_markup=markup))
        except BadRequest as error:
            if "not modified" not in str(error).lower():
                raise

    async def notice(self, query: CallbackQuery, text: str) -> None:
        """Every press is answered, or the button spins for a minute; where it can't be, that does no harm."""
        with suppress(TelegramError):
            await query.answer(text[:LONGEST_NOTICE] or None)

    async def _say(self, chat_id: int, reply: Reply) -> None:
        """One new message, in its turn."""
        await self._pace.turn(chat_id)
        markup = _markup(reply.buttons)
        if reply.chart is not None:
            await self._bot.send_photo(
                chat_id, reply.chart, caption=reply.text, parse_mode=ParseMode.HTML, reply_markup=markup
            )
        else:
            await self._bot.send_message(
                chat_id,
                reply.text,
                parse_mode=ParseMode.HTML,
                reply_markup=markup,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )


async def _insist(send: Callable[[], Awaitable[object]]) -> None:
    """Try until it is sent, for about a minute; after a flood limit, as long as Telegram says.

    A time-out is not tried again: the answer may have arrived, and the person can ask again.
    """
    for pause in _PAUSES:
        try:
            await send()
            return
        except RetryAfter as error:
            await asyncio.sleep(seconds(error.retry_after))
        except (TimedOut, BadRequest):
            raise
        except NetworkError as error:
            log.warning("Telegram does not take an answer (%s); trying again in %d s.", type(error).__name__, pause)
            await asyncio.sleep(pause)
    await send()


def as_delivery_error(error: TelegramError) -> DeliveryError:
    """How to treat a failed send; nobody above reads Telegram's texts.

    A time-out or a 5xx may have been delivered all the same: it is sent again, for a digest twice beats a digest lost.
    """
    name = type(error).__name__
    if isinstance(error, RetryAfter):
        return DeliveryError(name, retry_after=timedelta(seconds=seconds(error.retry_after)))
    if isinstance(error, ChatMigrated):
        return DeliveryError(name, moved_to=error.new_chat_id)
    if isinstance(error, Forbidden):
        return DeliveryError(name, permanent=True, gone=True)
    if isinstance(error, BadRequest):
        gone = "chat not found" in str(error).lower()
        return DeliveryError(f"{name}: {error}", permanent=True, gone=gone)
    return DeliveryError(name)


def seconds(wait: int | timedelta) -> float:
    """How long Telegram asks us to wait."""
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _markup(buttons: tuple[tuple[Button, ...], ...]) -> InlineKeyboardMarkup | None:
    rows = [[InlineKeyboardButton(button.label, callback_data=button.action) for button in row] for row in buttons]
    return InlineKeyboardMarkup(rows) if rows else None
