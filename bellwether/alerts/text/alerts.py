"""The words of alerts: what is waited for, what happened, and how it turned out. HTML for Telegram."""

from collections.abc import Sequence
from datetime import date
from html import escape
from math import expm1

from bellwether.core.alert_types import Alert, AlertRule, Direction, Repeat, RuleKind
from bellwether.core.i18n.articles import with_articles
from bellwether.core.i18n.numbers import day_and_month
from bellwether.core.i18n.translate import N_, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import Forecast, Instrument
from bellwether.delivery.messages import is_reader
from bellwether.delivery.offers import Offer, forecast_of, of_rule
from bellwether.forecasting import sentences
from bellwether.track_record.grading import GradedRange

_MOST_CHARTS = 8  #: buttons: two rows


def name(instrument: Instrument) -> str:
    """ "<b>Apple</b> (AAPL)"."""
    return with_articles(f"<b>{escape(instrument.name[:200])}</b> ({escape(instrument.symbol)})", instrument.symbol)


#: what a rule waits for, by its kind and side; None: of all sides that have no sentence of their own
_WAITS_FOR = {
    (RuleKind.GROWTH, Direction.ABOVE): N_("a middle outcome {span} above {limit}"),
    (RuleKind.GROWTH, None): N_("a middle outcome {span} below {limit}"),
    (RuleKind.CHANCE, Direction.ABOVE): N_("chance of a rise {span} above {limit}"),
    (RuleKind.CHANCE, None): N_("chance of a rise {span} below {limit}"),
    (RuleKind.RISK, None): N_("a 1 in 20 chance of losing more than {loss} {span}"),
    (RuleKind.UNUSUAL, None): N_("a forecast {span} as unusual as on 1 day in {days}"),
    (RuleKind.PRICE, Direction.ABOVE): N_("a close above {limit}"),
    (RuleKind.PRICE, None): N_("a close below {limit}"),
    (RuleKind.EARNINGS, None): N_("the day before it reports earnings"),
    (RuleKind.MOVE, Direction.EITHER): N_("a rise or fall of {share} or more from one close to the next"),
    (RuleKind.MOVE, Direction.ABOVE): N_("a rise of {share} or more from one close to the next"),
    (RuleKind.MOVE, None): N_("a fall of {share} or more from one close to the next"),
}


def describe(rule: AlertRule, currency: str = "") -> str:
    """A rule in plain words: "AAPL: a middle outcome over the next two weeks above +5.0 %"."""
    return f"{rule.symbol}: {waits_for(rule, currency)}"


def waits_for(rule: AlertRule, currency: str) -> str:
    """The same without its symbol, for where that has been said."""
    message = _WAITS_FOR.get((rule.kind, rule.direction)) or _WAITS_FOR[rule.kind, None]
    return _(message).format(
        span=sentences.within(rule.horizon) if rule.horizon else "",
        limit=figure(rule, rule.threshold, currency),
        loss=share(rule.threshold),
        share=share(rule.threshold),
        days=round(1 / rule.threshold) if rule.threshold else 0,
    )


def figure(rule: AlertRule, value: float, currency: str) -> str:
    """A figure of the kind that a rule looks at, as it is written."""
    if rule.kind is RuleKind.PRICE:
        return sentences.money(value, currency, rule.symbol)
    return sentences.percent(value) if rule.kind is RuleKind.CHANCE else sentences.signed_percent(value)


def share(fraction: float) -> str:
    """A share without its sign, in no more digits than it needs, two at most: "5 %", "2.5 %"."""
    hundredths = round(abs(fraction) * 10_000)
    return sentences.percent(hundredths / 10_000, 2 if hundredths % 10 else 1 if hundredths % 100 else 0)


def ended(rule: AlertRule) -> str:
    """Says that a rule's time is over."""
    return _("Your alert has ended, on the day you gave: {alert}. /alerts makes a new one.").format(
        alert=escape(describe(rule))
    )


def message(line: str, rule: AlertRule, made: Forecast | None, currency: str, session: date) -> str:
    """A message about one alert after a session. `made` is the forecast behind it, if it has one."""
    parts = [line]
    if made is not None:
        low, high = sentences.price_range(made)
        ends = _("8 in 10 outcomes: {low} to {high} by {day}").format(
            low=escape(low), high=escape(high), day=sentences.day(made.target_session)
        )
        parts.append(f"{ends}.")
        record = made.explanation.record
        if rule.kind in {RuleKind.GROWTH, RuleKind.CHANCE} and record is not None and not record.growth_known:
            parts.append(
                _("Tests did not show that the model knows more of rise or fall than how often the price rises anyway.")
            )
        parts += [f"<i>{escape(translated(caveat))}</i>" for caveat in made.caveats]
    asked = _("Close of {day} · your alert {number}: {alert}.").format(
        day=day_and_month(session), alert=escape(waits_for(rule, currency)), number=rule.id
    )
    if rule.repeat is Repeat.ONCE:
        asked += " " + _("It was to come only once, and is over.")
    return "\n".join([*parts, f"<i>{asked}</i>"])


def offers(rule: AlertRule) -> tuple[Offer, ...]:
    """What can be done about a message of this rule: one that was for once is gone."""
    chart = forecast_of(rule.symbol, rule.horizon or DEFAULT_HORIZON)
    return (chart,) if rule.repeat is Repeat.ONCE else (chart, *of_rule(rule.id))


def charts_of(told: Sequence[Alert]) -> tuple[Offer, ...]:
    """The forecasts that a list of alerts offers, each once."""
    charts = (forecast_of(alert.symbol, alert.horizon or DEFAULT_HORIZON) for alert in told)
    return tuple(dict.fromkeys(charts))[:_MOST_CHARTS]


def vanished(instrument: Instrument, rules: Sequence[AlertRule], since: date) -> str:
    """Says that there are no prices any more for what these rules look at, and what can be done."""
    lines = [f"• <b>{rule.id}</b> {escape(describe(rule, instrument.currency))}" for rule in rules]
    what_to_do = _(
        "If it has a new ticker, make a new alert for that. /alerts {number} removes this one, or resumes it "
        "when its prices are back."
    ).format(number=rules[0].id)
    if is_reader(rules[0].chat_id):  # who has a page, and no commands
        what_to_do = _("If it has a new ticker, make a new alert for that on your page.")
    return "\n".join(
        [
            _(
                "{name} has vanished: I have had no usable prices of it since {day}. It may have been delisted, "
                "renamed or moved to another exchange, or my source has lost it. Your alerts about it rest now:"
            ).format(name=name(instrument), day=sentences.day(since)),
            *lines,
            what_to_do,
        ]
    )


def turned_out(alert: Alert, graded: GradedRange, instrument: Instrument) -> str:
    """How the forecast behind an alert turned out: an answer to the alert's own message."""
    assert alert.low is not None and alert.high is not None and alert.target_session is not None
    if graded.held:
        came = _(
            "How this turned out: by {day} {name} had moved {growth}, inside the 8-in-10 range of {low} to {high}."
        )
    elif graded.growth > expm1(alert.high):
        came = _("How this turned out: by {day} {name} had moved {growth}, above the 8-in-10 range of {low} to {high}.")
    else:
        came = _("How this turned out: by {day} {name} had moved {growth}, below the 8-in-10 range of {low} to {high}.")
    return came.format(
        day=sentences.day(alert.target_session),
        name=name(instrument),
        growth=sentences.signed_percent(graded.growth),
        low=sentences.signed_percent(expm1(alert.low)),
        high=sentences.signed_percent(expm1(alert.high)),
    )
