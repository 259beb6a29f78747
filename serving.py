"""Everything in one process: Telegram, the scheduler, the page and the API, in one event loop.

The parts meet only in the database, so any of them can fail or stop while the others go on.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvicorn

from bellwether.core.clock import CheckedClock
from bellwether.core.config import Settings, Web
from bellwether.core.courtesy import SWITCH, Courtesy
from bellwether.core.errors import ConfigError
from bellwether.core.places import COMMAND
from bellwether.services import Services, build_services

if TYPE_CHECKING:
    from bot.telegram.face import TelegramFace

GRACE = 4  #: seconds that what is under way gets to finish
AGAIN_AFTER = 10  #: seconds after which a part that failed is started again
WORKERS = 16  #: threads for answers, ticks and the database; mostly they wait for prices
log = logging.getLogger(__name__)


def serve(settings: Settings) -> int:
    """Run until a signal, or /quit in the terminal; the exit status. Raises ConfigError when nothing can run."""
    clock = CheckedClock()
    services = build_services(settings, clock=clock)
    services.store.check_key()
    warn_unless_encrypted(settings)
    telegram = settings.telegram
    if telegram.webhook_url and not telegram.webhook_secret.get_secret_value():
        raise ConfigError(
            "The setting telegram.webhook_url needs a secret that proves who brings updates: set "
            "BELLWETHER_TELEGRAM__WEBHOOK_SECRET to 16 or more random letters and digits."
        )
    listening = _listen(settings.web, needed=bool(telegram.webhook_url) or not telegram.token.get_secret_value())
    sys.setswitchinterval(SWITCH)  # a message on its way out waits for no thread that computes
    workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="worker")
    loop = new_event_loop()
    loop.set_default_executor(workers)
    try:
        loop.run_until_complete(_run(services, listening, clock))
    finally:
        loop.close()
    _leave(services, workers)
    return 0


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The quicker loop where there is one; on Windows Python's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def spare_the_collector() -> None:
    """What is in memory by now stays there: the collector need not look through it again, 50 ms each time."""
    gc.collect()
    gc.freeze()


def warn_unless_encrypted(settings: Settings) -> None:
    """What people tell a bot is theirs: it should not lie about in the clear."""
    if settings.telegram.token.get_secret_value() and not settings.database.key.get_secret_value():
        log.warning(
            "WHAT PEOPLE TELL THE BOT IS KEPT UNENCRYPTED: no database key is set. Make one with `%s database key`, "
            "and with the service stopped run `%s database encrypt`.",
            COMMAND,
            COMMAND,
        )


def _telegram(services: Services, clock: CheckedClock, courtesy: Courtesy, *, needed: bool) -> "TelegramFace | None":
    """The bot, if a token is set. None, and a sentence in the log, where the environment keeps it from connecting.

    Says the same of what keeps other parts. Raises ConfigError when the bot is all there is.
    """
    from bot.telegram.face import TelegramFace

    face, told = None, ""
    if services.settings.telegram.token.get_secret_value():
        try:
            face = TelegramFace(services, heard=clock.heard, courtesy=courtesy)
        except ConfigError as problem:
            if needed:
                raise
            told = str(problem)
            log.error("%s What does not need it goes on.", told)
    for fault in services.faults:
        if fault.variable not in told:
            log.error("%s", fault)
    return face


async def _run(services: Services, listening: socket.socket | None, clock: CheckedClock) -> None:
    """Start each part, wait for the end, stop each part: first what takes in, then what is under way."""
    stop = asyncio.Event()
    _stop_on_signals(stop)  # before the imports, which take a second in which somebody may press Ctrl-C
    from scheduler import Timetable

    courtesy = Courtesy()
    face = _telegram(services, clock, courtesy, needed=listening is None)
    timetable = (
        Timetable(services, face.sender, face.connected.is_set, face.lease.may_send, courtesy)
        if face
        else Timetable(services, courtesy=courtesy)
    )
    timetable.start()
    parts = []
    server = None
    if face is not None:
        parts.append(asyncio.create_task(_kept_alive("Telegram", face.run)))
    if listening is not None:
        server = _Server(
            uvicorn.Config(_app(services, face), log_config=None, log_level="warning", timeout_graceful_shutdown=GRACE)
        )
        parts.append(asyncio.create_task(_kept_alive("The page", partial(server.serve, sockets=[listening]))))
        host, port = listening.getsockname()[:2]
        log.info("Page and API: http://%s:%d", host, port)
    spare_the_collector()
    log.info("Prices: %s. %s", services.provider.describe(), services.provider.note or "Live.")
    if not services.settings.telegram.token.get_secret_value():
        log.info("No Telegram token is set: this is the demo. Set BELLWETHER_TELEGRAM__TOKEN to start the bot.")
        _talk_in_terminal(services, stop)
    await stop.wait()
    if server is not None:
        server.should_exit = True
    await asyncio.gather(timetable.stop(GRACE), *([face.stop(GRACE)] if face else []))
    if server is not None:
        await asyncio.wait(parts[-1:], timeout=GRACE + 1)
    for part in parts:
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)


def _app(services: Services, face: "TelegramFace | None") -> Callable[..., Awaitable[None]]:
    """The page and the API, and before them the address to which Telegram may bring updates."""
    from web.app import create_app
    from web.middleware.telegram_webhook import TelegramWebhook

    app, settings = create_app(services), services.settings.telegram
    if face is None or not settings.webhook_url:
        return app
    return TelegramWebhook(
        app, urlsplit(settings.webhook_url).path, settings.webhook_secret.get_secret_value(), face.take
    )


async def _kept_alive(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run a part, again after a pause whenever it fails: the others must not notice, and somebody must."""
    while True:
        try:
            await run()
            return
        except Exception:
            log.exception("%s failed; starting it again in %d s.", name, AGAIN_AFTER)
            await asyncio.sleep(AGAIN_AFTER)


def _leave(services: Services, workers: ThreadPoolExecutor) -> None:
    """End the process, also when a thread still waits for a slow source: it holds no transaction while it waits."""
    workers.shutdown(wait=False, cancel_futures=True)
    patience = time.monotonic() + 1
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(0.0, patience - time.monotonic()))
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.current_thread()):
        log.warning("Leaving although a request to a slow source is still open.")
        logging.shutdown()
        os._exit(0)
    services.store.close()


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
