"""A list's range in plain sentences, the same in every face. Pure: values in, text out, no markup."""

from bellwether.core.i18n.numbers import count, percent, signed_percent
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import translated
from bellwether.core.types import Q10, Q90, Forecast
from bellwether.forecasting import sentences
from bellwether.forecasting.list_forecast import WALKED_FORWARD, ListForecast
from bellwether.forecasting.sentences import span

ENOUGH = 100  #: closed ranges, from which on they speak for themselves


def only(made: ListForecast) -> Forecast | None:
    """The range of the one stock in it, to which no record of lists belongs; None in a list of several."""
    return made.members[0].forecast if len(made.members) == 1 else None


def left_out(made: ListForecast) -> list[str]:
    """What was asked for and is not in it, each with its reason."""
    return [f"{left.asked}: {translated(left.why)}" for left in made.left_out]


def counted_once(named: int, made: ListForecast) -> str:
    """That of so many that were named some are the same; "" where none are."""
    if named <= len(made.members) + len(made.left_out):
        return ""
    return _("What is named more than once counts once.")


def headline(made: ListForecast) -> str:
    """The one sentence that needs no background; of a list of one stock that stock's own."""
    if (alone := only(made)) is not None:
        return sentences.headline(alone)
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
    """What the last two years of the same list say; "" where they are not known; of one stock why it is this wide."""
    if (alone := only(made)) is not None:
        return sentences.why(alone)
    if not made.plain:
        return ""
    return _("By what this list did in the last two years alone: {low} to {high}.").format(
        low=signed_percent(made.plain[Q10]), high=signed_percent(made.plain[Q90])
    )


def record(made: ListForecast) -> str:
    """How often such ranges held: those issued here, and in the test on past years while those are few.

    Of one stock how often its own held.
    """
    if (alone := only(made)) is not None:
        return sentences.trust_line(alone)
    closed, held = (made.record.closed, made.record.held) if made.record is not None else (0, 0)
    test = WALKED_FORWARD
    few, most = test.sizes
    in_test = _(
        "In a test on past years ({first} to {last}, lists of {few} to {most} stocks), made each time from what was "
        "known by then, {share} of such ranges held."
    ).format(
        first=test.first_year,
        last=test.last_year,
        few=few,
        most=most,
        share=percent(test.coverage_80),
    )
    if not closed:
        none_yet = _("No range of a list of this length has closed here yet.")
        return f"{none_yet} {in_test}" if made.record is not None else in_test
    here = _("Ranges of lists of this length that closed here: {closed}. Of these {held} held; 8 in 10 should.").format(
        closed=count(closed), held=count(held)
    )
    return here if closed >= ENOUGH else f"{here} {in_test}"


def summary(made: ListForecast, named: int = 0) -> str:
    """All of it, a sentence or two on each line; first what of so many that were `named` is not in it."""
    notes = [*left_out(made), counted_once(named, made)]
    told = [*notes, headline(made), heaviest(made), plain_rule(made), record(made), *map(translated, made.caveats)]
    return "\n".join(line for line in told if line)


def shares(made: ListForecast, most: int) -> str:
    """Whose part of the loss is the largest: "TSLA 31 %, NVDA 24 %"; "" where nothing is lost."""
    told = [(member.share, member.forecast.symbol) for member in made.members if member.share is not None]
    ranked = sorted(told, key=lambda pair: (-pair[0], pair[1]))[:most]
    return ", ".join(f"{symbol} {percent(share)}" for share, symbol in ranked) if len(told) > 1 else ""


def digest_line(made: ListForecast) -> str:
    """The list in a line of a digest, with what must be said of it alone: the rest stands under its symbols."""
    of_symbols = {caveat for member in made.members for caveat in member.forecast.caveats}
    own = (translated(caveat) for caveat in made.caveats if caveat not in of_symbols)
    return " ".join([_digest_line(made), *own])


def _digest_line(made: ListForecast) -> str:
    low, high = (signed_percent(end) for end in made.range_80)
    member = made.heaviest
    if member is None or member.share is None:
        return _("{span} your list in equal parts: {low} to {high}.").format(
            span=span(made.horizon), low=low, high=high
        )
    return _("{span} your list in equal parts: {low} to {high}; {symbol} carries {share} of the risk.").format(
        span=span(made.horizon), low=low, high=high, symbol=member.forecast.symbol, share=percent(member.share)
    )
