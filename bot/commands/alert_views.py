"""What /alerts shows: the list, what can be chosen, and one alert. Words and buttons; nothing is changed here.

alert:SYMBOL:HORIZON                                what there is to be told about a symbol, in a new message
kinds:SYMBOL:HORIZON                                the same in place
kind:SYMBOL:KIND:HORIZON                            from where on
addrule:SYMBOL:KIND:HORIZON:THRESHOLD[:DIRECTION]   keep it
andrule:...                                         the same in a new message, where buttons for others stand below
alerts:PAGE  rule:ID                                all of them; one of them
setrule:ID:THRESHOLD[:DIRECTION]  repeat:ID  rmrule:ID   change one; once or again; remove it
atlevel:ID:PRICE:MOVE  inaday:ID:MOVE               a move counted from the last close, or within one day
pause:ID  resume:ID                                 let one rest, and look at it again
"""

from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from zoneinfo import ZoneInfo

from bellwether.alerts import ask, watchlist
from bellwether.alerts.price_levels import level_at
from bellwether.alerts.text import alerts
from bellwether.ask import forecasts
from bellwether.core.alert_types import FORECASTS, AlertRule, Direction, Repeat, RuleKind
from bellwether.core.errors import BellwetherError
from bellwether.core.i18n.translate import N_, ngettext
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import Instrument, Outlook
from bellwether.delivery import chat_wishes
from bellwether.forecasting.sentences import day, money, signed_percent, within
from bot.commands import targets
from bot.commands.alert_presets import presets, terms
from bot.commands.alert_typed import EXAMPLES
from bot.commands.base import ChatContext
from bot.commands.pause_sentences import pause_notice
from bot.commands.start import some_symbols
from bot.keyboards import in_rows
from bot.replies import Button, Reply, Rows

_MOST_NEW = 8  #: symbols offered for a new alert
_PAGE = 9  #: alerts on one page of the list
_SHORT = 14  #: letters of which three or four labels stand in one row of a phone


@dataclass(frozen=True, slots=True)
class KindText:
    """How one kind of alert is offered; label and question are marked with N_."""

    label: str
    question: str  #: from where on to be told
    typed: str = ""  #: how it goes on after a symbol, for whoever types it


_KINDS = {
    RuleKind.PRICE: KindText(
        N_("Price reaches a level"), N_("At which closing price should I write to you?"), typed="price 200"
    ),
    RuleKind.MOVE: KindText(
        N_("Big move in one day"),
        N_("How big a move from one close to the next, up or down, is worth a message?"),
        typed="move 4%",
    ),
    RuleKind.RISK: KindText(
        N_("Risk of a big loss"),
        N_("How bad may it get? Only 1 case in 20 ends worse. From which loss on should I warn you?"),
        typed="risk 12%",
    ),
    RuleKind.UNUSUAL: KindText(
        N_("Unusual forecast"),
        N_("I compare each new forecast with those of the last year. How unusual must it be for a message?"),
        typed="unusual 3%",
    ),
    RuleKind.CHANCE: KindText(
        N_("Chance of a rise"),
        N_("Which chance of a rise is worth a message? About one half is usual."),
        typed="chance below 40%",
    ),
    RuleKind.GROWTH: KindText(
        N_("Middle of the forecast"),
        N_("It is as likely to end above the middle outcome as below it. From which change on should I write?"),
        typed="growth 5% 3m",
    ),
    RuleKind.EARNINGS: KindText(
        N_("Day before its results"), N_("I write on the trading day before the company is expected to report.")
    ),
}


def every_alert(chat: ChatContext, page: int) -> Reply:
    """Show one page of a chat's alerts, the last one for a higher number. Raises StoreError."""
    rules = list(reversed(ask.rules_of(chat.services.store, chat.chat_id)))
    page = min(page, max(0, (len(rules) - 1) // _PAGE))
    shown = rules[page * _PAGE : (page + 1) * _PAGE]
    how = _(
        "Press + and a stock for a new one, or write it: “tell me when Nvidia drops 5\u00a0%”. "
        "As a command: {examples}."
    ).format(examples=EXAMPLES)
    turns = [Button(_("« Newer"), f"alerts:{page - 1}")] if page else []
    turns += [Button(_("Older »"), f"alerts:{page + 1}")] if len(rules) > (page + 1) * _PAGE else []
    watched = [row.symbol for row in watchlist.watchlist(chat.services.store, chat.chat_id)]
    symbols = (watched or some_symbols(chat.services.universe))[:_MOST_NEW]
    buttons = (
        *in_rows([Button(f"{rule.id}: {rule.symbol}", f"rule:{rule.id}") for rule in shown], 3),
        *in_rows(turns, 2),
        *in_rows([Button(f"+ {symbol}", f"kinds:{symbol}:10") for symbol in symbols], 4),
        *targets.button(chat),
    )
    if not rules:
        none = _("<b>You have no alerts yet.</b>")
        return Reply(f"{none}\n\n{how}", buttons=buttons)
    notice = pause_notice(chat)
    paused = " " + _("<i>(paused)</i>")
    lines = [f"<b>{rule.id}</b> {described(chat, rule)}{paused if rule.paused else ''}" for rule in shown]
    opening = ngettext(
        "<b>Your {count} alert</b>, the newest first. Press one to change, pause or remove it.",
        "<b>Your {count} alerts</b>, the newest first. Press one to change, pause or remove it.",
        len(rules),
    ).format(count=len(rules))
    return Reply(notice + "\n\n".join([opening, "\n".join(lines), how]), buttons=buttons)


def described(chat: ChatContext, rule: AlertRule) -> str:
    """Describe an alert as HTML; with the currency of its price, where that is known without asking the market."""
    known = chat.services.universe.get(rule.symbol)
    return escape(alerts.describe(rule, known.currency if known else ""))


def kinds(seen: Outlook, horizon: int) -> Reply:
    """Offer the kinds of alert for a symbol."""
    text = _("{name}: what should I tell you? I look once after each trading day.")
    return Reply(text.format(name=alerts.name(seen.instrument)), buttons=kind_buttons(seen.instrument.symbol, horizon))


def kind_buttons(symbol: str, horizon: int) -> Rows:
    """Return a button for each kind, and one for the list."""
    buttons = [Button(_(text.label), f"kind:{symbol}:{kind.value}:{horizon}") for kind, text in _KINDS.items()]
    return (*in_rows(buttons, 2), (Button(_("All my alerts"), "alerts"),))


def thresholds(seen: Outlook, kind: RuleKind, horizon: int) -> Reply:
    """Offer thresholds for an alert of one kind."""
    instrument, close = seen.instrument, seen.bars.quoted_close
    about = alerts.name(instrument)
    parts = [f"{about}, {within(horizon)}:" if kind in FORECASTS else f"{about}:"]
    if kind is RuleKind.PRICE:
        parts.append(_last_close(close, instrument.currency, instrument.symbol))
    text = " ".join([*parts, _(_KINDS[kind].question)])
    if _KINDS[kind].typed:
        typed = f"/alerts {escape(instrument.symbol)} {_KINDS[kind].typed}"
        text += "\n\n" + _("Another number? Type it: {command}").format(command=typed)
    return Reply(text, buttons=threshold_buttons(instrument.symbol, kind, horizon, close, instrument.currency))


def _last_close(close: float, currency: str, symbol: str) -> str:
    return _("It last closed at {price}.").format(price=escape(money(close, currency, symbol)))


def threshold_buttons(symbol: str, kind: RuleKind, horizon: int, close: float, currency: str) -> Rows:
    """Return the offered thresholds and a way back; `close` is the last close as quoted."""
    start = f"addrule:{symbol}:{kind.value}:{horizon}"
    offered = _preset_buttons(start, presets(kind, horizon, symbol, close, currency), kind)
    return (*offered, (Button(_("« Something else"), f"kinds:{symbol}:{horizon}"),))


def sides(instrument: Instrument, move: float) -> Reply:
    """Ask which way a move of this size, a fraction, should go."""
    start = f"addrule:{instrument.symbol}:{RuleKind.MOVE.value}:{DEFAULT_HORIZON}"
    offered = ((_("Up"), Direction.ABOVE), (_("Down"), Direction.BELOW), (_("Either way"), Direction.EITHER))
    buttons = tuple(Button(label, f"{start}:{terms(move, direction)}") for label, direction in offered)
    text = _("{name}: a move of {share} or more from one close to the next. Which way?")
    return Reply(text.format(name=alerts.name(instrument), share=alerts.share(move)), buttons=(buttons,))


def one_alert(chat: ChatContext, rule: AlertRule, opening: str, day_move: float | None = None) -> Reply:
    """Show one alert and what can be done about it, also without a market. `opening` is marked with N_.

    `day_move` is the move in one day that a level of the price has just taken the place of, which it can take back.
    """
    chat.note(rule.symbol)
    chat.services.memory.note_alert(chat.asker, rule.id)
    close, currency = None, ""
    try:
        seen = forecasts.outlook(chat.services, chat.services.provider.instrument(rule.symbol))
        close, currency = seen.bars.quoted_close, seen.instrument.currency
    except BellwetherError:
        pass
    state = [_("It is paused: nothing comes before you resume it.")] if rule.paused else []
    if rule.kind is RuleKind.PRICE and close is not None:
        state.append(_last_close(close, currency, rule.symbol))
    if rule.kind is RuleKind.MOVE:
        state.append(_("That is within one trading day, not counted from today's price."))
    if not rule.armed and rule.kind is not RuleKind.MOVE:  # of a day's move each is news
        state.append(_("I have told you, and tell you again when it has been back in between."))
    if rule.repeat is Repeat.ONCE:
        state.append(_("Only once: then it is gone."))
    if (end := last_day(chat, rule)) is not None:
        state.append(_("It ends with {day}.").format(day=day(end)))
    if not chat.services.provider.live:
        state.append(_("This is the sample market, which has ended: nothing will come here. With live prices it does."))
    described = _("<b>{alert}</b> (alert {number})").format(
        alert=escape(alerts.describe(rule, currency)), number=rule.id
    )
    text = "\n\n".join([_(opening), described, *([" ".join(state)] if state else []), _("Another number, or:")])
    return Reply(text, buttons=_rule_buttons(rule, close, currency, day_move))


def _rule_buttons(rule: AlertRule, close: float | None, currency: str, day_move: float | None) -> Rows:
    offered: Rows = ()
    if rule.kind is not RuleKind.EARNINGS and (close is not None or rule.kind is not RuleKind.PRICE):
        wanted = presets(rule.kind, rule.horizon, rule.symbol, close or 0.0, currency)
        offered = _preset_buttons(f"setrule:{rule.id}", wanted, rule.kind)
    another = _("Another for {symbol}").format(symbol=rule.symbol)
    return (
        *_counted_otherwise(rule, close, currency, day_move),
        *offered,
        (
            Button(_("Only once") if rule.repeat is Repeat.AGAIN else _("Every time"), f"repeat:{rule.id}"),
            Button(_("Resume"), f"resume:{rule.id}") if rule.paused else Button(_("Pause"), f"pause:{rule.id}"),
            Button(_("Remove"), f"rmrule:{rule.id}"),
        ),
        (Button(another, f"kinds:{rule.symbol}:{rule.horizon or 10}"), Button(_("« All"), "alerts")),
    )


def _counted_otherwise(rule: AlertRule, close: float | None, currency: str, day_move: float | None) -> Rows:
    """Offer to count a rise or fall from the last close in place of one day, and the way back."""
    if rule.kind is RuleKind.PRICE and day_move is not None:
        label = _("Within one day instead: {move}").format(move=signed_percent(day_move))
        return ((Button(label, f"inaday:{rule.id}:{terms(day_move, rule.direction)}"),),)
    if rule.kind is not RuleKind.MOVE or rule.direction is Direction.EITHER or not close:
        return ()
    level, up = level_at(close, rule.threshold), rule.direction is Direction.ABOVE
    label = _("From today's price: above {price} instead") if up else _("From today's price: below {price} instead")
    written = label.format(price=money(level, currency, rule.symbol))
    return ((Button(written, f"atlevel:{rule.id}:{level!r}:{terms(rule.threshold, None)}"),),)


def last_day(chat: ChatContext, rule: AlertRule) -> date | None:
    """Return the last day of an alert by the chat's clock, None when it has no end. Raises StoreError."""
    if rule.expires_at is None:
        return None
    zone = ZoneInfo(chat_wishes.alert_settings(chat.services.store, rule.chat_id).timezone)
    return (rule.expires_at - timedelta(microseconds=1)).astimezone(zone).date()


def removed(chat: ChatContext, rule: AlertRule) -> Reply:
    """Say that an alert is gone, with a button that puts it back."""
    chat.services.memory.forget_alert(chat.asker)
    text = _("Removed: {alert}. No more messages about it.").format(alert=described(chat, rule))
    again = f"addrule:{rule.symbol}:{rule.kind.value}:{rule.horizon or 10}:{terms(rule.threshold, rule.direction)}"
    return Reply(text, buttons=((Button(_("Put it back"), again), Button(_("« All"), "alerts")),))


def _preset_buttons(start: str, offered: list[tuple[str, str]], kind: RuleKind) -> Rows:
    buttons = [Button(label, f"{start}:{end}") for label, end in offered]
    if kind is RuleKind.PRICE or any(len(button.label) > _SHORT for button in buttons):
        return in_rows(buttons, 2)
    return in_rows(buttons, 3 if len(buttons) % 3 == 0 else 4)
