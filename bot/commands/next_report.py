"""The day of a company's next report, as far as it is known: an answer to "when does Google report?"."""

from collections.abc import Sequence
from datetime import date
from html import escape

from bellwether.alerts import watchlist
from bellwether.alerts.text import alerts
from bellwether.ask import forecasts
from bellwether.core.errors import BellwetherError
from bellwether.core.i18n.numbers import count, day
from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import Outlook
from bellwether.market.earnings.companies import reports_results
from bot.commands.base import ChatContext
from bot.commands.stock_typed import or_ask_back
from bot.replies import Button, Reply

MOST = 20  #: companies whose days are told in one message
_NO_COMPANY = N_("{name} is no company that reports results.")


def ask(chat: ChatContext, question: str) -> Reply:
    """Tell the day, or that none is known, or ask back which stock is meant. Raises what `forecasts.outlook` does."""
    return or_ask_back(lambda: _next_report(chat, question), "report:{}")


def of_several(chat: ChatContext, names: Sequence[str]) -> Reply:
    """Tell the day of each, a line for each; of a name that is not clear, say so in its line."""
    told = [_line(chat, name) for name in names[:MOST]]
    lines = [f"• {line}" for line, _ended in told]
    ends = [ended for _line, ended in told if ended is not None]
    if ends:
        message = _("The prices here end on {day}; these are the next reports after that.")
        lines.append(message.format(day=day(max(ends))))
    if len(names) > MOST:
        lines.append(_("These are the first {count}; ask for the others by name.").format(count=count(MOST)))
    return Reply("\n".join(lines))


def of_watchlist(chat: ChatContext) -> Reply:
    """Tell the day of each stock that the chat watches."""
    watched = [row.symbol for row in watchlist.watchlist(chat.services.store, chat.chat_id)]
    if not watched:
        return Reply(_("You watch nothing yet. Send /watch AAPL, or press “Watch” under a forecast."))
    return of_several(chat, watched)


def _line(chat: ChatContext, question: str) -> tuple[str, date | None]:
    """What is told of a stock, and the last day of its prices where they have ended and a report is told."""
    try:
        seen = forecasts.outlook(chat.services, forecasts.resolve(chat.services, question))
    except BellwetherError as problem:
        return f"{escape(question)}: {escape(problem.for_person)}", None
    if not reports_results(seen.instrument):
        return _(_NO_COMPANY).format(name=alerts.name(seen.instrument)), None
    is_counted = not chat.services.provider.live and seen.report is not None
    return _told(seen), seen.bars.cutoff if is_counted else None


def _next_report(chat: ChatContext, question: str) -> Reply:
    instrument = forecasts.resolve(chat.services, question)
    seen = forecasts.outlook(chat.services, instrument)
    chat.note(instrument.symbol)
    ahead = (Button(_("Where may it be?"), f"ask:{instrument.symbol}:{DEFAULT_HORIZON}"),)
    if not reports_results(seen.instrument):
        text = _(_NO_COMPANY).format(name=alerts.name(seen.instrument))
        return Reply(text, buttons=(ahead,))
    if seen.report is None:
        return Reply(_told(seen), buttons=(ahead,))
    remind = (Button(_("Tell me the day before"), f"addrule:{instrument.symbol}:earnings:{DEFAULT_HORIZON}:0.5"),)
    counted = "" if chat.services.provider.live else _counted_from(seen)
    return Reply(" ".join(filter(None, [_told(seen), counted])), buttons=(remind, ahead))


def _told(seen: Outlook) -> str:
    report = seen.report
    if report is None:
        message = _("When {name} reports next is not known to me: no source has told a day, and I guess none.")
    elif not report.known:
        message = _(
            "{name} will probably report around {day}. That is reckoned from the days of its earlier reports; nobody "
            "has told one yet."
        )
    elif report.last_day is not None:
        message = _("{name} reports between {day} and {last}.")
    else:
        message = _("{name} reports on {day}.")
    first = day(report.day) if report is not None else ""
    last = day(report.last_day) if report is not None and report.last_day is not None else ""
    return message.format(name=alerts.name(seen.instrument), day=f"<b>{escape(first)}</b>", last=escape(last))


def _counted_from(seen: Outlook) -> str:
    return _("The prices here end on {day}; it is the next report after that.").format(day=day(seen.bars.cutoff))
