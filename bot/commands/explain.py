"""/meaning, and the button under a forecast: what range, chance and track record mean, in everyday words."""

from collections.abc import Sequence
from html import escape

from bellwether.ask import incidents
from bellwether.core.i18n.translate import N_, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.forecasting.sentences import NOT_ADVICE
from bellwether.track_record.incidents import sentences as incident_sentences
from bot.commands.base import ChatContext, Command, Press
from bot.commands.track import last_storm
from bot.replies import Button, Reply
from bot.understand.meaning import Topic

_HEADING = N_("What a forecast says")
#: what stands in bold, and what it means
_RANGE, _MIDDLE, _CHANCE, _CHART, _RECORD, _RULE, _SCORE, _LIMITS = _PARTS = (
    (
        N_("The range."),
        N_(
            "Imagine ten days that began like this one. On about eight of them the price ended inside the range, on "
            "one below it, on one above. A wide range is no mistake: it says that much can happen."
        ),
    ),
    (
        N_("The middle outcome."),
        N_(
            "Half of the outcomes end above it, half below. It is no promise; the price hardly ever ends just there. "
            "It stands under “Details”, as the chance of a rise does."
        ),
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
            "80 in 100 hold, and not many more, or it was too wide. /track shows it all, misses too."
        ),
    ),
    (
        N_("The plain rule."),
        N_(
            "A simple sum that knows only how much the price swung of late, and takes it that it goes on so. It stands "
            "beside the model so that you see whether the model is any better. Where the model has to be silent, "
            "the rule answers and says so."
        ),
    ),
    (
        N_("The score."),
        N_(
            "Fewer ranges may hold than the plain rule's and be better all the same: a wider range holds more often "
            "but tells less. So a score decides, which counts both: whether ranges held, and how narrow they were. “By "
            "more than luck” means that chance alone would hardly bring so big a difference."
        ),
    ),
    (
        N_("When not to rely on it."),
        N_(
            "Around news and crashes ranges fail more often. I know prices and, where a source tells them, the days on "
            "which companies report, but neither what they will say nor what a company plans."
        ),
    ),
)

#: what is explained only to whoever asks for it
_VOLATILE = (
    N_("Volatile."),
    N_(
        "A price that swings widely, up and down, is volatile. It says how far a price moves and nothing of where it "
        "goes. The more volatile a stock, the wider its range."
    ),
)
_TICKER = (
    N_("A ticker."),
    N_("The short name by which an exchange calls a stock: AAPL is Apple. Either may be sent to me."),
)
_DAY = (
    N_("A trading day."),
    N_(
        "A day on which the exchange is open. A week has five of them, a month about 21; weekends and holidays do not "
        "count."
    ),
)
_HELD = (
    N_("How many held."),
    N_(
        "“72 of 100 held” looks back at my earlier ranges whose time is over. In 72 of 100 cases what came lay inside "
        "the range, in 28 outside. It should be 80; fewer means that the ranges were too narrow, so expect wider. "
        "/track shows all of it, misses too."
    ),
)
_STORM = (
    N_("A storm."),
    N_(
        "Days on which my ranges of all stocks held too rarely: over ten trading days far fewer than 80 of 100 of "
        "those one day ahead. Prices then move more than the ranges say, so expect wider. It is rare, and every "
        "answer says so while one goes on."
    ),
)
_OF_TOPIC = {
    Topic.HELD: _HELD,
    Topic.RANGE: _RANGE,
    Topic.MIDDLE: _MIDDLE,
    Topic.CHANCE: _CHANCE,
    Topic.CHART: _CHART,
    Topic.RECORD: _RECORD,
    Topic.RULE: _RULE,
    Topic.VOLATILE: _VOLATILE,
    Topic.STORM: _STORM,
    Topic.SCORE: _SCORE,
    Topic.TICKER: _TICKER,
    Topic.DAY: _DAY,
}


def answer(chat: ChatContext, text: str) -> Reply:
    """Explain each part of a forecast in a paragraph."""
    parts = [_paragraph(part) for part in _PARTS]
    return Reply("\n\n".join([f"<b>{_(_HEADING)}</b>", *parts, f"<i>{NOT_ADVICE}</i>"]))


def about(chat: ChatContext, topic: Topic | None) -> Reply:
    """Explain one topic in a paragraph, with a button to the rest; all of it where none is named."""
    if topic not in _OF_TOPIC:
        return answer(chat, "")
    if topic is Topic.STORM:
        return _of_storms(chat)
    return Reply(_paragraph(_OF_TOPIC[topic]), buttons=((Button(_(_HEADING), "meaning"),),))


def _of_storms(chat: ChatContext) -> Reply:
    """Explain storms, say whether one goes on, and lead to where they are switched on."""
    incident = incidents.going_on(chat.services)
    if incident is not None:
        now = translated(incident_sentences.now(incident))
    elif chat.services.provider.live:
        now = _("None goes on now.")
    else:
        now = _("The prices here have ended, so none goes on now.")
    wish = Button(_("Tell me of storms"), "set:storms")
    told = "\n\n".join(filter(None, [_paragraph(_STORM), escape(now), last_storm(chat)]))
    return Reply(told, buttons=((wish,), (Button(_(_HEADING), "meaning"),)))


def _paragraph(part: Sequence[str]) -> str:
    title, text = part
    return f"<b>{_(title)}</b> {_(text)}"


_PRESSES = {"meaning": Press(lambda chat, given: answer(chat, ""), (0,))}
COMMAND = Command("meaning", "", N_("what a forecast says, in everyday words"), answer, _PRESSES)
