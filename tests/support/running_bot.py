"""The real Telegram face, running in a thread against the local Bot API server."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from bellwether.core.config import load_settings
from bellwether.core.courtesy import Courtesy
from bellwether.services import Services, build_services, utc_now
from bot.telegram import sender
from bot.telegram.face import TelegramFace
from scheduler import Timetable
from tests.support.bot_api_server.server import TelegramServer
from tests.support.database import new_database

MODELS = Path(__file__).resolve().parents[2] / "exported_models"


def bot_services(
    server: TelegramServer,
    folder: Path,
    *,
    token: str = "",
    now: datetime | None = None,
    pace: int = 30,
    database_url: str = "",
    admin_chat: int = 0,
) -> Services:
    """Services on the sample market whose Telegram is the local server; `now` stops the clock."""
    settings = load_settings(
        telegram={
            "token": token or server.token,
            "base_url": server.base_url,
            "base_file_url": server.base_file_url,
            "poll_timeout": 2,
            "messages_a_second": pace,
            "admin_chat": admin_chat,
        },
        market={"source": "sample"},
        database={"path": new_database(folder / "bot.sqlite3"), "url": database_url},
        models={"folder": MODELS},
    )
    return build_services(settings, clock=(lambda: now) if now else utc_now)


@contextmanager
def running_bot(services: Services, patience: float = 20.0, courtesy: Courtesy | None = None) -> Iterator[TelegramFace]:
    """Polls, answers and delivers until the block ends.

    An answer waits `patience` seconds for its chart, so that a busy machine does not send the words first. While it
    does, `courtesy` has something that must be quick.
    """
    with patch.object(sender, "PATIENCE", patience):
        yield from _running(services, courtesy)


def _running(services: Services, courtesy: Courtesy | None) -> Iterator[TelegramFace]:
    started: list[TelegramFace] = []
    ready = threading.Event()

    async def run() -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        cancel.append(lambda: loop.call_soon_threadsafe(task.cancel))
        face = TelegramFace(services, courtesy=courtesy)
        started.append(face)
        ready.set()
        pace = face.pace
        timetable = Timetable(services, face.sender, face.can_send, face.lease.is_ours, may_help=pace.may_help)
        timetable.start()
        try:
            await face.run()
        finally:
            await timetable.stop(2)

    def main() -> None:
        # it ends what is still on its way too: with the loop closed under it, a request leaves its connection open
        with suppress(asyncio.CancelledError), asyncio.Runner() as runner:
            runner.run(run())

    cancel: list[Callable[[], object]] = []
    thread = threading.Thread(target=main, name="bot")
    thread.start()
    assert ready.wait(40)
    try:
        yield started[0]
    finally:
        if thread.is_alive():
            cancel[0]()
        thread.join(40)
        assert not thread.is_alive()
