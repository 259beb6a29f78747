"""How near to Telegram's 30 messages a second: 3,000 owed messages against a server that enforces its limits.

The server is the strict one of the tests, in a process of its own; it refuses a 31st message within a second. Here the
server is near and nothing else runs; `far_pace` has the whole service, busy, and a network.
"""

import asyncio
import multiprocessing
import sys
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from bellwether.core.config import load_settings
from bellwether.delivery import outbox_table
from bellwether.delivery.messages import recipient_of
from bellwether.services import Services, build_services
from tests.support.deliveries import deliver

MESSAGES = 3000
LIMIT = 30.0  #: messages a second that Telegram takes
SHARE = 0.95  #: of the limit, at least


@dataclass(frozen=True)
class Measured:
    """Messages a second from the first to the last, and how many were refused as too fast."""

    rate: float
    refused: int


def measure(messages: int = MESSAGES) -> Measured:
    """The real outbox, delivery and sender."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    server = spawn.Process(target=serve, args=(theirs, messages), daemon=True)
    server.start()
    base_url, token = ours.recv()
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(
            telegram={"token": token, "base_url": base_url},
            market={"source": "sample"},
            database={"path": Path(folder) / "pace.sqlite3"},
        )
        services = build_services(settings)
        owe(services, messages)
        asyncio.run(_deliver(services))
        services.store.close()
    ours.send("done")
    times, refused = ours.recv()
    server.join()
    if len(times) != messages:
        raise SystemExit(f"{len(times)} of {messages} messages arrived")
    return Measured((messages - 1) / (max(times) - min(times)), refused)


def main() -> int:
    """Print what was measured; exit status 1 when a limit is passed."""
    got = measure()
    holds = got.rate >= SHARE * LIMIT and got.refused == 0
    print(
        f"{'ok  ' if holds else 'MISS'} {MESSAGES:,} messages: {got.rate:.2f} a second, {got.rate / LIMIT:.1%} of"
        f" {LIMIT:g} (at least {SHARE:.0%}), {got.refused} refused as too fast (none)"
    )
    return int(not holds)


async def _deliver(services: Services) -> None:
    from bot.telegram.client import make_bot
    from bot.telegram.pictures import Pictures
    from bot.telegram.sender import TelegramSender

    async with make_bot(services.settings.telegram) as bot:
        await deliver(services, TelegramSender(bot, Pictures(services.store, services.clock, bot.token)))


def owe(services: Services, messages: int) -> None:
    """A message each to so many chats, due now."""
    now = services.clock()
    drafts = (
        outbox_table.Draft(
            f"digest:{chat}:2021-12-30", recipient_of(chat), "digest", "<b>words</b>", now, now + timedelta(hours=1)
        )
        for chat in range(1, messages + 1)
    )
    with services.store.transaction() as db:
        outbox_table.enqueue_all(db, drafts, now)


def serve(connection: Connection, chats: int, paid_broadcasts: int = 30) -> None:
    """The other end, until it is told that all was sent."""
    from tests.support.bot_api_server.server import TelegramServer

    with TelegramServer(flood_limits=True, paid_broadcasts=paid_broadcasts) as server:
        for chat_id in range(1, chats + 1):
            server.open_chat(chat_id)
        connection.send((server.base_url, server.token))
        connection.recv()
        times = [message.sent_at.timestamp() for chat_id in range(1, chats + 1) for message in server.messages(chat_id)]
        connection.send((times, server.flood_hits))


if __name__ == "__main__":
    sys.exit(main())
