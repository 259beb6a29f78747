"""What was decided about rules becomes rows: states, alerts, and messages within each chat's budget.

Each transaction checks what may have changed since the rules were read: chats that left, rules that were edited,
paused, removed, or judged by another tick.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from bellwether.alerts import alerts_table, rules_table, subscriptions_table
from bellwether.alerts.rule_decisions import Fired, RuleDecisions
from bellwether.alerts.rules.budget import WEEK, within_budget
from bellwether.alerts.text import alerts, digest_notes
from bellwether.core.alert_types import AlertRule
from bellwether.core.clock import Clock
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.delivery import chats_table, outbox_table
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.message_kinds import LEFTOVERS, VANISHED
from bellwether.market.symbols.universe import Universe, instrument_of

CHATS_AT_ONCE = 500  #: written in one transaction: some ten milliseconds, in which nobody else can write


def write_states(
    store: Store, clock: Clock, universe: Universe, decided: RuleDecisions, now: datetime, wishes: ChatWishes
) -> int:
    """Keep the state of the rules about one symbol that do not fire; how many rest from now on. Raises StoreError.

    `now` may be a rehearsed instant, so the rows' own times count from the real one, `clock`; also below.
    """
    if not (decided.judged or decided.lack_close or decided.unseen):
        return 0

    def write(db: Connection) -> int:
        still = rules_table.unchanged(db, decided.rules)
        session = decided.closed.session
        rules_table.lack_a_close(db, [rule for rule in decided.lack_close if rule.id in still], session)
        rules_table.keep_state(db, [rule for rule in decided.judged if rule.id in still])
        rules_table.miss(db, [rule for rule in decided.unseen if rule.id in still], session)
        gone = [rule for rule in decided.gone if rule.id in still]
        rules_table.rest(db, [rule.id for rule in gone])
        if gone:
            _tell_of_delisted(db, universe, decided, gone, now, clock(), wishes)
        return len(gone)

    return store.repeated(write)


def _tell_of_delisted(
    db: Connection,
    universe: Universe,
    decided: RuleDecisions,
    gone: Sequence[AlertRule],
    now: datetime,
    present: datetime,
    wishes: ChatWishes,
) -> None:
    """Rules about a symbol without prices rest, so their owners are told, once."""
    closed, symbol = decided.closed, gone[0].symbol
    known = universe.get(symbol) or instrument_of(symbol)
    awake = chats_table.awake_among(db, {rule.chat_id for rule in gone})
    told = sorted((rule for rule in gone if rule.chat_id in awake), key=lambda rule: rule.chat_id)
    for chat_id, group in groupby(told, lambda rule: rule.chat_id):
        of_chat = list(group)
        with wishes.speaking(chat_id):
            text = alerts.vanished(known, of_chat, min(decided.missing_since(rule) for rule in of_chat))
        about, fresh_for = f"{closed.session}:{symbol}", closed.fresh_until - closed.due_at
        outbox_table.enqueue(db, wishes.draft(VANISHED, chat_id, about, text, fresh_for, now, present), present)


def write_fired(
    store: Store, clock: Clock, fired: Collection[Fired], now: datetime, wishes: ChatWishes
) -> tuple[int, int]:
    """Keep what fired; (alerts told by a message of their own, alerts left for digests). Raises StoreError.

    Each chat in one transaction, some chats together.
    """
    by_chat: dict[int, list[Fired]] = defaultdict(list)
    for firing in fired:
        by_chat[firing.rule.chat_id].append(firing)
    ids, told, folded = sorted(by_chat), 0, 0
    for start in range(0, len(ids), CHATS_AT_ONCE):
        page = {chat_id: by_chat[chat_id] for chat_id in ids[start : start + CHATS_AT_ONCE]}

        def write(db: Connection, page: Mapping[int, Sequence[Fired]] = page) -> tuple[int, int]:
            return _write_page(db, page, now, clock(), wishes)

        told_now, folded_now = store.repeated(write)
        told, folded = told + told_now, folded + folded_now
    return told, folded


def _write_page(
    db: Connection, page: Mapping[int, Sequence[Fired]], now: datetime, present: datetime, wishes: ChatWishes
) -> tuple[int, int]:
    awake = chats_table.awake_among(db, page)
    still = rules_table.unchanged(db, [firing.rule for chat_id in awake for firing in page[chat_id]])
    told_before = alerts_table.told_since(db, page, present - WEEK)
    told = folded = 0
    written: dict[int, list[Fired]] = {}
    for chat_id in page:
        fired = [firing for firing in page[chat_id] if firing.rule.id in still]
        fires = [firing for firing in fired if firing.verdict.fires]
        ended = [firing for firing in fired if not firing.verdict.fires]
        budget = wishes.settings(chat_id).weekly_budget
        own, rest = within_budget(fires, budget, told_before.get(chat_id, 0))
        for firing in own:
            alert, fresh_for = firing.alert, firing.closed.fresh_until - now
            about = f"{alert.session}:{alert.rule_id}"
            offers, kind = alerts.offers(firing.rule), alert.kind.value
            draft = wishes.draft(kind, chat_id, about, firing.text, fresh_for, now, present, offers=offers)
            if alerts_table.add(db, replace(alert, message_key=draft.dedup_key), present):
                told += outbox_table.enqueue(db, draft, present)
        for firing in [*rest, *ended]:
            folded += alerts_table.add(db, firing.alert, present)
        rules_table.keep_state(db, [firing.verdict.rule for firing in fired if not firing.verdict.finished])
        rules_table.finish(db, [firing.rule.id for firing in fired if firing.verdict.finished])
        if fired:
            written[chat_id] = fired
    watching = subscriptions_table.watching_since(db, written)
    _write_leftovers(db, {chat: fired for chat, fired in written.items() if chat not in watching}, now, present, wishes)
    return told, folded


def _write_leftovers(
    db: Connection, page: Mapping[int, Sequence[Fired]], now: datetime, present: datetime, wishes: ChatWishes
) -> None:
    """What is left over for a chat that watches nothing, and so gets no digest, comes in one message a tick.

    Not under a digest's key: exchanges close at other hours, and prices of one session come in several ticks; and
    whoever begins to watch something that evening is owed the digest all the same.
    """
    for chat_id, waiting in alerts_table.folded(db, page).items():
        newest = max((firing.closed for firing in page[chat_id]), key=lambda closed: closed.session)
        left = [alert for alert in waiting if alert.session <= newest.session]
        if not left:
            continue
        with wishes.speaking(chat_id):
            text = digest_notes.what_else_fired(left)
        about = f"{newest.session}:{min(alert.id for alert in left)}"
        offers, fresh_for = alerts.charts_of(left), newest.fresh_until - now
        draft = wishes.draft(LEFTOVERS, chat_id, about, text, fresh_for, now, present, offers=offers)
        if outbox_table.enqueue(db, draft, present):
            alerts_table.fold_in(db, [alert.id for alert in left], draft.dedup_key)
