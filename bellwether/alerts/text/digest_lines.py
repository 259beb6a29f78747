"""The lines of a digest about one symbol, as HTML: its figures, and why it stands out."""

import re
from dataclasses import dataclass
from datetime import date
from html import escape, unescape
from math import expm1

from bellwether.alerts.rules.rarity import BIG, Rarity, Side
from bellwether.core.i18n.articles import without_english
from bellwether.core.i18n.numbers import day_and_month, plain
from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Forecast, Instrument
from bellwether.forecasting import sentences
from bellwether.market.calendar import is_exact
from bellwether.track_record.grading import GradedRange, Range

_LONGEST_NAME = 20  #: letters of a company's name in a line
_RARE = {
    Side.WIDE: N_("its range is wider than on nearly all of the last {count} days"),
    Side.NARROW: N_("its range is narrower than on nearly all of the last {count} days"),
}


@dataclass(frozen=True, slots=True)
class Move:
    """How far a symbol went, as quoted."""

    growth: float  #: a fraction
    since: date | None = None  #: the day of the close that it is compared with, where that has to be named
    surprise: float = 0.0  #: in moves that were usual before it


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """One watched symbol: its forecast and what the session brought, or why there is no forecast."""

    instrument: Instrument
    forecast: Forecast | None
    move: Move | None = None  #: None: nothing to compare the close with
    failure: str = ""
    nearer: Forecast | None = None  #: until the next digest; None where the forecast is that already
    expected: date | None = None  #: the session whose close should be there; None in a market that is not live
    ended: tuple[Range, GradedRange] | None = None  #: the range that the last digest told for until now
    rarity: Rarity | None = None  #: of its outlook, where that is rare
    note: str = ""  #: what else must be said of it

    @property
    def is_current(self) -> bool:
        """Whether its close is the one that the digest is about."""
        return self.forecast is not None and (self.expected is None or self.forecast.cutoff >= self.expected)


def seen_length(text: str) -> int:
    """The length of HTML in UTF-16 units, as Telegram counts it: without its markup."""
    return len(unescape(re.sub(r"</?[a-z][^>]*>", "", text)).encode("utf-16-le", "surrogatepass")) // 2


def named(instrument: Instrument) -> str:
    """A name that fits into a line."""
    name = without_english(instrument.name)
    if len(name) > _LONGEST_NAME:
        name = name[: _LONGEST_NAME - 1].rstrip(" ,.&-") + "…"
    return escape(name)


def line(entry: DigestEntry, *, brief: bool = False, priced: bool = False) -> str:
    """ "Apple (AAPL) $178.20, +0.4 %: 176.10 to 180.40 · 165.00 to 190.30"; `brief` leaves out the name.

    `priced` says the currency of the ranges, too.
    """
    symbol = escape(entry.instrument.symbol)
    name = f"<b>{symbol}</b>" if brief else f"<b>{named(entry.instrument)}</b> ({symbol})"
    made = entry.forecast
    if made is None:
        return _("{name}: no forecast tonight.").format(name=name)
    close = escape(sentences.money(made.last_close, made.currency, made.symbol))
    ranges = " · ".join(_range(forecast, priced) for forecast in (entry.nearer, made) if forecast is not None)
    change = _change(entry, made)
    told = f"{name} {close}, {change}: {ranges}" if change else f"{name} {close}: {ranges}"
    return f"{told}; {escape(reports)}" if (reports := sentences.report_day(made, brief=brief)) else told


def first_lines(entry: DigestEntry, weekly: bool, *, priced: bool = False) -> str:
    """Why a symbol stands out, and where it may be next, in words: no legend has been read yet."""
    reports = escape(sentences.report(entry.forecast)) if entry.forecast is not None and entry.is_current else ""
    return f"{why(entry, weekly=weekly)}\n{_ahead(entry, weekly, priced)} {reports}".rstrip()


def _ahead(entry: DigestEntry, weekly: bool, priced: bool) -> str:
    made = entry.forecast
    if made is None or not entry.is_current:
        return line(entry, brief=True, priced=priced)
    symbol, close = (
        f"<b>{escape(entry.instrument.symbol)}</b>",
        sentences.money(made.last_close, made.currency, made.symbol),
    )
    span = sentences.within(made.horizon)
    if entry.nearer is None:
        message = _("{symbol} closed at {close}; probably {range} {span}.")
        return message.format(symbol=symbol, close=escape(close), range=_range(made, priced), span=span)
    return _("{symbol} closed at {close}; probably {nearer} {next}, {range} {span}.").format(
        symbol=symbol,
        close=escape(close),
        nearer=_range(entry.nearer, priced),
        next=_("until the next summary") if weekly else sentences.within(1),
        range=_range(made, priced),
        span=span,
    )


def _range(made: Forecast, priced: bool) -> str:
    """In the currency of the close before it, which is said again only where it shall be."""
    currency = made.currency if priced else ""
    low, high = (sentences.money(made.price_at(level), currency, made.symbol) for level in (0.1, 0.9))
    return escape(_("{low} to {high}").format(low=low, high=high))


def _change(entry: DigestEntry, made: Forecast) -> str:
    """What the session brought, or why that is not known."""
    if not entry.is_current and entry.expected is not None:
        if not is_exact(entry.instrument.calendar, entry.expected):
            return _("close of {day}").format(day=day_and_month(made.cutoff))
        return _("no close of {day} yet").format(day=day_and_month(entry.expected))
    return "" if entry.move is None else _growth(entry.move)


def _growth(move: Move) -> str:
    growth = sentences.signed_percent(move.growth)
    if move.since is None:
        return growth
    return _("{growth} since {day}").format(growth=growth, day=day_and_month(move.since))


def why(entry: DigestEntry, *, weekly: bool) -> str:
    """Why a symbol stands out, in a line: what happened against what was expected."""
    name = f"<b>{named(entry.instrument)}</b>"
    if entry.ended is not None and not entry.ended[1].held:
        told, graded = entry.ended
        message = (
            _("{name} moved {growth} in the week; 8 in 10 outcomes were expected between {low} and {high}.")
            if weekly
            else _("{name} moved {growth}; 8 in 10 outcomes were expected between {low} and {high}.")
        )
        low, high = sentences.signed_percent(expm1(told.low)), sentences.signed_percent(expm1(told.high))
        return message.format(name=name, growth=sentences.signed_percent(graded.growth), low=low, high=high)
    if entry.move is not None and entry.move.surprise >= BIG:
        message = (
            _("{name} moved {growth} in the week, {times} times as much as usual.")
            if weekly
            else _("{name} moved {growth}, {times} times as much as usual.")
        )
        return message.format(name=name, growth=_growth(entry.move), times=plain(entry.move.surprise, 1))
    return f"{name}: {_rare(entry.rarity)}." if entry.rarity is not None else name


def _rare(rarity: Rarity) -> str:
    """Of which side an outlook is rare; nothing is said of its middle, of which nothing is known."""
    message = _RARE.get(rarity.side)
    if message is None:
        return _("its outlook is rarer than on nearly all of the last {count} days").format(count=rarity.compared)
    return _(message).format(count=rarity.compared)
