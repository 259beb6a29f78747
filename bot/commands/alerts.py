"""/alerts: what a chat asked to be told, set up in at most three taps or one line, changed and removed."""

from dataclasses import replace
from datetime import date

from bellwether.alerts import ask
from bellwether.alerts.rule_requests import wish_of
from bellwether.ask import forecasts
from bellwether.core.alert_types import AlertRule, Direction, Repeat, RuleKind, RuleRequest
from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import Outlook
from bot.commands import targets
from bot.commands.alert_presets import terms
from bot.commands.alert_quieter import press_quieter, press_stop
from bot.commands.alert_removal import press_all, press_none, press_sure, remove
from bot.commands.alert_typed import Typed, read_alert, read_terms
from bot.commands.alert_views import every_alert, kinds, last_day, one_alert, sides, thresholds
from bot.commands.base import ChatContext, Command, Given, Press, StaleButton, Who
from bot.commands.stock_typed import or_ask_back, question_and_horizon
from bot.replies import Pressed, Reply

_ADDED = N_("<b>Done.</b> I write to you when this happens:")
_CHANGED = N_("<b>Changed.</b> I write to you when this happens:")
_YOURS = N_("Your alert:")


def answer(chat: ChatContext, text: str) -> Reply:
    """Show all alerts, add one from its words, or change the one whose number comes first."""
    words = text.split()
    if not words:
        return every_alert(chat, 0)
    if words[0].removeprefix("#").isdecimal() and len(words[0]) < 12:
        return _change_typed(chat, int(words[0].removeprefix("#")), words[1:])
    typed = read_alert(text)
    if typed.kind is None:  # "AAPL 1m", or a name with a number
        question, horizon = question_and_horizon(chat.services.universe, typed.question)
        typed = Typed(question, horizon=horizon)
    return or_ask_back(lambda: _begin(chat, typed), _go_on(typed))


def _go_on(typed: Typed) -> str:
    """Return the action of the buttons under a question back, as complete as what was typed."""
    wish = typed.wish
    if typed.kind is None:
        return f"kinds:{{}}:{typed.horizon}"
    if wish is None or wish.threshold is None or wish.repeat is Repeat.ONCE or wish.expires is not None:
        return f"kind:{{}}:{typed.kind.value}:{typed.horizon}"
    return f"addrule:{{}}:{typed.kind.value}:{typed.horizon}:{terms(wish.threshold, wish.direction)}"


def _begin(chat: ChatContext, typed: Typed) -> Reply:
    if typed.wish is not None:
        return _add(chat, typed.question, typed.wish)
    seen = _seen(chat, typed.question)
    return kinds(seen, typed.horizon) if typed.kind is None else thresholds(seen, typed.kind, typed.horizon)


def _add(chat: ChatContext, question: str, wish: RuleRequest) -> Reply:
    return one_alert(chat, added(chat, question, wish), _ADDED)


def added(chat: ChatContext, question: str, wish: RuleRequest) -> AlertRule:
    """Add an alert to the chat's. Raises what `alerts.ask.add_rule` does."""
    return ask.add_rule(chat.services, chat.chat_id, question, wish, chat.language, chat.thread)


def in_sentence(
    chat: ChatContext,
    question: str,
    kind: RuleKind | None,
    direction: Direction | None,
    threshold: float | None,
    until: date | None = None,
) -> Reply:
    """Add the alert that a sentence asked for. What it did not say is asked back, and never supposed.

    `threshold` is a fraction, or a price as quoted; `until` is the last day of an alert that has a threshold, where it
    was said. Raises what `alerts.ask.add_rule` does.
    """
    if kind is RuleKind.MOVE and threshold is not None and direction is None:
        return or_ask_back(
            lambda: sides(_seen(chat, question).instrument, threshold), f"kind:{{}}:move:{DEFAULT_HORIZON}"
        )
    typed = Typed(question, kind, wish_in_sentence(kind, direction, threshold, until))
    return or_ask_back(lambda: _begin(chat, typed), _go_on(typed))


def wish_in_sentence(
    kind: RuleKind | None, direction: Direction | None, threshold: float | None, until: date | None
) -> RuleRequest | None:
    """Return the alert that a sentence asked for, as `in_sentence` takes it; None where it did not say all."""
    if kind is None or (threshold is None and kind is not RuleKind.EARNINGS):
        return None
    if kind is RuleKind.MOVE and direction is None:
        return None
    # a price is reached from where it stands now, which the answer tells
    is_level = kind is RuleKind.PRICE and direction is Direction.EITHER
    expires = until if kind is not RuleKind.EARNINGS else None
    return RuleRequest(kind, threshold, None if is_level else direction, expires=expires)


def _change_typed(chat: ChatContext, rule_id: int, words: list[str]) -> Reply:
    """ "12 10%", "12 once", "12 pause", "12 remove"; "12" alone shows it."""
    rule = ask.rule_of(chat.services.store, chat.chat_id, rule_id)
    if not words:
        return one_alert(chat, rule, _YOURS)
    word = words[0].lower()
    if word in {"remove", "delete", "off", "stop"}:
        return remove(chat, rule_id)
    if len(words) == 1 and word in {"pause", "resume"}:
        return one_alert(chat, ask.pause_rule(chat.services.store, chat.chat_id, rule_id, word == "pause"), _YOURS)
    wish = read_terms(replace(_wish(chat, rule), direction=None), words)
    if wish.direction is None and wish.threshold == rule.threshold:  # a new one suggests its own side
        wish = replace(wish, direction=rule.direction)
    return one_alert(chat, ask.change_rule(chat.services, chat.chat_id, rule_id, wish), _CHANGED)


def with_threshold(chat: ChatContext, rule: AlertRule, threshold: float, *, signed: bool = False) -> Reply:
    """Change the threshold of an alert, a fraction or a price as quoted; its side stays unless the number is `signed`.

    A price suggests its own side. Raises what `alerts.ask.change_rule` does.
    """
    wish = _wish(chat, rule)
    if rule.kind is RuleKind.PRICE:
        wish = replace(wish, threshold=threshold, direction=None)
    elif signed:
        wish = replace(wish, threshold=threshold, direction=Direction.BELOW if threshold < 0 else Direction.ABOVE)
    else:
        wish = replace(wish, threshold=-threshold if rule.threshold < 0 else threshold)
    return one_alert(chat, ask.change_rule(chat.services, chat.chat_id, rule.id, wish), _CHANGED)


def _wish(chat: ChatContext, rule: AlertRule) -> RuleRequest:
    """Return the request that would make this alert, with its last day."""
    return replace(wish_of(rule), expires=last_day(chat, rule))


# What the buttons do: all of it in the message they stand under, but for the first under a forecast.


def _press_begin(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(reply=kinds(_seen(chat, given.symbol()), given.horizon(1, DEFAULT_HORIZON)))


def _press_kinds(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(edit=_press_begin(chat, given).reply)


def _press_kind(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(edit=thresholds(_seen(chat, given.symbol()), _kind(given), given.horizon(2)))


def _press_add(chat: ChatContext, given: Given) -> Pressed:
    kind, threshold, direction = _kind(given), *_threshold(given, 3)
    wish = RuleRequest(kind, threshold, direction, given.horizon(2), expires=_last_day(given, 5))
    return Pressed(_("Done."), edit=_add(chat, given.symbol(), wish))


def _press_add_beside(chat: ChatContext, given: Given) -> Pressed:
    """Add one of several: the message stays, for it has the buttons of the others."""
    added_alone = _press_add(chat, given)
    return Pressed(added_alone.notice, reply=added_alone.edit)


def _press_list(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(edit=every_alert(chat, given.number() if len(given) else 0))


def _press_rule(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(edit=one_alert(chat, ask.rule_of(chat.services.store, chat.chat_id, given.number()), _YOURS))


def _press_set(chat: ChatContext, given: Given) -> Pressed:
    threshold, direction = _threshold(given, 1)
    wish = _wish(chat, ask.rule_of(chat.services.store, chat.chat_id, given.number()))
    return _changed(chat, given, replace(wish, threshold=threshold, direction=direction))


def _press_level(chat: ChatContext, given: Given) -> Pressed:
    """Count a rise or fall from the last close, as a level of the price, in place of one day."""
    level, move = _number(given, 1), _number(given, 2)
    if not 0 < abs(move) <= 1:
        raise StaleButton
    side = Direction.BELOW if move < 0 else Direction.ABOVE
    wish = _wish(chat, ask.rule_of(chat.services.store, chat.chat_id, given.number()))
    wish = replace(wish, kind=RuleKind.PRICE, threshold=level, direction=side)
    rule = ask.change_rule(chat.services, chat.chat_id, given.number(), wish)
    return Pressed(_("Changed."), edit=one_alert(chat, rule, _CHANGED, day_move=move))


def _press_day(chat: ChatContext, given: Given) -> Pressed:
    """Take that back."""
    threshold, direction = _threshold(given, 1)
    wish = _wish(chat, ask.rule_of(chat.services.store, chat.chat_id, given.number()))
    return _changed(chat, given, replace(wish, kind=RuleKind.MOVE, threshold=threshold, direction=direction))


def _press_pause(chat: ChatContext, given: Given) -> Pressed:
    rule = ask.pause_rule(chat.services.store, chat.chat_id, given.number(), paused=True)
    return Pressed(_("Paused."), edit=one_alert(chat, rule, _YOURS))


def _press_resume(chat: ChatContext, given: Given) -> Pressed:
    rule = ask.pause_rule(chat.services.store, chat.chat_id, given.number(), paused=False)
    return Pressed(_("Resumed."), edit=one_alert(chat, rule, _YOURS))


def _press_repeat(chat: ChatContext, given: Given) -> Pressed:
    wish = _wish(chat, ask.rule_of(chat.services.store, chat.chat_id, given.number()))
    return _changed(chat, given, replace(wish, repeat=Repeat.ONCE if wish.repeat is Repeat.AGAIN else Repeat.AGAIN))


def _changed(chat: ChatContext, given: Given, wish: RuleRequest) -> Pressed:
    rule = ask.change_rule(chat.services, chat.chat_id, given.number(), wish)
    return Pressed(_("Changed."), edit=one_alert(chat, rule, _CHANGED))


def _press_remove(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(_("Removed."), edit=remove(chat, given.number()))


def _seen(chat: ChatContext, question: str) -> Outlook:
    instrument = forecasts.resolve(chat.services, question)
    return forecasts.as_shown(chat.services, forecasts.outlook(chat.services, instrument))


def _kind(given: Given) -> RuleKind:
    try:
        return RuleKind(given.text(1))
    except ValueError:
        raise StaleButton from None


def _threshold(given: Given, at: int) -> tuple[float, Direction | None]:
    try:
        return _number(given, at), Direction(given.text(at + 1)) if given.text(at + 1) else None
    except ValueError:
        raise StaleButton from None


def _last_day(given: Given, at: int) -> date | None:
    """Read "20261231"."""
    if len(given) <= at:
        return None
    try:
        return date.fromisoformat(given.text(at))
    except ValueError:
        raise StaleButton from None


def _number(given: Given, at: int) -> float:
    try:
        return float(given.text(at))
    except ValueError:
        raise StaleButton from None


COMMAND = Command(
    "alerts",
    N_("[TICKER KIND NUMBER]"),
    N_("be told when something happens; change or remove that"),
    answer,
    {
        verb: Press(press, takes, Who.ADMINS)
        for verb, press, takes in (
            ("alert", _press_begin, (1, 2)),
            ("kinds", _press_kinds, (1, 2)),
            ("kind", _press_kind, (3,)),
            ("addrule", _press_add, (4, 5, 6)),
            ("andrule", _press_add_beside, (4, 5, 6)),
            ("alerts", _press_list, (0, 1)),
            ("rule", _press_rule, (1,)),
            ("setrule", _press_set, (2, 3)),
            ("atlevel", _press_level, (3,)),
            ("inaday", _press_day, (2, 3)),
            ("repeat", _press_repeat, (1,)),
            ("pause", _press_pause, (1,)),
            ("resume", _press_resume, (1,)),
            ("rmrule", _press_remove, (1,)),
            ("rmsure", press_sure, (0, 1)),
            ("rmall", press_all, (0, 1)),
            ("rmnone", press_none, (0,)),
            ("quieter", press_quieter, (1,)),
            ("stop", press_stop, (1,)),
        )
    }
    | targets.PRESSES,
    Who.ADMINS,
    often=True,
)
