"""Plays a plan on two hosts: each with a folder, a name, a clock and ways of its own to PostgreSQL and to Telegram."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import psycopg

from bellwether.core.errors import StoreError
from bellwether.db.postgres_store import PostgresStore
from bellwether.hosts.lease import LAPSE
from bellwether.track_record.ledger import checkpoint
from tests.chaos import fast, holders
from tests.chaos.evenings import EveningsRun, new_jumps, owe_another_evening, telegram
from tests.chaos.everybody import everybody_joins
from tests.chaos.other_channels import OtherChannels
from tests.chaos.plan import Death, Event, Plan
from tests.chaos.plan_of_hosts import BREAKS, HOLDER, SWALLOWS_AND_BREAKS, absences, skews
from tests.chaos.promises import Broken, Figures, check_ledger
from tests.chaos.repeats import unmarked
from tests.chaos.victim import World, start
from tests.support.bot_api_server.server import TelegramServer
from tests.support.postgres import Server
from tests.support.tcp_proxy import TcpProxy

STOPPED_WITHIN = 60.0  #: fast seconds after SIGTERM in which a service manager has patience
CONNECTIONS = 5  #: of one victim
_END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()"


def template_of(server: Server) -> str:
    """A database with everybody and their watchlists, to be copied for each run."""
    name = server.new()
    store = PostgresStore(server.url(name), server.folder)
    everybody_joins(store)
    store.close()
    server.execute(holders.WATCH, name)
    return name


def play_on_hosts(
    context: ForkServerContext,
    plan: Plan,
    database_server: Server,
    template: str,
    folder: Path,
    keep: Path | None = None,
) -> Figures:
    """One run. Raises Broken, with the seed that plays it again. `keep` is where its database is dumped to."""
    name, jumps = database_server.new(template), new_jumps(context)
    socket = database_server.folder / ".s.PGSQL.5432"
    with ExitStack() as stack:
        server, others = stack.enter_context(telegram()), stack.enter_context(OtherChannels())
        hosts = []
        for number, skew in enumerate(skews(plan.seed)):
            database = stack.enter_context(TcpProxy(socket))
            to_telegram = stack.enter_context(TcpProxy(("127.0.0.1", server.port)))
            machine = f"host-{number}"
            place = folder / f"{plan.seed}" / machine
            place.mkdir(parents=True)
            url = f"postgresql://bellwether@127.0.0.1:{database.port}/{name}"
            world = World(
                place,
                {"url": url, "path": place / "unused.sqlite3", "connections": CONNECTIONS},
                server.token,
                server.base_url.replace(f":{server.port}/", f":{to_telegram.port}/"),
                server.base_file_url.replace(f":{server.port}/", f":{to_telegram.port}/"),
                fast.now(),
                jumps,
                machine,
                skew,
                others.settings,
            )
            hosts.append(Host(world, database, to_telegram))
        store = PostgresStore(database_server.url(name), folder, CONNECTIONS)
        others.join(store)
        run = HostsRun(context, plan, hosts, store, server, others, database_server, name)
        figures = run.played()
        if keep is not None:
            owe_another_evening(hosts[0].world)
            database_server.execute(holders.WATCH_NO_MORE, name)
            database_server.dump(name, keep / f"{plan.seed}.dump")
    database_server.drop(name)
    shutil.rmtree(folder / f"{plan.seed}")
    return figures


@dataclass
class Host:
    """A machine, and the service on it while there is any."""

    world: World
    database: TcpProxy
    telegram: TcpProxy
    victim: BaseProcess | None = None
    hangs: bool = False
    cuts: int = 0  #: of its ways, just now
    told_to_stop: float | None = None  #: since when, or since a trouble ended that may have kept it from stopping
    back_at: float = 0.0  #: when it is started again
    set_free: list[float] = field(default_factory=list)  #: when it went on after it had hung, or was cut off

    def is_free(self) -> None:
        """A trouble that kept it from stopping is over."""
        self.told_to_stop = fast.now() if self.told_to_stop is not None else None


class HostsRun(EveningsRun):
    """A run on two hosts, each with a service that is started again when it ended."""

    def __init__(
        self,
        context: ForkServerContext,
        plan: Plan,
        hosts: list[Host],
        store: PostgresStore,
        server: TelegramServer,
        others: OtherChannels,
        database_server: Server,
        database: str,
    ) -> None:
        """`store` is ours, by the server's socket, to look at what the victims do."""
        super().__init__(context, plan, hosts[0].world, store, server, others)
        self._hosts, self._database_server, self._database = hosts, database_server, database
        #: when a trouble's end comes, what it does, and the number of the trouble
        self._ends: list[tuple[float, Callable[[], None], int]] = []
        self._offset = time.monotonic() - time.time()
        self._absences = absences(plan.seed)
        self._figures = Figures()

    def _trouble(self, events: tuple[Event, ...]) -> None:
        super()._trouble(events)
        self._end_troubles(of=float("inf"))

    def _do(self, event: Event) -> None:
        host = self._hosts[self._holder() if event.host == HOLDER else event.host]
        until = fast.now() + event.seconds
        if event.what == "kill host" and host.victim is not None:
            self._note(f"kill {host.world.machine}")
            host.victim.kill()
        elif event.what == "terminate host" and host.victim is not None:
            self._note(f"terminate {host.world.machine}")
            host.told_to_stop = fast.now()
            host.victim.terminate()
        elif event.what == "hang host" and host.victim is not None:
            self._note(f"hang {host.world.machine} for {event.seconds:.0f} s")
            self._figures.hangs += 1
            self._hang(host)
            number = self._befalls("hang", host.world.machine, until)
            self._ends.append((until, lambda: self._go_on(host), number))
        elif event.what == "end connections":
            self._note("end connections")
            self._figures.ended += 1
            self._befalls("connections ended")
            with suppress(psycopg.Error):  # the server may be away
                self._database_server.execute(_END_ALL.format(self._database))
        elif event.what == "stop server":
            self._note(f"stop server for {event.seconds:.0f} s")
            self._figures.stops += 1
            number = self._befalls("server stopped", until=until)
            self._database_server.stop()
            self._ends.append((until, self._start_server, number))
        elif event.what in {"lose database", "lose Telegram"}:
            self._note(f"{host.world.machine} loses {event.what[5:]} for {event.seconds:.0f} s, kind {event.number}")
            self._figures.cuts += 1
            host.cuts += 1
            number = self._befalls(event.what, host.world.machine, until)
            way = host.database if event.what == "lose database" else host.telegram
            if event.number == BREAKS:
                way.break_all()
            else:
                way.swallow()
            self._ends.append((until, lambda: self._found(host, way, event.number == SWALLOWS_AND_BREAKS), number))
        else:
            super()._do(event)

    def _holder(self) -> int:
        """The host that has the lease, as far as it can be known."""
        if self._database_server.runs:
            with suppress(StoreError), self._store.reading() as db:
                row = db.first_row("SELECT holder FROM leases WHERE name LIKE 'telegram-%'")
                holder = row["holder"] if row else ""
                return next((at for at, host in enumerate(self._hosts) if host.world.machine in holder), 0)
        return 0

    def _left_behind(self) -> int:
        return super()._left_behind() if self._database_server.runs else 0

    def _hang(self, host: Host) -> None:
        assert host.victim is not None
        host.hangs = True
        with suppress(ProcessLookupError):
            os.kill(host.victim.pid or 0, signal.SIGSTOP)

    def _go_on(self, host: Host) -> None:
        if host.hangs and host.victim is not None:
            self._note(f"{host.world.machine} goes on")
            with suppress(ProcessLookupError):
                os.kill(host.victim.pid or 0, signal.SIGCONT)
        host.hangs = False
        host.is_free()
        host.set_free.append(fast.now())

    def _found(self, host: Host, way: TcpProxy, broken: bool) -> None:
        self._note(f"{host.world.machine} has its way again")
        way.open(broken=broken)
        host.cuts -= 1
        host.is_free()
        host.set_free.append(fast.now())

    def _start_server(self) -> None:
        self._database_server.start()
        self._store.close()  # it would look for its old connections first
        for host in self._hosts:
            host.is_free()
        self._note("server is up")

    def _end_troubles(self, of: float) -> None:
        """End those whose time has come."""
        for end in sorted((end for end in self._ends if end[0] <= of), key=lambda end: end[0]):
            self._ends.remove(end)
            _, do, number = end
            do()
            self._is_over(number)

    def _keep_alive(self, *, dying: bool) -> None:
        """Start again who ended, as a service manager does; in the calm nobody new would die of himself."""
        self._end_troubles(of=fast.now())
        for host in self._hosts:
            if host.victim is not None and not host.victim.is_alive():
                self._ended(host)
            elif host.told_to_stop is not None and fast.now() - host.told_to_stop > STOPPED_WITHIN and host.victim:
                if not host.hangs and not host.cuts and self._database_server.runs:
                    raise Broken(f"the victim on {host.world.machine} does not stop")
                self._note(f"{host.world.machine} cannot stop")
                host.victim.kill()
            if host.victim is None and (not dying or fast.now() >= host.back_at):
                death: Death | None = next(self._deaths, None) if dying else None
                self._note(f"start {host.world.machine}" + (f", to die at {death}" if death else ""))
                host.victim = start(self._context, replace(host.world, began=self._world.began), death)
                self._victims = [host.victim for host in self._hosts if host.victim is not None]

    def _ended(self, host: Host) -> None:
        assert host.victim is not None
        host.victim.join()
        code = host.victim.exitcode
        if code != -signal.SIGKILL and not (host.told_to_stop is not None and code in {0, -signal.SIGTERM}):
            raise Broken(f"the victim on {host.world.machine} ended by itself, with exit status {code}")
        self._note(f"{host.world.machine} ended, {code}")
        self._befalls("ended", host.world.machine, left=unmarked(self._store))
        self._kills += 1
        self._in_flight += self._left_behind()
        host.victim, host.hangs, host.told_to_stop = None, False, None
        host.back_at = fast.now() + next(self._absences)

    def _play(self) -> Figures:
        figures = super()._play()
        with self._store.reading() as db:
            holds = holders.read(db, self._offset)
        ports = {host.telegram.port: host.world.machine for host in self._hosts}
        free = {host.world.machine: host.set_free for host in self._hosts}
        self._figures.beside = holders.check_senders(self._server.requests, ports, holds, free, LAPSE)
        self._figures.take_overs = sum(hold.machine != before.machine for before, hold in pairwise(holds))
        for host in self._hosts:
            seen = PostgresStore(self._database_server.url(self._database), host.world.folder)
            try:
                checkpoint.note_first(seen)  # whoever was cut off at each of its starts makes up for it at the next
                check_ledger(seen, self._happened)
            finally:
                seen.close()
        figures.add(self._figures)
        return figures

    def _ports(self) -> dict[int, str]:
        return {host.telegram.port: host.world.machine for host in self._hosts}

    def _check_ledger(self) -> None:
        """Each host has its own note of where it ends."""

    @contextmanager
    def _cleaned_up(self) -> Iterator[None]:
        with super()._cleaned_up():
            try:
                yield
            except BaseException:
                if not self._database_server.runs:
                    self._database_server.start()
                raise
