"""What people do in Telegram: stored, answered in order, and never lost by a stop.

    Update | inbox.keep | (now Telegram may forget it) | conversation | Sender | inbox.done

Updates of one chat are answered in order; chats don't wait for each other. One whose answer could not be sent stays
in the inbox and is tried again every minute, and after a restart.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from telegram import Bot, CallbackQuery, Message, Update, User

from bellwether.alerting.retry import Cause, DeliveryError
from bellwether.errors import StoreError
from bellwether.services import Services
from bellwether.store import chats, inbox
from bellwether.store.database import Database
from bot import conversation
from bot.answered import Answered
from bot.batching import Batch
from bot.commands import Asker
from bot.few_at_once import FewAtOnce
from bot.replies import Reply
from bot.telegram_groups import Admins
from bot.telegram_inline import Inline
from bot.telegram_message import topic_of
from bot.telegram_sender import Sender
from bot.telegram_typing import typing

THINKERS = 48  #: threads for answers; nearly all of them wait, for a source that is slow or silent
ANSWERED_WITHIN = timedelta(minutes=15)  #: how long an answer is tried in a chat that lets nobody write now
THINKING = 1  #: of them that compute: more only keep the finished answers from being sent
Found = TypeVar("Found")
log = logging.getLogger(__name__)


class NotOurs(Exception):
    """Another process holds the lease now: what was received is its affair, and Telegram will give it to that one."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An update that Telegram has handed over."""

    update: Update
    begun: bool  #: nothing of its chat is waiting, so it is answered at once


class Updates:
    """Keeps updates and answers them. What it does with the database, it does in threads."""

    def __init__(self, services: Services, bot: Bot, sender: Sender, may_answer: Callable[[Database], bool]) -> None:
        """`may_answer` tells, in the transaction that stores an update, whether it is ours to answer."""
        self._services, self._bot, self._sender, self._may_answer = services, bot, sender, may_answer
        self._admins = Admins(bot)
        self._inline = Inline(services, bot)
        self._last_of_chat: dict[int, asyncio.Task[None]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._queued: set[int] = set()
        self._answered = Answered(services)
        self._thinking = ThreadPoolExecutor(THINKERS, thread_name_prefix="answer")
        self._turns = FewAtOnce(THINKING)
        self._keep = Batch(self._keep_all)

    async def receive(self, updates: Sequence[Update]) -> None:
        """Store updates, all of them or none, and answer each in its turn. Raises NotOurs.

        What somebody is still typing elsewhere (an inline query) is answered or not, and never stored.
        """
        arrived, begun = [], set(self._last_of_chat)
        for update in updates:
            if update.inline_query is not None:
                self._inline.receive(update.inline_query)
                continue
            chat_id = _chat_of(update)
            arrived.append(Arrived(update, begun=chat_id not in begun))
            begun.add(chat_id)
        for one, is_new in zip(arrived, await self._keep.add_all(arrived), strict=True):
            if is_new:
                self._queue(one.update, one.update.update_id, begun=one.begun)

    async def replay(self) -> None:
        """Answer what was received and could not be answered: before a stop, or while Telegram was away."""
        known = self._queued | self._answered.ids()  # before the look: what is marked during it may still be seen in it
        try:
            waiting = await asyncio.to_thread(self._unanswered)
        except StoreError as problem:
            log.error("%s Messages received before the last stop stay unanswered.", problem.for_operator)
            return
        for update_id, body in waiting:
            if update_id in known or self._is_known(update_id):
                continue
            try:
                update = Update.de_json(json.loads(body), self._bot)
            except Exception:  # what another version stored may not be readable: the others must not suffer for it
                log.exception("A stored message cannot be read; it is set aside.")
                self._answered.add(update_id)
                continue
            self._queue(update, update_id, begun=False)

    async def settle(self, grace: float) -> None:
        """Give the answers under way this many seconds."""
        if self._answering:
            await asyncio.wait(self._answering, timeout=grace)
        await self._answered.mark()

    async def cancel(self) -> None:
        """Let go of the answers under way; they are in the inbox."""
        self._inline.cancel()
        pending = list(self._answering)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        await self._keep.settle()
        await self._answered.mark()
        self._queued.clear()

    def close(self) -> None:
        """Let the threads go; nothing is answered after that."""
        self._thinking.shutdown(wait=False, cancel_futures=True)

    def _queue(self, update: Update, update_id: int, *, begun: bool) -> None:
        """Answer after the earlier updates of the same chat; `begun` when its attempt is counted already."""
        if update_id in self._queued:  # it was stored, and found by a replay before it came here
            return
        chat_id = _chat_of(update)
        task = asyncio.create_task(self._after(self._last_of_chat.get(chat_id), update, update_id, begun))
        self._last_of_chat[chat_id] = task
        self._answering.add(task)
        self._queued.add(update_id)

        def forget(done: asyncio.Task[None]) -> None:
            self._answering.discard(done)
            self._queued.discard(update_id)
            if self._last_of_chat.get(chat_id) is done:
                self._last_of_chat.pop(chat_id)

        task.add_done_callback(forget)

    async def _after(self, earlier: asyncio.Task[None] | None, update: Update, update_id: int, begun: bool) -> None:
        """One update from its turn to its end. A failure is written down and does not stop the next."""
        if earlier is not None:
            await asyncio.wait([earlier])
        chat_id = _chat_of(update)
        try:
            if not begun:
                await asyncio.to_thread(self._begin, update_id)
            await self._handle(update)
        except DeliveryError as error:
            if error.forbidden_now:
                await asyncio.to_thread(self._note_forbidden, chat_id)
            if error.cause is Cause.GONE:
                await asyncio.to_thread(self._pause, chat_id)
            elif error.forbidden_now and not self._is_fresh(update):
                log.warning("An answer was not let into its chat (%s), and is out of date.", error)
            elif error.cause in {Cause.REFUSED, Cause.MOVED}:
                log.error("Telegram refused an answer: %s.", error)
            else:
                log.warning("An answer could not be sent (%s); it is tried again in a while.", error)
                if not error.uncertain:
                    await asyncio.to_thread(self._excuse, update_id)
                return
        except StoreError as problem:
            log.error(
                "%s What somebody did cannot be written down; it is tried again in a while.", problem.for_operator
            )
            return
        except Exception:
            log.exception("An update could not be handled.")
        self._answered.add(update_id)

    def _is_fresh(self, update: Update) -> bool:
        """Whether somebody may still wait for the answer; who presses a button presses it once more."""
        return update.message is not None and self._services.clock() - update.message.date < ANSWERED_WITHIN

    def _is_known(self, update_id: int) -> bool:
        """Whether it waits here, is being answered, or was answered a moment ago."""
        return update_id in self._queued or update_id in self._answered.ids()

    async def _handle(self, update: Update) -> None:
        """One update to its answer."""
        message, member = update.message, update.my_chat_member
        if update.callback_query is not None:
            await self._handle_press(update.callback_query)
        elif member is not None and member.new_chat_member.status in {"kicked", "left"}:
            await asyncio.to_thread(self._pause, member.chat.id)
        elif member is not None:  # it is back, or its rights have changed
            await asyncio.to_thread(self._wake, member.chat.id)
        elif message is not None and message.migrate_to_chat_id is not None:
            await asyncio.to_thread(self._migrate, message.chat_id, message.migrate_to_chat_id)
        elif message is not None and message.text:
            await self._handle_text(message, message.text)
        elif message is not None and message.chat.type == "private" and message.location is not None:
            asker, place = Asker(message.chat_id, _language(message.from_user)), message.location
            reply = await asyncio.to_thread(
                conversation.at_place, self._services, asker, place.latitude, place.longitude
            )
            await self._answer(message, reply)
        elif message is not None and message.chat.type == "private" and message.effective_attachment is not None:
            asker = Asker(message.chat_id, _language(message.from_user))
            await self._answer(message, await asyncio.to_thread(conversation.only_text, self._services, asker))

    async def _handle_text(self, message: Message, text: str) -> None:
        command = text.startswith("/")
        if message.chat.type != "private" and not command:
            return  # in a group people talk to each other
        name, _, addressee = text.split(maxsplit=1)[0].partition("@")
        if command and addressee and addressee.lower() != self._bot.username.lower():
            return
        if message.chat.type != "private" and not addressee and not conversation.knows(name):
            return  # another bot's command
        may_change = not conversation.matters_who_asks(text) or await self._admins.may_change(message)
        asker = Asker(message.chat_id, _language(message.from_user), may_change, topic_of(message))
        with typing(self._bot, message.chat_id, topic_of(message)):
            reply = await self._think(conversation.answer, self._services, asker, text)
        await self._answer(message, reply)

    async def _answer(self, message: Message, reply: Reply) -> None:
        """Send an answer, after the chat if it has moved. Raises DeliveryError."""
        try:
            await self._sender.answer(message.chat_id, reply, topic_of(message))
        except DeliveryError as error:
            if error.moved_to is None:
                raise
            await asyncio.to_thread(self._migrate, message.chat_id, error.moved_to)
            await self._sender.answer(error.moved_to, reply)

    async def _handle_press(self, query: CallbackQuery) -> None:
        if not isinstance(query.message, Message) or query.data is None:
            asker = Asker(query.from_user.id, _language(query.from_user))
            too_old = await asyncio.to_thread(conversation.too_old, self._services, asker)
            await self._sender.notice(query, too_old)
            return
        matters = conversation.matters_who_presses(query.data)
        may_change = not matters or await self._admins.is_admin(query.message.chat, query.from_user.id)
        asker = Asker(query.message.chat_id, _language(query.from_user), may_change, topic_of(query.message))
        with typing(self._bot, query.message.chat_id, topic_of(query.message)):
            pressed = await self._think(conversation.press, self._services, asker, query.data)
        await self._sender.notice(query, pressed.notice)
        await self._sender.show(query.message, pressed)

    async def _think(self, find: Callable[..., Found], *about: object) -> Found:
        """An answer, found in a thread of those that may wait for prices: nobody else's business waits for one."""
        async with self._turns.turn():
            return await asyncio.get_running_loop().run_in_executor(self._thinking, find, *about)

    # The database, asked in threads: a busy file must not stop the loop. Without one the bot still answers.

    def _unanswered(self) -> list[tuple[int, str]]:
        with self._services.store.reading() as db:
            return inbox.unanswered(db)

    def _keep_all(self, arrived: Sequence[Arrived]) -> Sequence[bool]:
        """Store updates; which of them are to be answered."""
        now = self._services.clock()
        try:
            with self._services.store.transaction() as db:
                if not self._may_answer(db):
                    raise NotOurs
                marked = self._answered.mark_in(db)
                new = [
                    inbox.keep(db, one.update.update_id, one.update.to_json(), now, begun=one.begun) for one in arrived
                ]
                for one, is_new in zip(arrived, new, strict=True):
                    if is_new and _speaks(one.update):  # whoever writes to us can be written to, for all we know
                        chats.heard(db, _chat_of(one.update), now)
            self._answered.forget(marked)
            return new
        except StoreError as problem:
            log.error("%s Messages are answered, but not kept over a restart.", problem.for_operator)
            return [not self._is_known(one.update.update_id) for one in arrived]

    def _begin(self, update_id: int) -> None:
        with suppress(StoreError), self._services.store.transaction() as db:
            inbox.begin(db, update_id)

    def _excuse(self, update_id: int) -> None:
        with suppress(StoreError), self._services.store.transaction() as db:
            inbox.excuse(db, update_id)

    def _pause(self, chat_id: int) -> None:
        with suppress(StoreError), self._services.store.transaction() as db:
            chats.pause(db, chat_id, now=self._services.clock())

    def _note_forbidden(self, chat_id: int) -> None:
        with suppress(StoreError), self._services.store.transaction() as db:
            chats.is_forbidden(db, chat_id, self._services.clock())

    def _wake(self, chat_id: int) -> None:
        # not suppressed: a pause and a move are told again by the next send, but that somebody came back never is
        with self._services.store.transaction() as db:
            chats.heard(db, chat_id, self._services.clock())

    def _migrate(self, old: int, new: int) -> None:
        with suppress(StoreError), self._services.store.transaction() as db:
            chats.migrate(db, old, new)


def _chat_of(update: Update) -> int:
    """The chat whose updates wait for each other; 0 for what belongs to none."""
    return update.effective_chat.id if update.effective_chat else 0


def _speaks(update: Update) -> bool:
    """Whether a person did something in the chat; that one left, or that the chat moved, is told by Telegram."""
    message = update.message
    told = message is not None and (message.left_chat_member is not None or message.migrate_to_chat_id is not None)
    return update.callback_query is not None or (message is not None and not told)


def _language(user: User | None) -> str:
    return (user.language_code if user is not None else None) or "en"
