"""The process that is killed: the real receiver, timetable and sender, on fast time.

It is forked from a server that has imported everything once, so that a start costs little and a kill costs nothing.
"""

from __future__ import annotations

import asyncio
import faulthandler
import functools
import logging
import os
import re
import signal
import socket
import sys
from collections.abc import Callable
from ctypes import c_double
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from bellwether.alerts import message_chart
from bellwether.ask import forecasts
from bellwether.core.config import load_settings
from bellwether.db import postgres_patience, postgres_store
from bellwether.delivery import inbox_table, outbox_claims_table, outbox_table
from bellwether.delivery.channels import notify
from bellwether.delivery.channels.notify import NotifyChannel
from bellwether.hosts.lease import Lease
from bellwether.jobs.first_note import note_when_joining
from bellwether.market.sample import SampleProvider
from bellwether.services import Services, build_services
from bot.telegram import face as face_module
from bot.telegram import sender as sender_module
from bot.telegram.face import TelegramFace
from bot.telegram.sender import TelegramSender
from scheduler import LEASE, Timetable
from serving import GRACE, HAND_OVER, _hand_over
from tests.chaos.fast import SPEED, FastLoop, now
from tests.chaos.plan import Death
from tests.support.png import blank

LONG_BEFORE = timedelta(days=1)  #: when targets were proved: before whatever a clock may be set back to
FIRST_EVENING = datetime(2021, 12, 29, 22, 0, tzinfo=UTC)  # an hour after New York closed
TARGET_TIMEOUT = 20.0  #: fast seconds for a message to a target: a second of the wall
REPLAY = 20.0  #: fast seconds between tries of the answers that could not be sent: a minute is long in these runs
SHORT_MESSAGE = 1000  #: UTF-16 units, so that a long digest takes several messages
TICKS_EVERY = DELIVERS_EVERY = timedelta(seconds=0.1)  # of the wall: apscheduler keeps its own clock


@dataclass(frozen=True)
class World:
    """Where a victim finds its database, its Telegram and its clock."""

    folder: Path
    database: dict[str, Any]  #: its settings
    token: str
    base_url: str
    base_file_url: str
    began: float  #: fast seconds
    jumps: c_double  #: seconds that the wall clock was changed by so far
    machine: str = ""  #: the name of the victim's, where it is not this one's
    skew: float = 0.0  #: seconds by which its clock differs from everybody's
    channels: dict[str, Any] = field(default_factory=dict)  #: the settings of those beside Telegram

    def services(self) -> Services:
        """Services that take the sample market for a live one; no model, the plain rule answers."""
        settings = load_settings(
            telegram={
                "token": self.token,
                "base_url": self.base_url,
                "base_file_url": self.base_file_url,
                "poll_timeout": 2,
            },
            market={"source": "sample"},
            database=self.database,
            models={"folder": self.folder / "no models"},
            channels=self.channels,
        )
        services = build_services(settings, clock=self.clock)
        return replace(services, provider=_Live())

    def clock(self) -> datetime:
        """The time as the victim's system has it, jumps and all."""
        return FIRST_EVENING + timedelta(seconds=now() - self.began + self.jumps.value + self.skew)


class _Live(SampleProvider):
    live = True
    name = "chaos"  # of a market that lives: what is forecast is entered into the ledger


def warm_up(context: ForkServerContext) -> None:
    """Have the server import everything, which takes seconds."""
    process = context.Process(target=_nothing)
    process.start()
    process.join()


def _nothing() -> None:
    pass


def start(context: ForkServerContext, world: World, death: Death | None) -> BaseProcess:
    """A victim, running."""
    victim = context.Process(target=_live, args=(world, death), daemon=True)
    victim.start()
    return victim


def _no_drawing(*shown: Any) -> bytes:
    return blank(8, 8)


def _live(world: World, death: Death | None) -> None:
    logging.disable(logging.CRITICAL)
    # what is drawn has no part in this, and a drawing takes long in fast time
    forecasts.chart_png = message_chart.to_png = _no_drawing
    face_module.REPLAY = REPLAY
    notify.TIMEOUT = TARGET_TIMEOUT
    # a digest of all symbols of the sample fits one message of Telegram's length
    sender_module.split_html = functools.partial(sender_module.split_html, longest=SHORT_MESSAGE)
    faulthandler.register(signal.SIGUSR1)  # to see where one hangs
    if world.machine:
        _live_elsewhere(world.machine)
    if death is not None:
        _die(death)
    asyncio.set_event_loop(loop := FastLoop())
    loop.run_until_complete(_serve(world.services()))
    os._exit(0)  # as the service does: a thread may still wait for a database that does not answer


def _live_elsewhere(machine: str) -> None:
    """On a machine of another name, with PostgreSQL's waits in fast time: a lapse is to be as long beside them."""
    socket.gethostname = lambda: machine
    postgres_patience.PATIENCE /= SPEED
    # RESTS too: libpq misses a server after whole seconds, which are a minute here
    for name in ("REST", "RESTS", "RECONNECT", "BUSY_TIMEOUT"):
        setattr(postgres_store, name, getattr(postgres_store, name) / SPEED)
    for name in ("_SETTINGS", "_WRITING", "_RELAXED"):
        waits = getattr(postgres_store, name)
        setattr(postgres_store, name, re.sub(r"'(\d+)s'", lambda found: f"'{float(found[1]) / SPEED}s'", waits))
    postgres_store.LONGEST /= SPEED


async def _serve(services: Services) -> None:
    """Until SIGTERM, as `serve` does it."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    face = TelegramFace(services, now)
    timetable = Timetable(
        services,
        face.sender,
        face.connected.is_set,
        face.lease.is_ours,
        lease=Lease(services.store, services.clock, LEASE, now),
        ticks_every=TICKS_EVERY,
        delivers_every=DELIVERS_EVERY,
    )
    timetable.start()
    running, noting = asyncio.create_task(face.run()), asyncio.create_task(note_when_joining(services))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not stopping.done():
        running.result()
        sys.exit("it ended by itself")
    noting.cancel()
    await asyncio.gather(_hand_over(face, running, timetable, HAND_OVER), timetable.stop(GRACE))


def _die(death: Death) -> None:
    """Arrange that this process kills itself at the given passing of the given place."""
    passed = 0

    def pass_by() -> None:
        nonlocal passed
        passed += 1
        if passed == death.passing:
            os.kill(os.getpid(), signal.SIGKILL)

    owner, name, before = _PLACES[death.point]
    real: Callable[..., Any] = getattr(owner, name)

    if asyncio.iscoroutinefunction(real):

        @functools.wraps(real)
        async def watched_async(*args: Any, **kwargs: Any) -> Any:
            if before:
                pass_by()
            result = await real(*args, **kwargs)
            if not before:
                pass_by()
            return result

        setattr(owner, name, watched_async)
        return

    @functools.wraps(real)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if before:
            pass_by()
        result = real(*args, **kwargs)
        if not before:
            pass_by()
        return result

    setattr(owner, name, watched)


# each place of plan.POINTS: what is called there, and whether the process dies before the call or after it
_PLACES: dict[str, tuple[Any, str, bool]] = {
    "tick: rows written, not committed": (outbox_table, "enqueue_all", False),
    "claim: row taken, not committed": (outbox_table, "claim_next", False),
    "send: claimed, not sent": (TelegramSender, "send", True),
    "send: sent, not recorded": (TelegramSender, "send", False),
    "send: recorded, not committed": (outbox_table, "mark_sent", False),
    "send: part recorded, not committed": (outbox_table, "part_sent", False),
    "target: claimed, not sent": (NotifyChannel, "send", True),
    "target: sent, not recorded": (NotifyChannel, "send", False),
    "target: rows written, not committed": (NotifyChannel, "spread", False),
    "receive: fetched, not stored": (inbox_table, "keep", True),
    "receive: stored, not committed": (inbox_table, "keep", False),
    "answer: begun, not sent": (TelegramSender, "answer", True),
    "answer: sent, not recorded": (TelegramSender, "answer", False),
    "answer: recorded, not committed": (inbox_table, "done", False),
    "lease: taken, not committed": (outbox_claims_table, "release_claims", False),
}
