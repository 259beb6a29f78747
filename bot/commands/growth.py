"""/growth: what the company behind a stock may take in, and how earlier forecasts of it turned out."""

from html import escape

from bellwether.core.errors import AmbiguousSymbol, BadSymbol, UnknownSymbol
from bellwether.core.i18n.translate import N_, said
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import Theme
from bellwether.revenue import ask, sentences
from bellwether.revenue.ask import GrowthAnswer
from bellwether.services import Services
from bot import charts
from bot.commands.base import ChatContext, Command, Given, Press
from bot.commands.clarify import ask_back
from bot.keyboards import meaning
from bot.replies import LONGEST_CAPTION, Button, Pressed, Reply, utf16_length


def answer(services: Services, asker: ChatContext, text: str) -> Reply:
    """The growth forecast for "AAPL" or "apple"."""
    if not text.strip():
        raise BadSymbol(said("Which company? For example: /growth AAPL"))
    try:
        return _show(services, text, asker.preferences.theme)
    except (AmbiguousSymbol, UnknownSymbol) as problem:
        return ask_back(problem, "growth:{}")


def _show(services: Services, text: str, theme: Theme) -> Reply:
    asked = ask.growth(services, text)
    made = asked.forecast
    price = Button(_("Its price"), f"ask:{made.symbol}:{DEFAULT_HORIZON}")
    return Reply(growth_text(asked), chart=charts.growth(made, theme), buttons=((price, meaning()),))


def growth_text(asked: GrowthAnswer) -> str:
    """One sentence, the figures, how past ones turned out, how far to trust it. HTML; fits under a picture."""
    made = asked.forecast
    sentence = f"<b>{escape(sentences.headline(made))}</b>"
    figures = "\n".join(f"• {escape(line)}" for line in sentences.lines(made))
    past = escape(sentences.how_past_ones_turned_out(asked.past, simulated=asked.simulated))
    trust, start = escape(sentences.trust(made)), escape(sentences.why(made))
    caveats = f"<i>{escape(sentences.disclaimer(made))}</i>"
    for parts in (
        [sentence, start, figures, past, trust, caveats],
        [sentence, figures, past, trust, caveats],
        [sentence, figures, trust, caveats],
    ):
        text = "\n\n".join(parts)
        if utf16_length(text) <= LONGEST_CAPTION:
            return text
    return "\n\n".join([sentence, caveats])


def _press(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(1)
    return Pressed(reply=_show(services, given.symbol(), asker.preferences.theme))


COMMAND = Command(
    "growth", N_("SYMBOL"), N_("what the company behind a stock may take in"), answer, {"growth": Press(_press)}
)
