"""/start: who we are, and the first thing to try. Wakes up a chat that had stopped us."""

from html import escape

from bellwether import queries
from bellwether.services import Services
from bot.commands import forecast
from bot.commands.command import Asker, Command
from bot.replies import Button, Reply

_WELCOME = (
    "<b>I forecast where a stock may be in days, weeks or months, as a range with its track record.</b>\n\n"
    "Nobody can tell whether a stock goes up tomorrow, and I won't pretend to. "
    "What can be told is how far it is likely to move, and how often such ranges have held.\n\n"
    "Send me a symbol or a company, like <b>AAPL</b> or <b>Apple</b>. "
    "Press “Watch” under an answer and I write to you every evening after the close. /help shows everything."
)


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """Welcome; a link such as t.me/bot?start=AAPL goes straight to the forecast."""
    queries.join(services, asker.chat_id, asker.language)
    if text.strip():
        return forecast.answer(services, asker, text)
    note = f"\n\n<i>{escape(services.provider.note)}</i>" if services.provider.note else ""
    known = {one.symbol for one in services.provider.universe()}
    offered = [symbol for symbol in ("AAPL", "MSFT", "NVDA") if symbol in known] or sorted(known)[:3]
    return Reply(_WELCOME + note, buttons=(tuple(Button(symbol, f"ask:{symbol}") for symbol in offered),))


COMMAND = Command("start", "", "say hello and begin", answer)
