"""A shortened decade of digests; `python -m tests.simulated_decade` plays the whole one."""

from datetime import date
from pathlib import Path

import pytest

from bellwether.alerts.rules import local_time
from bellwether.core import local_clock
from bellwether.core.types import Bars
from tests import simulated_decade, simulated_future
from tests.simulated_decade import Broken, play


def test_a_year_of_chats_all_over_the_world_gets_every_digest_once_and_at_its_time() -> None:
    did = play(seed=1, chats=60, first=2021, last=2021)
    assert did.chats == 60
    assert did.digests + did.dropped == did.sessions > 10_000
    assert 0 < did.dropped < did.sessions / 20
    assert did.after_outage > 0
    assert did.changes > 10


def test_it_would_notice_a_clock_that_ignores_the_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    right = local_clock.at_local
    monkeypatch.setattr(local_clock, "at_local", lambda timezone, day, clock: right("UTC", day, clock))
    local_time.slot_of.cache_clear()
    with pytest.raises(Broken, match=r"no digest of|came at"):
        play(seed=2, chats=20, first=2021, last=2021)
    local_time.slot_of.cache_clear()


def test_it_would_notice_changes_that_lose_a_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        simulated_decade, "changed_settings", lambda old, new, calendars, times, now: new
    )  # without what was still to come
    with pytest.raises(Broken, match=r"no digest of|came at"):
        play(seed=1, chats=60, first=2021, last=2021)


def test_no_tick_knows_a_bar_from_the_future(tmp_path: Path) -> None:
    did = simulated_future.play(seed=1, evenings=8, folder=tmp_path)
    assert did.evenings == 8
    assert did.rows > 100


def test_it_would_notice_a_market_that_gives_more_than_was_asked_for(tmp_path: Path) -> None:
    class Careless(simulated_future.Market):
        def bars(self, symbol: str, end: date) -> Bars:
            return super().bars(symbol, date(2021, 12, 31))

    with pytest.raises(Broken, match="knows of the future"):
        simulated_future.play(seed=1, evenings=8, folder=tmp_path, market=Careless)
