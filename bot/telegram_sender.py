"""Replies out to Telegram: answers and owed messages, at Telegram's pace, tried again where that helps."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

from telegram import Bot, CallbackQuery, Message
from telegram.error import TelegramError

from bellwether.alerting.deliver import AT_ONCE, Accepted
from bellwether.alerting.kinds import is_silent
from bellwether.alerting.retry import Cause, DeliveryError
from bellwether.types import OutboxMessage
from bot.pace import Pace
from bot.replies import Picture, Pressed, Reply
from bot.splitting import split_html
from bot.telegram_errors import as_delivery_error
from bot.telegram_message import Writer, kind_of, topic_of
from bot.telegram_pictures import Pictures

PATIENCE = 1.5  #: seconds that an answer waits for its chart, if no other one is being drawn
LONGEST_NOTICE = 200  #: characters in the answer to a button
_PAUSES = (1, 2, 5, 15, 30)  #: seconds between the tries of one answer
_MOST_UNCERTAIN = 2  #: tries of one answer that may have arrived
log = logging.getLogger(__name__)


class Sender:
    """Writes to chats. Answers to people and owed messages take the same turns, answers first."""

    def __init__(self, bot: Bot, pictures: Pictures, pace: Pace | None = None) -> None:
        """`bot` is initialised by whoever owns it."""
        self._writer = Writer(bot, pictures)
        self._pace = pace or Pace()

    async def send(self, message: OutboxMessage) -> Accepted:
        """Carry one owed message, as `alerting.deliver.Transport` asks. Raises DeliveryError.

        A long text goes part by part, one for each call: the first with the sound of its kind, the others without.
        """
        left = _parts(message.text)[message.parts_sent :]
        if not left:  # an earlier version has made fewer parts of it
            return Accepted()
        begins = message.parts_sent == 0
        silent = is_silent(message.kind) or not begins
        thread, reply_to = message.thread, message.reply_to if begins else None
        try:
            async with self._pace.turn(message.chat_id, broadcast=True):
                number, topic_is_gone = await self._writer.say(
                    message.chat_id, Reply(left[0]), silent=silent, thread=thread, reply_to=reply_to
                )
        except TelegramError as error:
            # "from None": an error's chain may hold the address with the token
            raise self._understood(error, message.chat_id) from None
        return Accepted(number, more=len(left) > 1, topic_is_gone=topic_is_gone)

    def resting(self, longer_than: float = 0.0) -> Collection[int]:
        """The chats to which sending would wait so many seconds, and more."""
        return self._pace.resting(longer_than)

    async def answer(self, chat_id: int, reply: Reply, thread: int | None = None) -> None:
        """Send an answer, in parts where it is long, trying for about a minute. Raises DeliveryError.

        `thread` is the topic of a forum group that it belongs in. Where the chart takes a while the words go first, and
        the chart joins them.
        """
        if reply.chart is not None and not await self._is_ready(reply.chart, kind_of(reply)):
            await self._answer_before_chart(chat_id, reply, thread)
            return
        captioned = reply.chart is not None or reply.document is not None
        first, *rest = [reply.text] if captioned else split_html(reply.text)
        replies = [replace(reply, text=first, buttons=()), *(Reply(part) for part in rest)]
        replies[-1] = replace(replies[-1], buttons=reply.buttons)  # buttons stand under the end

        for one in replies:

            async def say(one: Reply = one) -> None:
                async with self._pace.turn(chat_id):
                    await self._writer.say(chat_id, one, thread=thread)

            try:
                await self._insist(chat_id, say)
            except DeliveryError as error:
                if error.cause is not Cause.REFUSED or one.chart is None or one.full_size:
                    raise
                log.error("Telegram refused a chart (%s); its words go alone.", error)
                await self.answer(chat_id, replace(reply, chart=None), thread)

    async def _is_ready(self, chart: Picture, kind: str) -> bool:
        """Whether a chart can go at once. One that cannot be drawn never will; that is said when its turn comes."""
        try:
            return await self._writer.pictures.ready(chart, kind, PATIENCE)
        except Exception:
            return False

    async def _answer_before_chart(self, chat_id: int, reply: Reply, thread: int | None) -> None:
        """The words at once; then the same message with its chart, or its file in one more message.

        A stop in between leaves the words without a chart: they are an answer, and would come twice after the restart.
        """
        said: list[int] = []

        async def say() -> None:
            async with self._pace.turn(chat_id):
                number, _ = await self._writer.say(chat_id, replace(reply, chart=None), thread=thread)
                said.append(number)

        await self._insist(chat_id, say)
        chart = reply.chart
        try:
            if chart is None or not await self._writer.pictures.ready(chart, kind_of(reply)):
                return
            if reply.full_size:
                await self.answer(chat_id, reply, thread)
                return
            await self._insist(chat_id, lambda: self._writer.put_chart(chat_id, said[-1], chart, reply))
        except DeliveryError as error:
            log.warning("A chart could not be sent after its words (%s).", error)
        except asyncio.CancelledError:
            log.warning("Stopped before the chart of an answer was drawn; its words were sent.")
        except Exception:
            log.exception("A chart could not be drawn; its words were sent.")

    async def show(self, message: Message, pressed: Pressed) -> None:
        """Answer a button: make the message under it new, or send one more. Raises DeliveryError."""
        new = pressed.edit
        # a text can't take a picture's place, nor a picture that of a text
        if new is None or (new.chart is None) != (message.text is not None):
            new = pressed.reply or new
            if new is not None:
                await self.answer(message.chat_id, new, topic_of(message))
            return
        shown = new
        await self._insist(message.chat_id, lambda: self._writer.edit(message, shown))

    async def notice(self, query: CallbackQuery, text: str) -> None:
        """Every press is answered, or the button spins for a minute; where it can't be, that does no harm."""
        with suppress(TelegramError):
            await query.answer(text[:LONGEST_NOTICE] or None)

    def close(self) -> None:
        """Let the thread that draws go; no new picture is sent after that."""
        self._writer.pictures.close()

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
                error = self._understood(caught, chat_id)
            uncertain += error.uncertain
            hopeless = error.cause in {Cause.GONE, Cause.REFUSED, Cause.MOVED}
            if hopeless or pause is None or uncertain >= _MOST_UNCERTAIN:
                raise error
            log.warning("Telegram does not take an answer (%s); trying again.", error)
            await asyncio.sleep(pause if error.retry_after is None else error.retry_after.total_seconds())

    def _understood(self, error: TelegramError, chat_id: int) -> DeliveryError:
        """How to treat a failed send; a flood limit also holds the pace."""
        understood = as_delivery_error(error)
        if understood.retry_after is not None:
            self._pace.refused(chat_id, understood.retry_after.total_seconds())
        return understood


@lru_cache(maxsize=2 * AT_ONCE)  # a digest of 500 symbols has forty parts, and is asked for them one by one
def _parts(text: str) -> tuple[str, ...]:
    return tuple(split_html(text))
