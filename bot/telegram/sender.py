"""Replies out to Telegram: answers and owed messages, at Telegram's pace, tried again where that helps."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import TypeVar

from telegram import Bot, CallbackQuery, Message
from telegram.error import TelegramError

from bellwether.core.i18n.translate import use_language
from bellwether.core.split_html import split_html
from bellwether.delivery.channels.channel import Accepted
from bellwether.delivery.deliver import MOST_AT_ONCE
from bellwether.delivery.message_kinds import is_silent
from bellwether.delivery.messages import OutboxMessage
from bellwether.delivery.retry import Cause, DeliveryError
from bot.keyboards import under_message
from bot.replies import Pressed, Reply
from bot.telegram.client import lanes_of
from bot.telegram.errors import as_delivery_error
from bot.telegram.lanes import RATE
from bot.telegram.message import MessageWriter, kind_of, topic_of
from bot.telegram.pictures import Pictures
from bot.telegram.progress import current, sending
from bot.telegram.rate_limits import ChatIsFull, SendRateLimit

PATIENCE = 1.5  #: seconds that an answer waits for its chart, if no other one is being drawn
FOR_PEOPLE = 2  #: lanes that owed messages leave to answers
AHEAD = 0.1  #: seconds for which messages are claimed ahead of their turns, where turns come quicker than claims
LONGEST_NOTICE = 200  #: characters in the answer to a button
_PAUSES = (1, 2, 5, 15, 30)  #: seconds between the tries of one answer
_MOST_UNCERTAIN = 2  #: tries of one answer that may have arrived
# an answer is not lost for the form it has: words may be written where pictures and files may not
_IN_WORDS = {Cause.REFUSED, Cause.MAY_NOT_SEND_THIS, Cause.MAY_NOT_WRITE}
_HOPELESS = {Cause.GONE, Cause.MOVED, *_IN_WORDS}  #: until something changes in the chat, or in the message
Sent = TypeVar("Sent")
log = logging.getLogger(__name__)


class TelegramSender:
    """Writes to chats. Answers and owed messages take turns under one rate limit, answers first."""

    def __init__(self, bot: Bot, pictures: Pictures, rate_limit: SendRateLimit | None = None) -> None:
        """`bot` is initialised by whoever owns it."""
        self._lanes = lanes_of(bot)
        self._writer = MessageWriter(bot, pictures, paid=self._lanes.rate > RATE)
        self._rate_limit = rate_limit or SendRateLimit(most=self._lanes.rate)
        self._rate_limit.latency = self._lanes.latency

    async def send(self, message: OutboxMessage) -> Accepted:
        """Send one part of an owed message, as `delivery.channels.telegram.Transport` asks. Raises DeliveryError.

        The first part has the sound of its kind; the others are silent. Buttons stand under the last one.
        """
        left = _parts(message.text)[message.parts_sent :]
        if not left:  # an earlier version has made fewer parts of it
            return Accepted()
        begins = message.parts_sent == 0
        silent = is_silent(message.kind) or not begins
        with use_language(message.language):
            part = Reply(left[0], buttons=under_message(message.offers) if len(left) == 1 else ())
        chat_id, thread, reply_to = message.recipient.id, message.thread, message.reply_to if begins else None
        try:
            async with self._rate_limit.turn(chat_id, broadcast=True):
                number, topic_is_gone = await self._writer.say(
                    chat_id, part, silent=silent, thread=thread, reply_to=reply_to
                )
        except ChatIsFull as full:
            raise DeliveryError(str(full), Cause.TOO_FAST, retry_after=timedelta(seconds=full.seconds)) from None
        except TelegramError as error:
            # "from None": an error's chain may hold the address with the token
            raise self._delivery_error(error, chat_id) from None
        return Accepted(number, more=len(left) > 1, topic_is_gone=topic_is_gone)

    def resting(self, longer_than: float = 0.0) -> Collection[int]:
        """Return the chats to which sending would wait more than so many seconds."""
        return self._rate_limit.resting(longer_than)

    def at_once(self) -> int:
        """Return how many owed messages are worth having under way, by how far away Telegram is.

        The other lanes stay free: where Telegram hangs, each message keeps its lane, and people are answered first.
        """
        ahead = AHEAD * max(self._lanes.rate - RATE, 0)  # at the free rate a turn is no shorter than a claim
        return self._lanes.at_once() - FOR_PEOPLE + int(ahead)

    async def answer(self, chat_id: int, reply: Reply, thread: int | None = None) -> None:
        """Send an answer, in parts where it is long, trying for about a minute. Raises DeliveryError.

        `thread` is the topic of a forum group. Where the chart takes a while the words go first, and the chart joins
        them; where the chat takes no picture or file, or sending one fails, they go alone. Parts that arrived in an
        earlier try are not sent again.
        """
        if reply.chart is not None and not await self._is_drawn(reply, PATIENCE):
            await self._answer_before_chart(chat_id, reply, thread)
        else:
            await self._say_or_words(chat_id, reply, thread)

    async def _say_or_words(self, chat_id: int, reply: Reply, thread: int | None) -> None:
        """Send an answer, or its words alone where that helps. Raises DeliveryError."""
        try:
            await self._say_all(chat_id, reply, thread)
        except DeliveryError as error:
            words = _in_words(reply)
            if words is None or not _helped_by_words(error, reply):
                raise
            log.warning("No chart or file can be sent there (%s); the words go alone.", error)
            await self._say_all(chat_id, words, thread)

    async def _say_all(self, chat_id: int, reply: Reply, thread: int | None) -> None:
        """Send all parts of an answer. Raises DeliveryError."""
        captioned = reply.chart is not None or reply.document is not None
        first, *rest = [reply.text] if captioned else split_html(reply.text)
        parts = [replace(reply, text=first, buttons=()), *(Reply(part) for part in rest)]
        parts[-1] = replace(parts[-1], buttons=reply.buttons)  # buttons stand under the end
        progress = current()
        if [part.text for part in parts[: len(progress.said)]] != progress.said:  # it reads otherwise now
            progress.said.clear()
        for part in parts[len(progress.said) :]:
            await self._say(chat_id, part, thread)
            progress.said.append(part.text)

    async def _say(self, chat_id: int, part: Reply, thread: int | None) -> int:
        """Send one message in its chat's turn; return its number. Raises DeliveryError."""

        async def say() -> int:
            async with self._rate_limit.turn(chat_id):
                with sending():
                    number, _ = await self._writer.say(chat_id, part, thread=thread)
            return number

        return await self._send_with_retries(chat_id, say)

    async def _answer_before_chart(self, chat_id: int, reply: Reply, thread: int | None) -> None:
        """Send the words at once; then add the chart to the message, or send its file in one more message.

        A stop in between leaves the words without a chart: they are an answer, and would come twice after the restart.
        """
        try:
            said = await self._say(chat_id, replace(reply, chart=None), thread)
        except DeliveryError as error:
            if error.cause is not Cause.MAY_NOT_WRITE:
                raise
            # there are groups that take pictures, and no words but those under them
            if not await self._is_drawn(reply):
                raise
            await self._say_all(chat_id, reply, thread)
            return
        try:
            if await self._is_drawn(reply):
                await self._add_chart(chat_id, said, reply, thread)
        except DeliveryError as error:
            log.warning("A chart could not be sent after its words (%s).", error)
        except asyncio.CancelledError:
            log.warning("Stopped before the chart of an answer was drawn; its words were sent.")

    async def _is_drawn(self, reply: Reply, patience: float | None = None) -> bool:
        """Tell whether the chart of an answer can be sent within so many seconds (None: no limit)."""
        try:
            return reply.chart is not None and await self._writer.pictures.ready(reply.chart, kind_of(reply), patience)
        except Exception:
            if patience is None:  # else that is said after its words
                log.exception("A chart could not be drawn; its words go alone.")
            return False

    async def _add_chart(self, chat_id: int, said: int, reply: Reply, thread: int | None) -> None:
        """Add the chart to its words, which are message `said`. Raises DeliveryError."""
        chart = reply.chart
        assert chart is not None
        if reply.full_size:
            await self._say_or_words(chat_id, reply, thread)
        else:
            await self._send_with_retries(chat_id, lambda: self._writer.put_chart(chat_id, said, chart, reply))

    async def show(self, message: Message, pressed: Pressed) -> None:
        """Answer a button: change the message under it, or send one more. Raises DeliveryError."""
        new = pressed.edit
        # a text can't take a picture's place, nor a picture that of a text
        if new is None or (new.chart is None) != (message.text is not None):
            new = pressed.reply or new
            if new is not None:
                await self.answer(message.chat_id, new, topic_of(message))
            return
        shown = new

        async def edit() -> None:
            with sending():
                await self._writer.edit(message, shown)

        try:
            await self._send_with_retries(message.chat_id, edit)
        except DeliveryError as error:
            if not _helped_by_words(error, shown):
                raise
            log.warning("A message could not be made new (%s); the answer is one more.", error)
            await self.answer(message.chat_id, shown, topic_of(message))

    async def notice(self, query: CallbackQuery, text: str) -> None:
        """Answer a press, or the button spins for a minute; a failure does no harm."""
        with suppress(TelegramError):
            await query.answer(text[:LONGEST_NOTICE] or None)

    def close(self) -> None:
        """Stop the thread that draws; no new picture is sent after that."""
        self._writer.pictures.close()

    async def _send_with_retries(self, chat_id: int, send: Callable[[], Awaitable[Sent]]) -> Sent:
        """Try for about a minute; after a flood limit, as long as Telegram says. Raises DeliveryError.

        What may have arrived is sent once more, for an answer twice beats no answer.
        """
        uncertain, pauses = 0, iter(_PAUSES)
        while True:
            try:
                return await send()
            except TelegramError as caught:
                error = self._delivery_error(caught, chat_id)
            uncertain += error.uncertain
            pause = next(pauses, None)
            if error.cause in _HOPELESS or pause is None or uncertain >= _MOST_UNCERTAIN:
                raise error
            log.warning("Telegram does not take an answer (%s); trying again.", error)
            await asyncio.sleep(pause if error.retry_after is None else error.retry_after.total_seconds())

    def _delivery_error(self, error: TelegramError, chat_id: int) -> DeliveryError:
        """Classify a failed send; a flood limit also holds the rate limit."""
        failure = as_delivery_error(error)
        if failure.retry_after is not None:
            self._rate_limit.refused(chat_id, failure.retry_after.total_seconds())
        return failure


def _helped_by_words(error: DeliveryError, reply: Reply) -> bool:
    """Tell whether words may arrive where this reply did not.

    They may also where a picture fails again and again, as with a server that takes no large requests.
    """
    if error.cause is Cause.UNANSWERED:
        return reply.chart is not None and not reply.words_alone
    return error.cause in _IN_WORDS


def _in_words(reply: Reply) -> Reply | None:
    """Return an answer without its picture or file; None where it has none."""
    if reply.chart is None and reply.document is None:
        return None
    return replace(reply, text=reply.words_alone or reply.text, chart=None, document=None, full_size=False)


@lru_cache(maxsize=2 * MOST_AT_ONCE)  # a digest of 500 symbols has forty parts, and is asked for them one by one
def _parts(text: str) -> tuple[str, ...]:
    return tuple(split_html(text))
