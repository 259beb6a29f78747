"""Rules about what can't be looked at any more: after a week without prices they rest, and their owners are told once.

rules without a sight of their symbol | is_gone | they rest | one message for each chat, in the same transaction
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from bellwether.alerts import rules_table
from bellwether.alerts.text import alerts
from bellwether.core.alert_types import AlertRule
from bellwether.delivery import chats_table, outbox_table
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.kinds import VANISHED
from bellwether.market.bars import STALE_AFTER
from bellwether.market.symbols.universe import instrument_of
from bellwether.services import Services


def is_gone(rule: AlertRule, session: date, until: date | None) -> bool:
    """Whether the symbol of a rule has had no prices for so long that its owner should know. Pure.

    `until` is the last session with prices; None where the source does not know the symbol at all, which may be a slip
    of a moment: then the sessions count for which the rule was looked at in vain.
    """
    return (session - _since(rule, session, until)).days >= STALE_AFTER


def _since(rule: AlertRule, session: date, until: date | None) -> date:
    return until or rule.missing_since or session


def let_rest(services: Services, rules: Sequence[AlertRule], session: date, until: date | None, now: datetime) -> int:
    """Let these rules about one symbol rest, and owe their chats a word about it; how many. Raises StoreError."""
    gone = sorted((rule for rule in rules if is_gone(rule, session, until)), key=lambda one: one.chat_id)
    if not gone:
        return 0
    known = services.universe.get(gone[0].symbol) or instrument_of(gone[0].symbol)
    freshness = timedelta(minutes=services.settings.alerts.freshness)
    with services.store.transaction() as db:
        resting = rules_table.rest(db, [one.id for one in gone])
        wishes = ChatWishes.read(db)
        awake = chats_table.awake_among(db, {one.chat_id for one in gone})
        told = [one for one in gone if one.id in resting and one.chat_id in awake]
        present = services.clock()
        for chat_id, group in groupby(told, lambda one: one.chat_id):
            of_chat = list(group)
            begin = wishes.begin(chat_id, now, present)
            since = min(_since(one, session, until) for one in of_chat)
            with wishes.speaking(chat_id):
                text = alerts.vanished(known, of_chat, since)
            key = f"{VANISHED}:{chat_id}:{session}:{known.symbol}"
            outbox_table.enqueue(
                db, outbox_table.Draft(key, chat_id, VANISHED, text, begin, begin + freshness), present
            )
    return len(resting)
