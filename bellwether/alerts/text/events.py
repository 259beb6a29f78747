"""What happened, when a rule fires: one sentence for a message of its own, and for the digest. HTML for Telegram."""

from html import escape

from bellwether.alerts.rules.judge import Observation, RuleReason, split_since
from bellwether.alerts.rules.rarity import Rarity, Side
from bellwether.alerts.text.alerts import figure, name, share
from bellwether.core.alert_types import AlertRule, Direction, RuleKind
from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import to_date
from bellwether.forecasting import sentences
from bellwether.market.holes import Gap
from bellwether.market.jumps import may_be_halved

_WHAT = {
    RuleKind.GROWTH: N_("middle outcome"),
    RuleKind.CHANCE: N_("chance of a rise"),
}
_RARE = {
    Side.WIDE: N_("{name}: {span} its range is wider than usual"),
    Side.NARROW: N_("{name}: {span} its range is narrower than usual"),
    Side.HIGH: N_("{name}: {span} its middle outcome is placed higher than usual"),
    Side.LOW: N_("{name}: {span} its middle outcome is placed lower than usual"),
}
#: by whether it stood there already, and by the side
_PRICES = {
    (True, Direction.ABOVE): N_("{name} is already above {level}: it closed at {close}."),
    (True, Direction.BELOW): N_("{name} is already below {level}: it closed at {close}."),
    (False, Direction.ABOVE): N_("{name} has gone above {level}: it closed at {close}."),
    (False, Direction.BELOW): N_("{name} has gone below {level}: it closed at {close}."),
}
_LOSSES = {  # by whether it stood there already
    True: N_(
        "{name} already has a 1 in 20 chance of losing more than {loss} {span}: the worst 1 in 20 end below {now}."
    ),
    False: N_("{name} now has a 1 in 20 chance of losing more than {loss} {span}: the worst 1 in 20 end below {now}."),
}
_FIGURES = {
    (True, Direction.ABOVE): N_("{name}: its {what} {span} is already above {limit}, at {now}."),
    (True, Direction.BELOW): N_("{name}: its {what} {span} is already below {limit}, at {now}."),
    (False, Direction.ABOVE): N_("{name}: its {what} {span} has gone above {limit}, at {now}."),
    (False, Direction.BELOW): N_("{name}: its {what} {span} has gone below {limit}, at {now}."),
}


def event(rule: AlertRule, reason: RuleReason, value: float, seen: Observation) -> str:
    """What happened; `value` is the figure that the rule looked at. A jump that may be a split says so."""
    told = _event(rule, reason, value, seen)
    of_prices = rule.kind in {RuleKind.MOVE, RuleKind.PRICE}
    if of_prices and len(seen.bars) - 1 in may_be_halved(seen.bars):
        return " ".join([told, _("It may be a split of its shares that nobody has told of.")])
    return told


def _event(rule: AlertRule, reason: RuleReason, value: float, seen: Observation) -> str:
    if rule.kind is RuleKind.EARNINGS:
        if seen.earnings is None:
            return _("{name} is expected to report earnings on its next trading day.").format(
                name=name(seen.instrument)
            )
        message = _("{name} is expected to report earnings on {day}, its next trading day.")
        return message.format(name=name(seen.instrument), day=sentences.day(seen.earnings))
    if rule.kind is RuleKind.MOVE and seen.gap is not Gap.NONE:  # not of one session, for all we know
        return _("{name} moved {growth} from {before} to {day}, to {close}.").format(
            name=name(seen.instrument),
            growth=sentences.signed_percent(value),
            before=sentences.day(to_date(seen.bars.sessions[-2])),
            day=sentences.day(seen.session),
            close=_close(seen),
        )
    if rule.kind is RuleKind.MOVE:
        return _("{name} moved {growth} on {day}, to {close}.").format(
            name=name(seen.instrument),
            growth=sentences.signed_percent(value),
            day=sentences.day(seen.session),
            close=_close(seen),
        )
    if rule.kind is RuleKind.UNUSUAL:
        rare = seen.rarities.get(rule.horizon)
        assert rare is not None  # there was a figure
        return _unusual(rule, rare, seen)
    side = (reason is RuleReason.STANDS_BEYOND, rule.direction)
    if rule.kind is RuleKind.PRICE:
        return _(_PRICES[side]).format(name=name(seen.instrument), level=escape(_level(rule, seen)), close=_close(seen))
    if rule.kind is RuleKind.RISK:
        return _(_LOSSES[reason is RuleReason.STANDS_BEYOND]).format(
            name=name(seen.instrument),
            span=sentences.within(rule.horizon),
            loss=share(rule.threshold),
            now=figure(rule, value, seen.instrument.currency),
        )
    return _(_FIGURES[side]).format(
        name=name(seen.instrument),
        what=_(_WHAT[rule.kind]),
        span=sentences.within(rule.horizon),
        limit=figure(rule, rule.threshold, seen.instrument.currency),
        now=figure(rule, value, seen.instrument.currency),
    )


def _unusual(rule: AlertRule, rare: Rarity, seen: Observation) -> str:
    what = _(_RARE[rare.side]).format(name=name(seen.instrument), span=sentences.within(rule.horizon))
    if rare.share == 0:
        message = _("{what}; none of its last {count} days was as extreme.")
    else:
        message = _("{what}; {share} of its last {count} days were as extreme.")
    return message.format(what=what, share=sentences.percent(rare.share), count=rare.compared)


def _level(rule: AlertRule, seen: Observation) -> str:
    """The price that was to be reached, in today's shares."""
    ratio = split_since(rule, seen)
    level = figure(rule, rule.threshold * ratio, seen.instrument.currency)
    if ratio == 1:
        return level
    asked = figure(rule, rule.threshold, seen.instrument.currency)
    return _("{level} ({asked} before its shares were split)").format(level=level, asked=asked)


def _close(seen: Observation) -> str:
    return escape(sentences.money(seen.bars.quoted_close, seen.instrument.currency, seen.instrument.symbol))
