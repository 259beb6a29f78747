"""One message: written, or made to show something else. Nothing here waits, and nothing is tried again."""

import logging
from dataclasses import replace
from functools import lru_cache
from typing import Any

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, TelegramError

from bot.replies import Button, Picture, Reply, as_text
from bot.telegram.errors import refusal
from bot.telegram.pictures import Pictures
from bot.telegram.refusals import Meaning

CHART_NAME = "forecast.png"
log = logging.getLogger(__name__)


class MessageWriter:
    """Puts replies into chats as Telegram wants them. All it does raises TelegramError."""

    def __init__(self, bot: Bot, pictures: Pictures) -> None:
        """`bot` is initialised by whoever owns it."""
        self._bot = bot
        self.pictures = pictures

    async def say(
        self,
        chat_id: int,
        reply: Reply,
        *,
        silent: bool = False,
        thread: int | None = None,
        reply_to: int | None = None,
    ) -> tuple[int, bool]:
        """One new message; its number, and whether its topic is gone, so that it stands in the general one."""
        try:
            return await self._write(chat_id, reply, silent, thread, reply_to), False
        except TelegramError as error:
            if thread is None or refusal(error) is not Meaning.TOPIC_GONE:
                raise
            return await self._write(chat_id, reply, silent, None, reply_to), True

    async def _write(self, chat_id: int, reply: Reply, silent: bool, thread: int | None, reply_to: int | None) -> int:
        """One new message; its number. Plain where Telegram refuses our markup, alone where what it answers is gone."""
        answered = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to is not None else None
        mode: ParseMode | None = ParseMode.HTML
        while True:
            try:
                return await self._put(chat_id, reply, mode, silent, thread, answered)
            except TelegramError as error:
                meaning = refusal(error)
                if meaning is Meaning.MARKUP and mode is not None:
                    log.error("Telegram refused our markup; sent as plain text.")
                    reply, mode = replace(reply, text=as_text(reply.text)), None
                elif meaning is Meaning.ANSWERED_GONE and answered is not None:
                    answered = None
                else:
                    raise

    async def _put(
        self,
        chat_id: int,
        reply: Reply,
        mode: ParseMode | None,
        silent: bool,
        thread: int | None,
        answered: ReplyParameters | None,
    ) -> int:
        markup = _markup(reply.buttons)
        if reply.document is not None:
            sent = await self._bot.send_document(
                chat_id,
                reply.document.content,
                filename=reply.document.name,
                caption=reply.text,
                parse_mode=mode,
                reply_markup=markup,
                message_thread_id=thread,
            )
        elif reply.chart is not None:
            to: dict[str, Any] = {
                "caption": reply.text,
                "parse_mode": mode,
                "reply_markup": markup,
                "message_thread_id": thread,
            }

            async def put(given: str | bytes) -> Message:
                if reply.full_size:
                    return await self._bot.send_document(chat_id, given, filename=CHART_NAME, **to)
                return await self._bot.send_photo(chat_id, given, disable_notification=silent, **to)

            sent = await self.pictures.send(reply.chart, kind_of(reply), put)
        else:
            sent = await self._bot.send_message(
                chat_id,
                reply.text,
                parse_mode=mode,
                reply_markup=markup,
                disable_notification=silent,
                message_thread_id=thread,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_parameters=answered,
            )
        return sent.message_id

    async def put_chart(self, chat_id: int, message_id: int, chart: Picture, reply: Reply) -> None:
        """Make a message show a chart, whatever it showed."""

        async def put(given: str | bytes) -> Message:
            media = InputMediaPhoto(given, caption=reply.text, parse_mode=ParseMode.HTML)
            changed = await self._bot.edit_message_media(
                media, chat_id, message_id, reply_markup=_markup(reply.buttons)
            )
            assert isinstance(changed, Message)  # True comes only for messages that were sent by inline queries
            return changed

        try:
            await self.pictures.send(chart, "photo", put)
        except BadRequest as error:
            if refusal(error) is not Meaning.UNCHANGED:
                raise

    async def edit(self, message: Message, reply: Reply) -> None:
        """Make a message show another reply of its sort: words instead of words, a chart instead of a chart."""
        if reply.chart is not None:
            await self.put_chart(message.chat_id, message.message_id, reply.chart, reply)
            return
        try:
            await message.edit_text(
                reply.text,
                parse_mode=ParseMode.HTML,
                reply_markup=_markup(reply.buttons),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except BadRequest as error:
            if refusal(error) is not Meaning.UNCHANGED:
                raise


def kind_of(reply: Reply) -> str:
    """What a chart goes as."""
    return "document" if reply.full_size else "photo"


def topic_of(message: Message) -> int | None:
    """The topic of a forum group that a message stands in; elsewhere a thread is only a row of replies."""
    return message.message_thread_id if message.is_topic_message else None


@lru_cache(maxsize=256)  # most answers about a stock have the same
def _markup(buttons: tuple[tuple[Button, ...], ...]) -> InlineKeyboardMarkup | None:
    rows = [[InlineKeyboardButton(button.label, callback_data=button.action) for button in row] for row in buttons]
    return InlineKeyboardMarkup(rows) if rows else None
