"""What differs between a private chat and a group: the menu, and who may change what all get."""

import asyncio
import time
from collections.abc import Callable

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
)
from telegram.error import RetryAfter, TelegramError

from bellwether.core.i18n.translate import ENGLISH, LANGUAGES, use_language
from bellwether.core.i18n.translate import gettext as _
from bot.commands import COMMANDS
from bot.commands.base import Command, Who
from bot.telegram.refusals import refusal

KEPT = 60.0  #: seconds for which the admins of a group are remembered
MOST_GROUPS = 1_000  #: whose admins are remembered
ASKED_AGAIN = (0.5, 1.5)  #: seconds before each further try to learn who the admins are; somebody waits


async def set_menus(bot: Bot) -> None:
    """Set the commands of each kind of chat, in each language. Raises TelegramError.

    Telegram shows the menu of the app's own language, and the English one to everybody else.
    """
    for language in LANGUAGES:
        for scope, offered in _MENUS:
            with use_language(language):
                menu = [
                    BotCommand(command.name, _(command.summary))
                    for command in COMMANDS
                    if command.often and offered(command)
                ]
            await bot.set_my_commands(menu, scope, language_code=None if language == ENGLISH else language)


_MENUS: tuple[tuple[BotCommandScope, Callable[[Command], bool]], ...] = (
    (BotCommandScopeAllPrivateChats(), lambda command: True),
    (BotCommandScopeAllGroupChats(), lambda command: command.in_groups and command.who is not Who.ADMINS),
    (BotCommandScopeAllChatAdministrators(), lambda command: command.in_groups),
)


class Admins:
    """Remembers who may change what a group gets. In a private chat everybody may."""

    def __init__(self, bot: Bot, now: Callable[[], float] = time.monotonic) -> None:
        """`now` is a monotonic clock in seconds."""
        self._bot = bot
        self._known: TTLCache[int, frozenset[int]] = TTLCache(MOST_GROUPS, KEPT, now)

    async def may_change(self, message: Message) -> bool | None:
        """Tell whether the author may; a hidden admin writes in the name of the group itself. None: unknown."""
        if message.sender_chat is not None:
            return message.sender_chat.id == message.chat_id
        return await self.is_admin(message.chat, message.from_user.id) if message.from_user is not None else False

    async def is_admin(self, chat: Chat, user_id: int) -> bool | None:
        """Tell whether a person is an admin there; None when Telegram does not answer."""
        if chat.type == "private":
            return True
        admins = self._known.get(chat.id)
        if admins is None:
            admins = await self._ask(chat.id)
            if admins is None:
                return None
            self._known[chat.id] = admins
        return user_id in admins

    async def _ask(self, chat_id: int) -> frozenset[int] | None:
        for pause in (*ASKED_AGAIN, None):
            try:
                # of other members Telegram tells a bot for sure only who administers
                return frozenset(member.user.id for member in await self._bot.get_chat_administrators(chat_id))
            except TelegramError as error:
                if pause is None or refusal(error) is not None or isinstance(error, RetryAfter):
                    return None
                await asyncio.sleep(pause)
        return None
