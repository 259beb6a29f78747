"""/why: what is different from the session before, and what lies behind it."""

from html import escape

from bellwether.ask import forecasts
from bellwether.core.errors import BadSymbol
from bellwether.core.i18n.articles import with_articles
from bellwether.core.i18n.translate import N_, said
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.forecasting import sentences
from bellwether.forecasting.change_sentences import Change, about_hole, causes, changes, in_a_sentence
from bot.commands.base import ChatContext, Command, Press
from bot.commands.stock_typed import or_ask_back, question_and_horizon
from bot.keyboards import meaning
from bot.replies import Button, Reply


def answer(chat: ChatContext, text: str) -> Reply:
    """Compare the newest forecast with that of the session before."""
    question, horizon = question_and_horizon(chat.services.universe, text)
    if not question:
        raise BadSymbol(said("Which stock? For example: /why AAPL"))
    return ask(chat, question, horizon)


def ask(chat: ChatContext, question: str, horizon: int) -> Reply:
    """Compare them for one horizon, or ask back which stock is meant."""
    return or_ask_back(lambda: _why(chat, question, horizon), f"why:{{}}:{horizon}")


def _why(chat: ChatContext, question: str, horizon: int) -> Reply:
    asked = forecasts.answer(chat.services, question, horizon)
    chat.note(asked.forecast.symbol, horizon=horizon)
    made, before = asked.forecast, forecasts.previous(chat.services, asked)
    buttons = ((Button(_("The forecast"), f"ask:{made.symbol}:{horizon}"), meaning()),)
    if before is None:
        text = _("There is no forecast of the trading day before for {name:the}, so I can't tell what changed.")
        return Reply(escape(text.format(name=with_articles(made.name, made.symbol))), buttons=buttons)
    compared = _("From {before} to {now}, each time {span}:").format(
        before=sentences.day(before.cutoff), now=sentences.day(made.cutoff), span=sentences.within(horizon)
    )
    calendar = asked.outlook.instrument.calendar
    parts = [
        f"<b>{escape(in_a_sentence(before, made, calendar))}</b>",
        f"{escape(about_hole(before, made, calendar))} {compared}".strip() + f"\n{_lines(changes(before, made))}",
        "\n".join([_("What lies behind it:"), _lines(causes(before, made))]),
        f"<i>{escape(sentences.disclaimer(made))}</i>",
    ]
    return Reply("\n\n".join(parts), buttons=buttons)


def _lines(listed: list[Change]) -> str:
    return "\n".join(
        f"• {escape(change.what)}: {escape(change.before)} → <b>{escape(change.now)}</b> ({escape(change.difference)})"
        for change in listed
    )


_PRESSES = {"why": Press(lambda chat, given: _why(chat, given.symbol(), given.horizon(1, DEFAULT_HORIZON)), (1, 2))}
COMMAND = Command("why", N_("TICKER"), N_("what changed since the trading day before"), answer, _PRESSES)
