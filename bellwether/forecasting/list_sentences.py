"""A list's range in plain sentences, the same in every face. Pure: values in, text out, no markup."""

from bellwether.core.i18n.numbers import percent, signed_percent
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Q10, Q90
from bellwether.forecasting.list_forecast import ListForecast
from bellwether.forecasting.sentences import span


def headline(made: ListForecast) -> str:
    """The one sentence that needs no background."""
    low, high = made.range_80
    return _("{span} this list, held in equal parts, will probably end between {low} and {high}.").format(
        span=span(made.horizon), low=signed_percent(low), high=signed_percent(high)
    )


def heaviest(made: ListForecast) -> str:
    """Which symbol carries most of the risk; "" in a list of one, and where nothing is lost."""
    member = made.heaviest
    if member is None or member.share is None:
        return ""
    return _(
        "In the worst tenth of outcomes it loses {loss} on average; the largest part of that, {share}, comes from "
        "{symbol}."
    ).format(loss=percent(made.expected_loss, 1), share=percent(member.share), symbol=member.forecast.symbol)


def plain_rule(made: ListForecast) -> str:
    """What the last two years of the same list say; "" where they are not known."""
    if not made.plain:
        return ""
    return _("By what this list did in the last two years alone: {low} to {high}.").format(
        low=signed_percent(made.plain[Q10]), high=signed_percent(made.plain[Q90])
    )


def shares(made: ListForecast, most: int) -> str:
    """Whose part of the loss is the largest: "TSLA 31 %, NVDA 24 %"; "" where nothing is lost."""
    told = [(member.share, member.forecast.symbol) for member in made.members if member.share is not None]
    ranked = sorted(told, key=lambda pair: (-pair[0], pair[1]))[:most]
    return ", ".join(f"{symbol} {percent(share)}" for share, symbol in ranked) if len(told) > 1 else ""


def digest_line(made: ListForecast) -> str:
    """The list in a line of a digest."""
    low, high = (signed_percent(end) for end in made.range_80)
    member = made.heaviest
    if member is None or member.share is None:
        return _("{span} your list in equal parts: {low} to {high}.").format(
            span=span(made.horizon), low=low, high=high
        )
    return _("{span} your list in equal parts: {low} to {high}; {symbol} carries {share} of the risk.").format(
        span=span(made.horizon), low=low, high=high, symbol=member.forecast.symbol, share=percent(member.share)
    )
