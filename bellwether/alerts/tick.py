"""One tick: decide what is due, and write it down as rows. Nothing is sent here.

alert rules, and outcomes of earlier alerts: see tick_rules, alert_outcomes
awake chats, a page at a time, and the calendars each watches
| open_slots         the sessions whose digest may be owed now, by each chat's own clock
| decide_digest      due? not yet? too late?
| owed_among         what an earlier tick wrote already
| DigestBuilder      each symbol and its lines once, shared by all chats
| Remark             something unusual, for chats that want no other digest?
| enqueue_all        a page of rows in one short transaction, one for each chat and session, whatever happens twice

A tick that is killed has lost a page at most, and the next one writes it.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bellwether.alerts import alerts_table, subscriptions_table
from bellwether.alerts.alert_outcomes import report_outcomes
from bellwether.alerts.digest_entries import DigestBuilder, DigestTopic
from bellwether.alerts.rules.digest_due import DigestReason, DigestSlot, Prices, decide_digest
from bellwether.alerts.rules.local_time import Rhythm, newest_slot, open_slots
from bellwether.alerts.rules.rarity import Remark
from bellwether.alerts.text.digest import Digests, Notes
from bellwether.alerts.text.digest_notes import how_they_turned_out, what_else_fired, why_it_comes
from bellwether.alerts.tick_rules import RulesTick, judge_rules
from bellwether.core.alert_types import Alert, AlertSettings, DigestMode
from bellwether.core.errors import StoreError
from bellwether.delivery import chats_table, outbox_table
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.kinds import DIGEST
from bellwether.delivery.lateness import about_lateness, is_late
from bellwether.services import Services
from bellwether.track_record.grading import grades

PAGE = 1000  #: chats decided and written at once: a transaction of some ten milliseconds, and little memory
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
    rules, outcomes = _alerts(services, now, stopping)  # first: what they leave over goes into the digest
    run = _Tick(services, now, stopping)
    last: int | None = None
    while last is None or not run.stopped:
        with services.store.reading() as db:
            page = subscriptions_table.calendars_of_awake_chats(db, last, PAGE)
        if not page:
            break
        run.page(page)
        last = page[-1][0]
    return Tick(dict(run.reasons), run.already_owed, run.written, rules, outcomes)


def _alerts(services: Services, now: datetime, stopping: Callable[[], bool]) -> tuple[RulesTick, int]:
    """The rules and the outcomes; a fault of ours in them must not hold up the digests."""
    rules, outcomes = RulesTick(Counter()), 0
    try:
        rules = judge_rules(services, now, stopping)
        outcomes = report_outcomes(services, now, stopping)
    except StoreError:
        raise
    except Exception:
        log.exception("The alert rules could not be looked at.")
    return rules, outcomes


@dataclass(frozen=True, slots=True)
class _Owed:
    """A digest that a chat may be owed."""

    key: str  #: of its row
    chat_id: int
    slot: DigestSlot
    settings: AlertSettings


@dataclass(frozen=True, slots=True)
class _Decided:
    """What is to be written about one digest: its row, or that there is nothing worth one."""

    draft: outbox_table.Draft
    worth_sending: bool = True
    topics: tuple[DigestTopic, ...] = ()
    folded: tuple[Alert, ...] = ()


class _Tick:
    """The counts and the shared work of one tick."""

    def __init__(self, services: Services, now: datetime, stopping: Callable[[], bool]) -> None:
        self.reasons: Counter[DigestReason] = Counter()
        self.already_owed = self.written = 0
        self.stopped = False
        self._services, self._now, self._stopping = services, now, stopping
        self._desk = DigestBuilder(services)
        self._digests = Digests(services.settings.alerts.horizon)
        self._told: set[int] = set()  # the topics, by identity, whose ranges are kept: once, however many hear of them
        self._slots: dict[tuple[frozenset[str], AlertSettings], tuple[list[DigestSlot], DigestReason]] = {}
        with services.store.reading() as db:
            self._wishes = ChatWishes.read(db)
            self._with_folded = alerts_table.chats_with_folded(db)

    def page(self, chats_of_page: list[tuple[int, frozenset[str]]]) -> None:
        """Decide and write the digests of some chats."""
        open_now = []
        for chat_id, calendars in chats_of_page:
            settings = self._wishes.settings(chat_id)
            for slot in self._open(calendars, settings):
                open_now.append(_Owed(f"{DIGEST}:{chat_id}:{slot.session}", chat_id, slot, settings))
        with self._services.store.reading() as db:
            owed = outbox_table.owed_among(db, [one.key for one in open_now])
            due = [one for one in open_now if one.key not in owed]
            watchlists = subscriptions_table.of_chats(db, list({one.chat_id for one in due}))
        self.already_owed += len(owed)
        decided = []
        for one in due:
            self.stopped = self.stopped or self._stopping()
            if self.stopped:
                break
            what = self._decide(one, watchlists.get(one.chat_id, []))
            if what is not None:
                decided.append(what)
        self._write(decided)

    def _open(self, calendars: frozenset[str], settings: AlertSettings) -> list[DigestSlot]:
        """The open slots of a watchlist; the same for all who wish the same and watch the same exchanges.

        No prices are asked for before a digest can be due: of a chat with none the reason is counted here.
        """
        key = (calendars, settings)
        if key not in self._slots:
            limits = self._services.settings.alerts
            delay, freshness = timedelta(minutes=limits.digest_delay), timedelta(minutes=limits.freshness)
            rhythm = Rhythm.of(settings, delay, freshness)
            newest = newest_slot(calendars, self._now, rhythm)
            self._slots[key] = (
                open_slots(calendars, self._now, rhythm),
                decide_digest(newest, Prices.IN, self._now),
            )
        slots, reason = self._slots[key]
        if not slots:
            self.reasons[reason] += 1
        return slots

    def _decide(self, one: _Owed, watched: list[tuple[str, str]]) -> _Decided | None:
        """One digest, unless its prices are to be waited for. `watched` are symbols and their calendars."""
        slot, settings = one.slot, one.settings
        symbols = [symbol for symbol, calendar in watched if calendar in slot.calendars]
        topics = [self._desk.topic(symbol, slot.session) for symbol in symbols]
        if not topics:
            return None  # taken off the list a moment ago
        reason = decide_digest(slot, self._prices(topics), self._now)
        if reason not in {DigestReason.DUE, DigestReason.DUE_WITHOUT_PRICES}:
            self.reasons[reason] += 1
            return None
        folded = self._folded(one)
        # `now` may be a rehearsed instant, so the row's own times count from the real one
        present = self._services.clock()
        # it may have become due before the quiet hours, and waited for prices into them
        begin = self._wishes.begin(one.chat_id, self._now, present)
        draft = outbox_table.Draft(one.key, one.chat_id, DIGEST, "", begin, begin + (slot.fresh_until - self._now))
        remark = self._remark(symbols, one, folded) if settings.digest_mode is DigestMode.UNUSUAL else Remark.NOTHING
        if settings.digest_mode is DigestMode.UNUSUAL and remark is Remark.NOTHING:
            self.reasons[DigestReason.NOTHING_UNUSUAL] += 1
            return _Decided(draft, worth_sending=False)
        self.reasons[reason] += 1
        with self._wishes.speaking(one.chat_id):
            late = about_lateness(slot.due_at, settings.timezone) if is_late(slot.due_at, self._now) else ""
            ended = how_they_turned_out(
                grades([each for topic in topics for each in topic.ended]), sum(topic.unjudged for topic in topics)
            )
            notes = Notes(
                "\n".join(line for line in (late, ended) if line),
                what_else_fired(folded),
                why_it_comes(settings.digest_mode, remark, len(symbols)),
            )
            text = self._digests.write([topic.entry for topic in topics], slot.session, notes)
        return _Decided(replace(draft, text=text), topics=tuple(topics), folded=tuple(folded))

    def _folded(self, one: _Owed) -> list[Alert]:
        """What waits for this digest."""
        if one.chat_id not in self._with_folded:
            return []
        with self._services.store.reading() as db:
            return alerts_table.folded(db, one.chat_id, one.slot.session)

    def _remark(self, symbols: list[str], one: _Owed, folded: list[Alert]) -> Remark:
        """The first thing that makes a session worth a digest."""
        if folded:
            return Remark.ALERT_WAITS
        remarks = (self._desk.remark(symbol, one.slot.session) for symbol in symbols)
        return next((each for each in remarks if each is not Remark.NOTHING), Remark.NOTHING)

    def _prices(self, topics: list[DigestTopic]) -> Prices:
        """How far the prices reach; a market that is not live is never waited for."""
        if not self._services.provider.live:
            return Prices.IN
        if all(topic.is_stale for topic in topics):
            return Prices.OUT_OF_DATE
        return Prices.LATE if any(topic.is_late for topic in topics) else Prices.IN

    def _write(self, decided: list[_Decided]) -> None:
        if not decided:
            return
        with self._services.store.transaction() as db:
            # a chat may have moved or left since it was read, and what it is owed with it
            awake = chats_table.awake_among(db, [one.draft.chat_id for one in decided])
            present = self._services.clock()
            still = [one for one in decided if one.draft.chat_id in awake]
            self.written += outbox_table.enqueue_all(db, [one.draft for one in still if one.worth_sending], present)
            outbox_table.skip(db, [one.draft for one in still if not one.worth_sending], present)
            new = {id(topic): topic for one in still for topic in one.topics if id(topic) not in self._told}
            alerts_table.tell_ranges(db, [told for topic in new.values() for told in topic.told])
            self._told |= new.keys()
            for one in (each for each in still if each.folded):
                alerts_table.fold_in(db, [alert.id for alert in one.folded], one.draft.dedup_key)
