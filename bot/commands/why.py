"""/why: what is different from the session before, and what lies behind it."""

from html import escape

from bellwether.ask import forecasts
from bellwether.core.errors import AmbiguousSymbol, BadSymbol, UnknownSymbol
from bellwether.core.i18n.translate import N_, said
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.forecasting import sentences
from bellwether.forecasting.change_sentences import Change, about_hole, causes, changes, in_a_sentence
from bellwether.services import Services
from bot.commands.base import ChatContext, Command, Given, Press
from bot.commands.clarify import ask_back
from bot.commands.forecast import question_and_horizon
from bot.keyboards import meaning
from bot.replies import Button, Pressed, Reply


def answer(services: Services, asker: ChatContext, text: str) -> Reply:
    """The change of a forecast since the session before."""
    question, horizon = question_and_horizon(services, text)
    if not question:
        raise BadSymbol(said("Which stock? For example: /why AAPL"))
    try:
        return _why(services, question, horizon)
    except (AmbiguousSymbol, UnknownSymbol) as problem:
        return ask_back(problem, f"why:{{}}:{horizon}")


def _why(services: Services, question: str, horizon: int) -> Reply:
    asked = forecasts.answer(services, question, horizon)
    made, before = asked.forecast, forecasts.previous(services, asked)
    buttons = ((Button(_("The forecast"), f"ask:{made.symbol}:{horizon}"), meaning()),)
    if before is None:
        text = _("There is no forecast of the session before for {name}, so I can't tell what changed.")
        return Reply(escape(text.format(name=made.name)), buttons=buttons)
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


def _lines(found: list[Change]) -> str:
    return "\n".join(
        f"• {escape(one.what)}: {escape(one.before)} → <b>{escape(one.now)}</b> ({escape(one.difference)})"
        for one in found
    )


def _press(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(1, 2)
    horizon = given.horizon(1) if len(given) == 2 else DEFAULT_HORIZON
    return Pressed(reply=_why(services, given.symbol(), horizon))


COMMAND = Command("why", N_("SYMBOL"), N_("what changed since the session before"), answer, {"why": Press(_press)})
