"""Everything in one process: Telegram, the scheduler, the page and the API, in one event loop.

The parts meet only in the database, so any of them can fail or stop while the others go on, and run on other hosts.
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
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvicorn

from bellwether.access.addresses import in_both_forms
from bellwether.core import pools, service_manager
from bellwether.core.clock import CheckedClock
from bellwether.core.config import Settings, Web
from bellwether.core.courtesy import SWITCH, Courtesy
from bellwether.core.errors import ConfigError, StoreError
from bellwether.core.listening import listen, listen_for_metrics, url_of
from bellwether.core.places import COMMAND
from bellwether.core.types import issues_forecasts
from bellwether.delivery.targets.kept_key import make_if_missing
from bellwether.hosts.lease import Lease
from bellwether.hosts.parts import EVERY, ServicePart, named
from bellwether.hosts.presence import tell_of_this
from bellwether.jobs.doctor_channels import warn_of_key
from bellwether.jobs.first_note import note_when_joining
from bellwether.services import Services, build_services

if TYPE_CHECKING:
    from bot.telegram.face import TelegramFace
    from scheduler import Timetable

GRACE = 4  #: seconds that what is under way gets to finish
HAND_OVER = 1.5  #: seconds of it before another host may take over what is not finished
DRAIN = 3  #: seconds in which a load balancer may see that nobody should be sent here any more
AGAIN_AFTER = 10  #: seconds after which a part that failed is started again
WORKERS = 16  #: threads for answers, ticks and the database; mostly they wait for prices
log = logging.getLogger(__name__)


def serve(settings: Settings, parts: frozenset[ServicePart] = EVERY) -> int:
    """Run these parts until a signal, or /quit in the terminal; the exit status.

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
    has_bot = ServicePart.BOT in parts and bool(telegram.token.get_secret_value())
    if parts != EVERY:
        _say_what_runs(settings, parts, has_bot=has_bot)
    brings = has_bot and bool(telegram.webhook_url)  # Telegram, then, to the port of the page
    listening = listen(settings.web, needed=brings or not has_bot) if ServicePart.WEB in parts or brings else None
    for_metrics = listen_for_metrics(settings.web)
    services.store.prepare()  # an upgrade takes its time, and is better refused here than at everybody's first question
    make_if_missing(settings, services.store)
    warn_of_key(settings, services.store)
    _say_if_without_rows(services)
    sys.setswitchinterval(SWITCH)  # a message on its way out waits for no thread that computes
    workers = pools.pool(WORKERS, "worker")
    loop = new_event_loop()
    loop.set_default_executor(workers)
    try:
        loop.run_until_complete(_run(services, parts, listening, for_metrics, clock))
    finally:
        loop.close()
    _leave(services)
    return 0


def _say_if_without_rows(services: Services) -> None:
    """A server may come later than we do, or be mended while we run: it is looked for anew at each use."""
    if not services.settings.database.url.get_secret_value():
        return
    try:
        with services.store.reading():
            pass
    except StoreError as problem:
        log.error("%s Until that is mended forecasts are answered, but not entered or kept.", problem.for_operator)


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
    database = settings.database
    if database.url.get_secret_value():  # encryption at rest is the server's
        return
    if settings.telegram.token.get_secret_value() and not database.key.get_secret_value():
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


def _say_what_runs(settings: Settings, parts: frozenset[ServicePart], *, has_bot: bool) -> None:
    """Raises ConfigError where the bot is to run and cannot."""
    if ServicePart.BOT in parts and not has_bot:
        raise ConfigError("--only names bot, which needs a token: set BELLWETHER_TELEGRAM__TOKEN.")
    log.info("Only %s runs here.", named(parts))
    if not settings.database.url.get_secret_value():
        log.warning(
            "The other parts have to run on this machine, with the same database.path (%s): SQLite is for a single "
            "machine. For several set BELLWETHER_DATABASE__URL.",
            settings.database.path.absolute(),
        )


async def _run(
    services: Services,
    parts: frozenset[ServicePart],
    listening: socket.socket | None,
    for_metrics: socket.socket | None,
    clock: CheckedClock,
) -> None:
    """Start each part, wait for the end, stop each part: first what takes in, then what is under way."""
    stop = asyncio.Event()
    _stop_on_signals(stop)  # before the imports, which take a second in which somebody may press Ctrl-C
    from scheduler import LEASE, Timetable

    courtesy = Courtesy()
    # where the jobs run, they go on without it
    needed = listening is None and (parts == EVERY or ServicePart.JOBS not in parts)
    face = _telegram(services, clock, courtesy, needed=needed) if ServicePart.BOT in parts else None
    lease = Lease(services.store, services.clock, LEASE)
    timetable = (
        Timetable(
            *(services, face.sender, face.can_send, face.lease.is_ours, courtesy),
            may_help=face.pace.may_help,
            parts=parts,
            lease=lease,
        )
        if face
        else Timetable(services, courtesy=courtesy, parts=parts, lease=lease)
    )
    timetable.start()
    running, servers, serving = [], list[_Server](), []
    talking = asyncio.create_task(_kept_alive("Telegram", face.run)) if face is not None else None
    web = services.settings.web
    for name, address, app in (
        ("The page", listening, partial(_app, services, face, parts)),
        ("The metrics", for_metrics, partial(_metrics_app, services)),
    ):
        if address is not None:
            servers.append(_Server(_how(app(), web)))
            serving.append(asyncio.create_task(_kept_alive(name, partial(servers[-1].serve, sockets=[address]))))
    if listening is not None and ServicePart.WEB in parts:
        log.info("Page and API: %s", url_of(listening))
    if for_metrics is not None:
        log.info("Metrics: %s/metrics", url_of(for_metrics))
    spare_the_collector()
    log.info("Prices: %s. %s", services.provider.describe(), services.provider.note or "Live.")
    if parts == EVERY and not services.settings.telegram.token.get_secret_value():
        this = "there is no bot" if issues_forecasts(services.provider.name) else "this is the demo"
        log.info("No Telegram token is set: %s. Set BELLWETHER_TELEGRAM__TOKEN to start the bot.", this)
        _talk_in_terminal(services, stop)
    service_manager.tell("READY=1")
    running.append(asyncio.create_task(service_manager.keep_telling()))
    presence = tell_of_this(services.store, services.clock, services.settings, parts, services.models_served())
    running += [asyncio.create_task(presence), asyncio.create_task(note_when_joining(services))]
    await stop.wait()
    service_manager.tell("STOPPING=1")
    services.leaving.set()
    shared = bool(services.settings.database.url.get_secret_value())  # else nobody is there who could take over
    await asyncio.gather(
        *([_hand_over(face, talking, timetable, HAND_OVER if shared else GRACE)] if face and talking else []),
        timetable.stop(GRACE),
        _end_serving(servers, serving, DRAIN if shared else 0),
    )
    running += serving
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def _hand_over(
    face: "TelegramFace", talking: "asyncio.Task[None]", timetable: "Timetable", patience: float
) -> None:
    """Finish what is under way to people, then give up the lease: whoever takes it does what is not finished."""
    await asyncio.gather(face.stop(patience), timetable.finish_sending(patience))
    talking.cancel()  # which ends the poll before it gives the lease back, or the next one's poll would be refused
    await asyncio.gather(talking, return_exceptions=True)


async def _end_serving(servers: "list[_Server]", serving: "list[asyncio.Task[None]]", drain: float) -> None:
    """Serve on while a load balancer learns that this host leaves, then take in nothing more and finish."""
    if not servers:
        return
    await asyncio.sleep(drain)
    for server in servers:
        server.should_exit = True
    await asyncio.wait(serving, timeout=GRACE + 1)


def _how(app: Callable[..., Awaitable[None]], web: Web) -> uvicorn.Config:
    """How uvicorn runs an app: nobody but the proxies that are trusted may say for whom they ask."""
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=GRACE,
        forwarded_allow_ips=in_both_forms(web.trusted_proxies),
    )


def _app(
    services: Services, face: "TelegramFace | None", parts: frozenset[ServicePart]
) -> Callable[..., Awaitable[None]]:
    """The page and the API, and before them the address to which Telegram may bring updates."""
    from web.app import create_app, create_health_app
    from web.middleware.telegram_webhook import TelegramWebhook

    settings = services.settings.telegram
    app = create_app(services) if ServicePart.WEB in parts else create_health_app(services)
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
