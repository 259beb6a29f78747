"""What a chat may wish for: its words are checked here, and kept as rules and settings."""

import math
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from bellwether.alerts.rules.local_time import Rhythm, oldest_pending
from bellwether.core.alert_types import FORECASTS, AlertRule, AlertSettings, Direction, RuleKind, RuleRequest
from bellwether.core.config import Alerts
from bellwether.core.errors import BadHorizon, BadRule, BadTimeZone
from bellwether.core.i18n.numbers import Spoken, short
from bellwether.core.i18n.time_zones import is_time_zone
from bellwether.core.i18n.translate import N_, said
from bellwether.core.local_clock import at_local
from bellwether.core.types import MAX_HORIZON, Outlook

USUAL_RARITY = 0.05  #: an outlook as rare as one day in twenty
_LEAST = 0.0001  #: the smallest share that alerts are told with: two digits of a percentage
_FARTHEST = 100  #: times the last close; a price level beyond it is a slip of the finger
_MOST_A_WEEK = 1000


class _Range(NamedTuple):
    """What a threshold may be, in numbers and words."""

    low: float
    high: float
    said: str


_ALLOWED = {
    RuleKind.GROWTH: _Range(
        -1.0,
        1.0,
        N_(
            "The threshold must be more than 0\u00a0% and at most 100\u00a0%, with a minus for a fall, such as "
            "5\u00a0% or -5\u00a0%."
        ),
    ),
    RuleKind.CHANCE: _Range(
        0.0, 1.0, N_("The threshold must be more than 0\u00a0% and less than 100\u00a0%, such as 60\u00a0%.")
    ),
    RuleKind.RISK: _Range(
        -1.0,
        1.0,
        N_(
            "The threshold must be more than 0\u00a0% and less than 100\u00a0%: the loss to be warned of, such as "
            "10\u00a0%."
        ),
    ),
    RuleKind.UNUSUAL: _Range(
        0.0,
        0.5,
        N_("The threshold must be more than 0\u00a0% and at most 50\u00a0%: how rare it must be, such as 5\u00a0%."),
    ),
    RuleKind.MOVE: _Range(
        -1.0, 1.0, N_("The threshold must be more than 0\u00a0% and at most 100\u00a0%, such as 3\u00a0%.")
    ),
}


def rule_of(wish: RuleRequest, chat_id: int, seen: Outlook, timezone: str, now: datetime) -> AlertRule:
    """The rule that grants a wish about what was seen of a symbol. Raises BadRule or BadHorizon with what would do."""
    _check_horizon(wish)
    if wish.kind in FORECASTS and seen.problem is not None:
        raise BadRule(
            said(
                "I can't warn of forecasts of {symbol}, because {reason} and the model is silent. Alerts on its price "
                "or its daily moves work.",
                symbol=seen.instrument.symbol,
                reason=said(seen.problem.value),
            )
        )
    threshold, direction = _threshold(wish, seen)
    by_price = wish.kind is RuleKind.PRICE
    return AlertRule(
        id=0,
        chat_id=chat_id,
        symbol=seen.instrument.symbol,
        calendar=seen.instrument.calendar,
        kind=wish.kind,
        direction=direction,
        threshold=threshold,
        horizon=wish.horizon if wish.kind in FORECASTS else 0,
        repeat=wish.repeat,
        created_at=now,
        expires_at=None if wish.expires is None else end_of(wish.expires, timezone, now),
        set_on=seen.bars.cutoff if by_price else None,
        set_close=seen.bars.quoted_close if by_price else None,
    )


def wish_of(rule: AlertRule) -> RuleRequest:
    """The wish behind a rule, for changing a part of it. It no longer ends, unless a new day is given."""
    return RuleRequest(rule.kind, rule.threshold, rule.direction, rule.horizon or 10, rule.repeat)


def end_of(day: date, timezone: str, now: datetime) -> datetime:
    """The end of a day by the chat's clock. Raises BadRule for a day that is over."""
    try:
        end = at_local(timezone, day + timedelta(days=1), time())
    except OverflowError:
        raise BadRule(said("No calendar reaches that far; please give an earlier day, or none.")) from None
    if end <= now:
        raise BadRule(said("{day} is over already; please give a day that is still to come, or none.", day=day))
    return end


def _check_horizon(wish: RuleRequest) -> None:
    if wish.kind in FORECASTS and not 1 <= wish.horizon <= MAX_HORIZON:
        raise BadHorizon(
            said("The horizon must be 1 to {most} trading days, not {horizon}.", most=MAX_HORIZON, horizon=wish.horizon)
        )


def _threshold(wish: RuleRequest, seen: Outlook) -> tuple[float, Direction]:
    """The threshold as it is kept, and the side of it that is worth a message."""
    if wish.kind is RuleKind.EARNINGS:
        return 0.5, Direction.ABOVE  # the figure is 1 on the day before, 0 on others
    asked = USUAL_RARITY if wish.threshold is None and wish.kind is RuleKind.UNUSUAL else wish.threshold
    if wish.kind is RuleKind.PRICE:
        return _level(asked, wish.direction, seen)
    low, high, allowed = _ALLOWED[wish.kind]
    if asked and round(abs(asked), 9) < _LEAST:
        raise BadRule(said("The threshold must be 0.01\u00a0% or more."))
    if asked is None or not math.isfinite(asked) or asked == 0 or not low <= asked <= high:
        raise BadRule(said(allowed))
    if wish.kind is RuleKind.UNUSUAL:
        return asked, Direction.BELOW
    if wish.kind in {RuleKind.CHANCE, RuleKind.RISK} and abs(asked) == 1:
        raise BadRule(said(allowed))
    if wish.kind is RuleKind.RISK:
        return -abs(asked), Direction.BELOW
    if wish.kind is RuleKind.MOVE:
        direction = wish.direction or (Direction.BELOW if asked < 0 else Direction.EITHER)
        return (-abs(asked) if direction is Direction.BELOW else abs(asked)), direction
    if wish.direction is Direction.EITHER:
        raise BadRule(said("Say above or below: this alert looks to one side only. For both, make two alerts."))
    return asked, wish.direction or (Direction.BELOW if asked < 0 else Direction.ABOVE)


def _level(level: float | None, direction: Direction | None, seen: Outlook) -> tuple[float, Direction]:
    """A price level, and from which side it will be crossed."""
    close = seen.bars.quoted_close
    symbol, last, asked = seen.instrument.symbol, _price(close), _price(level or 0.0)
    if level is None or not math.isfinite(level) or level <= 0:
        raise BadRule(
            said("The price must be a number above 0; {symbol} last closed at {close}.", symbol=symbol, close=last)
        )
    if not close / _FARTHEST <= level <= close * _FARTHEST:
        text = N_("{symbol} last closed at {close}, so {level} looks like a slip; please check it.")
        raise BadRule(said(text, symbol=symbol, close=last, level=asked))
    if level == close:
        raise BadRule(
            said(
                "{symbol} stands at {close} just now; please give a price above or below it.", symbol=symbol, close=last
            )
        )
    suggested = Direction.ABOVE if level > close else Direction.BELOW
    if direction is Direction.EITHER or direction in {None, suggested}:
        return level, suggested
    text = (
        N_("{symbol} last closed at {close}, below {level} already; please give the price it is to reach.")
        if level > close
        else N_("{symbol} last closed at {close}, above {level} already; please give the price it is to reach.")
    )
    raise BadRule(said(text, symbol=symbol, close=last, level=asked))


def _price(amount: float) -> Spoken:
    """A price as short as it can be: "180", "177.57"."""
    return Spoken(lambda: short(amount))


def changed_settings(
    old: AlertSettings,
    new: AlertSettings,
    calendars: Collection[str],
    times: Alerts,
    now: datetime,
) -> AlertSettings:
    """The settings to keep when a chat changes its old ones to new ones. Raises BadRule or BadTimeZone.

    `calendars` are those of its watchlist: digests that are still to come under the old times must not be lost.
    """
    if not is_time_zone(new.timezone):
        raise BadTimeZone(
            said("“{text}” is no time zone I know; please name a city, such as Berlin.", text=new.timezone[:40])
        )
    for clock in (new.digest_at, *((new.quiet.since, new.quiet.until) if new.quiet else ())):
        if clock is not None and (clock.tzinfo is not None or clock.second or clock.microsecond):
            raise BadRule(said("Times of day are local, in hours and minutes, such as 18:30."))
    if new.quiet is not None and new.quiet.since == new.quiet.until:
        raise BadRule(said("Quiet hours need a beginning and another end, such as 22:00-7:00."))
    if new.weekly_budget is not None and not 0 <= new.weekly_budget <= _MOST_A_WEEK:
        raise BadRule(
            said("A week can have 0 to {most} alerts; with 0 all of them go into the digest.", most=_MOST_A_WEEK)
        )
    if (old.timezone, old.digest_at, old.quiet) == (new.timezone, new.digest_at, new.quiet):
        return replace(new, changed_at=old.changed_at, pending=old.pending)
    pending = oldest_pending(calendars, now, Rhythm.of(old, times))
    return replace(new, changed_at=now, pending=pending)
