"""Who calls the API, and whether their plan has something left: asked and written down before each answer.

call | queue | one thread: all that wait, in one transaction | each its admission, or why not

The counters are rows, so they are exact whatever else runs, and outlive a kill. Calls that come at the same time share
one transaction, and what does not change between them is read once: that makes one call cost some microseconds. Where a
transaction takes long, as with a server, and calls come in numbers, it waits a moment for more of them to share it.
"""

import asyncio
import contextlib
import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue

from bellwether.access import keys_table, usage_table
from bellwether.access.keys import read_token, recognise
from bellwether.access.keys_table import Key, Secret
from bellwether.access.quota import DAY, Left, Used, at, give_back, standing, take
from bellwether.core.clock import Clock
from bellwether.core.config import Api
from bellwether.core.errors import BadTerms, BellwetherError
from bellwether.core.plans import DEMO, Plan, in_force
from bellwether.db.connection import Connection
from bellwether.db.database import Store

MOST_AT_ONCE = 256  #: calls in one transaction
QUICK = 0.001  #: seconds: after a transaction that takes no longer nobody waits for more calls
LONGEST_PAUSE = 0.005  #: seconds of such a wait
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Admission:
    """A call that may go on."""

    key: Key | None  #: None: without a key
    plan: Plan  #: with the terms of its own that the key has just now
    left: tuple[Left, ...]  #: none where limits are switched off
    at: datetime


@dataclass(frozen=True, slots=True)
class _Ask:
    """What is wanted of the counters."""

    public_id: str
    digest: bytes
    cost: int
    counted_at: datetime | None  #: of a call that failed, to be un-counted
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[Admission]"


class Meter:
    """One per process; its thread starts with the first call that carries a key."""

    def __init__(self, store: Store, api: Api, clock: Clock) -> None:
        """Opens nothing yet."""
        self._store, self._api, self._clock = store, api, clock
        self._queue: SimpleQueue[_Ask] = SimpleQueue()
        self._books = _Books(api)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pause = 0.0  #: before the next transaction, for calls to share it

    async def count(self, token: str, cost: int, counted_at: datetime | None = None) -> Admission:
        """Count `cost` requests for the bearer of a key as it travels, or un-count those of an instant, which failed.

        Raises BadKey, ExpiredKey, RevokedKey and StoreError, and where it counts QuotaExceeded and NotInPlan.
        """
        public_id, digest = read_token(token)
        loop = asyncio.get_running_loop()
        ask = _Ask(public_id, digest, cost, counted_at, loop, loop.create_future())
        self._queue.put(ask)
        self._start()
        return await ask.answer

    def _start(self) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    # a daemon: it only ever waits, and holds a transaction for less than a millisecond
                    self._thread = threading.Thread(target=self._work, name="meter", daemon=True)
                    self._thread.start()

    def _work(self) -> None:
        while True:
            asked = [self._queue.get()]
            if self._pause:
                time.sleep(self._pause)
            began = time.monotonic()
            with contextlib.suppress(Empty):
                while len(asked) < MOST_AT_ONCE:
                    asked.append(self._queue.get_nowait())
            answers: list[Admission | Exception]
            try:
                self._store.relax()  # a power cut may cost the last requests' counting, which a kill does not
                with self._store.transaction() as db:
                    answers = self._books.enter(db, asked, self._clock())
            except Exception as problem:
                if not isinstance(problem, BellwetherError):
                    log.exception("Calls could not be counted.")
                self._books.forget()
                answers = [problem] * len(asked)
            _tell(asked, answers)
            took = time.monotonic() - began
            # whoever calls alone need not wait for others
            self._pause = min(2 * took, LONGEST_PAUSE) if took > QUICK and len(asked) > 1 else 0.0


class _Books:
    """The rows, and what is remembered of them for as long as nobody else writes."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._seen: object = None  #: of the database, when they were read
        self._keys: dict[str, tuple[Key, Secret] | None] = {}
        self._used: dict[int, Used] = {}
        self._plans: dict[tuple[int, tuple[bool, ...]], Plan] = {}  #: by key, and which of its own terms hold

    def forget(self) -> None:
        """Read everything anew."""
        self._seen = None

    def enter(self, db: Connection, asked: list[_Ask], now: datetime) -> list[Admission | Exception]:
        """Decide and write down; in one transaction that may write."""
        keys_table.hold(db, {ask.public_id for ask in asked})
        seen = db.seen()
        if seen != self._seen or len(self._keys) > 10 * MOST_AT_ONCE:
            self._seen = seen
            self._keys.clear()
            self._used.clear()
            self._plans.clear()
        self._read(db, {ask.public_id for ask in asked}, int(now.timestamp() // DAY))
        changed: dict[int, Used] = {}
        answers: list[Admission | Exception] = []
        for ask in asked:
            try:
                answers.append(self._one(ask, now, changed))
            except BellwetherError as refused:
                answers.append(refused)
        if changed:
            usage_table.keep(db, changed)
        return answers

    def _read(self, db: Connection, public_ids: set[str], today: int) -> None:
        """What is not remembered, each kind in one query: a question to a server costs more than what it asks for."""
        if new := public_ids - self._keys.keys():
            self._keys |= dict.fromkeys(new) | keys_table.by_public_ids(db, new)
        called = {known[0].id for public_id in public_ids if (known := self._keys[public_id]) is not None}
        # of another day also when the clock was set back: that day's requests still count
        if stale := {key_id for key_id in called if key_id not in self._used or self._used[key_id].day != today}:
            self._used |= usage_table.of_keys(db, stale, today)

    def _one(self, ask: _Ask, now: datetime, changed: dict[int, Used]) -> Admission:
        key = recognise(self._keys[ask.public_id], ask.digest, now)
        plan = self._plan(key, now)
        seconds = now.timestamp()
        used = at(self._used[key.id], seconds)
        if ask.counted_at is not None:
            used = give_back(used, ask.counted_at.timestamp(), ask.cost)
        else:
            limits = plan if self._api.limits else _UNLIMITED
            used = take(used, limits, ask.cost, seconds)
        self._used[key.id] = used
        if ask.cost:
            changed[key.id] = used
        return Admission(key, plan, standing(used, plan, seconds) if self._api.limits else (), now)

    def _plan(self, key: Key, now: datetime) -> Plan:
        """The plan of a key, with the terms of its own that hold now."""
        which = (key.id, tuple(term.holds(now) for term in key.terms))
        if which not in self._plans:
            self._plans[which] = self._plan_of(key, now)
        return self._plans[which]

    def _plan_of(self, key: Key, now: datetime) -> Plan:
        """The same, worked out. What cannot be told any more leaves a key the least."""
        plan = self._api.plans.get(key.plan)
        if plan is None:
            log.warning("Key %d is on the plan %r, which the settings have not; it gets %s.", key.id, key.plan, DEMO)
            plan = self._api.plans[DEMO]
        try:
            return in_force(plan, key.terms, now)
        except BadTerms as problem:
            log.warning("Key %d has terms of its own that cannot be: %s It gets %s.", key.id, problem, DEMO)
            return self._api.plans[DEMO]  # which anybody has: the plan may allow what the terms were to forbid


_UNLIMITED = Plan(requests_a_minute=0, requests_a_day=0)


def _tell(asked: list[_Ask], answers: list[Admission | Exception]) -> None:
    """Give each caller its answer, in its own event loop; one that has closed waits for none."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Admission], Admission | Exception]]] = {}
    for ask, answer in zip(asked, answers, strict=True):
        by_loop.setdefault(ask.loop, []).append((ask.answer, answer))
    for loop, pairs in by_loop.items():
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, pairs)


def _resolve(pairs: list[tuple["asyncio.Future[Admission]", Admission | Exception]]) -> None:
    for future, answer in pairs:
        if future.done():  # whoever asked has gone
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
