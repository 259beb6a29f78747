"""What making the database and asking it share: who is in it, and the code's modules by all their names."""

from __future__ import annotations

import inspect
import zipfile
from collections.abc import Callable, Collection
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bellwether.services import Services
from tests.support.clock import Clock
from tests.support.talk import Talk
from tests.support.yahoo_server import YahooServer
from tests.support.yahoo_services import yahoo_services

NAME = "live.sqlite3"  #: of the database, as `live_services` calls it
FILES = (NAME, f"{NAME}.ledger-head")
KEY = "0123456789abcdef" * 4  #: of the encrypted copy; it guards nothing but made-up chats
READER, GERMAN, LEFT, STOPPED, GROUP = 1001, 1002, 1003, 1004, -1005
CHATS = {READER: "en", GERMAN: "de", LEFT: "en", STOPPED: "en", GROUP: "en"}  #: and the language of each one's app
FIRST, SECOND, LAST = date(2021, 6, 30), date(2021, 7, 1), date(2021, 7, 8)  #: sessions of the sample market
REPORTED = (datetime(2021, 6, 30, 20, tzinfo=UTC), datetime(2021, 7, 8, 20, tzinfo=UTC))  #: before a report, after it
LIVE = datetime(2025, 8, 20, 12, tzinfo=UTC)  #: when Yahoo is asked, whose recorded answers are of that year
HOOK = "http://127.0.0.1:9/alerts"  #: where nobody listens

Json = dict[str, Any]


def _module(*names: str) -> Any:
    """The module that had these names, the newest first."""
    for name in names[:-1]:
        try:
            return import_module(name)
        except ModuleNotFoundError:
            continue
    return import_module(names[-1])


TICK = _module("bellwether.alerts.tick", "bellwether.alerting.evaluate")
UNIVERSE = _module("bellwether.jobs.record_universe", "bellwether.scoring.universe")
SETTLE = _module("bellwether.track_record.ledger.settle", "bellwether.scoring.settling")
VERIFY = _module("bellwether.track_record.ledger.verify", "bellwether.scoring.verify")
DATABASE = _module("bellwether.db.sqlite_store", "bellwether.db.database", "bellwether.store.database")
STORE = getattr(DATABASE, "SqliteStore", None) or DATABASE.Store
COMMANDS = _module("bellwether.cli.main", "bellwether.__main__")
DELIVER = _module("tests.support.deliveries", "bellwether.delivery.deliver", "bellwether.alerting.deliver")
CHANNELS = _module(
    "bellwether.delivery.channels.channel",
    "bellwether.delivery.channels",
    "bellwether.delivery.deliver",
    "bellwether.alerting.deliver",
)
RETRY = _module("bellwether.delivery.retry", "bellwether.alerting.retry")
INBOX = _module("bellwether.delivery.inbox_table", "bellwether.store.inbox")
KEYS = _module("bellwether.access.keys", "bellwether.keys")
KEY_REPORT = _module("bellwether.access.key_report", "bellwether.key_report")
OUTBOX_STATUS = _module("bellwether.delivery.outbox_admin_table", "bellwether.store.outbox_status")
REPORTS = _module("bellwether.alerts.report_alerts", "bellwether.alerting.growth_news")
REVENUE = _module("bellwether.revenue.ask", "bellwether.growth.queries")
STATEMENTS = _module("bellwether.market.statements.provider", "bellwether.market.fundamentals")
TYPES = _module("bellwether.core.types", "bellwether.types")
WEBHOOKS = _module("tests.support.deliveries", "bellwether.webhooks.deliver")


def settle(services: Services) -> None:
    """Add the outcomes that are known; the code of then takes all services, today's what it needs of them."""
    if "services" in inspect.signature(SETTLE.settle).parameters:
        SETTLE.settle(services)
    else:
        SETTLE.settle(services.store, services.provider, services.clock)


class ChatTransport:
    """Takes messages, but for those of some chats."""

    def __init__(self, troubles: dict[int, Any] | None = None) -> None:
        self.sent: list[tuple[int, str]] = []
        self._troubles = troubles or {}

    async def send(self, message: Any) -> Any:
        """Remember one."""
        chat_id = message.recipient.id if hasattr(message, "recipient") else message.chat_id
        if chat_id in self._troubles:
            raise RETRY.DeliveryError("Forbidden: as the test wants it", self._troubles[chat_id])
        self.sent.append((chat_id, message.text))
        return CHANNELS.Accepted(number=len(self.sent))

    def resting(self, longer_than: float = 0.0) -> Collection[int]:
        """No chat has to wait."""
        return ()

    def at_once(self) -> int:
        """One after the other."""
        return 1


deliver_to_webhooks = getattr(WEBHOOKS, "deliver_to_webhooks", None) or WEBHOOKS.deliver


class ProgramTransport:
    """Answers for the receivers of webhooks."""

    def __init__(self, status: int) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self._status = status

    async def send(self, hook: Any, event_id: str, body: str, now: datetime) -> Any:
        """Remember one."""
        self.sent.append((hook.url, event_id, body))
        error = f"it answered {self._status}" if self._status >= 300 else ""
        return SimpleNamespace(
            status=self._status, error=error, milliseconds=12, retry_after=None, gone=self._status == 410
        )


class GrowingCompany:
    """Statements of a company that grows, known five weeks after each quarter; the last one surprises."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        ends = [date(2021, 5, 31) - timedelta(days=round(back * 365.25 / 4)) for back in range(41, -1, -1)]
        revenues = [*(1e9 * 1.02**count for count in range(41)), 2.6e9]
        self._quarters = [
            TYPES.Quarter(end, revenue, revenue / 10, end + timedelta(days=36))
            for end, revenue in zip(ends, revenues, strict=True)
        ]

    def statements(self, symbol: str) -> Any:
        """The quarters that are known by now."""
        known = tuple(quarter for quarter in self._quarters if quarter.known_on <= self._clock().date())
        told = {"symbol": symbol, "currency": "USD", "quarters": known, "next_earnings": None, "source": "yahoo"}
        return TYPES.Statements(**{field.name: told[field.name] for field in fields(TYPES.Statements)})

    def at_hand(self, symbol: str) -> Any:
        """The same."""
        return self.statements(symbol)

    def reported(self, first: date, before: date) -> tuple[Any, ...]:
        """Nobody else's."""
        return ()


def talk_of(services: Services, chat: int) -> Talk:
    """The conversation with one of the chats."""
    talk: Any = Talk(services)
    about: Json = {"chat_id": chat, "language": CHATS[chat], "thread": 12 if chat == GROUP else None}
    if hasattr(talk, "asker"):  # the code that made the database
        return replace(talk, asker=replace(talk.asker, **about))  # type: ignore[no-any-return]
    return replace(talk, **about)  # type: ignore[no-any-return]


def yahoo_of(services: Services, server: YahooServer) -> Services:
    """A live source, over the same database."""
    clock = Clock(LIVE)
    live: Any = yahoo_services(services.store.folder, server, clock)
    provider = type(live.provider)(live.provider.source, live.provider.asker, services.store, clock)
    statements = STATEMENTS.open_fundamentals(live.settings.market, provider, services.store, clock)
    found: Services = replace(live, store=services.store, provider=provider, fundamentals=statements)
    return found


def unpack(file: Path, folder: Path) -> Path:
    """A copy to work on; the database."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file) as packed:
        packed.extractall(folder)
    return folder / NAME
