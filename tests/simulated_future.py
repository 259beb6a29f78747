"""Evenings of the sample market's years in two worlds that differ only in what has not happened yet.

In one the bars after the last close are those that came, in the other they are noise. Whatever a tick writes (digests,
alerts, outcomes, the ranges that will be graded, the ledger) must be the same in both, to the letter.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from bellwether.alerts import ask, watchlist
from bellwether.alerts.tick import tick
from bellwether.core.alert_types import AlertSettings, DigestMode, RuleKind, RuleRequest
from bellwether.core.config import load_settings
from bellwether.core.types import Bars
from bellwether.market.sample import SampleProvider
from bellwether.services import Services, build_services
from tests.simulated_decade import Broken, closes

MODELS = Path(__file__).resolve().parents[1] / "exported_models"
CHATS, SYMBOLS = 6, 4  #: and symbols for each
_FIRST, _LAST = 2012, 2021
_WISHES = (
    RuleRequest(RuleKind.MOVE, 0.01),
    RuleRequest(RuleKind.GROWTH, 0.01),
    RuleRequest(RuleKind.CHANCE, 0.5),
    RuleRequest(RuleKind.RISK, 0.05),
    RuleRequest(RuleKind.UNUSUAL, 0.2),
)
_WRITTEN = {
    "outbox": "dedup_key, recipient_id, kind, text, state, not_before, expires_at, reply_key",
    "alerts": "rule_id, session, line, surprise, target_session, low, high",
    "told_ranges": "symbol, cutoff, horizon, target_session, low, high",
    "ledger": "symbol, cutoff, horizon, target, hex(bars_sha256) AS bars, hex(numbers) AS numbers",
}


@dataclass
class Figures:
    """What was compared."""

    evenings: int = 0
    rows: int = 0

    def __str__(self) -> str:
        """For people."""
        return f"{self.rows} rows of {self.evenings} evenings are the same, whatever the bars after them say"


class Market(SampleProvider):
    """The sample market taken for a live one, at an instant; what comes after it may be noise."""

    live = True

    def __init__(self, noise: Random | None) -> None:
        self.now = datetime(_FIRST, 1, 1, tzinfo=UTC)
        self._noise = noise
        table = closes("XNYS", _FIRST - 3, _LAST + 1)
        self._days, self._closes = list(table), list(table.values())

    @property
    def closed(self) -> date:
        """The last session that is over."""
        return self._days[bisect_right(self._closes, self.now) - 1]

    def began(self, symbol: str) -> date:
        """Its first session."""
        return super().bars(symbol, date(_LAST, 12, 31)).sessions[0].astype(object)

    def bars(self, symbol: str, end: date) -> Bars:
        """Up to `end`; what had not happened by now is noise."""
        bars = super().bars(symbol, end)
        ahead = bars.sessions > np.datetime64(self.closed)
        if self._noise is None or not ahead.any():
            return bars
        values = bars.values.copy()
        values[ahead] *= self._noise.uniform(0.2, 5)
        return Bars(symbol, bars.sessions, values, values[:, 3])


def play(
    seed: int,
    evenings: int,
    folder: Path,
    market: Callable[[Random | None], Market] = Market,
) -> Figures:
    """So many evenings, drawn from ten years, in both worlds. Raises Broken where they differ."""
    random, did = Random(seed), Figures()
    folder.mkdir(parents=True, exist_ok=True)
    worlds = [_world(market(noise), folder / f"{name}.sqlite3", Random(seed)) for name, noise in _noises(seed)]
    for now in sorted(_evening(random) for _ in range(evenings)):
        for services in worlds:
            provider = services.provider
            assert isinstance(provider, Market)
            provider.now = now
            tick(services, now)
        came, noise = (_written(services) for services in worlds)
        for table in _WRITTEN:
            if came[table] != noise[table]:
                raise Broken(f"{now}: {table} knows of the future: {_first_difference(came[table], noise[table])}")
        did.evenings += 1
    did.rows = sum(len(found) for found in came.values())
    return did


def _noises(seed: int) -> list[tuple[str, Random | None]]:
    return [("came", None), ("noise", Random(seed))]


def _world(market: Market, path: Path, random: Random) -> Services:
    settings = load_settings(database={"path": path}, models={"folder": MODELS}, alerts={"horizon": 5})
    services = build_services(settings, clock=lambda: market.now)
    services = replace(services, provider=market)
    known = sorted(instrument.symbol for instrument in market.universe())
    listed = [symbol for symbol in known if market.began(symbol) < market.closed]
    for chat_id in range(1, CHATS + 1):
        for symbol in random.sample(known, SYMBOLS):
            watchlist.watch(services, chat_id, symbol, "en")
        stock = random.choice([symbol for symbol in listed if not symbol.startswith("^")])
        for wish in random.sample(_WISHES, 2):
            ask.add_rule(services, chat_id, stock, wish, "en")
        mode = random.choice(list(DigestMode))
        wanted = AlertSettings(digest_mode=mode, weekly_budget=random.choice([None, 0, 2]))
        ask.change_alert_settings(services, chat_id, wanted, "en")
    return services


def _evening(random: Random) -> datetime:
    """Some instant after half past eight in the evening, UTC, when most of a day's digests are due."""
    day = date(_FIRST, 2, 1) + timedelta(days=random.randrange(365 * (_LAST - _FIRST + 1) - 60))
    return datetime.combine(day, time(20, 30), UTC) + timedelta(minutes=random.randrange(8 * 60))


def _written(services: Services) -> dict[str, list[dict[str, Any]]]:
    with services.store.reading() as db:
        return {table: db.rows(f"SELECT {columns} FROM {table}") for table, columns in _WRITTEN.items()}


def _first_difference(came: list[dict[str, Any]], noise: list[dict[str, Any]]) -> object:
    return next((pair for pair in zip(came, noise, strict=False) if pair[0] != pair[1]), "one has more rows")
