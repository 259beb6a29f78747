"""What differs between a private chat and a group: the menu, and that only admins change what all of a group get.

The bot has privacy mode on (the default at @BotFather): in groups it sees commands and nothing else.
"""

import time
from collections.abc import Callable

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
from telegram.error import TelegramError

from bellwether.language import ENGLISH, LANGUAGES, use_language
from bellwether.language import gettext as _
from bot.commands import COMMANDS
from bot.commands.command import Command, Who

KEPT = 60.0  #: seconds for which the admins of a group are remembered
_FORGET_ABOVE = 1_000  #: groups


async def set_menus(bot: Bot) -> None:
    """Offer in each kind of chat the commands that make sense there, in each language. Raises TelegramError.

    Telegram shows the menu of the app's own language, and the English one to everybody else.
    """
    for language in LANGUAGES:
        for scope, offered in _MENUS:
            with use_language(language):
                menu = [BotCommand(one.name, _(one.summary)) for one in COMMANDS if offered(one)]
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


class Admins:
    """Who may change what a group gets. In a private chat everybody may."""

    def __init__(self, bot: Bot, now: Callable[[], float] = time.monotonic) -> None:
        """Asks nobody yet; `now` tells seconds that never run backwards."""
        self._bot, self._now = bot, now
        self._known: dict[int, tuple[float, frozenset[int]]] = {}  # until when, and who

    async def may_change(self, message: Message) -> bool:
        """Whether whoever wrote this may; an admin who hides writes in the name of the group itself."""
        if message.sender_chat is not None:
            return message.sender_chat.id == message.chat_id
        return message.from_user is not None and await self.is_admin(message.chat, message.from_user.id)

    async def is_admin(self, chat: Chat, user_id: int) -> bool:
        """Whether a person is an admin there. False also when Telegram does not tell."""
        if chat.type == "private":
            return True
        until, admins = self._known.get(chat.id, (0.0, frozenset()))
        if until <= self._now():
            try:
                # of other members Telegram tells a bot for sure only who administers
                found = await self._bot.get_chat_administrators(chat.id)
            except TelegramError:
                return False
            admins = frozenset(one.user.id for one in found)
            if len(self._known) > _FORGET_ABOVE:
                self._known.clear()
            self._known[chat.id] = (self._now() + KEPT, admins)
        return user_id in admins
