"""Plays one plan: evenings of trouble, each followed by a calm in which everything must come right."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import c_double
from dataclasses import replace
from datetime import date, timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import cast

from bellwether.alerts.tick import tick
from bellwether.core.errors import StoreError
from bellwether.db.database import Store
from bellwether.db.sqlite_store import SqliteStore
from bellwether.delivery import outbox_claims_table
from bellwether.delivery.deliver import MOST_AT_ONCE
from tests.chaos import fast, target_promises
from tests.chaos import plan as plan_module
from tests.chaos.everybody import MANY
from tests.chaos.other_channels import OtherChannels
from tests.chaos.plan import GROUP, PEOPLE, SUPERGROUP, Event, Plan
from tests.chaos.promises import Broken, Figures, Happened, check, check_ledger, check_whole, is_out_of_date, settled
from tests.chaos.repeats import EVERYBODY, Trouble, copies_of, unexcused, unmarked
from tests.chaos.unreadable import MADE_UNREADABLE
from tests.chaos.victim import FIRST_EVENING, World, start, warm_up
from tests.support.bot_api_server.server import TelegramServer

STALE = timedelta(hours=13).total_seconds()  #: in which a digest goes out of date
CLAIM = (
    outbox_claims_table.LEASE + timedelta(seconds=1)
).total_seconds()  #: for which one who died still has a message
PATIENCE = 30.0  #: seconds of the wall in which an evening must come right once the trouble is over
FAR_BACK = 600.0  #: seconds; no run adds up jumps of less to the hour by which rows of the ledger may be behind


def fork_server() -> ForkServerContext:
    """Where victims are forked from: a process that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.chaos.warmed"])
    warm_up(context)
    return context


def play(context: ForkServerContext, plan: Plan, template: Path, folder: Path, *, keep: bool = False) -> Figures:
    """One run. Raises Broken, with the seed that plays it again. `keep` has it end with messages that are owed."""
    database = folder / f"{plan.seed}.sqlite3"
    shutil.copy(template, database)
    jumps = new_jumps(context)
    with telegram() as server, OtherChannels() as others:
        world = World(
            folder, {"path": database}, server.token, server.base_url, server.base_file_url, fast.now(), jumps
        )
        world, store = replace(world, channels=others.settings), SqliteStore(database)
        others.join(store)
        figures = EveningsRun(context, plan, world, store, server, others).played()
        if keep:
            owe_another_evening(world)
        return figures


def owe_another_evening(world: World) -> None:
    """Decide what is due on the evening after the last, and send nothing of it."""
    world.jumps.value = (plan_module.EVENINGS * timedelta(days=1)).total_seconds()
    services = world.services()
    tick(services, services.clock())
    services.store.close()


def telegram() -> TelegramServer:
    """Telegram, as fast as everybody, with everybody's chats."""
    server = TelegramServer(flood_limits=True, clock=fast.now, loop_factory=fast.FastLoop)
    for chat_id in (*PEOPLE, GROUP):
        server.open_chat(chat_id, type="private" if chat_id > 0 else "group")
    return server


def new_jumps(context: ForkServerContext) -> c_double:
    """By how much everybody's clock was changed; no lock, for who is killed or stopped would keep it."""
    return cast(c_double, context.Value("d", 0.0, lock=False))


class EveningsRun:
    """A run on one host, where one process is alive at a time, now and then with a second beside it."""

    def __init__(
        self,
        context: ForkServerContext,
        plan: Plan,
        world: World,
        store: Store,
        server: TelegramServer,
        others: OtherChannels,
    ) -> None:
        """`store` is ours, to look at what the victims do."""
        self._context, self._plan, self._world, self._store, self._server = context, plan, world, store, server
        self._others, self._jumps = others, world.jumps
        self._deaths = iter(plan.deaths)
        self._victims: list[BaseProcess] = []
        self._forgiven = self._kills = self._faults = self._in_flight = 0
        self._happened = Happened()
        self._blocked: set[int] = set()
        self._forbidden: set[int] = set()
        self._for_good: set[int] = set()
        self._has_moved = False
        self._log: list[str] = []
        self._troubles: list[Trouble] = []

    def played(self) -> Figures:
        """The run. Raises Broken, with the seed that plays it again."""
        try:
            with self._cleaned_up():
                return self._play()
        except Broken as broken:
            raise Broken(f"seed {self._plan.seed}: {broken}\n{self._told()}") from None

    def _play(self) -> Figures:
        """All evenings, then the promises."""
        sessions: list[date] = []
        for number, events in enumerate(self._plan.evenings):
            # the clock is right again, a day later, before anything else happens
            self._jumps.value = number * timedelta(days=1).total_seconds()
            sessions.append((FIRST_EVENING + timedelta(days=number)).date())
            self._note(f"evening {number}")
            self._trouble(events)
            self._calm(sessions[-1])
            if number == 0:
                self._never_ahead(sessions[-1])
        figures = check(self._server, self._store, sessions, self._happened)
        self._check_repeats()
        target_promises.check(self._others, self._store, sessions, self._happened, figures)
        check_whole(self._server, self._store, MANY, len(sessions))
        self._check_ledger()
        figures.kills, figures.faults, figures.in_flight = self._kills, self._faults, self._in_flight
        return figures

    def _check_repeats(self) -> None:
        """No answer came again but what was on its way at a trouble."""
        for words, chat_id in self._happened.asked.items():
            copies = copies_of(words, chat_id, self._server.effects)
            typed = self._happened.typed[words]
            if problems := unexcused(typed, copies, self._ports(), self._troubles):
                raise Broken(f"{words} of chat {chat_id} was answered again: {problems}, with {self._troubles}")

    def _ports(self) -> dict[int, str]:
        """Which machine believes Telegram at which port, where there are several."""
        return {}

    def _check_ledger(self) -> None:
        check_ledger(self._store, self._happened)

    @contextmanager
    def _cleaned_up(self) -> Iterator[None]:
        """Leaves nobody running."""
        try:
            yield
        finally:
            for victim in self._victims:
                victim.kill()
                victim.join()
            self._store.close()

    def _told(self) -> str:
        """What was done, for whoever looks into a broken promise."""
        requests = [f"{seen.method} {seen.params.get('chat_id', '')}" for seen in self._server.requests[-400:]]
        return "\n".join([*self._log, "the last requests:", *requests])

    def _trouble(self, events: tuple[Event, ...]) -> None:
        began = fast.now()
        self._keep_alive(dying=True)
        for event in events:
            self._wait_until(began + event.at)
            self._do(event)
        self._wait_until(began + self._plan.trouble)

    def _wait_until(self, instant: float) -> None:
        """Sleep; who has died meanwhile is replaced, as a service manager does."""
        while (left := instant - fast.now()) > 0:
            time.sleep(min(0.02, left / fast.SPEED))
            self._keep_alive(dying=True)

    def _do(self, event: Event) -> None:
        self._note(event.what)
        if event.what == "kill":
            for victim in self._victims:
                victim.kill()
        elif event.what == "second process":
            self._victims.append(start(self._context, self._world, None))
        elif event.what == "fault" and event.order is not None:
            event.order(self._server)
            self._faults += 1
        elif event.what == "target fault" and event.target_fault is not None:
            self._note(event.fault)
            self._others.befall(event.target_fault)
            self._faults += 1
        elif event.what == "say" and event.chat_id not in self._blocked:
            command = f"/q{len(self._happened.asked)}x"
            self._say(event.chat_id, command, command)
        elif event.what == "ask" and event.chat_id not in self._blocked:  # the answer has a picture
            answer = f"Over the next {event.number} trading days"
            self._say(event.chat_id, f"/forecast KO {event.number}d", answer)
        elif event.what == "unreadable" and event.chat_id not in self._blocked:
            self._server.push_update(MADE_UNREADABLE[event.number](event.chat_id), check=False)
            self._happened.unreadable += 1
        elif event.what == "forbid":
            self._forbid(event)
        elif event.what == "jump":
            self._jumps.value += event.seconds
            self._happened.set_back |= event.seconds < -FAR_BACK
        elif event.what == "block" and event.chat_id not in self._blocked:
            self._server.block(event.chat_id)
            self._blocked.add(event.chat_id)
            self._happened.blocked.add(event.chat_id)
        elif event.what == "migrate":
            self._server.migrate(GROUP, SUPERGROUP)
            self._has_moved = True
            self._forbidden.discard(GROUP)  # a supergroup begins with all rights
            self._for_good.discard(GROUP)

    def _say(self, chat_id: int, typed: str, answer: str) -> None:
        """`answer` are words that only its answer has."""
        self._happened.asked[answer], self._happened.typed[answer] = chat_id, typed
        self._server.say(chat_id, typed)

    def _calm(self, session: date) -> None:
        """Everybody is well again, and is left alone to put things right."""
        self._server.clear_faults()
        for chat_id in self._forbidden - self._for_good:
            self._server.forbid(chat_id)
        self._jumps.value = max(self._jumps.value, (session - FIRST_EVENING.date()).total_seconds())
        for chat_id in sorted(self._blocked):
            self._server.unblock(chat_id)
            self._server.say(chat_id, "/start")
        self._blocked.clear()
        self._until(lambda: settled(self._store, session, self._for_good))
        self._until(lambda: self._targets_settled(session))
        if self._for_good:
            # its digest goes out of date before the right comes back; nothing else is owed by then
            self._jumps.value += STALE
            self._until(lambda: is_out_of_date(self._store, session, self._for_good))
        for chat_id in self._forbidden:
            self._server.forbid(chat_id)
        self._forbidden.clear()
        self._for_good.clear()
        self._until(lambda: settled(self._store, session, set()) and not self._server.pending_updates)

    def _targets_settled(self, session: date) -> bool:
        """Whether nothing is owed to targets any more; claims of those who have died are not waited for."""
        if self._kills > self._forgiven and target_promises.left_behind(self._store):
            self._forgiven = self._kills
            self._jumps.value += CLAIM
        return target_promises.settled(self._store, session, self._happened)

    def _forbid(self, event: Event) -> None:
        """A group that has moved is forbidden to at its new number."""
        moved = event.chat_id == GROUP and self._has_moved
        chat_id = SUPERGROUP if moved else event.chat_id
        self._server.forbid(chat_id, *event.sorts)
        self._forbidden.add(chat_id)
        if event.for_good:
            self._for_good.add(chat_id)
            self._happened.shut.add(chat_id)

    def _until(self, right: Callable[[], bool]) -> None:
        """Wait until all has come right. Raises Broken when it does not."""
        deadline = time.monotonic() + PATIENCE
        while not self._is(right):
            self._keep_alive(dying=False)
            if time.monotonic() > deadline:
                for victim in self._victims:
                    os.kill(victim.pid or 0, signal.SIGUSR1)
                time.sleep(0.2)  # what they say is wanted
                raise Broken(f"it did not come right in {PATIENCE:.0f} s: {self._rows()}")
            time.sleep(0.02)

    def _is(self, right: Callable[[], bool]) -> bool:
        """Whether it is, as far as the database tells."""
        try:
            return right()
        except StoreError:
            return False

    def _never_ahead(self, session: date) -> None:
        """Nothing of a later session may have been written yet."""
        with self._store.reading() as db:
            later = db.rows("SELECT dedup_key FROM outbox WHERE dedup_key NOT LIKE :key", {"key": f"%:{session}"})
        if later:
            raise Broken(f"digests of a session that has not come: {later}")

    def _keep_alive(self, *, dying: bool) -> None:
        """Count who died, and start the next; in the calm nobody is left who would die of himself."""
        for victim in [one for one in self._victims if not one.is_alive()]:
            victim.join()
            self._victims.remove(victim)
            if victim.exitcode != -signal.SIGKILL:
                raise Broken(f"a victim ended by itself, with exit status {victim.exitcode}")
            self._kills += 1
            self._befalls("ended", left=unmarked(self._store))
            self._in_flight += self._left_behind()
            self._note("died")
        if not self._victims:
            death = next(self._deaths, None) if dying else None
            self._note(f"start, to die at {death}" if death else "start")
            self._victims.append(start(self._context, self._world, death))

    def _left_behind(self) -> int:
        """Messages on their way when somebody died; 0 while the database is away. Raises Broken for too many."""
        try:
            with self._store.reading() as db:
                (found,) = db.rows("SELECT count(*) AS n FROM outbox WHERE state = 'sending'")
        except StoreError:
            return 0
        if found["n"] > MOST_AT_ONCE:
            raise Broken(f"{found['n']} messages were on their way at once, more than {MOST_AT_ONCE}")
        return int(found["n"])

    def _rows(self) -> object:
        with self._store.reading() as db:
            owed = db.rows("SELECT * FROM outbox WHERE state <> 'sent'")
            return owed, db.rows("SELECT * FROM inbox WHERE done_at IS NULL"), db.rows("SELECT * FROM leases")

    def _befalls(
        self,
        what: str,
        machine: str = EVERYBODY,
        until: float | None = None,
        left: frozenset[str] = frozenset(),
    ) -> int:
        """Note a trouble that lasts until then at least; its number is for `_is_over`."""
        now = fast.now()
        self._troubles.append(Trouble(what, machine, now, now if until is None else until, left))
        return len(self._troubles) - 1

    def _is_over(self, number: int) -> None:
        """A trouble has ended, later than it was planned to where its end took a while, as the start of a server."""
        self._troubles[number] = replace(self._troubles[number], ended=fast.now())

    def _note(self, what: str) -> None:
        self._log.append(f"{fast.now() - self._world.began:7.2f} {what}")
