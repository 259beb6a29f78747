"""Replies out to Telegram: new messages, edits and notices, at Telegram's pace, with its errors understood."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import httpx
from telegram import (
    Bot,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bellwether.alerting.kinds import is_silent
from bellwether.alerting.retry import Cause, DeliveryError
from bellwether.config import Telegram
from bellwether.types import OutboxMessage
from bot.pace import Pace
from bot.replies import Button, Pressed, Reply, as_text
from bot.splitting import split_html

CONNECTIONS = 8  #: more are slower
READ_TIMEOUT = 20.0  #: seconds for an answer: one that comes late after all would make a second message
LONGEST_NOTICE = 200  #: characters in the answer to a button
os.environ.setdefault("PTB_TIMEDELTA", "1")  # waits come as timedelta; without it each flood limit warns of the change
_PAUSES = (1, 2, 5, 15, 30)  #: seconds between the tries of one answer
_MOST_UNCERTAIN = 2  #: tries of one answer that may have arrived
# what Telegram answers by 400 when there is nobody to write to, or no right to
_NOBODY_THERE = ("chat not found", "user not found", "peer_id_invalid", "not enough rights", "no rights to send")
log = logging.getLogger(__name__)


def make_bot(settings: Telegram) -> Bot:
    """The Bot API client for these settings, not connected yet."""
    # httpx writes every address at INFO, and the address holds the token
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return Bot(
        settings.token.get_secret_value(),
        base_url=settings.base_url,
        base_file_url=settings.base_file_url,
        request=HTTPXRequest(connection_pool_size=CONNECTIONS, pool_timeout=30, read_timeout=READ_TIMEOUT),
        get_updates_request=HTTPXRequest(connection_pool_size=1),
    )


class Sender:
    """Writes to chats. Answers to people and owed messages take the same turns, answers first."""

    def __init__(self, bot: Bot, pace: Pace | None = None) -> None:
        """`bot` is initialised by whoever owns it."""
        self._bot = bot
        self._pace = pace or Pace()

    async def send(self, message: OutboxMessage) -> int | None:
        """Carry one owed message, as `alerting.deliver.Transport` asks; its number. Raises DeliveryError.

        A long text goes in parts; what arrived of them is in the error, and is not sent again.
        """
        silent, first = is_silent(message.kind), None
        for number, part in enumerate(split_html(message.text)[message.parts_sent :], message.parts_sent):
            try:
                async with self._pace.turn(message.chat_id, broadcast=True):
                    sent = await self._say(message.chat_id, Reply(part), silent=silent, reply_to=message.reply_to)
                first = first or sent
            except TelegramError as error:
                # "from None": an error's chain may hold the address with the token
                raise self._understood(error, message.chat_id, number) from None
        return first

    async def answer(self, chat_id: int, reply: Reply, thread: int | None = None) -> None:
        """Send an answer, in parts where it is long, trying for about a minute. Raises DeliveryError.

        `thread` is the topic of a forum group that it belongs in.
        """
        captioned = reply.chart is not None or reply.document is not None
        first, *rest = [reply.text] if captioned else split_html(reply.text)
        replies = [replace(reply, text=first, buttons=()), *(Reply(part) for part in rest)]
        replies[-1] = replace(replies[-1], buttons=reply.buttons)  # buttons stand under the end

        for one in replies:

            async def say(one: Reply = one) -> None:
                async with self._pace.turn(chat_id):
                    await self._say(chat_id, one, thread=thread)

            await self._insist(chat_id, say)

    async def show(self, message: Message, pressed: Pressed) -> None:
        """Answer a button: make the message under it new, or send one more. Raises DeliveryError."""
        new = pressed.edit
        # a text can't take a picture's place, nor a picture that of a text
        if new is None or (new.chart is None) != (message.text is not None):
            new = pressed.reply or new
            if new is not None:
                await self.answer(message.chat_id, new, topic_of(message))
            return
        shown, markup = new, _markup(new.buttons)

        async def edit() -> None:
            try:
                if shown.chart is None:
                    await message.edit_text(
                        shown.text,
                        parse_mode=ParseMode.HTML,
                        reply_markup=markup,
                        link_preview_options=LinkPreviewOptions(is_disabled=True),
                    )
                else:
                    media = InputMediaPhoto(shown.chart, caption=shown.text, parse_mode=ParseMode.HTML)
                    await message.edit_media(media, reply_markup=markup)
            except BadRequest as error:
                if "not modified" not in str(error).lower():
                    raise

        await self._insist(message.chat_id, edit)

    async def notice(self, query: CallbackQuery, text: str) -> None:
        """Every press is answered, or the button spins for a minute; where it can't be, that does no harm."""
        with suppress(TelegramError):
            await query.answer(text[:LONGEST_NOTICE] or None)

    async def _say(
        self,
        chat_id: int,
        reply: Reply,
        *,
        silent: bool = False,
        thread: int | None = None,
        reply_to: int | None = None,
    ) -> int:
        """One new message, as plain text where Telegram refuses our markup; its number."""
        # the answered message may be gone by now: then this one stands alone
        answered = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to is not None else None
        try:
            return await self._put(chat_id, reply, ParseMode.HTML, silent, thread, answered)
        except BadRequest as error:
            if "can't parse entities" not in str(error).lower():
                raise
            log.error("Telegram refused our markup; sent as plain text.")
            return await self._put(chat_id, replace(reply, text=as_text(reply.text)), None, silent, thread, answered)

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
            sent = await self._bot.send_photo(
                chat_id,
                reply.chart,
                caption=reply.text,
                parse_mode=mode,
                reply_markup=markup,
                disable_notification=silent,
                message_thread_id=thread,
            )
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

    async def _insist(self, chat_id: int, send: Callable[[], Awaitable[object]]) -> None:
        """Try until it is sent, for about a minute; after a flood limit, as long as Telegram says.

        What may have arrived is sent once more, for an answer twice beats no answer. Raises DeliveryError.
        """
        uncertain = 0
        for pause in (*_PAUSES, None):
            try:
                await send()
                return
            except TelegramError as caught:
                error = self._understood(caught, chat_id, 0)
            uncertain += error.uncertain
            hopeless = error.cause in {Cause.GONE, Cause.REFUSED, Cause.MOVED}
            if hopeless or pause is None or uncertain >= _MOST_UNCERTAIN:
                raise error
            log.warning("Telegram does not take an answer (%s); trying again.", error)
            await asyncio.sleep(pause if error.retry_after is None else error.retry_after.total_seconds())

    def _understood(self, error: TelegramError, chat_id: int, parts_sent: int) -> DeliveryError:
        """How to treat a failed send; a flood limit also holds the pace."""
        understood = as_delivery_error(error, parts_sent)
        if understood.retry_after is not None:
            self._pace.refused(chat_id, understood.retry_after.total_seconds())
        return understood


def as_delivery_error(error: TelegramError, parts_sent: int = 0) -> DeliveryError:
    """How to treat a failed send; nobody above reads Telegram's texts.

    A time-out or a 5xx may have been delivered all the same: it is sent again, for a digest twice beats a digest lost.
    """
    name = type(error).__name__
    if isinstance(error, RetryAfter):
        wait = timedelta(seconds=seconds(error.retry_after))
        return DeliveryError(name, Cause.TOO_FAST, retry_after=wait, parts_sent=parts_sent)
    if isinstance(error, ChatMigrated):
        return DeliveryError(name, Cause.MOVED, moved_to=error.new_chat_id, parts_sent=parts_sent)
    if isinstance(error, Forbidden):
        return DeliveryError(name, Cause.GONE, parts_sent=parts_sent)
    if isinstance(error, BadRequest):
        nobody = any(words in str(error).lower() for words in _NOBODY_THERE)
        return DeliveryError(f"{name}: {error}", Cause.GONE if nobody else Cause.REFUSED, parts_sent=parts_sent)
    # a refused token is no fault of the message, and a connection that never stood carried nothing
    never_left = isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    if never_left or not isinstance(error, NetworkError):
        return DeliveryError(name, Cause.UNREACHABLE, parts_sent=parts_sent)
    return DeliveryError(name, Cause.UNANSWERED, parts_sent=parts_sent)


def topic_of(message: Message) -> int | None:
    """The topic of a forum group that a message stands in; elsewhere a thread is only a row of replies."""
    return message.message_thread_id if message.is_topic_message else None


def seconds(wait: int | timedelta) -> float:
    """How long Telegram asks us to wait."""
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _markup(buttons: tuple[tuple[Button, ...], ...]) -> InlineKeyboardMarkup | None:
    rows = [[InlineKeyboardButton(button.label, callback_data=button.action) for button in row] for row in buttons]
    return InlineKeyboardMarkup(rows) if rows else None
