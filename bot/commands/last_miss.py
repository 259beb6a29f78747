"""Why a range failed: the newest of the recorded misses, with what speaks for a cause."""

from html import escape

from bellwether.ask import forecasts
from bellwether.ask.last_miss import last_miss
from bellwether.core.i18n.numbers import count
from bellwether.core.i18n.translate import gettext as _
from bellwether.track_record.misses.sentences import of_one
from bot.commands.base import ChatContext
from bot.commands.stock_typed import or_ask_back
from bot.commands.track import all_stocks, miss_sentence, nearest_recorded
from bot.replies import Button, Reply


def ask(chat: ChatContext, question: str, horizon: int | None = None) -> Reply:
    """Tell of a stock, or of all where none is named, and of the recorded horizon nearest to one that is.

    Raises what `bellwether.ask.last_miss.last_miss` does.
    """

    def of_one_stock() -> Reply:
        instrument = forecasts.resolve(chat.services, question)
        chat.note(instrument.symbol)
        return _told(chat, instrument.symbol, instrument.name, horizon)

    return or_ask_back(of_one_stock, "track:{}") if question else _told(chat, None, all_stocks(chat), horizon)


def _told(chat: ChatContext, symbol: str | None, name: str, horizon: int | None) -> Reply:
    record = Button(_("How earlier forecasts turned out"), f"track:{symbol}" if symbol else "track")
    last = last_miss(chat.services, symbol, nearest_recorded(horizon) if horizon else None)
    if last is None:
        text = _("Of {name} the record lists no outcome outside a 9-in-10 range.").format(name=escape(name))
        return Reply(text, buttons=((record,),))
    heading = _("The newest of the {count} widest misses of {name}:").format(count=count(last.of), name=escape(name))
    why = of_one(last.evidence) if last.evidence is not None else _("Why it missed has not been looked for yet.")
    fair = _("1 in 10 of such ranges should fail in any case.")
    miss = miss_sentence(last.miss, chat.services.universe)
    return Reply(f"<b>{heading}</b> {miss}. {escape(why)} {fair}", buttons=((record,),))
