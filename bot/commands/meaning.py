"""/meaning, and the button under a forecast: what range, chance and track record mean, in everyday words."""

from bellwether.services import Services
from bot.commands.command import Asker, Command, Given, Press
from bot.replies import Pressed, Reply

_EXPLAINED = (
    "<b>What a forecast says</b>\n\n"
    "<b>The range.</b> Imagine ten days that began like this one. On about eight of them the price ended inside the "
    "range, on one below it, on one above. A wide range is no mistake: it says that much can happen.\n\n"
    "<b>The middle outcome.</b> Half of the outcomes end above it, half below. It is no promise; the price hardly ever "
    "ends just there.\n\n"
    "<b>The chance of a rise.</b> 55 % is like a coin that falls on one side 55 times in 100: nothing to rely on for a "
    "single throw. Beside it stands how often the price rose over past stretches as long.\n\n"
    "<b>The chart.</b> The line is what was. The fan is what may be: half of the outcomes end in its dark part, 8 in "
    "10 in the pale one around it.\n\n"
    "<b>The track record.</b> Anybody can draw a fan. What counts is whether it held when its time was over: of a good "
    "8-in-10 range, 80 in 100 hold, and not many more, or it was too wide. A plain rule that knows only the recent "
    "swings is the rival; “by more than luck” means that chance alone would hardly bring so big a difference. /track "
    "shows it all, misses too.\n\n"
    "<b>When not to rely on it.</b> Around news, earnings and crashes ranges fail more often. I know prices, and "
    "nothing of what a company plans.\n\n"
    "<i>This is information, not investment advice.</i>"
)


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """The explanation."""
    return Reply(_EXPLAINED)


def _press(services: Services, asker: Asker, given: Given) -> Pressed:
    given.expect(0)
    return Pressed(reply=Reply(_EXPLAINED))


COMMAND = Command("meaning", "", "what a forecast says, in everyday words", answer, {"meaning": Press(_press)})
