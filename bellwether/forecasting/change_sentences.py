"""What is different from the forecast of the session before, in words. Pure: two forecasts in, text out, no markup.

Where closes are missing between the two, the days are named.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from math import exp, log

from bellwether.core.i18n.articles import with_articles
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import ngettext
from bellwether.core.types import Q10, Q90, Forecast
from bellwether.forecasting import sentences
from bellwether.market.holes import Gap, gap, session_before

_SAME = 0.005  #: a width that changed by less is called the same
_MOSTLY = 0.75  #: of a change of width that must come from one side to be called its main part


@dataclass(frozen=True, slots=True)
class Change:
    """One line of what is different since the session before."""

    what: str
    before: str
    now: str
    difference: str


def changes(before: Forecast, made: Forecast) -> list[Change]:
    """What the forecast says now and said then, looking as many sessions ahead."""
    was, now = (sentences.money(forecast.last_close, made.currency, made.symbol) for forecast in (before, made))
    moved = made.last_close / before.last_close - 1
    listed = [
        Change(_("Close"), was, now, sentences.signed_percent(moved)),
        Change(_("8-in-10 range"), _spread(before), _spread(made), _wider(_widening(before, made))),
    ]
    if sentences.direction_known(made):
        points = round(100 * made.probability_of_growth) - round(100 * before.probability_of_growth)
        then, today = (sentences.percent(forecast.probability_of_growth) for forecast in (before, made))
        listed.append(Change(_("Chance of a rise"), then, today, _points(points)))
    return listed


def causes(before: Forecast, made: Forecast) -> list[Change]:
    """What the forecast read now and read then: its own swings, the market's, its last month; those that are known."""
    old, new = before.explanation, made.explanation
    figures = (
        (_("Its own swings, a year"), old.volatility, new.volatility, _one_digit),
        (_("What the market expects (VIX), a year"), old.market_volatility, new.market_volatility, _one_digit),
        (_("Its last 21 trading days"), old.recent_return, new.recent_return, sentences.signed_percent),
    )
    reports = []
    if any(forecast.earnings is not None and forecast.earnings.wider for forecast in (before, made)):
        was, now = (exp(_report(forecast)) - 1 for forecast in (before, made))
        reports = [_figures(_("What a report adds to the range"), was, now, sentences.signed_percent)]
    return reports + [
        _figures(what, was, now, in_words)
        for what, was, now, in_words in figures
        if was is not None and now is not None
    ]


def about_hole(before: Forecast, made: Forecast, calendar: str) -> str:
    """Says so where the session before has no close, so that the change is over more than one; empty otherwise."""
    return about_hole_between(before.cutoff, made.cutoff, calendar)


def about_hole_between(before: date, session: date, calendar: str) -> str:
    """The same of the days of two closes."""
    if gap(calendar, before, session) is not Gap.HOLE:
        return ""
    return _("There is no close of {missing}, so how it moved on {day} alone is not known.").format(
        missing=sentences.day(session_before(calendar, session)), day=sentences.day(session)
    )


def in_a_sentence(before: Forecast, made: Forecast, calendar: str) -> str:
    """What happened to the range, and which side it came from. Its `calendar` tells whether it was in one session.

    The width is the plain rule's, which knows the recent swings alone, times what the model makes of everything else:
    so the change of its logarithm parts exactly into these two.
    """
    then = _("a trading day ago")
    if gap(calendar, before.cutoff, made.cutoff) is not Gap.NONE:
        then = _("on {day}").format(day=sentences.day(before.cutoff))
    return _sentence(before, made).format(
        name=with_articles(made.name, made.symbol), wider=_wider(_widening(before, made)), then=then
    )


def _sentence(before: Forecast, made: Forecast) -> str:
    """With {name}, {wider} and {then} still to be filled in."""
    widening = _widening(before, made)
    whole = log(widening)
    if abs(whole) < _SAME:
        return _("The range of {name:the} is as wide as {then}: nothing that counts has changed.")
    if before.problem is not None or made.problem is not None:
        if whole > 0:
            return _("The range of {name:the} is {wider} than {then}, because its recent prices swung more.")
        return _("The range of {name:the} is {wider} than {then}, because its recent prices were calmer.")
    rest = log(made.explanation.width_against_baseline / before.explanation.width_against_baseline)
    own = whole - rest
    if own / whole >= _MOSTLY:
        if whole > 0:
            return _("The range of {name:the} is {wider} than {then}, mostly because its own recent prices swung more.")
        return _("The range of {name:the} is {wider} than {then}, mostly because its own recent prices were calmer.")
    if (_report(made) - _report(before)) / whole >= _MOSTLY:
        return _("The range of {name:the} is {wider} than {then}, mostly for when it reports its results.")
    if rest / whole >= _MOSTLY:
        return _(
            "The range of {name:the} is {wider} than {then}, mostly for what the model reads beyond its recent "
            "swings: the market, and longer patterns of its prices."
        )
    return _(
        "The range of {name:the} is {wider} than {then}: part of it for its own recent swings, part for the market "
        "and longer patterns of its prices."
    )


def _report(forecast: Forecast) -> float:
    """How much wider a report inside makes the range, as a logarithm; 0 where there is none."""
    its = forecast.earnings
    return log(1 + its.wider) if its is not None and its.wider is not None else 0.0


def _widening(before: Forecast, made: Forecast) -> float:
    """The width of the 8-in-10 range now against then, in log returns; 1 where there was none."""
    old, new = before.width, made.width
    return new / old if old > 0 and new > 0 else 1.0


def _spread(made: Forecast) -> str:
    low, high = (sentences.signed_percent(made.growths[level]) for level in (Q10, Q90))
    return _("{low} to {high}").format(low=low, high=high)


def _wider(ratio: float) -> str:
    if abs(log(ratio)) < _SAME:
        return _("as wide")
    if abs(ratio - 1) < _SAME:
        return _("a little wider") if ratio > 1 else _("a little narrower")
    message = _("{share} wider") if ratio > 1 else _("{share} narrower")
    return message.format(share=sentences.percent(abs(ratio - 1)))


def _points(points: int) -> str:
    if points == 0:
        return _("the same")
    message = ngettext("{sign}{count} point", "{sign}{count} points", abs(points))
    return message.format(sign="+" if points > 0 else "−", count=abs(points))


def _figures(what: str, old: float, new: float, in_words: Callable[[float], str]) -> Change:
    was, now = in_words(old), in_words(new)
    return Change(what, was, now, _("the same") if was == now else _("up") if new > old else _("down"))


def _one_digit(fraction: float) -> str:
    return sentences.percent(fraction, 1)
