"""The words of alerts: what happened, why the reader is told, and how to change or stop it. HTML for Telegram."""

from datetime import datetime, timedelta
from html import escape
from math import expm1
from zoneinfo import ZoneInfo

from bellwether import wording
from bellwether.alert_types import Alert, AlertRule, Direction, Repeat, RuleKind
from bellwether.alerting.rules_alert import RuleReason, Sight, margin, split_since
from bellwether.alerting.rules_grading import Outcome
from bellwether.types import Forecast, Instrument

STOP = "/alerts changes or stops your alerts, /settings says when they may come."


def name(one: Instrument) -> str:
    """ "<b>Apple</b> (AAPL)"."""
    return f"<b>{escape(one.name[:200])}</b> ({escape(one.symbol)})"


def describe(rule: AlertRule, currency: str = "") -> str:
    """A rule in plain words: "AAPL: median growth over the next two weeks above +5.0 %"."""
    side = {Direction.ABOVE: "above", Direction.BELOW: "below", Direction.EITHER: "either way by"}[rule.direction]
    over = wording.span(rule.horizon).lower() if rule.horizon else ""
    share = wording.signed_percent(rule.threshold)
    said = {
        RuleKind.GROWTH: f"median growth {over} {side} {share}",
        RuleKind.CHANCE: f"chance of a rise {over} {side} {wording.percent(rule.threshold)}",
        RuleKind.RISK: f"1 in 20 outcomes {over} {side} {share}",
        RuleKind.UNUSUAL: f"an outlook {over} as rare as 1 day in {round(1 / rule.threshold) if rule.threshold else 0}",
        RuleKind.PRICE: f"a close {side} {wording.money(rule.threshold, currency, rule.symbol)}",
        RuleKind.MOVE: f"a session that moves {_moves(rule)}",
        RuleKind.EARNINGS: "the day before it reports earnings",
    }[rule.kind]
    return f"{rule.symbol}: {said}"


def _moves(rule: AlertRule) -> str:
    share = wording.percent(abs(rule.threshold), 1)
    if rule.direction is Direction.EITHER:
        return f"{share} or more either way"
    return f"{'up' if rule.direction is Direction.ABOVE else 'down'} {share} or more"


def event(rule: AlertRule, reason: RuleReason, figure: float, sight: Sight, one: Instrument) -> str:
    """What happened, in one sentence: for a message of its own, and for the digest."""
    over = wording.span(rule.horizon).lower() if rule.horizon else ""
    if rule.kind is RuleKind.EARNINGS:
        day = wording.day(sight.earnings) if sight.earnings else "the next trading day"
        return f"{name(one)} is expected to report earnings on {day}, its next trading day."
    if rule.kind is RuleKind.MOVE:
        moved, day = wording.signed_percent(figure), wording.day(sight.session)
        return f"{name(one)} moved {moved} on {day}, to {_close(sight, one)}."
    if rule.kind is RuleKind.UNUSUAL:
        rare = sight.rarities.get(rule.horizon)
        assert rare is not None  # there was a figure
        days = "none" if rare.share == 0 else wording.percent(rare.share)
        what = "middle outcome is" if rare.side.value.startswith("placed") else "range is"
        return (
            f"{name(one)}: {over} its {what} {rare.side.value} than usual; "
            f"{days} of its last {rare.compared} days {'was' if rare.share == 0 else 'were'} as extreme."
        )
    verb = "stands already" if reason is RuleReason.STANDS_BEYOND else "has gone"
    side = "above" if rule.direction is Direction.ABOVE else "below"
    if rule.kind is RuleKind.PRICE:
        ratio = split_since(rule, sight.bars)
        level = wording.money(rule.threshold * ratio, one.currency, one.symbol)
        asked = wording.money(rule.threshold, one.currency, one.symbol)
        split = f" ({asked} before its shares were split)" if ratio != 1 else ""
        return f"{name(one)} {verb} {side} {escape(level)}{escape(split)}: it closed at {_close(sight, one)}."
    what, limit, now = {
        RuleKind.GROWTH: ("median growth", wording.signed_percent(rule.threshold), wording.signed_percent(figure)),
        RuleKind.CHANCE: ("chance of a rise", wording.percent(rule.threshold), wording.percent(figure)),
        RuleKind.RISK: ("1-in-20 loss", wording.signed_percent(rule.threshold), wording.signed_percent(figure)),
    }[rule.kind]
    return f"{name(one)}: its {what} {over} {verb} {side} {limit}, at {now}."


def _close(sight: Sight, one: Instrument) -> str:
    return escape(wording.money(sight.bars.quoted_close, one.currency, one.symbol))


def ended(rule: AlertRule) -> str:
    """Says that a rule's time is over."""
    return f"Your alert on {escape(describe(rule))} has ended, on the day you gave. /alerts makes a new one."


def message(line: str, rule: AlertRule, made: Forecast | None, one: Instrument) -> str:
    """A message about one alert. `made` is the forecast behind it, if it has one."""
    parts = [line]
    if made is not None:
        low, high = wording.price_range(made)
        parts.append(f"8 in 10 outcomes: {escape(low)} to {escape(high)} by {wording.day(made.target_session)}.")
        record = made.explanation.record
        if rule.kind in {RuleKind.GROWTH, RuleKind.CHANCE} and record is not None and not record.growth_known:
            parts.append("About rise or fall the model was not shown to know more than the usual share of rises.")
        parts += [f"<i>{escape(caveat)}</i>" for caveat in made.caveats]
    set_on = wording.day(rule.created_at.date())
    parts.append(
        f"Why you get this: you asked on {set_on} to be told of “{escape(describe(rule, one.currency))}” "
        f"(alert {rule.id}). {_what_next(rule, one)} {STOP}"
    )
    return "\n".join([*parts, wording.NOT_ADVICE])


def _what_next(rule: AlertRule, one: Instrument) -> str:
    """When the rule speaks again."""
    if rule.repeat is Repeat.ONCE:
        return "It was for once, and is done."
    if rule.kind in {RuleKind.MOVE, RuleKind.EARNINGS}:
        return "It comes each time."
    if rule.kind is RuleKind.UNUSUAL:
        share = min(1.0, rule.threshold + margin(rule))
        return f"It comes again once the outlook has been back among the usual {wording.percent(1 - share)}."
    back = rule.threshold - margin(rule) if rule.direction is Direction.ABOVE else rule.threshold + margin(rule)
    said = (
        wording.money(back, one.currency, one.symbol)
        if rule.kind is RuleKind.PRICE
        else wording.percent(back, 1)
        if rule.kind is RuleKind.CHANCE
        else wording.signed_percent(back)
    )
    other = "below" if rule.direction is Direction.ABOVE else "above"
    figure = "a close" if rule.kind is RuleKind.PRICE else "the figure has been"
    return f"It comes again after {figure} {other} {escape(said)}."


def about_lateness(due_at: datetime, timezone: str) -> str:
    """Says when a late message was due, by the chat's clock."""
    local = due_at.astimezone(ZoneInfo(timezone))
    return f"<i>Late: this was due at {local:%H:%M} on {wording.day(local.date())}, but could not be made in time.</i>"


def sent_late(after: timedelta) -> str:
    """Says that a message was made in time but could not be sent then."""
    return f"<i>Late: this was due {round(after / timedelta(hours=1))} hours ago, but could not be sent in time.</i>"


def turned_out(alert: Alert, one: Outcome, instrument: Instrument) -> str:
    """How the forecast behind an alert turned out: an answer to the alert's own message."""
    assert alert.low is not None and alert.high is not None and alert.target_session is not None
    inside = "inside" if one.held else "above" if one.growth > expm1(alert.high) else "below"
    return (
        f"How this turned out: by {wording.day(alert.target_session)} {name(instrument)} had moved "
        f"{wording.signed_percent(one.growth)}, {inside} the 8-in-10 range of "
        f"{wording.signed_percent(expm1(alert.low))} to {wording.signed_percent(expm1(alert.high))}."
    )
