"""/help: everything that can be asked, made from the commands themselves."""

from html import escape

from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.services import Services
from bot.commands.base import ChatContext, Command
from bot.replies import Reply

_HORIZONS = N_("Or just send a symbol or a company's name. Horizons are 1 to 63 trading days: 10d, 2w or 3m.")
_RANGES = N_(
    "A forecast is a range: the price ends inside it about 8 times in 10, less often when markets break. The line “How "
    "far to trust it” says how often that held in years the model had not seen, and whether it was any better than a "
    "plain rule."
)


def make(commands: tuple[Command, ...]) -> Command:
    """The help command for these commands and itself."""

    def answer(services: Services, asker: ChatContext, text: str) -> Reply:
        """One line for each command."""
        lines = [f"{_call(one)}: {escape(_(one.summary))}" for one in (*commands, command)]
        heading = _("<b>What you can ask</b>")
        return Reply("\n\n".join([heading, "\n".join(lines), _(_HORIZONS), _(_RANGES)]))

    command = Command("help", "", N_("show this list"), answer)
    return command


def _call(one: Command) -> str:
    """A command as it is typed."""
    return f"/{one.name} {escape(_(one.arguments))}".rstrip() if one.arguments else f"/{one.name}"
