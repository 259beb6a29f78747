"""/asof: the time machine. What would have been said on a past day, by a model that had not seen what came after it."""

from datetime import date

from bellwether.ask import forecasts
from bellwether.ask.forecasts import Answer
from bellwether.core.errors import BadDate, BadSymbol, MarketDataError, UnusableBars
from bellwether.core.i18n.translate import N_, said
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import parse_date
from bellwether.forecasting import sentences
from bot import charts
from bot.commands.base import ChatContext, Command, Given, Press
from bot.commands.stock_typed import or_ask_back, question_and_horizon
from bot.keyboards import meaning
from bot.replies import Button, Reply, past_forecast_text

_HOW = said("From which day, and which stock? For example: /asof 2020-03-02 AAPL")


def answer(chat: ChatContext, text: str) -> Reply:
    """Give the forecast as of a day, which stands first or last."""
    words = text.split()
    if len(words) < 2:
        raise BadSymbol(_HOW)
    day_at = 0 if words[0][:1].isdecimal() else next((at for at, word in enumerate(words) if _is_day(word)), None)
    if day_at is None:
        raise BadDate(_HOW)
    day = parse_date(words.pop(day_at))
    question, horizon = question_and_horizon(chat.services.universe, " ".join(words))
    return or_ask_back(lambda: _as_of(chat, day, question, horizon), f"asof:{{}}:{horizon}:{day}")


def _is_day(word: str) -> bool:
    return word.count("-") == 2 and word.replace("-", "").isdecimal()


def _as_of(chat: ChatContext, day: date, question: str, horizon: int) -> Reply:
    asked = forecasts.answer(chat.services, question, horizon, day)
    made = asked.forecast
    return Reply(
        past_forecast_text(made, _known_then(chat, asked, day), _what_came(chat, asked)),
        chart=charts.fan(chat.services, asked, chat.preferences.theme, looks_back=True),
        buttons=((Button(_("The newest forecast"), f"ask:{made.symbol}:{horizon}"), meaning()),),
    )


def _known_then(chat: ChatContext, asked: Answer, day: date) -> str:
    """Say who answers, and before it that `day` itself has no close, where it has none."""
    who = _who_answers(chat, asked)
    if asked.forecast.cutoff == day:
        return who
    moved = _("No close of {day} is known here; the last one before it is used.").format(day=sentences.day(day))
    return f"{moved} {who}"


def _who_answers(chat: ChatContext, asked: Answer) -> str:
    """Say whether the model had seen what came after: it must not look like a test where it is none."""
    made = asked.forecast
    if made.problem is not None:
        return _("The model is silent here; this is the plain rule, which knew only the swings up to that day.")
    model = chat.services.models.for_day(made.cutoff)
    if model is None or model.card.seen_to > made.cutoff:
        return _("Careful: every model here was made with later prices in view, so this is no test of it.")
    return _(
        "From prices up to that day alone, by a model that was made with none after {day}: it could not know what came."
    ).format(day=sentences.day(model.card.seen_to))


def _what_came(chat: ChatContext, asked: Answer) -> str:
    made = asked.forecast
    try:
        came = forecasts.what_came(chat.services.provider, asked, chat.services.clock())
    except (MarketDataError, UnusableBars):
        came = None
    if came is None:
        return _("How it turned out is not known yet.")
    message = (
        _("What came by {day}: {growth}, inside the range.")
        if came.held
        else _("What came by {day}: {growth}, outside the range.")
    )
    return message.format(day=sentences.day(made.target_session), growth=sentences.signed_percent(came.growth))


def _press(chat: ChatContext, given: Given) -> Reply:
    return _as_of(chat, parse_date(given.text(2)), given.symbol(), given.horizon(1))


COMMAND = Command(
    "asof", N_("DATE TICKER [10d]"), N_("what I would have said on a past day"), answer, {"asof": Press(_press, (3,))}
)
