"""A mail server that answers nobody holds up no other kind of target, and is soon left in peace."""

import asyncio
from pathlib import Path

import pytest

from bellwether.db.database import stamp
from bellwether.delivery.channels.lane_places import AT_ONCE, OF_ITS_OWN, OF_ONE_KIND, full_lanes
from bellwether.delivery.channels.notify import NotifyChannel
from bellwether.delivery.deliver import DeliveryRun, deliver
from bellwether.delivery.targets import targets_table
from bellwether.delivery.targets.target import TargetKind
from bellwether.delivery.targets.terms import TargetTerms
from bellwether.services import Services
from tests.support.chat_services import TOPIC, ChatServices
from tests.support.http_server import HttpServer
from tests.test_targets import later, made, outbox, owe

MAILS = AT_ONCE + 6  #: more than all places there are
FIRST = 1000
PATIENCE = 20.0  #: seconds of the wall for what takes a moment


class _SilentServer:
    """Takes connections, and says nothing until they are cut."""

    def __init__(self) -> None:
        self.open: list[asyncio.StreamWriter] = []
        self.taken = 0
        self.lets_wait = True

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken += 1
        if self.lets_wait:
            self.open.append(writer)
        else:
            writer.close()

    def cut(self) -> None:
        self.lets_wait = False
        for writer in self.open:
            writer.close()


def prove(services: Services, chat: int, kind: TargetKind, address: str) -> None:
    sealer = TargetTerms.of(services.settings).sealer
    assert sealer is not None
    with services.store.transaction() as db:
        now = services.clock()
        target = targets_table.add(db, chat, kind, sealer.seal(address), "…", sealer.mark("target", address), now)
        targets_table.prove(db, target.id, now)


async def _until(running: "asyncio.Task[DeliveryRun]", ntfy: ChatServices) -> None:
    for _ in range(int(PATIENCE / 0.05)):
        if ntfy.seen.get("ntfy") or running.done():
            return
        await asyncio.sleep(0.05)


async def _evening(tmp_path: Path, url: str, ntfy: ChatServices) -> tuple[int, int, Services]:
    """How many mails were on their way when ntfy had its message, and how many were tried in all."""
    silent = _SilentServer()
    async with await asyncio.start_server(silent.take, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        services = made(tmp_path, smtp=f"smtp://127.0.0.1:{port}", mail_from="alerts@bell.example")
        for number in range(MAILS):
            prove(services, FIRST + number, TargetKind.MAIL, f"ann{number}@mail.example")
        prove(services, FIRST + MAILS, TargetKind.NTFY, url)
        for number in range(MAILS + 1):
            owe(services, FIRST + number)
        channel = NotifyChannel(services.store, services.clock, services.settings)
        running = asyncio.create_task(deliver(services.store, services.clock, channel))
        await _until(running, ntfy)
        held_up = len(silent.open)
        assert ntfy.seen.get("ntfy"), "it waits for no mail"
        silent.cut()
        await running
        return held_up, silent.taken, services


def test_a_silent_mail_server_takes_a_share_of_the_places_and_is_then_left_in_peace(tmp_path: Path) -> None:
    ntfy = ChatServices()
    with HttpServer(ntfy.answer) as server:
        held_up, taken, services = asyncio.run(_evening(tmp_path, f"ntfy://127.0.0.1:{server.port}/{TOPIC}", ntfy))
    assert held_up <= OF_ONE_KIND, "the other places are for what goes elsewhere"
    assert taken < MAILS, "once it is seen that it answers nobody, the rest are not tried one by one"
    mails = [row for row in outbox(services) if row["lane"] == TargetKind.MAIL.value]
    assert [row["state"] for row in mails] == ["pending"] * MAILS
    assert len([row for row in mails if row["attempts"] == 0]) >= MAILS - 2 * OF_ONE_KIND
    later(services, seconds=4)
    assert _due(services) == 0
    later(services, minutes=5)
    assert _due(services) == MAILS, "it gets them all in the end"


@pytest.mark.sqlite
def test_whatever_hangs_leaves_every_other_kind_places_of_its_own() -> None:
    under_way = dict.fromkeys((kind.value for kind in TargetKind), 0)
    for hanging in TargetKind:  # one after the other takes all it may, and gives nothing back
        while hanging.value not in full_lanes(under_way):
            under_way[hanging.value] += 1
        left = [kind.value for kind in TargetKind if under_way[kind.value] == 0]
        assert set(left).isdisjoint(full_lanes(under_way))
        assert AT_ONCE - sum(under_way.values()) >= OF_ITS_OWN * len(left)
    assert (max(under_way.values()), min(under_way.values())) == (OF_ONE_KIND, OF_ITS_OWN)


def _due(services: Services) -> int:
    now = stamp(services.clock())
    return sum(row["state"] == "pending" and row["not_before"] <= now for row in outbox(services))
