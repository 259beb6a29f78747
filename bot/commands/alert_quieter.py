"""The buttons under an alert that came: hear less often of it, or no more. Each answers with one more message.

quieter:ID   what would make it come less often
stop:ID      remove it; a button puts it back
"""

from html import escape

from bellwether.alerts import ask
from bellwether.alerts.quieter import quieter_thresholds
from bellwether.alerts.text import alerts
from bellwether.ask import forecasts
from bellwether.core.alert_types import AlertRule, RuleKind
from bellwether.core.errors import BellwetherError
from bellwether.core.i18n.translate import gettext as _
from bellwether.delivery import chat_wishes
from bot.commands.alert_presets import terms
from bot.commands.alert_views import removed
from bot.commands.base import ChatContext, Given
from bot.replies import Button, Pressed, Reply


def press_quieter(chat: ChatContext, given: Given) -> Pressed:
    """Offer a threshold farther away, a pause, and the digest in place of messages."""
    rule = ask.rule_of(chat.services.store, chat.chat_id, given.number())
    currency, close = _last_close(chat, rule)
    label = _("From {threshold} on")
    farther = tuple(
        Button(
            label.format(threshold=_threshold(rule, threshold, currency)),
            f"setrule:{rule.id}:{terms(threshold, rule.direction)}",
        )
        for threshold in (quieter_thresholds(rule, close) if close or rule.kind is not RuleKind.PRICE else ())
    )
    pause = Button(_("Pause it"), f"pause:{rule.id}")
    rows = [(pause,)]
    if chat_wishes.alert_settings(chat.services.store, chat.chat_id).weekly_budget != 0:
        rows.append((Button(_("All alerts in the digest only"), "set:budget:0"),))
    text = _("Your alert: {alert}. How should it come less often?").format(
        alert=escape(alerts.describe(rule, currency))
    )
    return Pressed(reply=Reply(text, buttons=(*((farther,) if farther else ()), *rows)))


def press_stop(chat: ChatContext, given: Given) -> Pressed:
    """Remove an alert; the message that told of it stays."""
    gone = ask.remove_rule(chat.services.store, chat.chat_id, given.number())
    return Pressed(_("Removed."), reply=removed(chat, gone))


def _last_close(chat: ChatContext, rule: AlertRule) -> tuple[str, float]:
    """The currency of a rule's symbol, and its last close as quoted; "" and 0 while the market is away."""
    try:
        seen = forecasts.outlook(chat.services, chat.services.provider.instrument(rule.symbol))
    except BellwetherError:
        return "", 0.0
    return seen.instrument.currency, seen.bars.quoted_close


def _threshold(rule: AlertRule, threshold: float, currency: str) -> str:
    if rule.kind is RuleKind.UNUSUAL:
        return _("1 day in {days}").format(days=round(1 / threshold))
    if rule.kind in {RuleKind.MOVE, RuleKind.RISK}:
        return alerts.share(threshold)
    return alerts.figure(rule, threshold, currency)
