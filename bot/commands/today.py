"""/today: what the last trading day brought to what the chat watches, the unusual first.

kept prices | the outlook for the next day | the close, its change, how unusual that is | lines as in a digest
"""

from html import escape

from bellwether.alerts import watchlist
from bellwether.alerts.rules.budget import surprise_of_move
from bellwether.alerts.rules.rarity import BIG
from bellwether.alerts.text.digest import Digest, headline
from bellwether.alerts.text.digest_lines import DigestEntry, Move, first_lines, line
from bellwether.ask.forecasts import Answer
from bellwether.ask.market_overview import answers_of
from bellwether.core.i18n.numbers import day_and_month
from bellwether.core.i18n.translate import N_, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.forecasting import sentences
from bot.commands.base import ChatContext, Command, Press
from bot.commands.start import some_symbols
from bot.keyboards import in_rows
from bot.replies import Button, Reply

_MOST = 40  #: lines; a Telegram message holds 4,096 characters
_MOST_BUTTONS = 4
_MARKET = "^GSPC"  #: the index that stands for the market where nothing is watched


def answer(chat: ChatContext, text: str) -> Reply:
    """Tell of the watchlist; where it is empty, of the market's index and a few well-known stocks."""
    universe = chat.services.universe
    watched = [row.symbol for row in watchlist.watchlist(chat.services.store, chat.chat_id)]
    symbols = watched[:_MOST] or [_MARKET, *some_symbols(universe)]
    instruments = [instrument for symbol in symbols if (instrument := universe.get(symbol)) is not None]
    entries = [_entry(told) for told in answers_of(chat.services, instruments, horizon=1)]
    if not entries:
        return Reply(_("No closing prices yet."))
    first = sorted((entry for entry in entries if _surprise(entry) >= BIG), key=_surprise, reverse=True)
    buttons = [Button(entry.instrument.symbol, f"ask:{entry.instrument.symbol}") for entry in (first or entries)]
    text = _text(entries, first, _rest(watched), translated(chat.services.provider.note))
    return Reply(text, buttons=in_rows(buttons[:_MOST_BUTTONS], _MOST_BUTTONS))


def _entry(told: Answer) -> DigestEntry:
    instrument, bars = told.outlook.instrument, told.outlook.bars
    before, last = (float(close) for close in bars.closes[-2:]) if len(bars) > 1 else (0.0, 0.0)
    move = Move(last / before - 1, surprise=surprise_of_move(bars)) if before > 0 and last > 0 else None
    return DigestEntry(instrument, told.forecast, move)


def _surprise(entry: DigestEntry) -> float:
    return entry.move.surprise if entry.move is not None else 0.0


def _rest(watched: list[str]) -> str:
    """What is said of stocks that are not told of."""
    if not watched:
        return _("You watch nothing yet; once you do, I tell of that. For example: /watch AAPL")
    if (more := len(watched) - _MOST) > 0:
        return _("and {count} more").format(count=more)
    return ""


def _text(entries: list[DigestEntry], first: list[DigestEntry], rest: str, note: str) -> str:
    session = max(entry.forecast.cutoff for entry in entries if entry.forecast is not None)
    opening = f"<b>{headline(Digest(entries, first, session))}</b>\n" + _("Close of {day}.").format(
        day=day_and_month(session)
    )
    others = "\n".join(line(entry, priced=True) for entry in entries if entry not in first)
    legend = _("Each line: the close, its change, then where 8 in 10 outcomes lie {span}.").format(
        span=sentences.within(1)
    )
    explained = f"<i>{legend}</i>\n{others}" if others else ""
    parts = [opening, *(first_lines(entry, weekly=False, priced=True) for entry in first), explained, rest]
    limits = " ".join(part for part in (note, f"{sentences.NOT_ADVICE}") if part)
    return "\n\n".join([*(part for part in parts if part), f"<i>{escape(limits)}</i>"])


COMMAND = Command(
    "today",
    "",
    N_("what the last trading day brought"),
    answer,
    {"today": Press(lambda chat, given: answer(chat, ""), (0,))},
)
