"""A forecast in plain English sentences, the same in every face. Pure: values in, text out, no markup."""

import math
from datetime import date

from bellwether.scoring.types import Beside, Verdict
from bellwether.types import Forecast, Record

NOT_ADVICE = "This is information, not investment advice."
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
#: minor units as Yahoo writes them; Johannesburg's ZAc and Tel Aviv's ILA have no sign that everybody knows
_HUNDREDTHS = {"GBp": "p"}
_SOURCES = {"yahoo": "Yahoo Finance", "file": "the price file"}  #: the sample market says so itself, and more
HORIZON_LABELS = {1: "1 day", 5: "1 week", 10: "2 weeks", 21: "1 month", 63: "3 months"}  #: offered to choose from
_SPANS = {1: "On the next trading day", 5: "Over the next week", 10: "Over the next two weeks"} | {
    21: "Over the next month",
    42: "Over the next two months",
    63: "Over the next three months",
}


def money(amount: float, currency: str, symbol: str = "") -> str:
    """A price: "$1,234.50", "540.25p" in pence, "1,234.50 SEK"; "4,766.18" for an index, a level and not money."""
    # two decimals; more for what costs less than one, so that no price reads as nothing
    digits = 2 if amount >= 1 else 4 if amount >= 0.01 or amount <= 0 else 2 - math.floor(math.log10(amount))
    plain = f"{amount:,.{digits}f}"
    if symbol.startswith("^") or not currency:
        return plain
    if currency in _HUNDREDTHS:
        return f"{plain}{_HUNDREDTHS[currency]}"
    return f"{_SIGNS[currency]}{plain}" if currency in _SIGNS else f"{plain} {currency}"


def percent(fraction: float, digits: int = 0) -> str:
    """0.798 as "80 %", without a minus on zero."""
    return f"{round(fraction * 100, digits) + 0.0:.{digits}f} %"


def signed_percent(fraction: float) -> str:
    """-0.084 as "−8.4 %", 0.102 as "+10.2 %"."""
    value = round(fraction * 100, 1)
    return f"{'−' if value < 0 else '+' if value > 0 else ''}{abs(value):.1f} %"


def day(session: date) -> str:
    """A date as people say it: "14 January 2022"."""
    return f"{session.day} {session:%B %Y}"


def closing(session: date, today: date) -> str:
    """The end of a session: "Friday's close" within the week, "the close of 20 November 2026" later."""
    return f"{session:%A}'s close" if 0 <= (today - session).days < 7 else f"the close of {day(session)}"


def span(horizon: int) -> str:
    """The horizon as the beginning of a sentence."""
    return _SPANS.get(horizon, f"Over the next {horizon} trading days")


def headline(forecast: Forecast) -> str:
    """The one sentence that needs no background."""
    low, high = price_range(forecast)
    return (
        f"{span(forecast.horizon)} {forecast.name} will probably end between {low} and {high}; "
        f"{chances(_supported_probability(forecast))}."
    )


def price_range(forecast: Forecast) -> tuple[str, str]:
    """The ends of the 80 % range as prices."""
    low, high = forecast.price_at(0.1), forecast.price_at(0.9)
    return money(low, forecast.currency, forecast.symbol), money(high, forecast.currency, forecast.symbol)


def chances(probability: float) -> str:
    """How likely a rise is, without pretending to know more than a few in a hundred."""
    if 0.47 <= probability <= 0.53:
        return "a rise is about as likely as a fall"
    winner, loser = ("rise", "fall") if probability > 0.5 else ("fall", "rise")
    strength = "a little likelier" if 0.4 <= probability <= 0.6 else "likelier"
    return f"a {winner} is {strength} than a {loser}"


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
    growths = dict(zip((0.1, 0.5, 0.9), (forecast.growths[i] for i in (1, 3, 5)), strict=True))
    usual = forecast.usual_probability_of_growth
    beside = f" (it rose in {percent(usual)} of past stretches this long)" if usual is not None else ""
    return (
        f"8 in 10 outcomes: {low} to {high} ({signed_percent(growths[0.1])} to {signed_percent(growths[0.9])}) "
        f"by {day(forecast.target_session)}. "
        f"Middle outcome: {money(forecast.price_at(0.5), forecast.currency, forecast.symbol)}. "
        f"Chance of a rise: {percent(forecast.probability_of_growth)}{beside}."
    )


def last_price(forecast: Forecast) -> str:
    """What the forecast starts from."""
    price = money(forecast.last_close, forecast.currency, forecast.symbol)
    source = f", from {_SOURCES[forecast.source]}" if forecast.source in _SOURCES else ""
    return f"Last close: {price} on {day(forecast.cutoff)}{source}."


def why(forecast: Forecast) -> str:
    """Why the range is as wide as it is."""
    facts = forecast.explanation
    now = f"at its recent pace {forecast.name} swings by about {percent(facts.volatility)} a year"
    if facts.usual_volatility is None:
        return f"Why this wide: {now}."
    ratio = facts.volatility / facts.usual_volatility if facts.usual_volatility > 0 else 1.0
    mood = "calmer than" if ratio < 0.9 else "livelier than" if ratio > 1.1 else "about as lively as"
    return f"Why this wide: {now}, {mood} its last twelve months ({percent(facts.usual_volatility)})."


def trust(forecast: Forecast) -> str:
    """How far this can be trusted: the model's record on years it had not seen, and how earlier forecasts went."""
    beside = forecast.explanation.beside
    return f"{_tested(forecast)} {track_record_line(beside)}" if beside is not None else _tested(forecast)


def track_record_line(beside: Beside) -> str:
    """How earlier forecasts turned out, in a sentence: "In the last year its 8-in-10 ranges for it held ..."."""
    when = f"Replayed on past prices, {beside.years} (simulated)," if beside.years else "In the last year"
    of = "for this symbol" if beside.own else "for all symbols"
    if beside.verdict is Verdict.TOO_EARLY or beside.coverage_80 is None or beside.skill is None:
        count = f"{beside.forecasts:,} forecast{'s' if beside.forecasts != 1 else ''}"
        return f"{when} its ranges {of}: too early to tell, {count} with an outcome so far."
    held = f"{when} its 8-in-10 ranges {of} held {percent(beside.coverage_80)} of the time"
    return f"{held}; {_against_rule(beside.skill, beside.verdict)}."


def _against_rule(skill: float, verdict: Verdict) -> str:
    """A judged skill, beside the plain rule."""
    if verdict is Verdict.UNDECIDED:
        return "no better or worse than a plain volatility rule by more than luck"
    return f"{percent(abs(skill), 1)} {'better' if skill > 0 else 'worse'} than a plain volatility rule"


def _tested(forecast: Forecast) -> str:
    """The model's record on years it had not seen."""
    record = forecast.explanation.record
    if forecast.problem is not None:
        return "How far to trust it: this is the plain volatility rule, shown because the model is silent."
    if record is None:
        return "How far to trust it: this model was tested too little to tell."
    unseen = (
        ", years it had not seen,"
        if record.taught_to is None
        else f", when it knew prices to {day(record.taught_to)} only,"
    )
    growth = "" if record.growth_known else " About rise or fall it was not shown to know more than the usual share."
    return (
        f"How far to trust it: tested on {record.span}{unseen} "
        f"{percent(record.coverage_80)} of its 8-in-10 ranges this far ahead held. {_skill(record)}{growth}"
    )


def _skill(record: Record) -> str:
    """The skill against the baseline, with its uncertainty."""
    low, high = percent(record.skill_low, 1), percent(record.skill_high, 1)
    if record.skill_low <= 0 <= record.skill_high:
        return f"It could not be told from a plain volatility rule (its ranges scored {low} to {high} better)."
    direction = "better" if record.skill > 0 else "worse"
    return (
        f"Its ranges scored {percent(abs(record.skill), 1)} {direction} than those of a plain volatility rule "
        f"({low} to {high} allowing for luck, a 95 % interval)."
    )


def summary(forecast: Forecast) -> str:
    """Everything in a few lines, for places without a layout of their own."""
    return "\n".join(
        [
            headline(forecast),
            last_price(forecast),
            numbers(forecast),
            why(forecast),
            trust(forecast),
            *forecast.caveats,
            NOT_ADVICE,
        ]
    )
