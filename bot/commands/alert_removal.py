"""Alerts removed in words: of a number, of a stock, the one just made, all; what is not clear is asked back.

rmrule:ID         remove one, and say how to put it back
rmsure[:SYMBOL]   ask once whether all, or all of a stock, shall go
rmall[:SYMBOL]    remove them
rmnone            leave them
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from html import escape

from bellwether.alerts import ask
from bellwether.core.alert_types import AlertRule
from bellwether.core.errors import BadRule
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import ngettext
from bellwether.market.symbols.match import read
from bellwether.market.symbols.normalize import clean_question
from bellwether.market.symbols.universe import Universe, instrument_of
from bot.commands.alert_views import described, every_alert, removed
from bot.commands.base import ChatContext, Given
from bot.keyboards import in_rows
from bot.replies import Button, Pressed, Reply

_JUST_MADE = timedelta(hours=1)  #: how long "it" is the alert that was made last
_MOST_ASKED = 9  #: alerts among which to choose; the list has pages


def remove(chat: ChatContext, rule_id: int) -> Reply:
    """Remove one alert. Raises BadRule and StoreError."""
    return removed(chat, ask.remove_rule(chat.services.store, chat.chat_id, rule_id))


def in_sentence(
    chat: ChatContext, stocks: Sequence[str] = (), number: str = "", *, everything: bool = False, last: bool = False
) -> Reply:
    """Remove what a sentence named: a number, a stock's, all, or the one just made; ask where that is not clear.

    Raises StoreError, and BadSymbol for a stock that cannot be read.
    """
    rules = ask.rules_of(chat.services.store, chat.chat_id)
    if not rules:
        return every_alert(chat, 0)
    meant = [rule for name in stocks for rule in _of_stock(chat, rules, name)] if stocks else rules
    if not meant:
        return _none_of(chat, stocks[0])
    if number and not everything and (numbered := [rule for rule in meant if str(rule.id) == number]):
        return remove(chat, numbered[0].id)
    if everything and len(meant) > 1 and len(stocks) < 2:
        return _sure(meant, meant[0].symbol if stocks else "")
    newest = max(meant, key=lambda rule: rule.id)
    if last and chat.services.clock() - newest.created_at < _JUST_MADE:
        return remove(chat, newest.id)
    if len(meant) == 1 and not number:
        return remove(chat, newest.id)
    return _which(chat, meant)


def _of_stock(chat: ChatContext, rules: Sequence[AlertRule], name: str) -> list[AlertRule]:
    """The alerts of a stock by its name or symbol, also of one that the market does not know any more."""
    universe = chat.services.universe
    ruled = Universe(universe.get(symbol) or instrument_of(symbol) for symbol in {rule.symbol for rule in rules})
    symbols = {candidate.symbol for candidate in read(clean_question(name), ruled).candidates}
    return [rule for rule in rules if rule.symbol in symbols]


def _none_of(chat: ChatContext, name: str) -> Reply:
    known = read(clean_question(name), chat.services.universe).candidates
    called = known[0].name if len(known) == 1 else name
    return Reply(_("You have no alert for {name}.").format(name=escape(called)), buttons=((_all(),),))


def _which(chat: ChatContext, rules: Sequence[AlertRule]) -> Reply:
    """Ask which of several shall go, the newest first."""
    newest = sorted(rules, key=lambda rule: -rule.id)[:_MOST_ASKED]
    lines = "\n".join(f"<b>{rule.id}</b> {described(chat, rule)}" for rule in newest)
    symbols = {rule.symbol for rule in rules}
    sure = f"rmsure:{newest[0].symbol}" if len(symbols) == 1 else "rmsure"
    buttons = (
        *in_rows([Button(f"{rule.id}: {rule.symbol}", f"rmrule:{rule.id}") for rule in newest], 3),
        (Button(_("All of them"), sure), _all()),
    )
    return Reply("\n\n".join([_("Which alert shall I remove?"), lines]), buttons=buttons)


def _sure(rules: Sequence[AlertRule], symbol: str = "") -> Reply:
    """Ask once before several go, for they cannot be put back together."""
    text = ngettext("Remove {count} alert?", "Remove all {count} alerts?", len(rules)).format(count=len(rules))
    if symbol:
        text = ngettext(
            "Remove {count} alert for {symbol}?", "Remove all {count} alerts for {symbol}?", len(rules)
        ).format(count=len(rules), symbol=symbol)
    yes = Button(_("Yes, remove them"), f"rmall:{symbol}" if symbol else "rmall")
    return Reply(f"<b>{escape(text)}</b>", buttons=((yes, Button(_("No, keep them"), "rmnone")),))


def _all() -> Button:
    return Button(_("« All"), "alerts")


def press_sure(chat: ChatContext, given: Given) -> Pressed:
    """Ask whether all shall go."""
    rules = _given(chat, given)
    return Pressed(edit=_sure(rules, given.text(0)) if rules else every_alert(chat, 0))


def press_all(chat: ChatContext, given: Given) -> Pressed:
    """Remove all, or all of a stock."""
    gone = 0
    for rule in _given(chat, given):
        with suppress(BadRule):  # another press was quicker
            ask.remove_rule(chat.services.store, chat.chat_id, rule.id)
            gone += 1
    if not gone:
        return Pressed(edit=every_alert(chat, 0))
    text = ngettext("Removed: {count} alert.", "Removed: {count} alerts.", gone).format(count=gone)
    return Pressed(text, edit=Reply(text, buttons=((_all(),),)))


def press_none(chat: ChatContext, given: Given) -> Pressed:
    """Leave them."""
    text = _("Nothing was removed.")
    return Pressed(text, edit=Reply(text, buttons=((_all(),),)))


def _given(chat: ChatContext, given: Given) -> list[AlertRule]:
    symbol = given.symbol() if len(given) else ""
    rules = ask.rules_of(chat.services.store, chat.chat_id)
    return [rule for rule in rules if not symbol or rule.symbol == symbol]
