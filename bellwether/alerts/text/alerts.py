"""The words of alerts: what is waited for, why the reader is told, and how to change or stop it. HTML for Telegram."""

from collections.abc import Sequence
from datetime import date
from html import escape
from math import expm1

from bellwether.alerts.rules.judge import margin
from bellwether.core.alert_types import Alert, AlertRule, Direction, Repeat, RuleKind
from bellwether.core.i18n.translate import N_, said, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Forecast, Instrument
from bellwether.forecasting import sentences
from bellwether.track_record.grading import GradedRange

STOP = said("/alerts changes or stops your alerts, /settings says when they may come.")


def name(instrument: Instrument) -> str:
    """ "<b>Apple</b> (AAPL)"."""
    return f"<b>{escape(instrument.name[:200])}</b> ({escape(instrument.symbol)})"


#: what a rule waits for, by its kind and side; None: of all sides that have no sentence of their own
_WAITS_FOR = {
    (RuleKind.GROWTH, Direction.ABOVE): N_("median growth {span} above {limit}"),
    (RuleKind.GROWTH, None): N_("median growth {span} below {limit}"),
    (RuleKind.CHANCE, Direction.ABOVE): N_("chance of a rise {span} above {limit}"),
    (RuleKind.CHANCE, None): N_("chance of a rise {span} below {limit}"),
    (RuleKind.RISK, Direction.ABOVE): N_("1 in 20 outcomes {span} above {limit}"),
    (RuleKind.RISK, None): N_("1 in 20 outcomes {span} below {limit}"),
    (RuleKind.UNUSUAL, None): N_("an outlook {span} as rare as 1 day in {days}"),
    (RuleKind.PRICE, Direction.ABOVE): N_("a close above {limit}"),
    (RuleKind.PRICE, None): N_("a close below {limit}"),
    (RuleKind.EARNINGS, None): N_("the day before it reports earnings"),
    (RuleKind.MOVE, Direction.EITHER): N_("a session that moves {share} or more either way"),
    (RuleKind.MOVE, Direction.ABOVE): N_("a session that moves up {share} or more"),
    (RuleKind.MOVE, None): N_("a session that moves down {share} or more"),
}


def describe(rule: AlertRule, currency: str = "") -> str:
    """A rule in plain words: "AAPL: median growth over the next two weeks above +5.0 %"."""
    message = _WAITS_FOR.get((rule.kind, rule.direction)) or _WAITS_FOR[rule.kind, None]
    wanted = _(message).format(
        span=sentences.within(rule.horizon) if rule.horizon else "",
        limit=figure(rule, rule.threshold, currency),
        share=sentences.percent(abs(rule.threshold), 1),
        days=round(1 / rule.threshold) if rule.threshold else 0,
    )
    return f"{rule.symbol}: {wanted}"


def figure(rule: AlertRule, value: float, currency: str) -> str:
    """A figure of the kind that a rule looks at, as it is written."""
    if rule.kind is RuleKind.PRICE:
        return sentences.money(value, currency, rule.symbol)
    return sentences.percent(value) if rule.kind is RuleKind.CHANCE else sentences.signed_percent(value)


def ended(rule: AlertRule) -> str:
    """Says that a rule's time is over."""
    return _("Your alert on {alert} has ended, on the day you gave. /alerts makes a new one.").format(
        alert=escape(describe(rule))
    )


def message(line: str, rule: AlertRule, made: Forecast | None, currency: str) -> str:
    """A message about one alert. `made` is the forecast behind it, if it has one."""
    parts = [line]
    if made is not None:
        low, high = sentences.price_range(made)
        ends = _("8 in 10 outcomes: {low} to {high} by {day}").format(
            low=escape(low), high=escape(high), day=sentences.day(made.target_session)
        )
        parts.append(f"{ends}.")
        record = made.explanation.record
        if rule.kind in {RuleKind.GROWTH, RuleKind.CHANCE} and record is not None and not record.growth_known:
            parts.append(_("About rise or fall the model was not shown to know more than the usual share of rises."))
        parts += [f"<i>{escape(translated(caveat))}</i>" for caveat in made.caveats]
    asked = _("Why you get this: you asked on {day} to be told of “{alert}” (alert {number}).").format(
        day=sentences.day(rule.created_at.date()), alert=escape(describe(rule, currency)), number=rule.id
    )
    parts.append(f"{asked} {_what_next(rule, currency)} {STOP}")
    return "\n".join([*parts, f"{sentences.NOT_ADVICE}"])


#: by whether the figure is a price, and by whether the rule waits for one above
_AGAIN = {
    (True, True): N_("It comes again after a close below {limit}."),
    (True, False): N_("It comes again after a close above {limit}."),
    (False, True): N_("It comes again after the figure has been below {limit}."),
    (False, False): N_("It comes again after the figure has been above {limit}."),
}


def _what_next(rule: AlertRule, currency: str) -> str:
    """When the rule speaks again."""
    if rule.repeat is Repeat.ONCE:
        return _("It was for once, and is done.")
    if rule.kind in {RuleKind.MOVE, RuleKind.EARNINGS}:
        return _("It comes each time.")
    if rule.kind is RuleKind.UNUSUAL:
        share = min(1.0, rule.threshold + margin(rule))
        return _("It comes again once the outlook has been back among the usual {share}.").format(
            share=sentences.percent(1 - share)
        )
    above = rule.direction is Direction.ABOVE
    back = rule.threshold - margin(rule) if above else rule.threshold + margin(rule)
    limit = sentences.percent(back, 1) if rule.kind is RuleKind.CHANCE else figure(rule, back, currency)
    return _(_AGAIN[rule.kind is RuleKind.PRICE, above]).format(limit=escape(limit))


def vanished(instrument: Instrument, rules: Sequence[AlertRule], since: date) -> str:
    """Says that there are no prices any more for what these rules look at, and what can be done."""
    lines = [f"• <b>{rule.id}</b> {escape(describe(rule, instrument.currency))}" for rule in rules]
    return "\n".join(
        [
            _(
                "{name} has vanished: I have had no usable prices of it since {day}. It may have been delisted, "
                "renamed or moved to another exchange, or my source has lost it. Your alerts about it rest now:"
            ).format(name=name(instrument), day=sentences.day(since)),
            *lines,
            _(
                "If it has a new symbol, make a new alert for that. /alerts {number} removes this one, or resumes it "
                "when its prices are back."
            ).format(number=rules[0].id),
            " ".join([_("Why you get this: you asked to be told of it."), f"{STOP}"]),
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
    told = came.format(
        day=sentences.day(alert.target_session),
        name=name(instrument),
        growth=sentences.signed_percent(graded.growth),
        low=sentences.signed_percent(expm1(alert.low)),
        high=sentences.signed_percent(expm1(alert.high)),
    )
    why = _("Why you get this: alert {number} told you of it on {day}.").format(
        number=alert.rule_id, day=sentences.day(alert.session)
    )
    return f"{told}\n{why} {STOP}"
