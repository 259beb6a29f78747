"""A forecast in plain sentences, the same in every face. Pure: values in, text out, no markup.

They are English, unless `language.use_language` says otherwise.
"""

from bellwether.core.i18n.numbers import closing, count, day, money, percent, signed_percent
from bellwether.core.i18n.translate import N_, ngettext, said
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import LEVELS, Q10, Q90, Forecast
from bellwether.forecasting.trust_sentences import tested, track_record_line, trust

# one door to all that is said of a forecast
__all__ = ["closing", "count", "day", "money", "percent", "signed_percent", "tested", "track_record_line", "trust"]

NOT_ADVICE = said("This is information, not investment advice.")
#: the sample market says so itself, and more
_SOURCES = {"yahoo": "Yahoo Finance", "file": N_("the price file")}
#: offered to choose from
HORIZON_LABELS = {1: N_("1 day"), 5: N_("1 week"), 10: N_("2 weeks"), 21: N_("1 month"), 63: N_("3 months")}
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


def within(horizon: int) -> str:
    """The horizon within a sentence: "over the next two weeks"."""
    return from_small(span(horizon))


def from_small(sentence: str) -> str:
    """A sentence that goes on from another one."""
    return sentence[:1].lower() + sentence[1:]


def headline(forecast: Forecast) -> str:
    """The one sentence that needs no background."""
    low, high = price_range(forecast)
    return _("{span} {name} will probably end between {low} and {high}; {chance}.").format(
        span=span(forecast.horizon),
        name=forecast.name,
        low=low,
        high=high,
        chance=chances(_supported_probability(forecast)),
    )


def price_range(forecast: Forecast) -> tuple[str, str]:
    """The ends of the 80 % range as prices."""
    return _price(forecast, 0.1), _price(forecast, 0.9)


def all_numbers(forecast: Forecast) -> str:
    """The quantiles, how much the price swings, and the tested skill: for whoever chose to see them."""
    prices = ", ".join(f"{percent(level)} {_price(forecast, level)}" for level in LEVELS)
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


def chances(probability: float) -> str:
    """How likely a rise is, without pretending to know more than a few in a hundred."""
    if 0.47 <= probability <= 0.53:
        return _("a rise is about as likely as a fall")
    if probability > 0.6:
        return _("a rise is likelier than a fall")
    if probability > 0.5:
        return _("a rise is a little likelier than a fall")
    if probability >= 0.4:
        return _("a fall is a little likelier than a rise")
    return _("a fall is likelier than a rise")


def _supported_probability(forecast: Forecast) -> float:
    """The chance of a rise that the record supports saying in words.

    Where the model was not shown to know the direction, its own figure counts only as far as the usual share of rises
    agrees: of the two the one nearer to one half, and one half where they point to different sides.
    """
    own, record = forecast.probability_of_growth, forecast.explanation.record
    if record is not None and record.growth_known:
        return own
    usual = forecast.usual_probability_of_growth
    if usual is None:
        usual = forecast.baseline.probability_of_growth
    if (own - 0.5) * (usual - 0.5) <= 0:
        return 0.5
    return min(own, usual, key=lambda chance: abs(chance - 0.5))


def numbers(forecast: Forecast) -> str:
    """The figures behind the headline."""
    low, high = price_range(forecast)
    ends = _(
        "8 in 10 outcomes: {low} to {high} ({low_growth} to {high_growth}) by {day}. Middle outcome: {middle}."
    ).format(
        low=low,
        high=high,
        low_growth=signed_percent(forecast.growths[Q10]),
        high_growth=signed_percent(forecast.growths[Q90]),
        day=day(forecast.target_session),
        middle=_price(forecast, 0.5),
    )
    return f"{ends} {_chance(forecast)}"


def _chance(forecast: Forecast) -> str:
    chance, usual = percent(forecast.probability_of_growth), forecast.usual_probability_of_growth
    if usual is None:
        return _("Chance of a rise: {chance}.").format(chance=chance)
    return _("Chance of a rise: {chance} (it rose in {usual} of past stretches this long).").format(
        chance=chance, usual=percent(usual)
    )


def last_price(forecast: Forecast) -> str:
    """What the forecast starts from."""
    price, on = money(forecast.last_close, forecast.currency, forecast.symbol), day(forecast.cutoff)
    if forecast.source not in _SOURCES:
        return _("Last close: {price} on {day}.").format(price=price, day=on)
    source = _(_SOURCES[forecast.source])
    return _("Last close: {price} on {day}, from {source}.").format(price=price, day=on, source=source)


def why(forecast: Forecast) -> str:
    """Why the range is as wide as it is."""
    volatility, usual = forecast.explanation.volatility, forecast.explanation.usual_volatility
    swings = percent(volatility)
    if usual is None:
        message = _("Why this wide: at its recent pace {name} swings by about {swings} a year.")
        return message.format(name=forecast.name, swings=swings)
    ratio = volatility / usual if usual > 0 else 1.0
    if ratio < 0.9:
        message = _(
            "Why this wide: at its recent pace {name} swings by about {swings} a year, calmer than its last twelve "
            "months ({usual})."
        )
    elif ratio > 1.1:
        message = _(
            "Why this wide: at its recent pace {name} swings by about {swings} a year, more volatile than its last "
            "twelve months ({usual})."
        )
    else:
        message = _(
            "Why this wide: at its recent pace {name} swings by about {swings} a year, about as volatile as its last "
            "twelve months ({usual})."
        )
    return message.format(name=forecast.name, swings=swings, usual=percent(usual))


def disclaimer(forecast: Forecast) -> str:
    """Everything that limits the forecast, and that it is no advice."""
    return " ".join(f"{sentence}" for sentence in (*forecast.caveats, NOT_ADVICE))


def summary(forecast: Forecast) -> str:
    """Everything in a few lines, for places without a layout of their own."""
    return "\n".join(
        [
            headline(forecast),
            last_price(forecast),
            numbers(forecast),
            why(forecast),
            trust(forecast),
            *(f"{sentence}" for sentence in (*forecast.caveats, NOT_ADVICE)),
        ]
    )
