"""What /alerts shows: the list, what can be chosen, and one alert. Words and buttons; nothing is changed here."""

from datetime import date, timedelta
from html import escape
from zoneinfo import ZoneInfo

from bellwether.alerts import ask, watchlist
from bellwether.alerts.text import alerts
from bellwether.ask import forecasts
from bellwether.core.alert_types import FORECASTS, AlertRule, Repeat, RuleKind
from bellwether.core.errors import BellwetherError
from bellwether.core.i18n.translate import N_, ngettext
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Outlook
from bellwether.delivery import chat_wishes
from bellwether.forecasting.sentences import day as written
from bellwether.forecasting.sentences import money, span
from bellwether.services import Services
from bot import alert_keyboards
from bot.commands.alert_typed import EXAMPLES
from bot.commands.base import ChatContext
from bot.commands.start import some_symbols
from bot.replies import Reply

_MOST_NEW = 8  #: symbols offered for a new alert
_EXPLAINED = {
    RuleKind.PRICE: N_("At which close should I write to you?"),
    RuleKind.MOVE: N_("How big a move from one close to the next, up or down, is worth a message?"),
    RuleKind.RISK: N_("A bad case: in 1 of 20 outcomes it ends even lower. From which loss on should I warn you?"),
    RuleKind.UNUSUAL: N_("How rare must the outlook be, compared with its own last year?"),
    RuleKind.CHANCE: N_("Which chance of a rise is worth a message? About one half is usual."),
    RuleKind.GROWTH: N_("The middle outcome: half end above it, half below. From which change on should I write?"),
    RuleKind.EARNINGS: N_("I write on the trading day before the company is expected to report."),
}

_TYPED = {
    RuleKind.PRICE: "price 200",
    RuleKind.MOVE: "move 4%",
    RuleKind.RISK: "risk 12%",
    RuleKind.UNUSUAL: "unusual 3%",
    RuleKind.CHANCE: "chance below 40%",
    RuleKind.GROWTH: "growth 5% 3m",
}


def every_alert(services: Services, asker: ChatContext, page: int) -> Reply:
    """One page of a chat's alerts; a page that is gone is the last one. Raises StoreError."""
    rules = list(reversed(ask.rules_of(services.store, asker.chat_id)))
    page = min(page, max(0, (len(rules) - 1) // alert_keyboards.PAGE))
    watched = [one.symbol for one in watchlist.watchlist(services.store, asker.chat_id)]
    symbols = (watched or some_symbols(services))[:_MOST_NEW]
    buttons = alert_keyboards.all_rules(rules, page, symbols)
    how = _("Press + and a stock for a new one, or type it: {examples}.").format(examples=EXAMPLES)
    if not rules:
        none = _("<b>You have no alerts yet.</b>")
        return Reply(f"{none}\n\n{how}", buttons=buttons)
    paused = " " + _("<i>(paused)</i>")
    lines = [
        f"<b>{one.id}</b> {escape(alerts.describe(one))}{paused if one.paused else ''}"
        for one in alert_keyboards.on_page(rules, page)
    ]
    opening = ngettext(
        "<b>Your {count} alert</b>, the newest first. Press one to change, pause or remove it.",
        "<b>Your {count} alerts</b>, the newest first. Press one to change, pause or remove it.",
        len(rules),
    ).format(count=len(rules))
    return Reply("\n\n".join([opening, "\n".join(lines), how]), buttons=buttons)


def kinds(seen: Outlook, horizon: int) -> Reply:
    """What there is to be told about a symbol."""
    one = seen.instrument
    text = _("{name}: what should I tell you? I look once after each trading day.")
    return Reply(text.format(name=alerts.name(one)), buttons=alert_keyboards.kinds(one.symbol, horizon))


def thresholds(seen: Outlook, kind: RuleKind, horizon: int) -> Reply:
    """From where on to be told."""
    one, close = seen.instrument, seen.bars.quoted_close
    parts = [f"{alerts.name(one)}:"]
    if kind in FORECASTS:
        parts.append(f"{span(horizon)}.")
    if kind is RuleKind.PRICE:
        last = escape(money(close, one.currency, one.symbol))
        parts.append(_("It last closed at {price}.").format(price=last))
    text = " ".join([*parts, _(_EXPLAINED[kind])])
    if kind is not RuleKind.EARNINGS:
        typed = f"/alerts {escape(one.symbol)} {_TYPED[kind]}"
        text += "\n\n" + _("Another number? Type it: {command}").format(command=typed)
    return Reply(text, buttons=alert_keyboards.thresholds(one.symbol, kind, horizon, close, one.currency))


def one_alert(services: Services, rule: AlertRule, opening: str) -> Reply:
    """One alert, with what can be done about it; the market may be away. `opening` is marked with N_."""
    close, currency = None, ""
    try:
        seen = forecasts.outlook(services, services.provider.instrument(rule.symbol))
        close, currency = seen.bars.quoted_close, seen.instrument.currency
    except BellwetherError:
        pass
    state = [_("It is paused: nothing comes before you resume it.")] if rule.paused else []
    if not rule.armed:
        state.append(_("It has spoken, and speaks again once the figure has been back."))
    if rule.repeat is Repeat.ONCE:
        state.append(_("Only once: then it is gone."))
    if (day := last_day(services, rule)) is not None:
        state.append(_("It ends with {day}.").format(day=written(day)))
    if not services.provider.live:
        state.append(_("The sample market has no new days, so nothing comes before the operator rehearses one."))
    described = _("<b>{alert}</b> (alert {number})").format(
        alert=escape(alerts.describe(rule, currency)), number=rule.id
    )
    text = "\n\n".join([_(opening), described, *([" ".join(state)] if state else []), _("Another threshold, or:")])
    return Reply(text, buttons=alert_keyboards.one_rule(rule, close, currency))


def last_day(services: Services, rule: AlertRule) -> date | None:
    """The last day on which an alert may come, by the chat's clock; None when it has no end. Raises StoreError."""
    if rule.expires_at is None:
        return None
    zone = ZoneInfo(chat_wishes.alert_settings(services.store, rule.chat_id).timezone)
    return (rule.expires_at - timedelta(microseconds=1)).astimezone(zone).date()


def removed(rule: AlertRule) -> Reply:
    """That it is gone, and the way back."""
    text = _("Removed: {alert}. No more messages about it.").format(alert=escape(alerts.describe(rule)))
    return Reply(text, buttons=alert_keyboards.removed(rule))
