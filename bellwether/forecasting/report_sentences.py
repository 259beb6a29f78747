"""What is said of a company's report that lies inside a forecast, the same in every face. Pure: values in, text out."""

from bellwether.core.announcement import ReportInside
from bellwether.core.i18n.articles import with_articles
from bellwether.core.i18n.numbers import day_and_month, percent, short_day
from bellwether.core.i18n.translate import N_, ngettext
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Forecast

_LEAST = 0.005  #: by which a range must be wider for it to be worth a figure: what rounds to nothing is none
_INSIDE = {
    1: N_("on the next trading day"),
    5: N_("inside the coming week"),
    10: N_("inside these two weeks"),
    21: N_("inside the coming month"),
    42: N_("inside these two months"),
    63: N_("inside these three months"),
}


def report(forecast: Forecast) -> str:
    """That the company reports inside the horizon, and by how much the range is wider for it; empty where it does not.

    Of a report on the day of the forecast only where the range is wider for it.

    "Apple reports on 1 February, inside these two weeks: the range is 30 % wider for it."
    """
    its = forecast.earnings
    is_wider = its is not None and its.wider is not None and its.wider >= _LEAST
    if its is None or (its.came and not is_wider):
        return ""
    what = _what(its).format(
        name=with_articles(forecast.name, forecast.symbol),
        day=day_and_month(its.day),
        last=day_and_month(its.last_day or its.day),
        inside=_inside(forecast.horizon),
    )
    if its.wider is None or not is_wider:
        return f"{what}."
    return _("{report}: the range is {share} wider for it.").format(report=what, share=percent(its.wider))


def report_day(forecast: Forecast, *, brief: bool = False) -> str:
    """The same in a few words, to stand at the end of a line: "reports on 1 February"; empty where there is none.

    `brief`: "report 1 Feb".
    """
    its = forecast.earnings
    if its is None:
        return ""
    if its.came:
        message = _("reported {day}") if brief else _("reported on {day}")
    elif not its.known:
        message = _("report about {day}") if brief else _("reports probably around {day}")
    elif its.last_day is not None:
        message = _("report {day} to {last}") if brief else _("reports between {day} and {last}")
    else:
        message = _("report {day}") if brief else _("reports on {day}")
    written = short_day if brief else day_and_month
    return message.format(day=written(its.day), last=written(its.last_day or its.day))


def _what(its: ReportInside) -> str:
    if its.came:
        return _("{name} reported on {day}, and the price may still answer it")
    if not its.known:
        return _("{name} reports probably around {day}, {inside}")
    if its.last_day is not None:
        return _("{name} reports between {day} and {last}, {inside}")
    return _("{name} reports on {day}, {inside}")


def _inside(horizon: int) -> str:
    if horizon in _INSIDE:
        return _(_INSIDE[horizon])
    message = ngettext("inside this {count} trading day", "inside these {count} trading days", horizon)
    return message.format(count=horizon)
