"""/start: who we are, and the first thing to try. Wakes up a chat that had stopped us."""

from html import escape

from bellwether import queries
from bellwether.language import N_, translated
from bellwether.language import gettext as _
from bellwether.services import Services
from bellwether.start_links import read_start
from bot.commands import forecast, watch
from bot.commands.command import Asker, Command, Who
from bot.replies import Button, Reply

_WELCOME = N_(
    "<b>I forecast where a stock may be in days, weeks or months, as a range with its track record.</b>\n\n"
    "Nobody can tell whether a stock goes up tomorrow, and I won't pretend to. "
    "What can be told is how far it is likely to move, and how often such ranges have held.\n\n"
    "Send me a symbol or a company, like <b>AAPL</b> or <b>Apple</b>. "
    "Press “Watch” under an answer and I write to you every evening after the close. /help shows everything."
)


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """Welcome; a link such as t.me/bot?start=AAPL goes straight to the forecast, one to watch it does that."""
    if asker.may_change:  # in a group not everybody may undo a /stop
        queries.join(services, asker.chat_id, asker.language, asker.thread)
    words = text.strip()
    if words:
        wanted = read_start(words) if " " not in words else None
        if wanted is not None and wanted.watch and asker.may_change:
            return watch.add(services, asker, wanted.question)
        return forecast.answer(services, asker, wanted.question if wanted is not None else words)
    note = f"\n\n<i>{escape(translated(services.provider.note))}</i>" if services.provider.note else ""
    return Reply(_(_WELCOME) + note, buttons=(tuple(Button(one, f"ask:{one}") for one in some_symbols(services)[:3]),))


def some_symbols(services: Services) -> list[str]:
    """A few that this market has, for somebody who has not named any yet."""
    known = {one.symbol for one in services.universe}
    return [symbol for symbol in ("AAPL", "MSFT", "NVDA") if symbol in known] or sorted(known)[:3]


COMMAND = Command("start", "", N_("say hello and begin"), answer, who=Who.ADMINS_DO_MORE)
