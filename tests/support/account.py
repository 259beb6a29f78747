"""A live account over prices of the past: the sample market behind a clock."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from bellwether.core.config import load_settings
from bellwether.db.database import Store
from bellwether.jobs.replay import Hands, Replay
from bellwether.market.calendar import closes_at
from bellwether.market.symbols.universe import Universe
from bellwether.services import Services, build_services
from bellwether.track_record.ledger import settle as settling
from bellwether.track_record.ledger.settle import Settling
from tests.conftest import MODELS
from tests.support.database import new_database, store_at
from tests.support.made_forecasts import DAY as DAY
from tests.support.made_forecasts import made_up as made_up


def live_services(folder: Path, session: date, symbols: tuple[str, ...] = ("AAPL", "MSFT", "KO")) -> Services:
    """The sample market as if this session had just closed; `set_clock` moves on. Some symbols are served."""
    settings = load_settings(database={"path": new_database(folder / "live.sqlite3")}, models={"folder": MODELS})
    services = build_services(settings)
    hands = Hands(closes_at("XNYS", session) + timedelta(hours=1))
    served = Universe([services.provider.instrument(symbol) for symbol in symbols])
    return replace(services, provider=Replay(services.provider, hands), clock=hands, universe=served)


def set_clock(services: Services, session: date) -> None:
    """An hour after the close of this session."""
    assert isinstance(services.clock, Hands)
    services.clock.now = closes_at("XNYS", session) + timedelta(hours=1)


def settle(services: Services) -> Settling:
    """Add the outcomes that are known by the clock of these services."""
    return settling.settle(services.store, services.provider, services.clock)


def store_of(folder: Path) -> Store:
    """An empty database, of the kind that the test is on."""
    return store_at(folder / "ledger.sqlite3")
