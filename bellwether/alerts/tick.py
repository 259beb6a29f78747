"""One tick: decide what is due, and write it down as rows. Nothing is sent here.

judge_rules         alert rules: see tick_rules
| report_outcomes   what came of earlier alerts: see alert_outcomes
| _read_page        awake chats, the digests open by each one's clock, what waits for them, watchlists: one read a page
| DigestBuilder     prices and forecasts: each symbol and its lines once, shared by all chats
| decide_row        due? not yet? too late? something unusual, for chats that want no other digest? the text (pure)
| _write_page       a row for each chat and session, whatever happens twice: one transaction a page

A page holds the writer's lock for some ten milliseconds. A tick that is killed has lost a page at most, and the next
one writes it.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from bellwether.alerts import alerts_table, subscriptions_table
from bellwether.alerts.alert_outcomes import report_outcomes
from bellwether.alerts.digest_decisions import DUE, DigestDecision, decide_row, digest_key, reason_of
from bellwether.alerts.digest_entries import DigestBuilder
from bellwether.alerts.observed_digest import ObservedDigest, OpenDigest
from bellwether.alerts.rules.digest_due import DigestReason, DigestSlot, Prices, decide_digest
from bellwether.alerts.rules.local_time import Rhythm, newest_slot, open_slots
from bellwether.alerts.rules.rarity import Remark
from bellwether.alerts.text.digest import Digests
from bellwether.alerts.tick_rules import RulesTick, judge_rules
from bellwether.core.alert_types import AlertSettings
from bellwether.core.errors import StoreError
from bellwether.db.connection import Connection
from bellwether.delivery import chats_table, outbox_table
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.services import Services
from bellwether.track_record.grading import Range

PAGE = 1000  #: chats decided and written at once: a short transaction, and little memory
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick did: how many chats for each reason, and how many digests it wrote; what came of the rules."""

    reasons: dict[DigestReason, int]
    already_owed: int
    written: int
    rules: RulesTick = field(default_factory=lambda: RulesTick(Counter()))
    outcomes: int = 0


def tick(services: Services, now: datetime, stopping: Callable[[], bool] = lambda: False) -> Tick:
    """Decide what is due at `now` and write the messages. Safe to run late, twice or not at all.

    `stopping` is asked between chats: what is left then is for the next tick. Raises StoreError when the rows cannot be
    read or written.
    """
    rules, outcomes = RulesTick(Counter()), 0
    try:  # first: what they leave over goes into the digest
        rules = judge_rules(services, now, stopping)
        outcomes = report_outcomes(services, now, stopping)
    except StoreError:
        raise
    except Exception:  # a fault of ours in them must not hold up the digests
        log.exception("The alert rules could not be looked at.")
    digests = _DigestTick(services, now, stopping)
    digests.run()
    return Tick(dict(digests.reasons), digests.already_owed, digests.written, rules, outcomes)


class _DigestTick:
    """The counts of one tick, and what all of its chats share."""

    def __init__(self, services: Services, now: datetime, stopping: Callable[[], bool]) -> None:
        self.reasons: Counter[DigestReason] = Counter()
        self.already_owed = self.written = 0
        self._stopped = False
        self._store, self._clock, self._times = services.store, services.clock, services.settings.alerts
        self._live = services.provider.live
        self._now, self._stopping = now, stopping
        self._builder = DigestBuilder(services)
        self._words = Digests(self._times.horizon)
        self._told: set[int] = set()  # the topics, by identity, whose ranges are kept: once, however many hear of them
        self._ending: dict[date, dict[str, list[Range]]] = {}  # by session and symbol
        self._slots: dict[tuple[frozenset[str], AlertSettings], tuple[list[DigestSlot], DigestReason]] = {}

    def run(self) -> None:
        """All chats, page by page."""
        with self._store.reading() as db:
            wishes = ChatWishes.read(db)
        last: int | None = None
        while not self._stopped:
            with self._store.reading() as db:
                chats = subscriptions_table.calendars_of_awake_chats(db, last, PAGE)
                digests = self._read_page(db, chats, wishes)
            if not chats:
                return
            last = chats[-1][0]
            # one instant for a page: a row is known to wait for a clock that was set back by being made after its time
            present = self._clock()
            self._write_page(self._decide_page(digests, wishes, present), present)

    def _decide_page(
        self, digests: Sequence[OpenDigest], wishes: ChatWishes, present: datetime
    ) -> list[DigestDecision]:
        """What is to be written about some digests."""
        decided = []
        for digest in digests:
            self._stopped = self._stopping()
            if self._stopped:
                break
            decision = decide_row(self._observe(digest), self._words, self._now, present, wishes)
            self.reasons[decision.reason] += 1
            if decision.draft is not None:
                decided.append(decision)
        return decided

    def _read_page(
        self, db: Connection, chats: Sequence[tuple[int, frozenset[str]]], wishes: ChatWishes
    ) -> list[OpenDigest]:
        """The digests of some chats that are open and not owed yet. `chats` have the calendars each watches."""
        slots = [
            (chat_id, slot) for chat_id, calendars in chats for slot in self._open(calendars, wishes.settings(chat_id))
        ]
        owed = outbox_table.owed_among(db, [digest_key(chat_id, slot.session) for chat_id, slot in slots])
        self.already_owed += len(owed)
        slots = [(chat_id, slot) for chat_id, slot in slots if digest_key(chat_id, slot.session) not in owed]
        chat_ids = {chat_id for chat_id, _ in slots}
        watchlists, folded = subscriptions_table.of_chats(db, chat_ids), alerts_table.folded(db, chat_ids)
        since = subscriptions_table.watching_since(db, chat_ids)
        for session in {slot.session for _, slot in slots} - self._ending.keys():
            self._ending[session] = alerts_table.ranges_ending(db, session)
        return [
            OpenDigest(
                chat_id,
                slot,
                wishes.settings(chat_id),
                [symbol for symbol, calendar in watchlists[chat_id] if calendar in slot.calendars],
                [alert for alert in folded.get(chat_id, ()) if alert.session <= slot.session],
                since[chat_id],
            )
            for chat_id, slot in slots
        ]

    def _open(self, calendars: frozenset[str], settings: AlertSettings) -> list[DigestSlot]:
        """The open slots of a watchlist; the same for all who wish the same and watch the same exchanges.

        No prices are asked for before a digest can be due: of a chat with none the reason is counted here.
        """
        key = (calendars, settings)
        if key not in self._slots:
            rhythm = Rhythm.of(settings, self._times)
            newest = newest_slot(calendars, self._now, rhythm)
            self._slots[key] = (
                open_slots(calendars, self._now, rhythm),
                decide_digest(newest, Prices.IN, self._now),
            )
        slots, reason = self._slots[key]
        if not slots:
            self.reasons[reason] += 1
        return slots

    def _observe(self, digest: OpenDigest) -> ObservedDigest:
        slot, ending = digest.slot, self._ending[digest.slot.session]
        topics = [self._builder.topic(symbol, slot, ending.get(symbol, ())) for symbol in digest.symbols]
        reason = reason_of(digest, topics, self._now, live=self._live)
        if reason not in DUE:
            return ObservedDigest(digest, topics, reason, Remark.NOTHING)
        if not digest.wants_remark:
            return ObservedDigest(digest, topics, reason, Remark.NOTHING, self._builder.together(digest))
        topics, unusual = [self._builder.with_rarity(topic, slot) for topic in topics], self._builder.remark(digest)
        together = self._builder.together(digest) if unusual is not Remark.NOTHING else None
        return ObservedDigest(digest, topics, reason, unusual, together)

    def _write_page(self, decided: Sequence[DigestDecision], present: datetime) -> None:
        if not decided:
            return

        def write(db: Connection) -> tuple[int, set[int]]:
            # a chat may have moved or left since it was read, and what it is owed with it
            awake = chats_table.awake_among(db, [decision.digest.chat_id for decision in decided])
            still = [decision for decision in decided if decision.digest.chat_id in awake]
            drafts = [decision.draft for decision in still if decision.worth_sending and decision.draft]
            written = outbox_table.enqueue_all(db, drafts, present)
            skipped = [decision.draft for decision in still if not decision.worth_sending and decision.draft]
            outbox_table.skip(db, skipped, present)
            new = {id(topic): topic for decision in still for topic in decision.topics if id(topic) not in self._told}
            alerts_table.tell_ranges(db, [told for topic in new.values() for told in topic.told])
            for decision in still:
                if decision.draft and decision.digest.folded:
                    alerts_table.fold_in(db, [alert.id for alert in decision.digest.folded], decision.draft.dedup_key)
            return written, set(new)

        written, told = self._store.repeated(write)
        self.written += written
        self._told |= told
