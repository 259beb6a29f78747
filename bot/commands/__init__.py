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
    receipt,
    risk,
    settings,
    start,
    stop,
    symbols,
    today,
    track,
    watchlist,
    why,
)
from bot.commands.base import ChatContext, Command

_ASKED = (
    forecast.COMMAND,
    compare.COMMAND,
    risk.COMMAND,
    growth.COMMAND,
    why.COMMAND,
    as_of.COMMAND,
    watchlist.WATCH,
    watchlist.UNWATCH,
    watchlist.LIST,
    today.COMMAND,
    symbols.COMMAND,
    alerts.COMMAND,
    settings.COMMAND,
    stop.COMMAND,
    track.COMMAND,
    receipt.COMMAND,
    explain.COMMAND,
    my_data.PRIVACY,
    my_data.EXPORT,
    my_data.DELETE,
    feedback.COMMAND,
    start.COMMAND,
)
COMMANDS: tuple[Command, ...] = (*_ASKED, help.make(_ASKED))

__all__ = ["COMMANDS", "ChatContext", "Command"]
