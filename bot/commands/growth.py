"""/growth: what the company behind a stock may take in, and how earlier forecasts of it turned out."""

from html import escape

from bellwether.core.errors import BadSymbol
from bellwether.core.i18n.translate import N_, said
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.revenue import ask, sentences
from bellwether.revenue.ask import GrowthAnswer
from bot import charts
from bot.commands.base import ChatContext, Command, Press
from bot.commands.stock_typed import or_ask_back
from bot.keyboards import meaning
from bot.replies import Button, Reply, fitting


def answer(chat: ChatContext, text: str) -> Reply:
    """Give the revenue forecast for "AAPL" or "apple"."""
    if not text.strip():
        raise BadSymbol(said("Which company? For example: /growth AAPL"))
    return or_ask_back(lambda: _show(chat, text), "growth:{}")


def _show(chat: ChatContext, text: str) -> Reply:
    asked = ask.growth(chat.services, text)
    made = asked.forecast
    price = Button(_("Its price"), f"ask:{made.symbol}:{DEFAULT_HORIZON}")
    return Reply(growth_text(asked), chart=charts.growth(made, chat.preferences.theme), buttons=((price, meaning()),))


def growth_text(asked: GrowthAnswer) -> str:
    """Write the sentence, the figures, the past record and the caveats as HTML that fits under a picture."""
    made = asked.forecast
    sentence = f"<b>{escape(sentences.headline(made))}</b>"
    figures = "\n".join(f"• {escape(line)}" for line in sentences.lines(made))
    past = escape(sentences.how_past_ones_turned_out(asked.past, simulated=asked.simulated))
    trust, start = escape(sentences.trust(made)), escape(sentences.why(made))
    caveats = f"<i>{escape(sentences.disclaimer(made))}</i>"
    return fitting(
        [sentence, start, figures, past, trust, caveats],
        [sentence, figures, past, trust, caveats],
        [sentence, figures, trust, caveats],
        [sentence, caveats],
    )


_PRESSES = {"growth": Press(lambda chat, given: _show(chat, given.symbol()))}
COMMAND = Command("growth", N_("TICKER"), N_("what the company behind a stock may take in"), answer, _PRESSES)
