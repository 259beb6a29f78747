"""The day of a company's next report, as far as it is known: an answer to "when does Google report?"."""

from html import escape

from bellwether.alerts.text import alerts
from bellwether.ask import forecasts
from bellwether.core.i18n.numbers import day
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import Outlook
from bellwether.market.earnings.companies import reports_results
from bot.commands.base import ChatContext
from bot.commands.stock_typed import or_ask_back
from bot.replies import Button, Reply


def ask(chat: ChatContext, question: str) -> Reply:
    """Tell the day, or that none is known, or ask back which stock is meant. Raises what `forecasts.outlook` does."""
    return or_ask_back(lambda: _next_report(chat, question), "report:{}")


def _next_report(chat: ChatContext, question: str) -> Reply:
    instrument = forecasts.resolve(chat.services, question)
    seen = forecasts.outlook(chat.services, instrument)
    chat.note(instrument.symbol)
    ahead = (Button(_("Where may it be?"), f"ask:{instrument.symbol}:{DEFAULT_HORIZON}"),)
    if not reports_results(seen.instrument):
        text = _("{name} is no company that reports results.").format(name=alerts.name(seen.instrument))
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
