"""/meaning, and the button under a forecast: what range, chance and track record mean, in everyday words."""

from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.forecasting.sentences import NOT_ADVICE
from bot.commands.base import ChatContext, Command, Press
from bot.replies import Reply

_HEADING = N_("What a forecast says")
#: what stands in bold, and what it means
_PARTS = (
    (
        N_("The range."),
        N_(
            "Imagine ten days that began like this one. On about eight of them the price ended inside the range, on "
            "one below it, on one above. A wide range is no mistake: it says that much can happen."
        ),
    ),
    (
        N_("The middle outcome."),
        N_("Half of the outcomes end above it, half below. It is no promise; the price hardly ever ends just there."),
    ),
    (
        N_("The chance of a rise."),
        N_(
            "55\u00a0% is like a coin that falls on one side 55 times in 100: nothing to rely on for a single throw. "
            "Beside it stands how often the price rose over past stretches as long."
        ),
    ),
    (
        N_("The chart."),
        N_(
            "The line is what was. The fan is what may be: half of the outcomes end in its core, 8 in 10 somewhere "
            "in the fan."
        ),
    ),
    (
        N_("The track record."),
        N_(
            "Anybody can draw a fan. What counts is whether it held when its time was over: of a good 8-in-10 range, "
            "80 in 100 hold, and not many more, or it was too wide. A plain rule that knows only the recent swings is "
            "the rival; “by more than luck” means that chance alone would hardly bring so big a difference. /track "
            "shows it all, misses too."
        ),
    ),
    (
        N_("When not to rely on it."),
        N_(
            "Around news, earnings and crashes ranges fail more often. I know prices, and nothing of what a company "
            "plans."
        ),
    ),
)


def answer(chat: ChatContext, text: str) -> Reply:
    """Explain each part of a forecast in a paragraph."""
    parts = [f"<b>{_(title)}</b> {_(text)}" for title, text in _PARTS]
    return Reply("\n\n".join([f"<b>{_(_HEADING)}</b>", *parts, f"<i>{NOT_ADVICE}</i>"]))


_PRESSES = {"meaning": Press(lambda chat, given: answer(chat, ""), (0,))}
COMMAND = Command("meaning", "", N_("what a forecast says, in everyday words"), answer, _PRESSES)
