"""Everything in one process: Telegram, the scheduler, the page and the API, in one event loop.

The parts meet only in the database, so any of them can fail or stop while the others go on.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import Iterator

import uvicorn

from bellwether.config import Settings, Web
from bellwether.errors import ConfigError
from bellwether.services import Services, build_services

GRACE = 5  #: seconds that requests under way get to finish
log = logging.getLogger(__name__)


def serve(settings: Settings) -> int:
    """Run until a signal, or /quit in the terminal; the exit status. Raises ConfigError when nothing can run."""
    services = build_services(settings)
    listening = _listen(settings.web, needed=not settings.telegram.token.get_secret_value())
    asyncio.run(_run(services, listening))
    return 0


async def _run(services: Services, listening: socket.socket | None) -> None:
    """Start each part, wait for the end, stop each part."""
    from bot.telegram import TelegramFace
    from scheduler import make_scheduler
    from web.app import create_app

    stop = asyncio.Event()
    _stop_on_signals(stop)
    has_token = bool(services.settings.telegram.token.get_secret_value())
    face = TelegramFace(services) if has_token else None
    timetable = make_scheduler(services, face.sender if face else None)
    timetable.start()
    parts: list[asyncio.Task[None]] = []
    server = None
    if face is not None:
        parts.append(asyncio.create_task(face.run()))
    if listening is not None:
        server = _Server(
            uvicorn.Config(create_app(services), log_config=None, log_level="warning", timeout_graceful_shutdown=GRACE)
        )
        parts.append(asyncio.create_task(server.serve(sockets=[listening])))
        host, port = listening.getsockname()[:2]
        log.info("Page and API: http://%s:%d", host, port)
    log.info("Prices: %s. %s", services.provider.describe(), services.provider.note or "Live.")
    if face is None:
        log.info("No Telegram token is set: this is the demo. Set BELLWETHER_TELEGRAM__TOKEN to start the bot.")
        _talk_in_terminal(services, stop)
    await stop.wait()
    timetable.shutdown(wait=False)
    if server is not None:
        server.should_exit = True
        await asyncio.wait(parts[-1:], timeout=GRACE + 1)
    for part in parts:
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which would end the process before the other parts have stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `serve`."""
        yield


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no such handlers; Ctrl-C still ends asyncio.run
            loop.add_signal_handler(number, stop.set)


def _listen(web: Web, *, needed: bool) -> socket.socket | None:
    """The page's socket, bound before anything starts. None when it can't be had but Telegram can go on without.

    Raises ConfigError when the address is taken or wrong and the page is all there is.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(web.host, web.port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as problem:
        text = (
            f"The page can't be served at {web.host}:{web.port} ({problem.strerror or problem}); is another program "
            "using it? Set BELLWETHER_WEB__PORT to a free one, for example 8001."
        )
        if needed:
            raise ConfigError(text) from problem
        log.error("%s Telegram goes on without the page.", text)
        return None
    return listening


def _talk_in_terminal(services: Services, stop: asyncio.Event) -> None:
    """Hold the conversation here too, when somebody sits at the terminal."""
    if not sys.stdin.isatty():
        return
    from bot import terminal

    loop = asyncio.get_running_loop()

    def talk() -> None:
        terminal.hold(services)
        loop.call_soon_threadsafe(stop.set)

    # a daemon: a thread that waits for a line must not keep the process alive
    threading.Thread(target=talk, name="terminal", daemon=True).start()
