"""Fixtures shared by the tests: a clean environment, services over the sample market, and made-up bars."""

import gc
import os
import pickle
import ssl
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import certifi
import curl_cffi  # noqa: F401  # before TensorFlow, whose libcurl it would otherwise call
import numpy as np
import onnxruntime
import pytest
import sqlcipher3  # noqa: F401  # before TensorFlow, which brings an SQLite for everybody who comes after it
import yaml
from fastapi import APIRouter, FastAPI
from hypothesis import HealthCheck, settings
from starlette.routing import BaseRoute

from bellwether.core.config import load_settings
from bellwether.core.types import Bars
from bellwether.models import registry
from bellwether.models.revenue_model import GrowthModel
from bellwether.services import Services, build_services
from tests.support import postgres
from tests.support.bot_api_server.server import TelegramServer
from tests.support.clock import Clock
from tests.support.database import Kind, forget_databases, new_database, of_postgres
from tests.support.talk import Talk
from tests.support.web import Visitor, sample_services
from web.api import openapi
from web.app import create_app

# Collecting makes a million objects that stay: nobody looks through them again and again for some that are not used
# any more, neither while they are made nor in each test (see pytest_collection_finish). It was a tenth of all the time.
gc.disable()

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
MODELS = Path(__file__).resolve().parents[1] / "exported_models"

#: no test leaves this machine; reading the certificates that some of these name takes 50 ms each time
OF_CONNECTIONS = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

MakeBars = Callable[..., Bars]

# in a fresh clone hypothesis first works out its tables of letters, which takes a second or two: no fault of a test
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")


# Files that take longest come first, so that at the end no worker is left with one of them while the others are done.
# Those that compute and those that wait take turns: two trainings at once only take the cores from each other.
LONGEST = (
    "test_training.py",
    "test_web_browser.py",
    "test_chaos.py",
    "test_evaluation_report.py",
    "test_training_workers.py",
    "test_command_line.py",
    "test_api_manual.py",
    "test_growth_training.py",
    "test_every_command.py",
    "test_market_command.py",
    "test_wheel.py",
    "test_chat_pictures.py",
    "test_evenings.py",
    "test_postgres.py",
    "test_several_senders.py",
    "test_rights.py",
    "test_telegram.py",
    "test_upgrade.py",
    "test_market_troubles.py",
    "test_growth_faces.py",
    "test_evenings_in_trouble.py",
    "test_chart.py",
    "test_telegram_unreadable.py",
    "test_deliver.py",
    "test_webhooks.py",
    "test_api_limits.py",
    "test_ledger.py",
    "test_paper.py",
    "test_nothing_later.py",
    "test_calendar.py",
    "test_connections.py",
)


KINDS = ("sqlite", "postgresql")
#: the files whose tests run on each kind of database; those marked `sqlite` are of the file, words or rules alone
ON_EACH_KIND = frozenset(
    f"test_{name}.py"
    for name in (
        "alert_queries",
        "announcements",
        "answered",
        "api_limits",
        "api_stream",
        "champion",
        "channel_key",
        "chat_data",
        "chat_settings",
        "deliver",
        "digests_by_settings",
        "evaluate",
        "evaluate_rules",
        "evening_width",
        "feedback_command",
        "growth_record",
        "issuing",
        "kept_bars",
        "keys",
        "ledger",
        "list_ledger",
        "miss_evidence",
        "missed_digests",
        "outbox_recipients",
        "outcomes",
        "proved_daily",
        "quota",
        "readers",
        "resting_rules",
        "rights",
        "rules",
        "sending",
        "silence",
        "small_tables",
        "sole",
        "stops_and_topics",
        "store",
        "slow_server",
        "targets",
        "track_record",
        "universe_state",
        "web_target_setup",
        "webhooks",
    )
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of the database run on SQLite, and on PostgreSQL where there is a server to be had."""
    if Path(metafunc.module.__file__ or "").name in ON_EACH_KIND:
        of_file = metafunc.definition.get_closest_marker("sqlite") is not None
        kinds = ["sqlite"] if of_file else KINDS
        metafunc.parametrize("database_kind", kinds, indirect=True)


@pytest.fixture(autouse=True)
def database_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The kind of database that a test is on; whatever it opens by a path is then of that kind."""
    kind: str = getattr(request, "param", "sqlite")
    if kind == "sqlite":
        yield kind
        return
    try:
        postgres.server()
    except postgres.NoServer as problem:
        if os.environ.get("TESTS_NEED_POSTGRESQL"):  # a skip is not to be mistaken for a pass
            pytest.fail(str(problem))
        pytest.skip(str(problem))
    monkeypatch.setattr(Kind, "postgres", True)
    monkeypatch.setattr("bellwether.services.open_store", lambda settings: of_postgres(settings.path))
    yield kind
    used = bool(Kind.opened)
    forget_databases()
    assert used, "nothing of this test was on PostgreSQL: open its database by tests.support, or mark it `sqlite`"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three, on two cores too: many tests wait for a server, a clock or a process, and each loads all of it anew."""
    return 3


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """By files, as `make test` asks."""
    if config.getoption("dist") != "loadfile":
        return None
    from tests.support.workers import ByFile  # of a package that is there where this is asked

    return ByFile(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Before a process of several collects."""
    if hasattr(session.config, "workerinput"):
        from tests.support.workers import compile_in_turn

        compile_in_turn(session.config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, then the others as they were found; the order of a file's tests stays."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def pytest_collection_finish() -> None:
    """What was imported and collected stays, and is left alone; what a test makes is tidied up as ever."""
    gc.enable()
    gc.freeze()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs the tests reaches them."""
    for name in list(os.environ):
        if name.upper().startswith(("BELLWETHER_", "TELEGRAM_")):
            monkeypatch.delenv(name)
    for name in ("LC_ALL", "LC_MESSAGES", *OF_CONNECTIONS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")  # the terminal chat speaks its language


@pytest.fixture(scope="session", autouse=True)
def settings_file_read_once() -> Iterator[None]:
    """The same text is parsed once: 30 ms for our config.yaml, which nearly every test reads."""
    parse = cache(yaml.safe_load)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "safe_load", lambda text: deepcopy(parse(text)))
        yield


@pytest.fixture(scope="session", autouse=True)
def authorities_read_once() -> Iterator[None]:
    """Clients of HTTP share the authorities that are trusted by default: reading them takes each 50 ms."""
    make = ssl.create_default_context
    trusted = cache(lambda: make(cafile=certifi.where()))

    def once(purpose: ssl.Purpose = ssl.Purpose.SERVER_AUTH, **of: Any) -> ssl.SSLContext:
        usual = purpose is ssl.Purpose.SERVER_AUTH and of == {"cafile": certifi.where()}
        if usual and "SSLKEYLOGFILE" not in os.environ:  # which a test may set, to a file that cannot be written
            return trusted()
        return make(purpose, **of)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def models_loaded_once() -> Iterator[None]:
    """A model's graph is made ready once for each file, not for each test: it is read-only, and shared by threads."""
    ready: dict[tuple[str, int, int], onnxruntime.InferenceSession] = {}
    load = onnxruntime.InferenceSession

    def once(source: str | bytes, *arguments: object, **options: object) -> onnxruntime.InferenceSession:
        if isinstance(source, bytes):
            return load(source, *arguments, **options)
        state = Path(source).stat()
        key = (source, state.st_mtime_ns, state.st_size)
        if key not in ready:
            ready[key] = load(source, *arguments, **options)
        return ready[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnxruntime, "InferenceSession", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def growth_models_shared() -> Iterator[None]:
    """What a growth model said of a company's reports is remembered by the model, so services share it, as it is."""
    opened: dict[tuple[Path, tuple[int, ...]], GrowthModel] = {}

    def once(folder: Path) -> GrowthModel:
        states = [file.stat() for name in ("card.json", "model.onnx") if (file := folder / name).is_file()]
        key = (folder, tuple(number for state in states for number in (state.st_mtime_ns, state.st_size)))
        if key not in opened:
            opened[key] = GrowthModel(folder)
        return opened[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "GrowthModel", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def apis_described_once() -> Iterator[None]:
    """Apps of the same routers describe themselves alike: working it out takes an app's first call a quarter second."""
    described: dict[tuple[object, ...], bytes] = {}
    kept_alive: list[object] = []
    describe = openapi._described

    def once(app: FastAPI) -> dict[str, Any]:
        parts = [
            part
            for route in app.routes
            if getattr(route, "include_in_schema", True)  # the route of the description itself is each app's own
            for part in vars(route).values()
            if isinstance(part, APIRouter | FunctionType | str)
        ]
        kept_alive.extend(parts)  # no other one gets its number
        key = (
            app.title,
            app.version,
            app.description,
            *(part if isinstance(part, str) else id(part) for part in parts),
        )
        if key not in described:
            described[key] = pickle.dumps(describe(app))
        return pickle.loads(described[key])  # type: ignore[no-any-return]  # its own, which it may change

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openapi, "_described", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def routes_built_once() -> Iterator[None]:
    """Apps share what is built of a router they include: at an app's first call that takes a third of a second."""
    shared: dict[tuple[object, ...], BaseRoute] = {}
    include = APIRouter.include_router

    def once(self: APIRouter, router: APIRouter, **options: Any) -> None:
        include(self, router, **options)
        part: Any = self.routes[-1]
        part.include_context.dependency_overrides_provider = None  # nothing is overridden; the app need not stay for it
        key = (id(router), options["prefix"], *(each.dependency for each in options["dependencies"] or ()))
        self.routes[-1] = shared.setdefault(key, part)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(APIRouter, "include_router", once)
        yield


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """The sample market, the exported model and an empty database, on a Monday in November 2026."""
    chosen = load_settings(database={"path": new_database(tmp_path / "bellwether.sqlite3")}, models={"folder": MODELS})
    return build_services(chosen, clock=lambda: NOW)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands until the test turns it, on a Friday evening."""
    return Clock()


@pytest.fixture
def talk(services: Services) -> Talk:
    """A chat with the bot without Telegram between."""
    return Talk(services)


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    """A Bot API server to which a private chat, 1001, has written; all that it was asked was as Telegram wants it."""
    with TelegramServer() as server:
        server.open_chat(1001)
        yield server
        assert server.violations == []


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many questions in a row: nobody waits for a turn, as a group would, which is written to twenty times a minute."""
    monkeypatch.setattr("bot.telegram.rate_limits.GROUP", 0.0)
    monkeypatch.setattr("bot.telegram.rate_limits.PRIVATE", 0.0)


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Visitor:
    """A visitor of the web app over the sample market, with a database for all tests of a file."""
    return Visitor(create_app(sample_services(tmp_path_factory.mktemp("web"))))


@pytest.fixture
def make_bars() -> MakeBars:
    """Sound made-up bars: a seeded random walk on weekdays, ending on the last weekday up to `end`."""

    def make(sessions: int = 600, end: date = date(2021, 12, 31), symbol: str = "MADE", seed: int = 1) -> Bars:
        random = np.random.default_rng(seed)
        last = np.busday_offset(np.datetime64(end), 0, roll="backward")
        days = np.busday_offset(last, np.arange(-sessions + 1, 1))
        closes = 100 * np.exp(np.cumsum(random.normal(0.0003, 0.015, sessions)))
        opens = closes * np.exp(random.normal(0, 0.004, sessions))
        highs, lows = np.maximum(opens, closes) * 1.004, np.minimum(opens, closes) * 0.996
        volumes = np.round(1e6 * np.exp(random.normal(0, 0.3, sessions)))
        return Bars(symbol, days, np.column_stack([opens, highs, lows, closes, volumes]), closes.copy())

    return make
