"""What differs between a private chat and a group: the menu, what is said to us, and who may change what all get.

With privacy mode on (the default at @BotFather) Telegram brings from groups what is meant for the bot: commands,
replies to its messages, and as a rule what mentions it. Where privacy mode is off or the bot is an admin it brings
everything, so what to answer is decided here in any case.
"""

import time
from collections.abc import Callable
from string import whitespace

from cachetools import TTLCache
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    Chat,
    Message,
    MessageEntity,
)
from telegram.error import TelegramError

from bellwether.core.i18n.translate import ENGLISH, LANGUAGES, use_language
from bellwether.core.i18n.translate import gettext as _
from bot import conversation
from bot.commands import COMMANDS
from bot.commands.base import Command, Who

_SET_OFF = f"{whitespace},:;!?"  #: what people write between a name that they call and what they ask
KEPT = 60.0  #: seconds for which the admins of a group are remembered
MOST_GROUPS = 1_000  #: whose admins are remembered


async def set_menus(bot: Bot) -> None:
    """Offer in each kind of chat the commands that make sense there, in each language. Raises TelegramError.

    Telegram shows the menu of the app's own language, and the English one to everybody else.
    """
    for language in LANGUAGES:
        for scope, offered in _MENUS:
            with use_language(language):
                menu = [BotCommand(command.name, _(command.summary)) for command in COMMANDS if offered(command)]
            await bot.set_my_commands(menu, scope, language_code=None if language == ENGLISH else language)


def _for_members(command: Command) -> bool:
    return command.in_groups and command.who is not Who.ADMINS


def _for_admins(command: Command) -> bool:
    return command.in_groups


_MENUS: tuple[tuple[BotCommandScope, Callable[[Command], bool]], ...] = (
    (BotCommandScopeAllPrivateChats(), lambda command: True),
    (BotCommandScopeAllGroupChats(), _for_members),
    (BotCommandScopeAllChatAdministrators(), _for_admins),
)


def said_to_us(message: Message, bot_id: int, username: str) -> str | None:
    """What a message asks of this bot, without its name; None where people talk to each other or to another bot.

    In a private chat that is all of it. In a group: a command that is ours, what stands after or before a mention of
    this bot, and a reply to one of its messages. A mention is what Telegram marks as one, not letters that look alike.
    """
    text = message.text or ""
    ours, others = _mentions(message, bot_id, username)
    asked = _without(text, ours)
    if message.chat.type == "private":
        return asked
    if text.startswith("/"):
        return asked if _is_our_command(text, username) else None
    if message.from_user is not None and message.from_user.is_bot and message.sender_chat is None:
        return None  # two bots that answer each other never end
    if asked != text:
        return asked
    return text if not others and _answers_us(message, bot_id) else None


def _is_our_command(text: str, username: str) -> bool:
    name, _at, addressee = text.split(maxsplit=1)[0].partition("@")
    return addressee.lower() == username.lower() if addressee else conversation.knows(name)


def _answers_us(message: Message, bot_id: int) -> bool:
    """Whether it is a reply to a message of ours; what is said first in a topic is no reply to its beginning."""
    answered = message.reply_to_message
    if answered is None or answered.from_user is None or answered.forum_topic_created is not None:
        return False
    return answered.from_user.id == bot_id


Spans = list[tuple[int, int]]  #: from where to where, in UTF-16 units


def _mentions(message: Message, bot_id: int, username: str) -> tuple[Spans, Spans]:
    """Where this bot is mentioned, and where anybody else is."""
    units = (message.text or "").encode("utf-16-le", "surrogatepass")
    ours: Spans = []
    others: Spans = []
    for entity in message.entities:
        span = (entity.offset, entity.offset + entity.length)
        if entity.type == MessageEntity.MENTION:
            named = units[2 * span[0] : 2 * span[1]].decode("utf-16-le", "replace")
            (ours if named.lower() == f"@{username}".lower() else others).append(span)
        elif entity.type == MessageEntity.TEXT_MENTION:
            (ours if entity.user is not None and entity.user.id == bot_id else others).append(span)
    return ours, others


def _without(text: str, mentions: Spans) -> str:
    """A text without the mentions that it begins or ends with, and what sets them off: "@our_bot, AAPL" is "AAPL"."""
    units = text.encode("utf-16-le", "surrogatepass")
    first, last = 0, len(units) // 2

    def between(start: int, end: int) -> str:
        return units[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")

    for start, end in sorted(mentions):
        if not between(first, start).strip(_SET_OFF):
            first = max(first, end)
    for start, end in sorted(mentions, reverse=True):
        if start >= first and not between(end, last).strip(_SET_OFF):
            last = start
    if (first, last) == (0, len(units) // 2):
        return text
    return between(first, last).strip(_SET_OFF)


class Admins:
    """Who may change what a group gets. In a private chat everybody may."""

    def __init__(self, bot: Bot, now: Callable[[], float] = time.monotonic) -> None:
        """Asks nobody yet; `now` tells seconds that never run backwards."""
        self._bot = bot
        self._known: TTLCache[int, frozenset[int]] = TTLCache(MOST_GROUPS, KEPT, now)

    async def may_change(self, message: Message) -> bool:
        """Whether whoever wrote this may; an admin who hides writes in the name of the group itself."""
        if message.sender_chat is not None:
            return message.sender_chat.id == message.chat_id
        return message.from_user is not None and await self.is_admin(message.chat, message.from_user.id)

    async def is_admin(self, chat: Chat, user_id: int) -> bool:
        """Whether a person is an admin there. False also when Telegram does not tell."""
        if chat.type == "private":
            return True
        admins = self._known.get(chat.id)
        if admins is None:
            try:
                # of other members Telegram tells a bot for sure only who administers
                found = await self._bot.get_chat_administrators(chat.id)
            except TelegramError:
                return False
            self._known[chat.id] = admins = frozenset(one.user.id for one in found)
        return user_id in admins
