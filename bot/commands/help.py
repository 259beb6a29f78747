"""/help: what most people ask, and folded away everything else; made from the commands themselves."""

from html import escape

from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bot.commands.base import ChatContext, Command, Press
from bot.replies import Reply

_IN_WORDS = N_(
    "Just write what you want to know: “apple next week”, “apple vs microsoft”, “tell me when nvidia drops 5 %”. Or "
    "send a ticker; horizons are 1 day to 3 months: 10d, 2w or 3m."
)
_RANGES = N_(
    "A forecast is a range: the price ends inside it about 8 times in 10, less often when markets fall hard. Under it "
    "stands how often such ranges held."
)


def make(commands: tuple[Command, ...]) -> Command:
    """Make the help command for these commands and itself."""

    def answer(chat: ChatContext, text: str) -> Reply:
        """List what most people need, and folded away the rest."""
        listed = [*commands, help_command]
        often = "\n".join(_line(command) for command in listed if command.often)
        more = "\n".join(_line(command) for command in listed if not command.often)
        heading = _("More")
        folded = f"<b>{heading}</b>\n<blockquote expandable>{more}</blockquote>"
        return Reply("\n\n".join([_("<b>What you can ask</b>"), _(_IN_WORDS), often, folded, _(_RANGES)]))

    presses = {"help": Press(lambda chat, given: answer(chat, ""), (0,))}
    help_command = Command("help", "", N_("show this list"), answer, presses, often=True)
    return help_command


def _line(command: Command) -> str:
    call = f"/{command.name} {escape(_(command.arguments))}" if command.arguments else f"/{command.name}"
    return f"{call}: {escape(_(command.summary))}"
