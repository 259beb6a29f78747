"""A forecast in plain sentences, the same in every face. Pure: values in, text out, no markup.

They are English, unless `language.use_language` says otherwise.
"""

from bellwether.core.i18n.articles import with_articles, without_english
from bellwether.core.i18n.numbers import closing, count, day, day_and_month, money, percent, signed_percent
from bellwether.core.i18n.translate import N_, ngettext, said
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import LEVELS, Q10, Q90, Forecast
from bellwether.forecasting.report_sentences import report, report_day
from bellwether.forecasting.trust_sentences import (
    about_held_in_short,
    count_is_not_all,
    held_in_short,
    per_hundred,
    record_basis,
    track_record_line,
    trust,
    trust_basis,
    trust_grounds,
    trust_in_short,
    trust_line,
    why_count_is_not_all,
)

# one door to all that is said of a forecast
__all__ = [
    "about_held_in_short",
    "closing",
    "count",
    "count_is_not_all",
    "day",
    "held_in_short",
    "money",
    "per_hundred",
    "percent",
    "record_basis",
    "report",
    "report_day",
    "signed_percent",
    "track_record_line",
    "trust",
    "trust_basis",
    "trust_grounds",
    "trust_in_short",
    "trust_line",
    "why_count_is_not_all",
]

NOT_ADVICE = said("This is information, not investment advice.")
#: the sample market says so itself, and more
_SOURCES = {"yahoo": "Yahoo Finance", "file": N_("the price file")}
#: offered to choose from
HORIZON_LABELS = {1: N_("1 day"), 5: N_("1 week"), 10: N_("2 weeks"), 21: N_("1 month"), 63: N_("3 months")}
_TOO_LITTLE = 0.02  #: a stretching of less tells nobody anything
_YEAR_IS_PLAIN = 182  #: days between a close and now in which its year goes without saying
_OTHER_PACE = 0.1  #: of the plain rule's width: what the model's differs by, where it is worth a sentence
_TOLD = (0.1, 0.5, 0.9)  #: levels whose prices have names of their own
_EVEN = (0.47, 0.53)  #: a chance of a rise between these tells nobody anything
_SPANS = {1: N_("On the next trading day"), 5: N_("Over the next week"), 10: N_("Over the next two weeks")} | {
    21: N_("Over the next month"),
    42: N_("Over the next two months"),
    63: N_("Over the next three months"),
}


def label(horizon: int) -> str:
    """A horizon that is offered, as it stands on its button: "2 weeks"; in days for any other."""
    if horizon in HORIZON_LABELS:
        return _(HORIZON_LABELS[horizon])
    return ngettext("{count} trading day", "{count} trading days", horizon).format(count=horizon)


def span(horizon: int) -> str:
    """The horizon as the beginning of a sentence."""
    if horizon in _SPANS:
        return _(_SPANS[horizon])
    return ngettext("Over the next {count} trading day", "Over the next {count} trading days", horizon).format(
        count=horizon
    )


def is_in_words(horizon: int) -> bool:
    """Whether its span is told without a figure."""
    return horizon in _SPANS


def within(horizon: int) -> str:
    """The horizon within a sentence: "over the next two weeks"."""
    return from_small(span(horizon))


def from_small(sentence: str) -> str:
    """A sentence that goes on from another one."""
    return sentence[:1].lower() + sentence[1:]


def title(forecast: Forecast) -> str:
    """Whose forecast it is: "Apple (AAPL)"; an index without the English word for it in another language."""
    name = without_english(forecast.name)
    return name if name == forecast.symbol else f"{name} ({forecast.symbol})"


def headline(forecast: Forecast) -> str:
    """The one sentence that needs no background; of rise and fall only where something is known of them."""
    low, high = price_range(forecast)
    chance = direction(forecast)
    message = (
        _("{span} {name:the} will probably end between {low} and {high}; {chance}.")
        if chance
        else _("{span} {name:the} will probably end between {low} and {high}.")
    )
    return message.format(
        span=span(forecast.horizon),
        name=with_articles(forecast.name, forecast.symbol),
        low=low,
        high=high,
        chance=chance,
    )


def price_range(forecast: Forecast) -> tuple[str, str]:
    """The ends of the 80 % range as prices."""
    return _price(forecast, 0.1), _price(forecast, 0.9)


def all_numbers(forecast: Forecast) -> str:
    """The quantiles, how much the price swings, and the tested skill: for whoever chose to see them.

    The ends of the 80 % range and the median stand beside them and are no part of them.
    """
    prices = ", ".join(f"{percent(level)} {_price(forecast, level)}" for level in LEVELS if level not in _TOLD)
    facts = forecast.explanation
    swings = _("Volatility, a year: {now} of late").format(now=percent(facts.volatility, 1))
    if facts.usual_volatility is not None:
        swings = _("Volatility, a year: {now} of late, {usual} over the year before").format(
            now=percent(facts.volatility, 1), usual=percent(facts.usual_volatility, 1)
        )
    lines = [_("Quantiles: {prices}.").format(prices=prices), f"{swings}."]
    if facts.record is not None:
        skill = _("Skill against the plain rule: {skill} ({confidence} interval {low} to {high})").format(
            skill=signed_percent(facts.record.skill),
            confidence=percent(0.95),
            low=signed_percent(facts.record.skill_low),
            high=signed_percent(facts.record.skill_high),
        )
        lines.append(f"{skill}.")
    return "\n".join(lines)


def _price(forecast: Forecast, level: float) -> str:
    return money(forecast.price_at(level), forecast.currency, forecast.symbol)


def direction_known(forecast: Forecast) -> bool:
    """Whether the model was shown to know more of rise and fall, this far ahead, than the usual share of rises."""
    record = forecast.explanation.record
    return record is not None and record.growth_known and not forecast.growth_is_usual


def direction(forecast: Forecast) -> str:
    """Which way it will rather go, in words; empty where that is not known, or is no more than what is usual."""
    own, usual = forecast.probability_of_growth, forecast.usual_probability_of_growth
    if usual is None:
        usual = forecast.baseline.probability_of_growth
    if not direction_known(forecast) or _EVEN[0] <= own <= _EVEN[1] or (own - 0.5) * (own - usual) <= 0:
        return ""
    if own > 0.6:
        return _("a rise is likelier than a fall")
    if own > 0.5:
        return _("a rise is a little likelier than a fall")
    if own >= 0.4:
        return _("a fall is a little likelier than a rise")
    return _("a fall is likelier than a rise")


def numbers(forecast: Forecast) -> str:
    """The figures behind the headline."""
    middle = _("Middle outcome: {middle}.").format(middle=_price(forecast, 0.5))
    return f"{ends(forecast)} {middle} {_chance(forecast)}"


def ends(forecast: Forecast) -> str:
    """The 80 % range as prices and as growth, and its day."""
    low, high = price_range(forecast)
    return _("8 in 10 outcomes: {low} to {high} ({low_growth} to {high_growth}) by {day}.").format(
        low=low,
        high=high,
        low_growth=signed_percent(forecast.growths[Q10]),
        high_growth=signed_percent(forecast.growths[Q90]),
        day=day(forecast.target_session),
    )


def middle_and_chance(forecast: Forecast) -> str:
    """The median and the chance of a rise as they stand under that heading: "$176.52 and 57 % (usually 61 %)."."""
    chance, usual = percent(forecast.probability_of_growth), forecast.usual_probability_of_growth
    values = {"middle": _price(forecast, 0.5), "chance": chance}
    if usual is None:
        return _("{middle} and {chance}.").format(**values)
    if percent(usual) == chance:
        return _("{middle} and {chance}, as is usual.").format(**values)
    message = (
        _("{middle} and {chance} (usually {usual}).")
        if direction_known(forecast)
        else _("{middle} and {chance} (usually {usual}; the model was not shown to know better).")
    )
    return message.format(**values, usual=percent(usual))


def _chance(forecast: Forecast) -> str:
    chance, usual = percent(forecast.probability_of_growth), forecast.usual_probability_of_growth
    if forecast.growth_is_usual:
        return _("Chance of a rise: {chance}, which is usual this far ahead; nobody knows better.").format(
            chance=chance
        )
    if usual is None:
        return _("Chance of a rise: {chance}.").format(chance=chance)
    return _("Chance of a rise: {chance} (it rose in {usual} of past stretches this long).").format(
        chance=chance, usual=percent(usual)
    )


def evening(forecast: Forecast) -> str:
    """By how much the range is stretched for how ranges have held of late; empty where that is hardly anything."""
    factor = forecast.calibration.factor if forecast.calibration is not None else 1.0
    if abs(factor - 1) < _TOO_LITTLE:
        return ""
    if factor > 1:
        message = _("Ranges are widened by {change} because the market has moved more than forecast lately.")
    else:
        message = _("Ranges are narrowed by {change} because the market has moved less than forecast lately.")
    return message.format(change=percent(abs(factor - 1)))


def last_price(forecast: Forecast) -> str:
    """What the forecast starts from."""
    price, on = money(forecast.last_close, forecast.currency, forecast.symbol), day(forecast.cutoff)
    if forecast.source not in _SOURCES:
        return _("Last close: {price} on {day}.").format(price=price, day=on)
    source = _(_SOURCES[forecast.source])
    return _("Last close: {price} on {day}, from {source}.").format(price=price, day=on, source=source)


def day_is_told(forecast: Forecast) -> bool:
    """Whether a caveat names the day of the last close, so that nothing else need do it."""
    return any(day(forecast.cutoff) in f"{caveat}" for caveat in forecast.caveats)


def start(forecast: Forecast) -> str:
    """What the range is judged by, in few words: "It closed at $175.34 on 31 December."

    Its day goes without saying where a caveat names it; its year, within half a year.
    """
    price = money(forecast.last_close, forecast.currency, forecast.symbol)
    if day_is_told(forecast):
        return _("It last closed at {price}.").format(price=price)
    write = day_and_month if abs((forecast.made_at.date() - forecast.cutoff).days) < _YEAR_IS_PLAIN else day
    return _("It closed at {price} on {day}.").format(price=price, day=write(forecast.cutoff))


def why(forecast: Forecast) -> str:
    """Why the range is as wide as it is: beside the symbol's last year, the plain rule, and the last weeks."""
    return " ".join(filter(None, (_swings(forecast), _against_pace(forecast), evening(forecast))))


def in_two(sentence: str) -> tuple[str, str]:
    """ "Why this wide: at its pace ..." as a heading and a sentence: "Why this wide", "At its pace ..."."""
    heading, _colon, rest = sentence.partition(": ")
    return heading, rest[:1].upper() + rest[1:]


def _against_pace(forecast: Forecast) -> str:
    """Says so where the model expects other days than the recent ones, as the plain rule does not; else empty."""
    ratio = forecast.explanation.width_against_baseline
    if forecast.problem is not None or abs(ratio - 1) < _OTHER_PACE:
        return ""
    message = (
        _("The model expects calmer days: its range is {share} narrower than a plain rule's, from that pace alone.")
        if ratio < 1
        else _("The model expects wilder days: its range is {share} wider than a plain rule's, from that pace alone.")
    )
    return message.format(share=percent(abs(ratio - 1)))


def pace(forecast: Forecast) -> str:
    """How much the price has swung of late, beside its last year: for under the heading "Why this wide"."""
    now, usual = percent(forecast.explanation.volatility), forecast.explanation.usual_volatility
    if usual is None:
        return _("Lately it swung at a pace of about {now} a year.").format(now=now)
    if percent(usual) == now:
        return _("Lately it swung at a pace of about {now} a year, as over its last twelve months.").format(now=now)
    message = _("Lately it swung at a pace of about {now} a year, over its last twelve months by {usual}.")
    return message.format(now=now, usual=percent(usual))


def _swings(forecast: Forecast) -> str:
    volatility, usual = forecast.explanation.volatility, forecast.explanation.usual_volatility
    swings = percent(volatility)
    if usual is None:
        message = _("Why this wide: at its recent pace {name:the} swings by about {swings} a year.")
        return message.format(name=with_articles(forecast.name, forecast.symbol), swings=swings)
    ratio = volatility / usual if usual > 0 else 1.0
    if ratio < 0.9:
        message = _(
            "Why this wide: at its recent pace {name:the} swings by about {swings} a year, calmer than its last twelve "
            "months ({usual})."
        )
    elif ratio > 1.1:
        message = _(
            "Why this wide: at its recent pace {name:the} swings by about {swings} a year, more volatile than its last "
            "twelve months ({usual})."
        )
    else:
        message = _(
            "Why this wide: at its recent pace {name:the} swings by about {swings} a year, about as volatile as its "
            "last twelve months ({usual})."
        )
    return message.format(name=with_articles(forecast.name, forecast.symbol), swings=swings, usual=percent(usual))


def disclaimer(forecast: Forecast) -> str:
    """Everything that limits the forecast, and that it is no advice."""
    return " ".join(f"{sentence}" for sentence in (*forecast.caveats, NOT_ADVICE))


def summary(forecast: Forecast) -> str:
    """Everything in a few lines, for places without a layout of their own."""
    return "\n".join(
        [
            headline(forecast),
            trust_line(forecast),
            last_price(forecast),
            numbers(forecast),
            *filter(None, [report(forecast)]),
            why(forecast),
            *filter(None, [trust_basis(forecast)]),
            *(f"{sentence}" for sentence in (*forecast.caveats, NOT_ADVICE)),
        ]
    )
