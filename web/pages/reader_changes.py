"""What the forms of a reader's page do. Each gives what is to be told of it beyond the page itself, mostly nothing."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from bellwether.alerts import ask as rules
from bellwether.alerts import watchlist
from bellwether.ask.holdings import understand
from bellwether.core.alert_types import DigestMode, Direction, QuietHours, Repeat, RuleKind, RuleRequest
from bellwether.core.errors import AmbiguousSymbol, BadRule, BadSymbol, MarketDataError, UnknownSymbol
from bellwether.core.i18n.time_zones import find_time_zone
from bellwether.core.i18n.translate import LANGUAGES
from bellwether.core.parsing import parse_clock, parse_horizon, parse_price, parse_share
from bellwether.delivery.chat_wishes import alert_settings
from bellwether.delivery.readers import ask
from bellwether.delivery.readers.ask import Reader
from bellwether.market.symbols.names_typed import names_typed
from bellwether.services import Services
from web.pages.form import Form

LONGEST_LIST = 5_000  #: characters that are pasted at once
_MOST_LOOKED_UP = 10  #: of a list that the source of prices is asked about
_BETWEEN = re.compile(r"[,;\t\r\n]|\s{2,}")  #: the entries of a list: names have single spaces in them
_Choice = TypeVar("_Choice", RuleKind, Direction, DigestMode)
Change = Callable[[Services, Reader, Form], str]


def _watch(services: Services, reader: Reader, form: Form) -> str:
    """One stock by its name or ticker, or a list of them."""
    _check_goes_on(reader)
    typed = form.get("stock", "")[:LONGEST_LIST]
    entries = _BETWEEN.split(typed.replace('"', " "))
    pieces = [name for entry in entries for name in names_typed(entry, services.universe)]
    if len(pieces) < 2:
        watchlist.watch(services, reader.owner, pieces[0] if pieces else "", reader.language)
        return ""
    understood = understand(services, "\n".join(["Symbol", *pieces]).encode(), "", _MOST_LOOKED_UP)
    put = watchlist.watch_together(services, reader.owner, understood.instruments, reader.language)
    names = [question.called for question in understood.questions]
    unclear = [name for name in names[:_MOST_LOOKED_UP] if not _watch_by_name(services, reader, name)]
    unclear += [*names[_MOST_LOOKED_UP:], *understood.not_looked_up]
    told = [f"There was no room for {put.beyond} of them."] if put.beyond else []
    if unclear:
        told.append(f"Not clear, so not added: {', '.join(unclear)}. Please add each by its name or ticker.")
    return " ".join(told)


def _watch_by_name(services: Services, reader: Reader, name: str) -> bool:
    """What is no ticker may be the name of a company; False where that is not clear either."""
    try:
        watchlist.watch(services, reader.owner, name, reader.language)
    except (AmbiguousSymbol, BadSymbol, MarketDataError, UnknownSymbol):
        return False
    return True


def _unwatch(services: Services, reader: Reader, form: Form) -> str:
    watchlist.unwatch(services.store, services.universe, reader.owner, form.get("symbol", ""))
    return ""


def _add_alert(services: Services, reader: Reader, form: Form) -> str:
    _check_goes_on(reader)
    rules.add_rule(services, reader.owner, form.get("stock", ""), _wish(form), reader.language)
    return ""


def _wish(form: Form) -> RuleRequest:
    """Raises BadRule and BadHorizon."""
    kind, value = _one_of(RuleKind, form.get("kind")), form.get("value", "")
    if kind is None:
        raise BadRule("Please choose what the alert looks at.")
    threshold = None
    if kind is not RuleKind.EARNINGS and value:
        threshold = parse_price(value) if kind is RuleKind.PRICE else parse_share(value)
    return RuleRequest(
        kind,
        threshold,
        _one_of(Direction, form.get("side")),
        parse_horizon(form.get("horizon", "")),
        Repeat.ONCE if form.get("once") else Repeat.AGAIN,
    )


def _pause_alert(services: Services, reader: Reader, form: Form) -> str:
    rules.pause_rule(services.store, reader.owner, _number(form), paused=True)
    return ""


def _resume_alert(services: Services, reader: Reader, form: Form) -> str:
    rules.pause_rule(services.store, reader.owner, _number(form), paused=False)
    return ""


def _remove_alert(services: Services, reader: Reader, form: Form) -> str:
    rules.remove_rule(services.store, reader.owner, _number(form))
    return ""


def _change_settings(services: Services, reader: Reader, form: Form) -> str:
    old = alert_settings(services.store, reader.owner)
    since, until, budget = form.get("quiet_since", ""), form.get("quiet_until", ""), form.get("budget", "")
    if bool(since) != bool(until):
        raise BadRule("Quiet hours need a beginning and an end; leave both empty for none.")
    at, language = form.get("at", ""), form.get("language", "")
    new = replace(
        old,
        timezone=find_time_zone(form.get("timezone", "")),
        digest_mode=_one_of(DigestMode, form.get("digest")) or old.digest_mode,
        digest_at=parse_clock(at) if at else None,
        quiet=QuietHours(parse_clock(since), parse_clock(until)) if since else None,
        weekly_budget=int(budget) if budget.isascii() and budget.isdecimal() and len(budget) < 5 else None,
        language=language if language in LANGUAGES else old.language,
        storms=bool(form.get("storms")),
    )
    rules.change_alert_settings(services, reader.owner, new, reader.language)
    return ""


def _stop(services: Services, reader: Reader, form: Form) -> str:
    ask.stop(services, reader)
    return ""


def _resume(services: Services, reader: Reader, form: Form) -> str:
    ask.resume(services, reader)
    return ""


def _ask_access(services: Services, reader: Reader, form: Form) -> str:
    ask.ask_access(services, reader)
    return f"A mail with the link is on its way to {reader.mailbox.shown}. It is good for an hour."


def _renew_links(services: Services, reader: Reader, form: Form) -> str:
    ask.renew_links(services, reader)
    return ""


def _check_goes_on(reader: Reader) -> None:
    """Raises BadRule: what is added would begin to be sent, to whom nothing goes."""
    if reader.is_stopped:
        raise BadRule("Mails are stopped. Start them again first, then add to your list.")


def _one_of(kinds: type[_Choice], value: str | None) -> _Choice | None:
    return next((kind for kind in kinds if kind.value == value), None)


def _number(form: Form) -> int:
    """Of an alert; -1, which none has, for what is no number."""
    text = form.get("alert", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else -1


CHANGES: dict[str, Change] = {
    "watch": _watch,
    "unwatch": _unwatch,
    "alert": _add_alert,
    "pause-alert": _pause_alert,
    "resume-alert": _resume_alert,
    "remove-alert": _remove_alert,
    "settings": _change_settings,
    "stop": _stop,
    "resume": _resume,
    "access": _ask_access,
    "new-link": _renew_links,
}
