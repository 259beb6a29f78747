"""Everything in one process: Telegram, the scheduler, the page and the API, in one event loop.

The parts meet only in the database, so any of them can fail or stop while the others go on.
"""

import asyncio
import contextlib
import errno
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvicorn

from bellwether.access.addresses import in_both_forms
from bellwether.core import pools, service_manager
from bellwether.core.clock import CheckedClock
from bellwether.core.config import Settings, Web
from bellwether.core.courtesy import SWITCH, Courtesy
from bellwether.core.errors import AddressUnavailable, ConfigError
from bellwether.core.places import COMMAND
from bellwether.services import Services, build_services

if TYPE_CHECKING:
    from bot.telegram.face import TelegramFace

GRACE = 4  #: seconds that what is under way gets to finish
AGAIN_AFTER = 10  #: seconds after which a part that failed is started again
WORKERS = 16  #: threads for answers, ticks and the database; mostly they wait for prices
log = logging.getLogger(__name__)


def serve(settings: Settings) -> int:
    """Run until a signal, or /quit in the terminal; the exit status.

    Raises ConfigError and AddressUnavailable when nothing can run.
    """
    clock = CheckedClock()
    services = build_services(settings, clock=clock)
    warn_unless_encrypted(settings)
    telegram = settings.telegram
    if telegram.webhook_url and not telegram.webhook_secret.get_secret_value():
        raise ConfigError(
            "The setting telegram.webhook_url needs a secret that proves who brings updates: set "
            "BELLWETHER_TELEGRAM__WEBHOOK_SECRET to 16 or more random letters and digits."
        )
    if os.environ.get("FORWARDED_ALLOW_IPS"):
        log.warning("FORWARDED_ALLOW_IPS is not read; BELLWETHER_WEB__TRUSTED_PROXIES says which proxies are believed.")
    listening = _listen(settings.web, needed=bool(telegram.webhook_url) or not telegram.token.get_secret_value())
    for_metrics = _listen_for_metrics(settings.web)
    services.store.prepare()  # an upgrade takes its time, and is better refused here than at everybody's first question
    sys.setswitchinterval(SWITCH)  # a message on its way out waits for no thread that computes
    workers = pools.pool(WORKERS, "worker")
    loop = new_event_loop()
    loop.set_default_executor(workers)
    try:
        loop.run_until_complete(_run(services, listening, for_metrics, clock))
    finally:
        loop.close()
    _leave(services)
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
    from bot.telegram.token_form import is_no_token, odd_form

    face, told = None, ""
    if token := services.settings.telegram.token.get_secret_value():
        if is_no_token(token):  # a server of one's own may take another
            log.warning("%s", odd_form(token))
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


async def _run(
    services: Services, listening: socket.socket | None, for_metrics: socket.socket | None, clock: CheckedClock
) -> None:
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
    parts, servers, serving = [], [], []
    if face is not None:
        parts.append(asyncio.create_task(_kept_alive("Telegram", face.run)))
    web = services.settings.web
    for name, address, app in (
        ("The page", listening, partial(_app, services, face)),
        ("The metrics", for_metrics, partial(_metrics_app, services)),
    ):
        if address is not None:
            servers.append(_Server(_how(app(), web)))
            serving.append(asyncio.create_task(_kept_alive(name, partial(servers[-1].serve, sockets=[address]))))
    if listening is not None:
        log.info("Page and API: %s", _url(listening))
    if for_metrics is not None:
        log.info("Metrics: %s/metrics", _url(for_metrics))
    spare_the_collector()
    log.info("Prices: %s. %s", services.provider.describe(), services.provider.note or "Live.")
    if not services.settings.telegram.token.get_secret_value():
        log.info("No Telegram token is set: this is the demo. Set BELLWETHER_TELEGRAM__TOKEN to start the bot.")
        _talk_in_terminal(services, stop)
    service_manager.tell("READY=1")
    parts.append(asyncio.create_task(service_manager.keep_telling()))
    await stop.wait()
    service_manager.tell("STOPPING=1")
    for server in servers:
        server.should_exit = True
    await asyncio.gather(timetable.stop(GRACE), *([face.stop(GRACE)] if face else []))
    if serving:
        await asyncio.wait(serving, timeout=GRACE + 1)
    parts += serving
    for part in parts:
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)


def _how(app: Callable[..., Awaitable[None]], web: Web) -> uvicorn.Config:
    """How uvicorn runs an app: nobody but the proxies that are trusted may say for whom they ask."""
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=GRACE,
        forwarded_allow_ips=in_both_forms(web.trusted_proxies),
    )


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


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


def _metrics_app(services: Services) -> Callable[..., Awaitable[None]]:
    from web.pages.metrics import create_metrics_app

    return create_metrics_app(services)


async def _kept_alive(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run a part, again after a pause whenever it fails: the others must not notice, and somebody must."""
    while True:
        try:
            await run()
            return
        except Exception:
            log.exception("%s failed; starting it again in %d s.", name, AGAIN_AFTER)
            await asyncio.sleep(AGAIN_AFTER)


def _leave(services: Services) -> None:
    """End the process, also when a thread still waits for a slow source: it holds no transaction while it waits."""
    pools.shut_down()
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

    Raises AddressUnavailable when the address is taken or wrong and the page is all there is.
    """
    try:
        return _bound(web.host, web.port)
    except OSError as problem:
        text = f"The page can't be served at {_why_not(web, web.port, problem, 'PORT', 8001)}"
        if needed:
            raise AddressUnavailable(text) from problem
        log.error("%s Telegram goes on without the page.", text)
        return None


def _listen_for_metrics(web: Web) -> socket.socket | None:
    """The socket of the metrics where they have a port of their own; None also where it can't be had."""
    if not isinstance(web.metrics, int):
        return None
    try:
        return _bound(web.host, web.metrics)
    except OSError as problem:
        why = _why_not(web, web.metrics, problem, "METRICS", 9101)
        log.error("The metrics can't be served at %s Everything else goes on without them.", why)
        return None


def _why_not(web: Web, port: int, problem: OSError, key: str, example: int) -> str:
    """Where nothing can listen and why, and which setting to change."""
    where = f"{web.host}:{port} ({problem.strerror or problem})"
    if isinstance(problem, socket.gaierror) or problem.errno == errno.EADDRNOTAVAIL:
        return (
            f"{where}: web.host (BELLWETHER_WEB__HOST) should be 127.0.0.1 for this machine alone, 0.0.0.0 for every "
            "address of it, or one of its addresses."
        )
    if problem.errno == errno.EACCES:
        return f"{where}: ports below 1024 need rights. Set BELLWETHER_WEB__{key} to another, for example {example}."
    return f"{where}; is another program using it? Set BELLWETHER_WEB__{key} to a free port, for example {example}."


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError:
        listening.close()
        raise
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
