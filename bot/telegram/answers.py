"""One update to its answer: what somebody wrote, pressed or did, asked of the conversation, and sent.

message         | said to us? | conversation.answer | Sender.answer
callback_query  | may they?   | conversation.press  | Sender.notice, Sender.show
my_chat_member  | the chat is paused, or woken
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from telegram import Bot, CallbackQuery, ChatMember, Message, Update, User

from bellwether.core.courtesy import Courtesy
from bellwether.core.errors import StoreError
from bellwether.delivery import chats_table
from bellwether.delivery.chats_table import Silence
from bellwether.delivery.retry import DeliveryError
from bellwether.services import Services
from bot import conversation
from bot.commands import ChatContext
from bot.replies import Pressed, Reply
from bot.telegram.addressed import is_of_a_person, said_to_us
from bot.telegram.compute_slots import ComputeSlots
from bot.telegram.groups import Admins
from bot.telegram.message import topic_of
from bot.telegram.sender import TelegramSender
from bot.telegram.typing_action import typing

THINKERS = 48  #: threads for answers; nearly all of them wait, for a source that is slow or silent
THINKING = 1  #: of them that compute: more only keep the finished answers from being sent
_NO_ATTACHMENTS = (
    "rich_message",
    "live_photo",
    "checklist",
    "giveaway",
    "users_shared",
    "chat_shared",
    "web_app_data",
)  #: other content without a text, by field
#: fields that tell of a message and not what is in it
_ABOUT = {
    *("message_id", "from", "chat", "date", "forward_origin", "reply_to_message", "is_topic_message"),
    *("message_thread_id", "business_connection_id", "protect_content", "has_protected_content", "quote", "via_bot"),
}
Found = TypeVar("Found")


class Answers:
    """Answers updates. What it does with the database, it does in threads."""

    def __init__(self, services: Services, bot: Bot, sender: TelegramSender, courtesy: Courtesy) -> None:
        """Answers nothing yet. Jobs that know the same `courtesy` give way to answers."""
        self._services, self._bot, self._sender = services, bot, sender
        self._courtesy = courtesy
        self._admins = Admins(bot)
        self._thinking = ThreadPoolExecutor(THINKERS, thread_name_prefix="answer")
        self._turns = ComputeSlots(THINKING)

    def close(self) -> None:
        """Let the threads go; nothing is answered after that."""
        self._thinking.shutdown(wait=False, cancel_futures=True)

    async def give(self, update: Update) -> None:
        """One update to its answer. Raises DeliveryError, and StoreError where what was done can't be written down."""
        with self._courtesy.hurried():
            await self._give(update)

    async def _give(self, update: Update) -> None:
        message, member = update.message, update.my_chat_member
        if update.callback_query is not None:
            await self._handle_press(update.callback_query)
        elif member is not None and _is_out(member.new_chat_member):
            await asyncio.to_thread(self.pause, member.chat.id)
        elif member is not None:  # it is back, or its rights have changed
            await asyncio.to_thread(self._wake, member.chat.id)
        elif message is not None and message.migrate_to_chat_id is not None:
            await asyncio.to_thread(self._migrate, message.chat_id, message.migrate_to_chat_id)
        elif message is None or not is_of_a_person(message):
            return
        elif message.text:
            await self._handle_text(message)
        elif message.chat.type == "private" and message.location is not None:
            asker, place = ChatContext(message.chat_id, _language(message.from_user)), message.location
            reply = await asyncio.to_thread(
                conversation.at_place, self._services, asker, place.latitude, place.longitude
            )
            await self._answer(message, reply)
        elif message.chat.type == "private" and _brings_something(message):
            asker = ChatContext(message.chat_id, _language(message.from_user))
            await self._answer(message, await asyncio.to_thread(conversation.only_text, self._services, asker))

    async def _handle_text(self, message: Message) -> None:
        asked = said_to_us(message, self._bot.id, self._bot.username)
        if asked is None:
            return
        text = asked.text
        if not asked.surely and not await self._run(conversation.understands, self._services, text):
            return
        may_change = not conversation.matters_who_asks(text) or await self._admins.may_change(message)
        asker = _asker(message.chat_id, message.from_user, may_change, topic_of(message))
        with typing(self._bot, message.chat_id, topic_of(message)):
            reply = await self._think(conversation.answer, self._services, asker, text)
        await self._answer(message, reply)

    async def _answer(self, message: Message, reply: Reply) -> None:
        """Send an answer to where it was asked. Raises DeliveryError."""
        await self._send(message.chat_id, reply, topic_of(message))

    async def _send(self, chat_id: int, reply: Reply, thread: int | None) -> None:
        """Send an answer, after the chat if it has moved. Raises DeliveryError."""
        try:
            await self._sender.answer(chat_id, reply, thread)
        except DeliveryError as error:
            if error.moved_to is None:
                raise
            await asyncio.to_thread(self._migrate, chat_id, error.moved_to)
            await self._sender.answer(error.moved_to, reply)

    async def _handle_press(self, query: CallbackQuery) -> None:
        shown = query.message
        if shown is None or query.data is None:
            # a message sent by way of an inline query belongs to no chat that we know, and ours has no such buttons
            asker = ChatContext(query.from_user.id, _language(query.from_user))
            too_old = await asyncio.to_thread(conversation.too_old, self._services, asker)
            await self._sender.notice(query, too_old)
            return
        matters = conversation.matters_who_presses(query.data)
        may_change = not matters or await self._admins.is_admin(shown.chat, query.from_user.id)
        seen = shown if isinstance(shown, Message) and shown.is_accessible else None
        thread = topic_of(seen) if seen else await asyncio.to_thread(self._chosen_topic, shown.chat.id)
        asker = _asker(shown.chat.id, query.from_user, may_change, thread)
        with typing(self._bot, shown.chat.id, thread):
            pressed = await self._think(conversation.press, self._services, asker, query.data)
        await self._sender.notice(query, pressed.notice)
        if seen is not None:
            await self._sender.show(seen, pressed)
        else:
            await self._show_anew(shown.chat.id, pressed, thread)

    async def _show_anew(self, chat_id: int, pressed: Pressed, thread: int | None) -> None:
        """Answer a button of a message that is too old to be seen or changed: in a new one. Raises DeliveryError."""
        reply = pressed.reply or pressed.edit
        if reply is not None:
            await self._send(chat_id, reply, thread)

    async def _think(self, find: Callable[..., Found], *about: object) -> Found:
        """An answer, found in a thread of those that may wait for prices: nobody else's business waits for one."""
        async with self._turns.turn():
            return await self._run(find, *about)

    async def _run(self, find: Callable[..., Found], *about: object) -> Found:
        """In a thread of those that may wait for prices."""
        return await asyncio.get_running_loop().run_in_executor(self._thinking, find, *about)

    # The database, asked in threads: a busy file must not stop the loop. Without one the bot still answers.

    def pause(self, chat_id: int) -> None:
        """Send nothing more of our own accord to a chat."""
        with suppress(StoreError), self._services.store.transaction() as db:
            chats_table.pause(db, chat_id, Silence.GONE, self._services.clock())

    def _wake(self, chat_id: int) -> None:
        # not suppressed: a pause and a move are told again by the next send, but that somebody came back never is
        with self._services.store.transaction() as db:
            chats_table.heard(db, chat_id, self._services.clock())

    def _migrate(self, old: int, new: int) -> None:
        with suppress(StoreError), self._services.store.transaction() as db:
            chats_table.migrate(db, old, new)

    def _chosen_topic(self, chat_id: int) -> int | None:
        """The topic that a chat wants to be written to in, where a message does not tell its own."""
        with suppress(StoreError), self._services.store.reading() as db:
            return chats_table.topic(db, chat_id)
        return None


def _is_out(member: ChatMember) -> bool:
    """Whether somebody is no member any more; who may do nothing is told of as `restricted` either way."""
    return member.status in {"kicked", "left"} or getattr(member, "is_member", True) is False


def _brings_something(message: Message) -> bool:
    """Whether a message without a text has any content, unlike one that tells what happened in the chat.

    What the library does not know and stands alone is content of a later version.
    """
    if message.effective_attachment is not None:
        return True
    if any(getattr(message, name, None) or name in message.api_kwargs for name in _NO_ATTACHMENTS):
        return True
    told = {name for name, value in message.to_dict().items() if value}
    return bool(message.api_kwargs) and told <= _ABOUT | message.api_kwargs.keys()


def _asker(chat_id: int, user: User | None, may_change: bool | None, thread: int | None) -> ChatContext:
    """Whoever asks; `may_change` is None where nobody knows."""
    return ChatContext(chat_id, _language(user), bool(may_change), thread, rights_known=may_change is not None)


def _language(user: User | None) -> str:
    code = user.language_code if user is not None else None
    return code if code and code.isascii() else "en"
