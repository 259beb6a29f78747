"""One message: written, or made to show something else. Nothing here waits, and nothing is tried again."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
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

from bot.replies import Picture, Reply, Rows, as_text
from bot.telegram.pictures import Pictures
from bot.telegram.refusals import Meaning, refusal

CHART_NAME = "forecast.png"
log = logging.getLogger(__name__)


class MessageWriter:
    """Writes replies into chats. Every method raises TelegramError."""

    def __init__(self, bot: Bot, pictures: Pictures, *, paid: bool = False) -> None:
        """`bot` is initialised by whoever owns it. Where messages are `paid`, more than 30 a second may leave.

        Telegram takes its fee only for those above the 30, whichever carry the word.
        """
        self._bot = bot
        self._paid = True if paid else None
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
        """Write a new message; return its number, and whether its topic is gone, so that it stands in the general one.

        It is plain where Telegram refuses our markup, and replies to nothing where the message that it answers is gone.
        """
        answered = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to is not None else None
        mode: ParseMode | None = ParseMode.HTML
        topic_is_gone = False
        while True:
            try:
                return await self._put(chat_id, reply, mode, silent, thread, answered), topic_is_gone
            except TelegramError as error:
                meaning = refusal(error)
                if meaning is Meaning.TOPIC_GONE and thread is not None:
                    thread, topic_is_gone = None, True
                elif meaning is Meaning.MARKUP and mode is not None:
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
        to: dict[str, Any] = {
            "parse_mode": mode,
            "reply_markup": _markup(reply.buttons),
            "message_thread_id": thread,
            "allow_paid_broadcast": self._paid,
        }
        if reply.document is not None:
            content, name = reply.document.content, reply.document.name
            sent = await self._bot.send_document(chat_id, content, filename=name, caption=reply.text, **to)
        elif reply.chart is not None:
            to["caption"] = reply.text

            async def put(given: str | bytes) -> Message:
                if reply.full_size:
                    return await self._bot.send_document(chat_id, given, filename=CHART_NAME, **to)
                return await self._bot.send_photo(chat_id, given, disable_notification=silent, **to)

            sent = await self.pictures.send(reply.chart, kind_of(reply), put)
        else:
            sent = await self._bot.send_message(
                chat_id,
                reply.text,
                disable_notification=silent,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_parameters=answered,
                **to,
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

        with _unchanged_is_fine():
            await self.pictures.send(chart, "photo", put)

    async def edit(self, message: Message, reply: Reply) -> None:
        """Make a message show another reply of its sort: words instead of words, a chart instead of a chart."""
        if reply.chart is not None:
            await self.put_chart(message.chat_id, message.message_id, reply.chart, reply)
            return
        with _unchanged_is_fine():
            await message.edit_text(
                reply.text,
                parse_mode=ParseMode.HTML,
                reply_markup=_markup(reply.buttons),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )


@contextmanager
def _unchanged_is_fine() -> Iterator[None]:
    try:
        yield
    except BadRequest as error:
        if refusal(error) is not Meaning.UNCHANGED:
            raise


def kind_of(reply: Reply) -> str:
    """Return "photo" or "document", as the chart of a reply is sent."""
    return "document" if reply.full_size else "photo"


def topic_of(message: Message) -> int | None:
    """Return the topic of a forum group that a message stands in; elsewhere a thread is only a row of replies."""
    return message.message_thread_id if message.is_topic_message else None


@lru_cache(maxsize=256)  # most answers about a stock have the same
def _markup(buttons: Rows) -> InlineKeyboardMarkup | None:
    rows = [[InlineKeyboardButton(button.label, callback_data=button.action) for button in row] for row in buttons]
    return InlineKeyboardMarkup(rows) if rows else None
