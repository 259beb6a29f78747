"""/alerts: what a chat asked to be told, set up in at most three taps or one line, changed and removed."""

from dataclasses import replace

from bellwether.alerts import ask
from bellwether.alerts.rule_requests import wish_of
from bellwether.ask import forecasts
from bellwether.core.alert_types import AlertRule, Direction, Repeat, RuleKind, RuleRequest
from bellwether.core.errors import AmbiguousSymbol, BadRule, UnknownSymbol
from bellwether.core.i18n.translate import N_, said
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import Outlook
from bellwether.services import Services
from bot import alert_keyboards
from bot.commands.alert_typed import Typed, read_alert, read_terms
from bot.commands.alert_views import every_alert, kinds, last_day, one_alert, removed, thresholds
from bot.commands.base import ChatContext, Command, Given, Press, StaleButton, Who
from bot.commands.clarify import ask_back
from bot.commands.forecast import question_and_horizon
from bot.replies import Pressed, Reply

_KEPT = N_("<b>Done.</b> I write to you when this happens:")
_CHANGED = N_("<b>Changed.</b> I write to you when this happens:")
_YOURS = N_("Your alert:")


def answer(services: Services, asker: ChatContext, text: str) -> Reply:
    """All alerts; or a new one, as far as its words go; or, after a number, a change of that one."""
    words = text.split()
    if not words:
        return every_alert(services, asker, 0)
    if words[0].removeprefix("#").isdecimal() and len(words[0]) < 12:
        return _change_typed(services, asker, int(words[0].removeprefix("#")), words[1:])
    typed = read_alert(text)
    if typed.kind is None:  # "AAPL 1m", or a name with a number
        question, horizon = question_and_horizon(services, typed.question)
        typed = Typed(question, horizon=horizon)
    try:
        return _begin(services, asker, typed)
    except (AmbiguousSymbol, UnknownSymbol) as problem:
        return ask_back(problem, _go_on(typed))


def _go_on(typed: Typed) -> str:
    """What a button under a question back sends, as far as the words went."""
    wish = typed.wish
    if typed.kind is None:
        return f"kinds:{{}}:{typed.horizon}"
    if wish is None or wish.threshold is None or wish.repeat is Repeat.ONCE or wish.expires is not None:
        return f"kind:{{}}:{typed.kind.value}:{typed.horizon}"
    terms = alert_keyboards.Preset("", wish.threshold, wish.direction).action
    return f"addrule:{{}}:{typed.kind.value}:{typed.horizon}:{terms}"


def _begin(services: Services, asker: ChatContext, typed: Typed) -> Reply:
    if typed.wish is not None:
        return _kept(services, asker, typed.question, typed.wish)
    seen = forecasts.as_shown(services, forecasts.outlook(services, forecasts.resolve(services, typed.question)))
    return kinds(seen, typed.horizon) if typed.kind is None else thresholds(seen, typed.kind, typed.horizon)


def _kept(services: Services, asker: ChatContext, question: str, wish: RuleRequest) -> Reply:
    rule = ask.add_rule(services, asker.chat_id, question, wish, asker.language, asker.thread)
    return one_alert(services, rule, _KEPT)


def _rule(services: Services, asker: ChatContext, rule_id: int) -> AlertRule:
    for one in ask.rules_of(services.store, asker.chat_id):
        if one.id == rule_id:
            return one
    raise BadRule(said("You have no alert number {number}; /alerts shows those you have.", number=rule_id))


def _change_typed(services: Services, asker: ChatContext, rule_id: int, words: list[str]) -> Reply:
    """ "12 10%", "12 once", "12 pause", "12 remove"; "12" alone shows it."""
    rule = _rule(services, asker, rule_id)
    if not words:
        return one_alert(services, rule, _YOURS)
    if words[0].lower() in {"remove", "delete", "off", "stop"}:
        return removed(ask.remove_rule(services.store, asker.chat_id, rule_id))
    if len(words) == 1 and words[0].lower() in {"pause", "resume"}:
        paused = words[0].lower() == "pause"
        return one_alert(services, ask.pause_rule(services.store, asker.chat_id, rule_id, paused), _YOURS)
    wish = read_terms(replace(_wish(services, rule), direction=None), words)
    changed = ask.change_rule(services, asker.chat_id, rule_id, _with_side(wish, rule))
    return one_alert(services, changed, _CHANGED)


def _wish(services: Services, rule: AlertRule) -> RuleRequest:
    """The wish behind an alert, with its last day."""
    return replace(wish_of(rule), expires=last_day(services, rule))


def _with_side(wish: RuleRequest, rule: AlertRule) -> RuleRequest:
    """The old side with the old threshold; with a new one, the side that it suggests or that was said."""
    kept = wish.direction is None and wish.threshold == rule.threshold
    return replace(wish, direction=rule.direction) if kept else wish


# What the buttons do: all of it in the message they stand under, but for the first under a forecast.


def _press_begin(services: Services, asker: ChatContext, given: Given) -> Pressed:
    return Pressed(reply=_press_kinds(services, asker, given).edit)


def _press_kinds(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(1, 2)
    horizon = given.horizon(1) if len(given) == 2 else DEFAULT_HORIZON
    return Pressed(edit=kinds(_seen(services, given), horizon))


def _press_kind(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(3)
    return Pressed(edit=thresholds(_seen(services, given), _kind(given), given.horizon(2)))


def _press_add(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(4, 5)
    kind, threshold, direction = _kind(given), *_threshold(given, 3)
    wish = RuleRequest(kind, threshold, direction, given.horizon(2))
    return Pressed(_("Done."), edit=_kept(services, asker, given.symbol(), wish))


def _press_all(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(0, 1)
    return Pressed(edit=every_alert(services, asker, given.number(0) if len(given) else 0))


def _press_rule(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(1)
    return Pressed(edit=one_alert(services, _rule(services, asker, given.number(0)), _YOURS))


def _press_set(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(2, 3)
    threshold, direction = _threshold(given, 1)
    wish = _wish(services, _rule(services, asker, given.number(0)))
    return _changed(services, asker, given, replace(wish, threshold=threshold, direction=direction))


def _press_pause(services: Services, asker: ChatContext, given: Given) -> Pressed:
    return _rested(services, asker, given, paused=True)


def _press_resume(services: Services, asker: ChatContext, given: Given) -> Pressed:
    return _rested(services, asker, given, paused=False)


def _rested(services: Services, asker: ChatContext, given: Given, *, paused: bool) -> Pressed:
    given.expect(1)
    rule = ask.pause_rule(services.store, asker.chat_id, given.number(0), paused)
    return Pressed(_("Paused.") if paused else _("Resumed."), edit=one_alert(services, rule, _YOURS))


def _press_repeat(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(1)
    wish = _wish(services, _rule(services, asker, given.number(0)))
    other = Repeat.ONCE if wish.repeat is Repeat.AGAIN else Repeat.AGAIN
    return _changed(services, asker, given, replace(wish, repeat=other))


def _changed(services: Services, asker: ChatContext, given: Given, wish: RuleRequest) -> Pressed:
    changed = ask.change_rule(services, asker.chat_id, given.number(0), wish)
    return Pressed(_("Changed."), edit=one_alert(services, changed, _CHANGED))


def _press_remove(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(1)
    return Pressed(_("Removed."), edit=removed(ask.remove_rule(services.store, asker.chat_id, given.number(0))))


def _seen(services: Services, given: Given) -> Outlook:
    return forecasts.as_shown(services, forecasts.outlook(services, forecasts.resolve(services, given.symbol())))


def _kind(given: Given) -> RuleKind:
    try:
        return RuleKind(given.text(1))
    except ValueError:
        raise StaleButton from None


def _threshold(given: Given, at: int) -> tuple[float, Direction | None]:
    try:
        threshold = float(given.text(at))
        return threshold, Direction(given.text(at + 1)) if len(given) > at + 1 else None
    except ValueError:
        raise StaleButton from None


COMMAND = Command(
    "alerts",
    N_("[SYMBOL KIND NUMBER]"),
    N_("be told when something happens; change or remove that"),
    answer,
    {
        verb: Press(press, Who.ADMINS)
        for verb, press in {
            "alert": _press_begin,
            "kinds": _press_kinds,
            "kind": _press_kind,
            "addrule": _press_add,
            "alerts": _press_all,
            "rule": _press_rule,
            "setrule": _press_set,
            "repeat": _press_repeat,
            "pause": _press_pause,
            "resume": _press_resume,
            "rmrule": _press_remove,
        }.items()
    },
    Who.ADMINS,
)
