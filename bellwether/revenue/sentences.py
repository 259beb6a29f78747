"""A growth forecast in plain sentences, the same in every face. Pure: values in, text out, no markup."""

from bellwether.core.i18n.articles import with_articles
from bellwether.core.i18n.numbers import count, day, percent, plain, signed_percent, years
from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Q10, Q50, Q90
from bellwether.forecasting.sentences import NOT_ADVICE
from bellwether.revenue.issued import PastGrowth
from bellwether.revenue.types import GrowthForecast, QuarterAhead

_SCALES = (
    (1e12, N_("{currency} {amount} trillion")),
    (1e9, N_("{currency} {amount} billion")),
    (1e6, N_("{currency} {amount} million")),
)


def headline(made: GrowthForecast) -> str:
    """The one sentence that needs no background."""
    quarter = made.ahead[0]
    message = (
        _("In the quarter to about {day}, {name} will probably take in between {low} and {high}, {than_before}.")
        if quarter.quarters_ahead == 1
        else _("A year on, to about {day}, {name} will probably take in between {low} and {high}, {than_before}.")
    )
    return message.format(
        day=day(quarter.period_end),
        name=with_articles(made.name, made.symbol),
        low=amount(quarter.revenue[Q10], made.currency),
        high=amount(quarter.revenue[Q90], made.currency),
        than_before=_than_before(quarter),
    )


def _than_before(quarter: QuarterAhead) -> str:
    middle = quarter.growths[Q50]
    if abs(middle) < 0.005:
        return _("most likely about as much as a year before")
    if middle > 0:
        return _("most likely about {share} more than a year before").format(share=percent(middle))
    return _("most likely about {share} less than a year before").format(share=percent(-middle))


def lines(made: GrowthForecast) -> list[str]:
    """The figures of each quarter ahead, a line each."""
    return [_line(quarter, made.currency) for quarter in made.ahead]


def _line(quarter: QuarterAhead, currency: str) -> str:
    message = (
        _(
            "Next quarter (to about {day}): 8 in 10 outcomes {low} to {high} over a year, {least} to {most}; "
            "middle {middle}."
        )
        if quarter.quarters_ahead == 1
        else _(
            "In four quarters (to about {day}): 8 in 10 outcomes {low} to {high} over a year, {least} to {most}; "
            "middle {middle}."
        )
    )
    low, middle, high = (signed_percent(quarter.growths[level]) for level in (Q10, Q50, Q90))
    least, most = (amount(quarter.revenue[level], currency) for level in (Q10, Q90))
    return message.format(day=day(quarter.period_end), low=low, high=high, middle=middle, least=least, most=most)


def why(made: GrowthForecast) -> str:
    """What it starts from."""
    newest = made.quarters[-1].revenue
    took = _("In the quarter to {day} it took in {amount}").format(
        day=day(made.period_end), amount=amount(newest or 0.0, made.currency)
    )
    if made.last_growth is None:
        return f"{took}."
    return _("{took}, {growth} over a year; from one quarter to the next that growth moves by about {change}.").format(
        took=took, growth=signed_percent(made.last_growth), change=percent(made.usual_change, 1)
    )


def trust(made: GrowthForecast) -> str:
    """How far it can be believed, from where the model was tested."""
    record = made.ahead[0].record
    if record is None:
        return _("How far to trust it: this range is a plain rule's, which knows only the last growths.")
    taught = _(" (with less to learn from then)") if record.taught_to else ""
    if record.short:
        taught += _(" with only five quarters of each company")
    return _(
        "How far to trust it: tested on {span}{taught}, {held} of such 8-in-10 ranges held, and its misses were "
        "{skill} "
        "smaller than those of a plain rule on past growth."
    ).format(span=years(record.span), taught=taught, held=percent(record.coverage_80), skill=percent(record.skill))


def how_past_ones_turned_out(past: tuple[PastGrowth, ...], *, simulated: bool = False) -> str:
    """What came of the forecasts that were issued, or of `simulated` ones, which are called so."""
    settled = [forecast for forecast in past if forecast.growth is not None]
    held = sum(forecast.held for forecast in settled)
    if settled and simulated:
        return _(
            "Simulated for the quarters from {first} to {last}, by a model that had seen none of them: {held} of "
            "{count} held their 8-in-10 range."
        ).format(
            first=day(settled[-1].period_end),
            last=day(settled[0].period_end),
            held=held,
            count=len(settled),
        )
    if not settled:
        return _("None of my growth forecasts of it has come due yet.")
    newest = settled[0]
    last = _("The last: {low} to {high} expected for the quarter to {day}, {growth} came.").format(
        low=signed_percent(newest.growths[Q10]),
        high=signed_percent(newest.growths[Q90]),
        day=day(newest.period_end),
        growth=signed_percent(newest.growth or 0.0),
    )
    return _("Of {count} that came due, {held} held their 8-in-10 range. {last}").format(
        count=len(settled), held=held, last=last
    )


def disclaimer(made: GrowthForecast) -> str:
    """Everything that limits it, where the reports come from, and that it is no advice."""
    sources = {
        "sample": _("Sample data, as known at the end of 2021."),
        "yahoo": _("Reports from Yahoo Finance."),
    }
    sentences = (*made.caveats, sources.get(made.source, ""), NOT_ADVICE)
    return " ".join(f"{sentence}" for sentence in sentences if sentence)


def summary(made: GrowthForecast) -> str:
    """Everything in a few lines, for places without a layout of their own."""
    return "\n".join([headline(made), *lines(made), why(made), trust(made), disclaimer(made)])


def amount(value: float, currency: str) -> str:
    """Revenue as people say it: "USD 83.4 billion"."""
    for size, message in _SCALES:
        if abs(value) >= size:
            return _(message).format(currency=currency, amount=three(value / size))
    return _("{currency} {amount}").format(currency=currency, amount=count(round(value)))


def three(value: float) -> str:
    """Three digits."""
    return plain(value, 0 if value >= 100 else 1 if value >= 10 else 2)
