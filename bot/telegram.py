"""The conversation over Telegram, by long polling.

    getUpdates | inbox.keep | (now Telegram may forget them) | conversation | Sender | inbox.done

An update is stored before the next poll confirms it, so one that was received when the process died is answered after
the restart. Updates of one chat are answered in order; chats don't wait for each other.
"""

import asyncio
import itertools
import json
import logging
from contextlib import suppress

from telegram import BotCommand, CallbackQuery, Message, Update, User
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bellwether.alerting.deliver import Delivered, deliver
from bellwether.errors import ConfigError, StoreError
from bellwether.services import Services
from bellwether.store import chats, inbox
from bellwether.types import Check
from bot import conversation
from bot.commands import COMMANDS, Asker
from bot.replies import Reply
from bot.telegram_sender import Blocked, Sender, make_bot, seconds

WANTED = ["message", "callback_query", "my_chat_member"]
SHORT_POLL_PAUSE = 0.2  #: seconds between short polls that bring nothing
_PAUSES = (1, 2, 5, 10, 30)  #: seconds between polls that fail one after another
_ONLY_TEXT = Reply("I can only read text. Send me a symbol or a company's name, like <b>AAPL</b>; /help shows more.")
log = logging.getLogger(__name__)


class TelegramFace:
    """One bot: receives and answers. Its `sender` also carries what the outbox owes."""

    def __init__(self, services: Services) -> None:
        """Connects nothing yet. The token is in the settings."""
        settings = services.settings.telegram
        self._services = services
        self._timeout = settings.poll_timeout
        self._last_of_chat: dict[int, asyncio.Task[None]] = {}
        self._bot = make_bot(settings)
        self._stopping = False
        self.sender = Sender(self._bot)
        self.connected = asyncio.Event()  #: set once Telegram has accepted the token

    async def stop(self, grace: float) -> None:
        """Receive no more, and give the answers under way this many seconds."""
        self._stopping = True
        pending = list(self._last_of_chat.values())
        if pending:
            await asyncio.wait(pending, timeout=grace)

    async def run(self) -> None:
        """Receive and answer until cancelled. Returns early only when the token is refused."""
        try:
            if await self._connect():
                self.connected.set()
                await self._replay()
                await self._poll()
        finally:
            pending = list(self._last_of_chat.values())
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
            with suppress(TelegramError):
                await self._bot.shutdown()

    async def _connect(self) -> bool:
        """Say hello to Telegram, however long that takes. False when the token is refused."""
        for attempt in itertools.count():
            try:
                await self._bot.initialize()
                await self._bot.delete_webhook()  # with one set, Telegram refuses every poll
                await self._bot.set_my_commands([BotCommand(one.name, one.summary) for one in COMMANDS])
                log.info("Telegram: connected as @%s.", self._bot.username)
                return True
            except (InvalidToken, Forbidden) as error:
                log.error("%s Everything but Telegram goes on.", _refusal(error))
                return False
            except TelegramError as error:
                await _rest(attempt, error)
        return False

    async def _replay(self) -> None:
        """Answer what was received before a stop."""
        try:
            waiting = await asyncio.to_thread(self._unanswered)
        except StoreError as problem:
            log.error("%s Messages received before the last stop stay unanswered.", problem.for_operator)
            return
        for update_id, body in waiting:
            try:
                update = Update.de_json(json.loads(body), self._bot)
            except Exception:  # what another version stored may not be readable: the others must not suffer for it
                log.exception("A stored message cannot be read; it is set aside.")
                await asyncio.to_thread(self._done, update_id)
                continue
            self._queue(update, update_id)

    async def _poll(self) -> None:
        """Receive until the token is refused."""
        offset, failures = None, 0
        while not self._stopping:
            try:
                updates = await self._bot.get_updates(offset=offset, timeout=self._timeout, allowed_updates=WANTED)
                failures = 0
            except InvalidToken:
                log.error("Telegram refuses the token now; it was probably revoked. Everything else goes on.")
                return
            except Conflict:
                log.error("Another program receives for this bot. Stop it, or give each its own token. Trying again.")
                await asyncio.sleep(_PAUSES[-1])
                continue
            except TelegramError as error:
                await _rest(failures, error)
                failures += 1
                continue
            for update in () if self._stopping else updates:
                if await asyncio.to_thread(self._keep, update):
                    self._queue(update, update.update_id)
                offset = update.update_id + 1
            if self._timeout == 0 and not updates:
                await asyncio.sleep(SHORT_POLL_PAUSE)

    def _queue(self, update: Update, update_id: int) -> None:
        """Answer after the earlier updates of the same chat."""
        chat_id = update.effective_chat.id if update.effective_chat else 0
        task = asyncio.create_task(self._after(self._last_of_chat.get(chat_id), update, update_id))
        self._last_of_chat[chat_id] = task
        task.add_done_callback(
            lambda done: self._last_of_chat.pop(chat_id) if self._last_of_chat.get(chat_id) is done else None
        )

    async def _after(self, earlier: asyncio.Task[None] | None, update: Update, update_id: int) -> None:
        """One update from its turn to its end. A failure is written down and does not stop the next."""
        if earlier is not None:
            await asyncio.wait([earlier])
        try:
            await asyncio.to_thread(self._begin, update_id)
            await self._handle(update)
        except Blocked:
            if update.effective_chat is not None:
                await asyncio.to_thread(self._pause, update.effective_chat.id)
        except NetworkError as error:
            if not isinstance(error, TimedOut | BadRequest):
                log.warning(
                    "An answer could not be sent (%s); it is tried again after a restart.", type(error).__name__
                )
                return
            log.warning("Whether an answer arrived is not known: %s.", type(error).__name__)
        except Exception:
            log.exception("An update could not be handled.")
        await asyncio.to_thread(self._done, update_id)

    async def _handle(self, update: Update) -> None:
        """One update to its answer."""
        message, member = update.message, update.my_chat_member
        if update.callback_query is not None:
            await self._handle_press(update.callback_query)
        elif member is not None and member.new_chat_member.status in {"kicked", "left"}:
            await asyncio.to_thread(self._pause, member.chat.id)
        elif member is not None:
            await asyncio.to_thread(self._wake, member.chat.id)
        elif message is not None and message.migrate_to_chat_id is not None:
            await asyncio.to_thread(self._migrate, message.chat_id, message.migrate_to_chat_id)
        elif message is not None and message.text:
            await self._handle_text(message, message.text)
        elif message is not None and message.chat.type == "private" and message.effective_attachment is not None:
            await self.sender.answer(message.chat_id, _ONLY_TEXT)

    async def _handle_text(self, message: Message, text: str) -> None:
        command = text.startswith("/")
        if message.chat.type != "private" and not command:
            return  # in a group people talk to each other
        name, _, addressee = text.split(maxsplit=1)[0].partition("@")
        if command and addressee and addressee.lower() != self._bot.username.lower():
            return
        if message.chat.type != "private" and not addressee and not conversation.knows(name):
            return  # another bot's command
        asker = Asker(message.chat_id, _language(message.from_user))
        reply = await asyncio.to_thread(conversation.answer, self._services, asker, text)
        await self.sender.answer(message.chat_id, reply)

    async def _handle_press(self, query: CallbackQuery) -> None:
        if not isinstance(query.message, Message) or query.data is None:
            await self.sender.notice(query, "This message is too old for its buttons. Please ask again with /forecast.")
            return
        asker = Asker(query.message.chat_id, _language(query.from_user))
        pressed = await asyncio.to_thread(conversation.press, self._services, asker, query.data)
        await self.sender.notice(query, pressed.notice)
        await self.sender.show(query.message, pressed)

    # The database, asked in threads: a busy file must not stop the loop. Without one the bot still answers.

    def _unanswered(self) -> list[tuple[int, str]]:
        with self._services.store.reading() as db:
            return inbox.unanswered(db)

    def _keep(self, update: Update) -> bool:
        """Store an update; True when it is to be answered."""
        try:
            with self._services.store.transaction() as db:
                return inbox.keep(db, update.update_id, update.to_json(), self._services.clock())
        except StoreError as problem:
            log.error("%s Messages are answered, but not kept over a restart.", problem.for_operator)
            return True

    def _begin(self, update_id: int) -> None:
        with suppress(StoreError), self._services.store.transaction() as db:
            inbox.begin(db, update_id)

    def _done(self, update_id: int) -> None:
        with suppress(StoreError), self._services.store.transaction() as db:
            inbox.done(db, update_id, self._services.clock())

    def _pause(self, chat_id: int) -> None:
        with suppress(StoreError), self._services.store.transaction() as db:
            chats.pause(db, chat_id)

    def _wake(self, chat_id: int) -> None:
        with suppress(StoreError), self._services.store.transaction() as db:
            chats.wake(db, chat_id)

    def _migrate(self, old: int, new: int) -> None:
        with suppress(StoreError), self._services.store.transaction() as db:
            chats.migrate(db, old, new)


async def deliver_now(services: Services) -> Delivered:
    """Send what is owed, without receiving: for the command line. Raises ConfigError when Telegram can't be used."""
    bot = make_bot(services.settings.telegram)
    try:
        async with bot:
            return await deliver(services, Sender(bot))
    except TelegramError as error:
        raise ConfigError(_refusal(error)) from None


async def check_token(services: Services) -> Check:
    """Whether Telegram accepts the token, for `doctor`."""
    try:
        async with make_bot(services.settings.telegram) as bot:
            return Check("Telegram", True, f"connected as @{bot.username}")
    except TelegramError as error:
        return Check("Telegram", False, "it does not work", _refusal(error))


def _refusal(error: TelegramError) -> str:
    """What to do about it, without the error's own text: that may hold the token."""
    if isinstance(error, InvalidToken | Forbidden):
        return "Telegram refuses the token: copy it again from @BotFather into BELLWETHER_TELEGRAM__TOKEN."
    return f"Telegram cannot be reached ({type(error).__name__}): check the network and telegram.base_url."


async def _rest(failures: int, error: TelegramError) -> None:
    """Wait before asking again; longer each time, or as long as Telegram says."""
    pause = float(_PAUSES[min(failures, len(_PAUSES) - 1)])
    if isinstance(error, RetryAfter):
        pause = seconds(error.retry_after)
    log.warning("Telegram does not answer (%s); trying again in %.0f s.", type(error).__name__, pause)
    await asyncio.sleep(pause)


def _language(user: User | None) -> str:
    return (user.language_code if user is not None else None) or "en"
