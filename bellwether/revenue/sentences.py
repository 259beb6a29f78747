"""A growth forecast in plain sentences, the same in every face. Pure: values in, text out, no markup."""

from bellwether.core.i18n.articles import with_articles
from bellwether.core.i18n.numbers import count, day, percent, plain, signed_percent
from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Q10, Q50, Q90
from bellwether.forecasting.sentences import NOT_ADVICE
from bellwether.revenue.trust_sentences import record_basis, trust, trust_line
from bellwether.revenue.types import GrowthForecast, QuarterAhead

# one door to all that is said of a growth forecast
__all__ = ["record_basis", "trust", "trust_line"]

_SCALES = (
    (1e12, N_("{currency} {amount} trillion")),
    (1e9, N_("{currency} {amount} billion")),
    (1e6, N_("{currency} {amount} million")),
)

_TOO_LITTLE = 0.015  #: of a widening, to be told


def title(made: GrowthForecast) -> str:
    """Whose forecast it is: "Apple (AAPL): sales"."""
    name = made.name if made.name == made.symbol else f"{made.name} ({made.symbol})"
    return _("{name}: sales").format(name=name)


def view_of(made: GrowthForecast) -> str:
    """From when it speaks, to be said before anything else; empty where that is the day it was made for."""
    if not made.overdue:
        return ""
    return _("This is the view of {day}, after its newest report known here.").format(day=day(made.as_of))


def headline(made: GrowthForecast) -> str:
    """The one sentence that needs no background: the range in money, and beside it as growth."""
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


def opening(made: GrowthForecast) -> str:
    """The headline, and before it from when it speaks where that is long ago."""
    return " ".join(sentence for sentence in (view_of(made), headline(made)) if sentence)


def _than_before(quarter: QuarterAhead) -> str:
    low, high = quarter.growths[Q10], quarter.growths[Q90]
    if low >= 0:
        message = _("{low} to {high} more than a year before")
    elif high > 0:
        message = _("from {low} less to {high} more than a year before")
    else:
        low, high = high, low  # the smaller loss first
        message = _("{low} to {high} less than a year before")
    return message.format(low=percent(abs(low), 1), high=percent(abs(high), 1))


def middle(made: GrowthForecast) -> str:
    """The middle of the range of the headline."""
    quarter = made.ahead[0]
    return _("Middle outcome: {amount}, {growth} on a year before.").format(
        amount=amount(quarter.revenue[Q50], made.currency), growth=signed_percent(quarter.growths[Q50])
    )


def lines(made: GrowthForecast, start: int = 0) -> list[str]:
    """The figures of each quarter ahead from `start` on, a line each."""
    return [_line(quarter, made.currency) for quarter in made.ahead[start:]]


def _line(quarter: QuarterAhead, currency: str) -> str:
    message = (
        _(
            "Next quarter (to about {day}): probably {least} to {most}, {low} to {high} on a year before; "
            "middle outcome {middle}."
        )
        if quarter.quarters_ahead == 1
        else _(
            "A year on (the quarter to about {day}): probably {least} to {most}, {low} to {high} on a year before; "
            "middle outcome {middle}."
        )
    )
    low, middle, high = (signed_percent(quarter.growths[level]) for level in (Q10, Q50, Q90))
    least, most = (amount(quarter.revenue[level], currency) for level in (Q10, Q90))
    return message.format(day=day(quarter.period_end), low=low, high=high, middle=middle, least=least, most=most)


def why(made: GrowthForecast) -> str:
    """What it starts from, and why its range is wider than it would be."""
    return " ".join(sentence for sentence in (_start(made), _wider(made)) if sentence)


def _start(made: GrowthForecast) -> str:
    newest = made.quarters[-1].revenue
    took = _("In the quarter to {day} it took in {amount}").format(
        day=day(made.period_end), amount=amount(newest or 0.0, made.currency)
    )
    if made.last_growth is None:
        return f"{took}."
    return _(
        "{took}, {growth} on a year before. From one quarter to the next that growth usually changes by about "
        "{points} percentage points."
    ).format(took=took, growth=signed_percent(made.last_growth), points=plain(100 * made.usual_change, 1))


def _wider(made: GrowthForecast) -> str:
    """By how much others' reports widened the range of the headline; empty where that is hardly anything."""
    factor = made.widened_by(made.ahead[0].quarters_ahead)
    if factor - 1 < _TOO_LITTLE:
        return ""
    return _(
        "The range is widened by {change} because other companies' reports in the month before lay further from their "
        "forecasts than usual."
    ).format(change=percent(factor - 1))


def disclaimer(made: GrowthForecast) -> str:
    """Everything that limits it, where the reports come from, and that it is no advice."""
    sources = {
        "sample": _("Sample data: its company reports end in 2021."),
        "yahoo": _("Reports from Yahoo Finance."),
    }
    sentences = (*made.caveats, sources.get(made.source, ""), NOT_ADVICE)
    return " ".join(f"{sentence}" for sentence in sentences if sentence)


def summary(made: GrowthForecast) -> str:
    """Everything in a few lines, for places without a layout of their own."""
    first = [opening(made), middle(made), *lines(made, 1)]
    return "\n".join([*first, why(made), trust(made), disclaimer(made)])


def amount(value: float, currency: str) -> str:
    """Revenue as people say it: "USD 83.4 billion"."""
    for size, message in _SCALES:
        if abs(value) >= size:
            return _(message).format(currency=currency, amount=three(value / size))
    return _("{currency} {amount}").format(currency=currency, amount=count(round(value)))


def three(value: float) -> str:
    """Three digits."""
    return plain(value, 0 if value >= 100 else 1 if value >= 10 else 2)
