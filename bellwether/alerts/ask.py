"""What the faces ask about alerts: rules, and how a chat wants to be told. Errors are as in `ask.forecasts`."""

from dataclasses import replace

from bellwether.alerts import rule_requests, rules_table, subscriptions_table
from bellwether.alerts.observe import next_earnings
from bellwether.ask.forecasts import outlook, resolve
from bellwether.core.alert_types import AlertRule, AlertSettings, RuleKind, RuleRequest
from bellwether.core.errors import BadRule, LimitReached
from bellwether.core.i18n.articles import with_articles
from bellwether.core.i18n.translate import said
from bellwether.core.types import Outlook
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.delivery import chat_settings_table, chats_table
from bellwether.services import Services


def add_rule(
    services: Services, chat_id: int, text: str, wish: RuleRequest, language: str, thread: int | None = None
) -> AlertRule:
    """Tell a chat whenever something happens to what `text` names; the rule as it is kept, with its number.

    `parsing.parse_share` and `parse_price` read thresholds, `parse_horizon` horizons; `text.alerts.describe` says a
    rule in words. What can't be forecast can't be watched. Raises BadRule (a threshold, day or rule that can't be, or
    is there already), BadHorizon, LimitReached, StoreError and the errors of `resolve` and `outlook`.
    """
    seen = outlook(services, resolve(services, text))
    _check_earnings(services, wish, seen)
    now, limit = services.clock(), services.settings.alerts.rule_limit

    def add(db: Connection) -> AlertRule:
        chats_table.join(db, chat_id, language, now, thread)
        settings = chat_settings_table.of_chat(db, chat_id)
        rule = rule_requests.rule_of(wish, chat_id, seen, settings.timezone, now)
        if len(rules_table.of_chat(db, chat_id)) >= limit:
            raise LimitReached(
                said("You already have {count} alerts, the most I can keep; remove one first: /alerts", count=limit)
            )
        added = rules_table.add(db, rule)
        if added is None:
            raise BadRule(said("You have this alert already; /alerts shows all of them."))
        return added

    return services.store.repeated(add)


def _check_earnings(services: Services, wish: RuleRequest, seen: Outlook) -> None:
    """Refuse a rule about earnings of whom nobody knows when it reports."""
    if wish.kind is RuleKind.EARNINGS and next_earnings(services, seen.instrument, seen.bars.cutoff) is None:
        raise BadRule(
            said(
                "I can't learn here when {name:the} reports its earnings, so I can't warn of it.",
                name=with_articles(seen.instrument.name, seen.instrument.symbol),
            )
        )


def rules_of(store: Store, chat_id: int) -> list[AlertRule]:
    """The rules of a chat, oldest first. Raises StoreError."""
    with store.reading() as db:
        return rules_table.of_chat(db, chat_id)


def change_rule(services: Services, chat_id: int, rule_id: int, wish: RuleRequest) -> AlertRule:
    """Put other terms into a rule, armed anew; `wishes.wish_of(rule)` is where a change begins.

    Raises BadRule when the chat has no rule of this number, and what `add_rule` does.
    """
    old = rule_of(services.store, chat_id, rule_id)
    seen = outlook(services, services.provider.instrument(old.symbol))
    _check_earnings(services, wish, seen)

    def change(db: Connection) -> AlertRule:
        timezone = chat_settings_table.of_chat(db, chat_id).timezone
        # the session that was judged stays judged: a change is no reason to tell the same news twice
        new = rule_requests.rule_of(wish, chat_id, seen, timezone, services.clock())
        new = replace(new, id=rule_id, judged=old.judged, created_at=old.created_at, paused=old.paused)
        if not rules_table.change(db, new):
            _rule_of_chat(rules_table.of_chat(db, chat_id), rule_id)
            raise BadRule(said("You have another alert that says just this; /alerts shows all of them."))
        return new

    return services.store.repeated(change)


def rule_of(store: Store, chat_id: int, rule_id: int) -> AlertRule:
    """One rule of a chat. Raises BadRule when the chat has none of this number, and StoreError."""
    return _rule_of_chat(rules_of(store, chat_id), rule_id)


def pause_rule(store: Store, chat_id: int, rule_id: int, paused: bool) -> AlertRule:
    """Let a rule rest, or look at it again; as it is then. Raises BadRule when the chat has none of this number.

    What happens meanwhile is not told later, and what it told before it is not told again. Raises StoreError.
    """

    def pause(db: Connection) -> AlertRule:
        old = _rule_of_chat(rules_table.of_chat(db, chat_id), rule_id)
        new = replace(old, paused=paused, missing_since=None)
        rules_table.change(db, new)
        return new

    return store.repeated(pause)


def remove_rule(store: Store, chat_id: int, rule_id: int) -> AlertRule:
    """Forget a rule; the one forgotten. Raises BadRule when the chat has none of this number, and StoreError."""

    def remove(db: Connection) -> AlertRule:
        old = _rule_of_chat(rules_table.of_chat(db, chat_id), rule_id)
        rules_table.remove(db, chat_id, rule_id)
        return old

    return store.repeated(remove)


def _rule_of_chat(rules: list[AlertRule], rule_id: int) -> AlertRule:
    for rule in rules:
        if rule.id == rule_id:
            return rule
    raise BadRule(said("You have no alert number {number}; /alerts shows those you have.", number=rule_id))


def change_alert_settings(services: Services, chat_id: int, new: AlertSettings, language: str) -> AlertSettings:
    """Change how a chat wants to be told: give what `alert_settings` gave, with a part replaced.

    `time_zones.find_time_zone` reads time zones and cities, `parsing.parse_clock` and `parse_quiet_hours` times. What
    is held already keeps its time; a digest that is still to come moves, and none is lost or doubled. Raises BadRule,
    BadTimeZone and StoreError.
    """
    now = services.clock()

    def change(db: Connection) -> AlertSettings:
        chats_table.know(db, chat_id, language, now)
        old = chat_settings_table.of_chat(db, chat_id)
        calendars = {watched.calendar for watched in subscriptions_table.of_chat(db, chat_id)}
        changed = rule_requests.changed_settings(old, new, calendars, services.settings.alerts, now)
        chat_settings_table.save(db, chat_id, changed)
        return changed

    return services.store.repeated(change)
