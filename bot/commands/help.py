"""/help: everything that can be asked, made from the commands themselves."""

from html import escape

from bellwether.services import Services
from bot.commands.command import Asker, Command
from bot.replies import Reply


def make(commands: tuple[Command, ...]) -> Command:
    """The help command for these commands and itself."""

    def answer(services: Services, asker: Asker, text: str) -> Reply:
        """One line for each command."""
        lines = [f"{_call(one)}: {escape(one.summary)}" for one in (*commands, command)]
        return Reply(
            "<b>What you can ask</b>\n\n"
            + "\n".join(lines)
            + "\n\nOr just send a symbol or a company's name. Horizons are 1 to 63 trading days: 10d, 2w or 3m.\n\n"
            "A forecast is a range: the price ends inside it about 8 times in 10, less often when markets break. "
            "The line “How far to trust it” says how often that held in years the model had not seen, and whether "
            "it was any better than a plain rule."
        )

    command = Command("help", "", "show this list", answer)
    return command


def _call(one: Command) -> str:
    """A command as it is typed."""
    return f"/{one.name} {escape(one.arguments)}".rstrip()
