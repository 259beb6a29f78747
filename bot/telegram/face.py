"""The conversation over Telegram, by long polling or a webhook, held by one process at a time.

    wait for the lease | connect | replay what was left | getUpdates, or POSTs to `take` | Updates.receive

An update is stored before the next poll, or the answer to the POST, confirms it: one that was received when the process
died is answered after the restart. One that cannot be read is stored, set aside and confirmed as well, or Telegram
would bring it again and again, and nothing after it.
"""

import asyncio
import itertools
import json
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError

from bellwether.charts import renderer
from bellwether.core.courtesy import Courtesy
from bellwether.core.errors import StoreError
from bellwether.delivery import admin_notes
from bellwether.delivery.sender_lease import SenderLease
from bellwether.services import Services
from bot.telegram.answers import Answers
from bot.telegram.client import fetch, make_bot
from bot.telegram.errors import seconds
from bot.telegram.groups import set_menus
from bot.telegram.inline import Inline
from bot.telegram.lease_watch import LeaseWatch
from bot.telegram.one_shot import refusal
from bot.telegram.pictures import Pictures
from bot.telegram.profile import set_profile
from bot.telegram.refusals import is_of_telegram, refuses_token
from bot.telegram.sender import TelegramSender
from bot.telegram.shared_pace import SharedPace, is_shared
from bot.telegram.updates import NotOurs, Updates

WANTED = ["message", "callback_query", "my_chat_member", "inline_query"]
SHORT_POLL_PAUSE = 0.2  #: seconds between short polls that bring nothing
UNCONFIRMED_PAUSE = 1.0  #: seconds after a poll whose answer can't be confirmed, for it comes again at once
REPLAY = 60.0  #: seconds between tries of the answers that could not be sent
WATCHED = timedelta(seconds=REPLAY)  #: how new a failure of the webhook is told
_PAUSES = (1, 2, 5, 10, 30)  #: seconds between polls that fail one after another
T = TypeVar("T")
log = logging.getLogger(__name__)


class TelegramFace:
    """One bot: receives and answers. Its `sender` also carries what the outbox owes, while `connected` is set."""

    def __init__(
        self,
        services: Services,
        now: Callable[[], float] = time.monotonic,
        heard: Callable[[datetime], None] = lambda instant: None,
        courtesy: Courtesy | None = None,
    ) -> None:
        """Connects nothing yet. The token is in the settings; `now` tells seconds that never run backwards.

        `heard` is told the time of each answer, by Telegram's clock. Jobs that know the same `courtesy` give way.
        """
        settings = services.settings.telegram
        self._services = services
        self._timeout = settings.poll_timeout
        self._webhook_url = settings.webhook_url
        self._bot = make_bot(settings, heard)
        self._stopping = False
        self._settled = asyncio.Event()  #: set when the answers under way at a stop are sent, or have had their time
        token = services.settings.telegram.token.get_secret_value()
        alone = not is_shared(services.settings)
        self.lease = SenderLease(services.store, services.clock, token, now, only_sender=alone)
        self._watch = LeaseWatch(self.lease, self._tell_of_second)
        self.pace = SharedPace(services.settings, services.store, self.lease.name, self.lease.holder, now)
        self.sender = TelegramSender(
            self._bot, Pictures(services.store, services.clock, self._bot.token), self.pace.limit
        )
        self.connected = asyncio.Event()  #: set while the lease is ours and Telegram accepts the token
        self._helping = asyncio.Event()  #: set while it is another's, and we send beside it
        answers = Answers(services, self._bot, self.sender, courtesy or Courtesy())
        inline = Inline(services, self._bot)
        self._updates = Updates(services.store, services.clock, self._bot, answers, inline, self.lease.is_ours)

    async def stop(self, grace: float) -> None:
        """Receive no more, and give the answers under way this many seconds."""
        self._stopping = True
        try:
            await self._updates.settle(grace)
        finally:
            self._settled.set()

    def can_send(self) -> bool:
        """Whether owed messages can leave: as the holder of the lease, or beside it."""
        return self.connected.is_set() or self._helping.is_set()

    async def run(self) -> None:
        """Receive and answer until cancelled. Returns early only when the token is refused."""
        await asyncio.to_thread(renderer.prepare)  # also while another holds the lease: whoever takes over is ready
        async with self.pace.kept():
            await self._take_turns()

    async def _take_turns(self) -> None:
        """Receive and answer each time that the lease is ours."""
        while not self._stopping:
            try:
                await self._wait_for_lease()
                if await self._until_first(self._receive(), self._watch.beat()):
                    return
            finally:
                self.connected.clear()
                try:
                    await self._updates.cancel()
                    with suppress(TelegramError):
                        await self._bot.shutdown()
                finally:  # not awaited, so that it is done even where the clean-up is cancelled
                    if self._stopping:
                        self._updates.close()
                        self.sender.close()
                    with suppress(StoreError):
                        self.lease.release()

    async def _wait_for_lease(self) -> None:
        """Become the one process that receives for this bot; where several send, send meanwhile."""
        helping = asyncio.create_task(self._help()) if self.pace.is_shared else None
        try:
            await self._watch.wait()
        finally:
            if helping is not None:
                helping.cancel()
                self._helping.clear()

    async def _help(self) -> None:
        for attempt in itertools.count():
            try:
                await self._bot.initialize()
            except TelegramError as error:
                await _rest(attempt, error)
            else:
                self._helping.set()
                return

    async def _receive(self) -> bool:
        """Connect and poll. Ends with True when there is nothing more to do: the token is refused, or we stop."""
        if not await self._connect():
            return True
        self.connected.set()
        introducing = asyncio.create_task(self._introduce())
        try:
            await self._updates.read_again()
            await self._updates.replay()
            await (self._watch_webhook() if self._webhook_url else self._poll())
        except NotOurs:
            return False
        finally:
            introducing.cancel()
            await asyncio.gather(introducing, return_exceptions=True)
        if self._stopping:
            await self._settled.wait()  # what follows cuts the answers under way short
        return True

    async def take(self, body: bytes) -> bool:
        """Store an update that Telegram brought, as JSON; False while this process may not answer.

        One that cannot be read is stored, too, and set aside. Raises ValueError for what is no JSON object: Telegram
        brings no such thing.
        """
        if self._stopping or not self.connected.is_set():
            return False
        try:
            raw = json.loads(body)
        except RecursionError as problem:
            raise ValueError("nested too deep") from problem
        if not isinstance(raw, dict):
            raise ValueError("no JSON object")
        try:
            await self._updates.receive([raw])
        except NotOurs:
            return False
        return True

    async def _agree_how_updates_come(self) -> None:
        """Raises TelegramError."""
        if not self._webhook_url:
            await self._bot.delete_webhook()  # with one set, Telegram refuses every poll
            return
        secret = self._services.settings.telegram.webhook_secret.get_secret_value()
        await self._bot.set_webhook(self._webhook_url, secret_token=secret, allowed_updates=WANTED)

    async def _watch_webhook(self) -> None:
        """While Telegram brings the updates: see that it does, and try again what could not be answered."""
        while not self._stopping:
            await asyncio.sleep(REPLAY)
            await self._updates.replay()
            try:
                info = await self._bot.get_webhook_info()
                if info.url != self._webhook_url:
                    log.error("Another program told Telegram to bring the updates elsewhere; that is set right now.")
                    await self._agree_how_updates_come()
                elif info.last_error_date and info.last_error_date > self._services.clock() - WATCHED:
                    log.error("Telegram cannot bring updates to telegram.webhook_url: %s.", info.last_error_message)
            except TelegramError as error:
                if refuses_token(error):
                    log.error("Telegram refuses the token now; it was probably revoked. Everything else goes on.")
                    return
                log.warning("Telegram does not answer (%s).", type(error).__name__)

    async def _connect(self) -> bool:
        """Say hello to Telegram, however long that takes. False when the token is refused."""
        for attempt in itertools.count():
            try:
                await self._bot.initialize()
                await self._agree_how_updates_come()
                log.info("Telegram: connected as @%s.", self._bot.username)
                return True
            except TelegramError as error:
                if is_of_telegram(error) and isinstance(error, InvalidToken | Forbidden):
                    log.error("%s Everything but Telegram goes on.", refusal(error))
                    return False
                # of an address that it cannot bring updates to, which may be mended there
                if is_of_telegram(error) and isinstance(error, BadRequest):
                    log.error("Telegram does not take telegram.webhook_url: %s.", error)
                await _rest(attempt, error)
        return False

    async def _introduce(self) -> None:
        """Set the menus and what Telegram shows of the bot, forty requests or so: nobody's answer waits for them."""
        for attempt in itertools.count():
            try:
                await set_menus(self._bot)
                await set_profile(self._bot)
                return
            except TelegramError as error:
                if is_of_telegram(error) and isinstance(error, InvalidToken | Forbidden):
                    return
                await _rest(attempt, error)

    async def _poll(self) -> None:
        """Receive until the token is refused. Raises NotOurs when the lease is lost."""
        offset, failures, conflicts = None, 0, 0
        loop = asyncio.get_running_loop()
        replayed = loop.time()
        while not self._stopping:
            try:
                updates = await fetch(self._bot, offset, self._timeout, WANTED)
                failures = conflicts = 0
                self.connected.set()
            except InvalidToken:
                log.error("Telegram refuses the token now; it was probably revoked. Everything else goes on.")
                return
            except Conflict:
                self.connected.clear()
                if self._watch.gives_way():
                    log.error("Another program receives for this bot, and the lease may be its. This one waits.")
                    raise NotOurs from None
                log.error("Another program receives for this bot, with another database. Nothing is sent meanwhile.")
                # shortly at first: it may be the last poll of a host that has died and that this one follows
                pause = _PAUSES[min(conflicts, len(_PAUSES) - 1)]
                conflicts += 1
                log.error("Stop it, or give each its own token. Trying again in %d s.", pause)
                await asyncio.sleep(pause)
                continue
            except TelegramError as error:
                await _rest(failures, error)
                failures += 1
                continue
            if updates and not self._stopping:
                arrived = await self._updates.receive(updates)
                if arrived:
                    offset = max(arrived) + 1
                else:
                    await asyncio.sleep(UNCONFIRMED_PAUSE)
            if self._timeout == 0 and not updates:
                await asyncio.sleep(SHORT_POLL_PAUSE)
            if loop.time() - replayed >= REPLAY:
                replayed = loop.time()
                await self._updates.replay()

    async def _until_first(self, *running: Awaitable[T]) -> T:
        """The answer of whichever ends first; the others are cancelled. Raises what it raises."""
        tasks = [asyncio.ensure_future(awaitable) for awaitable in running]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _tell_of_second(self) -> None:
        if self._services.settings.database.url.get_secret_value():
            return  # hosts that share a server stand by for each other, or send together, as they should
        with self._services.store.transaction() as db:
            admin_chat = self._services.settings.telegram.admin_chat
            admin_notes.tell(db, admin_chat, admin_notes.AdminTopic.SECOND_PROCESS, self._services.clock())


async def _rest(failures: int, error: TelegramError) -> None:
    """Wait before asking again; longer each time, or as long as Telegram says."""
    pause = float(_PAUSES[min(failures, len(_PAUSES) - 1)])
    if isinstance(error, RetryAfter):
        pause = seconds(error.retry_after)
    log.warning("Telegram does not answer (%s); trying again in %.0f s.", type(error).__name__, pause)
    await asyncio.sleep(pause)
