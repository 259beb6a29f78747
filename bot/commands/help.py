"""/help: everything that can be asked, made from the commands themselves."""

from html import escape

from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bot.commands.base import ChatContext, Command, Press
from bot.replies import Reply

_HORIZONS = N_("Or just send a symbol or a company's name. Horizons are 1 to 63 trading days: 10d, 2w or 3m.")
_RANGES = N_(
    "A forecast is a range: the price ends inside it about 8 times in 10, less often when markets break. The line “How "
    "far to trust it” says how often that held in years the model had not seen, and whether it was any better than a "
    "plain rule."
)


def make(commands: tuple[Command, ...]) -> Command:
    """Make the help command for these commands and itself."""

    def answer(chat: ChatContext, text: str) -> Reply:
        """List each command in one line."""
        lines = [f"{_call(listed)}: {escape(_(listed.summary))}" for listed in (*commands, command)]
        heading = _("<b>What you can ask</b>")
        return Reply("\n\n".join([heading, "\n".join(lines), _(_HORIZONS), _(_RANGES)]))

    presses = {"help": Press(lambda chat, given: answer(chat, ""), (0,))}
    command = Command("help", "", N_("show this list"), answer, presses)
    return command


def _call(command: Command) -> str:
    return f"/{command.name} {escape(_(command.arguments))}" if command.arguments else f"/{command.name}"
