"""What differs between a private chat and a group: the menu, and that only admins change what all of a group get.

The bot has privacy mode on (the default at @BotFather): in groups it sees commands and nothing else.
"""

import time
from collections.abc import Callable

from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    Chat,
    Message,
)
from telegram.error import TelegramError

from bot.commands import COMMANDS
from bot.commands.command import Who

KEPT = 60.0  #: seconds for which the admins of a group are remembered
_FORGET_ABOVE = 1_000  #: groups


async def set_menus(bot: Bot) -> None:
    """Offer in each kind of chat the commands that make sense there. Raises TelegramError."""
    private = [BotCommand(one.name, one.summary) for one in COMMANDS]
    in_groups = [one for one in COMMANDS if one.in_groups]
    admins = [BotCommand(one.name, one.summary) for one in in_groups]
    members = [BotCommand(one.name, one.summary) for one in in_groups if one.who is not Who.ADMINS]
    await bot.set_my_commands(private, BotCommandScopeAllPrivateChats())
    await bot.set_my_commands(members, BotCommandScopeAllGroupChats())
    await bot.set_my_commands(admins, BotCommandScopeAllChatAdministrators())


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
