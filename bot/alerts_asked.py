"""Alerts asked for in a sentence: each is set up, or what it leaves open is asked back; none of several is left out."""

from dataclasses import replace
from html import escape

from bellwether.ask import forecasts
from bellwether.core.alert_types import AlertRule, RuleKind
from bellwether.core.errors import AmbiguousSymbol, BellwetherError, UnknownSymbol
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import ngettext, translated
from bellwether.core.parsing import DEFAULT_HORIZON
from bot import courtesies
from bot.commands import alert_in_time, alert_views, alerts
from bot.commands.alert_in_time import TimeAsked
from bot.commands.base import ChatContext
from bot.commands.stock_typed import ask_back
from bot.horizon_asked import last_day_asked
from bot.keyboards import in_rows
from bot.replies import Button, Reply
from bot.understand.meaning import Request, Topic


def answer(chat: ChatContext, asked: Request) -> Reply:
    """Set up the alert that was asked for, or each of several. Raises what `alerts.in_sentence` does."""
    if not asked.stocks:
        return alerts.answer(chat, "")
    reply = _each(chat, (asked, *asked.beside_it)) if asked.beside_it else _single(chat, asked)
    return courtesies.here_first(reply) if asked.topic is Topic.ELSEWHERE else reply


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
    return alerts.in_sentence(chat, asked.stocks[0], asked.kind, asked.direction, threshold, until)


def _each(chat: ChatContext, requests: tuple[Request, ...]) -> Reply:
    """Set up those that are complete; of the others say what is open, with the buttons that answer it."""
    made: list[AlertRule] = []
    lines: list[str] = []
    buttons: list[tuple[Button, ...]] = []
    for asked in requests:
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
