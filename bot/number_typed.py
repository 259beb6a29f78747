"""A number that is typed alone: the new threshold of the alert just shown, else a question what it is meant for."""

import re
from html import escape

from bellwether.alerts import ask
from bellwether.alerts.price_levels import level_at
from bellwether.alerts.text.alerts import share
from bellwether.ask import forecasts
from bellwether.core.alert_types import AlertRule, Direction, RuleKind
from bellwether.core.errors import BadRule
from bellwether.core.i18n.numbers import short
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import MAX_HORIZON
from bellwether.forecasting.sentences import label, money
from bot.commands import alerts
from bot.commands.base import ChatContext
from bot.replies import Button, Reply
from bot.understand.amounts import Amount

_MOST_SHARE = 100  #: per cent; a greater number is a price
_DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "BRL", "CLP", "ARS", "COP"})
_MONEY = {
    "$": _DOLLARS,
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP", "GBp"}),
    "¥": frozenset({"JPY", "CNY"}),
    "₽": frozenset({"RUB"}),
}
#: how the words for money begin, in the languages of the chat
_MONEY_WORDS = {
    **dict.fromkeys(("dollar", "dolar", "dólar", "доллар", "бакс", "usd", "buck"), _MONEY["$"]),
    **dict.fromkeys(("euro", "eur", "евро"), _MONEY["€"]),
    **dict.fromkeys(("pound", "pfund", "libra", "фунт", "gbp"), _MONEY["£"]),
    **dict.fromkeys(("yen", "йен", "иен", "jpy"), _MONEY["¥"]),
    **dict.fromkeys(("rub", "рубл"), _MONEY["₽"]),
    **dict.fromkeys(("reais", "real", "brl"), frozenset({"BRL"})),
}
_LONGEST_LEVEL = 12  #: characters of a price that fits on a button
_SHOWN = 40  #: characters of a message that are said back
_CODE = range(3, 7)  #: digits of a symbol that is a number, as in Tokyo and Hong Kong


def answer(chat: ChatContext, amount: Amount, written: str) -> Reply:
    """Change the alert whose number was asked for of late, or ask. `written` is the message.

    Raises BadRule for a threshold that can't be, and StoreError.
    """
    rule = _at_hand(chat)
    if rule is None or rule.kind is RuleKind.EARNINGS:
        return _what_for(chat, amount, written)
    number = float(amount.written.rstrip("%"))
    if rule.kind is RuleKind.PRICE:
        return _up_or_down(chat, rule, abs(number) / 100) if amount.percent else _at_price(chat, rule, number, written)
    if not amount.percent and (abs(number) > _MOST_SHARE or _currencies(written)):
        return _what_for(chat, amount, written)
    return alerts.with_threshold(chat, rule, number / 100, signed=amount.written[0] == "-" or "+" in written)


def is_at_hand(chat: ChatContext) -> bool:
    """Tell whether a number alone would change an alert."""
    return chat.services.memory.alert(chat.asker) is not None


def _at_hand(chat: ChatContext) -> AlertRule | None:
    number = chat.services.memory.alert(chat.asker)
    if number is None:
        return None
    try:
        return ask.rule_of(chat.services.store, chat.chat_id, number)
    except BadRule:  # it is gone
        return None


def _currencies(written: str) -> frozenset[str]:
    """The currencies that a sign or a word in a text may mean."""
    signs = [currencies for sign, currencies in _MONEY.items() if sign in written]
    words = re.findall(r"[^\W\d]+", written.casefold())
    told = [_MONEY_WORDS[key] for word in words for key in _MONEY_WORDS if word.startswith(key)]
    return next(iter((*signs, *told)), frozenset())


def _at_price(chat: ChatContext, rule: AlertRule, level: float, written: str) -> Reply:
    known, meant = chat.services.universe.get(rule.symbol), _currencies(written)
    if known is not None and meant and known.currency not in meant:
        text = _("{symbol} is quoted in {currency}; please give the price in that.")
        return Reply(text.format(symbol=escape(rule.symbol), currency=escape(known.currency)))
    return alerts.with_threshold(chat, rule, level)


def _up_or_down(chat: ChatContext, rule: AlertRule, move: float) -> Reply:
    """Ask on which side of the last close a price shall lie that is a share of it away."""
    seen = forecasts.outlook(chat.services, chat.services.provider.instrument(rule.symbol))
    close, currency = seen.bars.quoted_close, seen.instrument.currency
    sides = ((_("Up"), move, Direction.ABOVE), (_("Down"), -move, Direction.BELOW))
    buttons = []
    for side, signed, direction in sides:
        level = level_at(close, signed)
        if level > 0:
            shown = f"{side}: {money(level, currency, rule.symbol)}"
            buttons.append(Button(shown, f"setrule:{rule.id}:{level!r}:{direction.value}"))
    text = _("{number} from the last close, which was {price}: up or down?")
    said = text.format(number=share(move), price=money(close, currency, rule.symbol))
    return Reply(escape(said), buttons=(tuple(buttons),))


def _what_for(chat: ChatContext, amount: Amount, written: str) -> Reply:
    """Ask what a number is meant for, with what it may be of the stock that was asked about last."""
    last = chat.services.memory.last(chat.asker)
    number = amount.written.rstrip("%")
    buttons = _of_stock(last.symbols[0], amount) if last is not None and len(last.symbols) == 1 else []
    if number.isdecimal() and not amount.percent and len(number) in _CODE and not _currencies(written):
        buttons.append(Button(_("A stock called {number}").format(number=number), f"ask:{number}:{DEFAULT_HORIZON}"))
    buttons += [Button(_("My alerts"), "alerts"), Button(_("What can I ask?"), "help")]
    text = _("What do you mean by {number}?").format(number=escape(written.strip()[:_SHOWN]))
    return Reply(text, buttons=tuple((button,) for button in buttons))


def _of_stock(symbol: str, amount: Amount) -> list[Button]:
    number = float(amount.written.rstrip("%"))
    if amount.percent:
        told = _("{symbol} moves {share} in one day: alert me").format(symbol=symbol, share=share(number / 100))
        action = f"addrule:{symbol}:{RuleKind.MOVE.value}:{DEFAULT_HORIZON}:{abs(number) / 100:.6g}:either"
        return [Button(told, action)] if 0 < abs(number) <= _MOST_SHARE else []
    if number <= 0 or len(amount.written) > _LONGEST_LEVEL:
        return []
    told = _("{symbol} reaches {price}: alert me").format(symbol=symbol, price=short(number))
    buttons = [Button(told, f"addrule:{symbol}:{RuleKind.PRICE.value}:{DEFAULT_HORIZON}:{amount.written}")]
    if number.is_integer() and number <= MAX_HORIZON:
        buttons.append(Button(f"{symbol}: {label(int(number))}", f"ask:{symbol}:{int(number)}"))
    return buttons
