"""One update to its answer: what somebody wrote, pressed or did, asked of the conversation, and sent.

message         | said to us? | conversation.answer | Sender.answer
document        | fetched     | conversation.read_file | Sender.answer
callback_query  | may they?   | conversation.press  | Sender.notice, Sender.show
my_chat_member  | the chat is paused, or woken
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from telegram import Bot, CallbackQuery, ChatMember, Document, Message, Update, User
from telegram.error import TelegramError

from bellwether.core.courtesy import Courtesy
from bellwether.core.errors import StoreError
from bellwether.core.i18n.translate import ENGLISH
from bellwether.core.pools import pool
from bellwether.delivery import chats_table
from bellwether.delivery.chats_table import Silence
from bellwether.delivery.retry import DeliveryError
from bellwether.services import Services
from bot import conversation
from bot.commands import ChatContext
from bot.keyboards import LONGEST_NAME
from bot.replies import Reply
from bot.telegram.addressed import is_of_a_person, said_to_us
from bot.telegram.compute_slots import ComputeSlots
from bot.telegram.database_threads import try_change
from bot.telegram.groups import Admins
from bot.telegram.message import topic_of
from bot.telegram.sender import TelegramSender
from bot.telegram.typing_notice import typing

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
LARGEST_FETCHED = 2_000_000  #: bytes of a file whose size was not told before; what is read has far fewer
Found = TypeVar("Found")
log = logging.getLogger(__name__)


class Answers:
    """Answers updates; the database is asked in threads."""

    def __init__(self, services: Services, bot: Bot, sender: TelegramSender, courtesy: Courtesy) -> None:
        """Jobs that share the same `courtesy` give way to answers."""
        self._services, self._bot, self._sender = services, bot, sender
        self._courtesy = courtesy
        self._admins = Admins(bot)
        self._thinking = pool(THINKERS, "answer")
        self._turns = ComputeSlots(THINKING)

    def close(self) -> None:
        """Stop the threads; nothing is answered after that."""
        self._thinking.shutdown(wait=False, cancel_futures=True)

    async def give(self, update: Update) -> None:
        """Answer one update. Raises DeliveryError, and StoreError where a return to the chat cannot be stored."""
        with self._courtesy.hurried():
            await self._give(update)

    async def _give(self, update: Update) -> None:
        message, member = update.message, update.my_chat_member
        if update.callback_query is not None:
            await self._handle_press(update.callback_query)
        elif member is not None and _is_out(member.new_chat_member):
            await self.pause(member.chat.id)
        elif member is not None:  # it is back, or its rights have changed
            await asyncio.to_thread(self._wake, member.chat.id)
        elif message is not None and message.migrate_to_chat_id is not None:
            await try_change(self._services.store, chats_table.migrate, message.chat_id, message.migrate_to_chat_id)
        elif message is None or not is_of_a_person(message):
            return
        elif message.text:
            await self._handle_text(message)
        elif message.chat.type == "private" and message.location is not None:
            chat, place = self._chat(message.chat_id, message.from_user), message.location
            reply = await asyncio.to_thread(conversation.at_place, chat, place.latitude, place.longitude)
            await self._answer(message, reply)
        elif message.chat.type == "private" and message.document is not None and message.animation is None:
            await self._handle_file(message, message.document)
        elif message.chat.type == "private" and _brings_something(message):
            chat = self._chat(message.chat_id, message.from_user)
            await self._answer(message, await asyncio.to_thread(conversation.only_text, chat))

    async def _handle_text(self, message: Message) -> None:
        asked = said_to_us(message, self._bot.id, self._bot.username)
        if asked is None:
            return
        text, thread = asked.text, topic_of(message)
        chat = self._chat(message.chat_id, message.from_user, thread)
        if not asked.surely and not await self._run(conversation.understands, chat, text):
            return
        matters = conversation.matters_who_asks(text)
        if message.chat.type != "private" and not matters:
            matters = await self._run(conversation.matters_who_says, chat, text)
        may_change = not matters or await self._admins.may_change(message)
        with typing(self._bot, message.chat_id, thread):
            reply = await self._think(conversation.answer, _allowed(chat, may_change), text)
        await self._answer(message, reply)
        if reply.forget_question:
            with suppress(TelegramError):  # in a group only an admin of it may delete what others wrote
                await message.delete()

    async def _handle_file(self, message: Message, document: Document) -> None:
        chat, name = self._chat(message.chat_id, message.from_user), document.file_name or ""
        reply = await self._run(conversation.refused_file, chat, name, document.file_size)
        if reply is None:
            with typing(self._bot, message.chat_id, None):
                content = await self._fetched(document)
                if content is None:
                    reply = await self._run(conversation.file_not_given, chat)
                else:
                    reply = await self._think(conversation.read_file, chat, content, name)
        await self._answer(message, reply)

    async def _fetched(self, document: Document) -> bytes | None:
        """Return what is in a file, in memory only; None where Telegram does not give it."""
        try:
            file = await self._bot.get_file(document.file_id)
            if file.file_size is not None and file.file_size > LARGEST_FETCHED:
                return None
            return bytes(await file.download_as_bytearray())
        except TelegramError as error:
            log.warning("Telegram did not give a file that somebody sent (%s).", type(error).__name__)
            return None

    def _chat(self, chat_id: int, user: User | None, thread: int | None = None) -> ChatContext:
        code = user.language_code if user is not None else None
        name = user.first_name[:LONGEST_NAME] if user is not None else ""
        language = code if code and code.isascii() else ENGLISH
        person = user.id if user is not None and user.id != chat_id else None
        return ChatContext(self._services, chat_id, language, thread=thread, first_name=name, person=person)

    async def _answer(self, message: Message, reply: Reply) -> None:
        await self._send(message.chat_id, reply, topic_of(message))

    async def _send(self, chat_id: int, reply: Reply, thread: int | None) -> None:
        """Send an answer, to the new number where the chat has moved. Raises DeliveryError."""
        try:
            await self._sender.answer(chat_id, reply, thread)
        except DeliveryError as error:
            if error.moved_to is None:
                raise
            await try_change(self._services.store, chats_table.migrate, chat_id, error.moved_to)
            await self._sender.answer(error.moved_to, reply)

    async def _handle_press(self, query: CallbackQuery) -> None:
        shown = query.message
        if shown is None or query.data is None:
            # a message sent by way of an inline query belongs to no chat that we know, and ours has no such buttons
            chat = self._chat(query.from_user.id, query.from_user)
            await self._sender.notice(query, await asyncio.to_thread(conversation.too_old, chat))
            return
        matters = conversation.matters_who_presses(query.data)
        may_change = not matters or await self._admins.is_admin(shown.chat, query.from_user.id)
        seen = shown if isinstance(shown, Message) and shown.is_accessible else None
        thread = topic_of(seen) if seen else await asyncio.to_thread(self._chosen_topic, shown.chat.id)
        chat = _allowed(self._chat(shown.chat.id, query.from_user, thread), may_change)
        with typing(self._bot, shown.chat.id, thread):
            pressed = await self._think(conversation.press, chat, query.data)
        await self._sender.notice(query, pressed.notice)
        if seen is not None:
            await self._sender.show(seen, pressed)
        elif (reply := pressed.reply or pressed.edit) is not None:  # the message is too old to be changed
            await self._send(shown.chat.id, reply, thread)

    async def _think(self, find: Callable[..., Found], *about: object) -> Found:
        """Run in the threads that may wait for prices, in turn."""
        async with self._turns.turn():
            return await self._run(find, *about)

    async def _run(self, find: Callable[..., Found], *about: object) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._thinking, find, *about)

    async def pause(self, chat_id: int) -> None:
        """Pause a chat that is gone."""
        await try_change(self._services.store, chats_table.pause, chat_id, Silence.GONE, self._services.clock())

    def _wake(self, chat_id: int) -> None:
        # not suppressed: a pause and a move are told again by the next send, but that somebody came back never is
        with self._services.store.transaction() as db:
            chats_table.heard(db, chat_id, self._services.clock())

    def _chosen_topic(self, chat_id: int) -> int | None:
        """Return the topic that a chat wants to be written to in."""
        with suppress(StoreError), self._services.store.glance() as db:
            return chats_table.topic(db, chat_id)
        return None


def _is_out(member: ChatMember) -> bool:
    """Tell whether somebody is no member any more; `restricted` members may be either."""
    return member.status in {"kicked", "left"} or getattr(member, "is_member", True) is False


def _brings_something(message: Message) -> bool:
    """Tell whether a message without a text has content, unlike one about an event in the chat.

    A field that the library does not know and that stands alone is content of a later version.
    """
    if message.effective_attachment is not None:
        return True
    if any(getattr(message, name, None) or name in message.api_kwargs for name in _NO_ATTACHMENTS):
        return True
    told = {name for name, value in message.to_dict().items() if value}
    return bool(message.api_kwargs) and told <= _ABOUT | message.api_kwargs.keys()


def _allowed(chat: ChatContext, may_change: bool | None) -> ChatContext:
    return replace(chat, may_change=bool(may_change), rights_known=may_change is not None)
