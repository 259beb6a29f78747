"""The commands, one file for each. COMMANDS generates the registration, /help and Telegram's menus."""

from bot.commands import (
    alerts,
    as_of,
    compare,
    explain,
    feedback,
    forecast,
    growth,
    help,
    my_data,
    privacy,
    receipt,
    settings,
    start,
    stop,
    track,
    unwatch,
    watch,
    watchlist,
    why,
)
from bot.commands.base import ChatContext, Command

_ASKED = (
    forecast.COMMAND,
    compare.COMMAND,
    growth.COMMAND,
    why.COMMAND,
    as_of.COMMAND,
    watch.COMMAND,
    unwatch.COMMAND,
    watchlist.COMMAND,
    alerts.COMMAND,
    settings.COMMAND,
    stop.COMMAND,
    track.COMMAND,
    receipt.COMMAND,
    explain.COMMAND,
    privacy.COMMAND,
    my_data.EXPORT,
    my_data.DELETE,
    feedback.COMMAND,
    start.COMMAND,
)
COMMANDS: tuple[Command, ...] = (*_ASKED, help.make(_ASKED))

__all__ = ["COMMANDS", "ChatContext", "Command"]
