"""A rate that is paid for, shared by two senders: how near they come to 200 messages a second together.

    python -m benchmarks.paid_pace [MESSAGES]

Each sender is a process of its own with the real outbox, delivery, sender and place, on one database of PostgreSQL; the
server is the strict one of the tests, in a third process, which refuses a 201st message within a second. One of them
has the bot's lease, the other helps.
"""

import asyncio
import multiprocessing
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from bellwether.core.config import load_settings
from bellwether.delivery import deliver as delivery
from bellwether.delivery.channels.telegram import ChatChannel
from bellwether.delivery.messages import RecipientKind
from bellwether.delivery.sender_lease import SenderLease
from bellwether.hosts.lease import BEAT
from bellwether.services import Services, build_services
from benchmarks.pace import SHARE, owe, serve
from tests.support import postgres

if TYPE_CHECKING:
    from bot.telegram.rate_limits import SendRateLimit

MESSAGES = 4000
RATE = 200  #: messages a second
SENDERS = 2
_JOINED = 10.0  #: seconds until each has its share


@dataclass(frozen=True)
class Measured:
    """Messages a second from the first to the last, how many were refused as too fast, and how many each has sent."""

    rate: float
    refused: int
    sent: list[int]


def measure(messages: int = MESSAGES) -> Measured:
    """One run, on a server of PostgreSQL of its own."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    server = spawn.Process(target=serve, args=(theirs, messages, RATE), daemon=True)
    server.start()
    base_url, token = ours.recv()
    database = postgres.server()
    url = database.url(database.new())
    with tempfile.TemporaryDirectory() as name:
        services = _services(url, Path(name), base_url, token)
        services.store.prepare()
        senders = []
        for number in range(SENDERS):
            here, there = spawn.Pipe()
            folder = Path(name) / str(number)
            process = spawn.Process(target=_send, args=(there, url, folder, base_url, token), daemon=True)
            process.start()
            senders.append((process, here))
        for _, here in senders:
            here.recv()
        owe(services, messages)
        for _, here in senders:
            here.send("owed")
        sent = [here.recv() for _, here in senders]
        for process, _ in senders:
            process.join()
        services.store.close()
    ours.send("done")
    times, refused = ours.recv()
    server.join()
    if len(times) != messages:
        raise SystemExit(f"{len(times)} messages arrived where {messages} were owed")
    return Measured((messages - 1) / (max(times) - min(times)), refused, sent)


def main(messages: int = MESSAGES) -> int:
    """Print what was measured; exit status 1 when a limit is passed."""
    try:
        got = measure(messages)
    except postgres.NoServer as problem:
        print(f"skip the paid rate is not measured: {problem}")
        return 0
    holds = got.rate >= SHARE * RATE and got.refused == 0
    print(
        f"{'ok  ' if holds else 'MISS'} {messages:,} messages by {SENDERS} senders: {got.rate:.1f} a second,"
        f" {got.rate / RATE:.1%} of {RATE} (at least {SHARE:.0%}), {got.refused} refused as too fast (none);"
        f" sent by each: {', '.join(map(str, got.sent))}"
    )
    return int(not holds)


def _services(url: str, folder: Path, base_url: str, token: str) -> Services:
    settings = load_settings(
        telegram={"token": token, "base_url": base_url, "messages_a_second": RATE},
        market={"source": "sample"},
        database={"url": url, "path": folder / "pace.sqlite3"},
    )
    return build_services(settings)


def _send(connection: Connection, url: str, folder: Path, base_url: str, token: str) -> None:
    """One sender, until nothing is owed any more."""
    folder.mkdir()
    services = _services(url, folder, base_url, token)
    connection.send(asyncio.run(_take_part(services, connection)))
    services.store.close()


async def _take_part(services: Services, connection: Connection) -> int:
    from bot.telegram.client import make_bot
    from bot.telegram.pictures import Pictures
    from bot.telegram.sender import TelegramSender
    from bot.telegram.shared_pace import SharedPace

    settings, store, sent = services.settings.telegram, services.store, 0
    lease = SenderLease(store, services.clock, settings.token.get_secret_value(), only_sender=False)
    lease.take()
    pace = SharedPace(services.settings, store, lease.name, lease.holder)
    beating = asyncio.create_task(_beat(lease))
    async with pace.kept(), make_bot(settings) as bot:
        sender = TelegramSender(bot, Pictures(store, services.clock, bot.token), pace.limit)
        channel = ChatChannel(store, services.clock, sender, 0, may_send=lease.is_ours)
        channel.share(pace.may_help, settings.messages_a_second)
        await asyncio.to_thread(_wait_for_share, pace.limit)
        connection.send("joined")
        await asyncio.to_thread(connection.recv)
        while await asyncio.to_thread(_owed, services):
            sent += (await delivery.deliver(store, services.clock, channel)).sent
        sender.close()
    beating.cancel()
    return sent


def _wait_for_share(limit: "SendRateLimit") -> None:
    patience = time.monotonic() + _JOINED
    while limit.holds() != RATE // SENDERS:
        if time.monotonic() > patience:
            raise SystemExit("the senders did not share the rate")
        time.sleep(0.1)


async def _beat(lease: SenderLease) -> None:
    while True:
        await asyncio.sleep(BEAT)
        await asyncio.to_thread(lease.beat)


def _owed(services: Services) -> bool:
    with services.store.reading() as db:
        sql = "SELECT 1 FROM outbox WHERE recipient_kind = :kind AND state IN ('pending', 'sending') LIMIT 1"
        return db.first_row(sql, {"kind": RecipientKind.CHAT.value}) is not None


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:2])))
