"""The service over the real yfinance and a local Yahoo, with a clock that tests turn."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from bellwether.core.config import load_settings
from bellwether.market.earnings.provider import open_reports
from bellwether.market.remote.cached_provider import CachedProvider
from bellwether.market.remote.guarded_source import GuardedSource
from bellwether.market.yahoo.source import YahooSource
from bellwether.services import Services, build_services
from tests.support.clock import Clock
from tests.support.database import new_database
from tests.support.yahoo_server import YahooServer

MODELS = Path(__file__).resolve().parents[2] / "exported_models"
#: what every forecast says before a service's first evening is in, years after its model's last day
BEFORE_THE_FIRST_EVENING = (
    "Made without knowing how much all shares together moved of late: too few of them are at hand, or too old.",
    "The range does not follow how ranges held in the last weeks: that is not known for this day.",
    "The model learned from prices to 8 March 2024; how it does in later years is untested.",
)


def yahoo_services(folder: Path, server: YahooServer, clock: Clock, timeout: float = 2.0) -> Services:
    """The service as after a start: with the database in `folder`, and nothing in memory."""
    settings = load_settings(
        database={"path": new_database(folder / "t.sqlite3")}, models={"folder": MODELS}, market={"source": "yahoo"}
    )
    services = build_services(settings, clock)
    source = YahooSource(base_url=server.base_url)
    asker = GuardedSource(
        source.describe(),
        timeout=timeout,
        connections=4,
        prepare=source.prepare,
        clock=lambda: clock().timestamp(),
    )
    provider = CachedProvider(source, asker, services.store, clock)
    reports = open_reports(settings.market, provider, services.store, clock)
    return dataclasses.replace(services, provider=provider, reports=reports)
