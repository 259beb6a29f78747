"""/growth: what the company behind a stock may take in, and how earlier forecasts of it turned out."""

from html import escape

from bellwether.errors import AmbiguousSymbol, BadSymbol, UnknownSymbol
from bellwether.growth import queries, words
from bellwether.growth.queries import GrowthAnswer
from bellwether.language import N_, said
from bellwether.language import gettext as _
from bellwether.parsing import DEFAULT_HORIZON
from bellwether.services import Services
from bellwether.types import Theme
from bot import pictures
from bot.commands.asking_back import ask_back
from bot.commands.command import Asker, Command, Given, Press
from bot.keyboards import meaning
from bot.replies import LONGEST_CAPTION, Button, Pressed, Reply, utf16_length


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """The growth forecast for "AAPL" or "apple"."""
    if not text.strip():
        raise BadSymbol(said("Which company? For example: /growth AAPL"))
    try:
        return _show(services, text, asker.preferences.theme)
    except (AmbiguousSymbol, UnknownSymbol) as problem:
        return ask_back(problem, "growth:{}")


def _show(services: Services, text: str, theme: Theme) -> Reply:
    asked = queries.growth(services, text)
    made = asked.forecast
    price = Button(_("Its price"), f"ask:{made.symbol}:{DEFAULT_HORIZON}")
    return Reply(growth_text(asked), chart=pictures.growth(made, theme), buttons=((price, meaning()),))


def growth_text(asked: GrowthAnswer) -> str:
    """One sentence, the figures, how past ones turned out, how far to trust it. HTML; fits under a picture."""
    made = asked.forecast
    sentence = f"<b>{escape(words.headline(made))}</b>"
    figures = "\n".join(f"• {escape(line)}" for line in words.lines(made))
    past = escape(words.how_past_ones_turned_out(asked.past, simulated=asked.simulated))
    trust, start = escape(words.trust(made)), escape(words.why(made))
    caveats = f"<i>{escape(words.disclaimer(made))}</i>"
    for parts in (
        [sentence, start, figures, past, trust, caveats],
        [sentence, figures, past, trust, caveats],
        [sentence, figures, trust, caveats],
    ):
        text = "\n\n".join(parts)
        if utf16_length(text) <= LONGEST_CAPTION:
            return text
    return "\n\n".join([sentence, caveats])


def _press(services: Services, asker: Asker, given: Given) -> Pressed:
    given.expect(1)
    return Pressed(reply=_show(services, given.symbol(), asker.preferences.theme))


COMMAND = Command(
    "growth", N_("SYMBOL"), N_("what the company behind a stock may take in"), answer, {"growth": Press(_press)}
)
