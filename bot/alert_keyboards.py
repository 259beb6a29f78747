"""The buttons by which alerts are set up and changed: a symbol, then what about it, then from where on.

alert:SYMBOL:HORIZON                                what there is to be told about a symbol, in a new message
kinds:SYMBOL:HORIZON                                the same in place
kind:SYMBOL:KIND:HORIZON                            from where on
addrule:SYMBOL:KIND:HORIZON:THRESHOLD[:DIRECTION]   keep it
alerts:PAGE  rule:ID                                all of them; one of them
setrule:ID:THRESHOLD[:DIRECTION]  repeat:ID  rmrule:ID   change one; once or again; remove it
pause:ID  resume:ID                                 let one rest, and look at it again
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bellwether.core.alert_types import AlertRule, Direction, Repeat, RuleKind
from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.forecasting import sentences
from bot.keyboards import in_rows
from bot.replies import Button, Rows

PAGE = 9  #: alerts on one page of the list
_LABELS = {
    RuleKind.PRICE: N_("Price reaches a level"),
    RuleKind.MOVE: N_("Big move in a day"),
    RuleKind.RISK: N_("Big loss gets possible"),
    RuleKind.UNUSUAL: N_("Unusual outlook"),
    RuleKind.CHANCE: N_("Chance of a rise"),
    RuleKind.GROWTH: N_("Middle outcome"),
    RuleKind.EARNINGS: N_("Day before earnings"),
}
_NEAR = (-0.10, -0.05, -0.02, 0.02, 0.05, 0.10)  #: price levels offered, as fractions of the last close
_SHARES = {
    RuleKind.MOVE: (0.02, 0.03, 0.05, 0.10),
    RuleKind.RISK: (0.05, 0.10, 0.15, 0.20),
    RuleKind.UNUSUAL: (0.05, 0.02, 0.01),
}
_GROWTHS = {True: (0.01, 0.02, 0.03), False: (0.02, 0.04, 0.06)}  #: for up to two weeks, and for longer
_CHANCES = (0.55, 0.60, 0.65)


@dataclass(frozen=True, slots=True)
class Preset:
    """A threshold that is offered."""

    label: str
    threshold: float
    direction: Direction | None = None  #: None is the one that the threshold suggests

    @property
    def action(self) -> str:
        """The end of an action."""
        said = f"{self.threshold:.6g}"
        return f"{said}:{self.direction.value}" if self.direction is not None else said


def kinds(symbol: str, horizon: int) -> Rows:
    """What there is to be told about a symbol."""
    buttons = [Button(_(label), f"kind:{symbol}:{kind.value}:{horizon}") for kind, label in _LABELS.items()]
    return (*in_rows(buttons, 2), (Button(_("All my alerts"), "alerts"),))


def thresholds(symbol: str, kind: RuleKind, horizon: int, close: float, currency: str) -> Rows:
    """From where on to be told; one button alone where there is nothing to choose."""
    start = f"addrule:{symbol}:{kind.value}:{horizon}"
    buttons = [
        Button(preset.label, f"{start}:{preset.action}") for preset in presets(kind, horizon, symbol, close, currency)
    ]
    back = (Button(_("« Something else"), f"kinds:{symbol}:{horizon}"),)
    return (*_rows(kind, buttons), back)


def presets(kind: RuleKind, horizon: int, symbol: str, close: float, currency: str) -> list[Preset]:
    """The thresholds that are offered; `close` is the last one as quoted."""
    if kind is RuleKind.PRICE:
        levels = [(float(f"{close * (1 + share):.4g}"), share) for share in _NEAR]
        return [
            Preset(f"{sentences.money(level, currency, symbol)} ({sentences.signed_percent(share)})", level)
            for level, share in levels
        ]
    if kind is RuleKind.GROWTH:
        shares = _GROWTHS[horizon <= 10]
        return [Preset(sentences.signed_percent(share), share) for share in (*shares, *(-share for share in shares))]
    if kind is RuleKind.CHANCE:
        above = [
            Preset(_("above {share}").format(share=sentences.percent(share)), share, Direction.ABOVE)
            for share in _CHANCES
        ]
        below = [round(1 - share, 2) for share in _CHANCES]
        return above + [
            Preset(_("below {share}").format(share=sentences.percent(share)), share, Direction.BELOW) for share in below
        ]
    if kind is RuleKind.UNUSUAL:
        return [Preset(_("1 day in {days}").format(days=round(1 / share)), share) for share in _SHARES[kind]]
    if kind is RuleKind.EARNINGS:
        return [Preset(_("Tell me the day before"), 0.5)]
    return [Preset(sentences.percent(share), share) for share in _SHARES[kind]]


def one_rule(rule: AlertRule, close: float | None, currency: str) -> Rows:
    """What can be done about an alert; without thresholds where there are none, or no price to make them from."""
    offered: list[Button] = []
    if rule.kind is not RuleKind.EARNINGS and (close is not None or rule.kind is not RuleKind.PRICE):
        offered = [
            Button(preset.label, f"setrule:{rule.id}:{preset.action}")
            for preset in presets(rule.kind, rule.horizon, rule.symbol, close or 0.0, currency)
        ]
    switch = _("Only once") if rule.repeat is Repeat.AGAIN else _("Every time")
    return (
        *_rows(rule.kind, offered),
        (
            Button(switch, f"repeat:{rule.id}"),
            Button(_("Resume"), f"resume:{rule.id}") if rule.paused else Button(_("Pause"), f"pause:{rule.id}"),
            Button(_("Remove"), f"rmrule:{rule.id}"),
        ),
        (
            Button(_("Another for {symbol}").format(symbol=rule.symbol), f"kinds:{rule.symbol}:{rule.horizon or 10}"),
            Button(_("« All"), "alerts"),
        ),
    )


def all_rules(rules: Sequence[AlertRule], page: int, symbols: Sequence[str]) -> Rows:
    """One page of alerts by their numbers, and the symbols for which a new one can be begun."""
    listed = in_rows([Button(f"{one.id}: {one.symbol}", f"rule:{one.id}") for one in on_page(rules, page)], 3)
    turns = [Button(_("« Newer"), f"alerts:{page - 1}")] if page else []
    turns += [Button(_("Older »"), f"alerts:{page + 1}")] if len(rules) > (page + 1) * PAGE else []
    new = in_rows([Button(f"+ {symbol}", f"kinds:{symbol}:10") for symbol in symbols], 4)
    return (*listed, *((tuple(turns),) if turns else ()), *new)


def on_page(rules: Sequence[AlertRule], page: int) -> Sequence[AlertRule]:
    """The alerts of one page."""
    return rules[page * PAGE : (page + 1) * PAGE]


def removed(rule: AlertRule) -> Rows:
    """The way back after an alert was removed, also a rest for a while."""
    again = f"addrule:{rule.symbol}:{rule.kind.value}:{rule.horizon or 10}:"
    again += Preset("", rule.threshold, rule.direction).action
    return ((Button(_("Put it back"), again), Button(_("« All"), "alerts")),)


def _rows(kind: RuleKind, buttons: Sequence[Button]) -> Rows:
    """Prices are long; the others come in threes, or are four in all."""
    return in_rows(buttons, 2 if kind is RuleKind.PRICE else 3 if len(buttons) % 3 == 0 else 4)
