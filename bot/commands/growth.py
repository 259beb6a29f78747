"""/growth: what the company behind a stock may take in, and how earlier forecasts of it turned out."""

from dataclasses import replace
from html import escape

from bellwether.ask import forecasts
from bellwether.core.errors import BadSymbol, NoGrowth
from bellwether.core.i18n.translate import N_, said
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.revenue import ask, sentences
from bellwether.revenue.ask import GrowthAnswer
from bot import charts
from bot.commands import next_report
from bot.commands.base import ChatContext, Command, Press
from bot.commands.growth_meaning import sales_meaning
from bot.commands.stock_typed import or_ask_back
from bot.keyboards import meaning
from bot.replies import Button, Pressed, Reply, fitting


def answer(chat: ChatContext, text: str) -> Reply:
    """Give the revenue forecast for "AAPL" or "apple"."""
    if not text.strip():
        raise BadSymbol(said("Which company? For example: /growth AAPL"))
    return or_ask_back(lambda: _show_or_price(chat, text), "growth:{}")


def _show_or_price(chat: ChatContext, text: str) -> Reply:
    """Give the forecast, or say why there is none, with a way on to the price."""
    try:
        return _show(chat, text)
    except NoGrowth as problem:
        symbol = forecasts.resolve(chat.services, text).symbol
        return Reply(escape(problem.for_person), buttons=((_price(symbol),),))


def _show(chat: ChatContext, text: str, *, details: bool = False) -> Reply:
    asked = ask.growth(chat.services, text)
    made = asked.forecast
    chat.note(made.symbol)
    more = (
        Button(_("Short again"), f"growth_short:{made.symbol}")
        if details
        else Button(_("Details"), f"growth_details:{made.symbol}")
    )
    return Reply(
        _detailed_text(asked) if details else _short_text(asked),
        chart=charts.growth(made, chat.preferences.theme),
        buttons=((more, replace(meaning(), action="growth_meaning")), (_price(made.symbol),)),
    )


def _price(symbol: str) -> Button:
    return Button(_("Share price"), f"ask:{symbol}:{DEFAULT_HORIZON}")


def _short_text(asked: GrowthAnswer) -> str:
    """Write what is seen first: whose sales, the range in one sentence, how such ranges held, and limits, as HTML.

    It fits under a picture; never is a caveat left out.
    """
    opening, caveats = f"{_title(asked)}\n{escape(sentences.opening(asked.forecast))}", _limits(asked)
    return fitting([opening, _record(asked), caveats], [opening, caveats])


def _detailed_text(asked: GrowthAnswer) -> str:
    """Write what is known besides: the middle outcome, a year ahead, what the model was tested on. It fits as well."""
    made, caveats = asked.forecast, _limits(asked)
    opening = f"{_title(asked)}\n{escape(sentences.opening(made))} {escape(sentences.middle(made))}"
    later, start = [escape(line) for line in sentences.lines(made, 1)], escape(sentences.why(made))
    line, basis = _record(asked), sentences.record_basis(made, asked.past, simulated=asked.simulated)
    record = escape(f"{sentences.trust_line(made, asked.past)} {basis}") if basis else line
    tested = [escape(sentences.trust(made))] if made.ahead[0].record is not None else []
    return fitting(
        [opening, *later, start, record, *tested, caveats],
        [opening, *later, record, *tested, caveats],
        [opening, *later, line, *tested, caveats],
        [opening, line, *tested, caveats],
        [opening, line, caveats],
        [opening, caveats],
    )


def _title(asked: GrowthAnswer) -> str:
    return f"<b>{escape(sentences.title(asked.forecast))}</b>"


def _record(asked: GrowthAnswer) -> str:
    return escape(sentences.trust_line(asked.forecast, asked.past, simulated=asked.simulated))


def _limits(asked: GrowthAnswer) -> str:
    return f"<i>{escape(sentences.disclaimer(asked.forecast))}</i>"


_PRESSES = {
    "report": Press(lambda chat, given: next_report.ask(chat, given.symbol())),
    "growth": Press(lambda chat, given: _show_or_price(chat, given.symbol())),
    "growth_meaning": Press(lambda chat, given: sales_meaning(), (0,)),
    "growth_short": Press(lambda chat, given: Pressed(edit=_show(chat, given.symbol()))),
    "growth_details": Press(lambda chat, given: Pressed(edit=_show(chat, given.symbol(), details=True))),
}
COMMAND = Command("growth", N_("TICKER"), N_("what the company behind a stock may take in"), answer, _PRESSES)
