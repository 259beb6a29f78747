"""Growth alerts: a company that somebody watches has reported, so they hear how that compares and what is next.

subscriptions_table     the symbols that are watched: one read
| ask.growth            settles what came, and enters the new forecast: each company
| news                  whether its newest report is to be told of, from the rows of the ledger (pure)
| _write                one message for each chat, company and quarter, whatever happens twice: a transaction for each

A report is told when a forecast of its quarter was in the ledger before it, for its first week, to chats that watched
the company when it was seen. Which were told is in the outbox, so a tick that is killed loses nothing.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape

from bellwether.alerts import subscriptions_table
from bellwether.core.clock import Clock
from bellwether.core.errors import BellwetherError, NoGrowth, StoreError
from bellwether.core.i18n.numbers import day, percent, signed_percent
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import translated
from bellwether.core.types import LEVELS, Q10, Q90
from bellwether.db.database import Store
from bellwether.delivery import chats_table, outbox_table
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.message_kinds import REPORT
from bellwether.delivery.offers import of_report
from bellwether.revenue import ask, sentences
from bellwether.revenue.issued import PastGrowth, past_of
from bellwether.revenue.types import GrowthForecast
from bellwether.services import Services
from bellwether.track_record.ledger import revenue_ledger_table
from bellwether.track_record.ledger.revenue_ledger_table import KeptGrowth

NEWS = timedelta(days=7)  #: for how long after it was seen a report is told of
WORTH_READING = timedelta(days=3)
_NEAR = timedelta(days=45)  #: between the expected end of a quarter and the reported one
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """A quarter that was forecast, and came."""

    period_end: date
    first_named: date  #: the last day that was first given for it
    seen_at: datetime  #: when the forecast after it was entered
    expected: PastGrowth  #: the newest forecast of it, with what came


def report_growth(services: Services, now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Write the alerts that are due at `now`; how many. Safe to run late, twice or not at all. Raises StoreError."""
    written = 0
    with services.store.reading() as db:
        symbols = subscriptions_table.symbols_of_awake_chats(db)
    for symbol in symbols:
        if stopping():
            break
        try:
            made = ask.growth(services, symbol).forecast
        except StoreError:
            raise
        except NoGrowth:
            continue  # a fund, an index, a young company
        except BellwetherError as problem:
            log.warning("No growth forecast of %s for now: %s", symbol, problem)
            continue
        with services.store.reading() as db:
            report = news(revenue_ledger_table.of_symbol(db, symbol), now)
        if report is not None and report.period_end == made.period_end:
            written += _write(services.store, services.clock, made, report, now)
    return written


def news(rows: Sequence[KeptGrowth], now: datetime) -> Report | None:
    """The newest report of a company, if it is to be told of; `rows` are its ledger's, the newest first. Pure."""
    if not rows:
        return None
    newest = rows[0].issued.period_end
    # a source may set the quarter's last day right afterwards: it is the same quarter, and the same news
    same = [row.issued for row in rows if newest - row.issued.period_end <= _NEAR]
    first, seen_at = min(issued.period_end for issued in same), min(issued.made_at for issued in same)
    told = [
        row
        for row in rows
        if row.growth is not None and row.issued.period_end < first and abs(row.issued.target - newest) <= _NEAR
    ]
    if not told or now - seen_at > NEWS:
        return None
    return Report(newest, first, seen_at, past_of(told[0]))


def _write(store: Store, clock: Clock, made: GrowthForecast, report: Report, now: datetime) -> int:
    """Owe the alert to everybody who watched the company when it reported."""
    drafts = []
    with store.transaction() as db:
        wishes, present = ChatWishes.read(db), clock()
        watching = subscriptions_table.watchers(db, made.symbol, report.seen_at)
        for chat_id in sorted(chats_table.awake_among(db, watching)):  # none stops until what it is owed is written
            with wishes.speaking(chat_id):
                text = alert_text(made, report)
            about = f"{report.first_named}:{made.symbol}"
            offers = of_report(made.symbol)
            drafts.append(wishes.draft(REPORT, chat_id, about, text, WORTH_READING, now, present, offers=offers))
        return outbox_table.enqueue_all(db, drafts, present)


def alert_text(made: GrowthForecast, report: Report) -> str:
    """What came, how it compares with what was expected, and what is next. HTML for Telegram."""
    came, expected = report.expected.growth or 0.0, report.expected.growths
    newest = made.quarters[-1].revenue or 0.0
    opening = _(
        "<b>{name}</b> ({symbol}) has reported the quarter to {day}: revenue {amount}, {growth} against a year before."
    )
    parts = [
        opening.format(
            name=escape(made.name),
            symbol=escape(made.symbol),
            day=day(report.period_end),
            amount=escape(sentences.amount(newest, made.currency)),
            growth=signed_percent(came),
        ),
        "{} {}".format(
            placed(report.expected),
            _("8 in 10 outcomes were expected between {low} and {high}.").format(
                low=signed_percent(expected[Q10]), high=signed_percent(expected[Q90])
            ),
        ),
        "\n".join(escape(line) for line in sentences.lines(made)),
        *(f"<i>{escape(translated(caveat))}</i>" for caveat in made.caveats),
    ]
    return "\n\n".join(parts)


def placed(expected: PastGrowth) -> str:
    """Where what came lies in what was expected, in a sentence."""
    share = expected.percentile or 0.0
    if share <= LEVELS[0]:
        return _("That is below nearly all of what was expected (the lowest 5 %).")
    if share >= LEVELS[-1]:
        return _("That is above nearly all of what was expected (the highest 5 %).")
    return _("That is better than in {share} of the expected cases.").format(share=percent(share))
