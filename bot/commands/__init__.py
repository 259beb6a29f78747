"""The commands, one file for each. COMMANDS generates the registration, /help and Telegram's menu."""

from bot.commands import forecast, help, privacy, start, unwatch, watch, watchlist
from bot.commands.command import Asker, Command

_ASKED = (
    forecast.COMMAND,
    watch.COMMAND,
    unwatch.COMMAND,
    watchlist.COMMAND,
    privacy.COMMAND,
    start.COMMAND,
)
COMMANDS: tuple[Command, ...] = (*_ASKED, help.make(_ASKED))

__all__ = ["COMMANDS", "Asker", "Command"]
