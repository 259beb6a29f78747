"""What people do in Telegram: stored as it came, answered in order, and never lost by a stop.

    raw | read | inbox.keep | (now Telegram may forget it) | Answers.give | inbox.done
                 inbox.set_aside, where it cannot be read or answered

Updates of one chat are answered in order; chats don't wait for each other. One whose answer could not be sent stays
in the inbox and is tried again every minute, and after a restart. One that cannot be decoded is set aside with the
reason: the others are answered, and it is looked at again at each start for a day, for a new version may read it.
One that cannot be stored is answered all the same, and Telegram keeps it until it is, or for a minute.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from telegram import Bot, Update

from bellwether.core.clock import Clock
from bellwether.core.errors import StoreError
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.delivery import chats_table, inbox_table
from bellwether.delivery.retry import Cause, DeliveryError
from bot.telegram.addressed import Attention, attention_of
from bot.telegram.answers import Answers
from bot.telegram.batcher import Batcher
from bot.telegram.database_threads import try_change
from bot.telegram.inbox_marks import InboxMarks
from bot.telegram.inline import Inline
from bot.telegram.progress import Progress, answering
from bot.telegram.read_update import Received, read, read_stored

ANSWERED_WITHIN = timedelta(minutes=15)  #: how long an answer is tried in a chat that lets nobody write now
UNKEPT = 60.0  #: seconds for which Telegram keeps what could not be stored: it brings a hundred at most, and no others
log = logging.getLogger(__name__)


class NotOurs(Exception):
    """Another process holds the lease now, and Telegram will give the update to that one."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An update that Telegram has handed over."""

    received: Received
    begun: bool  #: nothing of its chat is waiting, so it is answered at once
    attention: Attention = Attention.NONE  #: what it tells of whether its chat can be written to


@dataclass(frozen=True, slots=True)
class _Stored:
    """What became of an update that arrived."""

    is_new: bool
    is_kept: bool = True


@dataclass(slots=True)
class _Unkept:
    """An update that could not be stored, and that Telegram was not told to forget yet."""

    since: float  #: by the loop's clock
    is_answered: bool = False


class Updates:
    """Stores updates and has them answered; the database is asked in threads."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        bot: Bot,
        answers: Answers,
        inline: Inline,
        may_answer: Callable[[Connection], bool],
    ) -> None:
        """`may_answer` tells, in the transaction that stores an update, whether it is ours to answer."""
        self._store, self._clock, self._bot, self._may_answer = store, clock, bot, may_answer
        self._answers, self._inline = answers, inline
        self._last_of_chat: dict[int, asyncio.Task[None]] = {}
        self._answering: dict[int, asyncio.Task[None]] = {}  # by update, also those that wait for their turn
        self._progress: dict[int, Progress] = {}  # of answers that are to be tried again
        self._unkept: dict[int, _Unkept] = {}
        self._answered = InboxMarks(store, clock)
        self._keep = Batcher(self._keep_all)

    async def receive(self, updates: Iterable[object]) -> list[int]:
        """Store updates, all of them or none, and answer each in its turn. Raises NotOurs.

        Returns the numbers that Telegram may take as confirmed; an update may lack its own. Inline queries, which
        somebody is still typing elsewhere, are answered or not, and never stored.
        """
        received = [read(raw, self._bot) for raw in updates]
        arrived, begun = [], set(self._last_of_chat)
        for item in received:
            if item.update is None:  # who did what there is not known, so it ends no pause
                arrived.append(Arrived(item, begun=False))
            elif item.update.inline_query is not None:
                self._inline.receive(item.update.inline_query)
            else:
                arrived.append(Arrived(item, item.chat_id not in begun, attention_of(item.update, self._bot)))
                begun.add(item.chat_id)
        for arrival, stored in zip(arrived, await self._keep.add_all(arrived), strict=True):
            item = arrival.received
            if not stored.is_kept:
                self._unkept.setdefault(item.update_id, _Unkept(asyncio.get_running_loop().time()))
            else:
                before = self._unkept.pop(item.update_id, None)
                if (before and before.is_answered) or (stored.is_new and self._answered.has(item.update_id)):
                    self._answered.add(item.update_id)  # marked before, when there was no row
                    continue
            if stored.is_new and item.update is not None:
                self._queue(item.update, item.chat_id, item.update_id, begun=arrival.begun)
            elif stored.is_new:
                log.error("An update cannot be read (%s); it is set aside.", item.problem)
        return self._confirmed([item.update_id for item in received if item.update_id > 0])

    def _confirmed(self, arrived: Sequence[int]) -> list[int]:
        """Those of the updates that Telegram may forget: all before the first that is neither stored nor answered."""
        began = asyncio.get_running_loop().time() - UNKEPT
        unkept = {update_id: self._unkept[update_id] for update_id in arrived if update_id in self._unkept}
        waiting = [update_id for update_id, it in unkept.items() if not it.is_answered and it.since > began]
        confirmed = [update_id for update_id in arrived if not waiting or update_id < min(waiting)]
        # a webhook brings each once
        old = [update_id for update_id, it in self._unkept.items() if it.since <= began and update_id not in arrived]
        for update_id in (*confirmed, *old):
            self._unkept.pop(update_id, None)
        return confirmed

    async def replay(self) -> None:
        """Answer stored updates that could not be answered: before a stop, or while Telegram was away."""
        known = set(self._answering)  # what fails during the look is not to be tried again at once
        try:
            waiting = await asyncio.to_thread(self._unanswered)
        except StoreError as problem:
            log.error("%s Messages received before the last stop stay unanswered.", problem.for_operator)
            return
        for update_id, body in waiting:
            if update_id in known or self._is_known(update_id):  # it may be marked since the look
                continue
            stored = read_stored(body, self._bot)
            if stored.update is None:  # what another version stored may not be readable
                log.error("A stored update cannot be read (%s); it is set aside.", stored.problem)
                await self._set_aside(update_id, inbox_table.Aside.UNREADABLE, stored.problem)
                continue
            self._queue(stored.update, stored.chat_id, update_id, begun=False)

    async def read_again(self) -> None:
        """Take back what was set aside lately and can be read now, as after an upgrade; `replay` answers it."""
        with suppress(StoreError):
            await asyncio.to_thread(self._take_back_readable)

    async def settle(self, grace: float) -> None:
        """Give the answers under way so many seconds."""
        if self._answering:
            await asyncio.wait(self._answering.values(), timeout=grace)
        await self._answered.mark()

    async def cancel(self) -> None:
        """Cancel the answers under way; they are in the inbox."""
        self._inline.cancel()
        pending = list(self._answering.values())
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        await self._keep.settle()
        await self._answered.mark()
        self._answering.clear()

    def close(self) -> None:
        """Stop the threads; nothing is answered after that."""
        self._answers.close()

    def _queue(self, update: Update, chat_id: int, update_id: int, *, begun: bool) -> None:
        """Answer after the earlier updates of the same chat; `begun` when its attempt is counted already."""
        if self._is_known(update_id):  # it was stored, and found by a replay before it came here
            return
        earlier = self._last_of_chat.get(chat_id)
        task = asyncio.create_task(self._after(earlier, update, chat_id, update_id, begun))
        self._last_of_chat[chat_id] = task
        self._answering[update_id] = task

        def forget(done: asyncio.Task[None]) -> None:
            self._answering.pop(update_id, None)
            if self._last_of_chat.get(chat_id) is done:
                self._last_of_chat.pop(chat_id)

        task.add_done_callback(forget)

    async def _after(
        self, earlier: asyncio.Task[None] | None, update: Update, chat_id: int, update_id: int, begun: bool
    ) -> None:
        """Answer one update after an earlier one. A failure is stored and does not stop the next."""
        if earlier is not None:
            await asyncio.wait([earlier])
        progress = self._progress.pop(update_id, None) or Progress()
        try:
            if not begun:
                if not await asyncio.to_thread(self._begin, update_id):
                    return  # another host has taken over meanwhile, and finds it in the inbox
                begun = True
            with answering(progress):
                await self._answers.give(update)
        except asyncio.CancelledError:
            if begun and not progress.may_have_arrived:
                await try_change(self._store, inbox_table.excuse, update_id)
            raise
        except DeliveryError as error:
            if error.forbidden_now:
                await try_change(self._store, chats_table.is_forbidden, chat_id, self._clock())
            if error.cause is Cause.GONE:
                await self._answers.pause(chat_id)
            elif error.forbidden_now and not self._is_fresh(update):
                log.warning("An answer was not let into its chat (%s), and is out of date.", error)
            elif error.cause in {Cause.REFUSED, Cause.MOVED}:
                log.error("Telegram refused an answer: %s.", error)
            else:
                log.warning("An answer could not be sent (%s); it is tried again in a while.", error)
                if progress.said:
                    self._progress[update_id] = Progress(progress.said)
                if not error.uncertain:
                    await try_change(self._store, inbox_table.excuse, update_id)
                return
        except StoreError as problem:
            log.error(
                "%s What somebody did cannot be written down; it is tried again in a while.", problem.for_operator
            )
            return
        except Exception as problem:
            log.exception("An update could not be handled; it is set aside.")
            # only the kind of error: its words may repeat a person's
            await self._set_aside(update_id, inbox_table.Aside.FAILED, type(problem).__name__)
            return
        if update_id in self._unkept:
            self._unkept[update_id].is_answered = True
        self._answered.add(update_id)

    def _is_fresh(self, update: Update) -> bool:
        """Tell whether somebody may still wait for the answer; a button can be pressed once more."""
        return update.message is not None and self._clock() - update.message.date < ANSWERED_WITHIN

    def _is_known(self, update_id: int) -> bool:
        return update_id in self._answering or self._answered.has(update_id)

    async def _set_aside(self, update_id: int, why: inbox_table.Aside, reason: str) -> None:
        await try_change(self._store, inbox_table.set_aside, update_id, why, reason, self._clock())

    # The database, asked in threads. Without one the bot still answers.

    def _unanswered(self) -> list[tuple[int, str]]:
        """Nothing where another host answers: who was cut off from the database may not know it yet."""
        return self._store.repeated(lambda db: inbox_table.unanswered(db) if self._may_answer(db) else [])

    def _begin(self, update_id: int) -> bool:
        """Count an attempt; False where another host has made it, or is to."""

        def begun(db: Connection) -> bool:
            if not self._may_answer(db) or inbox_table.is_done(db, update_id):
                return False
            inbox_table.begin(db, update_id)
            return True

        try:
            return self._store.repeated(begun)
        except StoreError:
            return True

    def _keep_all(self, arrived: Sequence[Arrived]) -> Sequence[_Stored]:
        """Store updates; return which of them are new."""
        now = self._clock()
        try:
            with self._store.transaction() as db:
                if not self._may_answer(db):
                    raise NotOurs
                marked = self._answered.mark_in(db)
                new = [self._keep_one(db, item, now) for item in arrived]
            self._answered.forget(marked)
            return [_Stored(is_new) for is_new in new]
        except StoreError as problem:
            log.error("%s Messages are answered, but not kept over a restart.", problem.for_operator)
            ids = [item.received.update_id for item in arrived]
            return [_Stored(not (it in self._unkept or self._is_known(it)), is_kept=False) for it in ids]

    def _keep_one(self, db: Connection, arrived: Arrived, now: datetime) -> bool:
        received = arrived.received
        is_new = inbox_table.keep(db, received.update_id, received.body, now, begun=arrived.begun)
        if is_new and received.update is None:
            inbox_table.set_aside(db, received.update_id, inbox_table.Aside.UNREADABLE, received.problem, now)
        if is_new and arrived.attention is Attention.TO_US:
            chats_table.heard(db, received.chat_id, now)
        elif is_new and arrived.attention is Attention.OVERHEARD:
            chats_table.overheard(db, received.chat_id, now)
        return is_new

    def _take_back_readable(self) -> None:
        with self._store.transaction() as db:
            for update_id, body in inbox_table.unreadable(db, self._clock() - inbox_table.READ_AGAIN):
                if read_stored(body, self._bot).update is not None:
                    inbox_table.take_back(db, update_id)
