"""Alerts asked for in a sentence: each is set up, or what it leaves open is asked back; none of several is left out."""

from dataclasses import replace
from datetime import date
from html import escape

from bellwether.alerts import watchlist
from bellwether.alerts.text.alerts import share
from bellwether.ask import forecasts
from bellwether.core.alert_types import AlertRule, Direction, RuleKind
from bellwether.core.errors import AmbiguousSymbol, BellwetherError, UnknownSymbol
from bellwether.core.i18n.numbers import day
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import ngettext, translated
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.delivery.targets import ask as target_ask
from bellwether.delivery.targets.target import TargetKind
from bot import courtesies
from bot.commands import alert_in_time, alert_views, alerts, targets
from bot.commands import watchlist as watchlist_command
from bot.commands.alert_in_time import TimeAsked
from bot.commands.alert_presets import terms
from bot.commands.base import ChatContext
from bot.commands.stock_typed import ask_back
from bot.horizon_asked import last_day_asked
from bot.keyboards import MOST_BYTES, in_rows
from bot.replies import Button, Reply
from bot.understand.meaning import Intent, Request, Topic

_WITHOUT_SIDE = 4  #: colons of "addrule:SYMBOL:KIND:HORIZON:THRESHOLD"
_MOST_WATCHED = 24  #: stocks of the list on buttons


def answer(chat: ChatContext, asked: Request) -> Reply:
    """Set up the alert that was asked for, or each of several. Raises what `alerts.in_sentence` does."""
    if asked.topic is Topic.LIST:
        return _of_each_watched(chat, asked)
    if not asked.stocks:
        return alerts.answer(chat, "")
    reply = _each(chat, (asked, *asked.beside_it)) if asked.beside_it else _single(chat, asked)
    if asked.past:
        never = _("I look once after each trading day, not at “{time}”.")
        reply = courtesies.with_opening(reply, never.format(time=escape(asked.past)))
    if asked.topic is Topic.PHONE:
        return courtesies.with_opening(courtesies.here_first(reply), _by_phone(chat))
    return courtesies.here_first(reply) if asked.topic is Topic.ELSEWHERE else reply


def where_to(chat: ChatContext, asked: Request) -> Reply:
    """Show where else alerts go, and say first where they don't if that was asked. Raises StoreError."""
    reply = targets.every_target(chat)
    return courtesies.with_opening(reply, _by_phone(chat)) if asked.topic is Topic.PHONE else reply


def _by_phone(chat: ChatContext) -> str:
    if TargetKind.OTHER in target_ask.offered(chat.services):
        return _(
            "I don't write by WhatsApp or SMS myself. A service that does so can be reached by its address, as apprise "
            "writes it, where whoever runs me allows that service."
        )
    return _("I don't write by WhatsApp or SMS.")


def _of_each_watched(chat: ChatContext, asked: Request) -> Reply:
    """Say that an alert is for one stock, with a button for each that is watched."""
    watched = [row.symbol for row in watchlist.watchlist(chat.services.store, chat.chat_id)]
    text = _("An alert is for one stock; none counts your list as a whole.")
    if not watched:
        nothing = _("You watch nothing yet. Send /watch AAPL, or press “Watch” under a forecast.")
        return Reply(f"{text} {nothing}", buttons=((Button(_("All my alerts"), "alerts"),),))
    how = _("Press a stock for an alert of its own. The digest tells of all of them every evening.")
    buttons = in_rows([Button(f"+ {symbol}", _begun(asked, symbol)) for symbol in watched[:_MOST_WATCHED]], 4)
    left = len(watched) - _MOST_WATCHED
    more = [_("and {count} more").format(count=left)] if left > 0 else []
    return Reply(
        "\n\n".join(filter(None, [f"{text} {how}", _terms_said(asked), *more])),
        buttons=(*buttons, (Button(_("All my alerts"), "alerts"),)),
    )


def _terms_said(asked: Request) -> str:
    """What the buttons set."""
    threshold = _threshold(asked)
    if asked.kind is not RuleKind.MOVE or threshold is None or asked.direction is None:
        return ""
    signs = {Direction.ABOVE: "+", Direction.BELOW: "\u2212", Direction.EITHER: "±"}
    return _("Each is set at {move} in one day.").format(move=f"{signs[asked.direction]}{share(threshold)}")


def _begun(asked: Request, symbol: str) -> str:
    """The action of a button that sets the alert for a stock, or asks for what was not said."""
    threshold = _threshold(asked)
    if asked.kind is not RuleKind.MOVE or threshold is None or asked.direction is None:
        return f"alert:{symbol}:{DEFAULT_HORIZON}"
    return f"andrule:{symbol}:move:{DEFAULT_HORIZON}:{terms(threshold, asked.direction)}"


def _threshold(asked: Request) -> float | None:
    """The threshold as a fraction, or a price as quoted."""
    if not asked.amount:
        return None
    number = float(asked.amount.rstrip("%"))
    return number if asked.kind is RuleKind.PRICE else number / 100


def _single(chat: ChatContext, asked: Request) -> Reply:
    threshold = _threshold(asked)
    until = last_day_asked(chat.services, asked) if asked.horizon != 1 else None  # an alert looks at one day anyway
    if until is not None and asked.kind is RuleKind.MOVE and threshold is not None:
        within = TimeAsked(asked.said, until)
        return alert_in_time.not_over_time(chat, asked.stocks[0], asked.direction, threshold, within)
    reply = alerts.in_sentence(chat, asked.stocks[0], asked.kind, asked.direction, threshold, until)
    is_open = threshold is None and asked.kind is not RuleKind.EARNINGS
    return _with_last_day(reply, until) if until is not None and is_open else reply


def _with_last_day(reply: Reply, until: date) -> Reply:
    """Let the thresholds on buttons end with the last day that was said; where there are none yet, say how."""
    ends = _("It ends with {day}.").format(day=day(until))
    if not any(_is_threshold(button) for row in reply.buttons for button in row):
        ends = _("For an alert that ends with {day}, write its number in the same sentence.").format(day=day(until))
    rows = tuple(
        tuple(replace(button, action=_ending(button, until)) if _is_threshold(button) else button for button in row)
        for row in reply.buttons
    )
    return Reply(f"{reply.text}\n\n{ends}", buttons=rows)


def _is_threshold(button: Button) -> bool:
    return button.action.startswith("addrule:") and len(_ending(button, date.max)) <= MOST_BYTES


def _ending(button: Button, until: date) -> str:
    """The action with a last day, after the direction, or its empty place."""
    side = "" if button.action.count(":") > _WITHOUT_SIDE else ":"
    return f"{button.action}{side}:{until:%Y%m%d}"


def _each(chat: ChatContext, requests: tuple[Request, ...]) -> Reply:
    """Set up those that are complete; of the others say what is open, with the buttons that answer it."""
    made: list[AlertRule] = []
    lines: list[str] = []
    buttons: list[tuple[Button, ...]] = []
    for asked in requests:
        if asked.intent is Intent.WATCH:
            continue
        try:
            rule = _made(chat, asked)
        except (AmbiguousSymbol, UnknownSymbol) as problem:
            back = ask_back(problem, f"alert:{{}}:{DEFAULT_HORIZON}")
            lines.append(back.text)
            buttons += back.buttons
        except BellwetherError as problem:  # too many alerts, or the market away: the others are set up all the same
            lines.append(f"{escape(asked.stocks[0])}: {escape(translated(problem))}")
        else:
            if rule is not None:
                made.append(rule)
                continue
            back = _left_open(chat, asked)
            lines.append(back.text)
            buttons += back.buttons
    parts: list[str] = []
    if made:
        parts.append(
            ngettext(
                "<b>Done.</b> {count} alert is set. Press it to change or remove it:",
                "<b>Done.</b> {count} alerts are set, each by itself. Press one to change or remove it:",
                len(made),
            ).format(count=len(made))
        )
        parts.append("\n".join(f"<b>{rule.id}</b> {alert_views.described(chat, rule)}" for rule in made))
        if not chat.services.provider.live:
            parts.append(
                _("This is the sample market, which has ended: nothing will come here. With live prices it does.")
            )
    if lines and made:
        parts.append(_("<b>Not yet set:</b>"))
    for asked in requests:
        if asked.intent is Intent.WATCH:
            watching = watchlist_command.watch(chat, asked.stocks[0])
            lines.append(watching.text)
            buttons += watching.buttons
    own = in_rows([Button(f"{rule.id}: {rule.symbol}", f"rule:{rule.id}") for rule in made], 3)
    return Reply("\n\n".join([*parts, *lines]), buttons=(*own, *buttons, (Button(_("All my alerts"), "alerts"),)))


def _made(chat: ChatContext, asked: Request) -> AlertRule | None:
    """The alert, set up; None where something is still to be chosen. Raises what `alerts.ask.add_rule` does."""
    threshold = _threshold(asked)
    until = last_day_asked(chat.services, asked) if asked.horizon != 1 else None
    if until is not None and asked.kind is RuleKind.MOVE:  # that is counted within a day
        return None
    wish = alerts.wish_in_sentence(asked.kind, asked.direction, threshold, until)
    return alerts.added(chat, asked.stocks[0], wish) if wish is not None else None


def _left_open(chat: ChatContext, asked: Request) -> Reply:
    """What is still to be chosen, with buttons that name the stock, for there may be several."""
    reply = _single(chat, replace(asked, beside_it=()))
    symbol = forecasts.resolve(chat.services, asked.stocks[0]).symbol
    if asked.kind is not RuleKind.MOVE or not asked.amount:
        return replace(reply, buttons=((Button(f"+ {symbol}", f"alert:{symbol}:{DEFAULT_HORIZON}"),),))
    return replace(reply, buttons=tuple(tuple(_beside(symbol, button) for button in row) for row in reply.buttons))


def _beside(symbol: str, button: Button) -> Button:
    """A button that names its stock, and leaves the others of its message where they are."""
    return Button(f"{symbol}: {button.label}", button.action.replace("addrule:", "andrule:", 1))
